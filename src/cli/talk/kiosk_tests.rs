use super::*;

fn kiosk(text: bool, push_to_talk: bool) -> Kiosk {
    Kiosk::closed(Choice::default(), Manner { text, push_to_talk })
}

fn wire() -> (Wire, mpsc::Receiver<Incoming>, mpsc::Sender<Seen>) {
    let (to, incoming) = mpsc::channel(64);
    let (seen, from) = mpsc::channel(64);
    (Wire { to, from }, incoming, seen)
}

#[tokio::test]
async fn a_session_that_ends_ends_the_command_and_one_that_refuses_fails_it() {
    let (line, _incoming, session) = wire();
    session.send(Seen::Ready(None)).await.unwrap();
    session.send(Seen::Heard("Hello".into())).await.unwrap();
    session.send(Seen::Ended("Goodbye.".into())).await.unwrap();
    let one = kiosk(false, false);
    assert!(timeout(FAREWELL, one.talk(line)).await.unwrap().is_ok());

    let (line, _incoming, session) = wire();
    session
        .send(Seen::Refused("all lines are busy".into()))
        .await
        .unwrap();
    let refused = kiosk(false, false).talk(line).await.unwrap_err();
    assert_eq!(refused.to_string(), "all lines are busy");

    let (line, _incoming, session) = wire();
    drop(session);
    assert!(
        kiosk(false, false).talk(line).await.is_err(),
        "a broken connection"
    );
}

#[tokio::test]
async fn hanging_up_says_so_and_waits_for_the_goodbye() {
    let (line, mut incoming, session) = wire();
    let session = tokio::spawn(async move {
        let said = incoming.recv().await;
        session.send(Seen::Ended("Goodbye.".into())).await.unwrap();
        said
    });
    kiosk(true, false).hang_up(line).await.unwrap();
    assert_eq!(session.await.unwrap(), Some(Incoming::Hangup));
}

#[tokio::test]
async fn what_the_microphone_hears_reaches_the_session_in_packets() {
    let mut one = kiosk(false, false);
    for _ in 0..20 {
        let samples = vec![0.1; 480];
        let sound = Sound {
            played: false,
            samples,
            rate: 48_000,
        };
        one.sound.send(sound).unwrap();
    }
    let packet = timeout(FAREWELL, one.clean.recv()).await.unwrap().unwrap();
    assert_eq!(packet.len(), PACKET);
}

#[tokio::test]
async fn keys() {
    let mut open = kiosk(false, false);
    assert_eq!(open.typed(""), Some(Incoming::Interrupt));
    assert_eq!(open.typed("hi"), Some(Incoming::Text("hi".into())));
    assert_eq!(open.typed("yes"), Some(Incoming::Text("yes".into())));
    open.show(Seen::Ready(Some("May we?".into()))).unwrap();
    assert_eq!(open.typed("yes"), Some(Incoming::Consent(true)));
    assert_eq!(
        open.typed("n"),
        Some(Incoming::Text("n".into())),
        "asked once"
    );
    let mut push = kiosk(false, true);
    assert_eq!(push.typed(""), Some(Incoming::Talk(true)));
    assert_eq!(push.typed(""), Some(Incoming::Talk(false)));
    assert_eq!(kiosk(true, false).typed(""), None);
}

#[tokio::test]
async fn what_was_heard_is_reported_once() {
    let mut one = kiosk(false, false);
    assert_eq!(one.news(), None);
    one.playout.push(4, &[0; 9_600], 48_000).unwrap();
    one.playout.fill(&mut [0.0; 2_400]);
    assert_eq!(one.news(), Some(Incoming::Played { answer: 4, ms: 50 }));
    assert_eq!(one.news(), None);
    one.show(Seen::Clear(4)).unwrap();
    assert!(one.playout.is_empty());
}

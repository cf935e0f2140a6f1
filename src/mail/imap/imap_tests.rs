//! The dialogue against servers that answer as written here.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::*;

/// A session with a server that gives these answers to the commands, one after another; what it heard comes back.
fn scripted(answers: &[&'static str]) -> (Session<DuplexStream>, tokio::task::JoinHandle<String>) {
    let (mut server, client) = tokio::io::duplex(1 << 16);
    let answers = answers.to_vec();
    let heard = tokio::spawn(async move {
        let mut heard = String::new();
        for answer in answers {
            let mut buffer = [0; 4096];
            let read = server.read(&mut buffer).await.unwrap();
            heard.push_str(&String::from_utf8_lossy(&buffer[..read]));
            server.write_all(answer.as_bytes()).await.unwrap();
        }
        heard
    });
    (Session::over(client), heard)
}

#[tokio::test]
async fn a_folder_is_read_without_changing_it() {
    let (mut session, heard) = scripted(&[
        "* 3 EXISTS\r\n* OK [UIDVALIDITY 42] x\r\n* OK [UIDNEXT 12] x\r\n* OK [XODD thing] y\r\nA1 OK [READ-ONLY] done\r\n",
        "* SEARCH 9 11 10\r\n* odd and unasked (\r\nA2 OK done\r\n",
        "* 1 FETCH (UID 10 BODY[HEADER.FIELDS (TO CC)] {11}\r\nTo: a@b\r\n\r\n)\r\n* 2 FETCH (FLAGS (\\Seen))\r\nA3 OK done\r\n",
        "* 1 FETCH (UID 10 BODY[]<0> {5}\r\nHello)\r\nA4 OK done\r\n",
        "A5 OK done\r\n",
    ]);
    let opened = session.examine("INBOX").await.unwrap();
    assert_eq!((opened.validity, opened.next), (42, Some(12)));
    assert_eq!(session.newer_than(9).await.unwrap(), [10, 11]);
    let lines = session.address_lines(&[10, 11]).await.unwrap();
    assert_eq!(lines, [(10, b"To: a@b\r\n\r\n".to_vec())]);
    assert_eq!(session.message(10).await.unwrap(), Some(b"Hello".to_vec()));
    assert_eq!(session.message(11).await.unwrap(), None);
    drop(session);
    assert_eq!(
        heard.await.unwrap(),
        "A1 EXAMINE \"INBOX\"\r\nA2 UID SEARCH UID 10:*\r\n\
         A3 UID FETCH 10,11 (UID BODY.PEEK[HEADER.FIELDS (TO CC DELIVERED-TO X-ORIGINAL-TO ENVELOPE-TO)])\r\n\
         A4 UID FETCH 10 (UID BODY.PEEK[]<0.1048576>)\r\nA5 UID FETCH 11 (UID BODY.PEEK[]<0.1048576>)\r\n"
    );
}

#[tokio::test]
async fn odd_passwords_are_sent_as_literals() {
    let (mut session, heard) = scripted(&[
        "+ go on\r\n",
        "A1 OK in\r\n",
        "* CAPABILITY IMAP4rev1 idle\r\nA2 OK x\r\n",
    ]);
    session.sign_in("desk", "pä").await.unwrap();
    assert!(session.can_idle);
    assert_eq!(
        heard.await.unwrap(),
        "A1 LOGIN \"desk\" {3}\r\npä\r\nA2 CAPABILITY\r\n"
    );
}

#[tokio::test]
async fn what_a_server_refuses_is_told_in_its_words() {
    let (mut session, _) = scripted(&["A1 NO [AUTHENTICATIONFAILED] wrong password\r\n"]);
    let error = session.sign_in("desk", "x").await.unwrap_err();
    assert!(error.to_string().contains("wrong password"), "{error}");
    let (mut session, _) = scripted(&["* BYE too many connections\r\n"]);
    let error = session.sign_in("desk", "x").await.unwrap_err();
    assert!(
        error.to_string().contains("too many connections"),
        "{error}"
    );
    let (mut session, _) = scripted(&[]);
    let error = session.examine("INBOX").await.unwrap_err();
    assert!(
        error.to_string().contains("closed the connection") || error.to_string().contains("broke"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_new_mail_or_the_time() {
    let (mut session, heard) = scripted(&[
        "+ idling\r\n* 3 EXPUNGE\r\n* 4 EXISTS\r\n",
        "A1 OK done\r\n",
    ]);
    session.can_idle = true;
    session.wait(Duration::from_secs(300)).await.unwrap();
    assert_eq!(heard.await.unwrap(), "A1 IDLE\r\nDONE\r\n");

    let (mut session, heard) = scripted(&["+ idling\r\n", "A1 OK done\r\n"]);
    session.can_idle = true;
    let before = Instant::now();
    session.wait(Duration::from_secs(300)).await.unwrap();
    assert_eq!(before.elapsed().as_secs(), 300);
    assert_eq!(heard.await.unwrap(), "A1 IDLE\r\nDONE\r\n");

    let (mut session, heard) = scripted(&["A1 OK done\r\n"]);
    let before = Instant::now();
    session.wait(Duration::from_secs(300)).await.unwrap();
    assert_eq!(before.elapsed().as_secs(), 60);
    assert_eq!(heard.await.unwrap(), "A1 NOOP\r\n");
}

#[tokio::test]
async fn mail_that_comes_during_a_command_is_not_waited_for() {
    let (mut session, heard) = scripted(&[
        "* SEARCH 5\r\n* 6 EXISTS\r\nA1 OK done\r\n",
        "* SEARCH 6\r\nA2 OK done\r\n",
        "+ idling\r\n* 7 EXISTS\r\n",
        "A3 OK done\r\n",
    ]);
    let long = Duration::from_secs(600);
    assert_eq!(session.newer_than(4).await.unwrap(), [5]);
    session.wait(long).await.unwrap();
    assert_eq!(session.newer_than(5).await.unwrap(), [6]);
    session.can_idle = true;
    session.wait(long).await.unwrap();
    assert_eq!(
        heard.await.unwrap(),
        "A1 UID SEARCH UID 5:*\r\nA2 UID SEARCH UID 6:*\r\nA3 IDLE\r\nDONE\r\n"
    );
}

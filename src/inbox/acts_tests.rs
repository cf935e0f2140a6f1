//! Who gets a conversation, and what the visitor is told.

use super::*;
use crate::inbox::fixtures::Shop;

async fn reply(
    shop: &Shop,
    by: &Member,
    text: &str,
    client: &str,
) -> Result<Scoped<Message>, InboxError> {
    let reply = Reply {
        text: text.to_owned(),
        client_id: Some(client.to_owned()),
        ..Reply::default()
    };
    let written = write(&shop.inbox, by, shop.conversation.id, reply, |_, _| Ok(()));
    written.await.map(|(_, message)| message)
}

#[tokio::test]
async fn a_visitor_who_asks_waits_is_answered_and_comes_back_to_the_assistant() {
    let shop = Shop::new(true);
    let (id, anna) = (shop.conversation.id, shop.member(&shop.anna));
    shop.say("Ich möchte mit einem Menschen sprechen", 5);
    let asked = ask_person(&shop.inbox, &shop.visitor, id, Why::Button)
        .await
        .unwrap();
    assert!(asked.open && asked.conversation.state == ConversationState::Waiting);
    let told = asked.notice.unwrap();
    assert!(
        told.text.starts_with("Sie werden mit jemandem"),
        "{}",
        told.text
    );
    let again = ask_person(&shop.inbox, &shop.visitor, id, Why::Button)
        .await
        .unwrap();
    assert_eq!(again.notice, None);

    reply(&shop, &anna, "Hallo, hier ist Anna.", "1")
        .await
        .unwrap();
    let has = shop.now();
    assert_eq!(
        (has.state, has.assigned_to),
        (ConversationState::Human, Some(shop.anna.id))
    );
    assert_eq!(has.waiting_since, None);
    give_back(&shop.inbox, &anna, id, None).await.unwrap();
    assert_eq!(
        (shop.now().state, shop.now().assigned_to),
        (ConversationState::Open, None)
    );
    assert_eq!(
        shop.notices()[1..],
        [
            "Anna ist jetzt da und antwortet Ihnen.",
            "Sie sind wieder beim Assistenten."
        ]
    );
    let kinds: Vec<_> = shop.log().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(
        kinds,
        [
            "conversation_waiting",
            "conversation_taken",
            "message_sent",
            "conversation_returned"
        ]
    );
    assert_eq!(shop.log()[0].1["reason"], "button");
}

#[tokio::test]
async fn nobody_waits_for_a_closed_desk() {
    let shop = Shop::new(false);
    let id = shop.conversation.id;
    shop.say("I want a human", 5);
    let asked = ask_person(&shop.inbox, &shop.visitor, id, Why::Visitor)
        .await
        .unwrap();
    assert!(!asked.open && asked.conversation.state == ConversationState::Open);
    let told = asked.notice.unwrap().text.clone();
    assert!(
        told.starts_with("Nobody from our team is at the desk"),
        "{told}"
    );
    assert!(crate::inbox::offers_callback(&told).is_some(), "{told}");
    // A rule says it once, a visitor who asks again is told again.
    let rule = shop.write(|tx| {
        turns::ask(
            tx,
            &conversations::get(tx, shop.workspace, id)?,
            Why::Refusals,
            now(),
        )
    });
    assert_eq!(rule.notice, None);
    assert_eq!(shop.notices().len(), 1);
    ask_person(&shop.inbox, &shop.visitor, id, Why::Visitor)
        .await
        .unwrap();
    assert_eq!(shop.notices().len(), 2);
}

#[tokio::test]
async fn of_two_people_who_answer_at_once_one_wins_and_the_other_learns_who() {
    let shop = Shop::new(true);
    let (anna, ben) = (shop.member(&shop.anna), shop.member(&shop.ben));
    let (one, two) = tokio::join!(
        reply(&shop, &anna, "I am here", "a"),
        reply(&shop, &ben, "So am I", "b")
    );
    let (won, lost) = match (one, two) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        other => panic!("{other:?}"),
    };
    let winner = shop.now().assigned_to;
    assert_eq!(won.author, winner);
    let InboxError::Taken { by } = lost else {
        panic!("{lost}")
    };
    let name = if winner == Some(shop.anna.id) {
        "Anna Lind"
    } else {
        "Ben Oduya"
    };
    assert_eq!(by, name);
    let said = shop.messages();
    assert_eq!(said.iter().filter(|m| m.role == Speaker::Agent).count(), 1);
}

#[tokio::test]
async fn a_person_takes_from_another_only_what_they_have_seen() {
    let shop = Shop::new(true);
    let (id, anna, ben) = (
        shop.conversation.id,
        shop.member(&shop.anna),
        shop.member(&shop.ben),
    );
    let seen = take(&shop.inbox, &anna, id, None).await.unwrap().revision;
    assert_eq!(
        take(&shop.inbox, &anna, id, None).await.unwrap().revision,
        seen,
        "twice is once"
    );
    for act in [
        take(&shop.inbox, &ben, id, None).await,
        give_back(&shop.inbox, &ben, id, None).await,
        close(&shop.inbox, &ben, id, None).await,
    ] {
        assert!(matches!(act, Err(InboxError::Taken { .. })), "{act:?}");
    }
    let late = take(&shop.inbox, &ben, id, Some(seen - 1)).await;
    assert!(matches!(late, Err(InboxError::Changed)), "{late:?}");
    let taken = take(&shop.inbox, &ben, id, Some(seen)).await.unwrap();
    assert_eq!(taken.assigned_to, Some(shop.ben.id));
    assert_eq!(shop.notices()[1], "Ben is here now and takes over.");
    let (kind, data) = shop.log().pop().unwrap();
    assert_eq!(kind, "conversation_taken");
    assert_eq!(data["from"], shop.anna.id.to_string());
    let gone = give_back(&shop.inbox, &anna, id, None).await;
    assert!(matches!(gone, Err(InboxError::Taken { .. })), "{gone:?}");
}

#[tokio::test]
async fn a_message_of_staff_sent_twice_is_there_once_even_after_they_gave_back() {
    let shop = Shop::new(true);
    let (id, anna) = (shop.conversation.id, shop.member(&shop.anna));
    let first = reply(&shop, &anna, "Hello", "same").await.unwrap();
    give_back(&shop.inbox, &anna, id, None).await.unwrap();
    let second = reply(&shop, &anna, "Hello", "same").await.unwrap();
    assert_eq!(first, second);
    assert_eq!(
        shop.now().state,
        ConversationState::Open,
        "it takes nothing again"
    );
    assert_eq!(shop.messages().len(), 3);
}

#[tokio::test]
async fn what_comes_with_a_message_fails_with_it() {
    let shop = Shop::new(true);
    let anna = shop.member(&shop.anna);
    let text = "See the file".to_owned();
    let sent = Reply {
        text,
        ..Reply::default()
    };
    let also = |_: &Transaction<'_>, _: &Scoped<Message>| Err(StoreError::NotFound("the file"));
    let written = write(&shop.inbox, &anna, shop.conversation.id, sent, also).await;
    assert!(matches!(written, Err(InboxError::NotFound("the file"))));
    assert_eq!(
        (shop.messages().len(), shop.now().state),
        (0, ConversationState::Open)
    );
}

#[tokio::test]
async fn a_closed_conversation_opens_when_somebody_writes_and_ends_when_the_visitor_ends_it() {
    let shop = Shop::new(true);
    let (id, anna) = (shop.conversation.id, shop.member(&shop.anna));
    close(&shop.inbox, &anna, id, None).await.unwrap();
    assert_eq!(
        shop.notices(),
        ["This conversation is closed. Write again whenever you like."]
    );
    close(&shop.inbox, &anna, id, None).await.unwrap();
    assert_eq!(shop.notices().len(), 1, "twice is once");
    reply(&shop, &anna, "One more thing", "1").await.unwrap();
    assert_eq!(shop.now().state, ConversationState::Human);
    let ended = end(&shop.inbox, &shop.visitor).await.unwrap().unwrap();
    assert_eq!(ended.state, ConversationState::Closed);
    let by = |at: usize| shop.log()[at].1["by"].clone();
    let kinds: Vec<_> = shop.log().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds[0], "conversation_closed");
    assert_eq!(kinds[1..3], ["conversation_reopened", "conversation_taken"]);
    assert!(by(0).is_string() && by(kinds.len() - 1).is_null());
}

#[tokio::test]
async fn programs_and_strangers_are_refused() {
    let shop = Shop::new(true);
    let id = shop.conversation.id;
    let program = crate::access::Principal::installation()
        .in_workspace(shop.workspace)
        .unwrap();
    let refused = take(&shop.inbox, &program, id, None).await;
    assert!(
        matches!(refused, Err(InboxError::Invalid(_))),
        "{refused:?}"
    );
    let anna = shop.member(&shop.anna);
    let unknown = take(&shop.inbox, &anna, ConversationId::new(), None).await;
    assert!(
        matches!(unknown, Err(InboxError::NotFound(_))),
        "{unknown:?}"
    );
    let settings = set_desk_settings(&shop.inbox, &anna, DeskSettings::default()).await;
    assert!(
        matches!(settings, Err(InboxError::Denied(_))),
        "{settings:?}"
    );
    let mut other = shop.visitor.clone();
    other.id = crate::store::VisitorId::new();
    let foreign = ask_person(&shop.inbox, &other, id, Why::Button).await;
    assert!(
        matches!(foreign, Err(InboxError::NotFound(_))),
        "{foreign:?}"
    );
    for text in ["", "  \n", &"x".repeat(LONGEST_MESSAGE + 1)] {
        let told = reply(&shop, &anna, text, "1").await;
        assert!(matches!(told, Err(InboxError::Invalid(_))), "{told:?}");
    }
}

#[tokio::test]
async fn somebody_who_looks_is_seen_and_keeps_what_they_have() {
    let shop = Shop::new(true);
    let (id, anna, ben) = (
        shop.conversation.id,
        shop.member(&shop.anna),
        shop.member(&shop.ben),
    );
    take(&shop.inbox, &anna, id, None).await.unwrap();
    shop.write(|tx| crate::store::handover::let_go(tx, &shop.conversation));
    heartbeat(&shop.inbox, &ben, id).await.unwrap();
    assert_eq!(shop.now().agent_seen_at, None);
    heartbeat(&shop.inbox, &anna, id).await.unwrap();
    assert!(shop.now().agent_seen_at.is_some());
    typing(&shop.inbox, &ben, id, true).await.unwrap();
    let around = shop.inbox.presence().of(id);
    let names: Vec<_> = around
        .viewers
        .iter()
        .map(|v| (v.name.as_str(), v.typing))
        .collect();
    assert_eq!(names, [("Ben Oduya", true), ("Anna Lind", false)]);
}

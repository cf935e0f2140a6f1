//! What Kommo sends, as its sender writes it.

use axum::Router;
use axum::http::StatusCode;
use frontdesk::crm::kommo::{Event, read_hook, read_pipeline};
use frontdesk::crm::{HOOK_LIMIT, Received, receive};
use frontdesk::store::crm::{accounts, hooks, messages};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;

use super::kommo_fake::ACCOUNT;
use super::kommo_fake::sender::{self, Delivered};
use super::{Desk, error_of};

#[tokio::test]
async fn hooks_are_kept_once_and_messages_survive_any_order() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    let of = account.account().clone();
    let secret = desk
        .store
        .read_blocking(|conn| accounts::hook_secret(conn, &of))
        .unwrap();
    let row = |id: &str, at: i64| sender::message(id, 77, at, "Olá & adeus = 100%");
    let bodies = [
        sender::messages(&[row("m2", 1_700_000_200), row("m3", 1_700_000_300)], true),
        sender::messages(&[row("m1", 1_700_000_100)], false),
        // The same message in another body.
        sender::messages(&[row("m3", 1_700_000_300)], false),
    ];
    for body in &bodies {
        let body = body.clone().into_bytes();
        assert_eq!(
            receive(&desk.store, &secret, body.clone()).await.unwrap(),
            Received::New
        );
        assert_eq!(
            receive(&desk.store, &secret, body).await.unwrap(),
            Received::Known
        );
    }
    let found = desk.store.write_blocking(|tx| {
        let mut new = 0;
        for hook in hooks::list_due(tx, i64::MAX, 99)? {
            for event in read_hook(&hook.body, hook.received_at).unwrap() {
                let Event::Message(read) = event else {
                    panic!("{event:?}")
                };
                new += usize::from(messages::keep(tx, &of, &read.message, 5)?);
            }
            hooks::note_done(tx, hook.id)?;
        }
        Ok((new, messages::list_of_lead(tx, &of, "77", 0, 99)?))
    });
    let (new, kept) = found.unwrap();
    assert_eq!(new, 3);
    let ids: Vec<_> = kept.iter().map(|m| m.id.as_str()).collect();
    assert_eq!(ids, ["m1", "m2", "m3"]);
    assert_eq!(kept[0].text, "Olá & adeus = 100%");
}

#[tokio::test]
async fn an_unknown_address_an_account_that_is_off_and_a_giant_are_told_apart() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    let of = account.account().clone();
    let secret = desk
        .store
        .read_blocking(|conn| accounts::hook_secret(conn, &of))
        .unwrap();
    assert_eq!(
        receive(&desk.store, "guess", b"a=1".to_vec())
            .await
            .unwrap(),
        Received::Unknown
    );
    let giant = receive(&desk.store, &secret, vec![b'a'; HOOK_LIMIT + 1]).await;
    assert!(error_of(giant).to_string().contains("megabyte"));
    desk.kommo.disconnect(&of, None, true).await.unwrap();
    assert_eq!(
        receive(&desk.store, &secret, b"a=1".to_vec())
            .await
            .unwrap(),
        Received::Off
    );
}

#[tokio::test]
async fn other_hooks_are_read_as_the_sender_writes_them() {
    let moved = sender::hook(
        "leads",
        "status",
        &[json!({ "id": 77, "status_id": 142, "old_status_id": 1, "pipeline_id": 10 })],
    );
    let events = read_hook(moved.as_bytes(), 1).unwrap();
    assert!(
        matches!(&events[..], [Event::Lead { moved: true, .. }]),
        "{events:?}"
    );
    let closed = sender::hook(
        "talk",
        "update",
        &[json!({ "talk_id": 5, "entity_id": 77, "entity_type": "lead", "is_in_work": false })],
    );
    let events = read_hook(closed.as_bytes(), 1).unwrap();
    assert!(
        matches!(&events[..], [Event::Talk { closed: true, .. }]),
        "{events:?}"
    );
    let own = json!({ "id": 3, "element_id": 77, "element_type": 2, "note_type": 25,
                      "text": json!({ "service": "Frontdesk", "text": "x" }).to_string() });
    let own = sender::hook("leads", "note", &[json!({ "note": own })]);
    assert_eq!(read_hook(own.as_bytes(), 1).unwrap(), []);
    let reached = read_pipeline(sender::pipeline(77, 142).to_string().as_bytes()).unwrap();
    assert_eq!(
        (reached.lead.as_str(), reached.stage.as_deref()),
        ("77", Some("142"))
    );
    assert_eq!(reached.account, Some(ACCOUNT.to_string()));
}

/// A server of ours that takes a hook on a quiet day, is busy, and is gone.
#[tokio::test]
async fn the_sender_tries_again_as_kommo_does() {
    let good = Router::new().fallback(|| async { StatusCode::OK });
    let failing = Router::new().fallback(|| async { StatusCode::INTERNAL_SERVER_ERROR });
    let refusing = Router::new().fallback(|| async { StatusCode::NOT_FOUND });
    let slow = Router::new().fallback(|| async {
        tokio::time::sleep(Duration::from_secs(4)).await;
        StatusCode::OK
    });
    let again = |at: usize| Delivered::Again(sender::RETRIES[at]);
    for (router, attempt, expected) in [
        (good, 0, Delivered::Yes),
        (failing.clone(), 0, again(0)),
        (failing.clone(), 3, again(3)),
        (failing, 4, Delivered::GivenUp),
        (refusing.clone(), 1, again(1)),
        (refusing, 2, Delivered::GivenUp),
        (slow, 0, again(0)),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        assert_eq!(
            sender::deliver(&url, "a=1", attempt).await,
            expected,
            "try {attempt}"
        );
    }
}

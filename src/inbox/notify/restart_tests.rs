//! The notifier, cut off again and again.

use std::collections::BTreeSet;

use frontdesk_egress::{Allow, Gateway, Reach, SystemLookup};

use super::*;

/// Four hundred events, while the notifier is cut off again and again: each is told exactly once.
#[tokio::test]
async fn no_event_is_lost_or_told_twice_over_restarts() {
    const EVENTS: u32 = 400;
    let shop = Shop::listening();
    shop.hook();
    let store = shop.inbox.store().clone();
    let (workspace, subject) = (shop.workspace, shop.conversation.id.to_string());
    let writer = {
        let store = store.clone();
        std::thread::spawn(move || {
            for number in 0..EVENTS {
                let data = json!({ "tag": number, "added": true });
                let added = store.write_blocking(|tx| {
                    events::append(tx, workspace, "conversation_tagged", &subject, &data, AT)
                });
                added.unwrap();
            }
        })
    };
    let mut lives: u64 = 0;
    loop {
        lives += 1;
        let store = store.clone();
        let life = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let tasks = TaskTracker::new();
                let gateway = Gateway::new(
                    store.clone(),
                    Reach::Nothing,
                    Allow::default(),
                    Arc::new(SystemLookup),
                )
                .unwrap();
                let sender = Webhooks::start(
                    store.clone(),
                    gateway,
                    webhooks::Pace::default(),
                    &tasks,
                    CancellationToken::new(),
                );
                let address: Address = Arc::new(|| DESK.to_owned());
                let end = CancellationToken::new();
                Notifier::start(store, sender, address, &tasks, end)
                    .await
                    .unwrap();
                tokio::time::sleep(Duration::from_millis(5 + lives % 5 * 10)).await;
            });
            runtime.shutdown_timeout(Duration::ZERO);
        });
        let joined = tokio::task::spawn_blocking(move || life.join().unwrap());
        joined.await.unwrap();
        let rest = shop.write(|tx| {
            let cursor = notices::cursor(tx)?.unwrap();
            Ok(notices::newest(tx)?.0 - cursor.0)
        });
        if writer.is_finished() && rest == 0 {
            break;
        }
        assert!(lives < 1_000);
    }
    let told = shop.told(AT);
    let numbers: BTreeSet<u64> = (told.iter())
        .map(|body| body["data"]["tag"].as_u64().unwrap())
        .collect();
    assert_eq!(
        (told.len(), numbers.len()),
        (EVENTS as usize, EVENTS as usize)
    );
    assert!(lives > 1);
}

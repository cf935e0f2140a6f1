use serde_json::json;

use super::deliveries::{self, DeliveryFilter, DeliveryState, NewDelivery, Next};
use super::*;
use crate::store::conversations::{self, Channel, NewConversation};
use crate::store::erasure::{self, Subject};
use crate::store::listing::ListFilter;
use crate::store::{DeliveryId, Store, closures, workspaces};

fn shop(tx: &Transaction<'_>) -> Result<WorkspaceId, StoreError> {
    Ok(workspaces::get_or_create(tx, "shop", "Shop", 1)?.id)
}

fn hook(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    events: &[&str],
) -> Result<Scoped<Webhook>, StoreError> {
    let events: Vec<String> = events.iter().map(|&event| event.to_owned()).collect();
    let new = NewWebhook {
        url: "https://hooks.example/",
        secret: "whsec_x",
        events: &events,
    };
    create(tx, workspace, &new, 1)
}

fn tell(
    tx: &Transaction<'_>,
    webhook: &Scoped<Webhook>,
    about: Option<&str>,
    at: UnixMs,
) -> Result<DeliveryId, StoreError> {
    let (id, workspace) = (DeliveryId::new(), webhook.workspace());
    let new = NewDelivery {
        webhook: webhook.id,
        event: "lead.created",
        about,
        payload: "{}",
    };
    deliveries::create(tx, id, workspace, &new, at)?;
    Ok(id)
}

#[test]
fn only_what_is_due_for_the_active_is_sent() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let shop = shop(tx)?;
        assert!(!exist(tx)?);
        let (one, two) = (hook(tx, shop, &["lead.created"])?, hook(tx, shop, &["*"])?);
        assert_eq!(list_wanting(tx, shop, "lead.created")?, [one.id, two.id]);
        assert_eq!(list_wanting(tx, shop, "call.ended")?, [two.id]);
        let first = tell(tx, &one, None, 10)?;
        tell(tx, &one, None, 20)?;
        tell(tx, &two, None, 5)?;
        assert_eq!(deliveries::next_due(tx)?, Some(5));
        assert_eq!(deliveries::list_due(tx, one.id, 10, 9)?, [first]);
        stop(tx, two.id, WebhookState::Paused, None, "paused", 6)?;
        assert_eq!(list_ready(tx, 10)?, [(one.id, false)]);
        assert_eq!(deliveries::next_due(tx)?, Some(10));
        // It rests; then it is failing.
        assert_eq!(note_failure(tx, one.id, Some(30), 12)?, 12);
        assert_eq!(note_failure(tx, one.id, None, 14)?, 12);
        assert_eq!(list_ready(tx, 29)?, []);
        assert_eq!(deliveries::next_due(tx)?, Some(30));
        assert_eq!(list_ready(tx, 30)?, [(one.id, true)]);
        assert_eq!(list_troubled(tx)?.len(), 1);
        note_success(tx, one.id)?;
        assert_eq!(list_troubled(tx)?, []);
        // The clock was set back.
        note_failure(tx, one.id, None, 50)?;
        assert_eq!(note_failure(tx, one.id, None, 40)?, 40);
        // Nothing leaves a closed workspace.
        let there = workspaces::get(tx, shop)?;
        closures::close(tx, &there, false, 60)?;
        assert_eq!(list_ready(tx, 99)?, []);
        assert_eq!(deliveries::next_due(tx)?, None);
        Ok(())
    });
    done.unwrap();
}

#[test]
fn a_delivery_that_arrived_after_all_counts_as_sent() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let one = hook(tx, shop(tx)?, &["*"])?;
        let id = tell(tx, &one, None, 10)?;
        stop(tx, one.id, WebhookState::Paused, None, "paused", 11)?;
        let given_up = deliveries::get(tx, one.workspace(), id)?;
        assert_eq!(given_up.state, DeliveryState::Failed);
        assert_eq!(given_up.error.as_deref(), Some("paused"));
        assert!(!deliveries::settle(
            tx,
            id,
            Next::RetryAt(20),
            None,
            Some("late"),
            12
        )?);
        assert!(deliveries::settle(tx, id, Next::Sent, Some(200), None, 12)?);
        let sent = deliveries::get(tx, one.workspace(), id)?;
        assert_eq!(
            (sent.state, sent.error.clone()),
            (DeliveryState::Sent, None)
        );
        deliveries::requeue(tx, &sent, 30)?;
        let again = deliveries::find_queued(tx, id)?.unwrap();
        assert_eq!((again.attempts, again.next_at), (0, 30));
        assert_eq!(deliveries::purge(tx, 9)? + deliveries::purge(tx, 10)?, 1);
        Ok(())
    });
    done.unwrap();
}

#[test]
fn the_log_is_read_page_by_page() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let shop = shop(tx)?;
        let (one, two) = (hook(tx, shop, &["*"])?, hook(tx, shop, &["*"])?);
        let ids: Vec<DeliveryId> = (0..5)
            .map(|at| tell(tx, &one, None, at))
            .collect::<Result<_, _>>()?;
        tell(tx, &two, None, 9)?;
        let filter = DeliveryFilter {
            webhook: Some(one.id),
            state: Some(DeliveryState::Queued),
            before: None,
        };
        let page = filter.list(tx, shop, 3)?;
        let found: Vec<DeliveryId> = page.iter().map(|one| one.id).collect();
        assert_eq!(found, [ids[4], ids[3], ids[2]]);
        let next = filter.after(&page).list(tx, shop, 9)?;
        assert_eq!(next.len(), 2);
        assert_eq!(DeliveryFilter::default().list(tx, shop, 9)?.len(), 6);
        Ok(())
    });
    done.unwrap();
}

#[test]
fn what_was_told_is_copied_for_a_person_and_goes_with_what_it_is_about() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let shop = shop(tx)?;
        let hook = hook(tx, shop, &["*"])?;
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: None,
            title: "Hello",
            begun_by: None,
        };
        let conversation = conversations::create(tx, shop, &new, 1)?;
        let of = conversation.id.to_string();
        tx.execute(
            "INSERT INTO contacts (id, workspace, created_at, updated_at) VALUES ('ada', ?, 1, 1)",
            [shop],
        )?;
        tx.execute(
            "INSERT INTO tasks (id, workspace, kind, state, contact, conversation, wish, due_at, created_at)
             VALUES ('call', ?1, 'callback', 'open', 'ada', ?2, 'a call', 9, 1),
                    ('other', ?1, 'lead', 'open', 'ada', NULL, 'a lamp', 9, 1)",
            (shop, &of),
        )?;
        for about in [Some(of.as_str()), Some("call"), Some("other"), Some("ada"), None] {
            tell(tx, &hook, about, 2)?;
        }
        let copied = erasure::copy(tx, shop, &[Subject::Conversation(conversation.id)])?;
        let told = &copied.finds[0]["webhook_deliveries"];
        assert_eq!(told.as_array().map(Vec::len), Some(2));
        assert_eq!(told[0]["payload"], json!({}));

        let left = |tx: &Transaction<'_>| -> Result<Vec<Option<String>>, StoreError> {
            let log = DeliveryFilter::default().list(tx, shop, 9)?;
            Ok(log.into_iter().rev().map(|one| one.about).collect())
        };
        erasure::erase(tx, &conversation, 3)?;
        assert_eq!(left(tx)?, [Some("other".into()), Some("ada".into()), None]);
        tx.execute("DELETE FROM contacts", [])?;
        assert_eq!(left(tx)?, [None]);
        Ok(())
    });
    done.unwrap();
}

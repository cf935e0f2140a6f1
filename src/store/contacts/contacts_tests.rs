use rusqlite::Transaction;
use serde_json::json;

use super::*;
use crate::store::conversations::{self, Channel, NewConversation};
use crate::store::listing::{ListFilter, Listing};
use crate::store::tasks::{self, NewTask, TaskKind};
use crate::store::{EventId, Store, events, workspaces};

fn in_a_shop(
    test: impl FnOnce(&Transaction<'_>, WorkspaceId, WorkspaceId) -> Result<(), StoreError>
    + Send
    + 'static,
) {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
            test(tx, shop, other)
        })
        .unwrap();
}

fn named(name: &str) -> Card {
    Card {
        name: name.into(),
        ..Card::default()
    }
}

fn talk(tx: &Transaction<'_>, workspace: WorkspaceId, at: UnixMs) -> ConversationId {
    let new = NewConversation {
        assistant: None,
        channel: Channel::Chat,
        visitor: None,
        title: "Visitor",
        begun_by: None,
        page: None,
    };
    conversations::create(tx, workspace, &new, at).unwrap().id
}

fn task(tx: &Transaction<'_>, contact: &Scoped<Contact>, at: UnixMs) {
    let new = NewTask {
        kind: TaskKind::Lead,
        contact: Some(contact.id),
        conversation: None,
        name: "",
        wish: "a call",
        page: None,
        due_at: 99,
        call: None,
        assigned_to: None,
    };
    tasks::create(tx, contact.workspace(), &new, at).unwrap();
}

#[test]
fn a_contact_is_found_by_what_it_has_and_only_in_its_workspace() {
    in_a_shop(|tx, shop, other| {
        let ann = create(tx, shop, &named("Ann Müller"), 1)?;
        assert!(add_point(
            tx,
            &ann,
            PointKind::Email,
            "ann@example.com",
            false,
            2
        )?);
        assert!(!add_point(
            tx,
            &ann,
            PointKind::Email,
            "ann@example.com",
            true,
            3
        )?);
        add_point(tx, &ann, PointKind::Phone, "+493012345678", false, 2)?;
        assert!(points(tx, &ann)?[0].verified);
        let found = find_by_point(tx, shop, PointKind::Email, "ann@example.com")?;
        assert_eq!(found.map(|c| c.id), Some(ann.id));
        assert!(find_by_point(tx, other, PointKind::Email, "ann@example.com")?.is_none());
        assert!(get(tx, other, ann.id).is_err());
        for (text, many) in [
            ("ann m", 1),
            ("Müll", 1),
            ("EXAMPLE.com", 1),
            ("030 123456", 1),
            ("+49 30 12345678", 1),
            ("0000", 0),
            ("ben", 0),
        ] {
            let filter = ContactFilter {
                text: Some(text.into()),
                before: None,
            };
            assert_eq!(filter.list(tx, shop, 9)?.len(), many, "{text}");
            assert!(filter.list(tx, other, 9)?.is_empty());
        }
        remove_point(tx, &ann, PointKind::Phone, "+493012345678")?;
        assert_eq!(points(tx, &ann)?.len(), 1);
        Ok(())
    });
}

#[test]
fn one_that_proved_its_address_comes_before_one_that_claims_it() {
    in_a_shop(|tx, shop, _| {
        let claims = create(tx, shop, &named("Claims"), 1)?;
        let proved = create(tx, shop, &named("Proved"), 2)?;
        add_point(tx, &claims, PointKind::Email, "a@b.example", false, 2)?;
        add_point(tx, &proved, PointKind::Email, "a@b.example", true, 2)?;
        let found = find_by_point(tx, shop, PointKind::Email, "a@b.example")?;
        assert_eq!(found.map(|c| c.id), Some(proved.id));
        Ok(())
    });
}

#[test]
fn merging_moves_everything_and_what_the_target_knows_wins() {
    in_a_shop(|tx, shop, _| {
        let mut card = named("Ann");
        card.fields.insert("size".into(), json!("S"));
        let into = create(tx, shop, &card, 10)?;
        let mut card = named("A. Smith");
        card.language = Some("de".into());
        card.pinned = true;
        card.fields.insert("size".into(), json!("L"));
        card.fields.insert("bike".into(), json!("red"));
        let from = create(tx, shop, &card, 5)?;
        add_point(tx, &into, PointKind::Email, "a@b.example", false, 1)?;
        add_point(tx, &from, PointKind::Email, "a@b.example", true, 1)?;
        add_point(tx, &from, PointKind::Phone, "+4930123456", false, 1)?;
        let consent = NewConsent {
            purpose: "contact",
            given: true,
            text: "You may write to me.",
            page: None,
        };
        add_consent(tx, &from, &consent, 6)?;
        task(tx, &from, 7);
        let talk = talk(tx, shop, 8);
        assert!(join(tx, &from, talk)?);
        // Another's conversation is not taken away.
        assert!(!join(tx, &into, talk)?);
        assert!(merge(tx, &into, &into, "me", 20).is_err());
        merge(tx, &from, &into, "me", 20)?;
        assert!(get_even_due(tx, shop, from.id).is_err());
        let one = get(tx, shop, into.id)?;
        assert_eq!(
            (one.name.as_str(), one.pinned, one.created_at),
            ("Ann", true, 5)
        );
        assert_eq!(one.language.as_deref(), Some("de"));
        assert_eq!(one.fields["size"], "S");
        assert_eq!(one.fields["bike"], "red");
        let points = points(tx, &one)?;
        assert_eq!(points.len(), 2);
        assert!(points[0].verified);
        assert_eq!(consents(tx, &one)?.len(), 1);
        assert_eq!(conversations(tx, &one)?, [talk]);
        assert_eq!(of_conversation(tx, shop, talk)?.unwrap().id, one.id);
        let listed = ContactFilter::default().list(tx, shop, 9)?;
        assert_eq!((listed[0].conversations, listed[0].open_tasks), (1, 1));
        assert_eq!(merged_into(tx, &one)?, [from.id]);
        let told = events::list(tx, shop, EventId(0), 9)?;
        let merged = told.iter().find(|event| event.kind == "contact_merged");
        assert_eq!(merged.unwrap().data["into"], into.id.to_string());
        Ok(())
    });
}

#[test]
fn a_timeline_has_everything_once_newest_first() {
    in_a_shop(|tx, shop, other| {
        let ann = create(tx, shop, &named("Ann"), 1)?;
        let talk = talk(tx, shop, 10);
        join(tx, &ann, talk)?;
        task(tx, &ann, 20);
        let consent = NewConsent {
            purpose: "contact",
            given: false,
            text: "No.",
            page: None,
        };
        add_consent(tx, &ann, &consent, 20)?;
        let id = ann.id.to_string();
        events::append(tx, shop, "contact_changed", &id, &json!({"by": "me"}), 30)?;
        let mut listing = Listing {
            workspace: shop,
            filter: TimelineFilter {
                contact: Some(ann.id),
                before: None,
            },
            limit: 1,
        };
        let mut seen = Vec::new();
        loop {
            let page = listing.page(tx)?;
            seen.extend(page.rows);
            match page.next {
                Some(next) => listing = listing.resume_at(next),
                None => break,
            }
        }
        let kinds: Vec<_> = seen.iter().map(|one| one.kind.as_str()).collect();
        assert_eq!(kinds, ["change", "task", "consent", "conversation"]);
        assert_eq!(seen[2].data["given"], false);
        assert_eq!(seen[3].id, talk.to_string());
        let elsewhere = Listing {
            workspace: other,
            ..listing
        };
        assert!(elsewhere.page(tx).is_err());
        Ok(())
    });
}

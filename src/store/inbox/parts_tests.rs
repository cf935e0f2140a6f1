//! Tags, notes, teams, canned replies and files.

use serde_json::json;

use super::list_tests::{person, say, talk, within};
use super::routing::RoutingFilter;
use super::{attachments, canned, notes, tags, teams};
use crate::store::conversations;
use crate::store::handover::{self, Change};
use crate::store::listing::ListFilter;
use crate::store::messages::{self, Speaker};
use crate::store::{MessageId, StoreError, UserId, events, workspaces};

#[test]
fn tags_are_set_as_a_whole_and_each_change_is_logged() {
    within(|tx, workspace| {
        let begun = talk(tx, workspace, 1);
        let ann = person(tx, "ann");
        tags::set(tx, &begun, &["vip".into(), "late".into()], Some(ann), 2)?;
        let before = tags::set(tx, &begun, &["vip".into(), "new".into()], Some(ann), 3)?;
        assert_eq!(before, ["late", "vip"]);
        assert_eq!(tags::of(tx, begun.id)?, ["new", "vip"]);
        assert_eq!(tags::list(tx, workspace)?, ["new", "vip"]);
        let log = events::of_subject(tx, workspace, &begun.id.to_string(), 50)?;
        let last = log.last().unwrap();
        assert_eq!(last.kind, "conversation_tagged");
        assert_eq!(last.data, json!({ "by": ann, "tag": "new", "added": true }));
        let tagged = log
            .iter()
            .filter(|event| event.kind == "conversation_tagged");
        assert_eq!(tagged.count(), 4);
        let other = workspaces::get_or_create(tx, "two", "Two", 1)?.id;
        assert!(tags::list(tx, other)?.is_empty());
        Ok(())
    });
}

#[test]
fn a_note_knows_whom_it_names_until_they_have_seen_it() {
    within(|tx, workspace| {
        let (ann, ben) = (person(tx, "ann"), person(tx, "ben"));
        let begun = talk(tx, workspace, 1);
        let note = notes::add(tx, &begun, Some(ann), "@ben look", &[ben], 2)?;
        assert_eq!(
            (note.author_name.as_deref(), &note.mentions),
            (Some("ann"), &vec![ben])
        );
        assert_eq!(notes::of(tx, begun.id, 10)?, [note]);
        assert_eq!(notes::mark_mentions_seen(tx, begun.id, ann, 3)?, 0);
        assert_eq!(notes::mark_mentions_seen(tx, begun.id, ben, 3)?, 1);
        assert_eq!(notes::mark_mentions_seen(tx, begun.id, ben, 4)?, 0);
        Ok(())
    });
}

#[test]
fn teams_and_canned_replies_belong_to_their_workspace() {
    within(|tx, workspace| {
        let ann = person(tx, "ann");
        let other = workspaces::get_or_create(tx, "two", "Two", 1)?.id;
        let team = teams::create(tx, workspace, "Repairs", &[ann, ann], 1)?;
        assert_eq!(team.members, [ann]);
        assert_eq!(teams::list(tx, workspace)?[0].members, [ann]);
        assert!(matches!(
            teams::create(tx, workspace, "Repairs", &[], 1),
            Err(StoreError::Conflict(_))
        ));
        assert!(teams::create(tx, other, "Repairs", &[], 1).is_ok());
        assert!(matches!(
            teams::get(tx, other, team.id),
            Err(StoreError::NotFound(_))
        ));
        assert!(matches!(
            teams::update(tx, &team, "Repairs", &[UserId::new()]),
            Err(StoreError::NotFound(_))
        ));
        let renamed = teams::update(tx, &team, "Sales", &[])?;
        assert_eq!((renamed.name.as_str(), renamed.members.len()), ("Sales", 0));
        let begun = talk(tx, workspace, 1);
        let data = json!({});
        let given = Change::new("conversation_assigned", &data)
            .assign(Some(ann))
            .team(Some(team.id));
        handover::apply(tx, &begun, None, &given, 2)?;
        teams::delete(tx, &renamed, Some(ann), 3)?;
        let left = conversations::get(tx, workspace, begun.id)?;
        assert_eq!((left.team, left.assigned_to), (None, Some(ann)));
        let log = events::of_subject(tx, workspace, &begun.id.to_string(), 50)?;
        let expected = json!({ "by": ann, "team": null, "former_team": "Sales" });
        assert_eq!(log.last().map(|event| &event.data), Some(&expected));
        assert!(teams::list(tx, workspace)?.is_empty());

        let hello = canned::create(tx, workspace, "hello", "Hello {name}", 1)?;
        assert!(matches!(
            canned::create(tx, workspace, "hello", "x", 1),
            Err(StoreError::Conflict(_))
        ));
        assert!(matches!(
            canned::get(tx, other, hello.id),
            Err(StoreError::NotFound(_))
        ));
        let changed = canned::update(tx, &hello, "hello", "Hi", 2)?;
        assert_eq!((changed.text.as_str(), changed.updated_at), ("Hi", 2));
        canned::delete(tx, &changed)?;
        assert!(canned::list(tx, workspace)?.is_empty());
        Ok(())
    });
}

#[test]
fn a_file_is_found_in_its_workspace_only() {
    within(|tx, workspace| {
        let begun = talk(tx, workspace, 1);
        say(tx, &begun, Speaker::User, "See this", 2);
        let id: MessageId = tx.query_row("SELECT id FROM messages", [], |row| row.get(0))?;
        let message = messages::get(tx, workspace, id)?;
        let file = attachments::add(tx, &message, "a.png", "image/png", b"pixels")?;
        let other = workspaces::get_or_create(tx, "two", "Two", 1)?.id;
        assert!(matches!(
            attachments::get(tx, other, file),
            Err(StoreError::NotFound(_))
        ));
        let found = attachments::get(tx, workspace, file)?;
        assert_eq!(
            (found.bytes, attachments::content(tx, &found)?.as_slice()),
            (6, b"pixels".as_slice())
        );
        assert_eq!(attachments::of(tx, begun.id)?.len(), 1);
        Ok(())
    });
}

#[test]
fn the_way_of_conversations_is_listed_newest_first_without_other_events() {
    within(|tx, workspace| {
        let (one, two) = (talk(tx, workspace, 1), talk(tx, workspace, 2));
        tags::set(tx, &one, &["vip".into()], None, 3)?;
        events::append(tx, workspace, "document_ready", "x", &json!({}), 4)?;
        let kinds = |filter: RoutingFilter| -> Vec<String> {
            let rows = filter.list(tx, workspace, 50).unwrap();
            rows.into_iter().map(|event| event.kind).collect()
        };
        let started = "conversation_started".to_owned();
        let all = RoutingFilter::default();
        assert_eq!(
            kinds(all.clone()),
            ["conversation_tagged", &started, &started]
        );
        assert_eq!(
            kinds(RoutingFilter {
                conversation: Some(two.id),
                ..all.clone()
            }),
            [started.as_str()]
        );
        assert_eq!(
            kinds(RoutingFilter {
                kind: Some(started.clone()),
                until: Some(2),
                ..all.clone()
            }),
            [started.as_str()]
        );
        let first = all.list(tx, workspace, 1)?;
        assert_eq!(kinds(all.after(&first)).len(), 2);
        Ok(())
    });
}

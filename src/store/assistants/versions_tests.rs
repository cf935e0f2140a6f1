//! Versions, the draft, and what becomes of an assistant that is deleted.

use serde_json::json;

use super::*;
use crate::store::assistants::{self, AssistantSettings, NewAssistant, Tone};
use crate::store::conversations::{self, Channel, NewConversation};
use crate::store::{Store, WorkspaceId, workspaces};

const ANN: Signed<'_> = Signed {
    author: "Ann",
    note: "shorter",
};

fn within(
    test: impl FnOnce(&Transaction<'_>, WorkspaceId, Scoped<Assistant>) -> Result<(), StoreError>,
) {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
        let made = make(tx, shop, "desk")?;
        test(tx, shop, made)
    });
    done.unwrap();
}

fn make(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Scoped<Assistant>, StoreError> {
    let settings = json!({});
    let new = NewAssistant {
        name,
        title: "Desk",
        instructions: "",
        greeting: "Hello",
        model: None,
        settings: &settings,
    };
    let id = assistants::create(tx, workspace, &new, 1)?;
    assistants::get(tx, workspace, id)
}

#[test]
fn a_draft_is_no_version_until_it_is_published() {
    within(|tx, shop, desk| {
        let first = desk.body()?;
        let brief = Body {
            settings: AssistantSettings {
                tone: Some(Tone::Brief),
                ..AssistantSettings::default()
            },
            ..first.clone()
        };
        save_draft(tx, &desk, &brief, ANN, 5)?;
        let again = Body {
            title: "Counter".into(),
            ..brief.clone()
        };
        save_draft(tx, &desk, &again, ANN, 6)?;
        let drafted = draft(tx, &desk)?.unwrap();
        assert_eq!(
            (drafted.state, &drafted.body),
            (VersionState::Draft, &again)
        );
        assert_eq!((drafted.created_at, drafted.changed_at), (5, 6));
        assert_eq!(assistants::get(tx, shop, desk.id)?.body()?, first);

        assert_eq!(publish(tx, &desk, &again, ANN, 7)?, 2);
        assert!(discard_draft(tx, &desk)? && !discard_draft(tx, &desk)?);
        let live = assistants::get(tx, shop, desk.id)?;
        assert_eq!((live.version, live.body()?), (2, again));
        // Going back is a version of its own.
        assert_eq!(publish(tx, &live, &first, ANN, 8)?, 3);
        let states: Vec<_> = list(tx, &desk)?
            .iter()
            .map(|v| (v.number, v.state))
            .collect();
        assert_eq!(
            states,
            [
                (3, VersionState::Published),
                (2, VersionState::Former),
                (1, VersionState::Former)
            ]
        );
        Ok(())
    });
}

#[test]
fn another_workspace_has_no_versions_of_it() {
    within(|tx, _, desk| {
        let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
        let theirs = Scoped::proven(other, desk.clone().into_inner());
        assert!(list(tx, &theirs)?.is_empty());
        assert!(find(tx, &theirs, 1)?.is_none());
        assert!(publish(tx, &theirs, &desk.body()?, ANN, 5).is_err());
        Ok(())
    });
}

#[test]
fn a_deleted_assistant_can_be_brought_back_and_its_name_is_free_meanwhile() {
    within(|tx, shop, desk| {
        let new = NewConversation {
            assistant: Some(desk.id),
            channel: Channel::Chat,
            visitor: None,
            title: "",
            begun_by: None,
            page: None,
        };
        let conversation = conversations::create(tx, shop, &new, 2)?;
        assert_eq!(
            conversations::assistant_version(tx, &conversation)?,
            Some(1)
        );
        assistants::hide(tx, &desk, 10)?;
        assert!(assistants::find_by_name(tx, shop, "desk")?.is_none());
        assert!(assistants::get(tx, shop, desk.id).is_err());
        assert!(assistants::list(tx, shop)?.is_empty());
        assert_eq!(assistants::list_deleted(tx, shop)?[0].short_name(), "desk");
        // The conversation knows who answered.
        let kept = conversations::get(tx, shop, conversation.id)?;
        assert_eq!(kept.assistant, Some(desk.id));

        let second = make(tx, shop, "desk")?;
        assert!(matches!(
            assistants::restore(tx, shop, "desk"),
            Err(StoreError::Conflict(_))
        ));
        assistants::rename(tx, &second, "counter")?;
        assert_eq!(assistants::restore(tx, shop, "desk")?, desk.id);
        assert!(matches!(
            assistants::rename(tx, &second, "desk"),
            Err(StoreError::Conflict(_))
        ));
        assert!(matches!(
            assistants::restore(tx, shop, "desk"),
            Err(StoreError::NotFound(_))
        ));
        assistants::hide(tx, &desk, 20)?;
        assert_eq!(assistants::purge_deleted(tx, 20)?, 0);
        assert_eq!(assistants::purge_deleted(tx, 21)?, 1);
        assert_eq!(conversations::get(tx, shop, kept.id)?.assistant, None);
        Ok(())
    });
}

#[test]
fn a_conversation_notes_the_version_that_answered() {
    within(|tx, shop, desk| {
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: None,
            title: "",
            begun_by: None,
            page: None,
        };
        let conversation = conversations::create(tx, shop, &new, 2)?;
        assert_eq!(conversations::assistant_version(tx, &conversation)?, None);
        conversations::set_answered_by(tx, &conversation, desk.id, 4)?;
        assert_eq!(
            conversations::assistant_version(tx, &conversation)?,
            Some(4)
        );
        assert_eq!(
            conversations::get(tx, shop, conversation.id)?.assistant,
            Some(desk.id)
        );
        Ok(())
    });
}

#[test]
fn what_was_never_published_is_for_staff_and_says_what_its_draft_says() {
    within(|tx, shop, desk| {
        let settings = json!({});
        let new = NewAssistant {
            name: "sales",
            title: "Sales",
            instructions: "",
            greeting: "Hello",
            model: None,
            settings: &settings,
        };
        let id = assistants::create_draft(tx, shop, &new, 2)?;
        let made = assistants::get(tx, shop, id)?;
        assert!(!made.is_published() && made.is_for_staff()?);
        assert_eq!(draft(tx, &made)?.unwrap().body, made.body()?);
        // What is live goes before a name.
        let usual = assistants::usual(tx, shop, "sales")?.unwrap();
        assert_eq!(usual.id, desk.id);
        let body = Body {
            title: "Counter".into(),
            ..made.body()?
        };
        save_draft(tx, &made, &body, ANN, 3)?;
        let now = assistants::get(tx, shop, id)?;
        assert_eq!((now.title.as_str(), now.version), ("Counter", DRAFT));
        assert_eq!(publish(tx, &now, &body, ANN, 4)?, 1);
        let live = assistants::get(tx, shop, id)?;
        assert!(live.is_published() && !live.is_for_staff()?);
        let usual = assistants::usual(tx, shop, "sales")?.unwrap();
        assert_eq!(usual.id, id);
        Ok(())
    });
}

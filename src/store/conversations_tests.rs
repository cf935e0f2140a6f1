//! Conversations, messages, receipts and the assistants they are with.

use serde_json::{Value, json};

use super::assistants::NewAssistant;
use super::conversations::{Channel, Conversation, ConversationState, NewConversation};
use super::due::{self, Limits};
use super::erasure::{self, Subject};
use super::messages::{Appended, MessageState, NewMessage, Speaker};
use super::receipts::NewReceipt;
use super::{
    AssistantId, ConversationId, MessageId, ReceiptId, Scoped, Store, StoreError, Transaction,
    WorkspaceId, assistants, conversations, messages, receipts, workspaces,
};

fn within(test: impl FnOnce(&Transaction<'_>, WorkspaceId, WorkspaceId) -> Result<(), StoreError>) {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let one = workspaces::get_or_create(tx, "one", "One", 1)?.id;
            let two = workspaces::get_or_create(tx, "two", "Two", 1)?.id;
            test(tx, one, two)
        })
        .unwrap();
}

fn talk(tx: &Transaction<'_>, workspace: WorkspaceId, at: i64) -> Scoped<Conversation> {
    let new = NewConversation {
        assistant: None,
        channel: Channel::Chat,
        visitor: Some("v1"),
        title: "Opening hours",
        begun_by: None,
        page: None,
    };
    conversations::create(tx, workspace, &new, at).unwrap()
}

fn user_message(text: &str) -> NewMessage<'_> {
    NewMessage {
        role: Speaker::User,
        text,
        state: MessageState::Complete,
        client_id: None,
        author: None,
    }
}

fn receipt<'a>(
    conversation: Option<ConversationId>,
    message: Option<MessageId>,
    details: &'a Value,
) -> NewReceipt<'a> {
    NewReceipt {
        id: ReceiptId::new(),
        conversation,
        message,
        question: "When do you open?",
        rung: "extract",
        answer: "At 9.",
        passages: details,
        model: None,
        model_hash: None,
        prompt_hash: Some("abc"),
        checks: details,
        timings: details,
        tokens: details,
    }
}

#[test]
fn an_assistant_is_found_by_name_in_its_workspace_only() {
    within(|tx, one, two| {
        let settings = json!({ "language": "en" });
        let new = NewAssistant {
            name: "desk",
            title: "Desk",
            instructions: "Be brief.",
            greeting: "Hello",
            model: None,
            settings: &settings,
        };
        let id = assistants::create(tx, one, &new, 5)?;
        assert!(matches!(
            assistants::create(tx, one, &new, 5),
            Err(StoreError::Conflict(_))
        ));
        let elsewhere = assistants::create(tx, two, &new, 5)?;
        let found = assistants::find_by_name(tx, one, "desk")?.unwrap();
        assert_eq!((found.id, &found.settings), (id, &settings));
        assert!(matches!(
            assistants::get(tx, two, id),
            Err(StoreError::NotFound(_))
        ));
        let changed = NewAssistant {
            title: "Front desk",
            model: Some("small"),
            ..new
        };
        assistants::update(tx, &found, &changed, 6)?;
        let listed = assistants::list(tx, one)?;
        assert_eq!((listed.len(), listed[0].title.as_str()), (1, "Front desk"));
        assert_eq!(
            (listed[0].model.as_deref(), listed[0].updated_at),
            (Some("small"), 6)
        );
        assert_eq!(assistants::get(tx, two, elsewhere)?.title, "Desk");

        let with = NewConversation {
            assistant: Some(id),
            channel: Channel::Voice,
            visitor: None,
            title: "",
            begun_by: None,
            page: None,
        };
        let call = conversations::create(tx, one, &with, 7)?;
        assert!(matches!(
            conversations::create(tx, two, &with, 7),
            Err(StoreError::NotFound(_))
        ));
        assistants::delete(tx, &found)?;
        assert_eq!(conversations::get(tx, one, call.id)?.assistant, None);
        let gone = NewConversation {
            assistant: Some(AssistantId::new()),
            ..with
        };
        assert!(conversations::create(tx, one, &gone, 7).is_err());
        Ok(())
    });
}

#[test]
fn messages_keep_their_order_and_the_list_shows_the_last() {
    within(|tx, one, two| {
        let (first, second) = (talk(tx, one, 10), talk(tx, one, 20));
        for text in ["a", "b", "c"] {
            messages::append(tx, &first, &user_message(text), 30)?;
        }
        let texts = |limit| -> Vec<String> {
            messages::list(tx, &first, limit)
                .unwrap()
                .into_iter()
                .map(|m| m.text)
                .collect()
        };
        assert_eq!(texts(10), ["a", "b", "c"]);
        assert_eq!(texts(2), ["b", "c"]);
        let recent = conversations::list_recent(tx, one, None, 10, 0)?;
        assert_eq!(
            recent.iter().map(|s| s.conversation.id).collect::<Vec<_>>(),
            [first.id, second.id]
        );
        assert_eq!(
            (recent[0].messages, recent[0].last_message.as_deref()),
            (3, Some("c"))
        );
        assert_eq!(
            (recent[1].messages, recent[1].last_message.as_deref()),
            (0, None)
        );
        assert_eq!(recent[0].conversation.last_at, 30);
        assert_eq!(conversations::list_recent(tx, one, None, 1, 1)?.len(), 1);
        assert!(conversations::list_recent(tx, two, None, 10, 0)?.is_empty());
        assert!(matches!(
            conversations::get(tx, two, first.id),
            Err(StoreError::NotFound(_))
        ));
        conversations::set_title(tx, &first, "Hours")?;
        let first = conversations::get(tx, one, first.id)?;
        assert_eq!(
            (first.state, first.title.as_str(), first.revision),
            (ConversationState::Open, "Hours", 0)
        );
        Ok(())
    });
}

#[test]
fn a_message_sent_twice_is_stored_once() {
    within(|tx, one, _| {
        let (first, second) = (talk(tx, one, 10), talk(tx, one, 10));
        let new = NewMessage {
            client_id: Some("c-1"),
            ..user_message("hello")
        };
        let Appended::Stored(stored) = messages::append(tx, &first, &new, 11)? else {
            panic!("the first is new");
        };
        let again = NewMessage {
            text: "other words",
            ..new.clone()
        };
        let Appended::Known(known) = messages::append(tx, &first, &again, 12)? else {
            panic!("the second is not");
        };
        assert_eq!(known, stored);
        assert!(matches!(
            messages::append(tx, &second, &new, 12)?,
            Appended::Stored(_)
        ));
        assert_eq!(messages::list(tx, &first, 10)?.len(), 1);
        Ok(())
    });
}

#[test]
fn a_client_id_of_somebody_else_swallows_no_message() {
    within(|tx, one, _| {
        let begun = talk(tx, one, 10);
        let visitors = NewMessage {
            client_id: Some("introduction"),
            ..user_message("hello")
        };
        messages::append(tx, &begun, &visitors, 11)?;
        let note = NewMessage {
            role: Speaker::System,
            text: "Name: Ann",
            ..visitors.clone()
        };
        let Appended::Stored(stored) = messages::append(tx, &begun, &note, 12)? else {
            panic!("it is somebody else's");
        };
        let kept = stored.client_id.clone().map(messages::as_sent);
        assert_eq!(kept.as_deref(), Some("introduction"));
        let Appended::Known(known) = messages::append(tx, &begun, &note, 13)? else {
            panic!("it was sent before");
        };
        assert_eq!(known, stored);
        assert_eq!(messages::list(tx, &begun, 10)?.len(), 2);
        Ok(())
    });
}

#[test]
fn a_streamed_answer_is_interrupted_until_it_is_complete() {
    within(|tx, one, two| {
        let conversation = talk(tx, one, 10);
        let begun = NewMessage {
            role: Speaker::Assistant,
            text: "",
            state: MessageState::Interrupted,
            client_id: None,
            author: None,
        };
        let answer = messages::append(tx, &conversation, &begun, 11)?.into_message();
        messages::update(tx, &answer, "We open", MessageState::Interrupted)?;
        assert_eq!(
            messages::get(tx, one, answer.id)?.state,
            MessageState::Interrupted
        );
        messages::update(tx, &answer, "We open at 9.", MessageState::Complete)?;
        let details = json!({ "ms": 12 });
        let kept = receipt(Some(conversation.id), Some(answer.id), &details);
        receipts::insert(tx, one, &kept, 12)?;
        let done = messages::get(tx, one, answer.id)?;
        assert_eq!(
            (done.text.as_str(), done.receipt),
            ("We open at 9.", Some(kept.id))
        );
        assert!(matches!(
            messages::get(tx, two, answer.id),
            Err(StoreError::NotFound(_))
        ));
        Ok(())
    });
}

#[test]
fn a_receipt_stays_in_its_workspace_and_goes_with_its_conversation() {
    within(|tx, one, two| {
        let conversation = talk(tx, one, 10);
        let details = json!([{ "document": "d", "start": 3, "score": 0.5 }]);
        let tied = receipt(Some(conversation.id), None, &details);
        let free = receipt(None, None, &details);
        receipts::insert(tx, one, &tied, 11)?;
        receipts::insert(tx, one, &free, 12)?;
        let got = receipts::get(tx, one, tied.id)?;
        assert_eq!((&got.passages, got.rung.as_str()), (&details, "extract"));
        assert!(matches!(
            receipts::get(tx, two, tied.id),
            Err(StoreError::NotFound(_))
        ));
        let ids = |w, c| -> Vec<ReceiptId> {
            let filter = receipts::ReceiptFilter {
                conversation: c,
                ..receipts::ReceiptFilter::default()
            };
            let found = receipts::list(tx, w, &filter, 10).unwrap();
            found.iter().map(|r| r.receipt.id).collect()
        };
        assert_eq!(ids(one, None), [free.id, tied.id]);
        assert_eq!(ids(one, Some(conversation.id)), [tied.id]);
        assert!(ids(two, None).is_empty() && ids(two, Some(conversation.id)).is_empty());
        // Another workspace cannot add a receipt to this conversation.
        let foreign = receipt(Some(conversation.id), None, &details);
        assert!(matches!(
            receipts::insert(tx, two, &foreign, 13),
            Err(StoreError::NotFound(_))
        ));

        messages::append(tx, &conversation, &user_message("hello"), 14)?;
        conversations::delete(tx, &conversation)?;
        assert!(messages::list(tx, &conversation, 10)?.is_empty());
        assert_eq!(ids(one, None), [free.id]);
        assert!(matches!(
            messages::append(tx, &conversation, &user_message("late"), 15),
            Err(StoreError::NotFound(_))
        ));
        Ok(())
    });
}

#[test]
fn age_goes_by_the_last_word_and_by_workspace() {
    within(|tx, one, two| {
        let (old, lively, other) = (talk(tx, one, 10), talk(tx, one, 10), talk(tx, two, 10));
        messages::append(tx, &lively, &user_message("still here"), 50)?;
        let limits = Limits {
            conversations: 20,
            ..Limits::NONE
        };
        assert_eq!(due::hide(tx, one, &limits, 60)?, 1);
        assert_eq!(due::delete(tx, 60)?.conversations, 1);
        assert!(conversations::get(tx, one, old.id).is_err());
        assert!(conversations::get(tx, one, lively.id).is_ok());
        assert!(conversations::get(tx, two, other.id).is_ok());
        workspaces::purge(tx, one)?;
        let left: i64 = tx.query_row("SELECT count(*) FROM messages", [], |row| row.get(0))?;
        assert_eq!(left, 0);
        assert!(conversations::get(tx, two, other.id).is_ok());
        Ok(())
    });
}

#[test]
fn notes_and_files_are_copied_for_the_person_and_erased_with_the_conversation() {
    within(|tx, one, two| {
        let conversation = talk(tx, one, 10);
        let id = conversation.id;
        let said = messages::append(tx, &conversation, &user_message("hello"), 11)?.into_message();
        let note = "INSERT INTO notes (id, conversation, workspace, text, created_at) VALUES (?, ?, ?, 'Quite rude', 12)";
        tx.execute(note, (super::NoteId::new(), id, one))?;
        let file = super::AttachmentId::new();
        let attach = "INSERT INTO attachments (id, conversation, workspace, message, name, media_type, bytes, content)
                      VALUES (?, ?, ?, ?, 'brake.jpg', 'image/jpeg', 3, x'010203')";
        tx.execute(attach, (file, id, one, said.id))?;
        let tag =
            "INSERT INTO conversation_tags (conversation, workspace, tag) VALUES (?, ?, 'repair')";
        tx.execute(tag, (id, one))?;
        let rate = "INSERT INTO satisfaction (conversation, workspace, score, comment, created_at)
                    VALUES (?, ?, 2, 'Too slow', 13)";
        tx.execute(rate, (id, one))?;

        let subject = Subject::Conversation(id);
        let copied = erasure::copy(tx, one, std::slice::from_ref(&subject))?;
        let kept = &copied.finds[0];
        assert_eq!(kept["notes"][0]["text"], "Quite rude");
        assert_eq!(kept["attachments"][0]["name"], "brake.jpg");
        assert_eq!(kept["conversation_tags"][0]["tag"], "repair");
        assert_eq!(kept["satisfaction"][0]["comment"], "Too slow");
        assert_eq!(copied.attached, [file]);
        assert_eq!(erasure::read_attachment(tx, one, file)?, [1, 2, 3]);
        assert!(erasure::read_attachment(tx, two, file).is_err());
        for who in ["quite rude", "brake.jpg", "too slow"] {
            let found = erasure::find(tx, one, who)?;
            assert_eq!(found.matches.len(), 1, "{who}");
            assert_eq!(found.matches[0].subject, subject);
        }

        let erased = erasure::erase_subject(tx, one, subject, 20)?;
        assert_eq!(
            (erased.notes, erased.attachments, erased.messages),
            (1, 1, 1)
        );
        for table in ["notes", "attachments", "conversation_tags", "satisfaction"] {
            let sql = format!("SELECT count(*) FROM {table}");
            let left: i64 = tx.query_row(&sql, [], |row| row.get(0))?;
            assert_eq!(left, 0, "{table}");
        }
        Ok(())
    });
}

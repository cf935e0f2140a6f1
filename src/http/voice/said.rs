//! Messages of a visit, as its visitor may see them.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::chat::VisitCitation;
use crate::agent::Citation;
use crate::inbox::turns::first_name;
use crate::store::conversations::Conversation;
use crate::store::inbox::attachments::{self, Attachment};
use crate::store::messages::{self, Message, MessageState, Speaker};
use crate::store::{Connection, MessageId, Scoped, StoreError, UserId, receipts, users};

/// Something that was said.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitMessageView {
    id: String,
    /// Its place: later messages have larger numbers.
    seq: i64,
    /// `user`, `assistant`, `agent` (a person) or `system`.
    role: &'static str,
    /// First name of the person who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    text: String,
    /// `complete`, `interrupted` or `failed`.
    state: &'static str,
    /// Unix milliseconds.
    created_at: i64,
    /// The sender's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// How it was answered, for answers of the assistant.
    #[serde(skip_serializing_if = "Option::is_none")]
    rung: Option<String>,
    /// The provider that wrote, where the owner wants visitors to be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// Answers to its question that can be chosen while it is the latest message, to be sent as they stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<String>,
    /// What it rests on, in the order of their numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    citations: Vec<VisitCitation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<VisitFileView>,
}

/// A file in a visit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VisitFileView {
    id: String,
    name: String,
    media_type: String,
    bytes: i64,
}

impl VisitMessageView {
    pub(super) fn seq(&self) -> i64 {
        self.seq
    }
}

/// Whether visitors see a message: an answer that has no word yet is none.
pub(super) fn is_shown(message: &Message) -> bool {
    let draft = message.role == Speaker::Assistant && message.state == MessageState::Interrupted;
    !(draft && message.text.is_empty())
}

/// Reads what belongs to the messages of one conversation.
pub(super) struct Reader<'c> {
    conn: &'c Connection,
    conversation: &'c Scoped<Conversation>,
    names: HashMap<UserId, String>,
    files: HashMap<MessageId, Vec<Attachment>>,
}

impl<'c> Reader<'c> {
    /// For messages from this place on.
    pub(super) fn new(
        conn: &'c Connection,
        conversation: &'c Scoped<Conversation>,
        from: i64,
    ) -> Result<Self, StoreError> {
        let mut files: HashMap<MessageId, Vec<Attachment>> = HashMap::new();
        for file in attachments::since(conn, conversation, from)? {
            files.entry(file.message).or_default().push(file);
        }
        Ok(Self {
            conn,
            conversation,
            names: HashMap::new(),
            files,
        })
    }

    pub(super) fn view(&mut self, message: Message) -> Result<VisitMessageView, StoreError> {
        let author = match message.author {
            Some(author) => self.name(author)?,
            None => None,
        };
        let receipt = match message.receipt {
            Some(id) => match receipts::get(self.conn, self.conversation.workspace(), id) {
                Ok(receipt) => Some(receipt.into_inner()),
                Err(StoreError::NotFound(_)) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        let provider = receipt
            .as_ref()
            .and_then(|receipt| told_provider(&receipt.checks));
        let options = receipt
            .as_ref()
            .map_or_else(Vec::new, |receipt| offered(&receipt.checks));
        let (rung, passages) = receipt
            .map(|receipt| (receipt.rung, receipt.passages))
            .unzip();
        let files = self.files.remove(&message.id).unwrap_or_default();
        Ok(VisitMessageView {
            id: message.id.to_string(),
            seq: message.seq,
            role: message.role.as_str(),
            author,
            text: message.text,
            state: message.state.as_str(),
            created_at: message.created_at,
            client_id: message.client_id.map(messages::as_sent),
            rung,
            provider,
            options,
            citations: cited(passages),
            attachments: files.into_iter().map(VisitFileView::from).collect(),
        })
    }

    fn name(&mut self, author: UserId) -> Result<Option<String>, StoreError> {
        if let Some(known) = self.names.get(&author) {
            return Ok(Some(known.clone()));
        }
        let name = match users::get(self.conn, author) {
            Ok(user) => first_name(&user.name).to_owned(),
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.names.insert(author, name.clone());
        Ok(Some(name))
    }
}

/// The provider in a receipt's checks, if visitors are to be told.
fn told_provider(checks: &Value) -> Option<String> {
    let served = checks.get("provider")?;
    let is_told = served.get("tell").and_then(Value::as_bool) == Some(true);
    let name = served.get("provider").and_then(Value::as_str);
    name.filter(|_| is_told).map(str::to_owned)
}

/// The answers that a workflow offered, in a receipt's checks.
fn offered(checks: &Value) -> Vec<String> {
    let options = checks.pointer("/workflow/options");
    let options = options.and_then(Value::as_array).into_iter().flatten();
    options
        .filter_map(|option| option.as_str().map(str::to_owned))
        .collect()
}

/// The citations in a receipt.
fn cited(passages: Option<Value>) -> Vec<VisitCitation> {
    let Some(Value::Array(cited)) = passages.and_then(|mut passages| {
        let cited = passages.get_mut("cited")?;
        Some(cited.take())
    }) else {
        return Vec::new();
    };
    let read = cited
        .into_iter()
        .filter_map(|one| serde_json::from_value::<Citation>(one).ok());
    read.map(VisitCitation::from).collect()
}

impl From<Attachment> for VisitFileView {
    fn from(file: Attachment) -> Self {
        Self {
            id: file.id.to_string(),
            name: file.name,
            media_type: file.media_type,
            bytes: file.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_provider_is_named_only_where_the_owner_wants_it() {
        let checks =
            |tell| json!({"provider": {"provider": "Elsewhere", "model": "m", "tell": tell}});
        assert_eq!(told_provider(&checks(true)).as_deref(), Some("Elsewhere"));
        assert_eq!(told_provider(&checks(false)), None);
        assert_eq!(told_provider(&json!({})), None);
    }

    #[test]
    fn answers_to_choose_are_those_of_the_workflow() {
        let checks = json!({"workflow": {"name": "order", "options": ["collect", "deliver"]}});
        assert_eq!(offered(&checks), ["collect", "deliver"]);
        assert!(offered(&json!({"workflow": {"name": "order"}})).is_empty());
        assert!(offered(&json!({})).is_empty());
    }
}

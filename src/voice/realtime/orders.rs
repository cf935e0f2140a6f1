//! What a client tells a session to do.

use bytes::Bytes;

use super::config::{ConfigChange, Modality, OutputChange};
use super::fault::Fault;
use super::item::NewItem;
use super::tools::ToolsChange;

/// Something of the client's, in the order in which it came.
#[derive(Debug)]
pub struct ClientOrder {
    /// The client's own id of it; a fault names it.
    pub id: Option<String>,
    /// The order, or why what came is none; the session tells the client so.
    pub order: Result<Order, Fault>,
}

/// What a session is to do.
#[derive(Debug)]
pub enum Order {
    Configure(Box<ConfigChange>),
    /// Sound in the session's input format.
    Append(Bytes),
    /// What was appended is a turn.
    Commit,
    /// What was appended is forgotten.
    Clear,
    AddItem {
        item: Box<NewItem>,
        /// After which item; at the end if absent, at the beginning for `root`.
        after: Option<String>,
    },
    RetrieveItem(String),
    /// Only so much of a spoken part was heard.
    TruncateItem {
        id: String,
        content_index: usize,
        audio_end_ms: i64,
    },
    DeleteItem(String),
    Respond(Box<ResponseOrder>),
    /// Ends this response, or the conversation's.
    Cancel(Option<String>),
    /// The client left. A closed channel means the same, by a broken connection.
    HangUp,
}

/// What a client asks of one response; everything else is as in the session.
#[derive(Debug, Clone, Default)]
pub struct ResponseOrder {
    pub instructions: Option<String>,
    pub modality: Option<Modality>,
    /// `Some(None)`: as many as there are.
    pub max_tokens: Option<Option<u32>>,
    pub tools: ToolsChange,
    pub output: OutputChange,
    /// It does not become part of the conversation.
    pub apart: bool,
    /// Told back with the response.
    pub metadata: Option<Vec<(String, String)>>,
    /// What it answers, instead of the conversation.
    pub input: Option<Vec<InputItem>>,
}

/// An item of a response's own input.
#[derive(Debug, Clone)]
pub enum InputItem {
    New(NewItem),
    /// One of the conversation, by its id.
    Known(Option<String>),
}

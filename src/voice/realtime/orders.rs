//! What a client tells a session to do.

use bytes::Bytes;

use super::config::{ConfigChange, Modality, OutputChange};
use super::fault::Fault;
use super::item::NewItem;
use super::tools::ToolsChange;

/// A message of the client.
#[derive(Debug)]
pub struct ClientOrder {
    /// The client's own id of it, for faults.
    pub id: Option<String>,
    /// The order, or what is wrong with the message; the session reports it to the client.
    pub order: Result<Order, Fault>,
}

#[derive(Debug)]
pub enum Order {
    Configure(Box<ConfigChange>),
    /// Sound in the session's input format.
    Append(Bytes),
    /// Makes the appended sound a turn.
    Commit,
    /// Drops the appended sound.
    Clear,
    AddItem {
        item: Box<NewItem>,
        /// Id of the item before it; `None`: at the end, `root`: at the beginning.
        after: Option<String>,
    },
    RetrieveItem(String),
    /// The caller heard a spoken part only up to here.
    TruncateItem {
        id: String,
        content_index: usize,
        audio_end_ms: i64,
    },
    DeleteItem(String),
    Respond(Box<ResponseOrder>),
    /// Ends this response; `None`: the conversation's.
    Cancel(Option<String>),
    /// The client left. A closed channel means that the connection broke.
    HangUp,
}

/// What a client asks of one response; `None` uses the session's setting.
#[derive(Debug, Clone, Default)]
pub struct ResponseOrder {
    pub instructions: Option<String>,
    pub modality: Option<Modality>,
    /// `Some(None)`: no limit.
    pub max_tokens: Option<Option<u32>>,
    pub tools: ToolsChange,
    pub output: OutputChange,
    /// Keep it out of the conversation.
    pub apart: bool,
    /// Returned with the response.
    pub metadata: Option<Vec<(String, String)>>,
    /// Answer this instead of the conversation.
    pub input: Option<Vec<InputItem>>,
}

/// An item of a response's own input.
#[derive(Debug, Clone)]
pub enum InputItem {
    New(NewItem),
    /// An item of the conversation, by its id.
    Known(Option<String>),
}

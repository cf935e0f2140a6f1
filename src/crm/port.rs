//! The port: what every CRM can do for us.

use async_trait::async_trait;
use bytes::Bytes;

use super::CrmError;
use crate::store::UnixMs;
use crate::store::crm::accounts::CrmKind;

/// One connected account. Ids are the CRM's own.
#[async_trait]
pub trait Crm: Send + Sync {
    fn kind(&self) -> CrmKind;

    async fn lead(&self, lead: &str) -> Result<Lead, CrmError>;

    /// A page of leads that are neither won nor lost; `from` is the `next` of the page before.
    async fn open_leads(&self, from: Option<&str>) -> Result<Page<LeadRef>, CrmError>;

    /// What was said with a lead after `since`, oldest first.
    ///
    /// # Errors
    /// Where the CRM does not let us read it and nothing was kept from its hooks. An empty conversation is one that is
    /// known to be empty.
    async fn conversation(&self, lead: &str, since: Option<UnixMs>) -> Result<Gathered, CrmError>;

    /// Notes of people and of other programs; our own are left out.
    async fn notes(&self, lead: &str) -> Result<Vec<RemoteNote>, CrmError>;

    /// The id of a note with this text in it, also of one of ours that is not remembered: the answer to writing it may have been
    /// lost. `None` also where the CRM cannot be asked.
    async fn find_note(&self, lead: &str, text: &str) -> Result<Option<String>, CrmError>;

    /// Writes a note and remembers it as ours; returns its id.
    async fn write_note(&self, lead: &str, note: &NewNote) -> Result<String, CrmError>;

    /// Writes a number into a field of the lead, which is made if it is not there; `None` empties it.
    async fn write_number(
        &self,
        lead: &str,
        field: &str,
        value: Option<f64>,
    ) -> Result<(), CrmError>;

    /// Adds and removes tags; others stay.
    async fn write_tags(&self, lead: &str, change: &TagChange) -> Result<(), CrmError>;

    /// Returns the id of the task.
    async fn create_task(&self, lead: &str, task: &NewTask) -> Result<String, CrmError>;

    /// The recording of a voice message.
    async fn download(&self, voice: &VoiceLink) -> Result<Voice, CrmError>;
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lead {
    pub id: String,
    pub name: String,
    pub price: Option<f64>,
    pub pipeline: Option<String>,
    pub stage: Option<String>,
    /// Won or lost.
    pub is_closed: bool,
    /// Who looks after it.
    pub responsible: Option<String>,
    pub tags: Vec<String>,
    /// The main one first.
    pub contacts: Vec<String>,
    pub created_at: Option<UnixMs>,
    pub updated_at: Option<UnixMs>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadRef {
    pub id: String,
    pub name: String,
    pub updated_at: Option<UnixMs>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Customer,
    Staff,
    /// A program over there.
    Bot,
}

/// Where a conversation was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The CRM was asked.
    Asked,
    /// From what its hooks brought since the account was connected.
    Kept,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Gathered {
    pub messages: Vec<RemoteMessage>,
    pub source: Source,
    /// Why the CRM was not asked, or that there was more; sentences for people.
    pub remarks: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RemoteMessage {
    pub id: String,
    pub at: UnixMs,
    pub who: Who,
    pub author: Option<String>,
    pub text: String,
    /// A message that was spoken.
    pub voice: Option<VoiceLink>,
    /// Such as `picture`, for what has no words; `None` for text and voice.
    pub attachment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceLink {
    /// The message that it belongs to.
    pub message: String,
    /// As the CRM told it; nobody checked it.
    pub url: String,
    pub name: Option<String>,
}

/// A recording: bytes that begin like sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    pub bytes: Bytes,
    /// As its first bytes say.
    pub media_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteNote {
    pub id: String,
    pub at: UnixMs,
    pub kind: NoteKind,
    pub text: String,
    /// A recording elsewhere, of a call.
    pub link: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    Text,
    Call,
    Sms,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNote {
    pub text: String,
    /// The message that it transcribes.
    pub message: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagChange {
    pub add: Vec<String>,
    pub remove: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    pub text: String,
    pub due_at: UnixMs,
    /// Who is to do it; `None`: whoever looks after the lead.
    pub responsible: Option<String>,
}

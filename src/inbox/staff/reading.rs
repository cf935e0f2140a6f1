//! Looking at conversations: lists, one with everything about it, files.

use super::{DAILY, StaffError, me, place};
use crate::access::Member;
use crate::store::assistants;
use crate::store::conversations;
use crate::store::events::Event;
use crate::store::inbox::attachments::{self, Attachment};
use crate::store::inbox::notes::Note;
use crate::store::inbox::transcript::{self, Linked, Transcript};
use crate::store::inbox::{Counts, InboxFilter, InboxRow, count, list};
use crate::store::listing::{Listing, Page};
use crate::store::{
    AttachmentId, Connection, ConversationId, Store, StoreError, UnixMs, WorkspaceId,
};

use super::told::{Names, tell};

/// Messages of one page of a transcript.
pub const PAGE: u32 = 50;
/// Notes and events that are shown; the latest.
const MOST_BESIDE: u32 = 200;

/// A conversation with everything that staff see of it.
#[derive(Debug)]
pub struct Detail {
    pub row: InboxRow,
    /// Short name and title of the assistant; `None` once it was removed.
    pub assistant: Option<(String, String)>,
    pub transcript: Transcript,
    pub notes: Vec<Note>,
    /// Events with what happened in words, oldest first.
    pub log: Vec<(Event, String)>,
    pub tasks: Vec<Linked>,
}

/// A page of conversations, and how many ask for somebody.
pub async fn list(
    store: &Store,
    by: &Member,
    filter: InboxFilter,
    limit: u32,
) -> Result<(Page<InboxFilter>, Counts), StaffError> {
    let workspace = by.need(DAILY)?;
    let (me, now) = (me(by), filter.now);
    let read = store.read(move |conn| {
        let listing = Listing {
            workspace,
            filter,
            limit,
        };
        Ok((listing.page(conn)?, count(conn, workspace, me, now)?))
    });
    Ok(read.await?)
}

pub async fn counts(store: &Store, by: &Member, now: UnixMs) -> Result<Counts, StaffError> {
    let (workspace, me) = (place(by)?, me(by));
    Ok(store
        .read(move |conn| count(conn, workspace, me, now))
        .await?)
}

/// The row of one conversation.
pub async fn row(store: &Store, by: &Member, id: ConversationId) -> Result<InboxRow, StaffError> {
    let (workspace, me) = (place(by)?, me(by));
    let read = store.read(move |conn| {
        list::find(conn, workspace, id, me)?.ok_or(StoreError::NotFound("the conversation"))
    });
    Ok(read.await?)
}

/// One conversation with the last messages before a place in it.
pub async fn detail(
    store: &Store,
    by: &Member,
    id: ConversationId,
    before: Option<i64>,
) -> Result<Detail, StaffError> {
    let (workspace, me) = (place(by)?, me(by));
    let read = store.read(move |conn| {
        let of = conversations::get(conn, workspace, id)?;
        let assistant = match of.assistant {
            Some(id) => {
                let mut names = assistants::names(conn, workspace)?.into_iter();
                let found = names.find(|(known, ..)| *known == id);
                found.map(|(_, name, title)| (name, title))
            }
            None => None,
        };
        Ok(Detail {
            row: list::row(conn, &of, me)?,
            assistant,
            transcript: transcript::read(conn, &of, before, PAGE)?,
            notes: transcript::notes(conn, &of, MOST_BESIDE)?,
            log: describe(conn, workspace, transcript::log(conn, &of, MOST_BESIDE)?)?,
            tasks: transcript::tasks(conn, &of)?,
        })
    });
    Ok(read.await?)
}

/// A step on the way of a conversation.
#[derive(Debug, Clone)]
pub struct Step {
    pub event: Event,
    /// What happened, in words.
    pub text: String,
    /// The name of the member of staff who did it.
    pub person: Option<String>,
    /// The name of the assistant that the conversation began with.
    pub assistant: Option<String>,
}

/// Events with what happened in words, and who did it.
pub fn steps(
    conn: &Connection,
    workspace: WorkspaceId,
    events: Vec<Event>,
) -> Result<Vec<Step>, StoreError> {
    let names = Names::load(conn, workspace)?;
    let told = events.into_iter().map(|event| {
        let named = |field: &str| {
            let id = event.data.get(field)?.as_str()?;
            names.of(id).map(str::to_owned)
        };
        Step {
            text: tell(&event, &names),
            person: named("by"),
            assistant: named("assistant"),
            event,
        }
    });
    Ok(told.collect())
}

/// Events with what happened in words.
fn describe(
    conn: &Connection,
    workspace: WorkspaceId,
    events: Vec<Event>,
) -> Result<Vec<(Event, String)>, StoreError> {
    let told = steps(conn, workspace, events)?;
    Ok(told
        .into_iter()
        .map(|step| (step.event, step.text))
        .collect())
}

/// A file of a conversation with its content.
pub async fn attachment(
    store: &Store,
    by: &Member,
    id: AttachmentId,
) -> Result<(Attachment, Vec<u8>), StaffError> {
    let workspace = place(by)?;
    let read = store.read(move |conn| {
        let found = attachments::get(conn, workspace, id)?;
        let content = attachments::content(conn, &found)?;
        Ok((found.into_inner(), content))
    });
    Ok(read.await?)
}

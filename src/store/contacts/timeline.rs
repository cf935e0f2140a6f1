//! Everything that happened with a contact, newest first.

use rusqlite::Connection;
use serde_json::Value;

use super::Contact;
use crate::store::listing::ListFilter;
use crate::store::rows::columns;
use crate::store::{ContactId, Scoped, StoreError, UnixMs, WorkspaceId};

/// Something that happened with a contact.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    pub at: UnixMs,
    /// `conversation`, `call`, `task`, `consent` or `change`.
    pub kind: String,
    /// Id of the conversation, the call, the task, the consent, or the event in the log; the latter with leading zeros, so that
    /// texts sort like numbers.
    pub id: String,
    /// Of a conversation its channel, of a call its state, of a task its kind, of a consent its purpose, of a change the kind of event.
    pub what: String,
    /// Of a conversation its title, of a task the wish, of a consent the text that was shown; else empty.
    pub text: String,
    /// Of a task its state, of a consent whether it was given, of a change its data.
    pub data: Value,
}

columns! { MOMENT of Moment { at, kind, id, what, text, data: json } }

/// Which part of a contact's timeline to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimelineFilter {
    /// `None` lists nothing.
    pub contact: Option<ContactId>,
    /// Time, kind and id of the last entry of the page before.
    pub before: Option<(UnixMs, String, String)>,
}

impl ListFilter for TimelineFilter {
    type Row = Moment;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Moment>, StoreError> {
        let Some(id) = self.contact else {
            return Ok(Vec::new());
        };
        let contact = super::get(conn, workspace, id)?;
        timeline(conn, &contact, self.before.as_ref(), limit)
    }

    fn after(&self, page: &[Moment]) -> Self {
        let last = page.last();
        Self {
            before: last
                .map(|last| (last.at, last.kind.clone(), last.id.clone()))
                .or_else(|| self.before.clone()),
            ..self.clone()
        }
    }
}

/// Each part has the columns of [`Moment`]. Changes of a contact stand in the log of events under its id.
const ALL: &str = "
    SELECT o.started_at AS at, 'conversation' AS kind, o.id AS id, o.channel AS what,
           COALESCE((SELECT substr(m.text, 1, 200) FROM messages m WHERE m.conversation = o.id AND m.role = 'user' ORDER BY m.seq LIMIT 1),
                    o.title) AS text,
           json_object('state', o.state) AS data
        FROM conversations o WHERE o.contact = ?1 AND o.due_at IS NULL
    UNION ALL SELECT k.started_at, 'call', k.id, k.status, '', json_object('channel', k.channel)
        FROM calls k JOIN conversations o ON o.id = k.conversation WHERE o.contact = ?1 AND k.due_at IS NULL
    UNION ALL SELECT t.created_at, 'task', t.id, t.kind, t.wish, json_object('state', t.state, 'due_at', t.due_at)
        FROM tasks t WHERE t.contact = ?1
    UNION ALL SELECT s.created_at, 'consent', s.id, s.purpose, s.text, json_object('given', json(iif(s.given, 'true', 'false')))
        FROM consents s WHERE s.contact = ?1
    UNION ALL SELECT e.at, 'change', printf('%019d', e.id), e.kind, '', e.data
        FROM events e WHERE e.subject = ?2 AND e.workspace = ?3";

/// The entries before a place in the timeline, newest first.
pub fn timeline(
    conn: &Connection,
    contact: &Scoped<Contact>,
    before: Option<&(UnixMs, String, String)>,
    limit: u32,
) -> Result<Vec<Moment>, StoreError> {
    let (at, kind, id) = match before {
        Some((at, kind, id)) => (*at, kind.as_str(), id.as_str()),
        None => (UnixMs::MAX, "", ""),
    };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {MOMENT} FROM ({ALL}) WHERE (at, kind, id) < (?4, ?5, ?6)
         ORDER BY at DESC, kind DESC, id DESC LIMIT ?7"
    ))?;
    let rows = statement.query_map(
        (
            contact.id,
            contact.id.to_string(),
            contact.workspace(),
            at,
            kind,
            id,
            limit,
        ),
        Moment::from_row,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

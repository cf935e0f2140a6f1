//! Rows of the inbox: what is shown of a conversation in a list.

use rusqlite::{Connection, OptionalExtension};

use super::search;
use super::view::{Cursor, InboxFilter};
use super::words::{Sought, flatten, shorten};
use crate::store::conversations::{self, Conversation};
use crate::store::listing::ListFilter;
use crate::store::messages::Speaker;
use crate::store::{ConversationId, Scoped, StoreError, UserId, WorkspaceId};

/// Of the last message, in characters.
pub(super) const PREVIEW: usize = 160;
/// Unread messages are counted up to here.
const MOST_UNREAD: u32 = 99;

#[derive(Debug, Clone, PartialEq)]
pub struct InboxRow {
    pub conversation: Conversation,
    /// Name of the member of staff who has it.
    pub assignee: Option<String>,
    /// Name of the team.
    pub team: Option<String>,
    /// The contact's name; may be empty.
    pub contact: Option<String>,
    /// In the order of the alphabet.
    pub tags: Vec<String>,
    /// The last message, or the one that a search found, shortened and on one line.
    pub preview: Option<(Speaker, String)>,
    /// Messages of the visitor that the person who asks has not seen, up to 99.
    pub unread: u32,
    /// Place of the message that a search found.
    pub found: Option<i64>,
}

impl ListFilter for InboxFilter {
    type Row = InboxRow;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<InboxRow>, StoreError> {
        if let Some(text) = &self.text {
            return match Sought::parse(text) {
                Some(sought) => search::list(conn, workspace, self, &sought, limit),
                None => Ok(Vec::new()),
            };
        }
        let mut rows = Vec::new();
        for cursor in self.page(conn, workspace, limit)? {
            rows.extend(find(conn, workspace, cursor.id, self.me)?);
        }
        Ok(rows)
    }

    fn after(&self, page: &[InboxRow]) -> Self {
        let last = page.last().map(|row| Cursor {
            at: row
                .found
                .unwrap_or_else(|| self.order().place(&row.conversation)),
            id: row.conversation.id,
        });
        Self {
            before: last.or(self.before),
            ..self.clone()
        }
    }
}

/// The row of one conversation. `NotFound` if it is not of this workspace.
pub fn row(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    me: Option<UserId>,
) -> Result<InboxRow, StoreError> {
    find(conn, conversation.workspace(), conversation.id, me)?
        .ok_or(StoreError::NotFound("the conversation"))
}

/// The row of a conversation; `None` if it is gone.
pub fn find(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ConversationId,
    me: Option<UserId>,
) -> Result<Option<InboxRow>, StoreError> {
    let sql = format!(
        "SELECT {}, u.name AS assignee, t.name AS team_name, k.name AS contact_name,
            coalesce((SELECT r.seq FROM conversation_reads r WHERE r.user = ?3 AND r.conversation = c.id), 0) AS read
         FROM conversations c LEFT JOIN users u ON u.id = c.assigned_to LEFT JOIN teams t ON t.id = c.team
            LEFT JOIN contacts k ON k.id = c.contact
         WHERE c.workspace = ?1 AND c.id = ?2 AND c.due_at IS NULL",
        conversations::COLUMNS
    );
    let found = conn
        .prepare_cached(&sql)?
        .query_row((workspace, id, me), |row| {
            let of = InboxRow {
                conversation: Conversation::from_row(row)?,
                assignee: row.get("assignee")?,
                team: row.get("team_name")?,
                contact: row.get("contact_name")?,
                tags: Vec::new(),
                preview: None,
                unread: 0,
                found: None,
            };
            Ok((of, row.get::<_, i64>("read")?))
        })
        .optional()?;
    let Some((mut row, read)) = found else {
        return Ok(None);
    };
    row.tags = super::tags::of(conn, id)?;
    row.preview = last_said(conn, id)?;
    if me.is_some() {
        row.unread = count_unread(conn, id, read)?;
    }
    Ok(Some(row))
}

/// What was said last, without notices and answers that are still being written.
fn last_said(
    conn: &Connection,
    id: ConversationId,
) -> Result<Option<(Speaker, String)>, StoreError> {
    let said: Option<(Speaker, String)> = conn
        .prepare_cached(
            "SELECT role, substr(text, 1, 2000) FROM messages
             WHERE conversation = ? AND role <> 'system' AND text <> '' ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(said.map(|(role, text)| (role, shorten(&flatten(&text), PREVIEW))))
}

fn count_unread(conn: &Connection, id: ConversationId, read: i64) -> Result<u32, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM messages
             WHERE conversation = ? AND seq > ? AND role = 'user' LIMIT ?)",
        )?
        .query_row((id, read, MOST_UNREAD), |row| row.get(0))?)
}

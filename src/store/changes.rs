//! What changed among conversations, for the pages that show them live. SQLite itself reports each row that a transaction
//! touches, so no writer must remember to tell, and what was rolled back is never told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::hooks::Action;
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::broadcast;

use super::{ConversationId, EventId, NoteId, StoreError, VisitorId, WorkspaceId};

/// How many transactions a slow listener may lie behind; beyond that it learns that it missed some.
const BACKLOG: usize = 1024;
/// A transaction that touches more rows, such as deleting what is too old, is told as [`Changes::Many`].
const MOST_ROWS: usize = 512;

/// What one transaction changed; it is on the disk.
#[derive(Debug, Clone)]
pub enum Changes {
    These(Arc<[Change]>),
    /// Too much to list: read again what is shown.
    Many,
}

/// A row that was added or changed. Deleted rows are not told; who erases a conversation adds an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Conversation {
        workspace: WorkspaceId,
        id: ConversationId,
        /// Whose it is, on the pages of visitors.
        visitor: Option<VisitorId>,
    },
    Message {
        workspace: WorkspaceId,
        conversation: ConversationId,
        /// Its place in the order of all messages.
        seq: i64,
    },
    Event {
        workspace: WorkspaceId,
        id: EventId,
        kind: String,
        /// Id of what it happened to.
        subject: String,
    },
    Note {
        workspace: WorkspaceId,
        conversation: ConversationId,
        id: NoteId,
    },
    /// Somebody of staff has read further.
    Seen {
        workspace: WorkspaceId,
        conversation: ConversationId,
    },
}

impl Change {
    pub fn workspace(&self) -> WorkspaceId {
        match self {
            Self::Conversation { workspace, .. }
            | Self::Message { workspace, .. }
            | Self::Event { workspace, .. }
            | Self::Note { workspace, .. }
            | Self::Seen { workspace, .. } => *workspace,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Table {
    Conversations,
    Messages,
    Events,
    Notes,
    Reads,
}

/// Rows that the running transaction touched so far.
#[derive(Default)]
struct Touched {
    rows: BTreeSet<(Table, i64)>,
    more: bool,
}

/// Follows the writing connection.
pub(super) struct Tracker {
    touched: Arc<Mutex<Touched>>,
    sender: broadcast::Sender<Changes>,
}

impl Tracker {
    pub(super) fn new() -> Self {
        Self {
            touched: Arc::default(),
            sender: broadcast::Sender::new(BACKLOG),
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Changes> {
        self.sender.subscribe()
    }

    /// Has a writing connection report what it touches.
    pub(super) fn follow(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let touched = Arc::clone(&self.touched);
        let note = move |action: Action, database: &str, table: &str, row: i64| {
            let table = match table {
                "conversations" => Table::Conversations,
                "messages" => Table::Messages,
                "events" => Table::Events,
                "notes" => Table::Notes,
                "conversation_reads" => Table::Reads,
                _ => return,
            };
            if database != "main" || action == Action::SQLITE_DELETE {
                return;
            }
            let mut touched = touched.lock().unwrap_or_else(PoisonError::into_inner);
            match touched.rows.len() < MOST_ROWS {
                true => drop(touched.rows.insert((table, row))),
                false => touched.more = true,
            }
        };
        Ok(connection.update_hook(Some(note))?)
    }

    /// Forgets what a transaction touched that failed.
    pub(super) fn forget(&self) {
        *self.lock() = Touched::default();
    }

    /// Reads what the transaction touched, just before it is committed.
    pub(super) fn collect(&self, conn: &Connection) -> Result<Option<Changes>, StoreError> {
        let touched = std::mem::take(&mut *self.lock());
        if touched.rows.is_empty() || self.sender.receiver_count() == 0 {
            return Ok(None);
        }
        if touched.more {
            return Ok(Some(Changes::Many));
        }
        let mut changes = Vec::with_capacity(touched.rows.len());
        for (table, row) in touched.rows {
            // A row may be gone by the end of the transaction.
            changes.extend(read(conn, table, row)?);
        }
        Ok(Some(Changes::These(changes.into())))
    }

    /// Tells what was committed.
    pub(super) fn publish(&self, changes: Option<Changes>) {
        if let Some(changes) = changes {
            // It fails only if nobody listens any more.
            let _ = self.sender.send(changes);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Touched> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(conn: &Connection, table: Table, row: i64) -> Result<Option<Change>, StoreError> {
    let sql = match table {
        Table::Conversations => "SELECT workspace, id, visitor FROM conversations WHERE rowid = ?",
        Table::Messages => "SELECT workspace, conversation FROM messages WHERE seq = ?",
        Table::Events => "SELECT workspace, kind, subject FROM events WHERE id = ?",
        Table::Notes => "SELECT workspace, conversation, id FROM notes WHERE rowid = ?",
        Table::Reads => {
            "SELECT c.workspace, c.id FROM conversation_reads r JOIN conversations c ON c.id = r.conversation
             WHERE r.rowid = ?"
        }
    };
    let read = conn.prepare_cached(sql)?.query_row([row], |found| {
        let workspace = found.get(0)?;
        Ok(match table {
            Table::Conversations => Change::Conversation {
                workspace,
                id: found.get(1)?,
                // Programs name their visitors as they like.
                visitor: found
                    .get::<_, Option<String>>(2)?
                    .and_then(|name| name.parse().ok()),
            },
            Table::Messages => Change::Message {
                workspace,
                conversation: found.get(1)?,
                seq: row,
            },
            Table::Events => Change::Event {
                workspace,
                id: EventId(row),
                kind: found.get(1)?,
                subject: found.get(2)?,
            },
            Table::Notes => Change::Note {
                workspace,
                conversation: found.get(1)?,
                id: found.get(2)?,
            },
            Table::Reads => Change::Seen {
                workspace,
                conversation: found.get(1)?,
            },
        })
    });
    Ok(read.optional()?)
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast::error::TryRecvError;

    use super::*;
    use crate::store::conversations::{self, Channel, NewConversation};
    use crate::store::messages::{self, MessageState, NewMessage, Speaker};
    use crate::store::{Scoped, Store, Transaction, workspaces};

    fn talk(tx: &Transaction<'_>) -> Result<Scoped<conversations::Conversation>, StoreError> {
        let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: None,
            title: "",
            begun_by: None,
            page: None,
        };
        conversations::create(tx, workspace, &new, 1)
    }

    const HELLO: NewMessage<'_> = NewMessage {
        role: Speaker::User,
        text: "Hello",
        state: MessageState::Complete,
        client_id: None,
        author: None,
    };

    #[test]
    fn what_was_committed_is_told_once_and_what_failed_is_not() {
        let store = Store::open_in_memory().unwrap();
        let mut changes = store.changes();
        let begun = store.write_blocking(talk).unwrap();
        let Ok(Changes::These(seen)) = changes.try_recv() else {
            panic!("nothing was told")
        };
        let (workspace, id) = (begun.workspace(), begun.id);
        let visitor = None;
        assert!(seen.contains(&Change::Conversation {
            workspace,
            id,
            visitor
        }));
        assert!(seen.iter().any(|change| matches!(
            change,
            Change::Event { kind, subject, .. }
                if kind == "conversation_started" && *subject == id.to_string()
        )));

        let failed = store.write_blocking(|tx| {
            messages::append(tx, &begun, &HELLO, 2)?;
            Err::<(), _>(StoreError::Busy)
        });
        assert!(failed.is_err());
        assert!(matches!(changes.try_recv(), Err(TryRecvError::Empty)));
        let said = store.write_blocking(|tx| messages::append(tx, &begun, &HELLO, 3));
        let seq = said.unwrap().into_message().seq;
        let Ok(Changes::These(seen)) = changes.try_recv() else {
            panic!("nothing was told")
        };
        let said = Change::Message {
            workspace,
            conversation: id,
            seq,
        };
        assert!(seen.contains(&said), "{seen:?}");
        assert_eq!(seen.len(), 2, "the message and its conversation: {seen:?}");
        store
            .write_blocking(|tx| conversations::delete(tx, &begun))
            .unwrap();
        assert!(matches!(changes.try_recv(), Err(TryRecvError::Empty)));
    }

    #[test]
    fn a_transaction_that_touches_very_much_is_told_in_one_word() {
        let store = Store::open_in_memory().unwrap();
        let mut changes = store.changes();
        let write = store.write_blocking(|tx| {
            let begun = talk(tx)?;
            for at in 0..600 {
                messages::append(tx, &begun, &HELLO, at)?;
            }
            Ok(())
        });
        write.unwrap();
        assert!(matches!(changes.try_recv(), Ok(Changes::Many)));
    }
}

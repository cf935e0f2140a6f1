//! What changed, told to everybody who shows it. Nobody polls: the store says what each transaction changed, and one task
//! passes it on to those who follow a conversation, a visitor or a workspace.
//!
//! Who follows one conversation learns only that something changed, and reads it; so nothing is missed however slow they are,
//! and a thousand idle followers cost nothing but their entry here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::store::changes::{Change as Row, Changes};
use crate::store::{ConversationId, VisitorId, WorkspaceId};

/// Changes that a slow follower of a workspace may lie behind; beyond that they read everything again.
const BACKLOG: usize = 256;

/// What changed in a workspace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    /// Of which conversation; `None` if it was none, or `all`.
    pub conversation: Option<ConversationId>,
    /// Something may have been missed: read again whatever is shown.
    pub all: bool,
    /// Messages were added or changed.
    pub messages: bool,
    /// Its row: state, whom it is assigned to, how far somebody has read.
    pub state: bool,
    pub notes: bool,
    /// The log has new events.
    pub log: bool,
    /// Who looks at it or types, which is not in the store.
    pub presence: bool,
    pub erased: bool,
}

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Live {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// By id of a conversation or a visitor: only those that somebody follows.
    followed: Mutex<HashMap<Uuid, watch::Sender<u64>>>,
    workspaces: Mutex<HashMap<WorkspaceId, broadcast::Sender<Change>>>,
}

/// Somebody who follows one conversation or visitor.
pub struct Following {
    key: Uuid,
    changed: watch::Receiver<u64>,
    live: Live,
}

impl Following {
    /// Waits until something changed since the last call, or since the beginning.
    pub async fn changed(&mut self) {
        if self.changed.changed().await.is_err() {
            // The entry lives as long as this follower.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut followed = self.live.followed();
        let last = |sender: &watch::Sender<u64>| sender.receiver_count() <= 1;
        if followed.get(&self.key).is_some_and(last) {
            followed.remove(&self.key);
        }
    }
}

impl Live {
    /// Follows a conversation. Subscribe first, then read, so that nothing falls between.
    pub fn conversation(&self, id: ConversationId) -> Following {
        self.follow(id.uuid())
    }

    /// Follows a visitor whose conversation has not begun.
    pub fn visitor(&self, id: VisitorId) -> Following {
        self.follow(id.uuid())
    }

    fn follow(&self, key: Uuid) -> Following {
        let mut followed = self.followed();
        let sender = followed.entry(key).or_insert_with(|| watch::Sender::new(0));
        Following {
            key,
            changed: sender.subscribe(),
            live: self.clone(),
        }
    }

    /// Follows everything in a workspace. Who lags behind gets an error and reads everything again.
    pub fn workspace(&self, id: WorkspaceId) -> broadcast::Receiver<Change> {
        let mut all = self.workspaces();
        // Those that nobody follows any more go when somebody else comes.
        all.retain(|known, sender| *known == id || sender.receiver_count() > 0);
        all.entry(id)
            .or_insert_with(|| broadcast::Sender::new(BACKLOG))
            .subscribe()
    }

    /// Tells those who follow a visitor that there is a conversation now, which may be somebody's from another device.
    pub fn tell_visitor(&self, id: VisitorId) {
        self.nudge(id.uuid());
    }

    /// How many conversations and visitors are followed.
    pub fn count_followed(&self) -> usize {
        self.followed().len()
    }

    pub(super) fn tell_presence(&self, workspace: WorkspaceId, conversation: ConversationId) {
        let change = Change {
            conversation: Some(conversation),
            presence: true,
            ..Change::default()
        };
        self.nudge(conversation.uuid());
        self.tell(workspace, change);
    }

    /// Wakes the followers.
    pub(super) fn nudge(&self, key: Uuid) {
        if let Some(sender) = self.followed().get(&key) {
            sender.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    fn tell(&self, workspace: WorkspaceId, change: Change) {
        if let Some(sender) = self.workspaces().get(&workspace) {
            // It fails only if nobody listens.
            let _ = sender.send(change);
        }
    }

    fn tell_all(&self) {
        for sender in self.followed().values() {
            sender.send_modify(|count| *count = count.wrapping_add(1));
        }
        let change = Change {
            all: true,
            ..Change::default()
        };
        for sender in self.workspaces().values() {
            let _ = sender.send(change);
        }
    }

    /// Passes on what a transaction changed.
    fn pass_on(&self, rows: &[Row]) {
        let mut changed: Vec<(WorkspaceId, Change)> = Vec::new();
        for row in rows {
            let workspace = row.workspace();
            let mut note = |conversation: Option<ConversationId>, set: &dyn Fn(&mut Change)| {
                let same = |(known, change): &&mut (WorkspaceId, Change)| {
                    *known == workspace && change.conversation == conversation
                };
                if let Some((_, change)) = changed.iter_mut().find(same) {
                    set(change);
                    return;
                }
                let mut change = Change {
                    conversation,
                    ..Change::default()
                };
                set(&mut change);
                changed.push((workspace, change));
            };
            match row {
                Row::Conversation { id, visitor, .. } => {
                    note(Some(*id), &|change| change.state = true);
                    if let Some(visitor) = visitor {
                        self.nudge(visitor.uuid());
                    }
                }
                Row::Message { conversation, .. } => {
                    note(Some(*conversation), &|change| change.messages = true);
                }
                Row::Note { conversation, .. } => {
                    note(Some(*conversation), &|change| change.notes = true);
                }
                Row::Seen { conversation, .. } => {
                    note(Some(*conversation), &|change| change.state = true);
                }
                Row::Event { kind, subject, .. } => {
                    let of_conversation = kind.starts_with("conversation_");
                    let conversation = subject.parse().ok().filter(|_| of_conversation);
                    note(conversation, &|change| {
                        change.log = true;
                        change.erased |= kind == "conversation_erased";
                    });
                }
            }
        }
        for (workspace, change) in changed {
            if let Some(conversation) = change.conversation {
                self.nudge(conversation.uuid());
            }
            self.tell(workspace, change);
        }
    }

    /// Passes on what the store changes, until the end.
    pub(super) async fn run(
        self,
        mut changes: broadcast::Receiver<Changes>,
        shutdown: CancellationToken,
    ) {
        loop {
            let next = tokio::select! {
                next = changes.recv() => next,
                () = shutdown.cancelled() => return,
            };
            match next {
                Ok(Changes::These(rows)) => self.pass_on(&rows),
                Ok(Changes::Many) | Err(RecvError::Lagged(_)) => self.tell_all(),
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn followed(&self) -> MutexGuard<'_, HashMap<Uuid, watch::Sender<u64>>> {
        let locked = self.shared.followed.lock();
        locked.unwrap_or_else(PoisonError::into_inner)
    }

    fn workspaces(&self) -> MutexGuard<'_, HashMap<WorkspaceId, broadcast::Sender<Change>>> {
        let locked = self.shared.workspaces.lock();
        locked.unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;

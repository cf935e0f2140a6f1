//! Who looks at a conversation and who types, in memory only: what matters for seconds is not worth a write.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::live::Live;
use crate::store::{ConversationId, UserId, WorkspaceId};

/// Whoever looks says so every 20 seconds.
const LOOKS_FOR: Duration = Duration::from_secs(45);
const TYPES_FOR: Duration = Duration::from_secs(10);

/// Somebody of staff who looks at a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    pub id: UserId,
    pub name: String,
    pub typing: bool,
}

/// Who is around a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// In the order in which they came.
    pub viewers: Vec<Viewer>,
    /// Whether the visitor's page is open.
    pub online: bool,
    /// Whether the visitor types.
    pub typing: bool,
    /// Whether the assistant writes an answer.
    pub composing: bool,
    /// The last message that the visitor has seen; 0 if that is not known.
    pub seen: i64,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Presence {
    around: Arc<Mutex<HashMap<ConversationId, Seen>>>,
    live: Live,
}

struct Seen {
    workspace: WorkspaceId,
    staff: Vec<Staff>,
    /// Open streams of the visitor.
    connections: usize,
    typing_until: Option<Instant>,
    /// Answers that the assistant is writing.
    composing: usize,
    /// The last message that the visitor has seen.
    seen: i64,
}

struct Staff {
    id: UserId,
    name: String,
    looks_until: Instant,
    typing_until: Option<Instant>,
}

/// The visitor's page is open as long as this lives.
pub struct Connected {
    presence: Presence,
    conversation: ConversationId,
}

impl Drop for Connected {
    fn drop(&mut self) {
        let mut around = self.presence.lock();
        if let Some(seen) = around.get_mut(&self.conversation) {
            seen.connections = seen.connections.saturating_sub(1);
            let workspace = seen.workspace;
            let gone = seen.connections == 0;
            if gone {
                seen.typing_until = None;
            }
            if seen.is_empty() {
                around.remove(&self.conversation);
            }
            drop(around);
            if gone {
                let live = &self.presence.live;
                live.tell_presence(workspace, self.conversation);
            }
        }
    }
}

/// The assistant writes an answer as long as this lives.
pub struct Composing {
    presence: Presence,
    workspace: WorkspaceId,
    conversation: ConversationId,
}

impl Drop for Composing {
    fn drop(&mut self) {
        let ended = self
            .presence
            .with(self.workspace, self.conversation, |seen| {
                seen.composing = seen.composing.saturating_sub(1);
                seen.composing == 0
            });
        if ended {
            let live = &self.presence.live;
            live.tell_presence(self.workspace, self.conversation);
        }
    }
}

impl Seen {
    fn is_empty(&self) -> bool {
        self.connections == 0
            && self.staff.is_empty()
            && self.typing_until.is_none()
            && self.composing == 0
    }

    /// Forgets what is over; returns whether there was anything.
    fn forget(&mut self, now: Instant) -> bool {
        let before = self.staff.len();
        self.staff.retain(|one| one.looks_until > now);
        let mut changed = self.staff.len() < before;
        let over = |until: &mut Option<Instant>| until.take_if(|until| *until <= now).is_some();
        for one in &mut self.staff {
            changed |= over(&mut one.typing_until);
        }
        changed | over(&mut self.typing_until)
    }
}

impl Presence {
    pub(super) fn new(live: Live) -> Self {
        Self {
            around: Arc::default(),
            live,
        }
    }

    /// Somebody of staff looks at a conversation.
    pub fn look(
        &self,
        workspace: WorkspaceId,
        conversation: ConversationId,
        user: UserId,
        name: &str,
    ) {
        let came = self.with(workspace, conversation, |seen| {
            let until = Instant::now() + LOOKS_FOR;
            match seen.staff.iter_mut().find(|one| one.id == user) {
                Some(one) => {
                    one.looks_until = until;
                    false
                }
                None => {
                    seen.staff.push(Staff {
                        id: user,
                        name: name.to_owned(),
                        looks_until: until,
                        typing_until: None,
                    });
                    true
                }
            }
        });
        if came {
            self.live.tell_presence(workspace, conversation);
        }
    }

    /// Somebody of staff types, or has stopped; whoever types looks.
    pub fn type_as_staff(
        &self,
        workspace: WorkspaceId,
        conversation: ConversationId,
        user: UserId,
        name: &str,
        on: bool,
    ) {
        self.look(workspace, conversation, user, name);
        let changed = self.with(workspace, conversation, |seen| {
            let one = seen.staff.iter_mut().find(|one| one.id == user);
            one.is_some_and(|one| set(&mut one.typing_until, on))
        });
        if changed {
            self.live.tell_presence(workspace, conversation);
        }
    }

    pub fn type_as_visitor(&self, workspace: WorkspaceId, conversation: ConversationId, on: bool) {
        let changed = self.with(workspace, conversation, |seen| {
            set(&mut seen.typing_until, on)
        });
        if changed {
            self.live.tell_presence(workspace, conversation);
        }
    }

    /// The visitor has seen everything up to a message; remembered while their page is open.
    pub fn see_as_visitor(&self, workspace: WorkspaceId, conversation: ConversationId, seq: i64) {
        let changed = self.with(workspace, conversation, |seen| {
            let news = seen.connections > 0 && seq > seen.seen;
            seen.seen = seen.seen.max(seq);
            news
        });
        if changed {
            self.live.tell_presence(workspace, conversation);
        }
    }

    /// The visitor's page is open until the result is dropped.
    pub fn connect(&self, workspace: WorkspaceId, conversation: ConversationId) -> Connected {
        let first = self.with(workspace, conversation, |seen| {
            seen.connections += 1;
            seen.connections == 1
        });
        if first {
            self.live.tell_presence(workspace, conversation);
        }
        Connected {
            presence: self.clone(),
            conversation,
        }
    }

    /// The assistant writes an answer until the result is dropped.
    pub fn compose(&self, workspace: WorkspaceId, conversation: ConversationId) -> Composing {
        let first = self.with(workspace, conversation, |seen| {
            seen.composing += 1;
            seen.composing == 1
        });
        if first {
            self.live.tell_presence(workspace, conversation);
        }
        Composing {
            presence: self.clone(),
            workspace,
            conversation,
        }
    }

    pub fn of(&self, conversation: ConversationId) -> Around {
        let mut around = self.lock();
        let Some(seen) = around.get_mut(&conversation) else {
            return Around::default();
        };
        seen.forget(Instant::now());
        let viewers = seen.staff.iter().map(|one| Viewer {
            id: one.id,
            name: one.name.clone(),
            typing: one.typing_until.is_some(),
        });
        Around {
            viewers: viewers.collect(),
            online: seen.connections > 0,
            typing: seen.typing_until.is_some(),
            composing: seen.composing > 0,
            seen: seen.seen,
        }
    }

    /// Whether the visitor's page is open.
    pub fn is_online(&self, conversation: ConversationId) -> bool {
        let around = self.lock();
        around
            .get(&conversation)
            .is_some_and(|seen| seen.connections > 0)
    }

    /// Tells of those who left or stopped typing without a word.
    pub(super) fn sweep(&self) {
        let now = Instant::now();
        let mut over = Vec::new();
        self.lock().retain(|conversation, seen| {
            if seen.forget(now) {
                over.push((seen.workspace, *conversation));
            }
            !seen.is_empty()
        });
        for (workspace, conversation) in over {
            self.live.tell_presence(workspace, conversation);
        }
    }

    fn with<T>(
        &self,
        workspace: WorkspaceId,
        conversation: ConversationId,
        act: impl FnOnce(&mut Seen) -> T,
    ) -> T {
        let mut around = self.lock();
        let seen = around.entry(conversation).or_insert_with(|| Seen {
            workspace,
            staff: Vec::new(),
            connections: 0,
            typing_until: None,
            composing: 0,
            seen: 0,
        });
        let done = act(seen);
        if seen.is_empty() {
            around.remove(&conversation);
        }
        done
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConversationId, Seen>> {
        self.around.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sets whether somebody types; returns whether that is news.
fn set(typing_until: &mut Option<Instant>, on: bool) -> bool {
    let until = on.then(|| Instant::now() + TYPES_FOR);
    let news = typing_until.is_some() != on;
    *typing_until = until;
    news
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_more_is_gone_after_a_while() {
        let live = Live::default();
        let presence = Presence::new(live.clone());
        let (shop, id, anna) = (WorkspaceId::new(), ConversationId::new(), UserId::new());
        let mut changes = live.workspace(shop);
        presence.type_as_staff(shop, id, anna, "Anna", true);
        presence.type_as_visitor(shop, id, true);
        let around = presence.of(id);
        assert_eq!(
            (around.viewers[0].typing, around.typing, around.online),
            (true, true, false)
        );
        for _ in 0..3 {
            assert!(changes.try_recv().unwrap().presence);
        }
        presence.look(shop, id, anna, "Anna");
        assert!(changes.try_recv().is_err(), "no news");

        tokio::time::advance(TYPES_FOR + Duration::from_millis(1)).await;
        presence.sweep();
        assert!(changes.try_recv().is_ok());
        let around = presence.of(id);
        assert_eq!(
            (
                around.viewers.len(),
                around.viewers[0].typing,
                around.typing
            ),
            (1, false, false)
        );
        tokio::time::advance(LOOKS_FOR).await;
        presence.sweep();
        assert!(changes.try_recv().is_ok());
        assert_eq!(presence.of(id), Around::default());
        assert!(presence.lock().is_empty());
    }

    #[test]
    fn the_assistant_writes_until_its_last_answer_is_there() {
        let live = Live::default();
        let presence = Presence::new(live.clone());
        let (shop, id) = (WorkspaceId::new(), ConversationId::new());
        let mut changes = live.workspace(shop);
        let turns = [presence.compose(shop, id), presence.compose(shop, id)];
        let [first, second] = turns;
        assert!(presence.of(id).composing && changes.try_recv().is_ok());
        drop(first);
        assert!(presence.of(id).composing && changes.try_recv().is_err());
        drop(second);
        assert!(!presence.of(id).composing && changes.try_recv().is_ok());
        assert!(presence.lock().is_empty());
    }

    #[tokio::test]
    async fn a_visitor_with_two_tabs_is_gone_with_the_second() {
        let presence = Presence::new(Live::default());
        let (shop, id) = (WorkspaceId::new(), ConversationId::new());
        let tabs = [presence.connect(shop, id), presence.connect(shop, id)];
        let [first, second] = tabs;
        drop(first);
        assert!(presence.is_online(id));
        drop(second);
        assert!(!presence.is_online(id) && presence.lock().is_empty());
    }
}

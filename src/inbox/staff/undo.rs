//! What it takes to undo an act on many conversations, for ten minutes, in memory: an undo after a restart is refused, with
//! a sentence that says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::assign::Holders;
use crate::access::{Credential, Member};
use crate::store::{ConversationId, UnixMs, WorkspaceId};

/// Ten minutes.
const KEPT_MS: i64 = 10 * 60 * 1000;
/// Older ones go first.
const MOST: usize = 500;

/// How one conversation was before, and how the act left it: what somebody else has changed since is not put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Was {
    /// The act changed nothing.
    Same,
    /// Not closed, and looked after by these.
    Open(Holders),
    Spam {
        before: bool,
        left: bool,
    },
    Snoozed {
        before: Option<UnixMs>,
        left: Option<UnixMs>,
    },
    Assigned {
        before: Holders,
        left: Holders,
    },
    /// Tags of others come and go meanwhile, and stay as they are.
    Tagged {
        added: Vec<String>,
        removed: Vec<String>,
    },
    Read(i64),
}

#[derive(Debug)]
struct Kept {
    workspace: WorkspaceId,
    by: Credential,
    at: UnixMs,
    was: Vec<(ConversationId, Was)>,
}

/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Undos {
    kept: Arc<Mutex<HashMap<String, Kept>>>,
}

impl Undos {
    /// Returns the token by which the same caller undoes it.
    pub(super) fn keep(&self, by: &Member, was: Vec<(ConversationId, Was)>, now: UnixMs) -> String {
        // Random enough, and of use to the same caller only.
        let token = ConversationId::new().to_string();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, one| now - one.at < KEPT_MS);
        if kept.len() >= MOST {
            let oldest = kept.iter().min_by_key(|(_, one)| one.at);
            if let Some(oldest) = oldest.map(|(token, _)| token.clone()) {
                kept.remove(&oldest);
            }
        }
        let one = Kept {
            workspace: by.workspace(),
            by: by.principal().credential(),
            at: now,
            was,
        };
        kept.insert(token.clone(), one);
        token
    }

    /// What the token stands for, once.
    pub(super) fn take(
        &self,
        by: &Member,
        token: &str,
        now: UnixMs,
    ) -> Option<Vec<(ConversationId, Was)>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let one = kept.get(token)?;
        let own = one.workspace == by.workspace() && one.by == by.principal().credential();
        if !own || now - one.at >= KEPT_MS {
            return None;
        }
        kept.remove(token).map(|one| one.was)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Caller, Principal, Scope};
    use crate::store::ApiKeyId;

    fn member(workspace: WorkspaceId) -> Member {
        let id = ApiKeyId::new();
        let scopes = vec![Scope::Conversations];
        let principal = Principal::new(Caller::Key(id), Credential::Key(id), scopes, None);
        principal.in_workspace(workspace).unwrap()
    }

    #[test]
    fn an_undo_is_its_callers_for_ten_minutes_and_once() {
        let undos = Undos::default();
        let (ann, ben) = (member(WorkspaceId::new()), member(WorkspaceId::new()));
        let was = || vec![(ConversationId::new(), Was::Read(0))];
        let token = undos.keep(&ann, was(), 0);
        assert_eq!(undos.take(&ben, &token, 1), None);
        assert_eq!(undos.take(&ann, "other", 1), None);
        assert!(undos.take(&ann, &token, KEPT_MS - 1).is_some());
        assert_eq!(undos.take(&ann, &token, 2), None);
        let late = undos.keep(&ann, was(), 0);
        assert_eq!(undos.take(&ann, &late, KEPT_MS), None);
        for at in 0..2 * MOST {
            undos.keep(&ann, was(), i64::try_from(at).unwrap());
        }
        assert_eq!(undos.kept.lock().unwrap().len(), MOST);
    }
}

//! Ends open responses of visitors whose visit is over. One task looks after all of them, so that ten thousand idle visitors
//! cost a few queries a second and nothing of their own.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::settings::WidgetSettings;
use crate::http::now_ms;
use crate::store::token::TokenHash;
use crate::store::{Connection, Store, StoreError, WorkspaceId, visitors};

/// Time between looks.
const EVERY: Duration = Duration::from_millis(800);
/// Visits looked at in one go. With more of them open, a visit that is over ends some seconds later.
const AT_ONCE: usize = 1000;

/// Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::http) struct Standing {
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    visits: BTreeMap<u64, Visit>,
    last: u64,
    /// Where the next look begins.
    next: u64,
    is_watched: bool,
}

struct Visit {
    token: TokenHash,
    at_machine: bool,
    over: Option<oneshot::Sender<()>>,
}

/// Takes a visit off the list when its response has ended.
struct Entry {
    standing: Standing,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.standing.lock().visits.remove(&self.number);
    }
}

impl Standing {
    /// Completes once the visit of a token is over: it expired, was ended, or the front desk was closed to visitors.
    pub(super) fn outlived(
        &self,
        store: &Store,
        token: TokenHash,
        at_machine: bool,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (over, is_over) = oneshot::channel();
        let mut open = self.lock();
        open.last += 1;
        let number = open.last;
        let visit = Visit {
            token,
            at_machine,
            over: Some(over),
        };
        open.visits.insert(number, visit);
        if !std::mem::replace(&mut open.is_watched, true) {
            tokio::spawn(self.clone().watch(store.clone()));
        }
        drop(open);
        let entry = Entry {
            standing: self.clone(),
            number,
        };
        async move {
            let _entry = entry;
            if is_over.await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Looks until no visit is open.
    async fn watch(self, store: Store) {
        loop {
            tokio::time::sleep(EVERY).await;
            let Some(some) = self.take_some() else {
                return;
            };
            let look = store.read(move |conn| find_over(conn, &some));
            // A store that fails says nothing about a visit, so errors do not end any.
            for number in look.await.unwrap_or_default() {
                let over = self
                    .lock()
                    .visits
                    .get_mut(&number)
                    .and_then(|visit| visit.over.take());
                if let Some(over) = over {
                    // It fails only if the response has just ended.
                    let _ = over.send(());
                }
            }
        }
    }

    /// The visits to look at now; `None` when there are none, and the task ends.
    fn take_some(&self) -> Option<Vec<(u64, TokenHash, bool)>> {
        let mut open = self.lock();
        if open.visits.is_empty() {
            open.is_watched = false;
            return None;
        }
        let from = open.next;
        let later = open.visits.range(from..).chain(open.visits.range(..from));
        let some: Vec<_> = later
            .take(AT_ONCE)
            .map(|(number, visit)| (*number, visit.token, visit.at_machine))
            .collect();
        open.next = some.last().map_or(0, |(number, ..)| number + 1);
        Some(some)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find_over(conn: &Connection, visits: &[(u64, TokenHash, bool)]) -> Result<Vec<u64>, StoreError> {
    let mut enabled: HashMap<(WorkspaceId, bool), bool> = HashMap::new();
    let mut over = Vec::new();
    for (number, token, at_machine) in visits {
        let Some(visitor) = visitors::find_valid(conn, token, now_ms())? else {
            over.push(*number);
            continue;
        };
        let key = (visitor.workspace, *at_machine);
        let is_enabled = match enabled.get(&key) {
            Some(known) => *known,
            None => {
                let settings = WidgetSettings::in_force(conn, visitor.workspace, *at_machine)?;
                enabled.insert(key, settings.enabled);
                settings.enabled
            }
        };
        if !is_enabled {
            over.push(*number);
        }
    }
    Ok(over)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::token::{Token, TokenKind};
    use crate::store::workspaces;

    #[tokio::test(start_paused = true)]
    async fn a_visit_ends_with_its_token_and_others_go_on() {
        let store = Store::open_in_memory().unwrap();
        let made = store.write_blocking(|tx| {
            let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            workspaces::set_section(
                tx,
                workspace,
                "widget",
                &serde_json::json!({"enabled": true}),
            )?;
            let mut tokens = Vec::new();
            for _ in 0..2 {
                let token = Token::generate(TokenKind::Visitor)?.hash();
                let id = visitors::create(tx, workspace, &token, None, 1, i64::MAX)?;
                tokens.push((token, id));
            }
            Ok(tokens)
        });
        let tokens = made.unwrap();
        let standing = Standing::default();
        let [first, second] = [0, 1].map(|at| standing.outlived(&store, tokens[at].0, false));
        let (mut first, mut second) = (Box::pin(first), Box::pin(second));
        let within = Duration::from_secs(3);
        assert!(tokio::time::timeout(within, &mut first).await.is_err());
        let gone = tokens[0].1.to_string();
        store
            .write_blocking(|tx| Ok(tx.execute("DELETE FROM visitors WHERE id = ?", [gone])?))
            .unwrap();
        assert!(tokio::time::timeout(within, &mut first).await.is_ok());
        assert!(tokio::time::timeout(within, &mut second).await.is_err());
        drop((first, second));
        assert!(standing.lock().visits.is_empty());
        tokio::time::sleep(EVERY * 2).await;
        assert!(!standing.lock().is_watched);
    }
}

//! Which repeated reads were noted a short while ago: pages read their lists again and again, and programs an answer until it is
//! there. In memory only: after a restart they are noted once more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::store::UnixMs;

/// Within this time, the same read by the same caller is noted once, in ms.
const AGAIN_MS: i64 = 10 * 60 * 1000;
/// Reads that are remembered at a time.
const MOST: usize = 4096;

/// Reads by who and what, and when they were noted.
#[derive(Clone, Default)]
pub(in crate::http) struct Lately(Arc<Mutex<HashMap<String, UnixMs>>>);

impl Lately {
    /// Whether this read is to be noted now; it counts as noted then.
    pub(super) fn is_due(&self, read: String, now: UnixMs) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that went back makes it due too.
        let is_recent = |at: UnixMs| (at..at.saturating_add(AGAIN_MS)).contains(&now);
        if noted.get(&read).is_some_and(|at| is_recent(*at)) {
            return false;
        }
        if noted.len() >= MOST {
            noted.retain(|_, at| is_recent(*at));
        }
        if noted.len() >= MOST {
            // Rather a row twice than a memory without end.
            noted.clear();
        }
        noted.insert(read, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_is_due_once_in_ten_minutes_and_memory_is_bounded() {
        let lately = Lately::default();
        let due = |read: &str, now| lately.is_due(read.to_owned(), now);
        assert!(due("ann inbox", 0));
        assert!(!due("ann inbox", AGAIN_MS - 1));
        assert!(due("ben inbox", 1), "another caller");
        assert!(due("ann gaps", 1), "another list");
        assert!(due("ann inbox", AGAIN_MS));
        for n in 0..10_000 {
            due(&n.to_string(), AGAIN_MS);
        }
        assert!(lately.0.lock().unwrap().len() <= MOST);
    }
}

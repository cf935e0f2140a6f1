//! Who follows the inbox, in memory only: while somebody does, the conversations that they have stay theirs.
//!
//! A connection may look open for long after its browser is gone, as behind a proxy. So a page also says every 20 seconds that
//! it is there; from then on its word counts, and not the connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::watch::AWAY_MS;
use crate::store::{UnixMs, UserId, WorkspaceId};

type Whose = (WorkspaceId, UserId);

/// When somebody was last there, for those who were there within the time after which they are away.
pub type Here = HashMap<Whose, UnixMs>;

/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Attendance {
    people: Arc<Mutex<HashMap<Whose, Signs>>>,
}

#[derive(Debug, Default)]
struct Signs {
    /// Open streams; a person may have several tabs.
    streams: usize,
    /// When a page of theirs last said that it is there.
    said_at: Option<UnixMs>,
    /// When the clock first saw that the last stream is closed.
    left_at: Option<UnixMs>,
}

/// Somebody follows the inbox as long as this lives.
pub struct Attending {
    attendance: Attendance,
    whose: Whose,
}

impl Drop for Attending {
    fn drop(&mut self) {
        if let Some(signs) = self.attendance.people().get_mut(&self.whose) {
            signs.streams = signs.streams.saturating_sub(1);
        }
    }
}

impl Attendance {
    /// Somebody follows the inbox of a workspace until the result is dropped.
    pub fn follow(&self, workspace: WorkspaceId, user: UserId) -> Attending {
        let whose = (workspace, user);
        let mut people = self.people();
        let signs = people.entry(whose).or_default();
        signs.streams += 1;
        signs.left_at = None;
        Attending {
            attendance: self.clone(),
            whose,
        }
    }

    /// A page of theirs says that it is there.
    pub fn say(&self, workspace: WorkspaceId, user: UserId, now: UnixMs) {
        let mut people = self.people();
        let signs = people.entry((workspace, user)).or_default();
        signs.said_at = Some(now);
    }

    /// Who is here at `now`, and when they were last. Those who are away are forgotten.
    pub(super) fn here(&self, now: UnixMs) -> Here {
        let mut here = Here::new();
        self.people().retain(|whose, signs| {
            let seen_at = match (signs.said_at, signs.streams) {
                (Some(said_at), _) => said_at,
                (None, 1..) => now,
                (None, 0) => *signs.left_at.get_or_insert(now),
            };
            let is_here = now - seen_at < AWAY_MS;
            if is_here {
                here.insert(*whose, seen_at);
            }
            is_here || signs.streams > 0
        });
        here
    }

    /// Moves the times after a jump of the clock.
    pub(super) fn shift_clock(&self, by: i64) {
        for signs in self.people().values_mut() {
            for at in [&mut signs.said_at, &mut signs.left_at] {
                *at = at.map(|at| at.saturating_add(by));
            }
        }
    }

    fn people(&self) -> MutexGuard<'_, HashMap<Whose, Signs>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_with_two_tabs_is_here_until_the_second_closes() {
        let attendance = Attendance::default();
        let (shop, anna) = (WorkspaceId::new(), UserId::new());
        let at = |now| attendance.here(now).get(&(shop, anna)).copied();
        assert_eq!(at(0), None);
        let (first, second) = (attendance.follow(shop, anna), attendance.follow(shop, anna));
        assert_eq!(at(10 * AWAY_MS), Some(10 * AWAY_MS));
        drop(first);
        assert_eq!(at(20 * AWAY_MS), Some(20 * AWAY_MS));
        drop(second);
        let left = 20 * AWAY_MS + 5_000;
        assert_eq!(at(left), Some(left));
        assert_eq!(at(left + AWAY_MS - 1), Some(left));
        assert_eq!(at(left + AWAY_MS), None);
        assert!(attendance.people().is_empty());
    }

    #[test]
    fn a_page_that_fell_silent_is_gone_although_its_connection_looks_open() {
        let attendance = Attendance::default();
        let (shop, anna) = (WorkspaceId::new(), UserId::new());
        let at = |now| attendance.here(now).get(&(shop, anna)).copied();
        let _open = attendance.follow(shop, anna);
        attendance.say(shop, anna, 1_000);
        assert_eq!(at(AWAY_MS), Some(1_000));
        assert_eq!(at(1_000 + AWAY_MS), None);
        attendance.say(shop, anna, 9 * AWAY_MS);
        assert_eq!(at(9 * AWAY_MS + 1), Some(9 * AWAY_MS));
        attendance.shift_clock(3_600_000);
        assert_eq!(at(9 * AWAY_MS + 3_600_001), Some(9 * AWAY_MS + 3_600_000));
    }
}

//! Counts wrong passwords and codes. Too many of them, and the sender has to wait.

use std::collections::HashMap;
use std::mem::discriminant;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::address::network_of;
use crate::store::UserId;
use crate::store::token::TokenHash;

/// Per [`FAILURE_WINDOW_MS`].
const MOST_FAILURES: u32 = 10;
/// The same for an e-mail address from all networks together: guesses that come from many of them.
const MOST_OF_EMAIL: u32 = 30;
/// After too many failures, the sender waits until this window ends.
const FAILURE_WINDOW_MS: i64 = 10 * 60 * 1000;
/// Networks, accounts and addresses that are remembered at a time, of each.
const MOST_REMEMBERED: usize = 4096;

/// Whose attempts are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Of {
    /// Attempts from a network, for any account.
    Network(IpAddr),
    /// Attempts for an account, from any network.
    Account(UserId),
    /// Attempts for an e-mail address as it was typed, from any network, whether it has an account or not.
    Email(TokenHash),
}

impl Of {
    pub(super) fn network(address: IpAddr) -> Self {
        Self::Network(network_of(address))
    }

    pub(super) fn email(typed: &str) -> Self {
        Self::Email(TokenHash::of(&typed.trim().to_lowercase()))
    }

    /// How many failures it may have before it waits.
    fn most(self) -> u32 {
        match self {
            Self::Network(_) | Self::Account(_) => MOST_FAILURES,
            Self::Email(_) => MOST_OF_EMAIL,
        }
    }
}

/// Failures so far, in memory only: a restart forgets them.
#[derive(Clone, Default)]
pub(super) struct Attempts(Arc<Mutex<HashMap<Of, Failures>>>);

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    since: i64,
}

impl Attempts {
    /// Counts an attempt before it is checked, so that many at the same time cannot all slip through. False
    /// when there were too many already.
    pub(super) fn begin(&self, of: Of, now: i64) -> bool {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |failures: &Failures| now - failures.since >= FAILURE_WINDOW_MS;
        if map.len() >= MOST_REMEMBERED {
            map.retain(|_, failures| !over(failures));
            // Drop the oldest, so that a stranger cannot fill the memory; of the same kind, so that addresses that were made up
            // let nobody guess at codes again.
            let same = map
                .iter()
                .filter(|(other, _)| discriminant(*other) == discriminant(&of));
            let same: Vec<(Of, i64)> = same.map(|(other, f)| (*other, f.since)).collect();
            if same.len() >= MOST_REMEMBERED
                && let Some((oldest, _)) = same.into_iter().min_by_key(|(_, since)| *since)
            {
                map.remove(&oldest);
            }
        }
        let new = Failures {
            count: 0,
            since: now,
        };
        let failures = map.entry(of).or_insert(new);
        if over(failures) {
            *failures = new;
        }
        failures.count = failures.count.saturating_add(1);
        failures.count <= of.most()
    }

    /// Takes back one attempt, which was right.
    pub(super) fn forgive(&self, of: Of) {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failures) = map.get_mut(&of) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    /// Starts over after a correct password or code.
    pub(super) fn forget(&self, of: Of) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_after_too_many_wrong_passwords() {
        let attempts = Attempts::default();
        let (here, there) = (
            Of::network(IpAddr::from([10, 0, 0, 1])),
            Of::network(IpAddr::from([10, 0, 0, 2])),
        );
        for at in 0..i64::from(MOST_FAILURES) {
            assert!(attempts.begin(here, at));
        }
        assert!(!attempts.begin(here, 100));
        assert!(attempts.begin(there, 100));
        assert!(attempts.begin(here, FAILURE_WINDOW_MS));
    }

    #[test]
    fn the_right_password_clears_the_slate() {
        let attempts = Attempts::default();
        let here = Of::network(IpAddr::from([10, 0, 0, 1]));
        (0..MOST_FAILURES).for_each(|_| assert!(attempts.begin(here, 0)));
        attempts.forget(here);
        assert!(attempts.begin(here, 1));
    }

    #[test]
    fn one_account_is_not_guessed_at_from_many_networks_nor_by_signing_in_in_between() {
        let attempts = Attempts::default();
        let ann = Of::email(" Ann@Example.com");
        assert_eq!(ann, Of::email("ann@example.com"));
        let allowed = (0..100).filter(|at| attempts.begin(ann, *at)).count();
        assert_eq!(allowed, MOST_OF_EMAIL as usize);
        // Nine guesses, then one's own password, again and again.
        let here = Of::network(IpAddr::from([10, 0, 0, 1]));
        let mut guesses = 0;
        for n in 0..100 {
            let may = attempts.begin(here, 0);
            match n % 10 {
                9 if may => attempts.forgive(here),
                _ => guesses += u32::from(may),
            }
        }
        assert_eq!(guesses, MOST_FAILURES);
    }

    #[test]
    fn a_network_counts_as_one_and_memory_is_bounded() {
        let attempts = Attempts::default();
        let of_network = |n: u128| IpAddr::from((0x2001_0db8_u128 << 96 | n).to_be_bytes());
        let allowed = (0..40)
            .filter(|n| attempts.begin(Of::network(of_network(*n)), 0))
            .count();
        assert_eq!(allowed, MOST_FAILURES as usize);
        let ann = Of::Account(UserId::new());
        (0..MOST_FAILURES).for_each(|_| assert!(attempts.begin(ann, 0)));
        for n in 0..10_000_u32 {
            attempts.begin(Of::network(IpAddr::from(n.to_be_bytes())), 1);
        }
        assert!(attempts.0.lock().unwrap().len() <= MOST_REMEMBERED + 1);
        assert!(!attempts.begin(ann, 2), "it is not forgotten with them");
    }
}

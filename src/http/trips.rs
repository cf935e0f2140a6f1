//! Round trips that end with an answer to a secret of ours: a passkey's challenge, a sign-in at another server. Each is answered
//! once, in time, by the browser that began it: its cookie is a separate secret, so an intercepted answer is useless in another
//! browser. In memory only: a restart ends them, and people begin again.

use std::collections::HashMap;
use std::mem::discriminant;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::members::sign_on::Going;
use crate::store::token::{Token, TokenHash, TokenKind};
use crate::store::{StoreError, UnixMs, UserId};

/// How long one may take, in ms.
const OPEN_MS: i64 = 5 * 60 * 1000;
/// Round trips of one kind that are remembered at a time.
const MOST: usize = 4096;

/// What a round trip is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trip {
    /// A person adds a passkey.
    AddPasskey(UserId),
    /// Somebody signs in with a passkey.
    Passkey,
    /// Somebody signs in at a company's sign-in server.
    SignOn(Box<Going>),
}

/// One under way.
struct Open {
    trip: Trip,
    /// Of the secret that only the browser has.
    browser: TokenHash,
    until: UnixMs,
}

#[derive(Clone, Default)]
pub(super) struct Trips(Arc<Mutex<HashMap<TokenHash, Open>>>);

impl Trips {
    /// Begins one in the browser with this secret; the token is what its answer has to name.
    pub(super) fn begin(
        &self,
        trip: Trip,
        browser: TokenHash,
        now: UnixMs,
    ) -> Result<Token, StoreError> {
        let token = Token::generate(TokenKind::SignIn)?;
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, one| one.until > now);
        // Drop the oldest, so that a stranger cannot fill the memory; of the same kind, so that whoever begins passkeys by the
        // thousand ends nobody's sign-in at a sign-in server.
        let same = open
            .iter()
            .filter(|(_, other)| discriminant(&other.trip) == discriminant(&trip));
        let same: Vec<(TokenHash, UnixMs)> =
            same.map(|(hash, other)| (*hash, other.until)).collect();
        if same.len() >= MOST
            && let Some((oldest, _)) = same.into_iter().min_by_key(|(_, until)| *until)
        {
            open.remove(&oldest);
        }
        let one = Open {
            trip,
            browser,
            until: now.saturating_add(OPEN_MS),
        };
        open.insert(token.hash(), one);
        Ok(token)
    }

    /// Ends the round trip of this answer; `None` if it is unknown, too late, was answered already, or comes from another browser
    /// than the one that began it.
    pub(super) fn take(
        &self,
        answer: &str,
        browser: Option<TokenHash>,
        now: UnixMs,
    ) -> Option<Trip> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = open.remove(&TokenHash::of(answer))?;
        (one.until > now && browser == Some(one.browser)).then_some(one.trip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_answer_counts_in_time_and_memory_is_bounded() {
        let trips = Trips::default();
        let here = TokenHash::of("here");
        let begin = |trip, now| trips.begin(trip, here, now).unwrap();
        let take = |token: &Token, now| trips.take(token.reveal(), Some(here), now);
        let token = begin(Trip::Passkey, 0);
        assert_eq!(trips.take("guess", Some(here), 1), None);
        assert_eq!(take(&token, 1), Some(Trip::Passkey));
        assert_eq!(take(&token, 1), None, "once");
        let late = begin(Trip::Passkey, 0);
        assert_eq!(take(&late, OPEN_MS), None);
        let adds = Trip::AddPasskey(UserId::new());
        let adding = begin(adds.clone(), 0);
        for now in 0..5000 {
            begin(Trip::Passkey, now);
        }
        assert!(trips.0.lock().unwrap().len() <= MOST + 1);
        assert_eq!(take(&adding, 5000), Some(adds));
    }

    #[test]
    fn an_answer_from_another_browser_counts_for_nobody() {
        let trips = Trips::default();
        let (here, there) = (TokenHash::of("here"), TokenHash::of("there"));
        for elsewhere in [Some(there), None] {
            let token = trips.begin(Trip::Passkey, here, 0).unwrap();
            assert_eq!(trips.take(token.reveal(), elsewhere, 1), None);
            assert_eq!(trips.take(token.reveal(), Some(here), 1), None, "used up");
        }
        // Nor is the challenge itself what the browser has.
        let token = trips.begin(Trip::Passkey, here, 0).unwrap();
        let seen = Some(token.hash());
        assert_eq!(trips.take(token.reveal(), seen, 1), None);
    }
}

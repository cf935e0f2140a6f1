//! Round trips that end with an answer to a secret of ours: a passkey's challenge, a sign-in at another server. Each is answered
//! once, in time. In memory only: a restart ends them, and people begin again.

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

#[derive(Clone, Default)]
pub(super) struct Trips(Arc<Mutex<HashMap<TokenHash, (Trip, UnixMs)>>>);

impl Trips {
    /// Begins one; the token is the secret that its answer has to name.
    pub(super) fn begin(&self, trip: Trip, now: UnixMs) -> Result<Token, StoreError> {
        let token = Token::generate(TokenKind::SignIn)?;
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, (_, until)| *until > now);
        // Drop the oldest, so that a stranger cannot fill the memory; of the same kind, so that whoever begins passkeys by the
        // thousand ends nobody's sign-in at a sign-in server.
        let same = open
            .iter()
            .filter(|(_, (other, _))| discriminant(other) == discriminant(&trip));
        let same: Vec<(TokenHash, UnixMs)> =
            same.map(|(hash, (_, until))| (*hash, *until)).collect();
        if same.len() >= MOST
            && let Some((oldest, _)) = same.into_iter().min_by_key(|(_, until)| *until)
        {
            open.remove(&oldest);
        }
        open.insert(token.hash(), (trip, now.saturating_add(OPEN_MS)));
        Ok(token)
    }

    /// Ends the round trip of this secret; `None` if it is unknown, too late, or was answered already.
    pub(super) fn take(&self, secret: &str, now: UnixMs) -> Option<Trip> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (trip, until) = open.remove(&TokenHash::of(secret))?;
        (until > now).then_some(trip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_answer_counts_in_time_and_memory_is_bounded() {
        let trips = Trips::default();
        let token = trips.begin(Trip::Passkey, 0).unwrap();
        assert_eq!(trips.take("guess", 1), None);
        assert_eq!(trips.take(token.reveal(), 1), Some(Trip::Passkey));
        assert_eq!(trips.take(token.reveal(), 1), None, "once");
        let late = trips.begin(Trip::Passkey, 0).unwrap();
        assert_eq!(trips.take(late.reveal(), OPEN_MS), None);
        let adds = Trip::AddPasskey(UserId::new());
        let adding = trips.begin(adds.clone(), 0).unwrap();
        for now in 0..5000 {
            trips.begin(Trip::Passkey, now).unwrap();
        }
        assert!(trips.0.lock().unwrap().len() <= MOST + 1);
        assert_eq!(trips.take(adding.reveal(), 5000), Some(adds));
    }
}

//! What CRMs send us: kept at once, worked on later, since they wait two seconds for an answer.

use super::{CrmError, now};
use crate::store::Store;
use crate::store::crm::accounts::{self, AccountState};
use crate::store::crm::hooks;

/// Longest body that is taken, in bytes. Hooks of Kommo have a few kilobytes.
pub const HOOK_LIMIT: usize = 1 << 20;

/// What became of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    New,
    /// It came before, and was answered as if it were new.
    Known,
    /// The account was disconnected.
    Off,
    /// There is no such address.
    Unknown,
}

/// Keeps a body that came to the address with this secret. It is on the disk when this returns.
///
/// # Errors
/// `Input` if it is too long.
pub async fn receive(store: &Store, secret: &str, body: Vec<u8>) -> Result<Received, CrmError> {
    if body.len() > HOOK_LIMIT {
        return Err(CrmError::Input("the hook has more than a megabyte".into()));
    }
    let secret = secret.to_owned();
    let kept = store.write(move |tx| {
        let Some(account) = accounts::find_by_hook(tx, &secret)? else {
            return Ok(Received::Unknown);
        };
        if account.state == AccountState::Off {
            return Ok(Received::Off);
        }
        Ok(match hooks::receive(tx, &account, &body, now())? {
            true => Received::New,
            false => Received::Known,
        })
    });
    Ok(kept.await?)
}

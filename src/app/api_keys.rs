//! Keys of programs: who sees them, who makes them and what they may be given. The secret of a new key is shown once.

use crate::access::{Denied, Principal, Scope};
use crate::store::api_keys::{self, ApiKey, NewApiKey};
use crate::store::token::{Token, TokenKind};
use crate::store::{ApiKeyId, Store, StoreError, UnixMs, WorkspaceId};

/// Longest name of a key in characters.
const LONGEST_NAME: usize = 100;
/// Who makes and revokes keys.
const MAY: &[Scope] = &[Scope::Admin];

/// Why a key was not made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// It has no name, or one that is too long.
    #[error("name must have 1 to {} characters", LONGEST_NAME)]
    Name,
    /// It would be good for nothing.
    #[error("a key needs at least one scope")]
    NoScope,
    /// No such scope.
    #[error("{name:?} is no scope; there are {}", Scope::ALL.map(Scope::as_str).join(", "))]
    UnknownScope {
        /// Its place among those that were asked for.
        at: usize,
        /// What was asked for.
        name: String,
    },
    /// Whoever asks does not have the scope themselves.
    #[error("you may not hand out {name}, because you do not have it")]
    NotTheirs {
        /// Its place among those that were asked for.
        at: usize,
        /// What was asked for.
        name: String,
    },
    /// Whoever asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new key with its secret.
pub struct FreshApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The secret.
    pub token: Token,
}

/// The keys that somebody may see, newest first, revoked ones too: who is bound sees those of their workspace.
///
/// # Errors
/// When they may see none.
pub async fn list(store: &Store, by: &Principal) -> Result<Vec<ApiKey>, ApiKeyError> {
    by.need(MAY)?;
    let bound_to = by.bound_to();
    let mut keys = store.read(api_keys::list).await?;
    keys.retain(|key| bound_to.is_none() || key.workspace == bound_to);
    Ok(keys)
}

/// Makes a key, for one workspace or for all. Somebody can only hand out what they may do themselves; `workspace` is one
/// that they may touch.
///
/// # Errors
/// When it has no name or no scope, or they do not have one of the scopes.
pub async fn create(
    store: &Store,
    by: &Principal,
    name: &str,
    scopes: &[String],
    workspace: Option<WorkspaceId>,
    now: UnixMs,
) -> Result<FreshApiKey, ApiKeyError> {
    by.need(MAY)?;
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(ApiKeyError::Name);
    }
    let scopes = grantable(by, scopes)?;
    let token = Token::generate(TokenKind::ApiKey)?;
    let (hash, prefix) = (token.hash(), token.display_prefix());
    let made = store.write(move |tx| {
        let new = NewApiKey {
            name: &name,
            token: hash,
            prefix: &prefix,
            scopes: &scopes,
            workspace,
        };
        api_keys::create(tx, &new, now)
    });
    Ok(FreshApiKey {
        id: made.await?,
        token,
    })
}

/// Revokes a key; it stops working at once.
///
/// # Errors
/// `NotFound` when there is no such key that they may see.
pub async fn revoke(
    store: &Store,
    by: &Principal,
    id: ApiKeyId,
    now: UnixMs,
) -> Result<(), ApiKeyError> {
    let keys = list(store, by).await?;
    if !keys.iter().any(|key| key.id == id) {
        return Err(StoreError::NotFound("API key").into());
    }
    let revoked = store.write(move |tx| api_keys::revoke(tx, id, now));
    Ok(revoked.await?)
}

/// The scopes that were asked for, each once, if they have them all.
fn grantable(by: &Principal, asked: &[String]) -> Result<Vec<String>, ApiKeyError> {
    let mut scopes = Vec::with_capacity(asked.len());
    for (at, name) in asked.iter().enumerate() {
        let Some(scope) = Scope::parse(name) else {
            let name = name.clone();
            return Err(ApiKeyError::UnknownScope { at, name });
        };
        if !by.may(scope) {
            let name = name.clone();
            return Err(ApiKeyError::NotTheirs { at, name });
        }
        if !scopes.contains(name) {
            scopes.push(name.clone());
        }
    }
    match scopes.is_empty() {
        true => Err(ApiKeyError::NoScope),
        false => Ok(scopes),
    }
}

//! API keys: listing, creating, revoking. The secret of a new key is shown once.

use crate::access::{Caller, Denied, Principal, Scope};
use crate::store::api_keys::{self, ApiKey, NewApiKey};
use crate::store::token::{Token, TokenKind};
use crate::store::{ApiKeyId, Store, StoreError, UnixMs, UserId, WorkspaceId};

/// In characters.
const LONGEST_NAME: usize = 100;
/// Who makes and revokes keys.
const MAY: &[Scope] = &[Scope::Admin];

#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// The name is missing or too long.
    #[error("name must have 1 to {} characters", LONGEST_NAME)]
    Name,
    /// A key without scopes would be useless.
    #[error("a key needs at least one scope")]
    NoScope,
    #[error("{name:?} is not a scope; the scopes are {}", Scope::ALL.map(Scope::as_str).join(", "))]
    UnknownScope {
        /// Its index in the list of requested scopes.
        at: usize,
        name: String,
    },
    /// Nobody can grant a scope that they do not have themselves.
    #[error("you may not hand out {name}, because you do not have it")]
    NotTheirs {
        /// Its index in the list of requested scopes.
        at: usize,
        name: String,
    },
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub struct FreshApiKey {
    pub id: ApiKeyId,
    pub token: Token,
}

/// Lists keys, newest first, including revoked ones. People bound to a workspace see only its keys.
pub async fn list(store: &Store, by: &Principal) -> Result<Vec<ApiKey>, ApiKeyError> {
    by.need(MAY)?;
    let bound_to = by.bound_to();
    let mut keys = store.read(api_keys::list).await?;
    keys.retain(|key| bound_to.is_none() || key.workspace == bound_to);
    Ok(keys)
}

/// Creates a key for one workspace or for all. Nobody can grant scopes that they lack; the caller has checked that they
/// may act in `workspace`.
///
/// # Errors
/// When name or scopes are missing, or they lack one of the scopes.
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
    let scopes = check_scopes(by, scopes)?;
    let token = Token::generate(TokenKind::ApiKey)?;
    let (hash, prefix) = (token.hash(), token.display_prefix());
    let caller = by.caller().clone();
    let made = store.write(move |tx| {
        let new = NewApiKey {
            name: &name,
            token: hash,
            prefix: &prefix,
            scopes: &scopes,
            workspace,
            made_by: match caller {
                Caller::User(user) => Some(user.id),
                // Else a key could hide whose it is behind another.
                Caller::Key(key) => api_keys::maker_of(tx, key)?,
                Caller::Secret | Caller::Installation => None,
            },
        };
        api_keys::create(tx, &new, now)
    });
    Ok(FreshApiKey {
        id: made.await?,
        token,
    })
}

/// Revokes a key, which stops working at once.
///
/// # Errors
/// `NotFound` if there is no such key, or they may not see it.
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

/// Revokes what a person made, as far as the caller may; returns how many keys.
pub async fn revoke_of(
    store: &Store,
    by: &Principal,
    maker: UserId,
    workspace: Option<WorkspaceId>,
    now: UnixMs,
) -> Result<usize, ApiKeyError> {
    by.need(MAY)?;
    let workspace = by.bound_to().or(workspace);
    let revoked = store.write(move |tx| {
        let keys = api_keys::standing_of(tx, maker, workspace)?;
        for key in &keys {
            api_keys::revoke(tx, key.id, now)?;
        }
        Ok(keys.len())
    });
    Ok(revoked.await?)
}

/// The requested scopes without duplicates, if they have them all.
fn check_scopes(by: &Principal, asked: &[String]) -> Result<Vec<String>, ApiKeyError> {
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

//! API keys: listing, creating, revoking. The secret of a new key is shown once.

use crate::access::{Caller, Denied, Principal, Scope};
use crate::store::api_keys::{self, ApiKey, NewApiKey};
use crate::store::token::{Token, TokenKind};
use crate::store::{ApiKeyId, Store, StoreError, UnixMs, UserId, WorkspaceId, users};

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
/// When name or scopes are missing, or they lack one of the scopes; `NotFound` if they ended meanwhile.
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
            // Both are looked for again: whoever ended since the request began leaves no key behind.
            made_by: match caller {
                Caller::User(user) => Some(users::get(tx, user.id)?.id),
                Caller::Key(key) if !api_keys::is_active(tx, key)? => {
                    return Err(StoreError::NotFound("the API key"));
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Credential;
    use crate::app::members::erase;
    use crate::store::users::{NewUser, Role};
    use crate::store::workspaces;

    #[tokio::test]
    async fn whoever_ended_while_they_asked_for_a_key_leaves_none_behind() {
        let store = Store::open_in_memory().unwrap();
        let made = store.write(|tx| {
            let shop = workspaces::get_or_create(tx, "default", "Shop", 1)?.id;
            let new = |email, role| NewUser {
                email,
                name: "Ann",
                password_hash: None,
                role,
            };
            users::create(tx, &new("boss@x", Role::Owner), 1)?;
            let ann = users::create(tx, &new("ann@x", Role::Admin), 1)?;
            Ok((shop, users::get(tx, ann)?))
        });
        let (shop, ann) = made.await.unwrap();
        let id = ann.id;
        let credential = Credential::Person(id);
        let person = Principal::person(ann, credential, Role::Admin, shop);
        let scopes = ["admin".to_owned()];
        let first = create(&store, &person, "first", &scopes, Some(shop), 1);
        let first = first.await.unwrap().id;
        let program = Principal::new(
            Caller::Key(first),
            Credential::Key(first),
            vec![Scope::Admin],
            Some(shop),
        );
        let second = create(&store, &program, "second", &scopes, Some(shop), 1);
        second.await.unwrap();
        erase::erase(&store, id, 2).await.unwrap();
        // As they were when their requests began.
        for by in [&person, &program] {
            let late = create(&store, by, "late", &scopes, Some(shop), 3).await;
            let refused = matches!(late, Err(ApiKeyError::Store(StoreError::NotFound(_))));
            assert!(refused, "a key was made");
        }
        let keys = store.read(api_keys::list).await.unwrap();
        assert_eq!(keys.len(), 2);
        assert!(keys.iter().all(|key| key.revoked_at.is_some()));
    }
}

//! Erases an account, on the request of its holder or of the installation's owner. Their API keys are revoked with it, because nobody
//! is responsible for them any more.

use serde_json::json;

use crate::app::accounts::AccountError;
use crate::app::first_run::default_workspace;
use crate::store::{Store, UnixMs, UserId, api_keys, events, users};

/// Erases somebody, and revokes the API keys that they made, in every workspace. The log tells of it by their id alone.
///
/// # Errors
/// A `Conflict` from the store for the last owner; `NotFound` for nobody.
pub async fn erase(store: &Store, id: UserId, now: UnixMs) -> Result<(), AccountError> {
    let workspace = default_workspace(store).await?;
    let erased = store.write(move |tx| {
        let keys = api_keys::standing_of(tx, id, None)?;
        users::erase(tx, id)?;
        for key in &keys {
            api_keys::revoke(tx, key.id, now)?;
        }
        let (subject, data) = (id.to_string(), json!({ "revoked_keys": keys.len() }));
        events::append(tx, workspace, "account_erased", &subject, &data, now).map(drop)
    });
    Ok(erased.await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::api_keys::NewApiKey;
    use crate::store::invitations::{self, NewInvitation};
    use crate::store::token::{Token, TokenKind};
    use crate::store::users::{NewUser, Role};
    use crate::store::{StoreError, workspaces};

    #[test]
    fn nothing_of_a_person_stays_and_no_link_of_theirs_works() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let new = |email, name, role| NewUser {
                email,
                name,
                password_hash: Some("hash"),
                role,
            };
            let boss = users::create(tx, &new("boss@x", "Boss", Role::Owner), 1)?;
            let ann = users::create(tx, &new("ann@x", "Ann", Role::Admin), 1)?;
            let links: Vec<Token> = (0..3)
                .map(|_| Token::generate(TokenKind::Invitation))
                .collect::<Result<_, _>>()?;
            for (token, by, email) in [
                (&links[0], ann, "new@x"),
                (&links[1], boss, "ann@x"),
                (&links[2], boss, "other@x"),
            ] {
                let new = NewInvitation {
                    token: token.hash(),
                    email,
                    role: Role::Agent,
                    invited_by: Some(by),
                    expires_at: 100,
                };
                invitations::create(tx, shop, &new, 1)?;
            }
            users::erase(tx, ann)?;
            assert!(matches!(users::get(tx, ann), Err(StoreError::NotFound(_))));
            let open: Vec<bool> = links
                .iter()
                .map(|token| Ok(invitations::find_open(tx, &token.hash(), 2)?.is_some()))
                .collect::<Result<_, StoreError>>()?;
            assert_eq!(open, [false, false, true]);
            let last = users::erase(tx, boss);
            assert!(matches!(last, Err(StoreError::Conflict(_))), "{last:?}");
            Ok(())
        });
        done.unwrap();
    }

    #[tokio::test]
    async fn keys_that_somebody_made_end_with_their_account_and_no_others() {
        let store = Store::open_in_memory().unwrap();
        let made = store.write(|tx| {
            let shop = workspaces::get_or_create(tx, "default", "Shop", 1)?.id;
            let clinic = workspaces::get_or_create(tx, "clinic", "Clinic", 1)?.id;
            let new = |email, name, role| NewUser {
                email,
                name,
                password_hash: None,
                role,
            };
            let boss = users::create(tx, &new("boss@x", "Boss", Role::Owner), 1)?;
            let ann = users::create(tx, &new("ann@x", "Ann", Role::Admin), 1)?;
            let mut keys = Vec::new();
            for (made_by, workspace) in [
                (Some(ann), Some(shop)),
                (Some(ann), Some(clinic)),
                (Some(ann), None),
                (Some(boss), Some(shop)),
                (None, Some(shop)),
            ] {
                let scopes = ["chat".to_owned()];
                let new = NewApiKey {
                    name: "k",
                    token: Token::generate(TokenKind::ApiKey)?.hash(),
                    prefix: "fd",
                    scopes: &scopes,
                    workspace,
                    made_by,
                };
                keys.push(api_keys::create(tx, &new, 1)?);
            }
            Ok((ann, boss, keys))
        });
        let (ann, boss, keys) = made.await.unwrap();
        let working = async || {
            let keys = keys.clone();
            let read = store.read(move |conn| {
                let active = keys.iter().map(|id| api_keys::is_active(conn, *id));
                active.collect::<Result<Vec<bool>, StoreError>>()
            });
            read.await.unwrap()
        };
        // The last owner stays, and so do their keys.
        assert!(erase(&store, boss, 2).await.is_err());
        assert_eq!(working().await, [true; 5]);
        erase(&store, ann, 2).await.unwrap();
        assert_eq!(working().await, [false, false, false, true, true]);
    }
}

//! Erases one person's account: by themselves, or by whoever owns the installation.

use serde_json::json;

use crate::app::accounts::AccountError;
use crate::app::first_run::default_workspace;
use crate::store::{Store, UnixMs, UserId, events, users};

/// Erases somebody. The log tells of it by their id alone.
///
/// # Errors
/// A `Conflict` from the store for the last owner; `NotFound` for nobody.
pub async fn erase(store: &Store, id: UserId, now: UnixMs) -> Result<(), AccountError> {
    let workspace = default_workspace(store).await?;
    let erased = store.write(move |tx| {
        users::erase(tx, id)?;
        let subject = id.to_string();
        events::append(tx, workspace, "account_erased", &subject, &json!({}), now).map(drop)
    });
    Ok(erased.await?)
}

#[cfg(test)]
mod tests {
    use super::*;
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
}

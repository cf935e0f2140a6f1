//! Users, sessions, setup tokens and API keys.

use super::api_keys::NewApiKey;
use super::token::{Token, TokenHash, TokenKind};
use super::users::{NewUser, Role};
use super::{
    ApiKeyId, Store, StoreError, Transaction, UserId, api_keys, members, sessions, setup_tokens,
    users, workspaces,
};

const HOUR: i64 = 3_600_000;

fn within(test: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>) {
    Store::open_in_memory()
        .unwrap()
        .write_blocking(test)
        .unwrap();
}

fn anna(tx: &Transaction<'_>, role: Role) -> UserId {
    let new = NewUser {
        email: "Anna@Example.com",
        name: "Anna",
        password_hash: None,
        role,
    };
    users::create(tx, &new, 5).unwrap()
}

#[test]
fn an_address_has_one_account_whatever_its_case() {
    within(|tx| {
        assert_eq!(users::count(tx)?, 0);
        let id = anna(tx, Role::Owner);
        let found = users::find_by_email(tx, "anna@example.COM")?.unwrap();
        assert_eq!((found.id, found.owns, found.created_at), (id, true, 5));
        let again = NewUser {
            email: "ANNA@example.com",
            name: "Other",
            password_hash: None,
            role: Role::Agent,
        };
        assert!(matches!(
            users::create(tx, &again, 6),
            Err(StoreError::Conflict(_))
        ));
        assert!(matches!(
            users::get(tx, UserId::new()),
            Err(StoreError::NotFound("the user"))
        ));
        assert_eq!((users::count(tx)?, users::list(tx)?.len()), (1, 1));
        assert!(
            !format!("{found:?}").contains("Example"),
            "debug output names nobody"
        );
        Ok(())
    });
}

#[test]
fn the_last_owner_stays() {
    within(|tx| {
        let first = anna(tx, Role::Owner);
        assert!(matches!(
            users::set_role(tx, first, Role::Admin, 7),
            Err(StoreError::Conflict(_))
        ));
        assert!(matches!(
            users::suspend(tx, first, 9),
            Err(StoreError::Conflict(_))
        ));
        let new = NewUser {
            email: "b@x",
            name: "B",
            password_hash: None,
            role: Role::Agent,
        };
        workspaces::get_or_create(tx, "w", "W", 1)?;
        let second = users::create(tx, &new, 6)?;
        let token = Token::generate(TokenKind::Session)?.hash();
        sessions::create(tx, second, &token, 7, 7 + HOUR)?;
        users::set_role(tx, second, Role::Owner, 8)?;
        let ended = sessions::find_valid(tx, &token, 8, HOUR)?.is_none();
        assert!(ended, "who gets other rights signs in again");
        users::suspend(tx, first, 9)?;
        assert!(matches!(
            users::set_role(tx, second, Role::Agent, 9),
            Err(StoreError::Conflict(_))
        ));
        users::reinstate(tx, first)?;
        users::set_role(tx, second, Role::Agent, 10)?;
        let second = users::get(tx, second)?;
        assert_eq!(members::highest(tx, &second)?, Some(Role::Agent));
        Ok(())
    });
}

#[test]
fn a_session_ends_by_age_by_idleness_by_sign_out_and_by_suspension() {
    within(|tx| {
        let owner = anna(tx, Role::Owner);
        let new = NewUser {
            email: "b@x",
            name: "B",
            password_hash: None,
            role: Role::Agent,
        };
        let agent = users::create(tx, &new, 6)?;
        let token = Token::generate(TokenKind::Session)?.hash();
        let other = Token::generate(TokenKind::Session)?.hash();
        sessions::create(tx, agent, &token, 1000, 1000 + 12 * HOUR)?;
        sessions::create(tx, owner, &other, 1000, 1000 + 12 * HOUR)?;
        let alive = |now| {
            sessions::find_valid(tx, &token, now, HOUR / 2)
                .unwrap()
                .is_some()
        };
        assert!(alive(1000));
        assert!(
            !alive(999),
            "a clock that went back before the sign-in ends it"
        );
        assert!(!alive(1000 + HOUR / 2), "idle");
        sessions::touch(tx, &token, 1000 + HOUR / 4)?;
        assert!(alive(1000 + HOUR / 2));
        sessions::touch(tx, &token, 1000 + 12 * HOUR - 1)?;
        assert!(alive(1000 + 12 * HOUR - 1));
        assert!(!alive(1000 + 12 * HOUR), "too old");
        let found = sessions::find_valid(tx, &token, 1000 + 12 * HOUR - 1, HOUR)?.unwrap();
        assert_eq!((found.user.id, found.created_at), (agent, 1000));
        assert!(sessions::find_valid(tx, &TokenHash::of("fd_session_x"), 1000, HOUR)?.is_none());

        users::suspend(tx, agent, 2000)?;
        users::reinstate(tx, agent)?;
        assert!(!alive(1000 + 12 * HOUR - 1), "suspension ended it for good");
        assert!(sessions::find_valid(tx, &other, 1000, HOUR)?.is_some());
        users::set_password(tx, owner, "hash")?;
        assert!(sessions::find_valid(tx, &other, 1000, HOUR)?.is_none());
        assert_eq!(
            users::get(tx, owner)?.password_hash.as_deref(),
            Some("hash")
        );

        sessions::create(tx, owner, &other, 1000, 2000)?;
        assert_eq!(sessions::purge_expired(tx, 1999)?, 0);
        assert_eq!(sessions::purge_expired(tx, 2000)?, 1);
        sessions::revoke(tx, &other)
    });
}

#[test]
fn a_jump_of_the_clock_ends_a_session_or_lets_it_rest_and_never_makes_it_longer() {
    within(|tx| {
        const YEAR: i64 = 365 * 24 * HOUR;
        let agent = anna(tx, Role::Agent);
        let token = Token::generate(TokenKind::Session)?.hash();
        let begun = 2 * YEAR;
        sessions::create(tx, agent, &token, begun, begun + 12 * HOUR)?;
        let valid = |now: i64| {
            sessions::find_valid(tx, &token, now, HOUR)
                .unwrap()
                .is_some()
        };
        assert!(valid(begun + 1));
        // Back: it rests until the clock is right again. Forward: it is too old.
        for jump in [-YEAR, -HOUR, 2 * HOUR, YEAR] {
            assert!(!valid(begun + jump), "{jump}");
        }
        assert!(valid(begun + 2));
        // Whoever used it while the clock was ahead has no longer a session after it was set right.
        sessions::touch(tx, &token, begun + 11 * HOUR)?;
        assert!(valid(begun + 11 * HOUR) && !valid(begun + 12 * HOUR));
        Ok(())
    });
}

#[test]
fn a_setup_token_works_once_and_in_time() {
    within(|tx| {
        let (one, late) = (TokenHash::of("one"), TokenHash::of("late"));
        setup_tokens::create(tx, &one, 10, 100)?;
        setup_tokens::create(tx, &late, 10, 20)?;
        assert_eq!(setup_tokens::outstanding(tx, 15)?, 2);
        assert_eq!(setup_tokens::outstanding(tx, 20)?, 1);
        assert!(!setup_tokens::redeem(tx, &late, 20)?);
        assert!(!setup_tokens::redeem(tx, &TokenHash::of("guess"), 20)?);
        assert!(setup_tokens::redeem(tx, &one, 20)?);
        assert!(!setup_tokens::redeem(tx, &one, 20)?);
        assert_eq!(setup_tokens::outstanding(tx, 20)?, 0);
        setup_tokens::create(tx, &TokenHash::of("three"), 10, 100)?;
        assert_eq!(setup_tokens::purge(tx, 50, false)?, 2);
        assert_eq!(setup_tokens::purge(tx, 50, true)?, 1);
        Ok(())
    });
}

#[test]
fn an_api_key_is_recognised_until_it_is_revoked_and_its_secret_is_not_stored() {
    within(|tx| {
        let workspace = workspaces::get_or_create(tx, "w", "W", 1)?.id;
        let token = Token::generate(TokenKind::ApiKey)?;
        let scopes = ["ask".to_owned(), "ingest".to_owned()];
        let new = NewApiKey {
            name: "website",
            token: token.hash(),
            prefix: &token.display_prefix(),
            scopes: &scopes,
            workspace: Some(workspace),
            made_by: None,
        };
        let id = api_keys::create(tx, &new, 10)?;
        assert!(matches!(
            api_keys::create(tx, &new, 10),
            Err(StoreError::Conflict(_))
        ));
        let hash = TokenHash::of(token.reveal());
        let found = api_keys::find_active_by_hash(tx, &hash)?.unwrap();
        assert_eq!((found.id, &found.scopes[..]), (id, &scopes[..]));
        assert_eq!(
            (found.workspace, found.last_used_at),
            (Some(workspace), None)
        );
        api_keys::touch(tx, id, 11)?;
        api_keys::revoke(tx, id, 12)?;
        api_keys::revoke(tx, id, 13)?;
        assert!(api_keys::find_active_by_hash(tx, &hash)?.is_none());
        let listed = api_keys::list(tx)?;
        assert_eq!(
            (listed[0].last_used_at, listed[0].revoked_at),
            (Some(11), Some(12))
        );
        assert!(matches!(
            api_keys::revoke(tx, ApiKeyId::new(), 1),
            Err(StoreError::NotFound(_))
        ));
        let everything: String = tx.query_row(
            "SELECT hex(token_hash) || prefix || name FROM api_keys",
            [],
            |row| row.get(0),
        )?;
        assert!(
            !everything
                .to_lowercase()
                .contains(&token.reveal()["fd_live_".len()..])
        );
        Ok(())
    });
}

//! Second factors, their recovery codes, and sign-ins that wait for them.

use super::token::TokenHash;
use super::users::{NewUser, Role};
use super::{Store, StoreError, Transaction, UserId, second_factors, sessions, sign_ins, users};

fn within(test: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>) {
    Store::open_in_memory()
        .unwrap()
        .write_blocking(test)
        .unwrap();
}

fn person(tx: &Transaction<'_>, email: &str) -> UserId {
    let new = NewUser {
        email,
        name: "P",
        password_hash: None,
        role: Role::Owner,
    };
    users::create(tx, &new, 5).unwrap()
}

/// Gives a person a second factor with one recovery code.
fn turn_on(tx: &Transaction<'_>, id: UserId) -> Result<TokenHash, StoreError> {
    second_factors::propose(tx, id, &[1; 20], 10)?;
    second_factors::confirm(tx, id, 20)?;
    let code = TokenHash::of("one");
    second_factors::set_recovery_codes(tx, id, &[code])?;
    Ok(code)
}

#[test]
fn a_secret_counts_when_it_is_confirmed_and_then_stays() {
    within(|tx| {
        let id = person(tx, "a@x");
        second_factors::propose(tx, id, &[1; 20], 10)?;
        second_factors::propose(tx, id, &[2; 20], 11)?;
        assert!(!second_factors::is_on(tx, id)?);
        second_factors::confirm(tx, id, 20)?;
        assert!(second_factors::is_on(tx, id)?);
        let again = second_factors::propose(tx, id, &[3; 20], 30);
        assert!(matches!(again, Err(StoreError::Conflict(_))));
        let kept = second_factors::find(tx, id)?.unwrap();
        assert_eq!((*kept.secret, kept.confirmed_at), ([2; 20], Some(20)));
        assert!(!format!("{kept:?}").contains("2, 2"), "no secret in logs");
        assert_eq!(second_factors::purge_unconfirmed(tx, 1_000)?, 0);
        let other = person(tx, "b@x");
        second_factors::propose(tx, other, &[1; 20], 10)?;
        assert_eq!(second_factors::purge_unconfirmed(tx, 9)?, 0);
        assert_eq!(second_factors::purge_unconfirmed(tx, 10)?, 1);
        Ok(())
    });
}

#[test]
fn a_step_and_a_recovery_code_are_used_up() {
    within(|tx| {
        let (id, other) = (person(tx, "a@x"), person(tx, "b@x"));
        let code = turn_on(tx, id)?;
        turn_on(tx, other)?;
        let used = [7, 7, 6, 8].map(|step| second_factors::use_step(tx, id, step).unwrap());
        assert_eq!(used, [true, false, false, true]);
        assert!(second_factors::use_recovery_code(tx, id, &code)?);
        assert!(!second_factors::use_recovery_code(tx, id, &code)?);
        assert_eq!(second_factors::recovery_codes_left(tx, id)?, 0);
        // The codes of others are untouched.
        assert_eq!(second_factors::recovery_codes_left(tx, other)?, 1);
        Ok(())
    });
}

#[test]
fn it_ends_with_suspension_and_with_the_account() {
    within(|tx| {
        let (id, other) = (person(tx, "a@x"), person(tx, "b@x"));
        let waits = TokenHash::of("waits");
        for suspended in [true, false] {
            turn_on(tx, id)?;
            sign_ins::create(tx, id, &waits, 10, 1_000)?;
            if suspended {
                users::suspend(tx, id, 20)?;
                users::reinstate(tx, id)?;
            } else {
                tx.execute("DELETE FROM users WHERE id = ?", [id])?;
            }
            assert!(!second_factors::is_on(tx, id)?);
            assert_eq!(second_factors::recovery_codes_left(tx, id)?, 0);
            assert!(sign_ins::find_valid(tx, &waits, 30)?.is_none());
        }
        assert_eq!(users::list(tx)?.first().map(|u| u.id), Some(other));
        Ok(())
    });
}

#[test]
fn a_sign_in_waits_for_its_time_and_ends_with_the_password() {
    within(|tx| {
        let id = person(tx, "a@x");
        let token = TokenHash::of("fd_signin_1");
        let waits = |now| sign_ins::find_valid(tx, &token, now).unwrap().is_some();
        sign_ins::create(tx, id, &token, 10, 100)?;
        assert_eq!([9, 10, 99, 100].map(waits), [false, true, true, false]);
        assert!(
            sessions::find_valid(tx, &token, 20, 1_000)?.is_none(),
            "no session"
        );
        sign_ins::end(tx, &token)?;
        assert!(!waits(20));
        sign_ins::create(tx, id, &token, 10, 100)?;
        users::set_password(tx, id, "$hash")?;
        assert!(!waits(20));
        sign_ins::create(tx, id, &token, 10, 100)?;
        assert_eq!(sign_ins::purge_expired(tx, 100)?, 1);
        Ok(())
    });
}

//! The second factor at sign-in: codes from an app (TOTP, RFC 6238), and recovery codes for when the app is
//! lost. Parameters that every app supports: SHA-1, six digits, 30 seconds.

use serde_json::json;
use totp_rs::{Builder, Secret, TotpError};
use zeroize::Zeroizing;

use super::accounts::{AccountError, By, may_change_account};
use super::first_run::default_workspace;
use crate::store::second_factors::{self, SECRET_BYTES};
use crate::store::sessions::{Place, Via};
use crate::store::token::{TokenHash, fill_random};
use crate::store::users;
use crate::store::{
    Store, StoreError, Transaction, UnixMs, UserId, WorkspaceId, events, sessions, sign_ins,
};

/// How long setting up may take, until the first right code, in ms.
pub const SET_UP_MS: i64 = 15 * 60 * 1000;
/// How long a sign-in waits for the code, in ms.
pub const SIGN_IN_MS: i64 = 5 * 60 * 1000;
/// Recovery codes made at a time.
pub const RECOVERY_CODES: usize = 10;
/// Random bytes of a recovery code: enough that a plain SHA-256 protects it.
const RECOVERY_BYTES: usize = 10;
/// Digits of a code.
const DIGITS: usize = 6;
/// Most characters of a name in the app; longer ones make the QR code too fine for cameras.
const LONGEST_LABEL: usize = 40;

#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// Neither a current code nor a recovery code.
    #[error(
        "That code is not right. Codes change every 30 seconds; check the clock of your phone and of this machine."
    )]
    Wrong,
    /// The code's time step, or a later one, was used already.
    #[error(
        "That code has already been used. Wait for the next one; codes change every 30 seconds."
    )]
    Used,
    /// The pending sign-in has expired.
    #[error("The sign-in took too long. Type your password again.")]
    SignInOver,
    /// The setup has expired or never began.
    #[error("Setup took too long. Start again with your password.")]
    SetUpOver,
    /// The second factor is already on.
    #[error("The second factor is already on. Turn it off first.")]
    On,
    /// No second factor is set up.
    #[error("There is no second factor.")]
    Off,
    /// Not permitted; a sentence for the user.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The `otpauth:` address could not be built from the names.
    #[error("the address for the app could not be made: {0}")]
    Address(#[from] TotpError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccountError> for FactorError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Wrong(why) | AccountError::Forbidden(why) => Self::Forbidden(why),
            AccountError::Denied(_) => {
                Self::Forbidden("Your account may not manage people; ask the owner.")
            }
            AccountError::Store(error) => Self::Store(error),
        }
    }
}

/// What an app needs for making codes; shown once.
pub struct SetUp {
    /// In base32, for typing.
    pub secret: Zeroizing<String>,
    /// Secret and names as an `otpauth:` address.
    pub uri: Zeroizing<String>,
}

/// The kind of code that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    App,
    /// A recovery code, which is now used up.
    Recovery,
}

/// Begins to turn the second factor on: makes a secret that takes effect once [`confirm`] gets a code from it. The caller has
/// checked the password. The app shows the business, if one is given.
///
/// # Errors
/// [`FactorError::On`] if it is already on.
pub async fn begin(
    store: &Store,
    id: UserId,
    business: Option<&str>,
    now: UnixMs,
) -> Result<SetUp, FactorError> {
    let mut secret = Zeroizing::new([0_u8; SECRET_BYTES]);
    fill_random(secret.as_mut_slice())?;
    let kept = secret.clone();
    let email = store.write(move |tx| {
        if second_factors::is_on(tx, id)? {
            return Ok(None);
        }
        second_factors::propose(tx, id, &kept, now)?;
        Ok(Some(users::get(tx, id)?.email))
    });
    let email = email.await?.ok_or(FactorError::On)?;
    let issuer = match business {
        Some(business) => format!("Frontdesk of {business}"),
        None => "Frontdesk".to_owned(),
    };
    let app = Builder::new()
        .with_secret(*secret)
        .with_issuer(Some(label(&issuer)))
        .with_account_name(label(&email))
        .build()?;
    Ok(SetUp {
        secret: Zeroizing::new(app.secret().to_base32()),
        uri: Zeroizing::new(app.to_url()?),
    })
}

/// Turns the second factor on, if the code is right: returns the recovery codes and ends all sessions of the person except
/// `keep`, because those began without it.
pub async fn confirm(
    store: &Store,
    id: UserId,
    code: String,
    keep: Option<TokenHash>,
    now: UnixMs,
) -> Result<Vec<String>, FactorError> {
    let workspace = default_workspace(store).await?;
    let (codes, hashes) = fresh_recovery_codes()?;
    let confirmed = store.write(move |tx| {
        let waits = |created_at: UnixMs| (created_at..created_at + SET_UP_MS).contains(&now);
        let factor = match second_factors::find(tx, id)? {
            Some(factor) if factor.confirmed_at.is_some() => return Ok(Err(FactorError::On)),
            Some(factor) if waits(factor.created_at) => factor,
            _ => return Ok(Err(FactorError::SetUpOver)),
        };
        let Some(step) = matching_step(&factor.secret, &plain(&code), now) else {
            return Ok(Err(FactorError::Wrong));
        };
        second_factors::use_step(tx, id, step)?;
        second_factors::confirm(tx, id, now)?;
        second_factors::set_recovery_codes(tx, id, &hashes)?;
        match keep {
            Some(keep) => sessions::revoke_others(tx, id, &keep)?,
            None => sessions::revoke_all(tx, id)?,
        }
        note(tx, workspace, "second_factor_on", id, now)?;
        Ok(Ok(codes))
    });
    confirmed.await?
}

/// Replaces the recovery codes, if the code is right.
pub async fn renew_recovery_codes(
    store: &Store,
    id: UserId,
    code: String,
    now: UnixMs,
) -> Result<Vec<String>, FactorError> {
    let workspace = default_workspace(store).await?;
    let (codes, hashes) = fresh_recovery_codes()?;
    let renewed = store.write(move |tx| {
        if let Err(refused) = prove(tx, workspace, id, &code, now)? {
            return Ok(Err(refused));
        }
        second_factors::set_recovery_codes(tx, id, &hashes)?;
        note(tx, workspace, "recovery_codes_made", id, now)?;
        Ok(Ok(codes))
    });
    renewed.await?
}

/// Turns the second factor off, if the code is right. The caller has checked the password.
pub async fn turn_off(
    store: &Store,
    id: UserId,
    code: String,
    now: UnixMs,
) -> Result<(), FactorError> {
    let workspace = default_workspace(store).await?;
    let done = store.write(move |tx| {
        if let Err(refused) = prove(tx, workspace, id, &code, now)? {
            return Ok(Err(refused));
        }
        second_factors::remove(tx, id)?;
        note(tx, workspace, "second_factor_off", id, now)?;
        Ok(Ok(()))
    });
    done.await?
}

/// Removes the second factor of somebody who lost it, and signs them out everywhere.
///
/// # Errors
/// [`FactorError::Forbidden`]; [`FactorError::Off`] if there is no second factor.
pub async fn reset(store: &Store, by: By, id: UserId, now: UnixMs) -> Result<(), FactorError> {
    let workspace = default_workspace(store).await?;
    let done = store.write(move |tx| {
        let whom = users::get(tx, id)?;
        if let Err(refused) = may_change_account(tx, by, &whom)? {
            return Ok(Err(FactorError::from(refused)));
        }
        if !second_factors::remove(tx, id)? {
            return Ok(Err(FactorError::Off));
        }
        sign_ins::end_all(tx, id)?;
        sessions::revoke_all(tx, id)?;
        note(tx, workspace, "second_factor_reset", id, now)?;
        Ok(Ok(()))
    });
    done.await?
}

/// Turns a pending sign-in into a session, if the code is right.
///
/// # Errors
/// After a wrong code, the sign-in stays pending.
pub async fn sign_in(
    store: &Store,
    waits: TokenHash,
    code: String,
    session: TokenHash,
    place: Place,
    now: UnixMs,
    expires_at: UnixMs,
) -> Result<Proof, FactorError> {
    let workspace = default_workspace(store).await?;
    let done = store.write(move |tx| {
        let Some(user) = sign_ins::find_valid(tx, &waits, now)? else {
            return Ok(Err(FactorError::SignInOver));
        };
        let proof = match prove(tx, workspace, user.id, &code, now)? {
            Ok(proof) => proof,
            // Turned off or reset meanwhile: they sign in again with the password alone.
            Err(FactorError::Off) => return Ok(Err(FactorError::SignInOver)),
            Err(refused) => return Ok(Err(refused)),
        };
        sign_ins::end(tx, &waits)?;
        sessions::create(tx, user.id, &session, now, expires_at)?;
        sessions::describe(tx, &session, Via::Code, &place, None)?;
        Ok(Ok(proof))
    });
    done.await?
}

/// Checks a typed code and uses it up if it is right.
fn prove(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    id: UserId,
    typed: &str,
    now: UnixMs,
) -> Result<Result<Proof, FactorError>, StoreError> {
    let factor = second_factors::find(tx, id)?.filter(|f| f.confirmed_at.is_some());
    let Some(factor) = factor else {
        return Ok(Err(FactorError::Off));
    };
    let typed = plain(typed);
    if typed.len() == DIGITS {
        return Ok(match matching_step(&factor.secret, &typed, now) {
            None => Err(FactorError::Wrong),
            Some(step) if second_factors::use_step(tx, id, step)? => Ok(Proof::App),
            Some(_) => Err(FactorError::Used),
        });
    }
    if second_factors::use_recovery_code(tx, id, &recovery_hash(&typed))? {
        note(tx, workspace, "recovery_code_used", id, now)?;
        return Ok(Ok(Proof::Recovery));
    }
    Ok(Err(FactorError::Wrong))
}

/// Number of the time step with this code: the current one or a neighbour, because clocks differ.
fn matching_step(secret: &[u8; SECRET_BYTES], code: &str, now: UnixMs) -> Option<i64> {
    // Safe unchecked: the type fixes the secret's length, and the rest are the defaults.
    let app = Builder::new().with_secret(*secret).build_noncompliant();
    let step = app.check(code, u64::try_from(now / 1000).ok()?)?;
    i64::try_from(step).ok()
}

/// Removes the separators that people type in a code.
fn plain(typed: &str) -> String {
    typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect()
}

/// Makes recovery codes: as shown (`ABCD-EFGH-IJKL-MNOP`), and as stored hashes.
fn fresh_recovery_codes() -> Result<(Vec<String>, Vec<TokenHash>), StoreError> {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    let mut hashes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let mut bytes = [0_u8; RECOVERY_BYTES];
        fill_random(&mut bytes)?;
        let code = Secret::from(bytes).to_base32();
        hashes.push(recovery_hash(&code));
        codes.push(in_groups(&code, '-'));
    }
    Ok((codes, hashes))
}

/// Hashes a recovery code, ignoring case. Base32 has no 0, 1 and 8, so these count as O, I and B.
fn recovery_hash(code: &str) -> TokenHash {
    let letters = code.chars().map(|c| match c.to_ascii_uppercase() {
        '0' => 'O',
        '1' => 'I',
        '8' => 'B',
        other => other,
    });
    TokenHash::of(&letters.collect::<String>())
}

/// Splits a text into groups of four, which are easier to read and type.
pub fn in_groups(text: &str, between: char) -> String {
    let mut grouped = String::with_capacity(text.len() * 5 / 4);
    for (place, c) in text.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            grouped.push(between);
        }
        grouped.push(c);
    }
    grouped
}

/// A name for the app: shortened, and without colons, which separate names there.
fn label(name: &str) -> String {
    name.replace(':', " ").chars().take(LONGEST_LABEL).collect()
}

fn note(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    what: &str,
    id: UserId,
    now: UnixMs,
) -> Result<(), StoreError> {
    events::append(tx, workspace, what, &id.to_string(), &json!({}), now)?;
    Ok(())
}

#[cfg(test)]
#[path = "second_factor_tests.rs"]
mod tests;

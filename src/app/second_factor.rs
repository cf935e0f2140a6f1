//! The second factor of people who sign in: codes of an app (TOTP, RFC 6238) and recovery codes for when the app is
//! lost. What apps understand everywhere: SHA-1, six digits, 30 seconds.

use serde_json::json;
use totp_rs::{Builder, Secret, TotpError};
use zeroize::Zeroizing;

use super::accounts::{AccountError, may_touch};
use super::first_run::default_workspace;
use crate::store::second_factors::{self, SECRET_BYTES};
use crate::store::token::{TokenHash, fill_random};
use crate::store::users::{self, Role};
use crate::store::{
    Store, StoreError, Transaction, UnixMs, UserId, WorkspaceId, events, sessions, sign_ins,
};

/// How long a secret waits for its first right code, in ms.
pub const SET_UP_MS: i64 = 15 * 60 * 1000;
/// How long a sign-in waits for the code, in ms.
pub const SIGN_IN_MS: i64 = 5 * 60 * 1000;
/// Recovery codes that are made at a time.
pub const RECOVERY_CODES: usize = 10;
/// Bytes of a recovery code: so many that a plain SHA-256 of it is enough.
const RECOVERY_BYTES: usize = 10;
/// Digits of a code.
const DIGITS: usize = 6;
/// Characters of a name in the app; a longer one makes the QR code too fine for cameras.
const LONGEST_LABEL: usize = 40;

/// Why a second factor was not accepted or changed, as a sentence.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// Neither a code of this minute nor a recovery code.
    #[error(
        "That code is not right. Codes change every 30 seconds; check the clock of your phone and of this machine."
    )]
    Wrong,
    /// The code of a time step that was used, or of one before it.
    #[error("That code was used already. Wait for the next one; codes change every 30 seconds.")]
    Used,
    /// The sign-in does not wait any more.
    #[error("The sign-in took too long. Type your password again.")]
    SignInOver,
    /// The secret does not wait for a code any more, or never did.
    #[error("Setting up took too long. Begin again with your password.")]
    SetUpOver,
    /// There is a second factor.
    #[error("The second factor is on already. Turn it off first.")]
    On,
    /// No second factor is set up.
    #[error("There is no second factor.")]
    Off,
    /// Whoever asks may not do this; a sentence for them.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The names do not fit into an address for apps.
    #[error("the address for the app could not be made: {0}")]
    Address(#[from] TotpError),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccountError> for FactorError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Wrong(why) | AccountError::Forbidden(why) => Self::Forbidden(why),
            AccountError::Store(error) => Self::Store(error),
        }
    }
}

/// What an app needs to make codes; shown once.
pub struct SetUp {
    /// The secret in base32, to be typed.
    pub secret: Zeroizing<String>,
    /// The same with names, as an `otpauth:` address.
    pub uri: Zeroizing<String>,
}

/// What was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A code of the app.
    App,
    /// A recovery code; it is used up.
    Recovery,
}

/// Begins to turn the second factor on: a fresh secret that counts once [`confirm`] saw a code of it. The caller has
/// checked the password.
///
/// # Errors
/// [`FactorError::On`] if there is one.
pub async fn begin(
    store: &Store,
    id: UserId,
    business: &str,
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
    let app = Builder::new()
        .with_secret(*secret)
        .with_issuer(Some(label(&format!("Frontdesk of {business}"))))
        .with_account_name(label(&email))
        .build()?;
    Ok(SetUp {
        secret: Zeroizing::new(app.secret().to_base32()),
        uri: Zeroizing::new(app.to_url()?),
    })
}

/// Turns the second factor on, if the code is right: gives the recovery codes and ends all sessions of the person but
/// `keep`, because they began without it.
///
/// # Errors
/// A sentence that says why not.
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

/// Makes new recovery codes, if the code is right; the old ones end.
///
/// # Errors
/// A sentence that says why not.
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
///
/// # Errors
/// A sentence that says why not.
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

/// Ends the second factor of somebody who lost it, and signs them out everywhere. `by` is the role of the person who
/// asks; `None` for who has the machine or a key to everything.
///
/// # Errors
/// [`FactorError::Forbidden`] says why not; [`FactorError::Off`] without a second factor.
pub async fn reset(
    store: &Store,
    by: Option<Role>,
    id: UserId,
    now: UnixMs,
) -> Result<(), FactorError> {
    let whom = store.read(move |conn| users::get(conn, id)).await?;
    may_touch(by, whom.role)?;
    let workspace = default_workspace(store).await?;
    let done = store.write(move |tx| {
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

/// Ends the wait of a sign-in with a session, if the code is right.
///
/// # Errors
/// A sentence that says why not; the sign-in goes on waiting after a wrong code.
pub async fn sign_in(
    store: &Store,
    waits: TokenHash,
    code: String,
    session: TokenHash,
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
            // It was turned off or reset meanwhile; with the password alone they begin again.
            Err(FactorError::Off) => return Ok(Err(FactorError::SignInOver)),
            Err(refused) => return Ok(Err(refused)),
        };
        sign_ins::end(tx, &waits)?;
        sessions::create(tx, user.id, &session, now, expires_at)?;
        Ok(Ok(proof))
    });
    done.await?
}

/// Whether a typed code is right, and uses it up if it is.
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

/// The number of the time step whose code this is: the present one, or one beside it, because clocks differ.
fn matching_step(secret: &[u8; SECRET_BYTES], code: &str, now: UnixMs) -> Option<i64> {
    // Nothing to check: the length of the secret is in its type, and the rest are the defaults.
    let app = Builder::new().with_secret(*secret).build_noncompliant();
    let step = app.check(code, u64::try_from(now / 1000).ok()?)?;
    i64::try_from(step).ok()
}

/// A code without what people put in between.
fn plain(typed: &str) -> String {
    typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect()
}

/// Recovery codes as they are shown, `ABCD-EFGH-IJKL-MNOP`, and as they are kept.
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

/// The hash of a recovery code, whatever its case; base32 has no 0, 1 and 8, which people read for O, I and B.
fn recovery_hash(code: &str) -> TokenHash {
    let letters = code.chars().map(|c| match c.to_ascii_uppercase() {
        '0' => 'O',
        '1' => 'I',
        '8' => 'B',
        other => other,
    });
    TokenHash::of(&letters.collect::<String>())
}

/// Groups of four, which are easier to read and to type.
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

/// A name for the app: of bounded length, and without the colon that separates names there.
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

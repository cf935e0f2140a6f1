//! A signed-in person proves again who they are, and manages their own second factor, on the console's pages and over the API.
//! Wrong passwords and codes are counted.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::StatusCode;

use super::attempts::{Attempts, Of};
use super::auth::SESSION_IDLE_MS;
use super::hashing::off_thread;
use super::now_ms;
use super::problem::Problem;
use crate::app::App;
use crate::app::second_factor::{self, FactorError, SetUp};
use crate::store::token::TokenHash;
use crate::store::users::User;
use crate::store::{UserId, password, sessions, workspaces};

pub(super) const WAIT: &str =
    "Too many wrong passwords or codes. Wait ten minutes, then try again.";
/// Without a password, one proves oneself only this soon after signing in, in ms.
const FRESH_MS: i64 = 15 * 60 * 1000;
/// In seconds: ten minutes, as [`WAIT`] says.
pub(super) const AGAIN_AFTER: u32 = 600;

impl From<FactorError> for Problem {
    fn from(error: FactorError) -> Self {
        let detail = error.to_string();
        match error {
            FactorError::Wrong | FactorError::Used => Self::invalid("code", detail),
            FactorError::SignInOver | FactorError::SetUpOver => {
                Self::new(StatusCode::CONFLICT, "too_late", detail)
            }
            FactorError::On | FactorError::Off => {
                Self::new(StatusCode::CONFLICT, "conflict", detail)
            }
            FactorError::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "forbidden", detail),
            FactorError::Address(_) => Self::internal(&detail),
            FactorError::Store(error) => error.into(),
        }
    }
}

/// People may reset the second factor of others, but not their own: turning that off takes their password and a code.
pub(super) fn may_reset(by: &User, whom: UserId) -> Result<(), FactorError> {
    if by.id != whom {
        return Ok(());
    }
    Err(FactorError::Forbidden(
        "Turn your own second factor off under “Your account”, with your password and a code.",
    ))
}

/// Whether a session began within [`FRESH_MS`].
async fn signed_in_lately(app: &App, session: Option<TokenHash>) -> Result<bool, Problem> {
    let Some(token) = session else {
        return Ok(false);
    };
    let now = now_ms();
    let read = app
        .store
        .read(move |conn| sessions::find_valid(conn, &token, now, SESSION_IDLE_MS));
    let found = read.await?;
    Ok(found.is_some_and(|session| now - session.created_at < FRESH_MS))
}

/// A person who is signed in, at their own account.
pub(super) struct Own {
    pub(super) app: Arc<App>,
    pub(super) attempts: Attempts,
    pub(super) address: IpAddr,
    pub(super) user: User,
}

impl Own {
    /// # Errors
    /// 400 for a wrong password, 409 if it is on, 429 after too many attempts.
    pub(super) async fn begin(self, password: String) -> Result<SetUp, Problem> {
        let business = self.app.store.read(workspaces::only).await?;
        let business = business.map(|workspace| workspace.title);
        self.count_attempt()?;
        self.check_password(password).await?;
        let business = business.as_deref();
        let begun = second_factor::begin(&self.app.store, self.user.id, business, now_ms()).await?;
        self.forgive_attempt();
        Ok(begun)
    }

    /// Turns it on, and ends all sessions but `keep`. Returns the recovery codes.
    ///
    /// # Errors
    /// 400 for a wrong code, 409 if it is on or took too long, 429 after too many attempts.
    pub(super) async fn confirm(
        self,
        code: String,
        keep: Option<TokenHash>,
    ) -> Result<Vec<String>, Problem> {
        self.count_attempt()?;
        let store = &self.app.store;
        let codes = second_factor::confirm(store, self.user.id, code, keep, now_ms()).await?;
        self.forgive_attempt();
        Ok(codes)
    }

    /// Replaces the recovery codes.
    ///
    /// # Errors
    /// 400 for a wrong password or code, 409 if it is off, 429 after too many attempts.
    pub(super) async fn renew(
        self,
        password: String,
        code: String,
    ) -> Result<Vec<String>, Problem> {
        self.count_attempt()?;
        self.check_password(password).await?;
        let store = &self.app.store;
        let codes = second_factor::renew_recovery_codes(store, self.user.id, code, now_ms());
        let codes = codes.await?;
        self.forgive_attempt();
        Ok(codes)
    }

    /// # Errors
    /// 400 for a wrong password or code, 409 if it is off, 429 after too many attempts.
    pub(super) async fn turn_off(self, password: String, code: String) -> Result<(), Problem> {
        self.count_attempt()?;
        self.check_password(password).await?;
        second_factor::turn_off(&self.app.store, self.user.id, code, now_ms()).await?;
        self.forgive_attempt();
        Ok(())
    }

    /// Checks the password, for what asks for nothing else.
    ///
    /// # Errors
    /// 400 for a wrong password, 429 after too many attempts.
    pub(super) async fn prove(&self, password: String) -> Result<(), Problem> {
        self.count_attempt()?;
        self.check_password(password).await?;
        self.forgive_attempt();
        Ok(())
    }

    /// Checks the password, or of an account without one that its person signed in lately.
    ///
    /// # Errors
    /// 400 for a wrong password or an old session, 429 after too many attempts.
    pub(super) async fn prove_lately(
        &self,
        password: String,
        session: Option<TokenHash>,
    ) -> Result<(), Problem> {
        if self.user.password_hash.is_some() {
            return self.prove(password).await;
        }
        if signed_in_lately(&self.app, session).await? {
            return Ok(());
        }
        let told = "Sign out and sign in again first: you signed in more than 15 minutes ago.";
        Err(Problem::invalid("session", told))
    }

    fn count_attempt(&self) -> Result<(), Problem> {
        let now = now_ms();
        // No short circuit: both have to be counted.
        let network = self.attempts.begin(Of::network(self.address), now);
        let account = self.attempts.begin(Of::Account(self.user.id), now);
        if network && account {
            return Ok(());
        }
        let status = StatusCode::TOO_MANY_REQUESTS;
        Err(Problem::new(status, "too_many_requests", WAIT).retry_after(AGAIN_AFTER))
    }

    /// Takes back the attempt, which was right. Of the network only this one: else whoever has one account could guess at all
    /// others for ever.
    fn forgive_attempt(&self) {
        self.attempts.forgive(Of::network(self.address));
        self.attempts.forget(Of::Account(self.user.id));
    }

    async fn check_password(&self, typed: String) -> Result<(), Problem> {
        let stored = self.user.password_hash.clone();
        let right = off_thread(move || Ok(password::verify(&typed, stored.as_deref()))).await?;
        if right {
            return Ok(());
        }
        Err(Problem::invalid("password", "The password is not right."))
    }
}

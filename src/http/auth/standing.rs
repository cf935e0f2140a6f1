//! Whether a credential still counts, and when it was last used. What somebody has open ends within a second after their
//! credential stops counting.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::response::Response;
use futures::StreamExt;

use super::SESSION_IDLE_MS;
use crate::access::{Credential, Principal};
use crate::app::App;
use crate::http::now_ms;
use crate::store::api_keys::ApiKey;
use crate::store::sessions::Session;
use crate::store::token::TokenHash;
use crate::store::{Connection, StoreError, WorkspaceId, api_keys, members, sessions};
use crate::usage::Flow;

/// How often an open response checks its credential.
const EVERY: Duration = Duration::from_millis(800);

/// Precision of "last used", so that a busy key does not cost a write per request.
const TOUCH_EVERY_MS: i64 = 60 * 1000;

/// What handlers ask of a credential.
pub(in crate::http) trait OfCredential: Sized {
    /// Whom the work is counted for, in queues and budgets.
    fn flow(self, workspace: WorkspaceId) -> Flow;

    /// Completes once the key is revoked, the session over, or its person suspended.
    async fn outlived(self, app: Arc<App>);

    async fn counts(self, app: &App) -> Result<bool, StoreError>;
}

impl OfCredential for Credential {
    fn flow(self, workspace: WorkspaceId) -> Flow {
        match self {
            Self::Key(_) | Self::Session(_) | Self::Installation => Flow::member(workspace, &self),
            Self::Person(_) | Self::Secret => Flow::invited(workspace, &self),
        }
    }

    async fn outlived(self, app: Arc<App>) {
        until_not(|| self.counts(&app)).await;
    }

    async fn counts(self, app: &App) -> Result<bool, StoreError> {
        let read = app.store.read(move |conn| match self {
            Self::Key(id) => api_keys::is_active(conn, id),
            Self::Session(hash) => {
                sessions::find_valid(conn, &hash, now_ms(), SESSION_IDLE_MS).map(|s| s.is_some())
            }
            // Suspending a person ends all their sessions.
            Self::Person(id) => sessions::is_any_left(conn, id, now_ms()),
            Self::Secret | Self::Installation => Ok(true),
        });
        read.await
    }
}

/// Completes once the credential of a caller stops counting, or they have another role: what they have open was opened with
/// the former one.
pub(in crate::http) async fn outlived(by: Principal, app: Arc<App>) {
    until_not(|| still_may(&by, &app)).await;
}

async fn still_may(by: &Principal, app: &App) -> Result<bool, StoreError> {
    let (Credential::Session(hash), Some(role), Some(at)) = (by.credential(), by.role(), by.at())
    else {
        return by.credential().counts(app).await;
    };
    let owned = by.bound_to().is_none();
    let read = app.store.read(move |conn: &Connection| {
        let found = sessions::find_valid(conn, &hash, now_ms(), SESSION_IDLE_MS)?;
        let Some(session) = found.filter(|session| session.user.owns == owned) else {
            return Ok(false);
        };
        Ok(members::role_of(conn, at, &session.user)? == Some(role))
    });
    read.await
}

/// Polls `counts`, and completes when it says no.
pub(in crate::http) async fn until_not<F>(counts: impl Fn() -> F)
where
    F: Future<Output = Result<bool, StoreError>>,
{
    loop {
        tokio::time::sleep(EVERY).await;
        // A store that fails says nothing about the credential, so errors do not end anything.
        if matches!(counts().await, Ok(false)) {
            return;
        }
    }
}

/// Breaks a streamed response off at `end`: events, and long downloads. A body of known size is left alone.
pub(in crate::http) fn cut_at(
    response: Response,
    end: impl Future<Output = ()> + Send + 'static,
) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let cut = |body: Body| Body::from_stream(body.into_data_stream().take_until(Box::pin(end)));
    response.map(cut)
}

/// Records "last used" in the background: the request does not wait for the disk.
pub(super) fn note_key_use(app: &App, key: &ApiKey) {
    let (id, now) = (key.id, now_ms());
    if key
        .last_used_at
        .is_some_and(|last| (now - last).abs() < TOUCH_EVERY_MS)
    {
        return;
    }
    let store = app.store.clone();
    tokio::spawn(async move {
        if let Err(error) = store.write(move |tx| api_keys::touch(tx, id, now)).await {
            tracing::warn!(%error, "the last use of an API key was not noted");
        }
    });
}

pub(super) fn note_session_use(app: &App, hash: TokenHash, session: &Session) {
    let now = now_ms();
    if (now - session.last_seen_at).abs() < TOUCH_EVERY_MS {
        return;
    }
    let store = app.store.clone();
    tokio::spawn(async move {
        if let Err(error) = store.write(move |tx| sessions::touch(tx, &hash, now)).await {
            tracing::warn!(%error, "the last use of a session was not noted");
        }
    });
}

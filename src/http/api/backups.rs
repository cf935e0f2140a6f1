//! Backups, for administrators of the whole installation.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::app::backup::{Backup, BackupError, BackupState, Backups, TargetState};
use crate::http::auth::{OfPrincipal, Principal};
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::store::StoreError;

/// The state of backups.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupList {
    /// When the recovery key was made, in Unix milliseconds; without one there are no backups.
    recovery_key_at: Option<i64>,
    /// Where they are.
    folder: String,
    /// Whether the folder is on the same disk as the data.
    same_disk: bool,
    /// Hours between two backups; 0 if none are made automatically.
    every_hours: u32,
    /// Days that they are kept.
    keep_days: u32,
    /// Why the last one failed, if it did.
    error: Option<String>,
    /// Newest first.
    backups: Vec<Backup>,
    /// Where they are copied to.
    target: Option<TargetState>,
}

/// Whether a new recovery key replaces an existing one.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewRecoveryKey {
    /// The old one still opens the backups that were made for it.
    replace: bool,
}

/// A recovery key.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryKey {
    /// To be kept elsewhere; it is not shown again.
    recovery_key: String,
}

impl From<BackupState> for BackupList {
    fn from(state: BackupState) -> Self {
        Self {
            recovery_key_at: state.recovery_key_at,
            folder: state.folder.display().to_string(),
            same_disk: state.same_disk,
            every_hours: state.every_hours,
            keep_days: state.keep_days,
            error: state.error,
            backups: state.backups,
            target: state.target,
        }
    }
}

impl From<BackupError> for Problem {
    fn from(error: BackupError) -> Self {
        let (status, code) = match &error {
            BackupError::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            BackupError::Unknown => return Self::not_found("backup"),
            BackupError::NoRecoveryKey
            | BackupError::HasRecoveryKey
            | BackupError::InMemory
            | BackupError::NewerFormat => (StatusCode::CONFLICT, "backup"),
            BackupError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            BackupError::NoKey | BackupError::MistypedKey | BackupError::WrongRecoveryKey => {
                (StatusCode::BAD_REQUEST, "invalid_request")
            }
            BackupError::Broken(_) => (StatusCode::UNPROCESSABLE_ENTITY, "broken_backup"),
            BackupError::NoTarget => (StatusCode::CONFLICT, "no_target"),
            BackupError::BadTarget(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            BackupError::Target(_) => (StatusCode::BAD_GATEWAY, "target_failed"),
            // Told in full: only administrators of the machine get here, and they look after its disks.
            BackupError::Io { .. } => (StatusCode::INSUFFICIENT_STORAGE, "backup_failed"),
        };
        match error {
            // Unlike elsewhere, not just a 500: the administrator has to act on it.
            BackupError::Store(StoreError::Damaged { .. }) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "damaged",
                "the database is damaged, so no backup was made of it; stop Frontdesk and restore the last one",
            ),
            BackupError::Store(error) => error.into(),
            other => Self::new(status, code, other.to_string()),
        }
    }
}

/// Runs `work` on a blocking thread.
pub(in crate::http) async fn with_backups<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Backups) -> Result<T, BackupError> + Send + 'static,
) -> Result<T, Problem> {
    let backups = app.backups.clone();
    let done = tokio::task::spawn_blocking(move || work(&backups)).await;
    Ok(done.map_err(|error| Problem::internal(&error))??)
}

/// The backups and their state.
#[utoipa::path(get, path = "/api/v1/backups", tag = "admin", operation_id = "listBackups",
    responses((status = 200, body = BackupList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<BackupList>, Problem> {
    principal.unbound()?;
    let state = with_backups(&app, Backups::state).await?;
    Ok(axum::Json(state.into()))
}

/// Makes a backup now and opens it to see that it is whole.
#[utoipa::path(post, path = "/api/v1/backups", tag = "admin", operation_id = "createBackup",
    responses((status = 201, body = Backup), (status = 403, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>), (status = 507, body = ProblemView<'_>)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<(StatusCode, axum::Json<Backup>), Problem> {
    principal.unbound()?;
    let made = with_backups(&app, Backups::create).await?;
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Opens a backup and checks every page and every reference in it.
#[utoipa::path(post, path = "/api/v1/backups/{name}/verify", tag = "admin", operation_id = "verifyBackup",
    params(("name" = String, Path, description = "Name of its file")),
    responses((status = 200, body = Backup), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 422, body = ProblemView<'_>)))]
pub(super) async fn verify(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<axum::Json<Backup>, Problem> {
    principal.unbound()?;
    let verified = with_backups(&app, move |backups| backups.verify(&name)).await?;
    Ok(axum::Json(verified))
}

/// Makes the recovery key that opens backups on any machine. It is shown once and not kept.
#[utoipa::path(post, path = "/api/v1/backups/recovery-key", tag = "admin", operation_id = "makeRecoveryKey",
    request_body = NewRecoveryKey,
    responses((status = 201, body = RecoveryKey), (status = 403, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn make_recovery_key(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(wanted): Json<NewRecoveryKey>,
) -> Result<(StatusCode, axum::Json<RecoveryKey>), Problem> {
    principal.unbound()?;
    let key = with_backups(&app, move |backups| {
        backups.make_recovery_key(wanted.replace)
    })
    .await?;
    let recovery_key = key.to_string();
    Ok((
        StatusCode::CREATED,
        axum::Json(RecoveryKey { recovery_key }),
    ))
}

//! The target that backups are copied to, for administrators of the whole installation. No answer holds a secret.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::backups::with_backups;
use crate::app::App;
use crate::app::backup::{
    Backup, BackupError, Backups, NewLogin, NewS3, NewSftp, NewTarget, Step, TargetState,
};
use crate::egress::Secret;
use crate::http::auth::{OfPrincipal, Principal};
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};

/// A place for copies. Fields of the other kind are ignored. A secret that is left out stays as it is, if the place
/// is the same.
// No `Debug`: the secrets are plain text here until they move into a `Secret`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewPlace {
    /// `s3` or `sftp`.
    kind: String,
    /// S3: address of the service, such as `https://s3.eu-central-1.amazonaws.com`.
    endpoint: String,
    /// S3: region; `us-east-1` if empty.
    region: String,
    /// S3: the bucket.
    bucket: String,
    /// S3: what names in the bucket begin with, like a folder.
    prefix: String,
    /// S3: `virtual-host` (the bucket before the host, the default) or `path`.
    style: String,
    /// S3: name of the key.
    access_key: String,
    /// S3: the key.
    secret_key: String,
    /// SFTP: name or address of the server.
    host: String,
    /// SFTP: its port; 22 if absent.
    port: Option<u16>,
    /// SFTP: name of the user.
    user: String,
    /// SFTP: the password, unless there is a private key.
    password: String,
    /// SFTP: the private key as `ssh-keygen` writes it, without a passphrase, unless there is a password.
    private_key: String,
    /// SFTP: folder on the server. A path without a leading slash is relative to the user's home.
    folder: String,
    /// SFTP: fingerprint of the server's key (`SHA256:…`). If absent, the key that the server shows now is stored; compare it.
    host_key: String,
}

/// What a try did.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tried {
    /// Whether all of it worked.
    ok: bool,
    /// The steps until the first that failed.
    steps: Vec<Step>,
}

/// The backups at the target.
#[derive(Debug, Serialize, ToSchema)]
pub struct CopyList {
    /// Newest first. `verified_at` is when it was copied and read back.
    backups: Vec<Backup>,
}

impl From<Vec<Step>> for Tried {
    fn from(steps: Vec<Step>) -> Self {
        Self {
            ok: steps.iter().all(|step| step.error.is_none()),
            steps,
        }
    }
}

impl TryFrom<NewPlace> for NewTarget {
    type Error = BackupError;

    fn try_from(place: NewPlace) -> Result<Self, BackupError> {
        let bad = |what: &str| BackupError::BadTarget(what.into());
        match place.kind.as_str() {
            "s3" => {
                let path_style = match place.style.as_str() {
                    "" | "virtual-host" => false,
                    "path" => true,
                    _ => return Err(bad("the style is virtual-host or path")),
                };
                Ok(Self::S3(NewS3 {
                    endpoint: place.endpoint,
                    region: place.region,
                    bucket: place.bucket,
                    prefix: place.prefix,
                    path_style,
                    access_key: place.access_key,
                    secret_key: Secret::new(place.secret_key),
                }))
            }
            "sftp" => {
                let (password, key) = (place.password, place.private_key);
                let login = match (password.is_empty(), key.is_empty()) {
                    (true, true) => None,
                    (false, true) => Some(NewLogin::Password(Secret::new(password))),
                    (true, false) => Some(NewLogin::PrivateKey(Secret::new(key))),
                    (false, false) => {
                        return Err(bad("give a password or a private key, not both"));
                    }
                };
                Ok(Self::Sftp(NewSftp {
                    host: place.host,
                    port: place.port.unwrap_or(22),
                    user: place.user,
                    login,
                    folder: place.folder,
                    host_key: place.host_key,
                }))
            }
            _ => Err(bad("its kind is s3 or sftp")),
        }
    }
}

/// Where backups are copied to.
#[utoipa::path(get, path = "/api/v1/backups/target", tag = "admin", operation_id = "getBackupTarget",
    responses((status = 200, body = Option<TargetState>), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<Option<TargetState>>, Problem> {
    principal.unbound()?;
    let state = with_backups(&app, Backups::target).await?;
    Ok(axum::Json(state))
}

/// Sets up where backups are copied to. Secrets are kept encrypted, and no answer holds them.
#[utoipa::path(put, path = "/api/v1/backups/target", tag = "admin", operation_id = "setBackupTarget",
    request_body = NewPlace,
    responses((status = 200, body = TargetState), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 502, body = ProblemView<'_>)))]
pub(super) async fn set(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(place): Json<NewPlace>,
) -> Result<axum::Json<TargetState>, Problem> {
    principal.unbound()?;
    let state = app.backups.set_target(place.try_into()?).await?;
    Ok(axum::Json(state))
}

/// Forgets where backups are copied to. Copies that are there stay.
#[utoipa::path(delete, path = "/api/v1/backups/target", tag = "admin", operation_id = "removeBackupTarget",
    responses((status = 204), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<StatusCode, Problem> {
    principal.unbound()?;
    app.backups.remove_target().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes a small file at the target, looks for it in the list, reads it back and removes it.
#[utoipa::path(post, path = "/api/v1/backups/target/try", tag = "admin", operation_id = "tryBackupTarget",
    responses((status = 200, body = Tried), (status = 403, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn try_it(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<Tried>, Problem> {
    principal.unbound()?;
    Ok(axum::Json(app.backups.try_target().await?.into()))
}

/// Copies the backups that the target lacks, reads them back, and deletes copies there that are past their time.
#[utoipa::path(post, path = "/api/v1/backups/target/copy", tag = "admin", operation_id = "copyBackups",
    responses((status = 200, body = TargetState), (status = 403, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>), (status = 502, body = ProblemView<'_>)))]
pub(super) async fn copy(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<TargetState>, Problem> {
    principal.unbound()?;
    Ok(axum::Json(app.backups.copy_out().await?))
}

/// The backups at the target, as it lists them now.
#[utoipa::path(get, path = "/api/v1/backups/target/backups", tag = "admin", operation_id = "listBackupCopies",
    responses((status = 200, body = CopyList), (status = 403, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>), (status = 502, body = ProblemView<'_>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<CopyList>, Problem> {
    principal.unbound()?;
    let backups = app.backups.list_copies().await?;
    Ok(axum::Json(CopyList { backups }))
}

/// Fetches a backup from the target, opens it, and checks every page and every reference in it.
#[utoipa::path(post, path = "/api/v1/backups/target/backups/{name}/verify", tag = "admin", operation_id = "verifyBackupCopy",
    params(("name" = String, Path, description = "Name of its file")),
    responses((status = 200, body = Backup), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 422, body = ProblemView<'_>),
              (status = 502, body = ProblemView<'_>)))]
pub(super) async fn verify(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<axum::Json<Backup>, Problem> {
    principal.unbound()?;
    Ok(axum::Json(app.backups.verify_copy(&name).await?))
}

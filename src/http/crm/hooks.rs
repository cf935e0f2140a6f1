//! What CRMs send by themselves. It is kept before it is answered, and worked on afterwards: Kommo waits two seconds.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;

use crate::casework::CaseError;
use crate::crm::kommo::{Uninstall, read_pipeline};
use crate::crm::{self, HOOK_LIMIT, Received};
use crate::http::Http;
use crate::http::body::read_bytes;
use crate::http::problem::Problem;
use crate::store::crm::accounts;

/// Longest body of a pipeline's action, in bytes.
const ACTION_LIMIT: usize = 64 << 10;

/// `POST /crm/hooks/{secret}`
pub(super) async fn receive(
    State(http): State<Http>,
    Path(secret): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let body = read_bytes(request, HOOK_LIMIT).await?;
    match crm::receive(&http.app.store, &secret, body.into()).await? {
        Received::New => http.app.casework.wake(),
        Received::Known | Received::Off => {}
        Received::Unknown => return Err(Problem::not_found("hook")),
    }
    Ok(StatusCode::OK)
}

/// `GET /crm/kommo/uninstall`: Kommo ignores the answer, and so may whoever pretends to be Kommo.
pub(super) async fn uninstall(
    State(http): State<Http>,
    Query(told): Query<Uninstall>,
) -> Result<StatusCode, Problem> {
    http.app.kommo.uninstalled(&told).await?;
    Ok(StatusCode::OK)
}

/// `POST /crm/kommo/pipeline/{secret}`: a lead came to a stage for which the owner chose the analysis in the pipeline. Not signed,
/// so the path has the account's secret.
pub(super) async fn pipeline(
    State(http): State<Http>,
    Path(secret): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let body = read_bytes(request, ACTION_LIMIT).await?;
    let reached = read_pipeline(&body)?;
    let found = http
        .app
        .store
        .read(move |conn| accounts::find_by_hook(conn, &secret));
    let account = found.await?;
    let is_theirs = |of: &str| reached.account.as_deref().is_none_or(|named| named == of);
    let account = account
        .filter(|account| is_theirs(&account.remote_id))
        .ok_or_else(|| Problem::not_found("hook"))?;
    match http.app.casework.ask(&account, &reached.lead).await {
        // Kommo would send it again, and it would be so again.
        Err(CaseError::Quota(error)) => {
            tracing::info!(%error, "a lead that came to a stage is not analysed");
            Ok(StatusCode::OK)
        }
        asked => Ok(asked.map(|_| StatusCode::OK)?),
    }
}

//! What the own workspace may use in a month, and what it used.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::app::plans::{self, Standing};
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::usage::quota;

/// What a workspace may use, and what it used.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuotaView {
    #[serde(flatten)]
    standing: StandingView,
    /// Each month in which anything was used, the latest first.
    history: Vec<MonthView>,
}

/// What a workspace has in this month.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingView {
    /// Short name of the workspace.
    workspace: String,
    /// Its name for people.
    title: String,
    /// Id of its plan; `null` without one.
    plan: Option<String>,
    /// Name of the plan.
    plan_name: Option<String>,
    /// Such as `2026-12`, in UTC.
    month: String,
    /// When the next month begins, in Unix milliseconds.
    resets_at: i64,
    /// Its subscription has ended: what is there stays, and nothing new is begun.
    ended: bool,
    measures: Vec<MeasureView>,
    /// Bytes stored now.
    stored_bytes: u64,
    /// Bytes that it may store; `null` if only the disk limits them.
    storage_limit_bytes: Option<u64>,
}

/// One thing that is counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureView {
    /// `analyses`, `transcription_ms`, `voice_ms` or `model_tokens`.
    measure: &'static str,
    /// Counted in this month; times in milliseconds.
    used: u64,
    /// Held by work that runs now.
    reserved: u64,
    /// `null` for no limit.
    limit: Option<u64>,
    /// `used` in percent of the limit.
    percent: Option<u64>,
    /// The last warning that was given, in percent: 80 or 95.
    warned: Option<u64>,
    /// Of `used`: what providers did, rather than this machine. Tokens only.
    by_providers: u64,
    /// Of `by_providers`: an estimate, because the provider did not tell.
    estimated: u64,
}

/// What was used in a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthView {
    /// Such as `2026-12`.
    month: String,
    /// By measure; times in milliseconds.
    #[schema(value_type = Object)]
    used: BTreeMap<&'static str, u64>,
    /// Of the tokens: what providers did, rather than this machine.
    tokens_by_providers: u64,
    /// Of `tokens_by_providers`: an estimate, because the provider did not tell.
    tokens_estimated: u64,
}

impl From<Standing> for StandingView {
    fn from(of: Standing) -> Self {
        Self {
            workspace: of.workspace.name,
            title: of.workspace.title,
            plan: of.plan.map(|id| id.to_string()),
            plan_name: of.month.plan,
            month: of.month.month,
            resets_at: of.month.resets_at,
            ended: of.month.ended,
            measures: of.month.standings.iter().map(MeasureView::from).collect(),
            stored_bytes: of.stored,
            storage_limit_bytes: of.storage_limit,
        }
    }
}

impl From<&quota::Standing> for MeasureView {
    fn from(of: &quota::Standing) -> Self {
        Self {
            measure: of.measure.as_str(),
            used: of.used,
            reserved: of.reserved,
            limit: of.limit,
            percent: of.share(),
            warned: of.warned(),
            by_providers: of.elsewhere.used,
            estimated: of.elsewhere.estimated,
        }
    }
}

/// What the workspace may use in this month and what it used, in this month and before.
#[utoipa::path(get, path = "/api/v1/quota", tag = "plans", operation_id = "getQuota",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = QuotaView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(place: ApiPlace) -> Result<axum::Json<QuotaView>, Problem> {
    let standing = plans::own(&place.app, &place.member, now_ms()).await?;
    let months = plans::history(&place.app.store, &place.member).await?;
    let history = months.into_iter().map(|past| MonthView {
        month: past.month,
        tokens_by_providers: past.elsewhere.used,
        tokens_estimated: past.elsewhere.estimated,
        used: past
            .used
            .into_iter()
            .map(|(of, used)| (of.as_str(), used))
            .collect(),
    });
    Ok(axum::Json(QuotaView {
        standing: standing.into(),
        history: history.collect(),
    }))
}

//! Sources as the API shows them, and the requests about them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::problem::Problem;
use crate::knowledge::sources::{DAY_MS, SyncProgress, SyncStage};
use crate::store::source_pages::PageSummary;
use crate::store::sources::{self, Report, SourceState, SourceSummary};

const WEEK_MS: i64 = 7 * DAY_MS;

/// Sources of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceList {
    /// In the order in which they were added.
    pub(super) sources: Vec<SourceView>,
}

/// A place on the web that documents come from.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceView {
    pub(super) id: String,
    /// `page`, `sitemap` or `crawl`.
    pub(super) kind: &'static str,
    /// Address of the page, of the sitemap, or of the page where the crawl starts.
    pub(super) url: String,
    /// Links from the start that are followed.
    pub(super) depth: u32,
    /// Most pages.
    pub(super) pages: u32,
    /// Most pages per second.
    pub(super) per_second: f32,
    /// `queued`, `syncing`, `ready`, `failed` or `paused`.
    pub(super) state: &'static str,
    /// Why the site could not be fetched.
    pub(super) error: Option<String>,
    /// `day`, `week`, `never`, or a number of milliseconds.
    pub(super) every: String,
    /// When the next sync is due, Unix milliseconds.
    pub(super) next_at: Option<i64>,
    /// When the last sync that reached the site ended, Unix milliseconds.
    pub(super) synced_at: Option<i64>,
    /// Documents that came from it.
    pub(super) documents: u32,
    /// Chunks of them that are searched.
    pub(super) chunks: u32,
    /// What the last sync did.
    pub(super) report: ReportView,
    /// Unix milliseconds.
    pub(super) created_at: i64,
}

/// What a sync did.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportView {
    /// Unix milliseconds; 0 before the first sync.
    pub(super) started_at: i64,
    /// Unix milliseconds.
    pub(super) ended_at: i64,
    pub(super) added: u32,
    pub(super) changed: u32,
    pub(super) unchanged: u32,
    pub(super) removed: u32,
    pub(super) failed: u32,
    /// Duplicates, `noindex`, other sites.
    pub(super) skipped: u32,
    /// Addresses that were found beyond the limit.
    pub(super) left_out: u32,
    /// Pages with something to report.
    pub(super) pages: Vec<ToldView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ToldView {
    pub(super) url: String,
    /// `added`, `changed`, `removed`, `failed` or `skipped`.
    pub(super) outcome: String,
    pub(super) reason: Option<String>,
}

/// A source with its pages.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceDetail {
    #[serde(flatten)]
    pub(super) source: SourceView,
    /// Those in trouble first.
    pub(super) known: Vec<PageView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PageView {
    pub(super) url: String,
    /// Id of its document, if it has one.
    pub(super) document: Option<String>,
    pub(super) title: Option<String>,
    /// State of its document.
    pub(super) state: Option<String>,
    /// HTTP status of the last request.
    pub(super) status: Option<u16>,
    /// Why it could not be fetched or read.
    pub(super) error: Option<String>,
    /// When it was last asked for, Unix milliseconds.
    pub(super) seen_at: i64,
    /// When its content last changed, Unix milliseconds.
    pub(super) changed_at: Option<i64>,
}

/// A source to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSourceRequest {
    /// Address of the page, of the sitemap, or of the page where the crawl starts.
    pub(super) url: String,
    /// `page` (default), `sitemap` or `crawl`.
    pub(super) kind: Option<String>,
    /// Links from the start that are followed, 3 if absent.
    pub(super) depth: Option<u32>,
    /// Most pages, 200 if absent, at most 5,000.
    pub(super) pages: Option<u32>,
    /// Most pages per second, 2 if absent.
    pub(super) per_second: Option<f32>,
    /// `day` (default), `week` or `never`.
    pub(super) every: Option<String>,
}

/// What is to change; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceChange {
    /// `day`, `week` or `never`.
    pub(super) every: Option<String>,
    /// Pauses or resumes the source.
    pub(super) paused: Option<bool>,
    /// Links from the start that are followed.
    pub(super) depth: Option<u32>,
    /// Most pages.
    pub(super) pages: Option<u32>,
    /// Most pages per second.
    pub(super) per_second: Option<f32>,
}

/// Progress of a sync.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncProgressView {
    /// Id of the workspace.
    pub(super) workspace: String,
    /// Id of the source.
    pub(super) source: String,
    /// Its address.
    pub(super) url: String,
    /// `{"stage": "queued"}`, and so on: `fetching` with `done`, `total` and `page`, `indexing` with
    /// `left`, `done` with `report`, `failed` with `reason`, `paused`, `deleted`.
    #[schema(value_type = Object)]
    pub(super) stage: SyncStage,
}

impl From<SyncProgress> for SyncProgressView {
    fn from(step: SyncProgress) -> Self {
        let SyncProgress {
            workspace,
            source,
            url,
            stage,
        } = step;
        Self {
            workspace,
            source,
            url,
            stage,
        }
    }
}

impl From<Report> for ReportView {
    fn from(report: Report) -> Self {
        let told = |told: sources::Told| ToldView {
            url: told.url,
            outcome: told.outcome,
            reason: told.reason,
        };
        Self {
            started_at: report.started_at,
            ended_at: report.ended_at,
            added: report.added,
            changed: report.changed,
            unchanged: report.unchanged,
            removed: report.removed,
            failed: report.failed,
            skipped: report.skipped,
            left_out: report.left_out,
            pages: report.pages.into_iter().map(told).collect(),
        }
    }
}

impl From<SourceSummary> for SourceView {
    fn from(summary: SourceSummary) -> Self {
        let source = summary.source;
        Self {
            id: source.id.to_string(),
            kind: source.kind.as_str(),
            url: source.url,
            depth: source.options.depth,
            pages: source.options.pages,
            per_second: source.options.per_second,
            state: source.state.as_str(),
            error: source.error,
            every: name_every(source.every_ms),
            next_at: source
                .next_at
                .filter(|_| source.state != SourceState::Paused),
            synced_at: source.synced_at,
            documents: summary.documents,
            chunks: summary.chunks,
            report: source.last_report.into(),
            created_at: source.created_at,
        }
    }
}

impl From<PageSummary> for PageView {
    fn from(summary: PageSummary) -> Self {
        let page = summary.page;
        Self {
            url: page.url,
            document: page.document.map(|id| id.to_string()),
            title: summary.title,
            state: summary.state,
            status: page.status,
            error: page.error.or(summary.document_error),
            seen_at: page.seen_at,
            changed_at: page.changed_at,
        }
    }
}

/// `day`, `week`, `never`, or the number of milliseconds. [`parse_every`] reads only the words.
pub(in crate::http) fn name_every(every_ms: Option<i64>) -> String {
    match every_ms {
        None => "never".into(),
        Some(DAY_MS) => "day".into(),
        Some(WEEK_MS) => "week".into(),
        Some(other) => other.to_string(),
    }
}

/// In milliseconds; `None` for `never`.
pub(in crate::http) fn parse_every(name: &str) -> Result<Option<i64>, Problem> {
    match name {
        "day" => Ok(Some(DAY_MS)),
        "week" => Ok(Some(WEEK_MS)),
        "never" => Ok(None),
        _ => Err(Problem::invalid("every", "every is day, week or never")),
    }
}

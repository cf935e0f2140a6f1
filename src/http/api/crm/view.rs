//! What the API shows of CRMs. No view has a secret or a token.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::casework::{AccountView as Known, Backfilled, CaseSettings, Language, LeadRow};
use crate::http::problem::Problem;
use crate::store::casework::Held;
use crate::store::crm::jobs::CrmJob;

/// The CRMs of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrmList {
    /// Ids of the integrations that accounts can be connected through.
    pub(super) integrations: Vec<String>,
    /// Redirect address to register them with; absent while Kommo cannot reach this server.
    pub(super) redirect_uri: Option<String>,
    pub(super) accounts: Vec<CrmAccountView>,
}

/// A connected account.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrmAccountView {
    id: String,
    /// `kommo` or `generic`.
    kind: &'static str,
    name: String,
    host: String,
    /// `active`, `revoked`, `unpaid` or `off`.
    state: &'static str,
    /// Why it is not active.
    reason: Option<String>,
    settings: CrmSettings,
    held: CrmHeld,
    backfill: Option<CrmBackfill>,
    /// Unix milliseconds.
    created_at: i64,
}

/// What is written back and what runs by itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct CrmSettings {
    /// Language of notes: `en`, `es` or `pt`.
    language: String,
    /// Whether an analysis becomes a note of the lead.
    note: bool,
    /// Whether transcripts of voice messages become notes of the lead.
    transcripts: bool,
    /// Numeric field that takes the score; null for none.
    field: Option<String>,
    /// Whether the band becomes a tag.
    tag: bool,
    /// Whether the next step becomes a task without being asked.
    task: bool,
    /// Hours until a task is due.
    task_hours: u32,
    /// Whether a lead is analysed when its conversation is closed.
    on_close: bool,
    /// Ids of stages: a lead that comes there is analysed.
    stages: Vec<String>,
    /// Whether what is held of a lead stays here when the lead is deleted in the CRM.
    keep_deleted: bool,
}

/// How much is held for an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrmHeld {
    leads: u64,
    analyses: u64,
    messages: u64,
    transcripts: u64,
    notes: u64,
    /// Bodies of hooks that wait.
    hooks: u64,
}

/// The latest back-fill.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrmBackfill {
    /// `queued`, `running`, `paused`, `done` or `failed`.
    state: &'static str,
    done: u32,
    /// Leads that were up to date, or had no conversation.
    skipped: u32,
    failed: u32,
    /// Open leads that are known so far.
    seen: u32,
    /// Whether `seen` is all of them.
    counted: bool,
    /// Why it failed or waits.
    error: Option<String>,
}

/// A lead that was worked on.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrmLeadView {
    id: String,
    name: String,
    score: Option<u8>,
    band: Option<String>,
    /// Id of its analysis.
    analysis: Option<String>,
    /// Unix milliseconds.
    analysed_at: Option<i64>,
    /// Messages that came since.
    new_messages: u32,
    /// Whether it was deleted in the CRM.
    gone: bool,
}

/// Leads, by id.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrmLeadList {
    pub(super) leads: Vec<CrmLeadView>,
    /// Value of `after` for the next page; absent on the last one.
    pub(super) next: Option<String>,
}

impl From<Known> for CrmAccountView {
    fn from(known: Known) -> Self {
        let account = &known.account;
        Self {
            id: account.id.to_string(),
            kind: account.kind.as_str(),
            name: account.name.clone(),
            host: account.host.clone(),
            state: account.state.as_str(),
            reason: account.reason.clone(),
            created_at: account.created_at,
            settings: known.settings.into(),
            held: known.held.into(),
            backfill: known.backfill.map(CrmBackfill::from),
        }
    }
}

impl Default for CrmSettings {
    fn default() -> Self {
        CaseSettings::default().into()
    }
}

impl From<CaseSettings> for CrmSettings {
    fn from(settings: CaseSettings) -> Self {
        Self {
            language: settings.language.code().to_owned(),
            note: settings.note,
            transcripts: settings.transcripts,
            field: settings.field,
            tag: settings.tag,
            task: settings.task,
            task_hours: settings.task_hours,
            on_close: settings.on_close,
            stages: settings.stages,
            keep_deleted: settings.keep_deleted,
        }
    }
}

impl TryFrom<CrmSettings> for CaseSettings {
    type Error = Problem;

    fn try_from(settings: CrmSettings) -> Result<Self, Problem> {
        let language = Language::parse(&settings.language)
            .ok_or_else(|| Problem::invalid("language", "the language is en, es or pt"))?;
        Ok(Self {
            language,
            note: settings.note,
            transcripts: settings.transcripts,
            field: settings.field,
            tag: settings.tag,
            task: settings.task,
            task_hours: settings.task_hours,
            on_close: settings.on_close,
            stages: settings.stages,
            keep_deleted: settings.keep_deleted,
        })
    }
}

impl From<Held> for CrmHeld {
    fn from(held: Held) -> Self {
        Self {
            leads: held.leads,
            analyses: held.analyses,
            messages: held.messages,
            transcripts: held.transcripts,
            notes: held.notes,
            hooks: held.hooks,
        }
    }
}

impl From<(CrmJob, Backfilled)> for CrmBackfill {
    fn from((job, all): (CrmJob, Backfilled)) -> Self {
        Self {
            state: job.state.as_str(),
            done: all.done,
            skipped: all.skipped,
            failed: all.failed,
            seen: all.seen,
            counted: all.last,
            error: job.error.filter(|error| !error.is_empty()),
        }
    }
}

impl From<LeadRow> for CrmLeadView {
    fn from(lead: LeadRow) -> Self {
        Self {
            id: lead.id,
            name: lead.name,
            score: lead.score,
            band: lead.band,
            analysis: lead.analysis,
            analysed_at: lead.analysed_at,
            new_messages: lead.stale,
            gone: lead.gone,
        }
    }
}

//! The pages of CRMs: what they show.

use askama::Template;

use super::format::{Moment, moment};
use super::sentence;
use super::view::{Shell, filters};
use crate::casework::{AccountView, Backfilled, CaseSettings, LeadRow};
use crate::store::casework::Held;
use crate::store::crm::accounts::{AccountState, CrmKind};
use crate::store::crm::jobs::{CrmJob, CrmJobState};

/// All accounts, and how to connect one.
#[derive(Template)]
#[template(path = "crm.html")]
pub(super) struct CrmPage {
    pub(super) shell: Shell,
    pub(super) accounts: Vec<AccountRow>,
    pub(super) integrations: Vec<String>,
    /// Redirect address of integrations; `None` while Kommo cannot reach this server.
    pub(super) redirect_uri: Option<String>,
    /// Address at Kommo where a connection goes on.
    pub(super) go_on: Option<String>,
    pub(super) done: Option<String>,
    pub(super) error: Option<String>,
}

/// One account.
#[derive(Template)]
#[template(path = "crm_account.html")]
pub(super) struct AccountPage {
    pub(super) shell: Shell,
    pub(super) row: AccountRow,
    pub(super) form: SettingsForm,
    pub(super) leads: Vec<LeadLine>,
    /// The lead that the next page begins after.
    pub(super) next: Option<String>,
    pub(super) done: Option<String>,
    pub(super) error: Option<String>,
}

pub(super) struct AccountRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) host: String,
    pub(super) is_active: bool,
    /// For the badge.
    pub(super) state: &'static str,
    pub(super) label: &'static str,
    /// What the state means and what to do, as a sentence.
    pub(super) told: String,
    pub(super) connected: Moment,
    pub(super) held: Held,
    pub(super) backfill: Option<BackfillView>,
}

pub(super) struct BackfillView {
    pub(super) state: &'static str,
    pub(super) label: &'static str,
    pub(super) runs: bool,
    pub(super) paused: bool,
    /// Of `all`, for the bar.
    pub(super) passed: u32,
    pub(super) all: u32,
    pub(super) counted: bool,
    pub(super) done: u32,
    pub(super) skipped: u32,
    pub(super) failed: u32,
    pub(super) error: Option<String>,
}

pub(super) struct SettingsForm {
    pub(super) language: &'static str,
    pub(super) note: bool,
    pub(super) transcripts: bool,
    pub(super) field: String,
    pub(super) tag: bool,
    pub(super) task: bool,
    pub(super) task_hours: u32,
    pub(super) on_close: bool,
    pub(super) stages: String,
    pub(super) keep_deleted: bool,
}

pub(super) struct LeadLine {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) score: Option<u8>,
    pub(super) band: String,
    pub(super) analysed: Option<Moment>,
    pub(super) new_messages: u32,
    pub(super) gone: bool,
}

impl From<AccountView> for AccountRow {
    fn from(view: AccountView) -> Self {
        let account = &view.account;
        let (state, label, usual) = match account.state {
            AccountState::Active => (
                "ready",
                "Connected",
                "Conversations can be read and results written.",
            ),
            AccountState::Revoked => (
                "failed",
                "Access taken back",
                "The CRM no longer lets Frontdesk in. Connect the account again, or erase what is held for it.",
            ),
            AccountState::Unpaid => (
                "degraded",
                "Not paid",
                "The CRM says that this account is not paid. Its messages are kept and analysed once it is.",
            ),
            AccountState::Off => (
                "stopped",
                "Disconnected",
                "Nothing is read or written any more. What was copied is still here until you erase it.",
            ),
        };
        let reason = account.reason.as_deref().map(sentence);
        let host = match account.kind {
            CrmKind::Kommo => account.host.clone(),
            CrmKind::Generic => "its own program".to_owned(),
        };
        Self {
            id: account.id.to_string(),
            name: account.name.clone(),
            host,
            is_active: account.state == AccountState::Active,
            state,
            label,
            told: match reason {
                Some(reason) => format!("{reason} {usual}"),
                None => usual.to_owned(),
            },
            connected: moment(account.created_at),
            held: view.held,
            backfill: view.backfill.map(BackfillView::from),
        }
    }
}

impl From<(CrmJob, Backfilled)> for BackfillView {
    fn from((job, all): (CrmJob, Backfilled)) -> Self {
        let (state, label) = match job.state {
            CrmJobState::Queued | CrmJobState::Running => ("starting", "Running"),
            CrmJobState::Paused => ("stopped", "Paused"),
            CrmJobState::Done => ("ready", "Done"),
            CrmJobState::Failed => ("failed", "Stopped"),
        };
        let passed = all
            .done
            .saturating_add(all.skipped)
            .saturating_add(all.failed);
        Self {
            state,
            label,
            runs: matches!(job.state, CrmJobState::Queued | CrmJobState::Running),
            paused: job.state == CrmJobState::Paused,
            passed,
            all: all.seen.max(passed).max(1),
            counted: all.last,
            done: all.done,
            skipped: all.skipped,
            failed: all.failed,
            error: job
                .error
                .filter(|error| !error.is_empty())
                .map(|error| sentence(&error)),
        }
    }
}

impl From<&CaseSettings> for SettingsForm {
    fn from(settings: &CaseSettings) -> Self {
        Self {
            language: settings.language.code(),
            note: settings.note,
            transcripts: settings.transcripts,
            field: settings.field.clone().unwrap_or_default(),
            tag: settings.tag,
            task: settings.task,
            task_hours: settings.task_hours,
            on_close: settings.on_close,
            stages: settings.stages.join(", "),
            keep_deleted: settings.keep_deleted,
        }
    }
}

impl From<LeadRow> for LeadLine {
    fn from(lead: LeadRow) -> Self {
        Self {
            name: match lead.name.is_empty() {
                true => format!("Lead {}", lead.id),
                false => lead.name,
            },
            id: lead.id,
            score: lead.score,
            band: lead.band.unwrap_or_default(),
            analysed: lead.analysed_at.map(moment),
            new_messages: lead.stale,
            gone: lead.gone,
        }
    }
}

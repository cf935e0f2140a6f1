//! What can go wrong with work on a lead, as a sentence for people and as a code for the widget's own words.

use crate::access::Denied;
use crate::analysis::AnalysisError;
use crate::crm::CrmError;
use crate::speech::SpeechError;
use crate::store::StoreError;
use crate::usage::quota::QuotaError;

use super::settings::SettingsError;

#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    #[error(transparent)]
    Crm(#[from] CrmError),
    #[error(transparent)]
    Quota(#[from] QuotaError),
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    #[error(transparent)]
    Speech(#[from] SpeechError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The last analysis says nothing that could be a task.
    #[error("the last analysis of this lead names no next step, so there is no task to make")]
    NoStep,
    /// The owner disconnected the account, or erased the lead, while it was worked on.
    #[error("the work was stopped: its account was disconnected, or what it was about was erased")]
    Stopped,
    #[error("this lead's id is not one of the CRM")]
    Lead,
    /// What was found of it is not kept.
    #[error("this lead was deleted in the CRM, or erased here, while it was worked on")]
    Gone,
}

/// A name for an error. The widget has a sentence for each in its languages (`errors` in `assets/kommo/i18n`).
pub type Code = &'static str;

impl CaseError {
    pub fn code(&self) -> Code {
        match self {
            Self::Crm(error) => crm_code(error),
            Self::Quota(QuotaError::Exceeded { .. }) => "quota_used_up",
            Self::Quota(QuotaError::Ended) => "subscription_ended",
            Self::Analysis(AnalysisError::Settings(_)) => "server",
            Self::Analysis(_) => "no_conversation",
            Self::Speech(_) => "no_speech_model",
            Self::Stopped => "stopped",
            Self::NoStep => "no_step",
            Self::Lead | Self::Gone => "lead_gone",
            Self::Quota(QuotaError::Store(_))
            | Self::Settings(_)
            | Self::Denied(_)
            | Self::Store(_) => "server",
        }
    }

    /// Whether the same may succeed later without anybody doing something.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Crm(error) => error.is_passing(),
            Self::Store(StoreError::Busy) => true,
            Self::Speech(error) => matches!(error, SpeechError::Engine { .. }),
            _ => false,
        }
    }

    /// For how long to wait, in ms, if the CRM says so.
    pub(super) fn wait_ms(&self) -> Option<i64> {
        match self {
            Self::Crm(error) => error.wait_ms(),
            _ => None,
        }
    }
}

fn crm_code(error: &CrmError) -> Code {
    match error {
        CrmError::Revoked { .. } | CrmError::Off | CrmError::Integration(_) => "disconnected",
        CrmError::Tariff { .. } => "tariff",
        CrmError::Scope { .. } => "scope_missing",
        CrmError::Limited { .. } => "busy",
        CrmError::Missing { .. } => "lead_gone",
        CrmError::Failing { .. } | CrmError::Egress(_) => "crm_unreachable",
        _ => "server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code has its sentence in the widget.
    #[test]
    fn every_code_has_a_sentence() {
        let english = include_str!("../../assets/kommo/i18n/en.json");
        let words: serde_json::Value = serde_json::from_str(english).unwrap();
        let account = || "shop.kommo.com".to_owned();
        let all = [
            CaseError::from(CrmError::Revoked { account: account() }),
            CrmError::Tariff {
                account: account(),
                what: "chats",
            }
            .into(),
            CrmError::Scope {
                account: account(),
                what: "chats",
            }
            .into(),
            CrmError::Limited {
                host: account(),
                wait_s: 3,
            }
            .into(),
            CrmError::Missing {
                account: account(),
                what: "the lead",
            }
            .into(),
            CrmError::Failing {
                account: account(),
                status: 500,
            }
            .into(),
            CrmError::State.into(),
            AnalysisError::Empty.into(),
            SpeechError::Cancelled.into(),
            QuotaError::Ended.into(),
            CaseError::Stopped,
            CaseError::Lead,
            CaseError::Gone,
            CaseError::NoStep,
        ];
        for error in all {
            let code = error.code();
            assert!(words["userLang"]["errors"][code].is_string(), "{code}");
        }
    }
}

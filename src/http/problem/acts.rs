//! Maps errors of the use cases in `app` to a [`Problem`].

use axum::http::StatusCode;

use super::Problem;
use crate::agent::AgentError;
use crate::app::additions::AdditionsError;
use crate::app::api_keys::ApiKeyError;
use crate::app::assistants::AssistantError;
use crate::app::naming::NamingError;
use crate::app::privacy::ErasureError;
use crate::app::pronunciations::PronunciationError;
use crate::app::ratings::RatingError;
use crate::app::receipts::ReceiptError;
use crate::app::retention::RetentionError;
use crate::app::statement::StatementError;
use crate::app::voice_settings::VoiceSettingsError;
use crate::app::welcome::WelcomeError;
use crate::app::workflows::WorkflowError;
use crate::app::workspaces::WorkspaceError;
use crate::contacts::ContactError;
use crate::eval::questions::GoldenError;
use crate::hours::FactsError;
use crate::inbox::leads::{LeadError, LeadSettingsError};
use crate::mail::MailError;
use crate::providers::ProviderError;
use crate::webhooks::WebhookError;

impl From<ReceiptError> for Problem {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::Denied(error) => error.into(),
            ReceiptError::Store(error) | ReceiptError::Agent(AgentError::Store(error)) => {
                error.into()
            }
            ReceiptError::Agent(AgentError::Model(error)) => error.into(),
            ReceiptError::Agent(other) => Self::turn_failed(other.to_string()),
        }
    }
}

impl From<RatingError> for Problem {
    fn from(error: RatingError) -> Self {
        let detail = error.to_string();
        match error {
            RatingError::Value => Self::invalid("value", detail),
            RatingError::Comment => Self::invalid("comment", detail),
            RatingError::Denied(error) => error.into(),
            RatingError::Store(error) => error.into(),
        }
    }
}

impl From<NamingError> for Problem {
    fn from(error: NamingError) -> Self {
        let detail = error.to_string();
        match error {
            NamingError::Business(_) => Self::invalid("business", detail),
            NamingError::Assistant => Self::invalid("assistant", detail),
            NamingError::Denied(error) => error.into(),
            NamingError::Store(error) => error.into(),
        }
    }
}

impl From<AssistantError> for Problem {
    fn from(error: AssistantError) -> Self {
        let detail = error.to_string();
        match error {
            AssistantError::Wrong { field, detail } => Self::invalid(field, detail),
            AssistantError::NoDraft | AssistantError::NoVersion(_) => Self::nothing(detail),
            AssistantError::Last | AssistantError::OnlyDraft | AssistantError::TooMany => {
                Self::new(StatusCode::CONFLICT, "conflict", detail)
            }
            AssistantError::Agent(AgentError::Model(error)) => error.into(),
            AssistantError::Agent(AgentError::Store(error)) => error.into(),
            AssistantError::Agent(other) => Self::turn_failed(other.to_string()),
            AssistantError::Denied(error) => error.into(),
            AssistantError::Store(error) => error.into(),
        }
    }
}

impl From<WelcomeError> for Problem {
    fn from(error: WelcomeError) -> Self {
        match error {
            WelcomeError::Denied(error) => error.into(),
            WelcomeError::Store(error) => error.into(),
        }
    }
}

impl From<ApiKeyError> for Problem {
    fn from(error: ApiKeyError) -> Self {
        let detail = error.to_string();
        match error {
            ApiKeyError::Name => Self::invalid("name", detail),
            ApiKeyError::NoScope => Self::invalid("scopes", detail),
            ApiKeyError::UnknownScope { at, .. } => Self::invalid(format!("scopes[{at}]"), detail),
            ApiKeyError::NotTheirs { at, .. } => {
                Self::new(StatusCode::FORBIDDEN, "missing_scope", detail)
                    .with_param(format!("scopes[{at}]"))
            }
            ApiKeyError::Denied(error) => error.into(),
            ApiKeyError::Store(error) => error.into(),
        }
    }
}

impl From<PronunciationError> for Problem {
    fn from(error: PronunciationError) -> Self {
        let (field, detail) = (error.field(), error.to_string());
        match error {
            PronunciationError::Denied(error) => error.into(),
            PronunciationError::Store(error) => error.into(),
            _ => Self::invalid(field.unwrap_or("word"), detail),
        }
    }
}

impl From<WorkflowError> for Problem {
    fn from(error: WorkflowError) -> Self {
        match error {
            WorkflowError::Denied(error) => error.into(),
            WorkflowError::Store(error) => error.into(),
            WorkflowError::OtherName(_) => Self::invalid("name", error.to_string()),
            WorkflowError::Run => Self::invalid("run", error.to_string()),
            wrong => Self::invalid("text", wrong.to_string()),
        }
    }
}

impl From<AdditionsError> for Problem {
    fn from(error: AdditionsError) -> Self {
        match error {
            AdditionsError::Denied(error) => error.into(),
            AdditionsError::Store(error) => error.into(),
        }
    }
}

impl From<VoiceSettingsError> for Problem {
    fn from(error: VoiceSettingsError) -> Self {
        match error {
            VoiceSettingsError::Wrong { field, detail } => Self::invalid(field, detail),
            VoiceSettingsError::Denied(error) => error.into(),
            VoiceSettingsError::Store(error) => error.into(),
        }
    }
}

impl From<MailError> for Problem {
    fn from(error: MailError) -> Self {
        let detail = error.to_string();
        match error {
            MailError::Wrong { field, detail } => Self::invalid(field, detail),
            MailError::NotSetUp => Self::new(StatusCode::CONFLICT, "no_mail_server", detail),
            MailError::NotFailed => Self::new(StatusCode::CONFLICT, "not_failed", detail),
            MailError::Busy => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(60)
            }
            MailError::Denied(error) => error.into(),
            MailError::Store(error) => error.into(),
        }
    }
}

impl From<FactsError> for Problem {
    fn from(error: FactsError) -> Self {
        match error {
            FactsError::Denied(error) => error.into(),
            FactsError::Store(error) => error.into(),
            mistake => {
                let (status, detail) = (StatusCode::BAD_REQUEST, mistake.to_string());
                Self::new(status, "invalid_request", detail)
            }
        }
    }
}

impl From<GoldenError> for Problem {
    fn from(error: GoldenError) -> Self {
        match error {
            GoldenError::Wrong { field, detail } => Self::invalid(field, detail),
            GoldenError::Denied(error) => error.into(),
            GoldenError::Store(error) => error.into(),
        }
    }
}

impl From<ErasureError> for Problem {
    fn from(error: ErasureError) -> Self {
        match error {
            ErasureError::NoRecording => {
                let (status, detail) = (StatusCode::NOT_FOUND, error.to_string());
                Self::new(status, "no_recording", detail)
            }
            ErasureError::TooShort => Self::invalid("who", error.to_string()),
            ErasureError::Amount => Self::invalid("conversations", error.to_string()),
            ErasureError::Denied(error) => error.into(),
            ErasureError::Store(error) => error.into(),
        }
    }
}

impl From<WorkspaceError> for Problem {
    fn from(error: WorkspaceError) -> Self {
        let detail = error.to_string();
        match error {
            WorkspaceError::OwnerOnly => Self::new(StatusCode::FORBIDDEN, "owner_only", detail),
            WorkspaceError::Bound => Self::new(StatusCode::FORBIDDEN, "bound", detail),
            WorkspaceError::Unconfirmed { .. } => Self::invalid("confirm", detail),
            WorkspaceError::Denied(error) => error.into(),
            WorkspaceError::Store(error) => error.into(),
        }
    }
}

impl From<RetentionError> for Problem {
    fn from(error: RetentionError) -> Self {
        match error {
            RetentionError::Days => Self::invalid("conversation_days", error.to_string()),
            RetentionError::Denied(error) => error.into(),
            RetentionError::Store(error) => error.into(),
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let detail = error.to_string();
        match error {
            WebhookError::Url(_) => Self::invalid("url", detail),
            WebhookError::Event(_) | WebhookError::NoEvents => Self::invalid("events", detail),
            WebhookError::Most => Self::new(StatusCode::CONFLICT, "too_many_webhooks", detail),
            WebhookError::Stopped(_) => Self::new(StatusCode::CONFLICT, "webhook_stopped", detail),
            WebhookError::Denied(error) => error.into(),
            WebhookError::Store(error) => error.into(),
        }
    }
}

impl From<ContactError> for Problem {
    fn from(error: ContactError) -> Self {
        let detail = error.to_string();
        match error {
            ContactError::Denied(error) => error.into(),
            ContactError::Store(error) => error.into(),
            ContactError::Point(error) => Self::invalid(error.field(), detail),
            ContactError::Wrong { field, .. } => Self::invalid(field, detail),
            ContactError::Taken { .. } => Self::new(StatusCode::CONFLICT, "taken", detail),
        }
    }
}

impl From<LeadError> for Problem {
    fn from(error: LeadError) -> Self {
        let (field, detail) = (error.field(), error.to_string());
        let bad = |code| Self::new(StatusCode::BAD_REQUEST, code, detail.clone());
        let problem = match error {
            LeadError::Store(error) => return error.into(),
            LeadError::NoConsent => bad("consent_required"),
            LeadError::OtherConsent => bad("consent_changed"),
            LeadError::NoSlot => bad("not_on_offer"),
            _ => bad("invalid_request"),
        };
        match field {
            Some(field) => problem.with_param(field),
            None => problem,
        }
    }
}

impl From<LeadSettingsError> for Problem {
    fn from(error: LeadSettingsError) -> Self {
        match error {
            LeadSettingsError::Text => Self::invalid("consent_text", error.to_string()),
            LeadSettingsError::Denied(error) => error.into(),
            LeadSettingsError::Store(error) => error.into(),
        }
    }
}

impl From<StatementError> for Problem {
    fn from(error: StatementError) -> Self {
        match error {
            StatementError::Month(_) => Self::invalid("month", error.to_string()),
            StatementError::Store(error) => error.into(),
        }
    }
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        let detail = error.to_string();
        match error {
            ProviderError::Field { field, .. } => Self::invalid(field, detail),
            ProviderError::Most => Self::new(StatusCode::CONFLICT, "too_many_providers", detail),
            ProviderError::Denied(error) => error.into(),
            ProviderError::Store(error) => error.into(),
            ProviderError::Quota(error) => error.into(),
            ProviderError::Budget { .. } => {
                Self::new(StatusCode::CONFLICT, "provider_budget", detail)
            }
            ProviderError::Unfit { .. }
            | ProviderError::Resting { .. }
            | ProviderError::Busy { .. }
            | ProviderError::Status { .. }
            | ProviderError::Stalled { .. }
            | ProviderError::Broken { .. }
            | ProviderError::Refused { .. }
            | ProviderError::Unasked { .. }
            | ProviderError::Egress(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "provider_failed", detail)
            }
        }
    }
}

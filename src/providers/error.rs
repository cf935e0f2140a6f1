//! Why a provider did not serve, or an owner's wish was refused.

use crate::access::Denied;
use crate::egress::EgressError;
use crate::llm::LlmError;
use crate::reason::Reason;
use crate::speech::SpeechError;
use crate::store::StoreError;
use crate::usage::quota::QuotaError;

/// Providers of one workspace.
pub(super) const MOST: usize = 20;

#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// A field that an owner entered.
    #[error("{told}")]
    Field { field: &'static str, told: String },
    #[error(
        "there are {} providers already, which is the limit; delete one first",
        MOST
    )]
    Most,
    /// The request asks for what the provider or the owner does not allow.
    #[error("{provider} is not used for this: {reason}")]
    Unfit {
        provider: String,
        #[source]
        reason: Reason,
    },
    #[error(
        "the budget of {provider} for {month} is used up ({used} of {limit} {of}); raise it on the page Providers, or wait \
         for the next month"
    )]
    Budget {
        provider: String,
        month: String,
        /// `tokens`, or millionths of a currency.
        of: String,
        used: u64,
        limit: u64,
    },
    /// It failed lately, or asked to be left alone.
    #[error("{provider} has failed lately and is left alone for {seconds} s")]
    Resting { provider: String, seconds: u64 },
    /// It answered 429 or the like.
    #[error("{provider} takes no more requests for {seconds} s")]
    Busy { provider: String, seconds: u64 },
    /// It answered with an error.
    #[error("{provider} answered with the status {status}{}", in_words(told))]
    Status {
        provider: String,
        status: u16,
        /// Its own words, which may repeat what was sent; empty if there are none.
        told: String,
    },
    #[error("{provider} sent nothing for {seconds} s")]
    Stalled { provider: String, seconds: u64 },
    /// What came is not what its protocol says, or broke off.
    #[error("{provider} sent what cannot be used: {reason}")]
    Broken {
        provider: String,
        #[source]
        reason: Reason,
    },
    #[error("{provider} refused to answer")]
    Refused { provider: String },
    /// It wants a function called that nobody offered.
    #[error("{provider} asked for a function that was not offered to it")]
    Unasked { provider: String },
    /// The workspace has used up its tokens of this month.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn in_words(told: &str) -> String {
    match told {
        "" => String::new(),
        told => format!(": {told}"),
    }
}

impl ProviderError {
    pub(super) fn field(field: &'static str, told: impl Into<String>) -> Self {
        let told = told.into();
        Self::Field { field, told }
    }

    pub(super) fn broken(provider: &str, reason: impl Into<Reason>) -> Self {
        Self::Broken {
            provider: provider.to_owned(),
            reason: reason.into(),
        }
    }

    pub(super) fn unfit(provider: &str, reason: impl Into<Reason>) -> Self {
        Self::Unfit {
            provider: provider.to_owned(),
            reason: reason.into(),
        }
    }

    /// For the log: without words of the provider, which may repeat what somebody said.
    pub(super) fn for_log(&self) -> String {
        match self {
            Self::Status {
                provider, status, ..
            } => format!("{provider} answered with the status {status}"),
            other => other.to_string(),
        }
    }

    /// Whether the provider itself is in trouble, so that it is better left alone.
    pub(super) fn is_trouble(&self) -> bool {
        match self {
            Self::Stalled { .. } | Self::Broken { .. } => true,
            Self::Status { status, .. } => *status >= 500 || matches!(status, 401..=403),
            Self::Egress(error) => matches!(
                error,
                EgressError::Slow { .. }
                    | EgressError::Failed { .. }
                    | EgressError::Certificate { .. }
                    | EgressError::Blocked { .. }
            ),
            _ => false,
        }
    }

    /// Whether the provider may have done the work all the same.
    pub(super) fn may_cost(&self) -> bool {
        matches!(
            self,
            Self::Stalled { .. } | Self::Egress(EgressError::Slow { .. })
        )
    }

    /// Without words of the provider.
    fn reason(self) -> Reason {
        Reason::told(self.for_log(), self)
    }

    /// For whoever waited for the first word.
    pub(super) fn unavailable(self) -> LlmError {
        match self {
            Self::Quota(error) => error.into(),
            other => LlmError::Unavailable(other.reason()),
        }
    }

    /// For whoever has read the beginning of an answer.
    pub(super) fn interrupted(self) -> LlmError {
        LlmError::Interrupted(self.reason())
    }

    pub(super) fn of_speech(self) -> SpeechError {
        SpeechError::Unavailable(self.reason())
    }
}

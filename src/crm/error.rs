//! What can go wrong with a CRM, in words that say what to do.

use crate::egress::EgressError;
use crate::reason::Reason;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum CrmError {
    /// 401: the tokens are no longer taken.
    #[error(
        "{account} no longer lets Frontdesk in: the connection was taken back, or it ran out. Connect the account again on \
         the page CRM"
    )]
    Revoked {
        /// Its host.
        account: String,
    },
    /// 402.
    #[error(
        "the tariff of {account} does not include {what}, or the account is not paid for. Change the tariff over there; \
         until then what its webhooks bring is used"
    )]
    Tariff { account: String, what: &'static str },
    /// 403 of a scope or of a person's rights.
    #[error(
        "{account} does not allow {what}: the integration lacks a scope, or whoever connected it is not an administrator. \
         Add the scope to the integration and connect again"
    )]
    Scope { account: String, what: &'static str },
    /// 429, or 403 for this machine's address, or our own pause after one.
    #[error(
        "{host} asked for fewer requests, so Frontdesk waits {wait_s} seconds; it goes on by itself"
    )]
    Limited { host: String, wait_s: u64 },
    #[error("{what} was not found in {account}; it may have been deleted there")]
    Missing { account: String, what: &'static str },
    /// 400, 405, 422.
    #[error("{account} did not take {what}: {reason}")]
    Refused {
        account: String,
        what: &'static str,
        #[source]
        reason: Reason,
    },
    /// 5xx.
    #[error("{account} failed with status {status}; it is tried again later")]
    Failing { account: String, status: u16 },
    /// Not JSON, or without what was promised.
    #[error("the answer of {account} about {what} could not be understood: {reason}")]
    Answer {
        account: String,
        what: &'static str,
        #[source]
        reason: Reason,
    },
    /// A host that no secret is sent to and nothing is fetched from.
    #[error("{host} is no address of this CRM, so nothing was sent there")]
    Host { host: String },
    /// The `state` of a round trip.
    #[error(
        "this link of the connection was used already, is older than 20 minutes, or belongs to something else. Begin \
         again on the page CRM"
    )]
    State,
    #[error("the connection was declined over there; nothing was changed")]
    Declined,
    /// The code of a round trip was refused.
    #[error(
        "{host} did not take the code of the connection: it is older than 20 minutes or was used, or the secret or the \
         redirect address of the integration is not the one registered there. Check both and begin again"
    )]
    Code { host: String },
    #[error("the integration {0} is not known here; enter its id and secret on the page CRM first")]
    Integration(String),
    /// The account was disconnected.
    #[error("this account is not connected; connect it on the page CRM")]
    Off,
    /// A signature or token that is not the CRM's.
    #[error("this request is not signed by the CRM: {0}")]
    Forged(&'static str),
    #[error("this recording cannot be used: {0}")]
    Voice(#[source] Reason),
    /// What somebody sent or uploaded.
    #[error("{0}")]
    Input(#[source] Reason),
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CrmError {
    /// Whether the same may succeed later without anybody doing something.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Limited { .. } | Self::Failing { .. } => true,
            Self::Egress(error) => {
                matches!(error, EgressError::Slow { .. } | EgressError::Failed { .. })
            }
            Self::Store(error) => matches!(error, StoreError::Busy),
            _ => false,
        }
    }

    /// Whether a recording cannot be had from where its link leads, however often it is tried: it is gone, is no sound, or lies
    /// where nothing is fetched from.
    pub fn ends_recording(&self) -> bool {
        match self {
            Self::Voice(_) | Self::Host { .. } | Self::Missing { .. } => true,
            Self::Egress(error) => matches!(
                error,
                EgressError::Url { .. }
                    | EgressError::Place { .. }
                    | EgressError::Blocked { .. }
                    | EgressError::Redirects(_)
                    | EgressError::TooLarge { .. }
            ),
            _ => false,
        }
    }

    /// For how long to leave the CRM alone, in ms; `None` if it did not say.
    pub fn wait_ms(&self) -> Option<i64> {
        match self {
            Self::Limited { wait_s, .. } => Some(
                i64::try_from(*wait_s)
                    .unwrap_or(i64::MAX / 1000)
                    .saturating_mul(1000),
            ),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_given_up_where_nothing_is_fetched_from_and_tried_again_where_it_may_come_back()
     {
        let blocked = EgressError::Blocked {
            host: "voice.example".into(),
            address: "169.254.169.254".parse().unwrap(),
            what: "a link-local address",
        };
        assert!(CrmError::from(blocked).ends_recording());
        assert!(CrmError::Voice("it is a page".into()).ends_recording());
        assert!(!CrmError::from(EgressError::Sealed).ends_recording());
        let busy = CrmError::Limited {
            host: "shop.kommo.com".into(),
            wait_s: 3,
        };
        assert!(!busy.ends_recording());
    }
}

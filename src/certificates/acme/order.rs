//! One order: proving the names, and collecting the certificate.

use std::time::Duration;

use instant_acme::{
    AuthorizationStatus, ChallengeType, Error, Identifier, Order, OrderStatus, RetryPolicy,
};

use super::super::served::Showcase;
use super::super::{Name, made};
use crate::egress::EgressError;
use crate::reason::Reason;

/// How a name is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// `tls-alpn-01` (RFC 8737).
    Tls,
    /// `http-01` (RFC 8555, section 8.3).
    Http,
}

impl Way {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls-alpn-01",
            Self::Http => "http-01",
        }
    }

    /// The port at which authorities check.
    pub(super) fn port(self) -> u16 {
        match self {
            Self::Tls => 443,
            Self::Http => 80,
        }
    }

    fn challenge(self) -> ChallengeType {
        match self {
            Self::Tls => ChallengeType::TlsAlpn01,
            Self::Http => ChallengeType::Http01,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Unproven {
    #[error("{name}: {reason}")]
    Name {
        name: String,
        #[source]
        reason: Reason,
    },
    #[error("{0}")]
    Other(#[source] Reason),
}

impl From<Error> for Unproven {
    fn from(error: Error) -> Self {
        Self::Other(explain(error))
    }
}

/// How long the authority may take to check the names, and to sign.
const PATIENCE: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(250))
    .backoff(1.6)
    .timeout(Duration::from_secs(90));

/// Proves all names of an order.
pub(super) async fn prove(
    order: &mut Order,
    way: Way,
    showcase: &Showcase,
) -> Result<(), Unproven> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let name = authorization.identifier().to_string();
        let mut challenge = authorization.challenge(way.challenge()).ok_or_else(|| {
            let reason = format!("the authority does not offer {}", way.name()).into();
            let name = name.clone();
            Unproven::Name { name, reason }
        })?;
        let answer = challenge.key_authorization();
        match way {
            Way::Http => {
                showcase.put_answer(challenge.token.clone(), answer.as_str().to_owned());
            }
            Way::Tls => {
                let proof = made::proof(&name, answer.digest().as_ref())
                    .map_err(|error| Unproven::Other(Reason::of(error)))?;
                let asked = Name::parse(&name).map_or_else(|_| name.clone(), |one| one.in_proof());
                showcase.put_proof(asked.to_ascii_lowercase(), proof);
            }
        }
        challenge.set_ready().await?;
    }
    if order.state().status == OrderStatus::Ready {
        return Ok(());
    }
    match order.poll_ready(&PATIENCE).await {
        Ok(OrderStatus::Ready) => Ok(()),
        Ok(_) => Err(find_failure(order).await.unwrap_or_else(|| {
            Unproven::Other("the authority rejected the order without saying why".into())
        })),
        Err(error) => Err(find_failure(order)
            .await
            .unwrap_or_else(|| Unproven::from(error))),
    }
}

/// Which name was not proven, and why.
async fn find_failure(order: &mut Order) -> Option<Unproven> {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else {
            continue;
        };
        let problem = state.challenges.iter().find_map(|one| one.error.clone());
        if let Some(problem) = problem {
            let name = match state.identifier().identifier {
                Identifier::Dns(name) => name.clone(),
                other => other.authorized(false).to_string(),
            };
            let reason = explain(Error::Api(problem));
            return Some(Unproven::Name { name, reason });
        }
    }
    None
}

/// Sends the request and waits for the certificate, as PEM.
pub(super) async fn collect(order: &mut Order, request: &[u8]) -> Result<String, Error> {
    order.finalize_csr(request).await?;
    order.poll_certificate(&PATIENCE).await
}

/// A sentence without the words that only programmers know.
pub(super) fn explain(error: Error) -> Reason {
    let told = match &error {
        Error::Api(problem) => match &problem.detail {
            Some(detail) => detail.trim().trim_end_matches('.').to_owned(),
            None => problem.to_string(),
        },
        Error::Timeout(_) => "it took too long".to_owned(),
        Error::Json(_) => {
            "its answer is not as the protocol asks; check https.acme_directory".to_owned()
        }
        Error::Other(inner) => match inner.downcast_ref::<EgressError>() {
            Some(refused) => refused.to_string(),
            None => inner.to_string(),
        },
        other => other.to_string(),
    };
    Reason::told(told, error)
}

//! One request to a webhook, and what its answer means.

use std::time::Duration;

use url::Url;

use super::kinds::TEST;
use super::schedule::{LONGEST_REST, REST};
use super::signature::sign;
use crate::egress::{Class, EgressError, Gateway, Limits, Method, Part, Purpose, Request};
use crate::store::webhooks::Keys;
use crate::store::webhooks::deliveries::Delivery;
use crate::store::{StoreError, UnixMs};

/// What came of an attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: Option<u16>,
    /// Why it failed, as a sentence; `None` if it arrived.
    pub(super) error: Option<String>,
    /// For how long the webhook is to be left alone, in ms.
    pub(super) rest: Option<i64>,
}

impl Answer {
    fn failed(error: impl Into<String>) -> Self {
        Self {
            error: Some(error.into()),
            ..Self::default()
        }
    }

    /// Whether the webhook wants no more events.
    pub(super) fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// Sends a delivery once. An error is one of the store: nothing was sent, or it is not known whether it arrived.
pub(super) async fn send(
    gateway: &Gateway,
    url: &str,
    keys: &Keys,
    delivery: &Delivery,
    patience: Duration,
    now: UnixMs,
) -> Result<Answer, StoreError> {
    let Ok(url) = Url::parse(url) else {
        return Ok(Answer::failed("its address is none"));
    };
    if let Err(told) = check_url(gateway, &url) {
        return Ok(Answer::failed(told));
    }
    let (id, at) = (delivery.id.to_string(), now / 1000);
    let body = delivery.payload.as_bytes();
    // Both secrets sign for a day after a change, so that the receiver can change its own at any time within it.
    let secrets = [Some(&keys.secret), keys.old.as_ref()];
    let signatures: Vec<String> = (secrets.into_iter().flatten())
        .filter_map(|secret| sign(secret, &id, at, body))
        .collect();
    let class = match delivery.event.as_str() {
        TEST => Class::Public,
        _ => Class::Customer,
    };
    let request = Request {
        workspace: Some(delivery.workspace),
        content_type: "application/json",
        headers: vec![
            ("webhook-id", id),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ],
        body: vec![Part::new(class, delivery.payload.clone())],
        limits: Limits {
            time: patience,
            redirects: 0,
            ..Limits::default()
        },
        ..Request::new(Purpose::Webhook, Method::Post, url)
    };
    match gateway.send(request).await {
        Ok(response) => {
            let (status, after) = (response.status, response.header("retry-after"));
            let after = after.and_then(|after| parse_retry_after(after, now));
            // Only its status counts. If this cannot be written down, the request is in the ledger nonetheless.
            let _closed = response.discard().await;
            Ok(judge(status, after))
        }
        Err(EgressError::Ledger(error)) => Err(error),
        Err(error) => Ok(Answer::failed(error.to_string())),
    }
}

/// Whether events may be sent to this address, as far as it tells. Returns why not.
pub(super) fn check_url(gateway: &Gateway, url: &Url) -> Result<(), String> {
    let is_own = gateway
        .check(Purpose::Webhook, url)
        .map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" if !is_own => Err(
            "it begins with http://, and everybody on the way could read what visitors say. Use https://, or name a \
             machine of your own network in the setting egress.allow"
                .into(),
        ),
        _ => Ok(()),
    }
}

/// What a status means ("Delivery success and failure" in the specification). `after` is the rest that it asked for, in ms.
fn judge(status: u16, after: Option<i64>) -> Answer {
    let error = match status {
        200..=299 => {
            return Answer {
                status: Some(status),
                ..Answer::default()
            };
        }
        300..=399 => {
            "it redirects, which is not followed; enter the address that it leads to".into()
        }
        401 | 403 => format!(
            "it refused the request with status {status}; check the address, and the secret over there"
        ),
        404 => "it found nothing at this address (status 404)".into(),
        410 => "it answered that it wants no more events (status 410)".into(),
        429 => "it asked for fewer requests (status 429)".into(),
        500..=599 => format!("it failed with status {status}"),
        _ => format!("it answered with status {status}, not with one from 200 to 299"),
    };
    let is_overloaded = matches!(status, 429 | 502 | 504);
    Answer {
        status: Some(status),
        error: Some(error),
        rest: after.or(is_overloaded.then_some(REST)),
    }
}

/// `Retry-After` in ms from now: seconds or a date (RFC 9110, section 10.2.3), at most a day.
fn parse_retry_after(text: &str, now: UnixMs) -> Option<i64> {
    let text = text.trim();
    let wait = match text.parse::<u32>() {
        Ok(seconds) => i64::from(seconds) * 1000,
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(text).ok()?;
            at.timestamp().as_millisecond().checked_sub(now)?
        }
    };
    (wait > 0).then(|| wait.min(LONGEST_REST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_2xx_is_a_success_and_the_overloaded_get_a_rest() {
        assert_eq!(judge(204, None).error, None);
        for status in [301, 307, 400, 401, 404, 410, 429, 500, 503] {
            assert!(judge(status, None).error.is_some(), "{status}");
        }
        assert!(judge(410, None).is_gone());
        assert_eq!(judge(429, None).rest, Some(REST));
        assert_eq!(judge(500, None).rest, None);
        assert_eq!(judge(503, Some(5_000)).rest, Some(5_000));
    }

    #[test]
    fn a_rest_is_read_as_seconds_or_as_a_date() {
        // 2015-10-21T07:28:00Z
        let at = 1_445_412_480_000;
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        assert_eq!(parse_retry_after("120", at), Some(120_000));
        assert_eq!(parse_retry_after(date, at - 3_000), Some(3_000));
        assert_eq!(parse_retry_after(date, at), None);
        assert_eq!(parse_retry_after("4000000000", at), Some(LONGEST_REST));
        assert_eq!(parse_retry_after("soon", at), None);
    }
}

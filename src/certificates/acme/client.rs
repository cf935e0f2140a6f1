//! The way of ACME's requests: through the gateway.

use std::future::Future;
use std::pin::Pin;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use url::Url;

use super::super::Account;
use super::super::pace::now_ms;
use crate::egress::{Class, Gateway, Limits, Method, Part, Purpose, Request};

/// What the authority said besides its answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// How long to wait, from the last answer that was a refusal.
    pub(crate) retry_after: Option<Duration>,
    /// Its terms of service.
    pub(crate) terms: Option<String>,
}

/// The client that `instant-acme` is given; clones share what was heard.
#[derive(Clone)]
pub(super) struct Through {
    gateway: Gateway,
    directory: Url,
    root: Option<Arc<str>>,
    /// The kind of data in its bodies: names that are public anyway, and perhaps an address for letters.
    class: Class,
    heard: Arc<Mutex<Heard>>,
}

/// Answers of an authority are a few kilobytes.
const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    sent: 1 << 20,
    time: Duration::from_secs(30),
    redirects: 3,
};
/// The headers that a client of ACME needs (RFC 8555).
const HEADERS: [&str; 4] = ["replay-nonce", "location", "retry-after", "content-type"];

impl Through {
    pub(super) fn new(gateway: Gateway, account: &Account) -> Self {
        Self {
            gateway,
            directory: account.directory.clone(),
            root: account.root.clone(),
            class: match account.email {
                Some(_) => Class::Business,
                None => Class::Public,
            },
            heard: Arc::default(),
        }
    }

    pub(super) fn heard(&self) -> Heard {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn send(
        self,
        request: http::Request<BodyWrapper<Bytes>>,
    ) -> Result<BytesResponse, Error> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(other)?;
        let method = match parts.method {
            http::Method::GET => Method::Get,
            http::Method::HEAD => Method::Head,
            http::Method::POST => Method::Post,
            _ => return Err(Error::Str("a method that ACME has no use for")),
        };
        let is_directory = url == self.directory;
        let body = body.collect().await.map_err(other)?.to_bytes();
        let request = Request {
            accept: "application/json, application/pem-certificate-chain, */*;q=0.1",
            content_type: "application/jose+json",
            body: match body.is_empty() {
                true => Vec::new(),
                false => vec![Part::new(self.class, body)],
            },
            authority: self.root.clone(),
            limits: LIMITS,
            ..Request::new(Purpose::Certificate, method, url)
        };
        let response = self.gateway.send(request).await.map_err(other)?;
        let mut answer = http::Response::builder().status(response.status);
        for name in HEADERS {
            if let Some(value) = response.header(name) {
                answer = answer.header(name, value);
            }
        }
        let retry_after = response.header("retry-after").and_then(waiting_time);
        let is_refusal = response.status >= 400;
        let body = response.bytes().await.map_err(other)?;
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if is_refusal {
            heard.retry_after = retry_after;
        } else if is_directory {
            heard.terms = terms(&body);
        }
        drop(heard);
        Ok(answer.body(Full::new(body))?.into())
    }
}

impl HttpClient for Through {
    fn request(
        &self,
        request: http::Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().send(request))
    }
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Other(Box::new(error))
}

/// `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
fn waiting_time(text: &str) -> Option<Duration> {
    if let Ok(seconds) = u64::from_str(text.trim()) {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    let left = at.timestamp().as_millisecond().saturating_sub(now_ms());
    Some(Duration::from_millis(
        u64::try_from(left).unwrap_or_default(),
    ))
}

/// The link to the terms of service in a directory (RFC 8555, section 7.1.1).
fn terms(directory: &[u8]) -> Option<String> {
    let directory: serde_json::Value = serde_json::from_slice(directory).ok()?;
    let link = directory.get("meta")?.get("termsOfService")?.as_str()?;
    let link = Url::parse(link).ok()?;
    matches!(link.scheme(), "http" | "https").then(|| link.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_are_seconds_or_dates() {
        assert_eq!(waiting_time("120"), Some(Duration::from_secs(120)));
        let past = waiting_time("Wed, 21 Oct 2015 07:28:00 GMT");
        assert_eq!(past, Some(Duration::ZERO));
        let later = jiff::Timestamp::now() + Duration::from_secs(100);
        let later = later.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let wait = waiting_time(&later).unwrap().as_secs();
        assert!((97..=100).contains(&wait), "{wait}");
        assert_eq!(waiting_time("soon"), None);
    }

    #[test]
    fn only_a_link_of_the_web_is_shown_as_terms() {
        let of =
            |link: &str| terms(format!(r#"{{"meta":{{"termsOfService":"{link}"}}}}"#).as_bytes());
        assert_eq!(
            of("https://ca.example/terms").as_deref(),
            Some("https://ca.example/terms")
        );
        assert_eq!(of("javascript:alert(1)"), None);
        assert_eq!(terms(b"{}"), None);
    }
}

//! Requests to web servers: one by one, each redirect anew.

use reqwest::header::LOCATION;
use tokio::time::Instant;
use url::Url;

use super::body::Response;
use super::guard::{self, Refused, Way};
use super::ledger::Line;
use super::request::{Hop, names};
use super::{CONNECT, EgressError, Gateway, Method, Request};
use crate::reason::Reason;
use crate::store::egress::NewRequest;

impl Gateway {
    /// Sends a request, following redirects where that is safe: `GET` and `HEAD` anywhere, without secrets and body to
    /// another server; other methods on the same server only. Any status is an answer; `url` of the response is where it
    /// came from in the end.
    ///
    /// # Errors
    /// Every [`EgressError`] of web servers.
    pub async fn send(&self, request: Request) -> Result<Response, EgressError> {
        let deadline = Instant::now() + request.limits.time;
        let mut hop = Hop {
            request: &request,
            method: request.method,
            url: request.url.clone(),
            is_first: true,
        };
        for _ in 0..=request.limits.redirects {
            let response = self.hop(&hop, deadline).await?;
            let Some(target) = redirect_target(&response, &hop.url) else {
                return Ok(response);
            };
            if request.has_signed_address() {
                return Ok(response);
            }
            let status = response.status;
            response.discard().await?;
            let refused = |reason: Reason| EgressError::Url {
                url: guard::shown(&hop.url),
                reason,
            };
            let target = target.map_err(refused)?;
            if !hop.method.is_safe() {
                if target.origin() != hop.url.origin() {
                    let reason = "it sends on to another server what is meant for this one";
                    return Err(refused(reason.into()));
                }
                if status == 303 {
                    hop.method = Method::Get;
                }
            }
            hop.is_first = false;
            hop.url = target;
        }
        Err(EgressError::Redirects(guard::shown(&request.url)))
    }

    /// A machine of the owner's own is fetched because its owner named it as a source, or is on the way from another
    /// such; a site of strangers does not lead there.
    pub(super) fn led(&self, way: Way, request: &Request, url: &Url) -> Result<Way, EgressError> {
        let opened = |way: &Way| matches!(way, Way::Opened);
        let from_own = || guard::vet(&request.url, &self.inner.allow).is_ok_and(|way| opened(&way));
        if opened(&way) && !from_own() {
            return Err(EgressError::Url {
                url: guard::shown(url),
                reason:
                    "another site leads to this machine of your own; add it as a source of its own"
                        .into(),
            });
        }
        Ok(way)
    }

    /// Whether a hop may be made, and how.
    fn cleared(&self, hop: &Hop<'_>, body: usize) -> Result<Way, EgressError> {
        let request = hop.request;
        self.let_out(request.purpose)?;
        let way = guard::vet(&hop.url, &self.inner.allow)?;
        let way = self.led(way, request, &hop.url)?;
        hop.check_secrets(matches!(way, Way::Opened))?;
        let limit = request.limits.sent;
        if body as u64 > limit {
            let host = hop.url.host_str().unwrap_or_default().to_owned();
            return Err(EgressError::TooMuch { host, limit });
        }
        Ok(way)
    }

    /// One request, without following.
    async fn hop(&self, hop: &Hop<'_>, deadline: Instant) -> Result<Response, EgressError> {
        let request = hop.request;
        let host = hop.url.host_str().unwrap_or_default().to_owned();
        let new = (guard::shown(&hop.url), host.clone(), names(&hop.classes()));
        let (workspace, purpose) = (request.workspace, request.purpose);
        let method = hop.method.http();
        let named = method.clone();
        let mut line = Line::open(&self.inner.store, move |tx, now| {
            let new = NewRequest {
                workspace,
                purpose: purpose.name(),
                data: &new.2,
                method: named.as_str(),
                host: &new.1,
                url: &new.0,
                bytes_sent: 0,
            };
            crate::store::egress::append(tx, &new, now)
        })
        .await?;
        let body = hop.body();
        let body_bytes = body.as_ref().map_or(0, bytes::Bytes::len);
        let cleared = self.cleared(hop, body_bytes);
        let (way, headers) = match cleared.and_then(|way| Ok((way, hop.headers()?))) {
            Ok(cleared) => cleared,
            Err(error) => return Err(line.failed(error).await),
        };
        let client = match way {
            Way::Guarded => &self.inner.guarded,
            Way::Opened => &self.inner.opened,
        };
        let full_url = hop.full_url();
        let sent = hop.size(&full_url, &headers) + body_bytes;
        line.outcome.bytes_sent = i64::try_from(sent).unwrap_or(i64::MAX);
        let mut sending = client.request(method, full_url).headers(headers);
        if let Some(body) = body {
            sending = sending.body(body);
        }
        let response = match tokio::time::timeout_at(deadline, sending.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                if error.is_connect() {
                    line.outcome.bytes_sent = 0;
                }
                return Err(line.failed(told(&host, error)).await);
            }
            Err(_) => {
                let seconds = request.limits.time.as_secs();
                return Err(line.failed(EgressError::Slow { host, seconds }).await);
            }
        };
        line.outcome.status = Some(response.status().as_u16());
        line.outcome.address = response.remote_addr().map(|a| a.ip().to_string());
        Ok(Response::new(
            response,
            hop.url.clone(),
            request.limits,
            deadline,
            line,
        ))
    }
}

/// Where a response sends to, if it does.
fn redirect_target(response: &Response, from: &Url) -> Option<Result<Url, Reason>> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let Some(location) = response.header(LOCATION.as_str()) else {
        return Some(Err("it leads on, and does not say where to".into()));
    };
    Some(
        from.join(location)
            .map_err(|e| Reason::told(format!("it leads to an address that is none ({e})"), e)),
    )
}

/// An error of the client in words; a refused address says so. The client's own words would name the address with
/// what is secret in it.
pub(super) fn told(host: &str, error: reqwest::Error) -> EgressError {
    let error = error.without_url();
    let chain = std::iter::successors(Some(&error as &(dyn std::error::Error + 'static)), |e| {
        e.source()
    });
    let mut last = error.to_string();
    for cause in chain {
        if let Some(refused) = cause.downcast_ref::<Refused>() {
            return refused.clone().into();
        }
        last = cause.to_string();
    }
    if error.is_timeout() {
        return EgressError::Slow {
            host: host.to_owned(),
            seconds: CONNECT.as_secs(),
        };
    }
    EgressError::Failed {
        host: host.to_owned(),
        reason: Reason::told(last, error),
    }
}

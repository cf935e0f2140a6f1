//! Requests to web servers. Each redirect is checked and recorded like a new request.

use reqwest::header::LOCATION;
use tokio::time::Instant;
use url::Url;

use super::body::Response;
use super::guard::{self, Refused, UnknownName, Way};
use super::ledger::LedgerLine;
use super::request::{Hop, join_names};
use super::{CONNECT_TIMEOUT, EgressError, Gateway, Method, Purpose, Request};
use crate::reason::Reason;
use crate::store::egress::NewRequest;

impl Gateway {
    /// Checks what can be known before a request: whether its purpose is allowed, and whether its URL leads to where
    /// requests may go. Returns whether that is a machine of the owner's own, named in `egress.allow`.
    pub fn check(&self, purpose: Purpose, url: &Url) -> Result<bool, EgressError> {
        self.check_reach(purpose)?;
        let way = guard::vet(url, &self.inner.allow)?;
        Ok(matches!(way, Way::Opened))
    }

    /// Sends a request and follows redirects where that is safe: `GET` and `HEAD` anywhere, but without secrets and body
    /// to another server; other methods on the same server only. Any status is returned as a response, not an error.
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
            // A signature holds for one address only, so the caller gets the redirect itself.
            if request.limits.redirects == 0 || request.has_signed_address() {
                return Ok(response);
            }
            let status = response.status;
            response.discard().await?;
            let refused = |reason: Reason| EgressError::Url {
                url: guard::redact(&hop.url),
                reason,
            };
            let target = target.map_err(refused)?;
            if !hop.method.is_safe() {
                if target.origin() != hop.url.origin() {
                    let reason =
                        "it redirects to another server a request that is meant for this one";
                    return Err(refused(reason.into()));
                }
                // 303 See Other: the result is fetched with GET (RFC 9110, section 15.4.4).
                if status == 303 {
                    hop.method = Method::Get;
                }
            }
            hop.is_first = false;
            hop.url = target;
        }
        Err(EgressError::Redirects(guard::redact(&request.url)))
    }

    /// Refuses a redirect from a stranger's site to a machine of the owner's own network: such a machine is reached only
    /// if the request started at one that is named in `egress.allow`.
    pub(super) fn check_origin(
        &self,
        way: Way,
        request: &Request,
        url: &Url,
    ) -> Result<Way, EgressError> {
        let opened = |way: &Way| matches!(way, Way::Opened);
        let from_own = || guard::vet(&request.url, &self.inner.allow).is_ok_and(|way| opened(&way));
        if opened(&way) && !from_own() {
            return Err(EgressError::Url {
                url: guard::redact(url),
                reason:
                    "another site leads to this machine of your own; add it as a source of its own"
                        .into(),
            });
        }
        Ok(way)
    }

    /// Decides whether a hop may be made, and through which client.
    fn clear(&self, hop: &Hop<'_>, body: usize) -> Result<Way, EgressError> {
        let request = hop.request;
        self.check_reach(request.purpose)?;
        let way = guard::vet(&hop.url, &self.inner.allow)?;
        let way = self.check_origin(way, request, &hop.url)?;
        hop.check_secrets(matches!(way, Way::Opened))?;
        let limit = request.limits.sent;
        if body as u64 > limit {
            let host = hop.url.host_str().unwrap_or_default().to_owned();
            return Err(EgressError::TooMuch { host, limit });
        }
        Ok(way)
    }

    /// Sends one request, without following redirects.
    async fn hop(&self, hop: &Hop<'_>, deadline: Instant) -> Result<Response, EgressError> {
        let request = hop.request;
        let host = hop.url.host_str().unwrap_or_default().to_owned();
        let new = (
            guard::redact(hop.recorded()),
            host.clone(),
            join_names(&hop.classes()),
        );
        let (workspace, purpose) = (request.workspace, request.purpose);
        let provider = request.provider.clone();
        let method = hop.method.http();
        let named = method.clone();
        // The row is written before the checks, so that a refused request is in the ledger too.
        let mut line = LedgerLine::open(&self.inner.store, move |tx, now| {
            let new = NewRequest {
                workspace,
                purpose: purpose.name(),
                data: &new.2,
                provider: provider.as_deref(),
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
        let cleared = self.clear(hop, body_bytes);
        let (way, headers) = match cleared.and_then(|way| Ok((way, hop.headers()?))) {
            Ok(cleared) => cleared,
            Err(error) => return Err(line.fail(error).await),
        };
        let client = match self.client(way, request.authority.as_deref()) {
            Ok(client) => client,
            Err(error) => return Err(line.fail(error).await),
        };
        let full_url = hop.full_url();
        let length = body.as_ref().map(bytes::Bytes::len);
        let sent = hop.size(&full_url, &headers, length) + body_bytes;
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
                return Err(line.fail(explain(&host, error)).await);
            }
            Err(_) => {
                let seconds = request.limits.time.as_secs();
                return Err(line.fail(EgressError::Slow { host, seconds }).await);
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

/// The target of a redirect; `None` if the response is not one.
fn redirect_target(response: &Response, from: &Url) -> Option<Result<Url, Reason>> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let Some(location) = response.header(LOCATION.as_str()) else {
        return Some(Err("it redirects without saying where to".into()));
    };
    Some(
        from.join(location)
            .map_err(|e| Reason::told(format!("it redirects to an invalid address ({e})"), e)),
    )
}

/// Turns an error of the HTTP client into ours. The URL is removed from it, since it may contain a secret.
pub(super) fn explain(host: &str, error: reqwest::Error) -> EgressError {
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
        // What the operating system says of it tells an owner nothing.
        if UnknownName::is_in(cause) {
            break;
        }
    }
    if error.is_timeout() {
        return EgressError::Slow {
            host: host.to_owned(),
            seconds: CONNECT_TIMEOUT.as_secs(),
        };
    }
    EgressError::Failed {
        host: host.to_owned(),
        reason: Reason::told(last, error),
    }
}

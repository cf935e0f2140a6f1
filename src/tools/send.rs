//! One call of an endpoint: sent, repeated where that is safe, and what its answer means.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value};
use tokio::time::Instant;
use url::Url;

use super::answer::{Answer, clean};
use super::endpoint::{Built, Endpoint, SecretPlace};
use crate::egress::{
    Carrier, Class, EgressError, Gateway, Limits, Part, Purpose, Request, Response, Sealed, Secret,
};
use crate::reason::Reason;
use crate::store::WorkspaceId;

/// How long to wait before each further attempt, unless the server says it.
const PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1_000)];
/// The longest that a server may make us wait before another attempt.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Most bytes that are sent.
const SENT: u64 = 256 << 10;
/// Of a server's own words about an error, in characters.
const TOLD: usize = 200;

/// What a call needs beside its arguments.
pub(crate) struct Line<'a> {
    pub(crate) gateway: &'a Gateway,
    pub(crate) workspace: WorkspaceId,
    pub(crate) secret: Option<Secret>,
    pub(crate) timeout: Duration,
    pub(crate) most_bytes: u64,
}

/// A call that did not work.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) told: Reason,
    pub(crate) status: Option<u16>,
    /// What the server said with its refusal.
    pub(crate) answer: Option<Box<Answer>>,
    /// Whether it is sure that nothing was done.
    pub(crate) is_sure: bool,
}

impl Failure {
    pub(crate) fn sure(told: impl Into<Reason>) -> Self {
        Self {
            told: told.into(),
            status: None,
            answer: None,
            is_sure: true,
        }
    }
}

/// Calls an endpoint with arguments that were checked. `key` is the same for every attempt.
pub(crate) async fn send(
    line: &Line<'_>,
    endpoint: &Endpoint,
    arguments: &Map<String, Value>,
    key: &str,
) -> Result<Answer, Failure> {
    let built = endpoint.build(arguments).map_err(Failure::sure)?;
    check_url(line.gateway, Purpose::Tool, &built.url).map_err(Failure::sure)?;
    let deadline = Instant::now() + line.timeout;
    let mut pauses = PAUSES.into_iter();
    loop {
        let left = whole(deadline.saturating_duration_since(Instant::now()));
        let request = request(line, endpoint, &built, key, left);
        let outcome = line.gateway.send(request).await;
        let pause = pauses.next().filter(|_| endpoint.is_repeatable());
        let wait = match (&outcome, pause) {
            (Ok(response), Some(pause)) if may_repeat(response) => rest(response, pause),
            (Err(EgressError::Failed { .. }), Some(pause)) => Some(pause),
            _ => None,
        };
        if let Some(wait) = wait.filter(|wait| Instant::now() + *wait < deadline) {
            if let Ok(response) = outcome {
                let _closed = response.discard().await;
            }
            tokio::time::sleep(wait).await;
            continue;
        }
        return match outcome {
            Ok(response) => read(response, endpoint).await,
            Err(error) => Err(explain(error, endpoint.is_repeatable())),
        };
    }
}

/// A time in whole seconds, as people are told it.
pub(crate) fn whole(time: Duration) -> Duration {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    Duration::from_secs(seconds)
}

/// Whether data may go to this address, as far as it tells. Returns why not.
pub(crate) fn check_url(gateway: &Gateway, purpose: Purpose, url: &Url) -> Result<(), Reason> {
    let is_own = gateway.check(purpose, url).map_err(Reason::of)?;
    match url.scheme() {
        "http" if !is_own => Err(
            "it begins with http://, and everybody on the way could read what visitors say. Use https://, or name a \
             machine of your own network in the setting egress.allow"
                .into(),
        ),
        _ => Ok(()),
    }
}

fn request(
    line: &Line<'_>,
    endpoint: &Endpoint,
    built: &Built,
    key: &str,
    time: Duration,
) -> Request {
    let mut headers = built.headers.clone();
    let named = endpoint
        .idempotency
        .as_deref()
        .and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
    headers.extend(named.map(|name| (name, key.to_owned())));
    let (content_type, body) = match &built.body {
        Some((kind, bytes)) => (*kind, vec![Part::new(Class::Customer, bytes.clone())]),
        None => ("application/json", Vec::new()),
    };
    let secrets = line
        .secret
        .as_ref()
        .and_then(|secret| seal(endpoint, &built.url, secret));
    Request {
        workspace: Some(line.workspace),
        accept: "application/json, text/plain;q=0.5",
        content_type,
        body,
        named_headers: headers,
        recorded: Some(built.recorded.clone()),
        beside: vec![Class::Customer],
        secrets: secrets.into_iter().collect(),
        limits: Limits {
            bytes: line.most_bytes,
            sent: SENT,
            time,
            redirects: 0,
        },
        ..Request::new(Purpose::Tool, endpoint.method.method(), built.url.clone())
    }
}

fn seal(endpoint: &Endpoint, url: &Url, secret: &Secret) -> Option<(Carrier, Sealed)> {
    let (carrier, text) = match &endpoint.secret {
        SecretPlace::None => return None,
        SecretPlace::Bearer => (
            Carrier::Header(AUTHORIZATION),
            Secret::new(format!("Bearer {}", secret.reveal())),
        ),
        SecretPlace::Basic { user } => (Carrier::Header(AUTHORIZATION), basic(user, secret)),
        SecretPlace::Header { name } => {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            (Carrier::Header(name), secret.clone())
        }
        SecretPlace::Query { name } => {
            let mut pair = form_urlencoded::Serializer::new(String::new());
            pair.append_pair(name, secret.reveal());
            (Carrier::Query, Secret::new(pair.finish()))
        }
    };
    Some((carrier, Sealed::to(url, text)))
}

/// The value of `Authorization` with a name and a password (RFC 7617).
pub(crate) fn basic(user: &str, password: &Secret) -> Secret {
    let pair = Secret::new(format!("{user}:{}", password.reveal()));
    Secret::new(format!("Basic {}", STANDARD.encode(pair.reveal())))
}

fn may_repeat(response: &Response) -> bool {
    matches!(response.status, 429 | 502 | 503 | 504)
}

/// How long to wait: as long as the server asked for, else `pause`; `None` if it asked for too long.
fn rest(response: &Response, pause: Duration) -> Option<Duration> {
    let asked = response
        .header("retry-after")
        .and_then(|after| after.trim().parse().ok());
    let rest = asked.map_or(pause, Duration::from_secs);
    (rest <= LONGEST_PAUSE).then_some(rest)
}

async fn read(response: Response, endpoint: &Endpoint) -> Result<Answer, Failure> {
    let (status, kind) = (response.status, response.media_type());
    if (300..400).contains(&status) {
        let _closed = response.discard().await;
        let told = "it redirects, which is not followed; enter the address that it leads to";
        return Err(Failure {
            status: Some(status),
            ..Failure::sure(told)
        });
    }
    let is_fine = (200..300).contains(&status);
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(error) => {
            return Err(Failure {
                status: Some(status),
                // It was done, but what came of it cannot be read.
                is_sure: endpoint.is_repeatable() || !is_fine,
                ..Failure::sure(Reason::of(error))
            });
        }
    };
    if is_fine {
        return Ok(Answer::read(
            status,
            kind.as_deref(),
            &body,
            &endpoint.takes,
        ));
    }
    let said = Answer::read(status, kind.as_deref(), &body, &[]);
    let words = clean(&said.text.replace('\n', "; "), TOLD);
    let told = match status {
        401 | 403 => {
            format!("it refused the request (status {status}); check the secret of the tool")
        }
        404 => "it found nothing (status 404)".to_owned(),
        429 => "it asked for fewer requests (status 429)".to_owned(),
        500..=599 => format!("it failed (status {status})"),
        _ => format!("it refused the request (status {status})"),
    };
    Err(Failure {
        told: match words.is_empty() {
            true => told.into(),
            false => format!("{told}. Its words: {words}").into(),
        },
        status: Some(status),
        answer: Some(Box::new(said)),
        // A server that fails in the middle may have done a part of it.
        is_sure: endpoint.is_repeatable() || !matches!(status, 500 | 502 | 504),
    })
}

/// What an error of the gateway means for a call.
pub(crate) fn explain(error: EgressError, is_repeatable: bool) -> Failure {
    let may_have_arrived = matches!(
        error,
        EgressError::Slow { .. } | EgressError::Failed { .. } | EgressError::TooLarge { .. }
    );
    Failure {
        is_sure: is_repeatable || !may_have_arrived,
        ..Failure::sure(Reason::of(error))
    }
}

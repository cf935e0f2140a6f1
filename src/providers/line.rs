//! A request to a provider: its address, its key, its limits, and what its answers mean.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use url::Url;

use super::Providers;
use super::error::ProviderError;
use crate::egress::{
    Carrier, Class, Limits, Method, Part, Purpose, Request, Response, Sealed, Secret,
};
use crate::store::providers::{self, Provider, ProviderKind};

/// See `patience` of the providers.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How long a request may take in all.
const WHOLE: Duration = Duration::from_secs(180);
/// Most bytes each way.
const SENT: u64 = 32 << 20;
const RECEIVED: u64 = 64 << 20;
/// Of an error's body, in bytes.
const ERROR_BYTES: usize = 8 << 10;
/// Of a provider's own words about an error, in characters.
const TOLD: usize = 200;
/// For how long a provider is left alone that does not say it.
const REST: Duration = Duration::from_secs(20);

/// A provider with its key.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) providers: Providers,
    pub(crate) provider: Arc<Provider>,
    /// Whether the owner wants people to be told that it was used.
    pub(crate) tell: bool,
    key: Option<Secret>,
}

/// What is sent.
pub(crate) struct Post {
    pub(crate) purpose: Purpose,
    /// Below the base address, with its query.
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<Part>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Line {
    pub(crate) async fn open(
        providers: &Providers,
        provider: Provider,
        tell: bool,
    ) -> Result<Self, ProviderError> {
        let id = provider.id;
        let key = providers
            .inner
            .store
            .read(move |conn| providers::key(conn, id));
        Ok(Self {
            providers: providers.clone(),
            tell,
            key: key.await?.map(Secret::new),
            provider: Arc::new(provider),
        })
    }

    pub(crate) fn patience(&self) -> Duration {
        self.providers.inner.patience
    }

    pub(crate) fn name(&self) -> &str {
        &self.provider.name
    }

    /// Whether the owner lets it have all of these.
    pub(crate) fn check_classes(&self, classes: &[Class]) -> Result<(), ProviderError> {
        let lacks = |class: &&Class| !self.provider.classes.iter().any(|c| c == class.name());
        match classes.iter().find(lacks) {
            None => Ok(()),
            Some(class) => Err(ProviderError::unfit(
                self.name(),
                format!("it may not get {} data", class.name()),
            )),
        }
    }

    /// # Errors
    /// While it is left alone.
    pub(crate) fn admit(&self) -> Result<(), ProviderError> {
        let admitted = self.providers.inner.breakers.admit(self.provider.id);
        admitted.map_err(|left| ProviderError::Resting {
            provider: self.name().to_owned(),
            seconds: left.as_secs().max(1),
        })
    }

    /// Tells the circuit breaker how a request ended.
    pub(crate) fn note<T>(&self, outcome: &Result<T, ProviderError>) {
        let (breakers, id) = (&self.providers.inner.breakers, self.provider.id);
        match outcome {
            Ok(_) => breakers.succeeded(id),
            Err(ProviderError::Busy { seconds, .. }) => {
                breakers.rest(id, Duration::from_secs(*seconds));
            }
            Err(error) if error.is_trouble() => breakers.failed(id),
            Err(_) => {}
        }
    }

    /// The address of a path below the base address.
    pub(crate) fn url(&self, path: &str) -> Result<Url, ProviderError> {
        let text = format!("{}{path}", self.provider.url.trim_end_matches('/'));
        Url::parse(&text).map_err(|e| ProviderError::unfit(self.name(), e.to_string()))
    }

    /// The header that carries the key, and what stands before it.
    fn key_header(&self) -> (&'static str, &'static str) {
        match self.provider.kind {
            ProviderKind::OpenAi => ("authorization", "Bearer "),
            ProviderKind::Anthropic => ("x-api-key", ""),
            ProviderKind::Gemini => ("x-goog-api-key", ""),
            ProviderKind::Deepgram => ("authorization", "Token "),
        }
    }

    /// The name of the header and its value, for a WebSocket's handshake.
    pub(crate) fn authorization(&self) -> Option<(&'static str, Secret)> {
        let (name, before) = self.key_header();
        let key = self.key.as_ref()?;
        Some((name, Secret::new(format!("{before}{}", key.reveal()))))
    }

    /// Sends a request, and returns its answer if that is a success.
    pub(crate) async fn send(&self, post: Post) -> Result<Response, ProviderError> {
        let url = self.url(&post.path)?;
        let secrets = self.authorization().map(|(name, secret)| {
            let carrier = Carrier::Header(HeaderName::from_static(name));
            (carrier, Sealed::to(&url, secret))
        });
        let request = Request {
            workspace: Some(self.provider.workspace),
            provider: Some(self.name().into()),
            content_type: post.content_type,
            body: post.body,
            headers: post.headers,
            secrets: secrets.into_iter().collect(),
            limits: Limits {
                bytes: RECEIVED,
                sent: SENT,
                time: WHOLE,
                redirects: 0,
            },
            ..Request::new(post.purpose, Method::Post, url)
        };
        let sending = self.providers.inner.gateway.send(request);
        let response = tokio::time::timeout(self.patience(), sending)
            .await
            .map_err(|_| self.stalled(self.patience()))??;
        match response.status {
            200..=299 => Ok(response),
            _ => Err(self.explain(response).await),
        }
    }

    pub(crate) fn stalled(&self, after: Duration) -> ProviderError {
        ProviderError::Stalled {
            provider: self.name().to_owned(),
            seconds: after.as_secs().max(1),
        }
    }

    /// Why an answer is no success.
    async fn explain(&self, mut response: Response) -> ProviderError {
        let status = response.status;
        let provider = self.name().to_owned();
        // 529 is Anthropic's "overloaded".
        if matches!(status, 429 | 503 | 529) {
            let asked = response
                .header("retry-after")
                .and_then(|v| v.trim().parse().ok());
            let seconds = asked.unwrap_or(REST.as_secs()).max(1);
            // Its row in the ledger closes; that it cannot be written does not matter more than the answer.
            let _closed = response.discard().await;
            return ProviderError::Busy { provider, seconds };
        }
        let mut body = Vec::new();
        let reading = async {
            while let Ok(Some(piece)) = response.chunk().await {
                body.extend_from_slice(&piece);
                if body.len() >= ERROR_BYTES {
                    break;
                }
            }
        };
        let _late = tokio::time::timeout(Duration::from_secs(5), reading).await;
        ProviderError::Status {
            provider,
            status,
            told: told(&body),
        }
    }
}

/// A provider's own words about an error.
fn told(body: &[u8]) -> String {
    let read: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let found = ["/error/message", "/err_msg", "/message", "/error"]
        .iter()
        .find_map(|path| read.pointer(path)?.as_str());
    found.unwrap_or_default().chars().take(TOLD).collect()
}

/// A body of one kind of text, and the names of all kinds that it holds: a part without bytes only names its class.
pub(crate) fn parts(classes: &[Class], body: impl Into<bytes::Bytes>) -> Vec<Part> {
    let mut parts: Vec<Part> = classes
        .iter()
        .skip(1)
        .map(|class| Part::new(*class, bytes::Bytes::new()))
        .collect();
    let first = classes.first().copied().unwrap_or(Class::Business);
    parts.push(Part::new(first, body));
    parts
}

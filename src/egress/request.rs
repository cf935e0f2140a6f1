//! What is asked of a web server: for what purpose, with what data, within what bounds.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
};
use url::Url;

use super::secret::Sealed;
use super::{EgressError, USER_AGENT};
use crate::store::WorkspaceId;

/// What something goes out for. Each purpose that there is stands in the ledger by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A page that an owner named as a source, or that such a one leads to.
    WebPage,
    /// What a site allows robots.
    Robots,
    /// A site's list of its pages.
    Sitemap,
    /// Backups that are kept elsewhere.
    Backup,
}

impl Purpose {
    /// As it stands in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebPage => "web page",
            Self::Robots => "robots.txt",
            Self::Sitemap => "sitemap",
            Self::Backup => "backup",
        }
    }

    /// Whether the setting `egress.web` decides about it.
    pub(super) fn is_web(self) -> bool {
        match self {
            Self::WebPage | Self::Robots | Self::Sitemap => true,
            Self::Backup => false,
        }
    }
}

/// What kind of data goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Addresses, names of files, sizes and times; goes with every request.
    Metadata,
    /// What everybody may read anyway.
    Public,
    /// What the business gave: documents, answers, settings.
    Business,
    /// What visitors and callers said, and who they are.
    Customer,
    /// What opens something.
    Credential,
    /// Whatever it is, it was encrypted here, and who gets it cannot read it.
    Encrypted,
}

impl Class {
    /// As it stands in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Public => "public",
            Self::Business => "business",
            Self::Customer => "customer",
            Self::Credential => "credential",
            Self::Encrypted => "encrypted",
        }
    }
}

/// Classes as the ledger has them: `metadata, encrypted`.
pub(super) fn names(classes: &BTreeSet<Class>) -> String {
    let names: Vec<&str> = classes.iter().map(|class| class.name()).collect();
    names.join(", ")
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The words of RFC 9110.
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub(super) fn http(self) -> reqwest::Method {
        match self {
            Self::Get => reqwest::Method::GET,
            Self::Head => reqwest::Method::HEAD,
            Self::Post => reqwest::Method::POST,
            Self::Put => reqwest::Method::PUT,
            Self::Patch => reqwest::Method::PATCH,
            Self::Delete => reqwest::Method::DELETE,
        }
    }

    /// Whether it changes nothing at the other end (RFC 9110, section 9.2.1).
    pub(super) fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

/// Bounds on one request, redirects included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the answer's body, as sent and unpacked.
    pub bytes: u64,
    /// Most bytes of the request's body.
    pub sent: u64,
    /// Most time until the last byte.
    pub time: Duration,
    /// Most redirects.
    pub redirects: u32,
}

impl Default for Limits {
    /// 20 MiB each way, 30 seconds, 5 redirects.
    fn default() -> Self {
        Self {
            bytes: 20 << 20,
            sent: 20 << 20,
            time: Duration::from_secs(30),
            redirects: 5,
        }
    }
}

/// A piece of a body: what it is, and the bytes. The pieces follow each other as they are.
#[derive(Debug, Clone)]
pub struct Part {
    class: Class,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Plain(Bytes),
    Secret(Sealed),
}

impl Part {
    /// Bytes of this class.
    pub fn new(class: Class, bytes: impl Into<Bytes>) -> Self {
        Self {
            class,
            content: Content::Plain(bytes.into()),
        }
    }

    /// A secret in the midst of a body.
    pub fn secret(secret: Sealed) -> Self {
        Self {
            class: Class::Credential,
            content: Content::Secret(secret),
        }
    }
}

/// Where in a request a secret stands.
#[derive(Debug, Clone)]
pub enum Carrier {
    /// The value of this header.
    Header(HeaderName),
    /// More of the address's query, as `a=b&c=d`: a signature. It holds for this address only, so a request with one
    /// follows no redirect.
    Query,
}

/// What to ask.
#[derive(Debug, Clone)]
pub struct Request {
    /// For whom, unless it concerns the whole installation.
    pub workspace: Option<WorkspaceId>,
    /// What for.
    pub purpose: Purpose,
    /// How.
    pub method: Method,
    /// Where. It stands in the ledger, so nothing in it may be secret.
    pub url: Url,
    /// Media types that are wanted, as an `Accept` header.
    pub accept: &'static str,
    /// The `ETag` of what is there already.
    pub etag: Option<String>,
    /// The `Last-Modified` of what is there already.
    pub last_modified: Option<String>,
    /// Media type of the body.
    pub content_type: &'static str,
    /// The body; none if there are no parts.
    pub body: Vec<Part>,
    /// Secrets outside of the body.
    pub secrets: Vec<(Carrier, Sealed)>,
    /// Bounds.
    pub limits: Limits,
}

impl Request {
    /// A request without a body.
    pub fn new(purpose: Purpose, method: Method, url: Url) -> Self {
        Self {
            workspace: None,
            purpose,
            method,
            url,
            accept: "*/*",
            etag: None,
            last_modified: None,
            content_type: "application/octet-stream",
            body: Vec::new(),
            secrets: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Whether its address is signed and holds nowhere else.
    pub(super) fn has_signed_address(&self) -> bool {
        let is_query = |(carrier, _): &(Carrier, Sealed)| matches!(carrier, Carrier::Query);
        self.secrets.iter().any(is_query)
    }

    fn all_secrets(&self) -> impl Iterator<Item = &Sealed> {
        let in_body = self.body.iter().filter_map(|part| match &part.content {
            Content::Secret(secret) => Some(secret),
            Content::Plain(_) => None,
        });
        self.secrets.iter().map(|(_, secret)| secret).chain(in_body)
    }
}

/// One request on its way, which may be a redirect of the one that was asked for.
pub(super) struct Hop<'a> {
    pub(super) request: &'a Request,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) is_first: bool,
}

impl Hop<'_> {
    /// Whether the body goes along: not to another server, and not where the method became `GET`.
    fn has_body(&self) -> bool {
        let request = self.request;
        !request.body.is_empty()
            && self.method == request.method
            && self.url.origin() == request.url.origin()
    }

    /// What kinds of data go out.
    pub(super) fn classes(&self) -> BTreeSet<Class> {
        let mut classes = BTreeSet::from([Class::Metadata]);
        if self.has_body() {
            classes.extend(self.request.body.iter().map(|part| part.class));
        }
        if self.carried().next().is_some() {
            classes.insert(Class::Credential);
        }
        classes
    }

    /// Secrets outside of the body that go along.
    fn carried(&self) -> impl Iterator<Item = (&Carrier, &str)> {
        let all = self.request.secrets.iter();
        all.filter_map(move |(carrier, secret)| Some((carrier, secret.opened_for(&self.url)?)))
    }

    /// Refuses secrets that would go to another server than theirs, or in the clear.
    pub(super) fn check_secrets(&self, is_own: bool) -> Result<(), EgressError> {
        let refused = |reason| EgressError::Secret {
            host: self.url.host_str().unwrap_or_default().to_owned(),
            reason,
        };
        let mut any = false;
        for secret in self.request.all_secrets() {
            let goes = secret.opened_for(&self.url).is_some();
            if !goes && self.is_first {
                return Err(refused("it belongs to another server"));
            }
            any |= goes;
        }
        if any && self.url.scheme() != "https" && !is_own {
            return Err(refused(
                "the address begins with http://, and everybody on the way could read it. Use https://, or name a \
                 machine of your own network in the setting egress.allow",
            ));
        }
        Ok(())
    }

    /// The address with what is secret in it: never written down.
    pub(super) fn full_url(&self) -> Url {
        let mut url = self.url.clone();
        for (carrier, secret) in self.carried() {
            if matches!(carrier, Carrier::Query) {
                let query = match url.query() {
                    Some(query) if !query.is_empty() => format!("{query}&{secret}"),
                    _ => secret.to_owned(),
                };
                url.set_query(Some(&query));
            }
        }
        url
    }

    pub(super) fn headers(&self) -> Result<HeaderMap, EgressError> {
        let request = self.request;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(request.accept));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if self.has_body() {
            let media_type = HeaderValue::from_static(request.content_type);
            headers.insert(CONTENT_TYPE, media_type);
        }
        // What is known of the first address says nothing of the next.
        let known = [
            (IF_NONE_MATCH, &request.etag),
            (IF_MODIFIED_SINCE, &request.last_modified),
        ];
        for (name, value) in known {
            if let Some(value) = value.as_ref().filter(|_| self.is_first)
                && let Ok(value) = HeaderValue::from_str(value)
            {
                headers.insert(name, value);
            }
        }
        for (carrier, secret) in self.carried() {
            let Carrier::Header(name) = carrier else {
                continue;
            };
            let value = HeaderValue::from_str(secret);
            let mut value = value.map_err(|_| EgressError::Secret {
                host: self.url.host_str().unwrap_or_default().to_owned(),
                reason: "it has characters that a header cannot hold",
            })?;
            value.set_sensitive(true);
            headers.insert(name.clone(), value);
        }
        Ok(headers)
    }

    /// The body that goes along.
    pub(super) fn body(&self) -> Option<Bytes> {
        if !self.has_body() {
            return None;
        }
        let bytes = |part: &Part| match &part.content {
            Content::Plain(bytes) => bytes.clone(),
            Content::Secret(secret) => {
                let secret = secret.opened_for(&self.url).unwrap_or_default();
                Bytes::copy_from_slice(secret.as_bytes())
            }
        };
        if let [only] = self.request.body.as_slice() {
            return Some(bytes(only));
        }
        let mut all = BytesMut::new();
        for part in &self.request.body {
            all.extend_from_slice(&bytes(part));
        }
        Some(all.freeze())
    }

    /// Size of the request on the wire but for its body, as HTTP/1.1 writes it.
    pub(super) fn size(&self, url: &Url, headers: &HeaderMap) -> usize {
        let line = self.method.http().as_str().len() + "  HTTP/1.1\r\n".len();
        let target = url.path().len() + url.query().map_or(0, |q| q.len() + 1);
        let host = url.host_str().unwrap_or_default();
        let own = "host: \r\nuser-agent: \r\n\r\n".len() + host.len() + USER_AGENT.len();
        let given = headers.iter().map(|(n, v)| n.as_str().len() + v.len() + 4);
        line + target + own + given.sum::<usize>()
    }
}

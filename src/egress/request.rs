//! A request to a web server: its purpose, its data and its limits.

use std::collections::BTreeSet;
use std::sync::Arc;
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

/// What a request or stream is for; the ledger records its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A page that an owner added as a source, or a page linked from one.
    WebPage,
    Robots,
    Sitemap,
    /// Off-site backups.
    Backup,
    /// This server's own certificate, from an authority (ACME).
    Certificate,
    /// E-mail through the owner's mail server: sending, and looking for answers.
    Mail,
    /// What happened here, told to a program that an owner named.
    Webhook,
    /// A customer relationship system that an owner connected: reading conversations, writing what was found.
    Crm,
    /// Licence keys, checked at the shop of the machine's owner.
    Billing,
    /// A language model of a provider that an owner turned on.
    ChatProvider,
    /// Sound to be made text by a provider.
    SpeechProvider,
    /// Text to be spoken by a provider.
    VoiceProvider,
    /// What an assistant may do elsewhere, as an owner set it up: orders, bookings, look-ups.
    Tool,
    /// Appointments in an owner's calendar (CalDAV).
    Calendar,
    /// A company's sign-in server that the owner of the installation set up.
    SignOn,
}

impl Purpose {
    /// So that a test can try each.
    #[cfg(test)]
    pub(super) const ALL: [Self; 15] = [
        Self::WebPage,
        Self::Robots,
        Self::Sitemap,
        Self::Backup,
        Self::Certificate,
        Self::Mail,
        Self::Webhook,
        Self::Crm,
        Self::Billing,
        Self::ChatProvider,
        Self::SpeechProvider,
        Self::VoiceProvider,
        Self::Tool,
        Self::Calendar,
        Self::SignOn,
    ];

    /// The name in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebPage => "web page",
            Self::Robots => "robots.txt",
            Self::Sitemap => "sitemap",
            Self::Backup => "backup",
            Self::Certificate => "certificate",
            Self::Mail => "e-mail",
            Self::Webhook => "webhook",
            Self::Crm => "crm",
            Self::Billing => "billing",
            Self::ChatProvider => "language model",
            Self::SpeechProvider => "speech to text",
            Self::VoiceProvider => "text to speech",
            Self::Tool => "tool",
            Self::Calendar => "calendar",
            Self::SignOn => "single sign-on",
        }
    }

    /// Whether the setting `egress.web` applies to it.
    pub(super) fn is_web(self) -> bool {
        match self {
            Self::WebPage | Self::Robots | Self::Sitemap => true,
            Self::Backup
            | Self::Certificate
            | Self::Mail
            | Self::Webhook
            | Self::Crm
            | Self::Billing
            | Self::ChatProvider
            | Self::SpeechProvider
            | Self::VoiceProvider
            | Self::Tool
            | Self::Calendar
            | Self::SignOn => false,
        }
    }
}

/// The kind of data that goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Addresses, file names, sizes and times; part of every request.
    Metadata,
    /// Data that is public already.
    Public,
    /// Data of the business: documents, answers, settings.
    Business,
    /// What visitors and callers said, and who they are.
    Customer,
    /// Passwords, keys and tokens.
    Credential,
    /// Any data that was encrypted here; the recipient cannot read it.
    Encrypted,
}

impl Class {
    /// The name in the ledger.
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

/// Joins the classes as the ledger stores them: `metadata, encrypted`.
pub(super) fn join_names(classes: &BTreeSet<Class>) -> String {
    let names: Vec<&str> = classes.iter().map(|class| class.name()).collect();
    names.join(", ")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    /// Which resources there are, and what they are (WebDAV, RFC 4918).
    Propfind,
    /// A search (CalDAV, RFC 4791).
    Report,
}

impl Method {
    pub(super) fn http(self) -> reqwest::Method {
        let named = |name: &[u8]| reqwest::Method::from_bytes(name).unwrap_or_default();
        match self {
            Self::Get => reqwest::Method::GET,
            Self::Head => reqwest::Method::HEAD,
            Self::Post => reqwest::Method::POST,
            Self::Put => reqwest::Method::PUT,
            Self::Patch => reqwest::Method::PATCH,
            Self::Delete => reqwest::Method::DELETE,
            Self::Propfind => named(b"PROPFIND"),
            Self::Report => named(b"REPORT"),
        }
    }

    /// Whether the method changes nothing on the server (RFC 9110, section 9.2.1).
    pub(super) fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

/// Limits on one request including its redirects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the response body, both compressed and unpacked.
    pub bytes: u64,
    /// Most bytes of the request body.
    pub sent: u64,
    /// Timeout up to the last byte.
    pub time: Duration,
    /// With 0, a redirect is a response like any other.
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

/// A part of a request body with its class; the parts are sent one after another.
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
    pub fn new(class: Class, bytes: impl Into<Bytes>) -> Self {
        Self {
            class,
            content: Content::Plain(bytes.into()),
        }
    }

    /// A secret inside a body.
    pub fn secret(secret: Sealed) -> Self {
        Self {
            class: Class::Credential,
            content: Content::Secret(secret),
        }
    }
}

/// Where in a request a secret goes.
#[derive(Debug, Clone)]
pub enum Carrier {
    Header(HeaderName),
    /// Appended to the URL's query as `a=b&c=d`: a signature. It holds for this URL only, so a request with one follows
    /// no redirect.
    Query,
}

#[derive(Debug, Clone)]
pub struct Request {
    /// `None` if the request is for the whole installation.
    pub workspace: Option<WorkspaceId>,
    pub purpose: Purpose,
    /// Name of the provider that it goes to, for the ledger.
    pub provider: Option<Arc<str>>,
    pub method: Method,
    /// Recorded in the ledger, so it must not contain a secret.
    pub url: Url,
    /// The `Accept` header.
    pub accept: &'static str,
    /// The `ETag` of the copy we have.
    pub etag: Option<String>,
    /// The `Last-Modified` of the copy we have.
    pub last_modified: Option<String>,
    /// Media type of the body.
    pub content_type: &'static str,
    /// Empty: the request has no body.
    pub body: Vec<Part>,
    /// Headers that are no secrets and hold for this URL only.
    pub headers: Vec<(&'static str, String)>,
    /// More of them, by names that an owner chose.
    pub named_headers: Vec<(HeaderName, String)>,
    /// The address as the ledger gets it, if the real one holds data of people.
    pub recorded: Option<Url>,
    /// Kinds of data in the address and the headers.
    pub beside: Vec<Class>,
    /// Secrets outside the body.
    pub secrets: Vec<(Carrier, Sealed)>,
    /// PEM certificates of a private authority, which replace the public authorities.
    pub authority: Option<Arc<str>>,
    pub limits: Limits,
}

impl Request {
    /// A request without a body.
    pub fn new(purpose: Purpose, method: Method, url: Url) -> Self {
        Self {
            workspace: None,
            purpose,
            provider: None,
            method,
            url,
            accept: "*/*",
            etag: None,
            last_modified: None,
            content_type: "application/octet-stream",
            body: Vec::new(),
            headers: Vec::new(),
            named_headers: Vec::new(),
            recorded: None,
            beside: Vec::new(),
            secrets: Vec::new(),
            authority: None,
            limits: Limits::default(),
        }
    }

    /// Whether the URL carries a signature, which holds for no other URL.
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

/// One HTTP exchange: the original request or a redirect of it.
pub(super) struct Hop<'a> {
    pub(super) request: &'a Request,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) is_first: bool,
}

impl Hop<'_> {
    /// Whether the body is sent: not to another server, and not if the method became `GET`.
    fn has_body(&self) -> bool {
        let request = self.request;
        !request.body.is_empty()
            && self.method == request.method
            && self.url.origin() == request.url.origin()
    }

    pub(super) fn classes(&self) -> BTreeSet<Class> {
        let mut classes = BTreeSet::from([Class::Metadata]);
        if self.has_body() {
            classes.extend(self.request.body.iter().map(|part| part.class));
        }
        if self.is_first {
            classes.extend(&self.request.beside);
        }
        if self.own_secrets().next().is_some() {
            classes.insert(Class::Credential);
        }
        classes
    }

    /// The address for the ledger.
    pub(super) fn recorded(&self) -> &Url {
        let instead = self.request.recorded.as_ref();
        instead.filter(|_| self.is_first).unwrap_or(&self.url)
    }

    /// Secrets outside the body that are for this hop's server.
    fn own_secrets(&self) -> impl Iterator<Item = (&Carrier, &str)> {
        let all = self.request.secrets.iter();
        all.filter_map(move |(carrier, secret)| Some((carrier, secret.open_for(&self.url)?)))
    }

    /// Refuses to send a secret to a server it is not for, or unencrypted.
    pub(super) fn check_secrets(&self, is_own: bool) -> Result<(), EgressError> {
        let refused = |reason| EgressError::Secret {
            host: self.url.host_str().unwrap_or_default().to_owned(),
            reason,
        };
        let mut any = false;
        for secret in self.request.all_secrets() {
            let goes = secret.open_for(&self.url).is_some();
            // A redirect to another server just loses the secret; at the first hop it is a mistake.
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

    /// The URL with its secrets: never log or store it.
    pub(super) fn full_url(&self) -> Url {
        let mut url = self.url.clone();
        for (carrier, secret) in self.own_secrets() {
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
        // Validators belong to the first URL; they mean nothing after a redirect.
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
        if self.is_first {
            for (name, value) in &request.headers {
                let wrong = || {
                    let told = format!("the header {name} has characters that it cannot hold");
                    EgressError::Settings(told.into())
                };
                let name = HeaderName::try_from(*name).map_err(|_| wrong())?;
                let value = HeaderValue::from_str(value).map_err(|_| wrong())?;
                headers.insert(name, value);
            }
            for (name, value) in &request.named_headers {
                let value = HeaderValue::from_str(value).map_err(|_| {
                    let told = format!("the header {name} has characters that it cannot hold");
                    EgressError::Settings(told.into())
                })?;
                headers.insert(name.clone(), value);
            }
        }
        for (carrier, secret) in self.own_secrets() {
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

    pub(super) fn body(&self) -> Option<Bytes> {
        if !self.has_body() {
            return None;
        }
        let bytes = |part: &Part| match &part.content {
            Content::Plain(bytes) => bytes.clone(),
            Content::Secret(secret) => {
                let secret = secret.open_for(&self.url).unwrap_or_default();
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

    /// Bytes of the request without its body, as HTTP/1.1 writes it. `body` is the body's length.
    pub(super) fn size(&self, url: &Url, headers: &HeaderMap, body: Option<usize>) -> usize {
        let line = self.method.http().as_str().len() + "  HTTP/1.1\r\n".len();
        let target = url.path().len() + url.query().map_or(0, |q| q.len() + 1);
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map_or(0, |port| format!(":{port}").len());
        let own = "host: \r\nuser-agent: \r\n\r\n".len() + host.len() + port + USER_AGENT.len();
        let given = headers.iter().map(|(n, v)| n.as_str().len() + v.len() + 4);
        let length = body.map_or(0, |body| format!("content-length: {body}\r\n").len());
        line + target + own + length + given.sum::<usize>()
    }
}

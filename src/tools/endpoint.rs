//! An endpoint of another program: its address, and where each argument goes.

use http::HeaderName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::answer::Pick;
use super::schema::Schema;
use super::talk::InTalk;
use crate::egress::Method;
use crate::reason::Reason;

/// What is not written as it is within a part of a path: all but the unreserved characters (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// Longest address of a tool, in bytes.
const LONGEST_URL: usize = 2_000;
/// Arguments and fixed headers of a tool.
const MOST: usize = 100;
/// Headers that belong to the connection or are set elsewhere.
const RESERVED: &[&str] = &[
    "host",
    "connection",
    "content-length",
    "content-type",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "accept",
    "accept-encoding",
    "cookie",
    "proxy-authorization",
    "user-agent",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == name)
    }

    pub(crate) fn method(self) -> Method {
        match self {
            Self::Get => Method::Get,
            Self::Post => Method::Post,
            Self::Put => Method::Put,
            Self::Patch => Method::Patch,
            Self::Delete => Method::Delete,
        }
    }

    /// Whether doing it twice is the same as once (RFC 9110, section 9.2.2).
    pub(crate) fn is_idempotent(self) -> bool {
        matches!(self, Self::Get | Self::Put | Self::Delete)
    }

    fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}

/// Where an argument goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Path,
    Query,
    Header,
    /// A field of the body.
    Body,
    /// The body itself.
    Whole,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argument {
    /// As the schema names it.
    pub name: String,
    pub place: Place,
    /// As the endpoint names it, if that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<String>,
}

impl Argument {
    fn wire(&self) -> &str {
        self.wire.as_deref().unwrap_or(&self.name)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyForm {
    #[default]
    Json,
    Form,
}

/// Where the secret goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "in")]
pub enum SecretPlace {
    #[default]
    None,
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: Basic …`, with the secret as the password.
    Basic {
        user: String,
    },
    Header {
        name: String,
    },
    Query {
        name: String,
    },
}

/// What a call of the tool sends, and what is read of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    pub method: Verb,
    /// With `{name}` in its path for each argument that goes there.
    pub url: String,
    /// An argument that is missing here goes into the body, or into the query where there is none.
    #[serde(default)]
    pub places: Vec<Argument>,
    #[serde(default)]
    pub body: BodyForm,
    /// Headers that are always the same and no secret.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    #[serde(default)]
    pub secret: SecretPlace,
    /// Header that takes the idempotency key, for servers that know one: `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<String>,
    /// What is kept of an answer; empty: all of it.
    #[serde(default)]
    pub takes: Vec<Pick>,
    /// When an assistant calls it by itself; without it only workflows do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk: Option<InTalk>,
}

/// A request that is ready but for its secret.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) url: Url,
    /// The address without arguments.
    pub(crate) recorded: Url,
    pub(crate) headers: Vec<(HeaderName, String)>,
    /// Media type and bytes.
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
}

impl Endpoint {
    pub(crate) fn read(settings: &Value) -> Result<Self, Reason> {
        Self::deserialize(settings)
            .map_err(|error| Reason::told(format!("the endpoint cannot be read: {error}"), error))
    }

    /// Whether a call may be repeated when nobody knows whether it arrived.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.method.is_idempotent() || self.idempotency.is_some()
    }

    /// Checks what can be known before a call. Returns the field that is wrong, and why.
    pub(crate) fn check(&self, schema: &Schema) -> Result<Url, (&'static str, String)> {
        let wrong = |field: &'static str, told: &str| Err((field, told.to_owned()));
        if self.url.len() > LONGEST_URL {
            return wrong("url", "it is longer than 2000 bytes");
        }
        let Ok(url) = self.template() else {
            return wrong(
                "url",
                "write it in full, such as https://api.example.com/orders/{order}",
            );
        };
        if self.places.len() > MOST || self.headers.len() > MOST {
            return wrong("places", "there are more than 100 of them");
        }
        for argument in &self.places {
            if !schema.names().any(|name| name == argument.name) {
                let told = format!("`{}` is no argument of the schema", argument.name);
                return Err(("places", told));
            }
            match argument.place {
                Place::Header if !is_open_header(argument.wire()) => {
                    let told = format!("`{}` cannot be the name of a header here", argument.wire());
                    return Err(("places", told));
                }
                Place::Body | Place::Whole if !self.method.has_body() => {
                    let told = format!(
                        "{} has no body; put `{}` into the query",
                        self.method.as_str(),
                        argument.name
                    );
                    return Err(("places", told));
                }
                _ => {}
            }
        }
        for name in self.path_names().map_err(|told| ("url", told))? {
            let name = self.argument_in_path(name);
            if !schema.requires(name) {
                let told = format!("`{name}` stands in the path, so the schema must require it");
                return Err(("arguments", told));
            }
        }
        for (name, value) in &self.headers {
            if !is_open_header(name) || http::HeaderValue::from_str(value).is_err() {
                let told = format!(
                    "`{name}` cannot be a fixed header; a secret belongs into its own field"
                );
                return Err(("headers", told));
            }
        }
        let refused = |name: &str| format!("`{name}` cannot be the name of a header here");
        if let SecretPlace::Header { name } = &self.secret
            && !is_header(name)
        {
            return Err(("secret", refused(name)));
        }
        if let Some(name) = self
            .idempotency
            .as_deref()
            .filter(|name| !is_open_header(name))
        {
            return Err(("idempotency", refused(name)));
        }
        if self
            .takes
            .iter()
            .any(|pick| !(pick.at.is_empty() || pick.at.starts_with('/')))
        {
            return wrong(
                "takes",
                "a place in an answer begins with /, such as /order/state",
            );
        }
        if let Some(talk) = &self.talk {
            talk.check()?;
        }
        Ok(url)
    }

    /// Names in the address, in order.
    ///
    /// # Errors
    /// For a brace without its partner, and for names outside of the path.
    fn path_names(&self) -> Result<Vec<&str>, String> {
        let mut names = Vec::new();
        let mut rest = self.url.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let found = rest.get(at..).unwrap_or_default();
            let inner = found
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'));
            let Some((name, after)) =
                inner.filter(|(name, _)| !name.is_empty() && !name.contains('{'))
            else {
                return Err("it has a brace without its partner".to_owned());
            };
            names.push(name);
            rest = after;
        }
        let head = self.url.split(['{', '?', '#']).next().unwrap_or_default();
        let is_in_path = head.match_indices('/').nth(2).is_some();
        if !names.is_empty() && !is_in_path {
            return Err(
                "arguments may stand in its path only, not in the name of the server".to_owned(),
            );
        }
        let query = self.url.find('?').and_then(|at| self.url.get(at..));
        if query.is_some_and(|query| query.contains('{')) {
            return Err(
                "arguments may stand in its path only; those of the query are added by name"
                    .to_owned(),
            );
        }
        Ok(names)
    }

    /// The argument that stands in the path under this name.
    fn argument_in_path<'a>(&'a self, wire: &'a str) -> &'a str {
        let in_path =
            |argument: &&Argument| argument.place == Place::Path && argument.wire() == wire;
        let found = self.places.iter().find(in_path);
        found.map_or(wire, |argument| &argument.name)
    }

    /// The address with a letter for each argument.
    fn template(&self) -> Result<Url, Reason> {
        self.fill(&|_| Some("x".to_owned()))
    }

    fn fill(&self, value: &dyn Fn(&str) -> Option<String>) -> Result<Url, Reason> {
        let mut filled = self.url.clone();
        for name in self.path_names().map_err(Reason::from)? {
            let text = value(name).ok_or_else(|| Reason::from(format!("`{name}` is missing")))?;
            filled = filled.replacen(&format!("{{{name}}}"), &text, 1);
        }
        let mut url = Url::parse(&filled).map_err(|e| Reason::told("its address is none", e))?;
        url.set_fragment(None);
        Ok(url)
    }

    /// Makes the request for arguments that were checked.
    ///
    /// # Errors
    /// For a value that cannot stand where it belongs.
    pub(crate) fn build(&self, arguments: &Map<String, Value>) -> Result<Built, Reason> {
        let template = self.template()?;
        let mut url = self.fill(&|name| {
            let value = arguments.get(self.argument_in_path(name))?;
            let text = utf8_percent_encode(&plain(value)?, ENCODED).to_string();
            (!text.is_empty()).then_some(text)
        })?;
        // Dots would climb to another path, and nothing may lead to another server.
        let shape = |url: &Url| -> Vec<bool> {
            let parts = url.path_segments().into_iter().flatten();
            parts.map(str::is_empty).collect()
        };
        if url.origin() != template.origin() || shape(&url) != shape(&template) {
            return Err("a value cannot stand in the path of the address".into());
        }
        let in_path = self.path_names().map_err(Reason::from)?;
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            headers.push((header(name)?, value.clone()));
        }
        let (mut fields, mut whole) = (Map::new(), None);
        for (name, value) in arguments {
            let known = self.places.iter().find(|argument| argument.name == *name);
            let wire = known.map_or(name.as_str(), Argument::wire);
            let place = match known {
                Some(argument) => argument.place,
                None if in_path.contains(&name.as_str()) => Place::Path,
                None if self.method.has_body() => Place::Body,
                None => Place::Query,
            };
            match place {
                Place::Path => {}
                Place::Query => add_query(&mut url, wire, value)?,
                Place::Header => {
                    let text = plain(value).ok_or_else(|| misplaced(name))?;
                    http::HeaderValue::from_str(&text).map_err(|_| misplaced(name))?;
                    headers.push((header(wire)?, text));
                }
                Place::Body => drop(fields.insert(wire.to_owned(), value.clone())),
                Place::Whole => whole = Some(value.clone()),
            }
        }
        let recorded = {
            let mut recorded =
                Url::parse(&self.url).map_err(|e| Reason::told("its address is none", e))?;
            recorded.set_fragment(None);
            recorded
        };
        let body = match self.method.has_body() {
            true => Some(self.body(fields, whole)?),
            false => None,
        };
        Ok(Built {
            url,
            recorded,
            headers,
            body,
        })
    }

    fn body(
        &self,
        fields: Map<String, Value>,
        whole: Option<Value>,
    ) -> Result<(&'static str, Vec<u8>), Reason> {
        Ok(match self.body {
            BodyForm::Json => {
                let body = whole.unwrap_or(Value::Object(fields));
                ("application/json", body.to_string().into_bytes())
            }
            BodyForm::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in &fields {
                    for text in each(value).ok_or_else(|| misplaced(name))? {
                        form.append_pair(name, &text);
                    }
                }
                (
                    "application/x-www-form-urlencoded",
                    form.finish().into_bytes(),
                )
            }
        })
    }
}

/// Adds a value to the query; a list is repeated (OpenAPI: `form`, exploded).
fn add_query(url: &mut Url, name: &str, value: &Value) -> Result<(), Reason> {
    let texts = each(value).ok_or_else(|| misplaced(name))?;
    if !texts.is_empty() {
        let mut pairs = url.query_pairs_mut();
        for text in texts {
            pairs.append_pair(name, &text);
        }
    }
    Ok(())
}

fn misplaced(name: &str) -> Reason {
    format!("the value of `{name}` cannot stand where the endpoint wants it").into()
}

/// A single value as text; `None` for lists and objects.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A value or the values of a list as text; null is none.
fn each(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => items.iter().map(plain).collect(),
        one => plain(one).map(|text| vec![text]),
    }
}

fn header(name: &str) -> Result<HeaderName, Reason> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|e| Reason::told(format!("`{name}` is no header"), e))
}

fn is_header(name: &str) -> bool {
    HeaderName::from_bytes(name.as_bytes()).is_ok_and(|name| !RESERVED.contains(&name.as_str()))
}

/// A header for anything but a secret.
fn is_open_header(name: &str) -> bool {
    is_header(name) && !name.eq_ignore_ascii_case("authorization")
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;

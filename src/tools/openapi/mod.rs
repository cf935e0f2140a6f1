//! Operations of an OpenAPI document (3.0 and 3.1, JSON or YAML) as tools to choose from. Nothing is fetched: references lead
//! within the document only.

mod operation;
mod refs;

use serde_json::Value;

use self::refs::Refs;
use super::endpoint::{Endpoint, Verb};
use crate::reason::Reason;

/// Longest document, in bytes.
const LONGEST: usize = 2 << 20;
/// The most operations that are read.
const MOST: usize = 500;

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the document is larger than 2 MB; leave out what is not needed")]
    TooLarge,
    #[error("this is neither JSON nor YAML: {0}")]
    Syntax(#[source] Reason),
    #[error("this is no description of OpenAPI 3.0 or 3.1; convert older ones first")]
    Version,
    #[error("the document describes no operation")]
    Empty,
}

/// What a document describes.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub title: String,
    pub version: String,
    /// The first server; `None` if it is named nowhere or not in full.
    pub server: Option<String>,
    pub operations: Vec<Operation>,
}

/// An operation as a tool would have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Name for the tool.
    pub name: String,
    pub method: Verb,
    pub path: String,
    pub title: String,
    pub about: String,
    /// JSON Schema.
    pub arguments: Value,
    pub endpoint: Endpoint,
    /// Why it cannot be a tool as it is.
    pub problem: Option<String>,
}

/// # Errors
/// For a document that cannot be read.
pub fn read(text: &str) -> Result<Document, ImportError> {
    if text.len() > LONGEST {
        return Err(ImportError::TooLarge);
    }
    let root = parse(text)?;
    let version = root
        .get("openapi")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !(version.starts_with("3.0") || version.starts_with("3.1")) {
        return Err(ImportError::Version);
    }
    let about = |name: &str| {
        let value = root.pointer(&format!("/info/{name}"));
        text_of(value, 200)
    };
    let server = server(&root);
    let refs = Refs::new(&root);
    let mut operations: Vec<Operation> = Vec::new();
    let paths = root.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        let Ok(item) = refs.follow(item) else {
            continue;
        };
        for verb in Verb::ALL {
            let Some(described) = item.get(verb.as_str()).filter(|_| operations.len() < MOST)
            else {
                continue;
            };
            let mut read =
                operation::read(&refs, &root, server.as_deref(), path, item, verb, described);
            make_unique(&mut read.name, &operations);
            operations.push(read);
        }
    }
    match operations.is_empty() {
        true => Err(ImportError::Empty),
        false => Ok(Document {
            title: about("title"),
            version: about("version"),
            server,
            operations,
        }),
    }
}

fn parse(text: &str) -> Result<Value, ImportError> {
    let text = text.trim_start_matches('\u{feff}');
    let is_json = text.trim_start().starts_with('{');
    if is_json && let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    // JSON is YAML, so its mistakes are told here as well.
    serde_saphyr::from_str(text).map_err(|error| {
        let told: String = error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(200)
            .collect();
        ImportError::Syntax(Reason::from(told))
    })
}

/// The address of the first server, its variables by their defaults.
fn server(root: &Value) -> Option<String> {
    let first = root.pointer("/servers/0")?;
    let mut url = first.get("url")?.as_str()?.to_owned();
    let variables = first.get("variables").and_then(Value::as_object);
    for (name, variable) in variables.into_iter().flatten() {
        let default = variable
            .get("default")
            .and_then(Value::as_str)
            .unwrap_or_default();
        url = url.replace(&format!("{{{name}}}"), default);
    }
    let is_full = url.starts_with("https://") || url.starts_with("http://");
    is_full.then(|| url.trim_end_matches('/').to_owned())
}

fn make_unique(name: &mut String, others: &[Operation]) {
    let is_taken = |name: &str| others.iter().any(|other| other.name == name);
    if !is_taken(name) {
        return;
    }
    let stem: String = name.chars().take(55).collect();
    let numbered = (2..=MOST + 1).map(|n| format!("{stem}_{n}"));
    if let Some(free) = numbered.into_iter().find(|name| !is_taken(name)) {
        *name = free;
    }
}

/// A text of the document, cut.
fn text_of(value: Option<&Value>, longest: usize) -> String {
    let text = value.and_then(Value::as_str).unwrap_or_default().trim();
    super::answer::clean(text, longest.saturating_sub(1))
}

#[cfg(test)]
#[path = "openapi_tests.rs"]
mod tests;

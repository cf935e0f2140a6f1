//! JSON Schema of a tool's arguments: read once, then checked before anything goes out.
//!
//! It takes what descriptions of endpoints use. A keyword that it cannot check is refused when the tool is set up, so that
//! no rule of the owner's is silently ignored. Patterns run in linear time, whatever they are and whatever a visitor writes.

mod check;
mod format;
mod read;

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use regex::Regex;
use serde_json::{Map, Value};

use self::format::Format;

/// Longest text where the schema sets no limit, in characters.
const LONGEST_TEXT: usize = 4_000;
/// Longest arguments in all, in bytes of JSON.
pub(crate) const LONGEST: usize = 64 << 10;
/// The most nested levels.
const DEEPEST: usize = 16;
/// Fields of one object.
const MOST_FIELDS: usize = 100;

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}")]
pub struct SchemaMistake {
    /// JSON Pointer; `/` for the whole.
    pub at: String,
    pub what: String,
}

/// An argument that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Name of the argument, with dots for what lies within; empty for the whole.
    pub field: String,
    /// What it has to be, to follow the name: `must be a date, such as 2026-12-24`.
    pub what: String,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.field.is_empty() {
            true => write!(f, "the arguments {}", self.what),
            false => write!(f, "`{}` {}", self.field, self.what),
        }
    }
}

/// The schema of a tool's arguments: an object whose fields are all named.
#[derive(Debug, Clone)]
pub struct Schema {
    root: Node,
}

impl Schema {
    /// # Errors
    /// For what cannot be checked, with its place.
    pub fn read(schema: &Value) -> Result<Self, SchemaMistake> {
        let mut root = read::node(schema, "", 0)?;
        if root.kinds != [Kind::Object] {
            return Err(SchemaMistake {
                at: "/".to_owned(),
                what: "arguments are an object: write \"type\": \"object\"".to_owned(),
            });
        }
        // What is not described is not sent.
        if matches!(root.additional, Additional::Any) {
            root.additional = Additional::None;
        }
        Ok(Self { root })
    }

    /// Names of the arguments, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.root.properties.iter().map(|(name, _)| name.as_str())
    }

    pub fn requires(&self, name: &str) -> bool {
        self.root.required.iter().any(|required| required == name)
    }

    /// Arguments out of texts: each becomes what its field takes, if it can be read so. One without text is left out.
    /// `zone` is where a date with a time has no offset.
    pub fn read_texts(
        &self,
        texts: &BTreeMap<String, String>,
        zone: &TimeZone,
    ) -> Map<String, Value> {
        let filled = texts.iter().filter(|(_, text)| !text.trim().is_empty());
        filled
            .map(|(name, text)| {
                let node = self.root.properties.iter().find(|(known, _)| known == name);
                let value = node.and_then(|(_, node)| node.read_text(text.trim(), zone));
                (name.clone(), value.unwrap_or_else(|| text.as_str().into()))
            })
            .collect()
    }

    /// What does not fit; the arguments may be sent if there is nothing.
    pub fn check(&self, arguments: &Map<String, Value>) -> Vec<Wrong> {
        let mut found = Vec::new();
        check::object(&self.root, arguments, "", &mut found);
        found
    }
}

/// A type of JSON. An integer is a number, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }

    fn holds(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Null, Value::Null)
            | (Self::Boolean, Value::Bool(_))
            | (Self::Number, Value::Number(_))
            | (Self::String, Value::String(_))
            | (Self::Array, Value::Array(_))
            | (Self::Object, Value::Object(_)) => true,
            // 2.0 is an integer (draft 2020-12, section 6.1.1).
            (Self::Integer, Value::Number(number)) => {
                number.is_i64()
                    || number.is_u64()
                    || number.as_f64().is_some_and(|n| n.fract() == 0.0)
            }
            _ => false,
        }
    }

    fn told(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::String => "text",
            Self::Array => "a list",
            Self::Object => "an object",
        }
    }
}

/// Which fields an object may have beside the named ones.
#[derive(Debug, Clone, Default)]
enum Additional {
    #[default]
    Any,
    None,
    Of(Box<Node>),
}

/// A bound of a number.
#[derive(Debug, Clone, Copy)]
struct Bound {
    at: f64,
    is_exclusive: bool,
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// Empty: any.
    kinds: Vec<Kind>,
    /// The only values.
    values: Option<Vec<Value>>,
    least: Option<Bound>,
    most: Option<Bound>,
    multiple_of: Option<f64>,
    /// In characters.
    shortest: Option<usize>,
    longest: Option<usize>,
    pattern: Option<Regex>,
    format: Option<Format>,
    items: Option<Box<Node>>,
    fewest_items: Option<usize>,
    most_items: Option<usize>,
    are_unique: bool,
    properties: Vec<(String, Node)>,
    required: Vec<String>,
    additional: Additional,
    all_of: Vec<Node>,
    any_of: Vec<Node>,
    one_of: Vec<Node>,
}

impl Node {
    /// What a text means where this is no text, or a time with its offset.
    fn read_text(&self, text: &str, zone: &TimeZone) -> Option<Value> {
        let takes = |kind: Kind| self.kinds.contains(&kind);
        if takes(Kind::String) {
            let at = (self.format == Some(Format::DateTime)).then(|| text.parse::<DateTime>());
            let at = at?.ok()?.to_zoned(zone.clone()).ok()?;
            return Some(at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().into());
        }
        let read: Value = serde_json::from_str(text).ok()?;
        self.kinds
            .iter()
            .any(|kind| kind.holds(&read))
            .then_some(read)
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;

//! Reads a schema, and refuses what cannot be checked.

use regex::RegexBuilder;
use serde_json::{Map, Value};

use super::format::Format;
use super::{Additional, Bound, DEEPEST, Kind, MOST_FIELDS, Node, SchemaMistake};

/// Keywords that describe and rule nothing.
const TOLD: &[&str] = &[
    "title",
    "description",
    "default",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$schema",
    "$id",
    "$comment",
    "xml",
    "externalDocs",
    "discriminator",
    "contentMediaType",
    "contentEncoding",
];
/// Keywords that rule, and are read below.
const READ: &[&str] = &[
    "type",
    "nullable",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "properties",
    "required",
    "additionalProperties",
    "allOf",
    "anyOf",
    "oneOf",
];
/// Memory that a compiled pattern may take, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

struct Reader<'a> {
    fields: &'a Map<String, Value>,
    at: &'a str,
}

pub(super) fn node(schema: &Value, at: &str, depth: usize) -> Result<Node, SchemaMistake> {
    let fields = match schema {
        Value::Object(fields) => fields,
        // Anything.
        Value::Bool(true) => return Ok(Node::default()),
        _ => return Err(mistake(at, "a schema is an object")),
    };
    if depth > DEEPEST {
        return Err(mistake(at, "it is nested too deeply"));
    }
    let unknown = fields.keys().find(|key| {
        let key = key.as_str();
        !READ.contains(&key) && !TOLD.contains(&key) && !key.starts_with("x-")
    });
    if let Some(key) = unknown {
        let what =
            format!("`{key}` is not supported; leave it out, or describe the argument without it");
        return Err(mistake(at, what));
    }
    let reader = Reader { fields, at };
    let mut node = Node {
        kinds: reader.kinds()?,
        values: reader.values()?,
        least: reader.bound("minimum", "exclusiveMinimum")?,
        most: reader.bound("maximum", "exclusiveMaximum")?,
        multiple_of: reader.multiple_of()?,
        shortest: reader.count("minLength")?,
        longest: reader.count("maxLength")?,
        pattern: None,
        format: reader.text("format")?.and_then(Format::parse),
        items: reader.child("items", depth)?.map(Box::new),
        fewest_items: reader.count("minItems")?,
        most_items: reader.count("maxItems")?,
        are_unique: reader.flag("uniqueItems")?,
        properties: reader.properties(depth)?,
        required: reader.names("required")?,
        additional: reader.additional(depth)?,
        all_of: reader.children("allOf", depth)?,
        any_of: reader.children("anyOf", depth)?,
        one_of: reader.children("oneOf", depth)?,
    };
    if let Some(pattern) = reader.text("pattern")? {
        let compiled = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
        node.pattern = Some(compiled.map_err(|_| {
            reader.wrong(
                "pattern",
                "this pattern cannot be used; write it without look-around and back-references",
            )
        })?);
    }
    // OpenAPI 3.0.
    if reader.flag("nullable")? && !node.kinds.is_empty() {
        node.kinds.push(Kind::Null);
        if let Some(values) = &mut node.values {
            values.push(Value::Null);
        }
    }
    Ok(node)
}

fn mistake(at: &str, what: impl Into<String>) -> SchemaMistake {
    SchemaMistake {
        at: if at.is_empty() { "/" } else { at }.to_owned(),
        what: what.into(),
    }
}

impl Reader<'_> {
    fn wrong(&self, key: &str, what: impl Into<String>) -> SchemaMistake {
        mistake(&format!("{}/{key}", self.at), what)
    }

    fn kinds(&self) -> Result<Vec<Kind>, SchemaMistake> {
        let names: Vec<&Value> = match self.fields.get("type") {
            // What has fields is an object, although nobody said so.
            None if self.fields.contains_key("properties") => return Ok(vec![Kind::Object]),
            None => return Ok(Vec::new()),
            Some(Value::Array(names)) => names.iter().collect(),
            Some(name) => vec![name],
        };
        let kinds = names
            .into_iter()
            .map(|name| name.as_str().and_then(Kind::parse));
        let kinds: Option<Vec<Kind>> = kinds.collect();
        kinds.ok_or_else(|| self.wrong("type", "there is no such type"))
    }

    fn values(&self) -> Result<Option<Vec<Value>>, SchemaMistake> {
        if let Some(only) = self.fields.get("const") {
            return Ok(Some(vec![only.clone()]));
        }
        match self.fields.get("enum") {
            None => Ok(None),
            Some(Value::Array(values)) if !values.is_empty() => Ok(Some(values.clone())),
            Some(_) => Err(self.wrong("enum", "it is a list of values")),
        }
    }

    fn number(&self, key: &str) -> Result<Option<f64>, SchemaMistake> {
        match self.fields.get(key) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong(key, "it is a number")),
            },
        }
    }

    /// A bound in the form of OpenAPI 3.0 (a number and a flag) or of today (two numbers); the tighter one holds.
    fn bound(&self, plain: &str, exclusive: &str) -> Result<Option<Bound>, SchemaMistake> {
        let given = self.number(plain)?;
        let is_flag = matches!(self.fields.get(exclusive), Some(Value::Bool(_)));
        if is_flag {
            let is_exclusive = self.flag(exclusive)?;
            return Ok(given.map(|at| Bound { at, is_exclusive }));
        }
        let strict = self.number(exclusive)?;
        let is_upper = plain == "maximum";
        Ok(match (given, strict) {
            (Some(at), Some(strict)) if (is_upper && at < strict) || (!is_upper && at > strict) => {
                Some(Bound {
                    at,
                    is_exclusive: false,
                })
            }
            (_, Some(at)) => Some(Bound {
                at,
                is_exclusive: true,
            }),
            (Some(at), None) => Some(Bound {
                at,
                is_exclusive: false,
            }),
            (None, None) => None,
        })
    }

    fn multiple_of(&self) -> Result<Option<f64>, SchemaMistake> {
        match self.number("multipleOf")? {
            Some(step) if step > 0.0 => Ok(Some(step)),
            Some(_) => Err(self.wrong("multipleOf", "it is larger than 0")),
            None => Ok(None),
        }
    }

    fn count(&self, key: &str) -> Result<Option<usize>, SchemaMistake> {
        match self.fields.get(key) {
            None => Ok(None),
            Some(value) => {
                let count = value.as_u64().and_then(|n| usize::try_from(n).ok());
                let count =
                    count.ok_or_else(|| self.wrong(key, "it is a whole number from 0 on"))?;
                Ok(Some(count))
            }
        }
    }

    fn flag(&self, key: &str) -> Result<bool, SchemaMistake> {
        match self.fields.get(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.wrong(key, "it is true or false")),
        }
    }

    fn text(&self, key: &str) -> Result<Option<&str>, SchemaMistake> {
        match self.fields.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "it is text")),
        }
    }

    fn names(&self, key: &str) -> Result<Vec<String>, SchemaMistake> {
        let wrong = || self.wrong(key, "it is a list of names");
        match self.fields.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(names)) => (names.iter())
                .map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong))
                .collect(),
            Some(_) => Err(wrong()),
        }
    }

    fn child(&self, key: &str, depth: usize) -> Result<Option<Node>, SchemaMistake> {
        let Some(schema) = self.fields.get(key) else {
            return Ok(None);
        };
        node(schema, &format!("{}/{key}", self.at), depth + 1).map(Some)
    }

    fn children(&self, key: &str, depth: usize) -> Result<Vec<Node>, SchemaMistake> {
        let schemas = match self.fields.get(key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(schemas)) if !schemas.is_empty() => schemas,
            Some(_) => return Err(self.wrong(key, "it is a list of schemas")),
        };
        let read = |(n, schema)| node(schema, &format!("{}/{key}/{n}", self.at), depth + 1);
        schemas.iter().enumerate().map(read).collect()
    }

    fn properties(&self, depth: usize) -> Result<Vec<(String, Node)>, SchemaMistake> {
        let schemas = match self.fields.get("properties") {
            None => return Ok(Vec::new()),
            Some(Value::Object(schemas)) if schemas.len() <= MOST_FIELDS => schemas,
            Some(_) => {
                let what = format!("it is an object with at most {MOST_FIELDS} fields");
                return Err(self.wrong("properties", what));
            }
        };
        let read = |(name, schema): (&String, &Value)| {
            let at = format!("{}/properties/{name}", self.at);
            node(schema, &at, depth + 1).map(|inner| (name.clone(), inner))
        };
        schemas.iter().map(read).collect()
    }

    fn additional(&self, depth: usize) -> Result<Additional, SchemaMistake> {
        Ok(match self.fields.get("additionalProperties") {
            None | Some(Value::Bool(true)) => Additional::Any,
            Some(Value::Bool(false)) => Additional::None,
            Some(_) => match self.child("additionalProperties", depth)? {
                Some(of) => Additional::Of(Box::new(of)),
                None => Additional::Any,
            },
        })
    }
}

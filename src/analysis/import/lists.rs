//! JSON: Telegram's export, and lists of messages as programs write them, with any usual names for who, when and what.

use serde_json::{Map, Value};

use super::{Format, ImportError, Line, role, telegram, time, unix};

/// Keys under which an object holds its messages, the likeliest first.
const LISTS: &[&str] = &[
    "messages",
    "turns",
    "conversation",
    "transcript",
    "dialogue",
    "chat",
    "data",
    "items",
];
pub(super) const TEXT: &[&str] = &["text", "content", "message", "body", "utterance", "msg"];
pub(super) const NAME: &[&str] = &["name", "author", "from", "sender", "speaker", "user"];
pub(super) const ROLE: &[&str] = &[
    "role",
    "direction",
    "author_type",
    "sender_type",
    "from_type",
    "type",
    "speaker",
    "author",
    "from",
    "sender",
];
pub(super) const TIME: &[&str] = &[
    "at",
    "time",
    "timestamp",
    "date",
    "created_at",
    "createdat",
    "sent_at",
    "datetime",
    "ts",
];

pub(super) fn read(text: &str) -> Result<(Format, Vec<Line>), ImportError> {
    let wrong = |what: String| ImportError::Wrong {
        format: Format::Json,
        what,
    };
    let value: Value = serde_json::from_str(text).or_else(|error| {
        // One object a line.
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .map(serde_json::from_str)
            .collect::<Result<Vec<Value>, _>>()
            .map(Value::Array)
            .map_err(|_| ImportError::Line {
                format: Format::Json,
                line: error.line(),
                what: format!("{error}"),
            })
    })?;
    if let Value::Object(object) = &value
        && object.get("messages").is_some_and(Value::is_array)
        && object.contains_key("type")
        && object.contains_key("id")
    {
        let chat = serde_json::from_value(value).map_err(|error| ImportError::Wrong {
            format: Format::Telegram,
            what: error.to_string(),
        })?;
        return Ok((Format::Telegram, telegram::read(chat)));
    }
    let list = list(value).ok_or_else(|| {
        wrong(
            "there is no list of messages; a list of objects with \"text\" and \"role\" is read"
                .into(),
        )
    })?;
    let mut lines = Vec::with_capacity(list.len());
    for (place, item) in list.into_iter().enumerate() {
        let line = match item {
            Value::String(text) => Line {
                text,
                ..Line::default()
            },
            Value::Object(object) => line(&object),
            _ => {
                return Err(wrong(format!(
                    "message {} is neither an object nor a text",
                    place + 1
                )));
            }
        };
        lines.push(line);
    }
    if !lines.is_empty() && lines.iter().all(|line| line.text.trim().is_empty()) {
        return Err(wrong(format!(
            "the messages have no text; it is looked for under {}",
            TEXT.join(", ")
        )));
    }
    Ok((Format::Json, lines))
}

fn list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(list) => Some(list),
        Value::Object(mut object) => LISTS.iter().find_map(|key| match object.remove(*key)? {
            Value::Array(list) => Some(list),
            inner @ Value::Object(_) => list(inner),
            _ => None,
        }),
        _ => None,
    }
}

fn line(object: &Map<String, Value>) -> Line {
    let keys: Map<String, Value> = object
        .iter()
        .map(|(key, value)| (key.to_lowercase(), value.clone()))
        .collect();
    let first = |names: &[&str]| names.iter().find_map(|name| keys.get(*name));
    let text = TEXT
        .iter()
        .filter_map(|name| keys.get(*name))
        .map(telegram::flat)
        .find(|text| !text.is_empty());
    let names = NAME.iter().filter_map(|key| keys.get(*key)).map(spoken);
    let name = names.flatten().find(|name| !name.is_empty());
    let roles = ROLE.iter().filter_map(|key| keys.get(*key)).map(kind);
    let who = roles.flatten().find_map(|word| role(&word));
    let at = first(TIME).and_then(|at| match at {
        Value::String(text) => time(text),
        Value::Number(number) => unix(number.as_f64()?),
        _ => None,
    });
    Line {
        name,
        who,
        at,
        text: text.unwrap_or_default(),
    }
}

/// The name in a text, or in an object such as `{"name": …}`.
fn spoken(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => Some(name.trim().to_owned()),
        Value::Object(of) => of.get("name").and_then(spoken),
        _ => None,
    }
}

/// The word for a role in a text, or in an object such as `{"type": …}`.
fn kind(value: &Value) -> Option<String> {
    match value {
        Value::String(word) => Some(word.clone()),
        Value::Object(of) => of.get("role").or_else(|| of.get("type")).and_then(kind),
        _ => None,
    }
}

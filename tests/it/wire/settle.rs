//! Replaces what differs from run to run by what it is, and holds the rest against its snapshot.

use std::fmt::Write as _;
use std::io::Cursor;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::{Map, Value};

use crate::app::Reply;

/// Headers that are part of a format.
const HEADERS: [&str; 8] = [
    "content-type",
    "content-disposition",
    "content-range",
    "cache-control",
    "retry-after",
    "location",
    "www-authenticate",
    "allow",
];
/// Lists of more numbers than this are counted.
const MOST_NUMBERS: usize = 16;

/// Seconds from the year 2020 to 2100: the calls of the tests are later.
const SECONDS: std::ops::Range<i64> = 1_577_836_800..4_102_444_800;
const MILLISECONDS: std::ops::Range<i64> = 1_577_836_800_000..4_102_444_800_000;

static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let pattern = |(pattern, with)| (Regex::new(pattern).unwrap(), with);
    let all = [
        (r"\bfd_([a-z]+)_[0-9A-Za-z]+", "fd_${1}_[secret]"),
        (r"\bek_[0-9A-Za-z_-]{8,}", "ek_[secret]"),
        (r"AGE-SECRET-KEY-1[0-9A-Z]+", "AGE-SECRET-KEY-1[secret]"),
        (r"\btoken=[0-9A-Za-z_-]+", "token=[secret]"),
        (r"\b[0-9a-f]{64}\b", "[sha256]"),
        (
            r"\bfrontdesk-[0-9TZ-]+\.zip\.age",
            "frontdesk-[time].zip.age",
        ),
        (
            r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?",
            "[time]",
        ),
        (r"127\.0\.0\.1([:_])\d+", "127.0.0.1${1}[port]"),
        (r#"[^\s"]*/\.tmp[0-9A-Za-z]{6}"#, "[folder]"),
        (r"\?v=[0-9a-f]+", "?v=[version]"),
        ("^[0-9A-Za-z+/=]{200,}$", "[base64]"),
    ];
    all.into_iter().map(pattern).collect()
});

/// Ids, and those that OpenAI's clients know by their beginning.
static IDS: LazyLock<Regex> = LazyLock::new(|| {
    let id = r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b([a-z]+[-_])([0-9a-f]{32})\b";
    Regex::new(id).unwrap()
});

/// The last columns of receipts in a table: how long the answer took in ms, and its conversation.
static TOTALS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#""\d+","(\[id \d+\])?"\[CR\]"#).unwrap());

/// How much of a value differs from run to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Ids, times, durations.
    Settled,
    /// Ids and times; durations are those of the test.
    Exact,
    /// All of it depends on the machine: only the kinds of values are kept.
    Kinds,
}

/// At most two decimals.
fn is_short(number: f64) -> bool {
    let hundredths = number * 100.0;
    (hundredths - hundredths.round()).abs() < 1e-4
}

/// Numbers the ids of one snapshot by their first mention.
struct Settler {
    how: How,
    ids: Vec<String>,
}

impl Settler {
    fn new(how: How) -> Self {
        let ids = Vec::new();
        Self { how, ids }
    }

    fn number_of(&mut self, id: &str) -> usize {
        let known = self.ids.iter().position(|known| known == id);
        known.unwrap_or_else(|| {
            self.ids.push(id.to_owned());
            self.ids.len() - 1
        }) + 1
    }

    fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (pattern, with) in PATTERNS.iter() {
            text = pattern.replace_all(&text, *with).into_owned();
        }
        let numbered = IDS.replace_all(&text, |found: &Captures<'_>| {
            let beginning = found.get(1).map_or("", |m| m.as_str());
            let id = found.get(2).map_or(&found[0], |m| m.as_str());
            format!("{beginning}[id {}]", self.number_of(id))
        });
        // Otherwise they could not be seen.
        let shown = numbered.replace('\u{feff}', "[BOM]");
        let shown = shown.replace('\r', "[CR]");
        TOTALS
            .replace_all(&shown, r#""[ms]","$1"[CR]"#)
            .into_owned()
    }

    fn value(&mut self, key: &str, value: &Value, is_time: bool) -> Value {
        let is_time = is_time
            || ["_ms", "_p50", "_p95"].iter().any(|end| key.ends_with(end))
            || key.starts_with("timings");
        match value {
            Value::Object(fields) => {
                let mut settled = Map::new();
                for (key, value) in fields {
                    settled.insert(self.text(key), self.value(key, value, is_time));
                }
                Value::Object(settled)
            }
            Value::Array(items)
                if items.len() > MOST_NUMBERS && items.iter().all(Value::is_number) =>
            {
                format!("[{} numbers]", items.len()).into()
            }
            Value::Array(items) => {
                let settled = items.iter().map(|item| self.value(key, item, is_time));
                Value::Array(settled.collect())
            }
            Value::Number(_) if self.how == How::Kinds => "[number]".into(),
            Value::String(_) if self.how == How::Kinds => "[text]".into(),
            Value::Bool(_) if self.how == How::Kinds => "[true or false]".into(),
            Value::Number(number) => self.number(number, is_time),
            Value::String(text) if text == env!("CARGO_PKG_VERSION") => "[version]".into(),
            Value::String(text) => self.text(text).into(),
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    fn number(&self, number: &serde_json::Number, is_time: bool) -> Value {
        match (number.as_i64(), number.as_f64()) {
            (Some(ms), _) if MILLISECONDS.contains(&ms) => "[time in ms]".into(),
            (Some(s), _) if SECONDS.contains(&s) => "[time in s]".into(),
            _ if is_time && self.how != How::Exact => "[ms]".into(),
            // What was computed differs in its last digits between machines.
            (None, Some(computed)) if !is_short(computed) => "[fraction]".into(),
            _ => Value::Number(number.clone()),
        }
    }

    fn json(&mut self, value: &Value) -> String {
        let settled = self.value("", value, false);
        serde_json::to_string_pretty(&settled).unwrap()
    }

    fn json_text(&mut self, text: &str) -> String {
        match serde_json::from_str(text) {
            Ok(value) => self.json(&value),
            Err(_) => self.text(text),
        }
    }

    fn body(&mut self, reply: &Reply) -> String {
        let media_type = reply.header("content-type");
        let of = |kind: &str| media_type.contains(kind);
        if of("ndjson") {
            let lines = reply.text().lines().map(|line| self.json_text(line));
            lines.collect::<Vec<_>>().join("\n")
        } else if of("json") {
            self.json(&reply.json())
        } else if of("event-stream") {
            let event = |(name, data): &(String, String)| {
                format!("event: {name}\n{}", self.json_text(data))
            };
            reply
                .events()
                .iter()
                .map(event)
                .collect::<Vec<_>>()
                .join("\n\n")
        } else if of("zip") {
            let archive = zip::ZipArchive::new(Cursor::new(&reply.body[..])).unwrap();
            let names = archive.file_names().map(|name| self.text(&name.unwrap()));
            names.collect::<Vec<_>>().join("\n")
        } else if of("text") || of("subrip") {
            self.text(reply.text())
        } else if reply.body.is_empty() {
            "[nothing]".into()
        } else {
            let beginning = &reply.body[..reply.body.len().min(4)];
            format!("[sound or file: {}]", beginning.escape_ascii())
        }
    }

    fn reply(&mut self, asked: &str, reply: &Reply) -> String {
        let mut text = format!("{}\n\n{}\n", self.text(asked), reply.status);
        for name in HEADERS {
            if reply.headers.contains_key(name) {
                let value = self.text(reply.header(name));
                writeln!(text, "{name}: {value}").unwrap();
            }
        }
        text + "\n" + &self.body(reply)
    }
}

/// Holds a reply with its status and headers against the snapshot of this name.
pub fn hold(name: &str, asked: &str, reply: &Reply, how: How) {
    hold_text(name, &Settler::new(how).reply(asked, reply));
}

/// Holds messages of a socket against the snapshot of this name.
pub fn hold_messages(name: &str, messages: &[Value]) {
    let mut settler = Settler::new(How::Settled);
    let shown: Vec<String> = messages.iter().map(|m| settler.json(m)).collect();
    hold_text(name, &shown.join("\n"));
}

/// Holds a text against the snapshot of this name.
pub fn hold_text(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

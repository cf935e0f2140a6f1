//! A chat that Telegram Desktop exported as JSON (`result.json`).

use serde::Deserialize;
use serde_json::Value;

use super::{Line, time};

#[derive(Deserialize)]
pub(super) struct Chat {
    pub(super) messages: Vec<Message>,
}

#[derive(Deserialize)]
pub(super) struct Message {
    #[serde(rename = "type")]
    kind: String,
    /// Of a deleted account it is null.
    from: Option<String>,
    date: Option<String>,
    date_unixtime: Option<String>,
    /// A text, or its pieces: texts and objects with a `text` (links, bold words).
    #[serde(default)]
    text: Value,
    media_type: Option<String>,
    file: Option<String>,
    photo: Option<String>,
}

pub(super) fn read(chat: Chat) -> Vec<Line> {
    let said = chat
        .messages
        .into_iter()
        .filter(|message| message.kind == "message");
    said.map(|message| {
        let mut text = flat(&message.text);
        if text.trim().is_empty() {
            text = match (&message.media_type, &message.file, &message.photo) {
                (Some(kind), ..) => format!("[{}]", kind.replace('_', " ")),
                (_, Some(_), _) => "[file]".to_owned(),
                (.., Some(_)) => "[photo]".to_owned(),
                _ => String::new(),
            };
        }
        let at = message.date_unixtime.or(message.date);
        Line {
            name: Some(message.from.unwrap_or_else(|| "Deleted account".to_owned())),
            who: None,
            at: at.and_then(|at| time(&at)),
            text,
        }
    })
    .collect()
}

pub(super) fn flat(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(pieces) => pieces.iter().map(flat).collect(),
        Value::Object(piece) => piece.get("text").map(flat).unwrap_or_default(),
        _ => String::new(),
    }
}

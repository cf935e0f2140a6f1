//! A thread of e-mail: one message (`.eml`) or a mailbox of them (`.mbox`). What a message quotes of those before it is cut.

use mail_parser::mailbox::mbox::MessageIterator;
use mail_parser::{Message, MessageParser};

use super::{Format, ImportError, Line};
use crate::mail::own_words;

const FIELDS: &[&str] = &[
    "from:",
    "to:",
    "subject:",
    "date:",
    "received:",
    "return-path:",
    "message-id:",
    "mime-version:",
    "delivered-to:",
];

pub(super) fn is_mail(start: &str) -> bool {
    is_mailbox(start.as_bytes()) || {
        let head = start.lines().take(20).take_while(|line| !line.is_empty());
        let fields = head.filter(|line| {
            let line = line.to_lowercase();
            FIELDS.iter().any(|field| line.starts_with(field))
        });
        fields.count() >= 2
    }
}

fn is_mailbox(bytes: &[u8]) -> bool {
    bytes.starts_with(b"From ")
}

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Line>, ImportError> {
    let wrong = |what: &str| ImportError::Wrong {
        format: Format::Email,
        what: what.to_owned(),
    };
    let parser = MessageParser::default();
    if !is_mailbox(bytes) {
        let message = parser
            .parse(bytes)
            .ok_or_else(|| wrong("there is no message in it"))?;
        return Ok(vec![line(&message)]);
    }
    let mut lines = Vec::new();
    for raw in MessageIterator::new(bytes) {
        let raw = raw.map_err(|_| wrong("the mailbox breaks off"))?;
        if let Some(message) = parser.parse(raw.contents()) {
            lines.push(line(&message));
        }
    }
    Ok(lines)
}

fn line(message: &Message<'_>) -> Line {
    let sender = message.from().and_then(|from| from.first());
    let name = sender.and_then(|sender| {
        sender
            .name()
            .or_else(|| sender.address())
            .map(str::to_owned)
    });
    Line {
        name,
        who: None,
        at: message.date().map(|date| date.to_timestamp() * 1000),
        text: message
            .body_text(0)
            .map(|text| own_words(&text))
            .unwrap_or_default(),
    }
}

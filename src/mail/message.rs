//! A message as it goes over the wire: plain text with headers that no input can add to.

use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::{Address, Message};

use super::address::domain;
use super::settings::Sender;
use crate::reason::Reason;
use crate::store::mail::Sending;

/// A message with its envelope.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) bytes: Vec<u8>,
}

/// Builds the message. The same one gets the same `Message-ID` and `Date` at every attempt, so that a copy can be
/// recognised.
///
/// # Errors
/// For addresses that cannot be used.
pub(super) fn build(sender: &Sender, mail: &Sending) -> Result<Letter, Reason> {
    let from = address(&sender.address)?;
    let to = address(&mail.recipient)?;
    // The settings hold no control characters; lettre panics at one.
    let name: String = sender.name.chars().filter(|c| !c.is_control()).collect();
    let name = Some(name).filter(|name| !name.is_empty());
    let age = Duration::from_millis(u64::try_from(mail.created_at).unwrap_or(0));
    let mut message = Message::builder()
        .from(Mailbox::new(name, from.clone()))
        .to(Mailbox::new(None, to.clone()))
        .subject(mail.title.replace(|c: char| c.is_control(), " "))
        .date(SystemTime::UNIX_EPOCH + age)
        .message_id(Some(format!("<{}@{}>", mail.id, domain(&sender.address))))
        // RFC 3834: no vacation notice answers it.
        .raw_header(header("Auto-Submitted", "auto-generated"))
        // The same for Exchange, which does not look at that.
        .raw_header(header("X-Auto-Response-Suppress", "All"));
    if let Some(reply_to) = &mail.reply_to {
        message = message.reply_to(Mailbox::new(None, address(reply_to)?));
    }
    let message = message
        .singlepart(SinglePart::plain(mail.text.clone()))
        .map_err(Reason::of)?;
    let bytes = message.formatted();
    Ok(Letter { from, to, bytes })
}

fn address(text: &str) -> Result<Address, Reason> {
    text.parse()
        .map_err(|error| Reason::told(format!("“{text}” is no e-mail address"), error))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;
    use crate::store::MailId;
    use crate::store::mail::MailKind;

    fn sending(title: &str, text: &str) -> Sending {
        Sending {
            id: MailId::new(),
            kind: MailKind::Notice,
            recipient: "anna@example.com".into(),
            title: title.into(),
            text: text.into(),
            reply_to: Some("desk+r.0123@example.com".into()),
            attempts: 0,
            created_at: 1_795_366_020_000,
        }
    }

    fn sender() -> Sender {
        Sender {
            name: "Café “Zur Post”".into(),
            address: "desk@example.com".into(),
        }
    }

    #[test]
    fn headers_are_complete_and_the_text_comes_back() {
        let long = "ä".repeat(2000);
        let text = format!("Grüße\n.\n.. dots\n{long}\nこんにちは");
        let mail = sending("Jemand wartet: „Hilfe“", &text);
        let letter = build(&sender(), &mail).unwrap();
        assert!(letter.bytes.is_ascii());
        let lines = letter.bytes.split(|byte| *byte == b'\n');
        assert!(
            lines
                .clone()
                .all(|line| line.len() <= 998 && (line.is_empty() || line.ends_with(b"\r")))
        );
        let read = MessageParser::default().parse(&letter.bytes).unwrap();
        assert_eq!(read.subject(), Some("Jemand wartet: „Hilfe“"));
        let from = read.from().unwrap().first().unwrap();
        assert_eq!(
            (from.name(), from.address()),
            (Some("Café “Zur Post”"), Some("desk@example.com"))
        );
        assert_eq!(
            read.reply_to().unwrap().first().unwrap().address(),
            Some("desk+r.0123@example.com")
        );
        assert_eq!(
            read.message_id(),
            Some(format!("{}@example.com", mail.id).as_str())
        );
        assert_eq!(read.date().unwrap().to_timestamp(), 1_795_366_020);
        assert_eq!(
            read.header_raw("Auto-Submitted").map(str::trim),
            Some("auto-generated")
        );
        let body = read.body_text(0).unwrap().replace("\r\n", "\n");
        assert_eq!(body.trim_end(), text);
        let again = build(&sender(), &mail).unwrap();
        assert_eq!(
            again.bytes, letter.bytes,
            "the same message at every attempt"
        );
    }

    #[test]
    fn no_input_adds_a_header() {
        let evil = "Hello\r\nBcc: evil@example.org\r\n\r\nBody";
        let mut mail = sending(evil, "text");
        let mut from = sender();
        from.name = evil.into();
        let letter = build(&from, &mail).unwrap();
        let read = MessageParser::default().parse(&letter.bytes).unwrap();
        assert!(read.bcc().is_none());
        assert_eq!(read.body_text(0).unwrap().trim(), "text");
        for address in ["a@example.com\r\nBcc: e@x.org", "a@example.com>, <e@x.org"] {
            mail.recipient = address.into();
            assert!(build(&sender(), &mail).is_err());
            mail.recipient = "anna@example.com".into();
            mail.reply_to = Some(address.into());
            assert!(build(&sender(), &mail).is_err());
            mail.reply_to = None;
        }
    }
}

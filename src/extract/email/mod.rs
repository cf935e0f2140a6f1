//! Stored e-mail messages, with the messages that are forwarded in them.

mod letter;

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

pub(super) use self::letter::{Letter, Mail};
use super::{ExtractError, Extracted, Format, Limits};

/// Reads subject, sender and date, then the text, then forwarded messages. Other attachments are only named in a note.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let message = MessageParser::default()
        .parse(bytes)
        .ok_or_else(|| ExtractError::malformed("it has no e-mail header"))?;
    let mut mail = Mail::new(limits);
    append(&mut mail, &message, 0)?;
    let subject = message.subject().map(str::trim).filter(|s| !s.is_empty());
    let mut out = mail.finish(Format::Email);
    out.title = subject.map(str::to_owned);
    out.written_at = written_at(&message);
    Ok(out)
}

/// Appends a message and those that it forwards. `depth` is 0 for the outermost.
fn append(mail: &mut Mail, message: &Message<'_>, depth: usize) -> Result<(), ExtractError> {
    mail.begin(&letter(message), depth)?;
    // The text part is preferred to HTML, since only it marks quoted lines with `>`.
    if message.text_body_count() > 0
        && message
            .text_part(0)
            .is_some_and(|p| p.is_text() && !p.is_text_html())
    {
        for part in 0..message.text_body_count() {
            if let Some(text) = message.body_text(part) {
                mail.push_text(&text)?;
            }
        }
    } else {
        for part in 0..message.html_body_count() {
            if let Some(page) = message.body_html(part) {
                mail.push_html(&page)?;
            }
        }
    }
    for part in message.attachments() {
        let name = part.attachment_name();
        match &part.body {
            PartType::Message(inner) if mail.may_open(depth) => append(mail, inner, depth + 1)?,
            // Some programs attach a message as a file.
            PartType::Binary(bytes) if name.is_some_and(is_message) && mail.may_open(depth) => {
                match MessageParser::default().parse(bytes.as_ref()) {
                    Some(inner) => append(mail, &inner, depth + 1)?,
                    None => mail.add_attachment(name),
                }
            }
            PartType::Message(_) => mail.add_attachment(name.or(Some("a forwarded message"))),
            _ => mail.add_attachment(name),
        }
    }
    Ok(())
}

fn is_message(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".eml")
}

fn letter(message: &Message<'_>) -> Letter {
    let sender = message.from().and_then(|a| a.first());
    Letter {
        subject: message.subject().map(str::to_owned),
        name: sender.and_then(|a| a.name()).map(str::to_owned),
        address: sender.and_then(|a| a.address()).map(str::to_owned),
        date: message
            .date()
            .map(|d| format!("{:04}-{:02}-{:02}", d.year, d.month, d.day)),
    }
}

/// In Unix ms.
fn written_at(message: &Message<'_>) -> Option<i64> {
    message
        .date()
        .map(|d| d.to_timestamp().saturating_mul(1_000))
        .filter(|at| *at > 0)
}

#[cfg(test)]
mod tests {
    use super::letter::MAX_FORWARDED;
    use super::*;

    fn texts(mail: &str) -> Vec<String> {
        let read = read(mail.as_bytes(), &Limits::default()).expect("the message is read");
        read.blocks.into_iter().map(|b| b.text).collect()
    }

    #[test]
    fn reads_subject_sender_and_text() {
        let mail = "From: Ana <ana@a.example>\r\nSubject: =?utf-8?q?Holiday_hours?=\r\nDate: Mon, 16 Nov 2026 10:00:00 -0500\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nClosed on =\r\nFriday.\r\n> Open on Friday.\r\n";
        let found = texts(mail);
        let expected = [
            "Holiday hours",
            "From: Ana (ana@a.example) | Date: 2026-11-16",
            "Closed on Friday.",
        ];
        assert_eq!(found, expected);
    }

    /// A message that forwards `inner` as a part of its own.
    fn forward(inner: &str, subject: &str) -> String {
        format!(
            "From: b@b.example\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"{subject}\"\r\n\r\n\
             --{subject}\r\nContent-Type: text/plain\r\n\r\nText of {subject}.\r\n\
             --{subject}\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--{subject}--\r\n"
        )
    }

    const INNER: &str = "From: c@c.example\r\nSubject: prices\r\n\r\nA boat costs 40 euros.\r\n";

    #[test]
    fn forwarded_messages_are_read_and_not_without_end() {
        let found = texts(&forward(&forward(INNER, "two"), "one"));
        let expected = [
            "one",
            "From: b@b.example",
            "Text of one.",
            "two",
            "From: b@b.example",
            "Text of two.",
            "prices",
            "From: c@c.example",
            "A boat costs 40 euros.",
        ];
        assert_eq!(found, expected);
        let deep = (0..MAX_FORWARDED + 3).fold(INNER.to_owned(), |inner, i| {
            forward(&inner, &format!("f{i}x"))
        });
        let read = read(deep.as_bytes(), &Limits::default()).expect("the message is read");
        let is_inner = |b: &crate::extract::Block| b.text.contains("40 euros");
        assert!(!read.blocks.iter().any(is_inner));
        assert!(
            read.notes[0].contains("a forwarded message"),
            "{:?}",
            read.notes
        );
    }

    #[test]
    fn a_message_that_is_quoted_as_forwarded_stays() {
        let mail = "From: b@b.example\r\nSubject: x\r\n\r\nSee below.\r\n\r\nBegin forwarded message:\r\n\r\n\
             > From: Cleo <c@c.example>\r\n> Subject: prices\r\n> Date: 3 May 2026\r\n>\r\n> A boat costs 40 euros.\r\n\r\n\
             On Monday Dan wrote:\r\n> A boat costs 30 euros.\r\n";
        let found = texts(mail).join("\n");
        assert!(found.contains("A boat costs 40 euros."), "{found}");
        assert!(!found.contains("30 euros"), "{found}");
    }
}

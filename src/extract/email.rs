//! Stored e-mail messages.

use mail_parser::{MessageParser, MimeHeaders};

use super::{BlockKind, Blocks, ExtractError, Extracted, Format, Limits, html, plain};

/// Reads subject, sender and date, then the text. Attachments are only named in a note.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let message = MessageParser::default()
        .parse(bytes)
        .ok_or_else(|| ExtractError::malformed("it has no e-mail header"))?;
    let mut blocks = Blocks::new(limits);
    let subject = message.subject().map(str::trim).filter(|s| !s.is_empty());
    if let Some(subject) = subject {
        blocks.push(BlockKind::Heading(1), subject, None)?;
    }
    let from = message.from().and_then(|a| a.first()).map(|a| {
        let (name, address) = (
            a.name().unwrap_or_default(),
            a.address().unwrap_or_default(),
        );
        if name.is_empty() {
            address.to_owned()
        } else {
            format!("{name} ({address})")
        }
    });
    let date = message
        .date()
        .map(|d| format!("{:04}-{:02}-{:02}", d.year, d.month, d.day));
    let envelope: Vec<String> = [("From", from), ("Date", date)]
        .into_iter()
        .filter_map(|(field, value)| value.map(|v| format!("{field}: {v}")))
        .collect();
    blocks.push(BlockKind::Paragraph, &envelope.join(" | "), None)?;
    let mut left_out = false;
    // The text part is preferred to HTML, since only it marks quoted lines with `>`.
    if message.text_body_count() > 0
        && message
            .text_part(0)
            .is_some_and(|p| p.is_text() && !p.is_text_html())
    {
        for part in 0..message.text_body_count() {
            if let Some(text) = message.body_text(part) {
                let (own, quoted) = strip_quoted(&text);
                left_out |= quoted;
                plain::append(&own, &mut blocks, None)?;
            }
        }
    } else {
        for part in 0..message.html_body_count() {
            if let Some(page) = message.body_html(part) {
                html::append_fragment(&page, &mut blocks)?;
            }
        }
    }
    let attached: Vec<&str> = message
        .attachments()
        .filter_map(|a| a.attachment_name())
        .collect();
    let mut out = blocks.finish(Format::Email);
    out.title = subject.map(str::to_owned);
    out.written_at = message
        .date()
        .map(|d| d.to_timestamp().saturating_mul(1_000))
        .filter(|at| *at > 0);
    if !attached.is_empty() {
        out.notes.push(format!(
            "Files attached to the e-mail were not read: {}. Upload them on their own.",
            attached.join(", ")
        ));
    }
    if left_out {
        out.notes.push(
            "Earlier messages that the e-mail quotes were left out, since they may be out of date."
                .into(),
        );
    }
    Ok(out)
}

/// Removes quoted lines (RFC 3676, section 4.5), unless there are no others. Also returns whether it removed any.
fn strip_quoted(text: &str) -> (String, bool) {
    let own: Vec<&str> = text.lines().filter(|l| !l.starts_with('>')).collect();
    if own.iter().all(|l| l.trim().is_empty()) {
        return (text.to_owned(), false);
    }
    let quoted = own.len() < text.lines().count();
    (own.join("\n"), quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_subject_sender_and_text() {
        let mail = "From: Ana <ana@a.example>\r\nSubject: =?utf-8?q?Holiday_hours?=\r\nDate: Mon, 16 Nov 2026 10:00:00 -0500\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nClosed on =\r\nFriday.\r\n> Open on Friday.\r\n";
        let read = read(mail.as_bytes(), &Limits::default()).expect("the message is read");
        assert_eq!(read.title.as_deref(), Some("Holiday hours"));
        let texts: Vec<&str> = read.blocks.iter().map(|b| b.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "Holiday hours",
                "From: Ana (ana@a.example) | Date: 2026-11-16",
                "Closed on Friday."
            ]
        );
    }
}

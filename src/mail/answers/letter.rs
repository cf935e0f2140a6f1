//! A message that came, as far as it matters: who says they sent it, whether a program wrote it, and its own words.

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Message, MessageParser, PartType};

use super::quoted::own_words;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    /// As the message says; nobody proved it.
    pub(super) sender: String,
    /// Why it is taken for an automatic answer.
    pub(super) automatic: Option<&'static str>,
    /// Without what it quotes.
    pub(super) text: String,
}

/// Beginnings of subjects that programs of which no header tells begin their answers with.
const AUTOMATIC_SUBJECTS: &[&str] = &[
    "automatic reply",
    "auto reply",
    "autoreply",
    "out of office",
    "out of the office",
    "automatische antwort",
    "abwesenheitsnotiz",
    "abwesend",
    "réponse automatique",
    "absence du bureau",
    "respuesta automática",
    "fuera de la oficina",
    "resposta automática",
    "fora do escritório",
    "undelivered mail",
    "undeliverable",
    "delivery status notification",
    "mail delivery failed",
];
/// Where programs begin to quote in HTML.
const QUOTED_HTML: &[&str] = &[
    "class=\"gmail_quote",
    "class=\"gmail_attr",
    "id=\"divrplyfwdmsg\"",
    "id=\"appendonsend\"",
    "id=\"mail-editor-reference-message-container\"",
    "class=\"moz-cite-prefix\"",
    "class=\"yahoo_quoted",
    "class=\"protonmail_quote",
    "<blockquote",
];

/// `None` if it is no message.
pub(super) fn read(bytes: &[u8]) -> Option<Letter> {
    let message = MessageParser::default().parse(bytes)?;
    let sender = message.from().and_then(|from| from.first());
    let sender = sender.and_then(|from| from.address()).unwrap_or_default();
    Some(Letter {
        sender: sender.trim().to_ascii_lowercase(),
        automatic: automatic(&message, sender),
        text: own_words(&text(&message)),
    })
}

/// The words of a message; its text part is preferred, since only there quotations are marked.
fn text(message: &Message<'_>) -> String {
    let parts = (0..message.text_body_count()).filter_map(|at| message.text_part(at as u32));
    let texts = parts.filter_map(|part| match &part.body {
        PartType::Text(text) => Some(text.as_ref().to_owned()),
        PartType::Html(page) => Some(html_to_text(before_quotation(page))),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

/// A page up to the element where the quotation begins.
fn before_quotation(page: &str) -> &str {
    let lower = page.to_ascii_lowercase();
    let begins = QUOTED_HTML.iter().filter_map(|mark| lower.find(mark)).min();
    let Some(at) = begins else { return page };
    let end = match lower.get(at..=at) {
        Some("<") => at,
        // The beginning of the element that has the attribute.
        _ => lower
            .get(..at)
            .and_then(|head| head.rfind('<'))
            .unwrap_or(at),
    };
    page.get(..end).unwrap_or(page)
}

/// RFC 3834, and what programs do that do not follow it.
fn automatic(message: &Message<'_>, sender: &str) -> Option<&'static str> {
    let header = |name: &'static str| {
        let raw = message.header_raw(name);
        raw.map(|value| value.trim().to_ascii_lowercase())
    };
    if header("Auto-Submitted").is_some_and(|value| !value.starts_with("no")) {
        return Some("it says that a program wrote it (Auto-Submitted)");
    }
    if header("Return-Path").is_some_and(|value| value == "<>") {
        return Some("it has no address to return to, as reports of failed mail");
    }
    let bulk = ["bulk", "junk", "list", "auto_reply"];
    if header("Precedence").is_some_and(|value| bulk.contains(&value.as_str())) {
        return Some("it says that it was sent to many or by a program (Precedence)");
    }
    let marks = [
        "X-Autoreply",
        "X-Autorespond",
        "X-Autoresponder",
        "X-Failed-Recipients",
    ];
    if marks.into_iter().any(|name| header(name).is_some()) {
        return Some("it says that a program wrote it");
    }
    if header("Content-Type").is_some_and(|value| value.starts_with("multipart/report")) {
        return Some("it is a report about mail");
    }
    let name = sender
        .split('@')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if ["mailer-daemon", "postmaster", "noreply", "no-reply"].contains(&name.as_str()) {
        return Some("it comes from a program's address");
    }
    let subject = message.subject().unwrap_or_default().trim().to_lowercase();
    if AUTOMATIC_SUBJECTS
        .iter()
        .any(|begin| subject.starts_with(begin))
    {
        return Some("its subject is that of an automatic answer");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(headers: &str, body: &str) -> Letter {
        let message = format!("From: Anna <Anna@Example.com>\r\nTo: x@y.z\r\n{headers}\r\n{body}");
        read(message.as_bytes()).unwrap()
    }

    #[test]
    fn a_plain_answer_is_its_own_words() {
        let headers = "Subject: Re: A visitor waits\r\nAuto-Submitted: no\r\nReturn-Path: <anna@example.com>\r\n\
                       Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n";
        let body = "We open at nine =E2=80=93 see you.\r\n\r\nOn Tue, 1 Dec 2026, Desk wrote:\r\n> A visitor waits\r\n";
        let letter = letter(headers, body);
        assert_eq!(letter.sender, "anna@example.com");
        assert_eq!(letter.automatic, None);
        assert_eq!(letter.text, "We open at nine – see you.");
    }

    #[test]
    fn programs_are_known_by_their_headers() {
        for headers in [
            "Auto-Submitted: auto-replied\r\n",
            "Return-Path: <>\r\n",
            "Precedence: bulk\r\n",
            "X-Autoreply: yes\r\n",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n",
            "Subject: Automatische Antwort: Urlaub\r\n",
            "Subject: =?utf-8?q?R=C3=A9ponse_automatique?= : absence\r\n",
        ] {
            assert!(
                letter(headers, "I am away.").automatic.is_some(),
                "{headers}"
            );
        }
        let bounce = read(b"From: MAILER-DAEMON@example.com\r\nSubject: x\r\n\r\nGone.").unwrap();
        assert!(bounce.automatic.is_some());
        assert_eq!(letter("Subject: My absence\r\n", "x").automatic, None);
    }

    #[test]
    fn pages_end_where_their_quotation_begins() {
        let page = |body: &str| letter("Content-Type: text/html; charset=utf-8\r\n", body).text;
        for quotation in [
            "<div class=\"gmail_quote\"><div>On Tue Desk wrote:</div><blockquote>Hello</blockquote></div>",
            "<div id=\"divRplyFwdMsg\"><b>Von:</b> Desk</div><div>Hello</div>",
            "<blockquote type=\"cite\">Hello</blockquote>",
        ] {
            let body =
                format!("<html><body><p>We open <b>at nine</b>.</p>{quotation}</body></html>");
            assert_eq!(page(&body), "We open at nine.", "{quotation}");
        }
        assert_eq!(page("<p>Plain &amp; short</p>"), "Plain & short");
    }

    #[test]
    fn the_text_part_of_two_is_taken() {
        let headers = "Content-Type: multipart/alternative; boundary=b\r\n";
        let body = "--b\r\nContent-Type: text/plain\r\n\r\nText words\r\n> Hello\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Page words</p>\r\n--b--\r\n";
        assert_eq!(letter(headers, body).text, "Text words");
    }

    #[test]
    fn a_message_that_is_cut_off_or_broken_is_still_read() {
        let headers = "Content-Type: multipart/mixed; boundary=b\r\n";
        let body = "--b\r\nContent-Type: text/plain\r\n\r\nText words\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K";
        assert_eq!(letter(headers, body).text, "Text words");
        for bytes in [
            &b""[..],
            b"\r\n\r\n",
            b"\xff\xfe\x00",
            b"From: a@b.c\r\nContent-Type: multipart/mixed; boundary=\"\r\n\r\n",
        ] {
            let _no_panic = read(bytes);
        }
    }
}

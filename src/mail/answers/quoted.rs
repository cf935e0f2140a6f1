//! What somebody wrote, without what their program quotes below it: the original message, its header, signatures of
//! telephones.

use super::INVITATION;

/// Lines above a quotation: how they begin and how they end, by language.
const SAID: &[(&str, &str)] = &[
    ("on ", "wrote:"),
    ("am ", "schrieb:"),
    ("le ", "a écrit :"),
    ("le ", "a écrit:"),
    ("el ", "escribió:"),
    ("em ", "escreveu:"),
    ("no dia ", "escreveu:"),
    ("a ", "escreveu:"),
    ("il ", "ha scritto:"),
    ("op ", "schreef:"),
];
/// Words within a line of German, where the name comes last: `Am 1.12.2026 um 18:34 schrieb Desk:`.
const SAID_WITHIN: &[(&str, &str)] = &[("am ", " schrieb "), ("op ", " schreef ")];
/// Lines between an answer and the original.
const RULES: &[&str] = &[
    "original message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "message d'origine",
    "message d’origine",
    "message original",
    "mensaje original",
    "mensagem original",
    "forwarded message",
    "weitergeleitete nachricht",
];
/// How the header of a quoted message begins, and what stands in the lines after it.
const SENDERS: &[&str] = &["from:", "von:", "de :", "de:", "da:", "van:"];
const FIELDS: &[&str] = &[
    "sent:",
    "date:",
    "to:",
    "subject:",
    "gesendet:",
    "datum:",
    "an:",
    "betreff:",
    "envoyé :",
    "envoyé:",
    "date :",
    "à :",
    "à:",
    "objet :",
    "objet:",
    "enviado:",
    "fecha:",
    "para:",
    "asunto:",
    "enviada:",
    "enviada em:",
    "enviado em:",
    "data:",
    "assunto:",
];
/// Signatures that telephones add.
const TELEPHONES: &[&str] = &[
    "sent from my ",
    "sent from outlook",
    "get outlook for ",
    "von meinem ",
    "gesendet von ",
    "gesendet mit ",
    "envoyé de mon ",
    "envoyé depuis ",
    "enviado desde mi ",
    "enviado do meu ",
    "enviado de meu ",
];
/// Most lines of the sentence above a quotation, as programs wrap it.
const WRAPPED: usize = 3;

/// The person's own words.
pub fn own_words(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{a0}'], " ");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let end = (0..lines.len()).find(|at| begins_quotation(&lines, *at));
    let own = lines.get(..end.unwrap_or(lines.len())).unwrap_or_default();
    let own: Vec<&str> = own
        .iter()
        .copied()
        .filter(|line| !is_quoted(line))
        .collect();
    // Once for all lines: a letter may consist of a million empty ones.
    let last = own.iter().rposition(|line| !line.trim().is_empty());
    let end = (0..own.len()).find(|at| begins_signature(&own, *at, last));
    let own = own.get(..end.unwrap_or(own.len())).unwrap_or_default();
    let mut words = String::new();
    for line in own {
        // Not more than one empty line in a row.
        if !(line.trim().is_empty() && words.ends_with("\n\n")) {
            words.push_str(line);
            words.push('\n');
        }
    }
    words.trim().to_owned()
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// Whether everything from this line on is the original message.
fn begins_quotation(lines: &[&str], at: usize) -> bool {
    let Some(line) = lines.get(at) else {
        return false;
    };
    let lower = line.trim().to_lowercase();
    if lower.is_empty() || is_quoted(line) {
        return false;
    }
    is_invitation(&lower)
        || is_rule(&lower)
        || is_header(lines, at, &lower)
        || (1..=WRAPPED).any(|count| says_who_wrote(lines, at, count))
}

/// Our own first line, which a program may have wrapped.
fn is_invitation(lower: &str) -> bool {
    let ours = INVITATION.to_lowercase();
    lower.starts_with("## ") && lower.len() > 20 && ours.starts_with(lower) || lower.contains(&ours)
}

/// `-----Original Message-----` and the like.
fn is_rule(lower: &str) -> bool {
    let inner = lower.trim_matches(|c: char| c == '-' || c == '_' || c.is_whitespace());
    let has_rule = lower.starts_with("--") || lower.starts_with("__");
    has_rule
        && (RULES.contains(&inner) || (inner.is_empty() && lower.starts_with("________________")))
}

/// The header that Outlook puts above the original.
fn is_header(lines: &[&str], at: usize, lower: &str) -> bool {
    let lower = lower.trim_start_matches('*');
    if !SENDERS.iter().any(|sender| lower.starts_with(sender)) {
        return false;
    }
    let after = lines
        .iter()
        .skip(at + 1)
        .filter(|line| !line.trim().is_empty());
    let fields = after.take(4).filter(|line| {
        let line = line.trim().trim_start_matches('*').to_lowercase();
        FIELDS.iter().any(|field| line.starts_with(field))
    });
    fields.count() >= 2
}

/// `On Tue, 1 Dec 2026, Desk wrote:`, on up to some lines, or right above a quotation any such
/// sentence without a date, or one in another language with an address in it.
fn says_who_wrote(lines: &[&str], at: usize, count: usize) -> bool {
    let Some(parts) = lines.get(at..at + count) else {
        return false;
    };
    if parts
        .iter()
        .any(|line| line.trim().is_empty() || is_quoted(line))
    {
        return false;
    }
    let sentence = parts.join(" ").trim().to_lowercase();
    if !sentence.ends_with(':') {
        return false;
    }
    // A person may write such words as well, but not with a date and a time.
    let has_number = sentence.chars().any(|c| c.is_ascii_digit());
    let is_known = SAID
        .iter()
        .any(|(begin, end)| sentence.starts_with(begin) && sentence.ends_with(end))
        || SAID_WITHIN
            .iter()
            .any(|(begin, within)| sentence.starts_with(begin) && sentence.contains(within));
    if is_known && has_number {
        return true;
    }
    let below = lines
        .iter()
        .skip(at + count)
        .find(|line| !line.trim().is_empty());
    let is_above =
        below.is_some_and(|line| is_quoted(line) || is_invitation(&line.trim().to_lowercase()));
    is_above && (is_known || sentence.contains('@'))
}

/// Whether everything from this line on is a signature. `last` is the last line with a word.
fn begins_signature(lines: &[&str], at: usize, last: Option<usize>) -> bool {
    let Some(line) = lines.get(at) else {
        return false;
    };
    // RFC 3676, section 4.3; programs take the space off.
    if *line == "--" || *line == "-- " {
        return true;
    }
    if last != Some(at) {
        return false;
    }
    let lower = line.trim().to_lowercase();
    TELEPHONES.iter().any(|begin| lower.starts_with(begin))
}

#[cfg(test)]
#[path = "quoted_tests.rs"]
mod tests;

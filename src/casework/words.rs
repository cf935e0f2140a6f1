//! The texts of notes, in the account's language.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::settings::Language;
use crate::analysis::types::{Analysis, Because, Side};
use crate::crm::Who;
use crate::store::casework::CrmTranscript;
use crate::store::crm::messages::Writer;

/// Longest note, in characters; a CRM says no limit of its own.
const LONGEST_NOTE: usize = 15_000;

#[derive(Debug, Default, Deserialize)]
struct Words {
    score: String,
    judged: String,
    reasons: String,
    rules: String,
    summary: String,
    intent: String,
    objections: String,
    promises: String,
    by_customer: String,
    by_business: String,
    until: String,
    next_step: String,
    draft: String,
    missing: String,
    voice: String,
    customer: String,
    staff: String,
}

static WORDS: LazyLock<HashMap<&str, Words>> = LazyLock::new(|| {
    let read = |text: &str| toml::from_str(text).unwrap_or_default();
    HashMap::from([
        ("en", read(include_str!("words/en.toml"))),
        ("es", read(include_str!("words/es.toml"))),
        ("pt", read(include_str!("words/pt.toml"))),
    ])
});

static NONE: LazyLock<Words> = LazyLock::new(Words::default);

fn words(language: Language) -> &'static Words {
    WORDS.get(language.code()).unwrap_or(&NONE)
}

/// A short text at the end of a note that tells it from all others.
pub(super) fn mark(kind: &str, about: &str) -> String {
    let digest = hex::encode(Sha256::digest(format!("{kind}:{about}")));
    let short: String = digest.chars().take(12).collect();
    format!("[fd:{short}]")
}

/// What an analysis found, as a note.
pub(super) fn analysis_note(analysis: &Analysis, language: Language, mark: &str) -> String {
    let words = words(language);
    let mut out = String::new();
    let score = &analysis.score;
    out.push_str(&words.score.replace("{value}", &score.value.to_string()));
    if !score.band.is_empty() {
        let _ = write!(out, " ({})", score.band);
    }
    out.push('\n');
    let judged = words.judged.replace("{own}", &score.own.to_string());
    out.push_str(&judged.replace("{rules}", &signed(score.rules)));
    out.push('\n');
    list_reasons(&mut out, &words.reasons, &score.reasons);
    list_reasons(&mut out, &words.rules, &score.by_rules);
    let summary = match analysis.summary.medium.is_empty() {
        true => &analysis.summary.short,
        false => &analysis.summary.medium,
    };
    part(&mut out, &words.summary, summary);
    part(
        &mut out,
        &words.intent,
        analysis.intent.as_deref().unwrap_or(""),
    );
    let objections = analysis
        .objections
        .iter()
        .map(|one| format!("{} \u{201c}{}\u{201d}", one.text, one.quote.text));
    list(&mut out, &words.objections, objections);
    let promises = analysis.promises.iter().map(|one| {
        let by = match one.by {
            Side::Customer => &words.by_customer,
            Side::Business => &words.by_business,
        };
        let until = one.until.as_ref();
        let until = until.map(|day| format!(", {}", words.until.replace("{day}", day)));
        format!("{by}: {}{}", one.what, until.unwrap_or_default())
    });
    list(&mut out, &words.promises, promises);
    if let Some(step) = &analysis.next_step {
        part(&mut out, &words.next_step, &step.what);
        part(&mut out, &words.draft, step.draft.as_deref().unwrap_or(""));
    }
    list(&mut out, &words.missing, analysis.missing.iter().cloned());
    finish(out, mark)
}

/// A voice message as text, as a note.
pub(super) fn voice_note(transcript: &CrmTranscript, language: Language, mark: &str) -> String {
    let words = words(language);
    let who = match transcript.who {
        Writer::Customer => &words.customer,
        Writer::Staff | Writer::Bot => &words.staff,
    };
    let head = words
        .voice
        .replace("{who}", who)
        .replace("{when}", &when(transcript.at))
        .replace("{length}", &length(transcript.duration_ms));
    finish(format!("{head}\n\n{}\n", transcript.text), mark)
}

/// Cuts a text that is too long, so that the mark is always there.
fn finish(text: String, mark: &str) -> String {
    let text = text.trim_end();
    let cut: String = text.chars().take(LONGEST_NOTE).collect();
    let more = if cut.len() < text.len() { " …" } else { "" };
    format!("{cut}{more}\n\n{mark}")
}

fn part(out: &mut String, head: &str, text: &str) {
    if !text.is_empty() {
        let _ = write!(out, "\n{head}\n{text}\n");
    }
}

fn list(out: &mut String, head: &str, rows: impl Iterator<Item = String>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "\n{head}");
    for row in rows {
        let _ = writeln!(out, "• {row}");
    }
}

fn list_reasons(out: &mut String, head: &str, reasons: &[Because]) {
    let rows = reasons.iter().map(|one| {
        let quote = one.quote.as_ref();
        let quote = quote.map(|quote| format!(" \u{201c}{}\u{201d}", quote.text));
        let points = signed(one.points);
        format!("{points} {}{}", one.text, quote.unwrap_or_default())
    });
    list(out, head, rows);
}

fn signed(points: i16) -> String {
    match points > 0 {
        true => format!("+{points}"),
        false => points.to_string(),
    }
}

/// In UTC, as the CRM's own time zone is not known here.
fn when(at: i64) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn length(ms: i64) -> String {
    let seconds = (ms.max(0) + 500) / 1000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// As the store names who wrote.
pub(super) fn from(who: Who) -> Writer {
    match who {
        Who::Customer => Writer::Customer,
        Who::Staff => Writer::Staff,
        Who::Bot => Writer::Bot,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::types::{NextStep, Quote, Score, Summary};
    use crate::store::casework::TranscriptState;

    fn analysis() -> Analysis {
        Analysis {
            summary: Summary {
                short: "Wants a course.".into(),
                medium: "Asks for the beginner course and its price.".into(),
                ..Summary::default()
            },
            score: Score {
                value: 82,
                own: 62,
                rules: 20,
                band: "hot".into(),
                reasons: vec![Because {
                    text: "asked for the price".into(),
                    points: 12,
                    quote: Some(Quote {
                        text: "How much is it?".into(),
                        turn: 0,
                    }),
                }],
                by_rules: Vec::new(),
            },
            next_step: Some(NextStep {
                what: "Send the offer.".into(),
                draft: None,
            }),
            ..Analysis::default()
        }
    }

    #[test]
    fn every_language_has_every_word() {
        for language in Language::ALL {
            let words = words(language);
            assert!(
                !words.score.is_empty() && !words.staff.is_empty(),
                "{}",
                language.code()
            );
            let note = analysis_note(&analysis(), language, "[fd:1]");
            assert!(note.contains("82") && note.contains("hot"), "{note}");
            assert!(note.contains("+20") && note.contains("How much is it?"));
            assert!(note.ends_with("[fd:1]") && !note.contains('{'), "{note}");
        }
    }

    #[test]
    fn a_note_that_is_too_long_keeps_its_mark() {
        let transcript = CrmTranscript {
            message: "m".into(),
            lead: "1".into(),
            who: Writer::Customer,
            at: 0,
            state: TranscriptState::Done,
            text: "word ".repeat(10_000),
            language: "en".into(),
            duration_ms: 61_200,
            code: None,
        };
        let note = voice_note(&transcript, Language::En, "[fd:2]");
        assert!(note.starts_with("Voice message of the customer, 1970-01-01 00:00 UTC (1:01)"));
        assert!(note.ends_with(" …\n\n[fd:2]"));
        assert!(note.chars().count() < LONGEST_NOTE + 20);
    }

    #[test]
    fn marks_differ_by_kind_and_by_what_they_are_about() {
        assert_eq!(mark("voice", "a"), mark("voice", "a"));
        assert_ne!(mark("voice", "a"), mark("voice", "b"));
        assert_ne!(mark("voice", "a"), mark("analysis", "a"));
    }
}

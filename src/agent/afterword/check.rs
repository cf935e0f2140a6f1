//! Whether what the model added may be shown.

use super::super::support::{self, Verdict};
use super::super::trace::SentenceTrace;
use super::Kind;
use crate::language::{Language, detect};

/// Most sentences of a friendly answer.
const MOST_SENTENCES: usize = 2;
/// Share of a friendly sentence's content words that a quotation must contain. At the writing rung's 0.6 a model turned
/// "grip socks, if you need them" into "you have to wear the grip socks".
const ENOUGH: f32 = 0.8;
/// A translation is at most this many times as long as the quotation, and no shorter than its inverse: what is
/// far beyond is no translation. Chinese and Japanese need far fewer characters than Latin scripts.
const LENGTHS: f32 = 4.0;

/// The text that may be shown, and the verdict on each sentence.
pub(super) struct Checked {
    /// Empty if nothing may be shown.
    pub(super) text: String,
    pub(super) verdicts: Vec<SentenceTrace>,
}

pub(super) fn check(kind: Kind, written: &str, quotes: &[String], language: Language) -> Checked {
    match kind {
        Kind::Friendly => check_friendly(written, quotes),
        Kind::Translation => check_translation(written, quotes, language),
    }
}

/// Keeps what the quotations support. Repeating one of them word for word is no help.
fn check_friendly(written: &str, quotes: &[String]) -> Checked {
    let (mut kept, verdicts) = support::keep_supported(written, quotes, ENOUGH);
    kept.truncate(MOST_SENTENCES);
    let text = kept.join(" ");
    let letters = |text: &str| -> String {
        let lower = text.to_lowercase();
        lower.chars().filter(|c| c.is_alphanumeric()).collect()
    };
    let repeated = quotes.iter().any(|q| letters(q).contains(&letters(&text)));
    Checked {
        text: if repeated { String::new() } else { text },
        verdicts,
    }
}

/// A translation is kept whole or not at all: it must be in the visitor's language, with the same figures, and deny
/// something only if the quotation does.
fn check_translation(written: &str, quotes: &[String], language: Language) -> Checked {
    let text = written
        .trim()
        .trim_matches(['"', '“', '”', '„', '«', '»'])
        .trim();
    let quoted = quotes.join(" ");
    let (long, short) = (quoted.chars().count() as f32, text.chars().count() as f32);
    let a_likely_length = short > 0.0 && short <= long * LENGTHS && long <= short * LENGTHS;
    let verdict = if !a_likely_length || !is_in(text, language) {
        Verdict::Unrelated { share: 0.0 }
    } else {
        support::compare_translation(text, &quoted)
    };
    let kept = matches!(verdict, Verdict::Supported { .. });
    Checked {
        text: if kept { text.to_owned() } else { String::new() },
        verdicts: vec![SentenceTrace {
            verdict,
            text: text.to_owned(),
        }],
    }
}

/// Whether a text seems to be in that language. Short texts that could be in any are let through.
fn is_in(text: &str, language: Language) -> bool {
    detect::of_question_among(text, &[language]) == language
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: Kind, written: &str, quote: &str, language: Language) -> String {
        check(kind, written, &[quote.to_owned()], language).text
    }

    #[test]
    fn a_friendly_sentence_says_what_the_quotation_says() {
        let quote = "Parking: We validate up to 2 hours in the garage on Elm Street.";
        for (written, expected) in [
            (
                "Yes, we validate up to 2 hours of parking in the garage.",
                "We validate up to 2 hours of parking in the garage.",
            ),
            ("We validate 3 hours in the garage.", ""),
            ("We do not validate 2 hours in the garage.", ""),
            ("We validate up to 2 hours in the garage.", ""),
            (
                "For parking in the garage we validate 2 hours. The roof deck is free.",
                "For parking in the garage we validate 2 hours.",
            ),
            ("", ""),
        ] {
            assert_eq!(
                shown(Kind::Friendly, written, quote, Language::En),
                expected,
                "{written}"
            );
        }
    }

    #[test]
    fn a_word_that_decides_must_be_in_the_quotation() {
        let quote = "Admission: Grip socks, if you need them: $4 a pair, yours to keep.";
        let written = "Yes, you have to wear the grip socks.";
        assert_eq!(shown(Kind::Friendly, written, quote, Language::En), "");
    }

    #[test]
    fn a_translation_keeps_figures_and_denials() {
        let quote = "Hunde dürfen nicht in den Pool. Der Eintritt kostet 4,50 € bis 17:00 Uhr.";
        for (written, kept) in [
            (
                "Dogs are not allowed in the pool. Admission costs €4.50 until 5:00 pm (17:00).",
                false,
            ),
            (
                "Dogs are not allowed in the pool. Admission costs 4.50 € until 17:00.",
                true,
            ),
            (
                "Dogs are not allowed in the pool. Admission costs 5.40 € until 17:00.",
                false,
            ),
            (
                "Dogs are allowed in the pool. Admission costs 4.50 € until 17:00.",
                false,
            ),
            (
                "Dogs are not allowed in the pool. Admission costs 4.50 €.",
                false,
            ),
            (
                "Hunde dürfen nicht in den Pool. Der Eintritt kostet 4,50 € bis 17:00 Uhr.",
                false,
            ),
            ("No.", false),
            ("", false),
        ] {
            let text = shown(Kind::Translation, written, quote, Language::En);
            assert_eq!(!text.is_empty(), kept, "{written}");
        }
    }
}

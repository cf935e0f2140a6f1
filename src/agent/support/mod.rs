//! Checks whether the quoted places support a sentence that the model wrote. Unsupported sentences are cut before
//! anybody sees them.
//!
//! A sentence must pass three checks: every figure, time, date, name, phone number,
//! e-mail and web address must be in a quotation ([`tokens`]); most of its other words must be in
//! one of them; and it must not deny what that one affirms, or the reverse ([`polarity`]).

mod polarity;
mod tokens;

use serde::Serialize;

use super::trace::SentenceTrace;
use crate::knowledge::content_words;
use crate::language::sentences;

/// Share of a sentence's content words that one quotation must contain, 0 to 1.
pub(super) const ENOUGH: f32 = 0.6;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub(super) enum Verdict {
    /// A quotation supports it.
    Supported {
        /// Index of the quotation.
        quote: usize,
    },
    /// Some tokens are in no quotation.
    Unfounded {
        /// These figures, names and addresses.
        tokens: Vec<String>,
    },
    /// No quotation contains enough of its words.
    Unrelated {
        /// The largest share found, 0 to 1.
        share: f32,
    },
    /// It denies what the quotation affirms, or the reverse.
    Contrary,
    /// It has nothing to check ("Yes.").
    Empty,
}

/// Keeps the sentences that a quotation supports, up to the first that none does: later ones may refer to it. Returns
/// them with the verdict on each sentence checked. `enough` is the share of content words, see [`ENOUGH`].
pub(super) fn keep_supported(
    written: &str,
    quotes: &[String],
    enough: f32,
) -> (Vec<String>, Vec<SentenceTrace>) {
    let (mut kept, mut verdicts) = (Vec::new(), Vec::new());
    for range in sentences::sentences(written) {
        let Some(sentence) = written.get(range) else {
            continue;
        };
        let text = capitalise(strip_verdict(sentence));
        let verdict = check(&text, quotes, enough);
        let ends = !matches!(verdict, Verdict::Supported { .. } | Verdict::Empty);
        if matches!(verdict, Verdict::Supported { .. }) {
            kept.push(text.clone());
        }
        verdicts.push(SentenceTrace { verdict, text });
        if ends {
            break;
        }
    }
    (kept, verdicts)
}

/// Checks a sentence against the quotations.
fn check(sentence: &str, quotes: &[String], enough: f32) -> Verdict {
    let words = content_words(sentence);
    if words.is_empty() {
        return Verdict::Empty;
    }
    let unfounded = tokens::find_unfounded(sentence, quotes);
    if !unfounded.is_empty() {
        return Verdict::Unfounded { tokens: unfounded };
    }
    // Figures passed above, in whatever form they are written.
    let figure = |word: &str| word.chars().any(char::is_numeric);
    let spoken: Vec<&String> = words.iter().filter(|word| !figure(word)).collect();
    let best = quotes
        .iter()
        .enumerate()
        .map(|(at, quote)| {
            let there = content_words(quote);
            let both = spoken.iter().filter(|word| there.contains(**word)).count();
            let share = match spoken.len() {
                0 => 1.0,
                all => both as f32 / all as f32,
            };
            (share, at, quote)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let Some((share, at, quote)) = best else {
        return Verdict::Unrelated { share: 0.0 };
    };
    if share < enough {
        return Verdict::Unrelated { share };
    }
    if polarity::contradicts(sentence, quote) {
        return Verdict::Contrary;
    }
    Verdict::Supported { quote: at }
}

/// Checks a translation against the text: it must have the same figures and addresses, and deny something only if the
/// text does.
pub(super) fn compare_translation(translation: &str, text: &str) -> Verdict {
    let tokens = tokens::find_differing(translation, text);
    if !tokens.is_empty() {
        return Verdict::Unfounded { tokens };
    }
    if polarity::has_denial(translation) != polarity::has_denial(text) {
        return Verdict::Contrary;
    }
    Verdict::Supported { quote: 0 }
}

/// A sentence that begins with a capital letter.
fn capitalise(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Removes a bare "yes" or "no" at the beginning: the quotation has to
/// speak for itself.
fn strip_verdict(sentence: &str) -> &str {
    const BARE: [&str; 16] = [
        "yes", "no", "ja", "nein", "sí", "si", "oui", "non", "sì", "sim", "não", "tak", "nie",
        "evet", "hayır", "да",
    ];
    let trimmed = sentence.trim_start();
    let end = trimmed
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(trimmed.len());
    let (first, rest) = trimmed.split_at(end);
    let bare = BARE.contains(&first.to_lowercase().as_str());
    match rest.chars().next() {
        Some(',' | '.' | '!' | ':' | ';' | '–' | '—' | '-') if bare => {
            rest.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '$' | '€' | '£'))
        }
        None if bare => "",
        _ => trimmed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(sentence: &str, quote: &str) -> Verdict {
        check(sentence, &[quote.to_owned()], ENOUGH)
    }

    #[test]
    fn what_stands_in_the_quotation_holds() {
        for (sentence, quote) in [
            (
                "A ceramic crown costs $1,450.",
                "Service: All-ceramic crown · Standard fee: $1450 · Notes: build-up not included",
            ),
            (
                "We are open until 7 pm on Tuesday.",
                "Tuesday: open 8:00 am – 7:00 pm",
            ),
            (
                "Dr. Beltrán speaks Spanish.",
                "Dr. Luis Beltran, DDS. Speaks Spanish.",
            ),
            (
                "You can not return whitening kits.",
                "Whitening kits cannot be returned.",
            ),
        ] {
            assert!(
                matches!(verdict(sentence, quote), Verdict::Supported { .. }),
                "{sentence}: {:?}",
                verdict(sentence, quote)
            );
        }
    }

    #[test]
    fn what_does_not_stand_there_is_named() {
        let quote = "Complete denture each: $1890. Adjustments are free for 90 days.";
        for sentence in [
            "A complete denture costs $1,980.",
            "Adjustments are free for 60 days.",
            "Write to Anna Smith about adjustments of a denture.",
            "Mail help@example.com about a denture.",
        ] {
            assert!(
                matches!(verdict(sentence, quote), Verdict::Unfounded { .. }),
                "{sentence}: {:?}",
                verdict(sentence, quote)
            );
        }
        assert!(matches!(
            verdict("We also offer free parking for everybody.", quote),
            Verdict::Unrelated { .. }
        ));
        assert_eq!(
            verdict(
                "Whitening kits can be returned.",
                "Whitening kits cannot be returned."
            ),
            Verdict::Contrary
        );
        assert_eq!(verdict("Yes.", quote), Verdict::Empty);
    }

    #[test]
    fn a_bare_yes_is_taken_off() {
        assert_eq!(strip_verdict("Yes, we take cash."), "we take cash.");
        assert_eq!(strip_verdict("No. It costs $5."), "It costs $5.");
        assert_eq!(strip_verdict("No walk-ins."), "No walk-ins.");
        assert_eq!(strip_verdict("Yes"), "");
        assert_eq!(strip_verdict("Nobody, ever."), "Nobody, ever.");
    }
}

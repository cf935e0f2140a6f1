//! Detects a sentence that denies what a quotation affirms, or the reverse.

use unicode_segmentation::UnicodeSegmentation;

use crate::knowledge::content_words;
use crate::language::lists::is_negation;
use crate::language::sentences;
use crate::language::words::unaccented;

/// Whether a word, without accents, negates a statement. "Closed" and "excluded" mean that something is not there; in
/// a question they negate nothing.
fn is_denial(word: &str) -> bool {
    is_negation(word) || word.ends_with("n't") || matches!(word, "closed" | "excluded")
}

/// Whether a sentence and the matching part of a quotation differ in negation.
pub(super) fn contradicts(sentence: &str, quote: &str) -> bool {
    let words = content_words(sentence);
    // A quotation says several things: compare with the part about the same subject.
    let about = sentences::sentences(quote)
        .into_iter()
        .filter_map(|range| quote.get(range))
        .flat_map(|s| s.split(" · "))
        .map(|part| (words.intersection(&content_words(part)).count(), part))
        .max_by_key(|(shared, _)| *shared);
    match about {
        Some((shared, part)) if shared > 0 => denies(sentence) != denies(part),
        _ => false,
    }
}

/// Whether any word negates something. Two languages count their negations differently ("ne … pas"), so a translation is
/// only asked whether it has one.
pub(super) fn has_denial(text: &str) -> bool {
    let lower = text.to_lowercase().replace('’', "'");
    lower
        .unicode_words()
        .any(|word| is_denial(&unaccented(word)))
}

/// Whether an odd number of words negates the text. Skips "not only".
fn denies(text: &str) -> bool {
    let lower = text.to_lowercase().replace('’', "'");
    let words: Vec<String> = lower.unicode_words().map(unaccented).collect();
    let mut turns = 0;
    for (at, word) in words.iter().enumerate() {
        let only = words.get(at + 1).is_some_and(|next| next == "only");
        if is_denial(word) && !only {
            turns += 1;
        }
    }
    turns % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negation_must_agree() {
        for (sentence, quote, expected) in [
            ("We take cards.", "We do not take cards.", true),
            (
                "We don't take cards.",
                "We do not take cards. We take cash.",
                false,
            ),
            (
                "We take cash.",
                "We do not take cards. We take cash.",
                false,
            ),
            (
                "No referral is needed.",
                "No referral is needed to see a dentist.",
                false,
            ),
            (
                "A referral is needed.",
                "No referral is needed to see a dentist.",
                true,
            ),
            ("Not only adults are seen.", "Adults are seen.", false),
            ("Wij nemen geen kaarten.", "Wij nemen kaarten.", true),
            (
                "Im Mai ist geöffnet.",
                "Im Mai ist täglich geöffnet.",
                false,
            ),
        ] {
            assert_eq!(
                contradicts(sentence, quote),
                expected,
                "{sentence} / {quote}"
            );
        }
    }
}

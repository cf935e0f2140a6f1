//! Decides whether two texts say the same words.
//!
//! [`normalise`] is the normalisation of the SQuAD evaluation script (Rajpurkar et al. 2016): lower
//! case, no punctuation, no English articles, single spaces; here applied to every script.

use std::collections::HashMap;

use crate::language::words::is_unspaced;

/// Lower case without punctuation and articles, single spaces.
pub fn normalise(text: &str) -> String {
    let kept: String = text
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || c.is_whitespace())
        .collect();
    let words = kept
        .split_whitespace()
        .filter(|w| !matches!(*w, "a" | "an" | "the"));
    words.collect::<Vec<_>>().join(" ")
}

/// Lower case, plain apostrophes, single spaces; punctuation stays.
pub fn fold(text: &str) -> String {
    let plain = text.replace(['’', '‘'], "'").to_lowercase();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Removes citation numbers (` [1]`) from an answer, as they would count as words of it.
pub fn strip_marks(answer: &str) -> String {
    let mut out = String::with_capacity(answer.len());
    let mut rest = answer;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        match after.split_once(']') {
            Some((number, later))
                if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) =>
            {
                rest = later;
            }
            _ => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether normalised `answer` contains normalised `wanted`. A number must not be part of a longer
/// one ("13" is not in "1300").
pub fn contains(answer: &str, wanted: &str) -> bool {
    if wanted.is_empty() {
        return false;
    }
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    answer.match_indices(wanted).any(|(at, found)| {
        let before = answer.get(..at).and_then(|s| s.chars().next_back());
        let after = answer
            .get(at + found.len()..)
            .and_then(|s| s.chars().next());
        let begins_cut = digit(found.chars().next()) && digit(before);
        let ends_cut = digit(found.chars().next_back()) && digit(after);
        !begins_cut && !ends_cut
    })
}

/// Whether a passage holds the words of a quotation: all in one place, or at least 80 % of them.
/// Text extraction may break lines, cells and hyphens differently from the person who copied the quotation.
pub fn shares(text: &str, quote: &str) -> bool {
    let (text, quote) = (normalise(text), normalise(quote));
    if text.is_empty() || quote.is_empty() {
        return false;
    }
    if text.contains(&quote) || (quote.contains(&text) && tokens(&text).len() >= 4) {
        return true;
    }
    let wanted = tokens(&quote);
    let common = overlap(&tokens(&text), &wanted);
    // As exact arithmetic: common / wanted >= 0.8.
    wanted.len() >= 4 && common * 5 >= wanted.len() * 4
}

/// Words of a normalised text; in scripts without spaces each character is a word.
fn tokens(normal: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for word in normal.split_whitespace() {
        let mut from = 0;
        for (at, c) in word.char_indices() {
            if is_unspaced(c) {
                out.extend(word.get(from..at).filter(|w| !w.is_empty()));
                from = at + c.len_utf8();
                out.extend(word.get(at..from));
            }
        }
        out.extend(word.get(from..).filter(|w| !w.is_empty()));
    }
    out
}

fn overlap(a: &[&str], b: &[&str]) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in b {
        *counts.entry(word).or_default() += 1;
    }
    let mut common = 0;
    for word in a {
        if let Some(left) = counts.get_mut(word).filter(|n| **n > 0) {
            *left -= 1;
            common += 1;
        }
    }
    common
}

/// Token F1 of two texts, 0 to 1, after [`normalise`].
pub fn f1(answer: &str, wanted: &str) -> f64 {
    let (answer, wanted) = (normalise(answer), normalise(wanted));
    let (a, b) = (tokens(&answer), tokens(&wanted));
    if a.is_empty() || b.is_empty() {
        return if a.is_empty() && b.is_empty() {
            1.0
        } else {
            0.0
        };
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of words")]
    let share = 2.0 * overlap(&a, &b) as f64 / (a.len() + b.len()) as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalisation_is_that_of_squad() {
        for (text, wanted) in [
            ("The  Quick, brown fox!", "quick brown fox"),
            ("$1,450.00", "145000"),
            ("An apple a day", "apple day"),
            ("Müller’s", "müllers"),
            ("二进制。", "二进制"),
        ] {
            assert_eq!(normalise(text), wanted);
        }
    }

    #[test]
    fn a_number_is_not_found_inside_another() {
        assert!(contains("1450 dollars", "1450"));
        assert!(!contains("in 1300", "13"));
        assert!(!contains("2013 was", "13"));
        assert!(contains("sections", "section"));
        assert!(!contains("anything", ""));
    }

    #[test]
    fn only_citation_numbers_are_taken_out() {
        assert_eq!(strip_marks("It is 5 [1]. [x] [12]"), "It is 5 . [x] ");
        assert_eq!(strip_marks("open ["), "open [");
    }

    #[test]
    fn f1_counts_words_and_han_characters() {
        assert!((f1("the cat sat", "a cat") - 2.0 / 3.0).abs() < 1e-9);
        assert!((f1("二进制", "二进") - 0.8).abs() < 1e-9);
        assert!(f1("dog", "cat").abs() < 1e-9);
    }

    #[test]
    fn a_quotation_is_recognised_across_other_line_breaks() {
        assert!(shares(
            "All-ceramic crown 1450 1160",
            "D2740,All-ceramic crown | 1450 | 1160"
        ));
        assert!(shares(
            "x 25% on the first day and\nthe rest later y",
            "25% on the first day and the rest later"
        ));
        assert!(!shares(
            "We open at nine every day of the week",
            "25% on the first day and the rest later"
        ));
        assert!(!shares("day", "25% on the first day and the rest later"));
    }
}

//! Abbreviations that a document explains in brackets: after "Manual lymphatic drainage (MLD)", a question about
//! lymphatic drainage also asks about MLD, and the reverse.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Length of an abbreviation.
const LETTERS: std::ops::RangeInclusive<usize> = 2..=6;
/// Most explanations to consider.
const MOST_LOOKED_AT: usize = 40;
/// How many final words of a long form are enough to name it: people drop the first ones.
const NAMING: usize = 2;
/// A final word at least this long names the long form alone.
const TELLING: usize = 10;
/// Words up to this length may have no letter in the short form: "of", "and".
const SMALL: usize = 3;
/// A word of at least `COMPOUND` letters may be a compound, whose first part has at least `FIRST_PART` letters.
const COMPOUND: usize = 8;
const FIRST_PART: usize = 3;

/// A short form and the words that it stands for.
#[derive(Debug, PartialEq, Eq)]
struct Explained<'t> {
    short: &'t str,
    long: &'t str,
}

/// A question, with abbreviations and long forms that the passages explain.
#[derive(Debug, Default)]
pub(super) struct Meant {
    /// The question with the long forms of its abbreviations added at the end.
    pub(super) question: String,
    /// The question with abbreviations in place of long forms; `None` if it has no long form. A reader that looks for
    /// an abbreviation finds it best when the question names it alone.
    pub(super) in_short: Option<String>,
    /// Long forms in the question, each with its short form.
    pub(super) shortened: Vec<(String, String)>,
}

impl Meant {
    pub(super) fn new<'t>(question: &str, texts: impl Iterator<Item = &'t str>) -> Self {
        let mut meant = Self {
            question: question.to_owned(),
            ..Self::default()
        };
        for Explained { short, long } in texts.flat_map(explanations).take(MOST_LOOKED_AT) {
            if says(question, short) {
                if find_long_form(&meant.question, long).is_none() {
                    meant.question = format!("{} ({long})", meant.question);
                }
                continue;
            }
            let in_short = meant.in_short.as_deref().unwrap_or(question);
            if let Some(words) = find_long_form(in_short, long) {
                let mut in_short = in_short.to_owned();
                in_short.replace_range(words, short);
                meant.in_short = Some(in_short);
                meant.shortened.push((long.to_owned(), short.to_owned()));
            }
        }
        meant
    }
}

/// Finds every "long form (LF)" and "LF (long form)" whose letters match the words in order.
fn explanations(text: &str) -> Vec<Explained<'_>> {
    let in_line = |line| {
        let brackets = str::match_indices(line, '(');
        brackets.filter_map(move |(at, _)| explanation(line, at))
    };
    text.lines().flat_map(in_line).collect()
}

/// Reads the explanation whose bracket opens at `at`.
fn explanation(line: &str, at: usize) -> Option<Explained<'_>> {
    let before = line.get(..at)?.trim_end();
    let (inside, _) = line.get(at + 1..)?.split_once(')')?;
    if let Some(letters) = letters(inside) {
        let words = parts(before);
        let most = words.len().min(letters.len() * 2);
        let start = (1..=most).find_map(|count| {
            let last = words.get(words.len() - count..)?;
            fits(last, &letters).then_some(last.first()?.0)
        })?;
        return Some(Explained {
            short: inside,
            long: before.get(start..)?,
        });
    }
    let short = before.rsplit(' ').next()?;
    fits(&parts(inside), &letters(short)?).then_some(Explained {
        short,
        long: inside,
    })
}

/// The letters of a short form in lower case; `None` if it is not one.
fn letters(short: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = short.chars().collect();
    let fits = LETTERS.contains(&letters.len()) && letters.iter().all(|c| c.is_uppercase());
    fits.then(|| letters.into_iter().flat_map(char::to_lowercase).collect())
}

/// The words of a text in lower case, hyphenated ones split, each with its byte offset.
fn parts(text: &str) -> Vec<(usize, String)> {
    text.unicode_word_indices()
        .map(|(at, word)| (at, word.to_lowercase()))
        .collect()
}

/// Whether the letters are the initials of the words. Small words may be skipped, and a compound may contain
/// several of the letters.
fn fits(words: &[(usize, String)], letters: &[char]) -> bool {
    let Some((letter, others)) = letters.split_first() else {
        return words.is_empty();
    };
    let Some(((_, word), rest)) = words.split_first() else {
        return false;
    };
    word.starts_with(*letter) && fits_after(word, rest, others)
}

/// Like [`fits`], after `word` has matched its first letter.
fn fits_after(word: &str, rest: &[(usize, String)], letters: &[char]) -> bool {
    if fits(rest, letters) {
        return true;
    }
    if let Some(((_, small), rest)) = rest.split_first()
        && small.chars().count() <= SMALL
        && !letters.is_empty()
        && fits(rest, letters)
    {
        return true;
    }
    if word.chars().count() < COMPOUND {
        return false;
    }
    let Some((letter, others)) = letters.split_first() else {
        return false;
    };
    let within = word.char_indices().skip(FIRST_PART);
    within.filter(|(_, c)| c == letter).any(|(at, _)| {
        word.get(at..)
            .is_some_and(|part| fits_after(part, rest, others))
    })
}

/// Whether a question contains the short form.
fn says(question: &str, short: &str) -> bool {
    let short = short.to_lowercase();
    parts(question).iter().any(|(_, word)| *word == short)
}

/// Finds the long form in a question, or as many of its last words as name it.
fn find_long_form(question: &str, long: &str) -> Option<Range<usize>> {
    let (question, long) = (parts(question), parts(long));
    let telling = long.last()?.1.chars().count() >= TELLING;
    let least = if telling { 1 } else { NAMING.min(long.len()) };
    // Prefer the whole form to its end.
    (least..=long.len()).rev().find_map(|count| {
        let tail = long.get(long.len() - count..)?;
        question.windows(count).find_map(|window| {
            let same = window.iter().zip(tail).all(|(a, b)| a.1 == b.1);
            let (first, last) = (window.first()?, window.last()?);
            same.then(|| first.0..last.0 + last.1.len())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_brackets_is_taken_if_its_letters_fit() {
        for (text, expected) in [
            (
                "Personal training (PT) costs 55.",
                Some(("PT", "Personal training")),
            ),
            (
                "Our manual lymphatic drainage (MLD) too.",
                Some(("MLD", "manual lymphatic drainage")),
            ),
            (
                "MLD (manual lymphatic drainage): 48",
                Some(("MLD", "manual lymphatic drainage")),
            ),
            (
                "Stand-up paddling (SUP) from 10",
                Some(("SUP", "Stand-up paddling")),
            ),
            (
                "Manuelle Lymphdrainage (MLD)",
                Some(("MLD", "Manuelle Lymphdrainage")),
            ),
            (
                "with bed and breakfast (BB)",
                Some(("BB", "bed and breakfast")),
            ),
            ("Proof of address (POA)", Some(("POA", "Proof of address"))),
            ("We (OK) rent.", None),
            ("Dogs are welcome (see below).", None),
            ("We speak English (UK)", None),
            ("A pool (in summer)", None),
            ("Not closed (MLD", None),
        ] {
            let found = explanations(text);
            let found = found.first().map(|one| (one.short, one.long));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_question_is_read_with_the_other_form_too() {
        let text = "Manual lymphatic drainage (MLD) is done by Mrs Arlt. MLD: 48 euros. \
                    Stand-up paddling (SUP) is not.";
        for (question, full, in_short) in [
            (
                "What does a lymphatic drainage cost?",
                "What does a lymphatic drainage cost?",
                Some("What does a MLD cost?"),
            ),
            (
                "Is manual lymphatic drainage or stand-up paddling dear?",
                "Is manual lymphatic drainage or stand-up paddling dear?",
                Some("Is MLD or SUP dear?"),
            ),
            (
                "How much is mld?",
                "How much is mld? (Manual lymphatic drainage)",
                None,
            ),
            (
                "Is manual lymphatic drainage (MLD) safe?",
                "Is manual lymphatic drainage (MLD) safe?",
                None,
            ),
            ("Is there drainage?", "Is there drainage?", None),
        ] {
            let meant = Meant::new(question, [text].into_iter());
            assert_eq!(meant.question, full);
            assert_eq!(meant.in_short.as_deref(), in_short);
        }
    }
}

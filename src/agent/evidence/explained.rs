//! Abbreviations that a document explains in brackets: after "Manual lymphatic drainage (MLD)" a question about lymphatic
//! drainage is read as one about MLD too, and the other way round.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Letters of an abbreviation.
const LETTERS: std::ops::RangeInclusive<usize> = 2..=6;
/// Explanations that are looked at.
const MOST_LOOKED_AT: usize = 40;
/// Words of a long form that name it: the last ones, as people leave the first ones out.
const NAMING: usize = 2;
/// Letters of a last word that names it alone.
const TELLING: usize = 10;
/// Letters of a word that may have none in the short form: "of", "and".
const SMALL: usize = 3;
/// Letters of a word that may be made of several, and of the first of these.
const COMPOUND: usize = 8;
const FIRST_PART: usize = 3;

/// A short form and the words that it stands for.
#[derive(Debug, PartialEq, Eq)]
struct Explained<'t> {
    short: &'t str,
    long: &'t str,
}

/// A question with what the passages explain of its words.
#[derive(Debug, Default)]
pub(super) struct Meant {
    /// With the long forms of its abbreviations at its end.
    pub(super) question: String,
    /// With abbreviations in the place of long forms; none if it has no such form. A reader that looks for an
    /// abbreviation finds it best if that alone is asked for.
    pub(super) in_short: Option<String>,
    /// The long forms that it has, each with its short form.
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
                if named(&meant.question, long).is_none() {
                    meant.question = format!("{} ({long})", meant.question);
                }
                continue;
            }
            let in_short = meant.in_short.as_deref().unwrap_or(question);
            if let Some(words) = named(in_short, long) {
                let mut in_short = in_short.to_owned();
                in_short.replace_range(words, short);
                meant.in_short = Some(in_short);
                meant.shortened.push((long.to_owned(), short.to_owned()));
            }
        }
        meant
    }
}

/// Every "long form (LF)" and "LF (long form)" of a text whose letters stand in the words in their order.
fn explanations(text: &str) -> Vec<Explained<'_>> {
    let in_line = |line| {
        let brackets = str::match_indices(line, '(');
        brackets.filter_map(move |(at, _)| explanation(line, at))
    };
    text.lines().flat_map(in_line).collect()
}

/// What the bracket at `at` explains, or is explained by.
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

/// The letters of a short form, in lower case; none for anything else.
fn letters(short: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = short.chars().collect();
    let fits = LETTERS.contains(&letters.len()) && letters.iter().all(|c| c.is_uppercase());
    fits.then(|| letters.into_iter().flat_map(char::to_lowercase).collect())
}

/// The words of a text in lower case, those of a hyphenated one by themselves, each with its beginning.
fn parts(text: &str) -> Vec<(usize, String)> {
    text.unicode_word_indices()
        .map(|(at, word)| (at, word.to_lowercase()))
        .collect()
}

/// Whether the letters are the first ones of the words. A small word may be left out, and a long one may be a compound
/// and have some of them within.
fn fits(words: &[(usize, String)], letters: &[char]) -> bool {
    let Some((letter, others)) = letters.split_first() else {
        return words.is_empty();
    };
    let Some(((_, word), rest)) = words.split_first() else {
        return false;
    };
    word.starts_with(*letter) && fits_after(word, rest, others)
}

/// The same once a word gave its first letter.
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

/// Whether a question has the short form.
fn says(question: &str, short: &str) -> bool {
    let short = short.to_lowercase();
    parts(question).iter().any(|(_, word)| *word == short)
}

/// Where a question has the long form, or as many of its last words as name it.
fn named(question: &str, long: &str) -> Option<Range<usize>> {
    let (question, long) = (parts(question), parts(long));
    let telling = long.last()?.1.chars().count() >= TELLING;
    let least = if telling { 1 } else { NAMING.min(long.len()) };
    // All of it rather than the end of it.
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

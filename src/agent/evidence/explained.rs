//! Abbreviations that a document explains in brackets: after "Manual lymphatic drainage (MLD)" a question about lymphatic
//! drainage is read as one about MLD too, and the other way round.

use crate::knowledge::Found;

/// Letters of an abbreviation.
const LETTERS: std::ops::RangeInclusive<usize> = 2..=6;
/// Explanations that are added to a question.
const MOST: usize = 2;
/// Words of a long form that name it: the last ones, as people leave the first ones out.
const NAMING: usize = 2;

/// A short form and the words that it stands for.
#[derive(Debug, PartialEq, Eq)]
struct Explained<'t> {
    short: &'t str,
    long: &'t str,
}

/// The question with what the passages explain of its words.
pub(super) fn explained(question: &str, found: &Found) -> String {
    let mut full = question.to_owned();
    let mut added = 0;
    for passage in &found.passages {
        for Explained { short, long } in explanations(&passage.text) {
            let more = match (says(&full, short), names(&full, long)) {
                (true, false) => long,
                (false, true) => short,
                _ => continue,
            };
            full = format!("{full} ({more})");
            added += 1;
            if added == MOST {
                return full;
            }
        }
    }
    full
}

/// Every "long form (LF)" of a text whose letters are the first ones of its words.
fn explanations(text: &str) -> Vec<Explained<'_>> {
    let mut all = Vec::new();
    for (at, _) in text.match_indices('(') {
        let inside = text.get(at + 1..).unwrap_or_default();
        let Some(short) = inside.find(')').and_then(|end| inside.get(..end)) else {
            continue;
        };
        let letters: Vec<char> = short.chars().collect();
        if !LETTERS.contains(&letters.len()) || !letters.iter().all(|c| c.is_uppercase()) {
            continue;
        }
        let before = text.get(..at).unwrap_or_default().trim_end();
        // Its words stand before it in the same line.
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        let words: Vec<&str> = before.get(line..).unwrap_or_default().split(' ').collect();
        let Some(last) = words.len().checked_sub(letters.len()) else {
            continue;
        };
        let long = words.get(last..).unwrap_or_default();
        let fits = long.iter().zip(&letters).all(|(word, letter)| {
            let first = word.chars().next().map(|c| c.to_uppercase().to_string());
            first == Some(letter.to_string())
        });
        if fits {
            let start = before.len() - long.join(" ").len();
            let long = before.get(start..).unwrap_or_default();
            all.push(Explained { short, long });
        }
    }
    all
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether a question has the short form.
fn says(question: &str, short: &str) -> bool {
    words(question).contains(&short.to_lowercase())
}

/// Whether a question has the long form, or the end of it that names it.
fn names(question: &str, long: &str) -> bool {
    let (question, long) = (words(question), words(long));
    let tail = long
        .get(long.len().saturating_sub(NAMING)..)
        .unwrap_or_default();
    !tail.is_empty() && question.windows(tail.len()).any(|window| window == tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_brackets_is_taken_if_its_letters_fit() {
        let text = "Personal training (PT) costs 55.\nManual lymphatic drainage (MLD) too (see below). We (OK) rent.";
        let found = explanations(text);
        let expected = [
            ("PT", "Personal training"),
            ("MLD", "Manual lymphatic drainage"),
        ]
        .map(|(short, long)| Explained { short, long });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_question_gets_the_other_form() {
        let of = |question: &str| {
            let (short, long) = (
                says(question, "MLD"),
                names(question, "Manual lymphatic drainage"),
            );
            (short, long)
        };
        assert_eq!(of("What does a lymphatic drainage cost?"), (false, true));
        assert_eq!(of("How much is mld?"), (true, false));
        assert_eq!(of("Is there drainage?"), (false, false));
    }
}

//! Corrects misspelt words of a question to words of the documents.
//!
//! A correctly spelt word that the documents lack must stay unknown: "gold" is neither "hold" nor "golf".
//! So only edits count that people make by mistake: letters swapped, doubled or forgotten, one vowel for
//! another, letters that sound alike or are neighbours on the keyboard. Each edit has a cost, and short
//! words, which have many neighbours, have a small budget.

use crate::knowledge::index::vocabulary::Terms;
use crate::language::Language;
use crate::language::lists::is_stop_word;
use crate::language::words::is_unspaced;

/// Shortest word to correct, in characters.
const SHORTEST: usize = 4;
/// Cost of a word that is spelt differently but sounds the same.
const SOUNDS_SAME: f32 = 0.3;

const SWAPPED: f32 = 0.4;
const DOUBLED: f32 = 0.3;
const ALIKE: f32 = 0.4;
const VOWEL_FOR_VOWEL: f32 = 0.5;
const VOWEL_MISSING: f32 = 0.6;
const NEIGHBOUR_KEY: f32 = 0.7;
const LETTER_MISSING: f32 = 0.8;
const UNLIKE: f32 = 1.5;

/// Letters that are mistaken for each other by sound.
const SOUND_ALIKE: [&str; 7] = ["ck", "cs", "sz", "kq", "gj", "vw", "iy"];

/// Keyboard rows: QWERTY, from which QWERTZ and AZERTY differ little.
const KEYS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// The word of the documents that was probably meant by a folded word that they lack.
pub(super) fn correct(word: &str, language: Language, terms: &Terms) -> Option<String> {
    let letters: Vec<char> = word.chars().collect();
    let correctable = letters.len() >= SHORTEST
        && letters
            .iter()
            .all(|c| c.is_alphabetic() && !is_unspaced(*c));
    if !correctable {
        return None;
    }
    let most = allowance(letters.len());
    let sound = sound(word);
    let mut best: Option<(f32, u64, &str)> = None;
    for initial in initials(&letters) {
        for (candidate, passages) in terms.words_from(initial) {
            let other: Vec<char> = candidate.chars().collect();
            if other.len() < SHORTEST
                || other.len().abs_diff(letters.len()) > 2
                || is_stop_word(language, candidate)
            {
                continue;
            }
            let mut cost = cost(&letters, &other, most);
            if cost > SOUNDS_SAME && self::sound(candidate) == sound {
                cost = SOUNDS_SAME;
            }
            let better = best.is_none_or(|(least, seen, _)| {
                cost < least - 1e-3 || ((cost - least).abs() <= 1e-3 && passages > seen)
            });
            if cost <= most && better {
                best = Some((cost, passages, candidate));
            }
        }
    }
    best.map(|(_, _, candidate)| candidate.to_owned())
}

/// Maximum cost of a correction.
fn allowance(letters: usize) -> f32 {
    match letters {
        0..=4 => 0.45,
        5 => 0.5,
        6..=7 => 1.0,
        _ => 1.4,
    }
}

/// Possible first letters of the word meant: the first letter, those that sound like it, and the second
/// letter, as the two may be swapped.
fn initials(letters: &[char]) -> Vec<char> {
    let mut found: Vec<char> = letters.iter().take(2).copied().collect();
    if let Some(first) = letters.first() {
        for pair in SOUND_ALIKE {
            found.extend(pair.chars().filter(|c| pair.contains(*first) && c != first));
        }
        match first {
            'f' => found.push('p'),
            'p' => found.push('f'),
            _ => {}
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Cost of the edits from `a` to `b`: optimal string alignment with a price per edit. Stops above `most`.
fn cost(a: &[char], b: &[char], most: f32) -> f32 {
    let at = |word: &[char], i: usize| word.get(i).copied().unwrap_or('\0');
    let width = b.len() + 1;
    let mut before: Vec<f32> = vec![f32::MAX; width];
    let mut last: Vec<f32> = vec![0.0];
    for j in 1..width {
        last.push(last.get(j - 1).copied().unwrap_or(0.0) + gap(b, j - 1));
    }
    for i in 1..=a.len() {
        let mut row: Vec<f32> = vec![last.first().copied().unwrap_or(0.0) + gap(a, i - 1)];
        for j in 1..width {
            let (x, y) = (at(a, i - 1), at(b, j - 1));
            // A different first letter makes a different word, unless the two sound alike.
            let change = if i == 1 && j == 1 && x != y && !alike(x, y) {
                UNLIKE
            } else {
                substitution(x, y)
            };
            let mut least = last.get(j - 1).copied().unwrap_or(f32::MAX) + change;
            least = least.min(last.get(j).copied().unwrap_or(f32::MAX) + gap(a, i - 1));
            least = least.min(row.get(j - 1).copied().unwrap_or(f32::MAX) + gap(b, j - 1));
            if i > 1 && j > 1 && x == at(b, j - 2) && at(a, i - 2) == y && x != y {
                least = least.min(before.get(j - 2).copied().unwrap_or(f32::MAX) + SWAPPED);
            }
            row.push(least);
        }
        if row.iter().all(|c| *c > most) && last.iter().all(|c| *c > most) {
            return f32::MAX;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(f32::MAX)
}

/// Cost of a missing or an extra letter.
fn gap(word: &[char], at: usize) -> f32 {
    let letter = word.get(at);
    let beside = |i: Option<usize>| {
        i.and_then(|i| word.get(i))
            .is_some_and(|c| Some(c) == letter)
    };
    if at == 0 {
        UNLIKE
    } else if beside(at.checked_sub(1)) || beside(at.checked_add(1)) {
        DOUBLED
    } else if letter.is_some_and(|c| is_vowel(*c)) {
        VOWEL_MISSING
    } else {
        LETTER_MISSING
    }
}

fn substitution(a: char, b: char) -> f32 {
    if a == b {
        0.0
    } else if alike(a, b) {
        ALIKE
    } else if is_vowel(a) && is_vowel(b) {
        VOWEL_FOR_VOWEL
    } else if neighbours(a, b) {
        NEIGHBOUR_KEY
    } else {
        UNLIKE
    }
}

fn alike(a: char, b: char) -> bool {
    SOUND_ALIKE
        .iter()
        .any(|pair| pair.contains(a) && pair.contains(b))
}

fn is_vowel(c: char) -> bool {
    matches!(
        c,
        'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'а' | 'е' | 'и' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'я'
    )
}

fn neighbours(a: char, b: char) -> bool {
    let place = |c: char| {
        KEYS.iter()
            .enumerate()
            .find_map(|(row, keys)| keys.find(c).map(|column| (row, column)))
    };
    match (place(a), place(b)) {
        (Some((row, column)), Some((other_row, other))) => {
            row == other_row && column.abs_diff(other) == 1
        }
        _ => false,
    }
}

/// Rough pronunciation of a word: "fone" and "phone", "kleening" and "cleaning" sound the same.
fn sound(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut heard = String::new();
    let mut i = 0;
    while let Some(&c) = letters.get(i) {
        let next = letters.get(i + 1).copied();
        let (said, used) = match (c, next) {
            ('p', Some('h')) => ('f', 2),
            ('c', Some('k')) | ('q', Some('u')) => ('k', 2),
            ('e', Some('e' | 'a')) => ('i', 2),
            ('c', Some('e' | 'i' | 'y')) | ('z', _) => ('s', 1),
            ('c' | 'q', _) => ('k', 1),
            ('y', _) => ('i', 1),
            _ => (c, 1),
        };
        if !heard.ends_with(said) {
            heard.push(said);
        }
        i += used;
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::index::vocabulary::{PassageTerms, Vocabulary};

    /// Words of a small dental practice.
    const WORDS: &str = "nitrous oxide kids children appointment insurance cleaning crown phone dental whitening \
        orthodontist saturday wednesday parking cancellation emergency prescription anesthesia pediatric hold cold \
        good plan staff while schedule receipt payment financing smile membership hygienist x-ray implant guarantee \
        extraction filling braces retainer address receive separate necessary tomorrow available price license";

    fn corrected(word: &str) -> Option<String> {
        let mut all = Vocabulary::default();
        let words: Vec<&str> = WORDS.split_whitespace().collect();
        let passage = PassageTerms {
            language: Language::En,
            tokens: 1,
            stems: Vec::new(),
            words,
        };
        all.add("w", "d", &passage);
        correct(word, Language::En, all.of("w")?)
    }

    #[test]
    fn typical_misspellings_are_corrected() {
        for (typed, meant) in [
            ("nitrus", "nitrous"),
            ("kidz", "kids"),
            ("appointmnet", "appointment"),
            ("apointment", "appointment"),
            ("insurence", "insurance"),
            ("insurace", "insurance"),
            ("cleening", "cleaning"),
            ("kleaning", "cleaning"),
            ("crwon", "crown"),
            ("foen", ""),
            ("fone", "phone"),
            ("dentel", "dental"),
            ("whitning", "whitening"),
            ("orthodontis", "orthodontist"),
            ("saterday", "saturday"),
            ("wensday", ""),
            ("wendesday", "wednesday"),
            ("cancelation", "cancellation"),
            ("emergancy", "emergency"),
            ("perscription", "prescription"),
            ("anestesia", "anesthesia"),
            ("pediatrik", "pediatric"),
            ("shedule", "schedule"),
            ("reciept", "receipt"),
            ("recieve", "receive"),
            ("seperate", "separate"),
            ("neccessary", "necessary"),
            ("tommorow", "tomorrow"),
            ("availible", "available"),
            ("higienist", "hygienist"),
            ("garantee", "guarantee"),
            ("parkign", "parking"),
            ("licence", "license"),
        ] {
            assert_eq!(corrected(typed).unwrap_or_default(), meant, "{typed}");
        }
    }

    #[test]
    fn words_that_only_are_not_there_stay_as_they_are() {
        for word in [
            "gold",
            "golf",
            "plant",
            "form",
            "farm",
            "whole",
            "crowd",
            "brown",
            "silver",
            "party",
            "placing",
            "marking",
            "barking",
            "house",
            "phase",
            "camping",
            "boat",
            "pride",
            "dentist",
            "kiss",
            "planet",
            "mental",
            "addresses2",
            "d2740",
            "中文",
            "abc",
            "finance",
            "implement",
            "racing",
        ] {
            assert_eq!(corrected(word), None, "{word}");
        }
    }
}

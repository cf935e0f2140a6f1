//! Cuts a text into clauses. It cuts only after white space, so numbers, addresses and words stay whole,
//! as do abbreviations, dates and the workspace's own words.

use std::ops::Range;
use std::sync::LazyLock;

use serde::Deserialize;

use super::own::Found;
use crate::language::data::{self, WordSet};

/// The most bytes of a clause, if there is a place to cut.
const LONGEST: usize = 120;
/// A first sentence longer than this, in bytes, may be cut at a comma, or at a conjunction.
const LONG_FIRST: (usize, usize) = (45, 70);
/// Words of a first clause: at least, if cut at a comma; at least and at most, if cut at a conjunction.
const FIRST_WORDS: (usize, usize, usize) = (4, 4, 9);
/// The fewest bytes of a later clause, so that speech does not become choppy.
const SHORTEST: usize = 40;
/// Anything longer without a space, in bytes, is not a word and may be cut anywhere.
const NO_WORD: usize = 300;

/// How good a place is to cut, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CutPlace {
    Sentence,
    Comma,
    Conjunction,
    Joint,
    Space,
    Never,
}

/// Returns ranges that together make up the whole text.
pub(super) fn cut(text: &str, own: &[Found]) -> Vec<Range<usize>> {
    let gaps = find_gaps(text, own);
    let mut parts = Vec::new();
    let (mut start, mut first) = (0, 0);
    while first < gaps.len() {
        let last = choose_gap(&gaps[first..], start, parts.is_empty()) + first;
        parts.push(start..gaps[last].0);
        start = gaps[last].0;
        first = last + 1;
    }
    parts
}

/// Chooses the index of the gap that ends the clause.
fn choose_gap(gaps: &[(usize, CutPlace)], start: usize, first: bool) -> usize {
    let fits = gaps
        .iter()
        .take_while(|(at, _)| at - start <= LONGEST)
        .count();
    let window = &gaps[..fits];
    let sentence = window
        .iter()
        .position(|(_, place)| *place == CutPlace::Sentence);
    let end = sentence.map_or(usize::MAX, |index| window[index].0 - start);
    // A short first clause lets speech begin early.
    if first {
        let within = &window[..sentence.unwrap_or(fits)];
        let early = |wanted: CutPlace, least: usize, most: usize| {
            let place = |index: &usize| within[*index].1 == wanted;
            (least - 1..most.min(within.len())).find(place)
        };
        let (comma, least, most) = FIRST_WORDS;
        let at_comma = early(CutPlace::Comma, comma, 12).filter(|_| end > LONG_FIRST.0);
        let at_word = || early(CutPlace::Conjunction, least, most).filter(|_| end > LONG_FIRST.1);
        if let Some(index) = at_comma.or_else(at_word) {
            return index;
        }
    }
    if let Some(index) = sentence {
        return index;
    }
    let latest = |place: CutPlace, least: usize| {
        window
            .iter()
            .rposition(|(at, found)| *found == place && at - start >= least)
    };
    latest(CutPlace::Comma, SHORTEST)
        .or_else(|| latest(CutPlace::Conjunction, SHORTEST))
        .or_else(|| latest(CutPlace::Joint, SHORTEST))
        .or_else(|| latest(CutPlace::Space, 1))
        .unwrap_or_else(|| {
            gaps.iter()
                .position(|(_, place)| *place != CutPlace::Never)
                .unwrap_or(gaps.len() - 1)
        })
}

/// Finds the ends of words (after their white space) and rates each; the last is the end of the text.
fn find_gaps(text: &str, own: &[Found]) -> Vec<(usize, CutPlace)> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut begin = None;
    for (at, letter) in text.char_indices() {
        match (begin, letter.is_whitespace()) {
            (None, false) => begin = Some(at),
            (Some(from), true) => {
                words.push(from..at);
                begin = None;
            }
            (Some(from), false) if at - from >= NO_WORD => {
                words.push(from..at);
                begin = Some(at);
            }
            _ => {}
        }
    }
    words.extend(begin.map(|from| from..text.len()));
    let mut gaps = Vec::with_capacity(words.len() + 1);
    let mut own = own.iter().peekable();
    for pair in words.windows(2) {
        let (word, next) = (&pair[0], &pair[1]);
        // Both lists are in order, so passed words never come back.
        while own.next_if(|(range, _)| range.end <= word.end).is_some() {}
        let inside = own.peek().is_some_and(|(range, _)| range.start < word.end);
        let (word, space, follows) = (
            &text[word.clone()],
            &text[word.end..next.start],
            &text[next.clone()],
        );
        gaps.push((
            next.start,
            if inside {
                CutPlace::Never
            } else {
                rate_place(word, space, follows)
            },
        ));
    }
    if !text.is_empty() {
        gaps.push((text.len(), CutPlace::Sentence));
    }
    gaps
}

/// Word lists; the TOML file explains each.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    abbreviations: WordSet,
    may_end: WordSet,
    conjunctions: WordSet,
    light: WordSet,
}

static FILE: &str = include_str!("cut.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

/// Rates the place between two words.
fn rate_place(word: &str, space: &str, next: &str) -> CutPlace {
    if space.contains('\n') {
        return CutPlace::Sentence;
    }
    let bare = word.trim_end_matches(['"', '\'', ')', '”', '’', '»']);
    let opens = next.trim_start_matches(['"', '\'', '(', '“', '‘', '«']);
    let capital = opens.chars().next().is_some_and(char::is_uppercase);
    let figure = |text: &str| text.chars().next().is_some_and(|c| c.is_ascii_digit());
    match bare.chars().last() {
        Some('!' | '?' | '…') if bare.chars().count() > 1 => return CutPlace::Sentence,
        Some(';' | ':') if !figure(bare) => return CutPlace::Comma,
        Some('.') => {
            let stem = bare
                .trim_end_matches('.')
                .trim_start_matches(['(', '"', '“'])
                .to_lowercase();
            if bare.ends_with("...") && !capital {
                return CutPlace::Comma;
            }
            // "no. 5" and "No. 5", but "No. We do not."
            let number_follows =
                figure(opens) && matches!(stem.as_str(), "no" | "nr" | "ref" | "fig" | "vol");
            let initial =
                stem.chars().count() == 1 && stem.chars().all(char::is_alphabetic) && stem != "i";
            let short = LISTS.abbreviations.contains(&stem);
            let listed =
                stem.chars().all(|c| c.is_ascii_digit()) && stem.len() < 3 && !stem.is_empty();
            return match () {
                () if number_follows || initial => CutPlace::Never,
                () if short && capital && LISTS.may_end.contains(&stem) => CutPlace::Sentence,
                () if short => CutPlace::Never,
                () if capital
                    || figure(opens)
                    || !opens.chars().next().is_some_and(char::is_lowercase) =>
                {
                    if listed && !capital {
                        CutPlace::Comma
                    } else {
                        CutPlace::Sentence
                    }
                }
                () => CutPlace::Comma,
            };
        }
        Some(',') => {
            let stem = bare.trim_end_matches(',');
            let date = figure(opens) && stem.chars().any(|c| c.is_ascii_digit());
            let single = stem.chars().count() == 1;
            let state = opens.len() >= 2
                && opens.trim_end_matches([',', '.']).len() == 2
                && capital
                && opens.chars().take(2).all(char::is_uppercase);
            return if date || single || state {
                CutPlace::Never
            } else {
                CutPlace::Comma
            };
        }
        Some('–' | '—') => return CutPlace::Comma,
        _ => {}
    }
    let digit_ends = bare.chars().last().is_some_and(|c| c.is_ascii_digit());
    if matches!(bare, "$" | "€" | "£" | "#" | "+" | "-" | "&" | "/")
        || (digit_ends && is_unit_like(opens))
    {
        return CutPlace::Never;
    }
    if matches!(opens, "–" | "—" | "-") {
        return if digit_ends {
            CutPlace::Never
        } else {
            CutPlace::Comma
        };
    }
    if next.starts_with(['(', '“', '"']) {
        return CutPlace::Conjunction;
    }
    let lower = opens.to_lowercase();
    // "from 9 to 5" stays together.
    if LISTS.conjunctions.contains(&lower)
        && !(digit_ends && matches!(lower.as_str(), "to" | "and" | "or"))
    {
        let joint = LISTS.light.contains(&lower);
        return if joint {
            CutPlace::Joint
        } else {
            CutPlace::Conjunction
        };
    }
    CutPlace::Space
}

/// Whether a word belongs to the number before it: another number, a unit, "million", "am".
fn is_unit_like(word: &str) -> bool {
    let word = word.trim_end_matches([',', '.', ';', ':', '!', '?']);
    word.starts_with(|c: char| {
        c.is_ascii_digit() || matches!(c, '%' | '°' | '€' | '(' | '/' | '+' | '=')
    }) || matches!(
        word,
        "am" | "pm" | "AM" | "PM" | "a.m" | "p.m" | "million" | "billion" | "thousand" | "trillion"
    ) || (word.chars().count() <= 3 && word.chars().all(char::is_alphabetic))
}

#[cfg(test)]
#[path = "cut_tests.rs"]
mod tests;

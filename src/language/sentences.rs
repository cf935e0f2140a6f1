//! Cuts a passage into sentences, for quoting. Each sentence is a byte range of the passage.

use std::ops::Range;
use std::sync::LazyLock;

use serde::Deserialize;

use super::data::{self, WordSet};
use super::{Language, calendar};

/// Words that decide whether a mark ends a sentence; the file explains each list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    never_last: WordSet,
    sometimes_last: WordSet,
    before_number: WordSet,
    time_zones: WordSet,
}

static FILE: &str = include_str!("sentences.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

/// Whether a sentence goes on with this word after a time, as in "9 a.m. Monday".
fn follows_time(lower: &str) -> bool {
    let is_in = |names: &[Vec<String>]| names.iter().flatten().any(|name| name == lower);
    LISTS.time_zones.contains(lower)
        || calendar::lower(Language::En)
            .is_some_and(|c| is_in(&c.days) || is_in(&c.short_days) || is_in(&c.months))
}

/// Whether a word is a German month, with which a sentence goes on after an ordinal, as in "am 3. Mai".
fn is_german_month(lower: &str) -> bool {
    calendar::lower(Language::De)
        .is_some_and(|c| c.months.iter().flatten().any(|name| name == lower))
}

/// The sentences of a passage in order, as byte ranges without surrounding white space.
///
/// A sentence never continues on the next line, because each list item and table row has a line of its own. A table row
/// (a line with ` | `) stays whole.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.contains(" | ") {
            push(text, start..start + line.len(), &mut out);
        } else {
            split_line(text, start..start + line.len(), &mut out);
        }
        start += line.len();
    }
    out
}

fn push(text: &str, range: Range<usize>, out: &mut Vec<Range<usize>>) {
    let Some(raw) = text.get(range.clone()) else {
        return;
    };
    let trimmed = raw.trim();
    if trimmed.chars().any(char::is_alphanumeric) {
        let start = range.start + (raw.len() - raw.trim_start().len());
        out.push(start..start + trimmed.len());
    } else if let Some(last) = out.last_mut().filter(|_| !trimmed.is_empty())
        && text
            .get(last.end..range.start)
            .is_some_and(|between| !between.contains('\n'))
    {
        // Stray marks belong to the sentence before them.
        last.end = range.start + raw.trim_end().len();
    }
}

fn split_line(text: &str, range: Range<usize>, out: &mut Vec<Range<usize>>) {
    let Some(line) = text.get(range.clone()) else {
        return;
    };
    let chars: Vec<(usize, char)> = line.char_indices().collect();
    let mut start = 0;
    let mut i = 0;
    while let Some(&(_, c)) = chars.get(i) {
        if !is_end_mark(c) {
            i += 1;
            continue;
        }
        let mark = i;
        while chars.get(i).is_some_and(|(_, c)| is_end_mark(*c)) {
            i += 1;
        }
        while chars.get(i).is_some_and(|(_, c)| is_closing(*c)) {
            i += 1;
        }
        let end = chars.get(i).map_or(line.len(), |(at, _)| *at);
        let before = line
            .get(start..chars.get(mark).map_or(end, |(at, _)| *at))
            .unwrap_or_default();
        let after = line.get(end..).unwrap_or_default();
        if ends_here(before, c, i - mark == 1, after) {
            push(text, range.start + start..range.start + end, out);
            start = end;
        }
    }
    push(text, range.start + start..range.end, out);
}

pub(super) fn is_end_mark(c: char) -> bool {
    matches!(
        c,
        '.' | '!' | '?' | '…' | '。' | '！' | '？' | '؟' | '।' | '۔'
    )
}

pub(super) fn is_closing(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | ')' | ']' | '”' | '’' | '»' | '」' | '』' | '）'
    )
}

/// Whether a mark ends a sentence in a text that may go on.
pub(super) enum Ending {
    None,
    Certain,
    /// The text after the mark decides.
    WithMoreText,
}

/// Like [`ends_here`], for a text that is still being written. After a usual word a mark and a space are enough, so
/// that a listener need not wait for the next sentence.
pub(super) fn ending(before: &str, mark: char, single: bool, after: &str) -> Ending {
    let next = after.trim_start();
    if after.is_empty() {
        return Ending::WithMoreText;
    }
    if next.len() < after.len() {
        let word = last_word(before);
        let word = word.as_str();
        let is_number = word.len() <= 2 && word.chars().all(|c| c.is_ascii_digit());
        let next_word_decides = mark == '.' && (is_number || LISTS.sometimes_last.contains(word));
        let next_letter_decides = next_word_decides
            || !single
            || mark == '…'
            || mark == '.'
                && (word.chars().count() == 1
                    || LISTS.never_last.contains(word)
                    || LISTS.before_number.contains(word));
        let has_letter = next.chars().any(|c| !is_opening(c));
        let has_word = next.chars().any(|c| !c.is_alphanumeric());
        if !has_letter && !next_letter_decides {
            return Ending::Certain;
        }
        if !has_letter || next_word_decides && !has_word {
            return Ending::WithMoreText;
        }
    }
    match ends_here(before, mark, single, after) {
        true => Ending::Certain,
        false => Ending::None,
    }
}

fn is_opening(c: char) -> bool {
    matches!(c, '"' | '\'' | '(' | '“' | '‘' | '«' | '¿' | '¡')
}

/// The last word in lower case, without leading marks.
fn last_word(text: &str) -> String {
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    word.trim_start_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase()
}

/// Whether a sentence ends at `mark`, given its text before the mark and the text that follows.
fn ends_here(before: &str, mark: char, single: bool, after: &str) -> bool {
    if matches!(mark, '。' | '！' | '？') {
        return true;
    }
    if !after.is_empty() && !after.starts_with(char::is_whitespace) {
        // Inside a decimal, a time, a web address or a file name.
        return false;
    }
    let next = after.trim_start();
    let Some(first) = next.chars().find(|c| !is_opening(*c)) else {
        return true;
    };
    if mark != '.' || !single {
        // "Yahoo! is …", "well… maybe" and dot leaders before a price go on.
        let leader = mark == '.' && (first.is_numeric() || before.ends_with(char::is_whitespace));
        return !first.is_lowercase() && !leader;
    }
    if first.is_lowercase() {
        return false;
    }
    let word = last_word(before);
    let next_word: String = next
        .chars()
        .take_while(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_lowercase();
    if word.is_empty() {
        return true;
    }
    if before.trim() == before.split_whitespace().next().unwrap_or_default()
        && word.chars().count() <= 3
        && word.chars().all(|c| c.is_ascii_digit())
    {
        // The number of a list item.
        return false;
    }
    if LISTS.never_last.contains(word.as_str()) {
        return false;
    }
    if LISTS.before_number.contains(word.as_str()) && first.is_numeric() {
        return false;
    }
    if LISTS.sometimes_last.contains(word.as_str()) {
        return first.is_uppercase() && !follows_time(&next_word);
    }
    if word.chars().all(|c| c.is_ascii_digit()) && word.len() <= 2 && is_german_month(&next_word) {
        return false;
    }
    // An initial, as in "J. Smith". A single letter after small words ("vitamin C.") ends the sentence as usual.
    let is_initial = word.chars().count() == 1
        && before.ends_with(char::is_uppercase)
        && before
            .split_whitespace()
            .rev()
            .nth(1)
            .is_none_or(|w| w.starts_with(char::is_uppercase) || w.ends_with('.'));
    !is_initial
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_abbreviations_are_complete() {
        let lists: Lists = data::check(FILE);
        assert!(lists.never_last.contains("z. b") && lists.time_zones.contains("cest"));
        assert!(follows_time("weds") && follows_time("december") && !follows_time("open"));
        assert!(is_german_month("jänner") && !is_german_month("januarys"));
    }

    fn split(text: &str) -> Vec<&str> {
        sentences(text)
            .into_iter()
            .map(|r| text.get(r).expect("a span of the text"))
            .collect()
    }

    #[test]
    fn abbreviations_decimals_times_and_addresses_do_not_end_a_sentence() {
        let cases: &[(&str, &[&str])] = &[
            (
                "Dr. Raman is in. Call us.",
                &["Dr. Raman is in.", "Call us."],
            ),
            (
                "It costs $1,450.50 or 3.5 hours. Ask!",
                &["It costs $1,450.50 or 3.5 hours.", "Ask!"],
            ),
            (
                "Open 9 a.m. to 5 p.m. on weekdays. Closed Sunday.",
                &["Open 9 a.m. to 5 p.m. on weekdays.", "Closed Sunday."],
            ),
            (
                "We open at 9 a.m. Monday. Come.",
                &["We open at 9 a.m. Monday.", "Come."],
            ),
            (
                "We close at 5 p.m. Parking is free.",
                &["We close at 5 p.m.", "Parking is free."],
            ),
            (
                "See https://a.example/b.html?c=1. Or mail x.y@z.example today.",
                &[
                    "See https://a.example/b.html?c=1.",
                    "Or mail x.y@z.example today.",
                ],
            ),
            (
                "Is it open? Yes! \"Always.\" Good.",
                &["Is it open?", "Yes!", "\"Always.\"", "Good."],
            ),
            (
                "Room No. 5 is free. No. We are closed.",
                &["Room No. 5 is free.", "No.", "We are closed."],
            ),
            (
                "By J. R. Smith, D.D.S. He is kind.",
                &["By J. R. Smith, D.D.S.", "He is kind."],
            ),
            (
                "Bring snacks, e.g. Fruit. Wir öffnen am 3. Mai. Gut.",
                &["Bring snacks, e.g. Fruit.", "Wir öffnen am 3. Mai.", "Gut."],
            ),
            (
                "1. Rinse gently. 2 hours later eat.",
                &["1. Rinse gently.", "2 hours later eat."],
            ),
            (
                "我们九点开门。周日休息！请打电话",
                &["我们九点开门。", "周日休息！", "请打电话"],
            ),
            ("Recall exam ...... 54", &["Recall exam ...... 54"]),
            ("Wait... what? OK", &["Wait... what?", "OK"]),
        ];
        for (text, want) in cases {
            assert_eq!(&split(text), want, "{text}");
        }
    }

    #[test]
    fn rows_and_items_stay_on_their_own() {
        let text = "Service: Exam | Notes: once. After that $68\nfirst item\nsecond item. Done";
        assert_eq!(
            split(text),
            [
                "Service: Exam | Notes: once. After that $68",
                "first item",
                "second item.",
                "Done"
            ]
        );
    }

    proptest! {
        #[test]
        fn spans_are_ordered_and_keep_every_word(text in "[A-Za-z0-9äé。 .!?|\n\"]{0,200}") {
            let spans = sentences(&text);
            let mut end = 0;
            let mut kept = String::new();
            for span in spans {
                prop_assert!(span.start >= end && span.end <= text.len());
                kept.push_str(text.get(span.clone()).expect("char boundaries"));
                kept.push(' ');
                end = span.end;
            }
            let words = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            prop_assert_eq!(words(&kept), words(&text));
        }
    }
}

//! Finds addresses, numbers and names in a text. Written by hand, so that each rule says what it means.

use std::ops::Range;

use super::Kind;
use crate::store::providers::Redaction;

type Span = (Range<usize>, Kind);

/// What is to be replaced, in the order of the text and without overlaps.
pub(super) fn spans(text: &str, rules: &Redaction) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    if rules.emails {
        add(&mut found, emails(text), Kind::Email);
    }
    if rules.ibans {
        add(&mut found, ibans(text), Kind::Iban);
    }
    let runs = runs(text);
    if rules.cards {
        add(&mut found, runs.iter().filter_map(card), Kind::Card);
    }
    if rules.phones {
        let phones = runs.iter().filter(|run| is_phone(run));
        add(&mut found, phones.map(Run::range), Kind::Phone);
    }
    let mut names: Vec<&str> = rules.names.iter().map(|name| name.trim()).collect();
    names.retain(|name| !name.is_empty());
    // The longer one first: "Ann Smith" before "Ann".
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        add(&mut found, occurrences(text, name), Kind::Name);
    }
    found.sort_by_key(|(range, _)| range.start);
    found
}

/// Adds what does not overlap with what was found before.
fn add(found: &mut Vec<Span>, more: impl IntoIterator<Item = Range<usize>>, kind: Kind) {
    for range in more {
        let overlaps = |(other, _): &Span| range.start < other.end && other.start < range.end;
        if !found.iter().any(overlaps) {
            found.push((range, kind));
        }
    }
}

fn emails(text: &str) -> Vec<Range<usize>> {
    let is_local = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let is_host = |c: char| c.is_alphanumeric() || c == '.' || c == '-';
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let (before, after) = (
            text.get(..at).unwrap_or_default(),
            text.get(at + 1..).unwrap_or_default(),
        );
        let local = before.trim_end_matches(is_local).len();
        let host = after
            .find(|c: char| !is_host(c))
            .map_or(after, |end| after.get(..end).unwrap_or_default())
            .trim_end_matches(['.', '-']);
        let top = host.rsplit_once('.').map_or("", |(_, top)| top);
        let is_top = top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
        if local < at && is_top {
            found.push(local..at + 1 + host.len());
        }
    }
    found
}

/// IBANs (ISO 13616): two letters, two digits, up to 30 more, in groups or not; the remainder by 97 is 1.
fn ibans(text: &str) -> Vec<Range<usize>> {
    const SHORTEST: usize = 15;
    const LONGEST: usize = 34;
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut before: Option<char> = None;
    for (start, first) in text.char_indices() {
        let is_start = first.is_ascii_alphabetic()
            && before.is_none_or(|c: char| !c.is_alphanumeric())
            && found.last().is_none_or(|last| last.end <= start);
        before = Some(first);
        if !is_start {
            continue;
        }
        let (mut compact, mut end, mut gap) = (String::new(), None, false);
        let rest = text.get(start..).unwrap_or_default();
        let mut letters = rest.char_indices().peekable();
        while let Some((at, c)) = letters.next() {
            match c {
                ' ' if !gap && !compact.is_empty() => {
                    gap = true;
                    continue;
                }
                _ if c.is_ascii_alphanumeric() => {
                    gap = false;
                    compact.push(c.to_ascii_uppercase());
                }
                _ => break,
            }
            let shape = match compact.len() {
                1 | 2 => c.is_ascii_alphabetic(),
                3 | 4 => c.is_ascii_digit(),
                length => length <= LONGEST,
            };
            if !shape {
                break;
            }
            let ends = letters
                .peek()
                .is_none_or(|(_, next)| !next.is_alphanumeric());
            if ends && compact.len() >= SHORTEST && has_checksum(&compact) {
                end = Some(start + at + 1);
            }
        }
        found.extend(end.map(|end| start..end));
    }
    found
}

/// ISO 7064, mod 97-10, over the text with its first four characters at the end.
fn has_checksum(compact: &str) -> bool {
    let (head, tail) = compact.split_at(4);
    let mut remainder = 0_u32;
    for c in tail.chars().chain(head.chars()) {
        let Some(value) = c.to_digit(36) else {
            return false;
        };
        let shift = if value < 10 { 10 } else { 100 };
        remainder = (remainder * shift + value) % 97;
    }
    remainder == 1
}

/// Digits in groups, with what stands between them.
struct Run<'t> {
    text: &'t str,
    start: usize,
    end: usize,
    /// Where each group of digits lies in the whole text.
    groups: Vec<Range<usize>>,
}

impl Run<'_> {
    fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    fn shown(&self) -> &str {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    fn digits(&self) -> usize {
        self.groups.iter().map(Range::len).sum()
    }

    fn lengths(&self) -> Vec<usize> {
        self.groups.iter().map(Range::len).collect()
    }
}

fn runs(text: &str) -> Vec<Run<'_>> {
    let is_between = |c: char| " -./()\u{a0}".contains(c);
    let mut runs = Vec::new();
    let mut letters = text.char_indices().peekable();
    let mut before: Option<char> = None;
    while let Some((start, first)) = letters.next() {
        let begins = first.is_ascii_digit() || first == '+' || first == '(';
        let is_inside = before.is_some_and(|c: char| c.is_alphanumeric() || c == '_' || c == '@');
        before = Some(first);
        if !begins || is_inside {
            continue;
        }
        let mut groups: Vec<Range<usize>> = Vec::new();
        let mut between = 0;
        let mut next = Some((start, first));
        while let Some((at, c)) = next {
            if c.is_ascii_digit() {
                between = 0;
                match groups.last_mut() {
                    Some(group) if group.end == at => group.end = at + 1,
                    _ => groups.push(at..at + 1),
                }
            } else if at != start {
                between += 1;
            }
            before = Some(c);
            next = letters.next_if(|(_, c)| c.is_ascii_digit() || (is_between(*c) && between < 2));
        }
        let Some(end) = groups.last().map(|group| group.end) else {
            continue;
        };
        // Digits that go on as a word, such as `12ab`, are no number.
        let goes_on = text
            .get(end..)
            .and_then(|rest| rest.chars().next())
            .is_some_and(|c| c.is_alphanumeric() || c == '_');
        if goes_on {
            continue;
        }
        runs.push(Run {
            text,
            start,
            end,
            groups,
        });
    }
    runs
}

/// A card's number within a run: whole groups with 13 to 19 digits (ISO/IEC 7812) that pass the check of Luhn.
fn card(run: &Run<'_>) -> Option<Range<usize>> {
    for from in 0..run.groups.len() {
        let mut digits = String::new();
        for group in run.groups.iter().skip(from) {
            digits.push_str(run.text.get(group.clone()).unwrap_or_default());
            if digits.len() > 19 {
                break;
            }
            if digits.len() >= 13 && passes_luhn(&digits) {
                let start = run.groups.get(from)?.start;
                return Some(start..group.end);
            }
        }
    }
    None
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0');
            match (at % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled) if doubled > 9 => doubled - 9,
                (_, doubled) => doubled,
            }
        })
        .sum();
    sum.is_multiple_of(10) && digits.bytes().any(|byte| byte != b'0')
}

/// Seven to fifteen digits (E.164) that begin like a telephone number and are no date.
fn is_phone(run: &Run<'_>) -> bool {
    let (shown, lengths) = (run.shown(), run.lengths());
    let is_date = matches!(
        lengths.as_slice(),
        [1 | 2, 1 | 2, 2 | 4] | [4, 1 | 2, 1 | 2]
    );
    let is_fraction = shown.starts_with("0.") && lengths.first() == Some(&1);
    if !(7..=15).contains(&run.digits()) || is_date || is_fraction {
        return false;
    }
    shown.starts_with(['+', '(', '0']) || lengths == [3, 3, 4]
}

/// Where a name stands as a word of its own.
fn occurrences(text: &str, name: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut before: Option<char> = None;
    for (start, first) in text.char_indices() {
        let is_start = before.is_none_or(|c| !c.is_alphanumeric());
        before = Some(first);
        let Some(rest) = text.get(start..).filter(|_| is_start) else {
            continue;
        };
        let mut letters = rest.chars();
        let mut length = 0;
        let fits = name.chars().all(|wanted| {
            letters.next().is_some_and(|c| {
                length += c.len_utf8();
                c == wanted || c.to_lowercase().eq(wanted.to_lowercase())
            })
        });
        if fits && letters.next().is_none_or(|c| !c.is_alphanumeric()) {
            found.push(start..start + length);
        }
    }
    found
}

//! Turns text into index terms, the same way for documents and for questions: words, folded (lower case, no accents),
//! and their stems in the language of the text.

use std::borrow::Cow;

use frostem::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Language;

/// In bytes. Longer "words" are encoded data.
const MAX_TERM: usize = 60;

/// A word and its place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// In lower case, without accents; numbers without thousands separators.
    pub folded: String,
    /// First byte in the text.
    pub from: usize,
    /// One past its last byte.
    pub to: usize,
}

/// The folded words of a text in order. In scripts without spaces (Chinese, Japanese, Thai …) every pair of adjacent
/// characters counts as a word: such pairs find words without a dictionary.
pub fn words(text: &str) -> impl Iterator<Item = Word> + '_ {
    find_spans(text).filter_map(|(from, to)| {
        let folded = fold(text.get(from..to)?);
        (!folded.is_empty() && folded.len() <= MAX_TERM).then_some(Word { folded, from, to })
    })
}

/// A word in lower case and without accents, because visitors leave them out. Numbers keep their separators.
pub fn unaccented(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    word.to_lowercase().nfc().flat_map(without_accent).collect()
}

/// Maps a lower-case letter: `é` to `e`, `ß` to `ss`, and a combining accent to nothing.
pub fn without_accent(c: char) -> impl Iterator<Item = char> {
    Folded::of(c).0.into_iter().flatten()
}

/// The form in which words are compared: [`unaccented`], with numbers without separators.
pub fn fold(word: &str) -> String {
    let folded = unaccented(word);
    if folded.starts_with(|c: char| c.is_ascii_digit()) {
        strip_separators(&folded).unwrap_or(folded)
    } else {
        folded
    }
}

/// The words of a text in lower case with accents but without punctuation around them, as a speech recogniser writes
/// them.
pub fn plain_words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(|word| {
            word.trim_matches(|c: char| !c.is_alphanumeric())
                .to_lowercase()
                .replace('’', "'")
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// The stem of a folded word. Words with digits, and words in languages without a stemmer, stay as they are.
pub fn stem(language: Language, folded: &str) -> String {
    let algorithm = match language {
        Language::En => Algorithm::English,
        Language::De => Algorithm::German,
        Language::Es => Algorithm::Spanish,
        Language::Fr => Algorithm::French,
        Language::It => Algorithm::Italian,
        Language::Pt => Algorithm::Portuguese,
        Language::Nl => Algorithm::Dutch,
        Language::Pl => Algorithm::Polish,
        Language::Tr => Algorithm::Turkish,
        Language::Ru => Algorithm::Russian,
        Language::Ar => Algorithm::Arabic,
        Language::Zh | Language::Other => return folded.to_owned(),
    };
    if folded.chars().any(|c| c.is_numeric() || is_unspaced(c)) {
        return folded.to_owned();
    }
    let stemmed = Stemmer::new(algorithm).stem(folded);
    if stemmed.is_empty() {
        return folded.to_owned();
    }
    // Some stemmers add accents, but terms have none.
    match stemmed {
        Cow::Borrowed(same) => same.to_owned(),
        Cow::Owned(other) => fold(&other),
    }
}

/// Replacement of one character: up to three characters.
struct Folded([Option<char>; 3]);

impl Folded {
    fn of(c: char) -> Self {
        let two = |a, b| Self([Some(a), Some(b), None]);
        match c {
            'ß' => two('s', 's'),
            'æ' => two('a', 'e'),
            'œ' => two('o', 'e'),
            'þ' => two('t', 'h'),
            'ı' => Self([Some('i'), None, None]),
            'ø' => Self([Some('o'), None, None]),
            'ł' => Self([Some('l'), None, None]),
            'đ' | 'ð' => Self([Some('d'), None, None]),
            'ё' => Self([Some('е'), None, None]),
            '’' => Self([Some('\''), None, None]),
            // Arabic: unify the forms of alef and the final ya and ta; drop the stretching sign.
            'أ' | 'إ' | 'آ' | 'ٱ' => Self([Some('ا'), None, None]),
            'ى' => Self([Some('ي'), None, None]),
            'ة' => Self([Some('ه'), None, None]),
            'ـ' => Self([None; 3]),
            // Digits of other scripts.
            '٠'..='٩' => Self([digit(c, '٠'), None, None]),
            '۰'..='۹' => Self([digit(c, '۰'), None, None]),
            '０'..='９' => Self([digit(c, '０'), None, None]),
            // Letters that decompose into a letter and its accents. In other scripts (Cyrillic й, Korean syllables,
            // vowel signs of Indian scripts) the parts are not accents.
            '\u{00C0}'..='\u{024F}'
            | '\u{0370}'..='\u{03FF}'
            | '\u{1E00}'..='\u{1FFF}'
            | '\u{FB00}'..='\u{FB06}'
            | '\u{FF21}'..='\u{FF5A}' => {
                let mut parts = std::iter::once(c).nfkd().filter(|p| !is_combining_mark(*p));
                Self([parts.next(), parts.next(), parts.next()])
            }
            '\u{0300}'..='\u{036F}' | '\u{064B}'..='\u{065F}' | '\u{0670}' => Self([None; 3]),
            _ => Self([Some(c), None, None]),
        }
    }
}

fn digit(c: char, zero: char) -> Option<char> {
    char::from_digit(u32::from(c) - u32::from(zero), 10)
}

/// Removes separators from a number: 1,450.00 and 1.450 become 1450.
fn strip_separators(folded: &str) -> Option<String> {
    let groups: Vec<&str> = folded.split([',', '.', '\'']).collect();
    let [first, between @ .., last] = groups.as_slice() else {
        return None;
    };
    if groups
        .iter()
        .any(|g| g.is_empty() || !g.bytes().all(|b| b.is_ascii_digit()))
    {
        return None;
    }
    let mut joined = (*first).to_owned();
    joined.extend(between.iter().copied());
    match last.len() {
        3 => joined.push_str(last),
        _ if last.bytes().all(|b| b == b'0') => {}
        _ => {
            joined.push('.');
            joined.push_str(last);
        }
    }
    Some(joined)
}

/// The byte spans of the words of a text.
fn find_spans(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut chars = text.char_indices().peekable();
    let mut pending: Option<(usize, usize)> = None;
    std::iter::from_fn(move || {
        loop {
            let Some(&(at, c)) = chars.peek() else {
                return pending.take();
            };
            if is_unspaced(c) {
                if let Some(span) = pending.take() {
                    return Some(span);
                }
                chars.next();
                let end = at + c.len_utf8();
                match chars.peek() {
                    Some(&(_, next)) if is_unspaced(next) => {
                        return Some((at, end + next.len_utf8()));
                    }
                    // The last character is already part of a pair, unless it is the only one.
                    _ if text
                        .get(..at)
                        .and_then(|t| t.chars().last())
                        .is_some_and(is_unspaced) => {}
                    _ => return Some((at, end)),
                }
            } else if c.is_alphanumeric() || is_mark(c) || joins_digits(text, at, c, pending) {
                chars.next();
                let start = pending.map_or(at, |(from, _)| from);
                pending = Some((start, at + c.len_utf8()));
            } else {
                chars.next();
                if let Some(span) = pending.take() {
                    return Some(span);
                }
            }
        }
    })
}

/// Whether `c` at `at` separates digits of one number: thousands, or one or two decimals.
fn joins_digits(text: &str, at: usize, c: char, pending: Option<(usize, usize)>) -> bool {
    if !matches!(c, ',' | '.' | '\'') {
        return false;
    }
    let number = |s: &str| {
        s.bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.' | b'\''))
    };
    let before = pending
        .and_then(|(from, to)| text.get(from..to))
        .is_some_and(number);
    let after = text.get(at + 1..).unwrap_or_default();
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = after.get(digits..).unwrap_or_default().chars();
    let ends = match rest.next() {
        // A third part means a date or a version, unless this part has the three digits of a thousands group.
        Some('.' | ',' | '\'') if rest.next().is_some_and(|r| r.is_ascii_digit()) => digits == 3,
        Some(r) => !r.is_alphanumeric(),
        None => true,
    };
    before && ends && (1..=3).contains(&digits)
}

/// Vowel signs and accents, which continue their word.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0591}'..='\u{05BD}' | '\u{0640}' | '\u{064B}'..='\u{065F}'
        | '\u{0670}' | '\u{0900}'..='\u{0963}' | '\u{0980}'..='\u{0DFF}' | '\u{200C}' | '\u{200D}')
}

/// Whether the script of `c` is written without spaces.
pub fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0E01}'..='\u{0E4E}' | '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).map(|w| w.folded).collect()
    }

    #[test]
    fn words_table() {
        let cases: &[(&str, &[&str])] = &[
            ("Crème brûlée, $1,450!", &["creme", "brulee", "1450"]),
            (
                "1.450 € or 1,450.00 or 12.50",
                &["1450", "or", "1450", "or", "12.50"],
            ),
            ("我们九点open", &["我们", "们九", "九点", "open"]),
            ("我 x", &["我", "x"]),
            ("Dr. Beltrán's D2740", &["dr", "beltran", "s", "d2740"]),
            (
                "on 24.12.2026 at 10:30",
                &["on", "24", "12", "2026", "at", "10", "30"],
            ),
            ("1, 2,3", &["1", "2.3"]),
            (
                "Straße Łódź Iğdır İzmir",
                &["strasse", "lodz", "igdir", "izmir"],
            ),
            ("Ещё йод", &["еще", "йод"]),
            ("أَحْمَد مدرسة ٢٥", &["احمد", "مدرسه", "25"]),
            ("한국어 नमस्ते", &["한국어", "नमस्ते"]),
        ];
        for (text, want) in cases {
            assert_eq!(&folded(text), want, "{text}");
        }
    }

    #[test]
    fn spans_point_into_the_text() {
        let text = "Für 1,450 €";
        let cut: Vec<&str> = words(text).filter_map(|w| text.get(w.from..w.to)).collect();
        assert_eq!(cut, ["Für", "1,450"]);
    }

    #[test]
    fn stems_join_the_forms_of_a_word() {
        let same = [
            (Language::En, "cleanings", "cleaned"),
            (Language::De, "zahnreinigungen", "zahnreinigung"),
            (Language::Es, "citas", "cita"),
            (Language::Fr, "reservations", "reservation"),
            (Language::Ru, "врачи", "врача"),
            (Language::Pl, "godziny", "godzina"),
        ];
        for (language, a, b) in same {
            assert_eq!(stem(language, a), stem(language, b), "{a} {b}");
        }
        assert_eq!(stem(Language::En, "d2740s"), "d2740s");
        assert_ne!(stem(Language::En, "policy"), stem(Language::En, "police"));
    }
}

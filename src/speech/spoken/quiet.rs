//! Blanks out what is never read aloud: tags, citation marks, Markdown signs, emoji, other scripts. Each
//! is replaced by as many spaces as it has bytes, so that positions do not change.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::normalise::pattern;

/// Tags and comments; link targets; citation marks such as `[1]`, `[2, 3]`, `【4】`; Markdown rules and
/// fences; signs before headings, quotes and list items; entities of invisible characters.
static SILENT: LazyLock<[Regex; 6]> = LazyLock::new(|| {
    [
        pattern(r"(?s)<!--.*?-->|</?[A-Za-z][A-Za-z0-9:-]*(?:\s[^<>]{0,400})?\s*/?>"),
        pattern(r"\]\([^()\s]{0,2000}\)|!\["),
        pattern(r"\[\^?\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*\]|【[^】]{0,40}】"),
        pattern(r"(?m)^[ \t]*(?:```[^\n]*|~~~[^\n]*|[-*_=][-*_= \t]{2,}|\|?[ :|-]*-{3,}[ :|-]*)$"),
        pattern(r"(?m)^[ \t]*(?:#{1,6}|>|[-*+•])[ \t]+"),
        pattern(r"&(?:nbsp|zwnj|shy|#\d{1,6});"),
    ]
});

/// Blanks out what is silent; the result has the same length in bytes.
pub(super) fn blank(text: &str) -> String {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for silent in SILENT.iter() {
        hidden.extend(silent.find_iter(text).map(|found| found.range()));
    }
    hidden.sort_by_key(|range| range.start);
    let mut out = String::with_capacity(text.len());
    let mut next = hidden.into_iter().peekable();
    let mut until = 0;
    for (at, letter) in text.char_indices() {
        while let Some(range) = next.next_if(|range| range.start <= at) {
            until = until.max(range.end);
        }
        // Line breaks stay: they end clauses.
        if letter == '\n' || (at >= until && is_audible(letter)) {
            out.push(letter);
        } else {
            (0..letter.len_utf8()).for_each(|_| out.push(' '));
        }
    }
    out
}

/// Whether a character can be part of English speech: Latin letters with their accents, digits, and the
/// signs that the normaliser knows.
fn is_audible(letter: char) -> bool {
    match letter {
        '*' | '`' | '[' | ']' | '{' | '}' | '|' | '\\' | '~' | '^' | '<' | '>' => false,
        ' '..='~' | '\t' | '\r' => true,
        '\u{a0}'..='\u{24f}' => {
            !matches!(letter, '\u{ad}' | '¡' | '¿' | '¦' | '¨' | '¯' | '´' | '¸')
        }
        '\u{300}'..='\u{36f}' | '\u{1e00}'..='\u{1eff}' => true,
        '‐'..='―'
        | '‘'..='‟'
        | '…'
        | '′'
        | '″'
        | '€'
        | '₂'
        | '№'
        | '™'
        | '℃'
        | '℉'
        | '−'
        | '⁄'
        | '≈'
        | '≤'
        | '≥'
        | '≠'
        | '∞'
        | '√'
        | '\u{2009}'
        | '\u{202f}' => true,
        '⅐'..='⅞' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::blank;

    #[test]
    fn blanks_what_is_not_read_out() {
        for (text, left) in [
            ("We open at 9 [1].", "We open at 9 ."),
            ("<speak>Hello <break time=\"1s\"/>you</speak>", "Hello you"),
            ("See [our menu](https://a.example/menu).", "See our menu."),
            ("**Bold** and `code`", "Bold and code"),
            ("# Prices\n- one\n- two", "Prices one two"),
            ("Great 🎉 day", "Great day"),
            ("こんにちは", ""),
            ("if a < b and c > d", "if a b and c d"),
            ("Zoë & Łukasz", "Zoë & Łukasz"),
        ] {
            let blanked = blank(text);
            assert_eq!(blanked.len(), text.len(), "{text}");
            let words: Vec<&str> = blanked.split_whitespace().collect();
            assert_eq!(
                words.join(" ").replace(" .", "."),
                left.replace(" .", "."),
                "{text}"
            );
        }
    }
}

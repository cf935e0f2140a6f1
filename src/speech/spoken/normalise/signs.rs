//! The signs that are left after everything else has been read.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::pattern;

/// Replaces variants of a sign by one form.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '’' | '‘' | '′' => out.push('\''),
            '“' | '”' | '„' | '"' | '«' | '»' | '″' => out.push(' '),
            '\u{a0}' | '\u{2009}' | '\u{202f}' | '\t' | '\r' | '\n' => out.push(' '),
            '‐' | '‑' => out.push('-'),
            '…' => out.push('.'),
            '½' => out.push_str(" 1/2"),
            '¼' => out.push_str(" 1/4"),
            '¾' => out.push_str(" 3/4"),
            '⅓' => out.push_str(" 1/3"),
            '⅔' => out.push_str(" 2/3"),
            '⅛' => out.push_str(" 1/8"),
            '⁄' => out.push('/'),
            '№' => out.push_str("number "),
            '™' | '®' | '©' => {}
            'º' => out.push('°'),
            'μ' => out.push('µ'),
            _ => out.push(letter),
        }
    }
    out
}

static ENTITY: LazyLock<Regex> = LazyLock::new(|| pattern(r"&(?:amp|lt|gt|quot|apos);"));
static DASH: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s[-–—]+\s|[–—]|--+"));
static BRACKETS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s?[()]"));
static AND_OR: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b([Aa]nd)/(or)\b"));
static HASH: LazyLock<Regex> = LazyLock::new(|| pattern(r"#\s?(\pL|\x{e000})"));

/// Reads the signs, and turns dashes and brackets into pauses.
pub(super) fn read(text: &str) -> String {
    let text = ENTITY.replace_all(text, |found: &Captures<'_>| {
        if &found[0] == "&amp;" { " and " } else { " " }.to_owned()
    });
    // "and/or" goes before the slash is read as a word.
    let text = AND_OR.replace_all(&text, "$1 $2");
    let text = DASH.replace_all(&text, ", ");
    let text = BRACKETS.replace_all(&text, ", ");
    let text = HASH.replace_all(&text, "number $1");
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        out.push_str(match letter {
            '&' => " and ",
            '@' => " at ",
            '+' => " plus ",
            '=' => " equals ",
            '%' => " percent ",
            '/' => " slash ",
            '×' => " times ",
            '÷' => " divided by ",
            '±' => " plus or minus ",
            '≈' => " about ",
            '≤' => " at most ",
            '≥' => " at least ",
            '≠' => " is not ",
            '<' => " less than ",
            '>' => " more than ",
            '−' => " minus ",
            '∞' => " infinity ",
            '√' => " square root of ",
            '°' => " degrees ",
            '§' => " section ",
            '$' => " dollars ",
            '€' => " euros ",
            '£' => " pounds ",
            '²' => " squared ",
            '³' => " cubed ",
            '#' | '_' => " ",
            _ => {
                out.push(letter);
                continue;
            }
        });
    }
    out
}

//! Email and web addresses.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::Deserialize;

use super::{mark_letters, numbers, pattern};
use crate::language::data::{self, WordSet};

/// Word lists; the TOML file explains each.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    short: WordSet,
}

static FILE: &str = include_str!("web.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:mailto:)?\b([A-Za-z0-9][A-Za-z0-9._%+-]*)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)\b")
});
static URL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(https?|ftp)://|(www\.))([a-z0-9-]+(?:\.[a-z0-9-]+)*)(:\d{2,5})?((?:[/?#][a-z0-9._~%/?#=&+,;:@!-]*)?)",
    )
});
/// A bare domain, as in "casa-olivo.com/menu". Only well-known endings match, so "e.g" does not.
static BARE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b([A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.(?:com|org|net|edu|gov|io|dev|app|co\.uk|info|biz|example|test|eu|de|fr|us|uk|ca|health|shop|ai|me|ch|at|it|es|nl|pl))\b((?:/[A-Za-z0-9._~%/?#=&+-]*)?)",
    )
});

/// Reads addresses: "info at bluefin dash dental dot com".
pub(super) fn read(text: &str) -> String {
    if !text.contains(['@', '.']) {
        return text.to_owned();
    }
    let text = EMAIL.replace_all(text, |found: &Captures<'_>| {
        format!(
            " {} at {} ",
            read_address(&found[1]),
            read_address(&found[2])
        )
    });
    let text = URL.replace_all(&text, |found: &Captures<'_>| {
        let www = if found.get(2).is_some() {
            format!("{} dot ", mark_letters("www"))
        } else {
            String::new()
        };
        format!(" {www}{}{} ", read_address(&found[3]), read_path(&found[5]))
    });
    BARE.replace_all(&text, |found: &Captures<'_>| {
        format!(" {}{} ", read_address(&found[1]), read_path(&found[2]))
    })
    .into_owned()
}

/// Reads a path. A full stop or comma after it belongs to the sentence.
fn read_path(text: &str) -> String {
    let end = text.trim_end_matches(['.', ',', ';', ':', '!', '?', '/']);
    let tail: String = text[end.len()..].chars().filter(|c| *c != '/').collect();
    format!(" {}{tail}", read_address(end))
}

fn read_address(text: &str) -> String {
    let text = text
        .strip_prefix("www.")
        .map_or_else(|| text.to_owned(), |rest| format!("WWW.{rest}"));
    let mut out: Vec<String> = Vec::new();
    let mut part = String::new();
    let signs = |c: char| match c {
        '.' => Some("dot"),
        '-' => Some("dash"),
        '_' => Some("underscore"),
        '/' => Some("slash"),
        '@' => Some("at"),
        '+' => Some("plus"),
        '?' => Some("question mark"),
        '=' => Some("equals"),
        '&' => Some("and"),
        '#' => Some("hash"),
        ':' => Some("colon"),
        '%' => Some("percent"),
        '~' => Some("tilde"),
        _ => None,
    };
    // The added line break ends the last part.
    for c in text.chars().chain(['\n']) {
        let change = part
            .chars()
            .last()
            .is_some_and(|last| last.is_ascii_digit() != c.is_ascii_digit());
        if !c.is_alphanumeric() || change {
            if !part.is_empty() {
                out.push(read_part(&part));
            }
            part.clear();
        }
        if c.is_alphanumeric() {
            part.push(c);
        } else if let Some(name) = signs(c) {
            out.push(name.to_owned());
        }
    }
    out.join(" ")
}

/// Reads a part of an address: as a word, or letter by letter if it cannot be one.
fn read_part(part: &str) -> String {
    if part.chars().all(|c| c.is_ascii_digit()) {
        return if part.len() < 3 && !part.starts_with('0') {
            numbers::quantity(part)
        } else {
            numbers::digits(part)
        };
    }
    match part.to_ascii_lowercase().as_str() {
        "com" | "net" | "info" | "org" | "gov" | "biz" => part.to_ascii_lowercase(),
        _ if part.len() <= 3 && !LISTS.short.contains(part)
            || !part.chars().any(|c| "aeiouyAEIOUY".contains(c)) =>
        {
            mark_letters(part)
        }
        _ => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        let lists: Lists = data::check(FILE);
        assert!(lists.short.contains("spa"));
    }
}

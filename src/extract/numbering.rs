//! The numbers of lists and headings. Word stores only how to count, not the numbers, in new and old files alike
//! (ECMA-376 part 1, 17.9; MS-DOC 2.9.131 and on).

use std::collections::{HashMap, HashSet};

pub(super) const LEVELS: usize = 9;

#[derive(Debug, Default, Clone)]
pub(super) struct Level {
    pub start: u32,
    /// How the number is written, as Office Open XML calls it: `lowerRoman`; `bullet` and `none` for no number.
    pub format: String,
    /// The label's template, with `%1` to `%9` for the number of each level.
    pub label: String,
    /// The paragraph style that belongs to this level.
    pub style: Option<String>,
    /// Counted from 1: only this level and those above it begin it anew; 0 for none. Without it, every one above does.
    pub restart: Option<usize>,
    /// The numbers of all levels are written in digits.
    pub legal: bool,
}

/// What several lists have in common (`abstractNum`).
#[derive(Debug, Default)]
pub(super) struct Kind {
    pub levels: [Level; LEVELS],
    /// The name under which other kinds can stand in for this one.
    pub style: Option<String>,
    /// The name of the kind that really applies.
    pub stands_for: Option<String>,
}

/// A list (`num`): a kind, and what differs from it.
#[derive(Debug, Default)]
pub(super) struct List {
    pub kind: String,
    pub starts: [Option<u32>; LEVELS],
    pub levels: HashMap<usize, Level>,
}

/// How the lists of a document count, and their current numbers.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    pub kinds: HashMap<String, Kind>,
    pub lists: HashMap<String, List>,
    /// By kind: lists of one kind count on from each other.
    counts: HashMap<String, [Option<u32>; LEVELS]>,
    /// The levels of lists that began at a number of their own.
    begun: HashSet<(String, usize)>,
}

impl Numbering {
    /// Counts a paragraph of a list and returns its label; `None` for a bullet.
    pub(super) fn next(&mut self, list_id: &str, level: usize) -> Option<String> {
        let list = self.lists.get(list_id)?;
        let (kind_id, kind) = find_kind(&self.kinds, list)?;
        let own = list.levels.get(&level).or(kind.levels.get(level))?;
        let counts = self.counts.entry(kind_id.to_owned()).or_default();
        let count = counts.get_mut(level)?;
        let begins = (list.starts.get(level).copied().flatten())
            .filter(|_| self.begun.insert((list_id.to_owned(), level)));
        *count = Some(match (begins, *count) {
            (Some(start), _) => start,
            (None, Some(n)) => n.saturating_add(1),
            (None, None) => own.start,
        });
        // A level that was left out counts as one that began.
        for (above, count) in counts.iter_mut().enumerate().take(level) {
            let level = (list.levels.get(&above)).or(kind.levels.get(above));
            *count = count.or(level.map(|level| level.start));
        }
        for (deeper, count) in counts.iter_mut().enumerate().skip(level + 1) {
            let restart = (list.levels.get(&deeper).or(kind.levels.get(deeper)))
                .and_then(|level| level.restart);
            if restart.is_none_or(|from| level < from) {
                *count = None;
            }
        }
        if matches!(own.format.as_str(), "bullet" | "none") || own.label.is_empty() {
            return None;
        }
        let mut label = own.label.clone();
        for (i, (count, level)) in counts.iter().zip(&kind.levels).enumerate() {
            let level = list.levels.get(&i).unwrap_or(level);
            let format = match own.legal {
                true => "decimal",
                false => level.format.as_str(),
            };
            let number = format_number(count.unwrap_or(level.start), format);
            label = label.replace(&format!("%{}", i + 1), &number);
        }
        Some(label)
    }

    /// The level of a list that belongs to a paragraph style.
    pub(super) fn level_of(&self, list: &str, style: &str) -> Option<usize> {
        let (_, kind) = find_kind(&self.kinds, self.lists.get(list)?)?;
        let is_of = |level: &Level| level.style.as_deref() == Some(style);
        kind.levels.iter().position(is_of)
    }
}

/// The kind that applies to a list, with its id.
fn find_kind<'k>(kinds: &'k HashMap<String, Kind>, list: &List) -> Option<(&'k str, &'k Kind)> {
    let (id, kind) = kinds.get_key_value(&list.kind)?;
    let real = kind.stands_for.as_ref().and_then(|name| {
        let named = kinds.iter().filter(|(_, k)| k.style.as_ref() == Some(name));
        named.min_by_key(|(id, _)| *id)
    });
    let (id, kind) = real.unwrap_or((id, kind));
    Some((id, kind))
}

/// The letters that Word counts with in Russian lists.
const RUSSIAN: &str = "абвгдежзиклмнопрстуфхцчшщэюя";

/// Writes a number as letters, Roman numerals or digits.
fn format_number(n: u32, format: &str) -> String {
    match format {
        "lowerLetter" => to_letters(n, b'a'),
        "upperLetter" => to_letters(n, b'A'),
        "lowerRoman" => to_roman(n).to_lowercase(),
        "upperRoman" => to_roman(n),
        "russianLower" => to_russian(n),
        "russianUpper" => to_russian(n).to_uppercase(),
        "decimalZero" => format!("{n:02}"),
        "bullet" | "none" => String::new(),
        _ => n.to_string(),
    }
}

fn to_russian(n: u32) -> String {
    let letter = (n as usize)
        .checked_sub(1)
        .and_then(|i| RUSSIAN.chars().nth(i));
    letter.map_or_else(|| n.to_string(), String::from)
}

/// a to z, then aa, bb to zz.
fn to_letters(n: u32, first: u8) -> String {
    let Some(index) = n.checked_sub(1) else {
        return String::new();
    };
    let letter = char::from(first + (index % 26) as u8);
    std::iter::repeat_n(letter, (index / 26 + 1).min(10) as usize).collect()
}

fn to_roman(n: u32) -> String {
    const FIGURES: &[(u32, &str)] = &[
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut rest = n.min(10_000);
    let mut out = String::new();
    for (value, figure) in FIGURES {
        while rest >= *value {
            out.push_str(figure);
            rest -= value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_every_form() {
        assert_eq!(format_number(4, "lowerRoman"), "iv");
        assert_eq!(format_number(28, "upperLetter"), "BB");
        assert_eq!(format_number(7, "decimal"), "7");
        assert_eq!(format_number(0, "lowerLetter"), "");
        assert_eq!(format_number(3, "russianLower"), "в");
        assert_eq!(format_number(3, "bullet"), "");
    }
}

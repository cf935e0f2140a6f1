//! The numbers of lists and headings. Word stores only how to count, not the numbers.

use std::collections::HashMap;

use quick_xml::events::Event;

use crate::extract::ExtractError;
use crate::extract::package::{Xml, attribute, each_event, local};

const LEVELS: usize = 9;

#[derive(Default, Clone)]
struct Level {
    start: u32,
    format: String,
    /// The label's template, with `%1` to `%9` for the number of each level.
    label: String,
}

type Levels = [Level; LEVELS];

/// How the lists of a document count, and their current numbers.
#[derive(Default)]
pub(super) struct Numbering {
    kinds: HashMap<String, Levels>,
    /// The kind (`abstractNum`) of each list, by the list's id.
    lists: HashMap<String, String>,
    counts: HashMap<String, [Option<u32>; LEVELS]>,
}

impl Numbering {
    /// Counts a paragraph of a list and returns its label; `None` for a bullet.
    pub(super) fn next(&mut self, list: &str, level: usize) -> Option<String> {
        let kind = self.lists.get(list)?;
        let levels = self.kinds.get(kind)?;
        let own = levels.get(level)?;
        let counts = self.counts.entry(kind.clone()).or_default();
        if let Some(count) = counts.get_mut(level) {
            *count = Some(count.map_or(own.start, |n| n.saturating_add(1)));
        }
        for deeper in counts.iter_mut().skip(level + 1) {
            *deeper = None;
        }
        if matches!(own.format.as_str(), "bullet" | "none") || own.label.is_empty() {
            return None;
        }
        let mut label = own.label.clone();
        for (i, (count, level)) in counts.iter().zip(levels).enumerate() {
            let number = format_number(count.unwrap_or(level.start), &level.format);
            label = label.replace(&format!("%{}", i + 1), &number);
        }
        Some(label)
    }
}

/// Writes a number as letters, Roman numerals or digits.
fn format_number(n: u32, format: &str) -> String {
    match format {
        "lowerLetter" => to_letters(n, b'a'),
        "upperLetter" => to_letters(n, b'A'),
        "lowerRoman" => to_roman(n).to_lowercase(),
        "upperRoman" => to_roman(n),
        "decimalZero" => format!("{n:02}"),
        _ => n.to_string(),
    }
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

pub(super) fn read(xml: &mut Xml<'_>) -> Result<Numbering, ExtractError> {
    let mut out = Numbering::default();
    let mut kind = String::new();
    let mut list = String::new();
    let mut level = 0usize;
    each_event(xml, |event| {
        let (Event::Start(e) | Event::Empty(e)) = event else {
            return Ok(());
        };
        let value = attribute(&e, "val").unwrap_or_default();
        let mut change = |set: &dyn Fn(&mut Level)| {
            if let Some(l) = out
                .kinds
                .get_mut(&kind)
                .and_then(|levels| levels.get_mut(level))
            {
                set(l);
            }
        };
        match local(e.name().as_ref()) {
            "start" => change(&|l| l.start = value.parse().unwrap_or(1)),
            "numFmt" => change(&|l| l.format = value.clone()),
            "lvlText" => change(&|l| l.label = value.clone()),
            "lvl" => {
                level = attribute(&e, "ilvl")
                    .and_then(|v| v.parse().ok())
                    .unwrap_or(LEVELS)
            }
            "abstractNum" => {
                kind = attribute(&e, "abstractNumId").unwrap_or_default();
                out.kinds.insert(kind.clone(), Levels::default());
            }
            "num" => {
                list = attribute(&e, "numId").unwrap_or_default();
                // Level overrides that follow apply to this list only; they must not change the kind.
                kind.clear();
            }
            "abstractNumId" => {
                out.lists.insert(list.clone(), value);
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(out)
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
    }

    #[test]
    fn deeper_levels_start_again() {
        let level = |label: &str| Level {
            start: 1,
            format: "decimal".into(),
            label: label.into(),
        };
        let mut levels = Levels::default();
        levels[0] = level("%1.");
        levels[1] = level("%1.%2");
        let mut numbering = Numbering {
            kinds: HashMap::from([("k".to_owned(), levels)]),
            lists: HashMap::from([("1".to_owned(), "k".to_owned())]),
            counts: HashMap::new(),
        };
        let labels: Vec<Option<String>> = [0, 1, 1, 0, 1]
            .iter()
            .map(|l| numbering.next("1", *l))
            .collect();
        assert_eq!(
            labels,
            ["1.", "1.1", "1.2", "2.", "2.1"].map(|l| Some(l.to_owned()))
        );
        assert_eq!(numbering.next("9", 0), None);
    }
}

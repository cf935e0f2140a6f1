//! How the lists of an old Word document count (MS-DOC 2.9.131, 2.9.147, 2.9.150).

use std::collections::HashMap;

use crate::extract::compound::{decode_wide, u16_at, u32_at};
use crate::extract::numbering::{Kind, LEVELS, Level, List, Numbering};

/// The lengths of entries, in bytes: a kind of list, a level without its text, a list.
const KIND: usize = 28;
const LEVEL: usize = 28;
const LIST: usize = 16;
/// Most kinds of lists, and lists; real files have hundreds at most.
const MAX_LISTS: usize = 5_000;
/// Marks of a kind with one level, and of a level.
const SIMPLE: u8 = 1;
const LEGAL: u8 = 4;
const RESTARTS_LESS: u8 = 8;
/// Marks of what differs in a list.
const OWN_START: u32 = 0x10;
const OWN_FORMAT: u32 = 0x20;

/// `kinds` is the part with the kinds and what follows it, since their levels lie behind the part.
pub(super) fn read(kinds: &[u8], lists: &[u8]) -> Numbering {
    let mut out = Numbering::default();
    // What was read before a damaged place is kept.
    let _ = read_kinds(kinds, &mut out.kinds);
    let _ = read_lists(lists, &mut out.lists);
    out
}

fn read_kinds(part: &[u8], kinds: &mut HashMap<String, Kind>) -> Option<()> {
    let count = usize::from(u16_at(part, 0)?).min(MAX_LISTS);
    let mut levels = part.get(2 + count * KIND..)?;
    for i in 0..count {
        let head = part.get(2 + i * KIND..)?.get(..KIND)?;
        let id = u32_at(head, 0)?;
        let number = match head.get(26)? & SIMPLE {
            0 => LEVELS,
            _ => 1,
        };
        let mut kind = Kind::default();
        for place in kind.levels.iter_mut().take(number) {
            let (level, rest) = read_level(levels)?;
            *place = level;
            levels = rest;
        }
        kinds.insert(id.to_string(), kind);
    }
    Some(())
}

/// Lists are numbered from 1; what differs in each lies behind all of them.
fn read_lists(part: &[u8], lists: &mut HashMap<String, List>) -> Option<()> {
    let count = (u32_at(part, 0)? as usize).min(MAX_LISTS);
    let mut differs = part.get(4 + count * LIST..).unwrap_or_default();
    for i in 0..count {
        let head = part.get(4 + i * LIST..)?.get(..LIST)?;
        let mut list = List {
            kind: u32_at(head, 0)?.to_string(),
            ..List::default()
        };
        let read = read_differences(differs, *head.get(12)?, &mut list);
        lists.insert((i + 1).to_string(), list);
        differs = read.unwrap_or_default();
    }
    Some(())
}

/// Reads what differs in a list; returns what lies behind it.
fn read_differences<'p>(part: &'p [u8], count: u8, list: &mut List) -> Option<&'p [u8]> {
    let mut rest = part.get(4..)?;
    for _ in 0..count {
        let (start, flags) = (u32_at(rest, 0)?, u32_at(rest, 4)?);
        let at = (flags & 0xF) as usize;
        rest = rest.get(8..)?;
        if flags & OWN_START != 0
            && flags & OWN_FORMAT == 0
            && let Some(place) = list.starts.get_mut(at)
        {
            *place = Some(start);
        }
        if flags & OWN_FORMAT != 0 {
            let (level, after) = read_level(rest)?;
            if flags & OWN_START != 0
                && let Some(place) = list.starts.get_mut(at)
            {
                *place = Some(level.start);
            }
            list.levels.insert(at, level);
            rest = after;
        }
    }
    Some(rest)
}

/// Reads a level: what is fixed, properties of paragraph and letters, and the text of its label, in which characters 0
/// to 8 stand for the numbers. Returns what lies behind it.
fn read_level(part: &[u8]) -> Option<(Level, &[u8])> {
    let head = part.get(..LEVEL)?;
    let flags = *head.get(5)?;
    let properties = usize::from(*head.get(24)?) + usize::from(*head.get(25)?);
    let text = part.get(LEVEL + properties..)?;
    let length = usize::from(u16_at(text, 0)?) * 2;
    let letters = decode_wide(text.get(2..2 + length)?);
    let mut label = String::new();
    for c in letters.chars() {
        match u32::from(c) {
            number @ 0..=8 => label.push_str(&format!("%{}", number + 1)),
            _ if c == '%' => label.push('％'),
            _ if !c.is_control() => label.push(c),
            _ => {}
        }
    }
    let level = Level {
        start: u32_at(head, 0)?,
        format: format_of(*head.get(4)?).to_owned(),
        label,
        style: None,
        restart: (flags & RESTARTS_LESS != 0).then_some(usize::from(*head.get(26)?)),
        legal: flags & LEGAL != 0,
    };
    Some((level, text.get(2 + length..)?))
}

/// The name of a format by its number (MS-OSHARED 2.2.1.3).
fn format_of(number: u8) -> &'static str {
    match number {
        1 => "upperRoman",
        2 => "lowerRoman",
        3 => "upperLetter",
        4 => "lowerLetter",
        22 => "decimalZero",
        23 => "bullet",
        58 => "russianLower",
        59 => "russianUpper",
        255 => "none",
        _ => "decimal",
    }
}

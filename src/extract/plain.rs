//! Plain text: paragraphs between blank lines, and the headings, lists and tables that people type by hand.

use super::{BlockKind, Blocks, ExtractError, Extracted, Format, LINE_BREAK, Limits, decode};

/// Nobody wraps lines narrower than this, in characters.
const NARROWEST: usize = 60;
/// Nobody wraps lines wider than this; longer lines are whole paragraphs.
const WIDEST: usize = 120;
/// By how much the width of wrapped lines varies, in characters.
const SLACK: usize = 8;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let text = decode::decode(bytes, None);
    if !decode::is_text(&text) {
        return Err(ExtractError::Unsupported {
            seems_to_be: "binary data of an unknown kind".into(),
        });
    }
    let mut blocks = Blocks::new(limits);
    append(&text, &mut blocks, None)?;
    Ok(blocks.finish(Format::Text))
}

/// Appends the blocks of `text`. A paragraph ends at a blank line, at a list marker, before a
/// heading, and before a table drawn with tabs or bars.
pub(super) fn append(
    text: &str,
    blocks: &mut Blocks,
    page: Option<u32>,
) -> Result<(), ExtractError> {
    let lines: Vec<&str> = text
        .lines()
        .map(|l| l.trim_end_matches(['\r', '\u{c}']))
        .collect();
    let width = wrap_width(&lines);
    let mut above = "";
    let mut current = String::new();
    let mut kind = BlockKind::Paragraph;
    let mut i = 0;
    while let Some(line) = lines.get(i) {
        let trimmed = line.trim();
        i += 1;
        if trimmed.is_empty() || is_rule(trimmed) {
            flush(&mut current, &mut kind, blocks, page)?;
            continue;
        }
        let next = lines.get(i).map(|l| l.trim()).unwrap_or_default();
        let alone = next.is_empty() || is_rule(next);
        // Headings first: an underlined "1. Fees" is a heading and not a list item.
        if is_underline(next) && current.is_empty() && trimmed.chars().count() <= 120 {
            let level = if next.starts_with('=') { 1 } else { 2 };
            blocks.push(BlockKind::Heading(level), trimmed, page)?;
            i += 1;
        } else if current.is_empty() && is_caps_heading(trimmed) {
            blocks.push(BlockKind::Heading(2), trimmed, page)?;
        } else if let Some(item) = list_item(trimmed) {
            flush(&mut current, &mut kind, blocks, page)?;
            kind = BlockKind::ListItem;
            current.push_str(item);
        } else if stands_alone(trimmed) || (alone && current.is_empty() && trimmed.ends_with(':')) {
            flush(&mut current, &mut kind, blocks, page)?;
            blocks.push(BlockKind::Paragraph, trimmed, page)?;
        } else {
            if !current.is_empty() && is_broken_off(above, trimmed, width) {
                flush(&mut current, &mut kind, blocks, page)?;
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(trimmed);
        }
        above = trimmed;
    }
    flush(&mut current, &mut kind, blocks, page)
}

/// The width at which the text is wrapped, in characters: 90% of its lines are shorter.
pub(super) fn wrap_width(lines: &[&str]) -> usize {
    let mut widths: Vec<usize> = lines
        .iter()
        .map(|l| l.trim().chars().count())
        .filter(|w| *w > 0)
        .collect();
    widths.sort_unstable();
    widths
        .get(widths.len() * 9 / 10)
        .copied()
        .unwrap_or(0)
        .clamp(NARROWEST, WIDEST)
}

/// Joins wrapped lines, and keeps a line break where the author broke a line deliberately.
pub(super) fn unwrap_lines(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut above = "";
    for line in text.split('\n') {
        if !out.is_empty() {
            out.push(if is_broken_off(above.trim(), line.trim(), width) {
                LINE_BREAK
            } else {
                ' '
            });
        }
        out.push_str(line);
        above = line;
    }
    out
}

/// Whether the author ended the line above deliberately: the next word would have fitted on it.
fn is_broken_off(above: &str, line: &str, width: usize) -> bool {
    let word = line
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .chars()
        .count();
    let continues = line.starts_with(char::is_lowercase) && !above.ends_with(['.', '!', '?', ':']);
    !continues && above.chars().count() + 1 + word + SLACK <= width
}

fn flush(
    current: &mut String,
    kind: &mut BlockKind,
    blocks: &mut Blocks,
    page: Option<u32>,
) -> Result<(), ExtractError> {
    blocks.push(*kind, current, page)?;
    current.clear();
    *kind = BlockKind::Paragraph;
    Ok(())
}

/// The text of a list item without its bullet; a number is kept, since people refer to it. `None` if it is not an item.
pub(super) fn list_item(line: &str) -> Option<&str> {
    for bullet in [
        "- ",
        "* ",
        "• ",
        "– ",
        "— ",
        "+ ",
        "· ",
        "‣ ",
        "◦ ",
        "▪ ",
        "■ ",
        "● ",
        "○ ",
        "➢ ",
        "✓ ",
        "\u{F0B7} ",
        "\u{F0A7} ",
    ] {
        if let Some(rest) = line.strip_prefix(bullet) {
            return Some(rest.trim_start());
        }
    }
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let marker = if digits > 0 && digits <= 2 {
        line.get(digits..)?
    } else {
        let mut chars = line.chars();
        let letter = chars.next()?;
        if !letter.is_ascii_alphabetic() {
            return None;
        }
        line.get(1..).filter(|rest| rest.starts_with(')'))?
    };
    let text = marker.strip_prefix(". ").or(marker.strip_prefix(") "))?;
    (!text.trim().is_empty()).then_some(line)
}

fn is_rule(line: &str) -> bool {
    line.chars().count() >= 3
        && line
            .chars()
            .all(|c| matches!(c, '-' | '=' | '_' | '*' | '~' | '#' | '─' | ' '))
}

fn is_underline(line: &str) -> bool {
    line.len() >= 3 && (line.bytes().all(|b| b == b'=') || line.bytes().all(|b| b == b'-'))
}

/// A short line in capitals, as in "OPENING HOURS".
fn is_caps_heading(line: &str) -> bool {
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 4
        && line.chars().count() <= 80
        && line.chars().any(char::is_uppercase)
        && !line.chars().any(char::is_lowercase)
        && !line.ends_with(['.', ',', ';'])
        && !line.chars().any(|c| matches!(c, '|' | '\t' | '$' | '€'))
}

/// Whether a line is a table row (with tabs, wide gaps or dot leaders), which is not joined with the next line.
fn stands_alone(line: &str) -> bool {
    line.contains('\t') || line.contains("   ") || line.contains("....") || line.contains(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str) -> Vec<(BlockKind, String)> {
        let read = read(text.as_bytes(), &Limits::default()).expect("text is read");
        read.blocks.into_iter().map(|b| (b.kind, b.text)).collect()
    }

    #[test]
    fn finds_the_structure_that_people_type() {
        let got = blocks(
            "Fees\n====\n\nWe are open\non weekdays.\n\nOPENING HOURS\nMon   9-5\nTue   9-6\n\n- one\n  more\n- two\n1. step\n",
        );
        let want = [
            (BlockKind::Heading(1), "Fees"),
            (BlockKind::Paragraph, "We are open on weekdays."),
            (BlockKind::Heading(2), "OPENING HOURS"),
            (BlockKind::Paragraph, "Mon 9-5"),
            (BlockKind::Paragraph, "Tue 9-6"),
            (BlockKind::ListItem, "one more"),
            (BlockKind::ListItem, "two"),
            (BlockKind::ListItem, "1. step"),
        ];
        assert_eq!(got, want.map(|(k, t)| (k, t.to_owned())));
    }

    #[test]
    fn a_price_at_the_start_of_a_line_is_no_list_item() {
        assert_eq!(list_item("95. "), None);
        assert_eq!(list_item("A dog"), None);
        assert_eq!(list_item("3.5 hours"), None);
        assert_eq!(list_item("a) first"), Some("a) first"));
    }

    #[test]
    fn lines_that_their_author_broke_off_stay_apart() {
        let got = blocks(
            "Wed Nov 25: 8 to 3\nThu Nov 26: closed\n\nWe are happy to tell you that the office will be open again on\nMonday and that nothing else changes.\n",
        );
        let texts: Vec<&str> = got.iter().map(|(_, t)| t.as_str()).collect();
        assert_eq!(
            texts,
            [
                "Wed Nov 25: 8 to 3",
                "Thu Nov 26: closed",
                "We are happy to tell you that the office will be open again on Monday and that nothing else changes.",
            ]
        );
    }
}

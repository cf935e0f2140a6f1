//! Chooses what to show of a place, verbatim, and makes table rows readable.

use std::ops::Range;

use crate::language::sentences;

/// Most words of a quotation.
const MOST_WORDS: usize = 60;

/// Grows one unit into a quotation, with neighbouring sentences of its paragraph up to the word limit.
/// A table row stays alone.
pub(super) fn grow_around(text: &str, units: &[Range<usize>], at: usize) -> Range<usize> {
    let Some(unit) = units.get(at) else {
        return 0..0;
    };
    if is_row(text.get(unit.clone()).unwrap_or_default()) {
        return unit.clone();
    }
    let (mut first, mut last) = (at, at);
    let mut words = count(text, unit);
    loop {
        let mut grown = false;
        for next in [last.checked_add(1), first.checked_sub(1)] {
            let Some((n, more)) = next.and_then(|n| Some((n, units.get(n)?))) else {
                continue;
            };
            let gap = if n > last {
                units.get(last).map_or(0, |u| u.end)..more.start
            } else {
                more.end..units.get(first).map_or(0, |u| u.start)
            };
            // Each line is a paragraph, item or heading of its own: do not cross it.
            let apart = text.get(gap).is_none_or(|gap| gap.contains('\n'));
            let row = is_row(text.get(more.clone()).unwrap_or_default());
            let size = count(text, more);
            if apart || row || words + size > MOST_WORDS {
                continue;
            }
            words += size;
            if n > last {
                last = n;
            } else {
                first = n;
            }
            grown = true;
        }
        if !grown {
            break;
        }
    }
    let start = units.get(first).map_or(unit.start, |u| u.start);
    let end = units.get(last).map_or(unit.end, |u| u.end);
    start..end
}

/// Most words of a list that is quoted whole.
const MOST_LIST_WORDS: usize = 90;

/// Fewest lines under a heading that count as a list without bullets.
const LEAST_ITEMS: usize = 3;

/// Grows the answering words into a quotation: their row, their list with its introductory line, or
/// their sentences with neighbours up to the word limit.
pub(super) fn of_span(text: &str, span: &Range<usize>) -> Range<usize> {
    let lines = split_lines(text);
    let touched: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.start < span.end && span.start < line.end)
        .map(|(at, _)| at)
        .collect();
    let (Some(&first), Some(&last)) = (touched.first(), touched.last()) else {
        return 0..0;
    };
    let line = |at: usize| {
        lines
            .get(at)
            .and_then(|l| text.get(l.clone()))
            .unwrap_or("")
    };
    let range = |from: usize, to: usize| {
        let start = lines.get(from).map_or(0, |l| l.start);
        let end = lines.get(to).map_or(start, |l| l.end);
        start..end
    };
    if touched.iter().all(|&at| is_row(line(at))) {
        return range(first, last);
    }
    // A list may have lost its bullets: its lines do not end like sentences, and a colon introduces it.
    let listed = |at: usize| is_item(line(at)) || is_bare(line(at));
    let lead = (0..first)
        .rev()
        .find(|&at| !listed(at))
        .filter(|&at| line(at).ends_with(':'));
    let marked = touched.iter().any(|&at| is_item(line(at)));
    // Or the passage's heading introduces it.
    let headed = (0..first).all(listed) && lines.len() >= LEAST_ITEMS;
    if marked || ((lead.is_some() || headed) && touched.iter().all(|&at| is_bare(line(at)))) {
        let same = |at: usize| {
            if marked {
                is_item(line(at))
            } else {
                listed(at)
            }
        };
        let from = lead.unwrap_or_else(|| {
            (0..first)
                .rev()
                .take_while(|&at| same(at))
                .last()
                .unwrap_or(first)
        });
        let to = (last + 1..lines.len())
            .take_while(|&at| same(at))
            .last()
            .unwrap_or(last);
        let whole = range(from, to);
        if count(text, &whole) <= MOST_LIST_WORDS {
            return whole;
        }
        return range(first, last);
    }
    let units = sentences::sentences(text);
    let inside = |unit: &Range<usize>| unit.start < span.end && span.start < unit.end;
    let Some(first) = units.iter().position(inside) else {
        return range(first, last);
    };
    let last = units.iter().rposition(inside).unwrap_or(first);
    if first < last {
        let start = units.get(first).map_or(span.start, |u| u.start);
        let end = units.get(last).map_or(span.end, |u| u.end);
        return start..end;
    }
    grow_around(text, &units, first)
}

/// The lines of a text, trimmed, without empty ones.
fn split_lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if !trimmed.is_empty() {
            let from = start + (line.len() - line.trim_start().len());
            lines.push(from..from + trimmed.len());
        }
        start += line.len();
    }
    lines
}

/// Whether a line is a list item as the document readers write it.
fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    ["- ", "• ", "* ", "– "]
        .iter()
        .any(|mark| line.starts_with(mark))
        || line.split_once(['.', ')']).is_some_and(|(number, rest)| {
            (1..=2).contains(&number.len())
                && number.chars().all(|c| c.is_ascii_digit())
                && rest.starts_with(' ')
        })
}

/// Whether a line is neither a row nor a sentence: a list item without its bullet.
fn is_bare(line: &str) -> bool {
    !is_row(line) && !line.ends_with(['.', '!', '?', ':', '…', '。'])
}

fn count(text: &str, range: &Range<usize>) -> usize {
    text.get(range.clone())
        .map_or(0, |t| t.split_whitespace().count())
}

/// Whether a line is a table row as the document readers write it: "Header: value | Header: value".
pub(crate) fn is_row(line: &str) -> bool {
    line.contains(" | ") && line.contains(": ")
}

/// Formats a quotation for the visitor. Values stay as in the document; a bare number under a
/// header that names a currency gets its sign.
pub(crate) fn make_readable(quote: &str) -> String {
    let lines: Vec<String> = quote
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            if is_row(line) {
                write_row(line)
            } else {
                line.to_owned()
            }
        })
        .collect();
    lines.join("\n")
}

/// Longest header, in characters. Longer text before a colon is a sentence.
const LONGEST_HEADER: usize = 60;

fn write_row(line: &str) -> String {
    let cells: Vec<String> = line
        .split(" | ")
        .map(str::trim)
        .filter_map(|cell| match cell.split_once(": ") {
            Some((header, value)) if header.chars().count() <= LONGEST_HEADER => {
                let value = value.trim();
                let empty = value.is_empty() || value.chars().all(|c| matches!(c, '-' | '–' | '—'));
                let spoken = !empty && !is_code(header.trim(), value);
                spoken.then(|| write_cell(header.trim(), value))
            }
            _ => Some(cell.to_owned()),
        })
        .collect();
    cells.join(" · ")
}

/// Headers of columns with internal numbers.
const CODES: [&str; 8] = [
    "code", "id", "sku", "item no", "item no.", "no.", "nr.", "art.-nr.",
];

/// Whether a cell is an internal number that says nothing to visitors.
fn is_code(header: &str, value: &str) -> bool {
    let named = CODES.iter().any(|code| header.eq_ignore_ascii_case(code));
    named && !value.contains(' ') && value.chars().any(|c| c.is_ascii_digit())
}

/// Currency words in headers, each with the sign to write before a number.
const CURRENCIES: [(&str, &str); 9] = [
    ("USD", "$"),
    ("US$", "$"),
    ("$", "$"),
    ("EUR", "€"),
    ("€", "€"),
    ("GBP", "£"),
    ("£", "£"),
    ("CHF", "CHF "),
    ("JPY", "¥"),
];

fn write_cell(header: &str, value: &str) -> String {
    let bare = value.starts_with(|c: char| c.is_ascii_digit())
        && value
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '\u{a0}'));
    let named = CURRENCIES.iter().find_map(|(word, sign)| {
        let mut rest: Vec<&str> = Vec::new();
        for part in header.split_whitespace() {
            match part.trim_matches(['(', ')', ',']) == *word {
                // Drop "in" as well: "Price in EUR" becomes "Price".
                true if rest.last() == Some(&"in") => drop(rest.pop()),
                true => {}
                false => rest.push(part),
            }
        }
        let held = rest.len() < header.split_whitespace().count();
        held.then(|| (rest.join(" "), *sign))
    });
    match named {
        Some((header, sign)) if bare && !header.is_empty() => format!("{header}: {sign}{value}"),
        Some((_, sign)) if bare => format!("{sign}{value}"),
        _ => format!("{header}: {value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::sentences::sentences;

    #[test]
    fn a_row_reads_like_a_list_and_prices_get_their_sign() {
        let row = "Code: D99 | Service: Refill gel | Standard fee USD: 38 | Notes: no discount";
        assert_eq!(
            make_readable(row),
            "Service: Refill gel · Standard fee: $38 · Notes: no discount"
        );
        assert_eq!(
            make_readable("Preis (EUR): 12,50 | Menge: 3"),
            "Preis: €12,50 · Menge: 3"
        );
        assert_eq!(
            make_readable("Price in EUR – Weekday: 36 | Time: 30 min"),
            "Price – Weekday: €36 · Time: 30 min"
        );
        assert_eq!(
            make_readable("Fee USD: 12 a page | X: 1"),
            "Fee USD: 12 a page · X: 1"
        );
        assert_eq!(make_readable("Open 9 to 5."), "Open 9 to 5.");
    }

    #[test]
    fn a_quotation_takes_neighbours_of_its_paragraph_but_no_rows() {
        let text = "One is here. Two is here. Three is here.\nA: 1 | B: 2\nOther paragraph.";
        let units = sentences(text);
        let at = |n: usize| text.get(grow_around(text, &units, n)).unwrap();
        assert_eq!(at(1), "One is here. Two is here. Three is here.");
        assert_eq!(at(3), "A: 1 | B: 2");
        assert_eq!(at(4), "Other paragraph.");
    }

    #[test]
    fn the_lines_under_a_heading_are_a_list_and_are_given_whole() {
        let text = "Assam\nDarjeeling\nPeppermint\nRooibos\nEarl Grey";
        let at = text.find("Darjeeling").unwrap();
        assert_eq!(of_span(text, &(at..at + 10)), 0..text.len());
        let prose = "We serve tea. It is fresh.\nAssam\nRooibos";
        let at = prose.find("Assam").unwrap();
        assert!(of_span(prose, &(at..at + 5)).len() < prose.len());
    }

    #[test]
    fn a_span_grows_to_its_row_its_list_or_its_sentences() {
        let text = "Fees\nService: Filling | Fee: $90\nService: Crown | Fee: $900\nBring with you:\n\
                    - your card\n- a list of medicines\nPark behind the house. It is free. Dogs wait outside.";
        let quoted = |words: &str| {
            let at = text.find(words).unwrap();
            text.get(of_span(text, &(at..at + words.len()))).unwrap()
        };
        assert_eq!(quoted("$900"), "Service: Crown | Fee: $900");
        assert_eq!(
            quoted("a list of medicines"),
            "Bring with you:\n- your card\n- a list of medicines"
        );
        assert_eq!(
            quoted("free"),
            "Park behind the house. It is free. Dogs wait outside."
        );
        assert_eq!(of_span(text, &(9999..10000)), 0..0);
    }
}

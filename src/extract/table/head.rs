//! Finds the header of a table: one row, or several below each other, that name its columns.

use super::{Cell, MAX_COLUMN_NAME, is_label, looks_like_value, reach};

/// Most rows of a header.
const MAX_HEAD: usize = 4;

/// How many of the first rows form the header: those that the document marks, else those that cannot be data,
/// and the rows that continue them.
pub(super) fn count_header_rows(rows: &[Vec<Cell>], mut marked: usize, width: usize) -> usize {
    let Some(first) = rows.first() else { return 0 };
    let deep = depth(rows);
    // The last marked row may be the label of the first group.
    while marked > 1 && rows.get(marked - 1).is_some_and(|r| is_label(r, width)) {
        marked -= 1;
    }
    if marked > 0 {
        let several = first.len() > 1 || first.iter().any(|c| c.columns > 1);
        return if several {
            marked.max(deep).min(rows.len())
        } else {
            0
        };
    }
    if deep > 1
        || (rows.len() > 1 && has_names(first))
        || has_empty_corner(first, rows.get(1..).unwrap_or_default())
    {
        deep
    } else {
        0
    }
}

/// How many rows the header has, if the first one names columns: a cell that spans several columns has the name of
/// each below it, and a cell that spans two rows has the names of the second row beside it. At least one row remains.
pub(crate) fn depth(rows: &[Vec<Cell>]) -> usize {
    let mut deep = 1;
    while deep < MAX_HEAD
        && let Some([above, row, below, ..]) = rows.get(deep - 1..)
        && continues_header(above, row, below)
    {
        deep += 1;
    }
    deep
}

fn continues_header(above: &[Cell], row: &[Cell], below: &[Cell]) -> bool {
    let wide = above.iter().any(|c| c.columns > 1 && !c.text.is_empty());
    let beside = row.iter().any(|c| c.continued && !c.text.is_empty());
    if !(wide || beside) {
        return false;
    }
    let (above, below) = (by_column(above), by_column(below));
    let mut column = 0;
    let (mut own, mut labels, mut above_values, mut like_values) = (0, 0, 0, 0);
    for cell in row {
        let at = column;
        column += cell.width();
        if cell.continued || cell.text.is_empty() {
            continue;
        }
        own += 1;
        let over = above.get(at).filter(|c| !c.text.is_empty());
        let under = below.get(at).map_or("", |c| c.text.as_str());
        let is_value = looks_like_value(&cell.text);
        above_values += usize::from(!under.is_empty() && looks_like_value(under));
        if over.is_some_and(|c| c.columns > 1) {
            like_values += usize::from(is_value && !names_values(&cell.text, under));
        } else if !is_value
            && cell.text.chars().count() <= MAX_COLUMN_NAME
            && (over.is_none() || beside)
        {
            labels += usize::from(over.is_none());
        } else {
            return false;
        }
    }
    own > 0 && (wide || above_values > 0) && (labels == 0 || like_values == 0)
}

/// Whether a cell that looks like a value names the values below it: "18-22 h" above "128", "2027" above "45"; but
/// not "2.50" above "3.10".
pub(super) fn names_values(cell: &str, under: &str) -> bool {
    let has_letters = |text: &str| text.chars().any(char::is_alphabetic);
    let is_span =
        |text: &str| text.contains(':') || text.trim_start_matches('-').contains(['-', '–']);
    let is_year =
        |text: &str| text.len() == 4 && text.starts_with(['1', '2']) && text.parse::<u16>().is_ok();
    (has_letters(cell) && !has_letters(under))
        || (is_span(cell) && !is_span(under))
        || (is_year(cell) && !is_year(under))
}

/// The cell in each column.
fn by_column(row: &[Cell]) -> Vec<&Cell> {
    row.iter()
        .flat_map(|c| std::iter::repeat_n(c, c.width()))
        .collect()
}

/// An unmarked first row counts as a header only if it cannot be data: several short, distinct cells that are
/// neither numbers, prices nor times.
fn has_names(first: &[Cell]) -> bool {
    let named: Vec<&str> = (first.iter().map(|c| c.text.as_str()))
        .filter(|c| !c.is_empty())
        .collect();
    let distinct: std::collections::HashSet<&str> = named.iter().copied().collect();
    named.len() >= 3
        && distinct.len() == named.len()
        && named
            .iter()
            .all(|c| c.chars().count() <= MAX_COLUMN_NAME && !looks_like_value(c))
}

/// An empty first cell above the labels of the rows, and text above all their values: a header, even if it has years.
fn has_empty_corner(first: &[Cell], body: &[Vec<Cell>]) -> bool {
    let is_named = |row: &[Cell]| {
        row.first()
            .is_some_and(|c| !c.text.is_empty() && !looks_like_value(&c.text))
    };
    let Some((corner, named)) = first.split_first() else {
        return false;
    };
    let distinct: std::collections::HashSet<&str> = named.iter().map(|c| c.text.as_str()).collect();
    corner.text.is_empty()
        && named.len() >= 2
        && distinct.len() == named.len()
        && named
            .iter()
            .all(|c| !c.text.is_empty() && c.text.chars().count() <= MAX_COLUMN_NAME)
        && body.len() >= 2
        && body
            .iter()
            .all(|row| is_named(row) && reach(row) <= reach(first))
}

/// The name of each column, from all rows of the header: `Weekend – 18-22 h`.
pub(crate) fn names(head: &[Vec<Cell>]) -> Vec<String> {
    let rows: Vec<Vec<&Cell>> = head.iter().map(|row| by_column(row)).collect();
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    (0..width)
        .map(|column| {
            let mut parts: Vec<&str> = Vec::new();
            for cell in rows.iter().filter_map(|row| row.get(column)) {
                let part = cell.text.trim_end_matches(':');
                if !part.is_empty() && parts.last() != Some(&part) {
                    parts.push(part);
                }
            }
            parts.join(" – ")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::table::Table;

    /// `2>Price` is a cell that spans two columns, `^Zone` one that continues from above.
    fn row(cells: &[&str]) -> Vec<Cell> {
        cells
            .iter()
            .map(|c| {
                let (columns, text) = match c.split_once('>') {
                    Some((columns, text)) => (columns.parse().expect("a number"), text),
                    None => (1, *c),
                };
                Cell {
                    columns,
                    continued: text.starts_with('^'),
                    text: text.trim_start_matches('^').to_owned(),
                }
            })
            .collect()
    }

    fn read(rows: &[&[&str]], marked: usize) -> Vec<String> {
        let mut table = Table::new(marked);
        for cells in rows {
            table.push_cells(row(cells));
        }
        table.rows()
    }

    #[test]
    fn heads_over_two_rows_are_one_name_for_each_column() {
        let found = read(
            &[
                &["Zone", "Place", "2>Weekday", "2>Weekend"],
                &[
                    "^Zone", "^Place", "08-18 h", "18-22 h", "08-18 h", "18-22 h",
                ],
                &["A", "Easthaven", "45", "62", "79", "98"],
                &["^A", "Millbrook", "^45", "^62", "2>80"],
            ],
            0,
        );
        assert_eq!(
            found,
            [
                "Zone: A | Place: Easthaven | Weekday – 08-18 h: 45 | Weekday – 18-22 h: 62 | \
                 Weekend – 08-18 h: 79 | Weekend – 18-22 h: 98",
                "Zone: A | Place: Millbrook | Weekday – 08-18 h: 45 | Weekday – 18-22 h: 62 | \
                 Weekend – 08-18 h, 18-22 h: 80",
            ]
        );
    }

    #[test]
    fn names_may_stand_in_the_second_row_only() {
        let found = read(
            &[
                &["", "", "2>Price"],
                &["Massage", "Time", "Weekday", "Weekend"],
                &["Sports", "30 min", "39", "45"],
            ],
            0,
        );
        assert_eq!(
            found,
            ["Massage: Sports | Time: 30 min | Price – Weekday: 39 | Price – Weekend: 45"]
        );
    }

    #[test]
    fn times_and_years_above_values_are_names() {
        let found = read(
            &[
                &["", "2>Open", "2>Fee"],
                &["Day", "08:00-12:00", "14-18", "2026", "2027"],
                &["Monday", "yes", "no", "12", "13"],
            ],
            0,
        );
        assert_eq!(
            found,
            [
                "Day: Monday | Open – 08:00-12:00: yes | Open – 14-18: no | Fee – 2026: 12 | Fee – 2027: 13"
            ]
        );
    }

    #[test]
    fn years_above_an_empty_corner_are_names() {
        let found = read(
            &[
                &["", "2025", "2026"],
                &["Members", "1,200", "1,350"],
                &["Guests", "", "420"],
            ],
            0,
        );
        assert_eq!(
            found,
            ["Members | 2025: 1,200 | 2026: 1,350", "Guests | 2026: 420"]
        );
    }

    #[test]
    fn rows_of_data_are_no_head() {
        let found = read(
            &[
                &["", "2>Price"],
                &["Coffee", "2.50", "3.10"],
                &["Tea", "2.00", "2.60"],
            ],
            1,
        );
        assert_eq!(
            found,
            [
                "Coffee | Price: 2.50 | Price: 3.10",
                "Tea | Price: 2.00 | Price: 2.60"
            ]
        );
        let found = read(
            &[
                &["Boat", "2>Crew"],
                &["Tern", "1", "4"],
                &["Heron", "", "6"],
            ],
            1,
        );
        assert_eq!(
            found,
            ["Boat: Tern | Crew: 1 | Crew: 4", "Boat: Heron | Crew: 6"]
        );
        let found = read(
            &[
                &["Zone A", "Easthaven"],
                &["^Zone A", "Millbrook"],
                &["Zone B", "Fernhill"],
            ],
            0,
        );
        assert_eq!(
            found,
            [
                "Zone A | Easthaven",
                "Zone A | Millbrook",
                "Zone B | Fernhill"
            ]
        );
    }

    #[test]
    fn a_title_is_told_once_and_a_group_with_each_of_its_rows() {
        let found = read(
            &[
                &["2>Prices 2026"],
                &["Treatment", "Price"],
                &["2>Face"],
                &["Cleansing", "60"],
                &["Mask", "25"],
                &["2>Hands"],
                &["Manicure", "35"],
                &["2>All prices include tax."],
            ],
            2,
        );
        assert_eq!(
            found,
            [
                "Prices 2026",
                "Face | Treatment: Cleansing | Price: 60",
                "Face | Treatment: Mask | Price: 25",
                "Hands | Treatment: Manicure | Price: 35",
                "All prices include tax.",
            ]
        );
    }

    #[test]
    fn a_sum_over_several_rows_is_told_once() {
        let found = read(
            &[
                &["Item", "Price", "Total"],
                &["Table", "400", "900"],
                &["Chairs", "500", "^900"],
                &["2>Delivery", "50"],
            ],
            1,
        );
        assert_eq!(
            found,
            [
                "Item: Table | Price: 400 | Total: 900",
                "Item: Chairs | Price: 500",
                "Delivery | Total: 50",
            ]
        );
    }
}

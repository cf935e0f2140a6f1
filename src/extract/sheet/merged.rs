//! Merged cells: their text applies to every row and column that they span.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::HiddenLines;
use super::grid::{Cell, Row};

/// How often the merged cells of one sheet may be repeated, so that a file cannot demand a million rows.
const MAX_REPEATS: u32 = 100_000;
/// How far to search a merged area for its first cell that is not hidden.
const MAX_STEPS: u32 = 1_000;

/// Rows and columns count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) rows: RangeInclusive<u32>,
    pub(super) columns: RangeInclusive<u32>,
}

impl From<calamine::Dimensions> for Area {
    fn from(d: calamine::Dimensions) -> Self {
        Self {
            rows: d.start.0..=d.end.0,
            columns: d.start.1..=d.end.1,
        }
    }
}

/// The merged areas of a sheet, by the cell that has their text.
pub(super) struct Merged(HashMap<(u32, u32), Area>);

impl Merged {
    pub(super) fn new(areas: impl IntoIterator<Item = Area>) -> Self {
        let several =
            |a: &Area| a.rows.start() < a.rows.end() || a.columns.start() < a.columns.end();
        Self(
            areas
                .into_iter()
                .filter(several)
                .map(|a| ((*a.rows.start(), *a.columns.start()), a))
                .collect(),
        )
    }

    /// Where the text of a cell is shown: in the first row and column of its merged area that are not hidden.
    pub(super) fn shown_at(
        &self,
        row: u32,
        column: u32,
        hidden: Option<&HiddenLines>,
    ) -> (u32, u32) {
        let (Some(area), Some(hidden)) = (self.0.get(&(row, column)), hidden) else {
            return (row, column);
        };
        let first = |lines: &RangeInclusive<u32>, is_hidden: &dyn Fn(u32) -> bool| {
            lines
                .clone()
                .take(MAX_STEPS as usize)
                .find(|line| !is_hidden(*line))
                .unwrap_or(*lines.start())
        };
        (
            first(&area.rows, &|line| hidden.has_row(line)),
            first(&area.columns, &|line| hidden.has_column(line)),
        )
    }

    /// Sets the span of each merged cell, and repeats it in the rows below that have cells of their own. Text that a
    /// file keeps in the other cells of the area is dropped, since it is not shown.
    pub(super) fn spread(&self, rows: &mut [Row], hidden: Option<&HiddenLines>) {
        let mut left = MAX_REPEATS;
        let mut areas: Vec<(&(u32, u32), &Area)> = self.0.iter().collect();
        // A hash map has no order; the limit must cut off the same cells every time.
        areas.sort_unstable_by_key(|(at, _)| **at);
        for ((row, column), area) in areas {
            let (first, column) = self.shown_at(*row, *column, hidden);
            let last_row = *area.rows.end();
            let last_column = (column..=*area.columns.end())
                .take(MAX_STEPS as usize)
                .filter(|c| !hidden.is_some_and(|h| h.has_column(*c)))
                .last()
                .unwrap_or(column);
            let covered = |c: u32| c != column && area.columns.contains(&c);
            let at = rows.partition_point(|r| r.number < first);
            let Some((own, below)) = rows.get_mut(at..).and_then(<[Row]>::split_first_mut) else {
                continue;
            };
            if own.number != first {
                continue;
            }
            own.cells.retain(|(c, _)| !covered(*c));
            let Some((_, cell)) = own.cells.iter_mut().find(|(c, _)| *c == column) else {
                continue;
            };
            cell.columns = last_column - column + 1;
            cell.rows = last_row.saturating_sub(first).saturating_add(1);
            let cell = cell.clone();
            for row in below {
                if row.number > last_row || left == 0 {
                    break;
                }
                left -= 1;
                row.cells.retain(|(c, _)| !area.columns.contains(c));
                let place = row.cells.partition_point(|(c, _)| *c < column);
                let again = Cell {
                    rows: (last_row - row.number).saturating_add(1),
                    continued: true,
                    ..cell.clone()
                };
                row.cells.insert(place, (column, again));
            }
        }
    }
}

/// Renumbers rows and columns to close the gaps of hidden ones, which readers do not see.
pub(super) fn close_gaps(rows: &mut [Row], hidden: &HiddenLines) {
    let ends = rows.iter().flat_map(|r| {
        r.cells
            .iter()
            .map(|(c, cell)| c.saturating_add(cell.columns))
    });
    let width = ends.max().unwrap_or(0).saturating_add(1);
    // How many columns are hidden before each.
    let mut before = 0;
    let columns: Vec<u32> = (0..=width)
        .map(|column| {
            let count = before;
            before += u32::from(hidden.has_column(column));
            count
        })
        .collect();
    let column_at = |at: u32| at - columns.get(at as usize).copied().unwrap_or(before);
    let row_at =
        |at: u32| at - u32::try_from(hidden.rows.partition_point(|r| *r < at)).unwrap_or(0);
    for row in rows {
        let number = row_at(row.number);
        for (column, cell) in &mut row.cells {
            let end = column.saturating_add(cell.columns.max(1));
            let last = row.number.saturating_add(cell.rows.max(1));
            cell.columns = column_at(end) - column_at(*column);
            cell.rows = row_at(last) - number;
            *column = column_at(*column);
        }
        row.number = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u32, texts: &[(u32, &str)]) -> Row {
        let cells = texts.iter().map(|(column, text)| {
            let cell = Cell {
                text: (*text).to_owned(),
                ..Cell::default()
            };
            (*column, cell)
        });
        Row {
            number,
            cells: cells.collect(),
        }
    }

    fn area(rows: RangeInclusive<u32>, columns: RangeInclusive<u32>) -> Area {
        Area { rows, columns }
    }

    #[test]
    fn merged_cells_speak_for_each_row() {
        let mut rows = vec![
            row(1, &[(0, "Cats"), (1, "a")]),
            row(2, &[(1, "b")]),
            row(4, &[(1, "c")]),
        ];
        Merged::new([area(1..=3, 0..=0), area(1..=1, 1..=2)]).spread(&mut rows, None);
        let seen: Vec<Vec<(&str, u32, bool)>> = rows
            .iter()
            .map(|r| {
                r.cells
                    .iter()
                    .map(|(_, c)| (c.text.as_str(), c.columns, c.continued))
                    .collect()
            })
            .collect();
        assert_eq!(
            seen,
            [
                vec![("Cats", 1, false), ("a", 2, false)],
                vec![("Cats", 1, true), ("b", 0, false)],
                vec![("c", 0, false)],
            ]
        );
        assert_eq!(rows[1].last(), 3);
    }

    #[test]
    fn what_begins_in_a_hidden_row_is_shown_in_the_next() {
        let hidden = HiddenLines {
            rows: vec![1],
            columns: vec![2..=2],
        };
        let merged = Merged::new([area(1..=3, 0..=0), area(5..=5, 1..=2), area(7..=7, 2..=2)]);
        assert_eq!(merged.shown_at(1, 0, Some(&hidden)), (2, 0));
        assert_eq!(merged.shown_at(7, 2, Some(&hidden)), (7, 2));
        let mut rows = vec![
            row(2, &[(0, "Cats"), (1, "b")]),
            row(3, &[(1, "c")]),
            row(5, &[(1, "d")]),
        ];
        merged.spread(&mut rows, Some(&hidden));
        assert_eq!(rows[1].cells[0].1.text, "Cats");
        assert_eq!(rows[2].cells[0].1.columns, 1);
    }

    #[test]
    fn hidden_rows_and_columns_leave_no_gap() {
        let hidden = HiddenLines {
            rows: vec![1, 2],
            columns: vec![1..=1, 3..=9],
        };
        let mut rows = vec![
            row(0, &[(0, "a"), (2, "b"), (10, "c")]),
            row(3, &[(0, "d"), (2, "e")]),
        ];
        rows[0].cells[0].1.rows = 4;
        rows[0].cells[1].1.columns = 9;
        close_gaps(&mut rows, &hidden);
        assert_eq!((rows[0].number, rows[1].number), (0, 1));
        let columns: Vec<u32> = rows[0].cells.iter().map(|(c, _)| *c).collect();
        assert_eq!(columns, [0, 1, 2]);
        assert_eq!(
            (rows[0].cells[0].1.rows, rows[0].cells[1].1.columns),
            (2, 2)
        );
    }
}

//! Rows and cells of OpenDocument tables, with their repetitions and merged cells.

use std::collections::BTreeMap;
use std::ops::Range;

use quick_xml::events::BytesStart;

use crate::knowledge::extract::package::attribute;
use crate::knowledge::extract::sheet::grid;
use crate::knowledge::extract::table::Table;

/// Most times that a repeated cell or row is written out.
const MAX_REPEATS: u32 = 100;
/// Most rows of a table.
pub(super) const MAX_ROWS: u32 = 50_000;
/// Most columns of a table.
pub(super) const MAX_COLUMNS: u32 = 500;

/// A table that is being read.
#[derive(Default)]
pub(super) struct OpenTable {
    pub name: String,
    pub rows: Vec<grid::Row>,
    row: Vec<(u32, grid::Cell)>,
    row_number: u32,
    row_repeats: u32,
    column: u32,
    pub cell: String,
    cell_repeats: u32,
    rows_spanned: u32,
    /// Columns whose cell of a row above goes on: how many rows more, and its text.
    carried: BTreeMap<u32, (u32, String)>,
    in_header: bool,
    has_header: bool,
    /// Columns so far, and the ranges of the hidden ones.
    columns: u32,
    hidden_columns: Vec<Range<u32>>,
    in_hidden_row: bool,
    /// Cells in hidden rows and columns.
    pub hidden: usize,
    /// They are read.
    read_hidden: bool,
}

impl OpenTable {
    pub(super) fn new(name: String, read_hidden: bool) -> Self {
        Self {
            name,
            read_hidden,
            ..Self::default()
        }
    }

    pub(super) fn start(&mut self, name: &str, e: &BytesStart<'_>) {
        let number = |key| {
            attribute(e, key)
                .and_then(|v| v.parse().ok())
                .unwrap_or(1u32)
        };
        match name {
            "table-header-rows" => self.in_header = true,
            "table-column" => {
                let end = self
                    .columns
                    .saturating_add(number("number-columns-repeated").max(1));
                if is_hidden(e) {
                    self.hidden_columns.push(self.columns..end);
                }
                self.columns = end;
            }
            "table-row" => {
                self.in_hidden_row = is_hidden(e);
                self.row_repeats = number("number-rows-repeated").max(1);
                (self.column, self.row) = (0, Vec::new());
            }
            "table-cell" | "covered-table-cell" => {
                self.cell.clear();
                self.cell_repeats = number("number-columns-repeated").max(1);
                self.rows_spanned = match name {
                    "table-cell" => number("number-rows-spanned").max(1),
                    _ => 1,
                };
            }
            _ => {}
        }
    }

    /// Whether cells were left out because the table is too large.
    pub(super) fn end(&mut self, name: &str) -> bool {
        match name {
            "table-header-rows" => self.in_header = false,
            "table-cell" | "covered-table-cell" => return self.end_cell(),
            "table-row" => return self.end_row(),
            _ => {}
        }
        false
    }

    fn end_cell(&mut self) -> bool {
        let mut text = std::mem::take(&mut self.cell);
        if let Some((rows, above)) = self.carried.get_mut(&self.column) {
            if text.is_empty() {
                text.clone_from(above);
            }
            *rows -= 1;
            if *rows == 0 {
                self.carried.remove(&self.column);
            }
        }
        if self.rows_spanned > 1 && !text.is_empty() && self.carried.len() < MAX_COLUMNS as usize {
            let more = (self.rows_spanned - 1).min(1_000);
            self.carried.insert(self.column, (more, text.clone()));
        }
        let mut cut = false;
        if !text.is_empty() {
            for repeat in 0..self.cell_repeats.min(MAX_REPEATS) {
                let column = self.column.saturating_add(repeat);
                cut |= column >= MAX_COLUMNS;
                let hidden =
                    self.in_hidden_row || self.hidden_columns.iter().any(|h| h.contains(&column));
                self.hidden += usize::from(hidden);
                if column < MAX_COLUMNS && (self.read_hidden || !hidden) {
                    let cell = grid::Cell {
                        text: text.clone(),
                        bold: self.in_header,
                    };
                    self.row.push((column, cell));
                }
            }
        }
        self.column = self.column.saturating_add(self.cell_repeats);
        cut
    }

    fn end_row(&mut self) -> bool {
        let cells = std::mem::take(&mut self.row);
        let first = self.row_number;
        self.row_number = first.saturating_add(self.row_repeats);
        if cells.is_empty() {
            return false;
        }
        self.has_header |= self.in_header && self.rows.is_empty();
        for repeat in 0..self.row_repeats.min(MAX_REPEATS) {
            let number = first.saturating_add(repeat);
            if number >= MAX_ROWS {
                return true;
            }
            let cells = cells.clone();
            self.rows.push(grid::Row { number, cells });
        }
        false
    }

    pub(super) fn into_table(self) -> Table {
        let named = self
            .rows
            .split_first()
            .is_some_and(|(first, body)| grid::names_columns(first, body));
        let mut table = Table::new(self.has_header || named);
        for row in self.rows {
            let width = row.cells.last().map_or(0, |(column, _)| column + 1);
            let mut cells = vec![String::new(); width as usize];
            for (column, cell) in row.cells {
                if let Some(place) = cells.get_mut(column as usize) {
                    *place = cell.text;
                }
            }
            table.push(cells);
        }
        table
    }
}

/// Whether a row or column is hidden by hand or by a filter.
fn is_hidden(e: &BytesStart<'_>) -> bool {
    matches!(
        attribute(e, "visibility").as_deref(),
        Some("collapse" | "filter")
    )
}

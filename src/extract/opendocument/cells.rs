//! Rows and cells of OpenDocument tables: expands repeated ones and resolves merged ones.

use std::collections::BTreeMap;
use std::ops::Range;

use quick_xml::events::BytesStart;

use crate::extract::package::attribute;
use crate::extract::sheet::grid;
use crate::extract::table::Table;

/// Most repetitions of a cell or row to write out.
const MAX_REPEATS: u32 = 100;
pub(super) const MAX_ROWS: u32 = 50_000;
pub(super) const MAX_COLUMNS: u32 = 500;

/// A table being read.
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
    columns_spanned: u32,
    /// Covered by a merged cell.
    is_covered: bool,
    /// By column: a cell that spans several rows, and its last row.
    carried: BTreeMap<u32, (u32, grid::Cell)>,
    in_header: bool,
    /// How many of the first rows the document marks as a header.
    header_rows: usize,
    /// How many columns were declared so far.
    columns: u32,
    hidden_columns: Vec<Range<u32>>,
    in_hidden_row: bool,
    /// Cells in hidden rows and columns.
    pub hidden: usize,
    /// Whether to read hidden cells.
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
                self.is_covered = name == "covered-table-cell";
                self.rows_spanned = number("number-rows-spanned").max(1);
                self.columns_spanned = number("number-columns-spanned").max(1);
            }
            _ => {}
        }
    }

    /// Returns whether cells were left out because the table is too large.
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
        let text = std::mem::take(&mut self.cell);
        let first = self.column;
        self.column = first.saturating_add(self.cell_repeats);
        if self.is_covered {
            // Text that a file keeps behind a merged cell is not shown.
            self.continue_above(first);
            return false;
        }
        if text.is_empty() {
            return false;
        }
        let mut cut = false;
        let cell = grid::Cell {
            text,
            bold: self.in_header,
            columns: self.columns_spanned.min(MAX_COLUMNS),
            rows: self.rows_spanned.min(MAX_ROWS),
            continued: false,
        };
        if cell.rows > 1 && self.carried.len() < MAX_COLUMNS as usize {
            let last = self.row_number.saturating_add(cell.rows - 1);
            self.carried.insert(first, (last, cell.clone()));
        }
        for repeat in 0..self.cell_repeats.min(MAX_REPEATS) {
            let column = first.saturating_add(repeat);
            cut |= column >= MAX_COLUMNS;
            self.put(column, cell.clone());
        }
        cut
    }

    /// Repeats cells of rows above in the cells that they cover, from column `first` on.
    fn continue_above(&mut self, first: u32) {
        let row = self.row_number;
        let cells: Vec<(u32, grid::Cell)> = (self.carried.range(first..self.column))
            .filter(|(_, (last, _))| *last >= row)
            .map(|(column, (last, cell))| {
                let cell = grid::Cell {
                    rows: last - row + 1,
                    continued: true,
                    ..cell.clone()
                };
                (*column, cell)
            })
            .collect();
        for (column, cell) in cells {
            self.put(column, cell);
        }
    }

    fn put(&mut self, column: u32, cell: grid::Cell) {
        let hidden = self.in_hidden_row || self.hidden_columns.iter().any(|h| h.contains(&column));
        self.hidden += usize::from(hidden && !cell.continued);
        if column >= MAX_COLUMNS {
            return;
        }
        if self.read_hidden {
            self.row.push((column, cell));
        } else if !hidden {
            // Close the gaps of hidden columns, which readers do not see.
            let first = self.count_visible_before(column);
            let end = self.count_visible_before(column.saturating_add(cell.columns.max(1)));
            let columns = end - first;
            self.row.push((first, grid::Cell { columns, ..cell }));
        }
    }

    /// How many visible columns are before this one.
    fn count_visible_before(&self, column: u32) -> u32 {
        let hidden = self.hidden_columns.iter();
        column
            - hidden
                .map(|h| h.end.min(column).saturating_sub(h.start))
                .sum::<u32>()
    }

    fn end_row(&mut self) -> bool {
        let cells = std::mem::take(&mut self.row);
        let first = self.row_number;
        if self.read_hidden || !self.in_hidden_row {
            self.row_number = first.saturating_add(self.row_repeats);
        }
        if cells.is_empty() {
            return false;
        }
        if self.in_header && self.rows.len() == self.header_rows {
            self.header_rows += 1;
        }
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
        let marked = match (self.header_rows, grid::find_header(&self.rows)) {
            (0, (_, false)) => 0,
            (0, (deep, true)) => deep,
            (marked, _) => marked,
        };
        let mut table = Table::new(marked);
        let (_, right) = grid::bounds(&self.rows);
        for row in &self.rows {
            table.push_cells(grid::fill_gaps(row, 0, right));
        }
        table
    }
}

/// Whether a row or column is hidden, by hand or by a filter.
fn is_hidden(e: &BytesStart<'_>) -> bool {
    matches!(
        attribute(e, "visibility").as_deref(),
        Some("collapse" | "filter")
    )
}

//! Tables of a Word document, with column and row spans.

use crate::extract::table::{Above, Cell, Table};

/// Most columns that a cell may span.
const MAX_SPAN: usize = 60;

/// A table being read.
#[derive(Default)]
pub(super) struct OpenTable {
    table: Table,
    row: Vec<Cell>,
    pub cell: String,
    span: usize,
    continues: bool,
    above: Above,
    bold_rows: Vec<bool>,
    /// Bold letters and all letters of the open row.
    pub row_bold: (usize, usize),
    names_columns: bool,
}

impl OpenTable {
    /// Sets whether the open row is a header row, which is repeated on each page.
    pub fn mark_row(&mut self, on: bool) {
        self.names_columns = on;
    }

    /// Sets how many columns the open cell spans.
    pub fn span(&mut self, columns: Option<usize>) {
        self.span = columns.unwrap_or(1).clamp(1, MAX_SPAN);
    }

    /// Leaves this many columns empty at the start of the row.
    pub fn skip(&mut self, columns: Option<usize>) {
        let empty = (0..columns.unwrap_or(0).min(MAX_SPAN)).map(|_| Cell::default());
        self.row.extend(empty);
    }

    /// Sets whether the open cell continues one of the row above.
    pub fn set_continues(&mut self, continues: bool) {
        self.continues = continues;
    }

    pub fn end_cell(&mut self) {
        let text = std::mem::take(&mut self.cell);
        let columns = self.span.max(1);
        let above = match self.continues && text.is_empty() {
            true => self.above.continue_after(&self.row),
            false => None,
        };
        self.row.push(Cell {
            columns,
            ..above.unwrap_or(Cell::from(text))
        });
        (self.span, self.continues) = (1, false);
    }

    pub fn end_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        self.above.set(&row);
        self.bold_rows
            .push(self.row_bold.1 > 0 && self.row_bold.0 == self.row_bold.1);
        self.row_bold = (0, 0);
        if std::mem::take(&mut self.names_columns) && self.table.len() == self.table.marked_head {
            self.table.marked_head += 1;
        }
        self.table.push_cells(row);
    }

    /// Finishes the table. A bold first row above rows that are not bold is a header.
    pub fn into_table(mut self) -> Table {
        if let Some((true, rest)) = self.bold_rows.split_first()
            && rest.iter().any(|bold| !bold)
        {
            self.table.marked_head = self.table.marked_head.max(1);
        }
        self.table
    }
}

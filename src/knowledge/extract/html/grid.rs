//! The cells of an HTML table, with spans resolved so that each row stands on its own.

use scraper::{ElementRef, Selector};

use crate::knowledge::extract::table::Table;

/// Most columns that a span may claim; pages may write any number there.
const MAX_SPAN: usize = 50;

/// Whether a table holds data rather than the page's layout.
pub(super) fn is_data(table: ElementRef<'_>) -> bool {
    if matches!(table.value().attr("role"), Some("presentation" | "none")) {
        return false;
    }
    let layout = Selector::parse("td table, td h1, td h2, td h3, td form, td article");
    let Ok(layout) = layout else { return true };
    table.select(&layout).next().is_none()
}

/// A table under construction.
#[derive(Default)]
pub(super) struct Grid {
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    /// Per column: how many further rows its cell spans, and its text.
    carried: Vec<(usize, String)>,
    span: (usize, usize),
    names_in_row: usize,
    cells_in_row: usize,
    marked_header: bool,
    in_row: bool,
}

impl Grid {
    pub(super) fn open_row(&mut self) {
        self.close_row();
        self.in_row = true;
    }

    pub(super) fn open_cell(&mut self, is_name: bool, columns: Option<&str>, rows: Option<&str>) {
        let number = |v: Option<&str>| {
            v.and_then(|v| v.trim().parse::<usize>().ok())
                .unwrap_or(1)
                .clamp(1, MAX_SPAN)
        };
        self.span = (number(columns), number(rows));
        self.cells_in_row += 1;
        self.names_in_row += usize::from(is_name);
        self.take_carried();
    }

    pub(super) fn close_cell(&mut self, text: String) {
        let (columns, rows) = self.span;
        for i in 0..columns {
            let cell = if i == 0 { text.clone() } else { String::new() };
            let column = self.row.len();
            if rows > 1 {
                if self.carried.len() <= column {
                    self.carried.resize(column + 1, (0, String::new()));
                }
                if let Some(slot) = self.carried.get_mut(column) {
                    *slot = (rows - 1, cell.clone());
                }
            }
            self.row.push(cell);
        }
        self.span = (1, 1);
    }

    pub(super) fn close_row(&mut self) {
        if !self.in_row {
            return;
        }
        self.take_carried();
        let first = self.rows.is_empty();
        if first && self.cells_in_row > 0 && self.names_in_row == self.cells_in_row {
            self.marked_header = true;
        }
        self.rows.push(std::mem::take(&mut self.row));
        (self.cells_in_row, self.names_in_row, self.in_row) = (0, 0, false);
    }

    /// The rows so far stand in `thead`; one row of names is what a reader needs.
    pub(super) fn end_of_header(&mut self) {
        self.close_row();
        if self.rows.len() == 1 {
            self.marked_header = true;
        }
    }

    pub(super) fn into_table(mut self) -> Table {
        self.close_row();
        let mut table = Table::new(self.marked_header);
        for row in self.rows {
            table.push(row);
        }
        table
    }

    fn take_carried(&mut self) {
        while let Some((rows, text)) = self.carried.get_mut(self.row.len()) {
            if *rows == 0 {
                break;
            }
            *rows -= 1;
            self.row.push(text.clone());
        }
    }
}

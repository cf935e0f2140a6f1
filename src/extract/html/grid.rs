//! The cells of an HTML table, with spans resolved so that each row is complete.

use scraper::{ElementRef, Selector};

use crate::extract::table::{Cell, Table};

/// Most rows and columns that a cell may span; pages may write any number.
const MAX_SPAN: usize = 50;

/// Most columns; cells beyond them do not span.
const MAX_COLUMNS: usize = 2_000;

/// Whether a table holds data rather than the page's layout. One that has a caption or names of columns of its own
/// does, even with tables in its cells.
pub(super) fn is_data(table: ElementRef<'_>) -> bool {
    if matches!(table.value().attr("role"), Some("presentation" | "none")) {
        return false;
    }
    let holds =
        |selector| Selector::parse(selector).is_ok_and(|s| table.select(&s).next().is_some());
    !holds("td h1, td h2, td h3, td form, td article")
        && (!holds("td table") || has_own_names(table))
}

fn has_own_names(table: ElementRef<'_>) -> bool {
    let is_own = |name: &ElementRef<'_>| {
        let mut around = name.ancestors().filter_map(ElementRef::wrap);
        around.find(|e| e.value().name() == "table") == Some(table)
    };
    Selector::parse("th, caption").is_ok_and(|names| table.select(&names).any(|name| is_own(&name)))
}

/// What a cell shows if it has no text: the description of its picture, such as a tick.
pub(super) fn picture_text(cell: ElementRef<'_>) -> String {
    let described = cell
        .descendent_elements()
        .find_map(|e| match e.value().name() {
            "img" => e.attr("alt"),
            "svg" | "i" | "span" => e.attr("aria-label"),
            _ => None,
        });
    described.unwrap_or_default().trim().to_owned()
}

/// A table under construction.
#[derive(Default)]
pub(super) struct Grid {
    rows: Vec<Vec<Cell>>,
    row: Vec<Cell>,
    /// How many columns the cells of the open row span so far.
    column: usize,
    /// By column: a cell that spans several rows, and its last row.
    carried: Vec<(usize, Cell)>,
    span: (usize, usize),
    names_in_row: usize,
    cells_in_row: usize,
    /// How many of the first rows name the columns.
    head: usize,
    /// The header is marked with `thead`.
    has_section: bool,
    in_row: bool,
}

impl Grid {
    pub(super) fn open_row(&mut self) {
        self.close_row();
        self.in_row = true;
    }

    pub(super) fn open_cell(&mut self, is_name: bool, columns: Option<&str>, rows: Option<&str>) {
        let number = |v: Option<&str>| v.and_then(|v| v.trim().parse::<usize>().ok()).unwrap_or(1);
        // `rowspan="0"` means the rest of the section.
        let rows = match number(rows) {
            0 => MAX_SPAN,
            rows => rows.min(MAX_SPAN),
        };
        self.span = (number(columns).clamp(1, MAX_SPAN), rows);
        self.cells_in_row += 1;
        self.names_in_row += usize::from(is_name);
        self.repeat_carried();
    }

    pub(super) fn close_cell(&mut self, text: String) {
        let (columns, rows) = match self.column < MAX_COLUMNS {
            true => self.span,
            false => (1, 1),
        };
        let cell = Cell {
            text,
            columns,
            continued: false,
        };
        if rows > 1 {
            if self.carried.len() <= self.column {
                self.carried.resize_with(self.column + 1, Default::default);
            }
            if let Some(slot) = self.carried.get_mut(self.column) {
                *slot = (self.rows.len() + rows - 1, cell.clone());
            }
        }
        self.column += columns;
        self.row.push(cell);
        self.span = (1, 1);
    }

    pub(super) fn close_row(&mut self) {
        if !self.in_row {
            return;
        }
        self.repeat_carried();
        let all_names = self.cells_in_row > 0 && self.names_in_row == self.cells_in_row;
        if all_names && self.head == self.rows.len() {
            self.head += 1;
        }
        self.rows.push(std::mem::take(&mut self.row));
        (self.cells_in_row, self.names_in_row) = (0, 0);
        (self.column, self.in_row) = (0, false);
    }

    /// Ends the `thead`: the rows so far are the header.
    pub(super) fn end_of_header(&mut self) {
        self.end_of_section();
        self.has_section = true;
        self.head = self.head.max(self.rows.len());
    }

    /// Ends a `thead`, `tbody` or `tfoot`: no cell spans beyond it.
    pub(super) fn end_of_section(&mut self) {
        self.close_row();
        self.carried.clear();
    }

    pub(super) fn into_table(mut self) -> Table {
        self.close_row();
        // If all cells are `th`, only the first row is a header.
        let all = self.head == self.rows.len() && !self.has_section;
        let mut table = Table::new(if all { self.head.min(1) } else { self.head });
        for row in self.rows {
            table.push_cells(row);
        }
        table
    }

    fn repeat_carried(&mut self) {
        let row = self.rows.len();
        while let Some((last, cell)) = self.carried.get(self.column) {
            if *last < row || cell.columns == 0 {
                break;
            }
            let cell = Cell {
                continued: true,
                ..cell.clone()
            };
            self.column += cell.columns;
            self.row.push(cell);
        }
    }
}

//! Tables: every row becomes a line of text that can be read, found and quoted on its own.

mod head;
mod implied;

use super::clean;

pub(super) use head::{depth, names};
pub(super) use implied::spread;

/// Longest cell that can be the name of a column, in characters.
const MAX_COLUMN_NAME: usize = 80;
/// Longest list of column names for a cell that spans several, in bytes; of longer ones only the ends are written.
const MAX_NAMES: usize = 200;

/// Most columns whose row spans are followed.
const MAX_COLUMNS: usize = 500;

/// First words in the names of columns with totals; those in [`TOTAL_STEMS`] are prefixes.
const TOTALS: &[&str] = &[
    "sum",
    "summe",
    "somme",
    "somma",
    "suma",
    "razem",
    "итого",
    "合計",
    "合计",
];
const TOTAL_STEMS: &[&str] = &["total", "totaal", "gesamt", "insgesamt"];

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub text: String,
    /// How many columns it spans; 0 means 1.
    pub columns: usize,
    /// It continues a cell of the row above (row span).
    pub continued: bool,
}

impl Cell {
    fn width(&self) -> usize {
        self.columns.max(1)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

/// The cells of the row above, by the first column of each.
#[derive(Default)]
pub(super) struct Above(Vec<(usize, Cell)>);

impl Above {
    /// A continuation of the cell that is above the end of `row`.
    pub fn continue_after(&self, row: &[Cell]) -> Option<Cell> {
        let column = reach(row);
        let (_, above) = self.0.iter().find(|(at, _)| *at == column)?;
        Some(Cell {
            continued: true,
            ..above.clone()
        })
    }

    /// Keeps a row for the one below.
    pub fn set(&mut self, row: &[Cell]) {
        let mut column = 0;
        self.0.clear();
        for cell in row.iter().take(MAX_COLUMNS) {
            self.0.push((column, cell.clone()));
            column += cell.width();
        }
    }
}

/// Collects rows of cells and writes them as text.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<Cell>>,
    /// How many of the first rows the document marks as column names.
    pub marked_head: usize,
}

impl Table {
    pub fn new(marked_head: usize) -> Self {
        Self {
            rows: Vec::new(),
            marked_head,
        }
    }

    /// Adds a row of cells of one column each.
    pub fn push(&mut self, cells: Vec<String>) {
        self.push_cells(cells.into_iter().map(Cell::from).collect());
    }

    /// Adds a row. Cells are cleaned; rows without any text of their own are dropped.
    pub fn push_cells(&mut self, mut cells: Vec<Cell>) {
        for cell in &mut cells {
            cell.text = clean::flowing(&cell.text);
        }
        if cells.iter().any(|c| !c.text.is_empty() && !c.continued) {
            self.rows.push(cells);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether every row has at most one cell with text, as in tables that only draw a frame.
    pub fn is_frame(&self) -> bool {
        self.rows
            .iter()
            .all(|r| r.iter().filter(|c| !c.text.is_empty()).count() <= 1)
    }

    /// The cells with text, row by row; a cell that spans rows comes once.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .flatten()
            .filter(|c| !c.continued)
            .map(|c| c.text.as_str())
            .filter(|c| !c.is_empty())
    }

    /// The rows as text: `Service: Cleaning | Price: $95`.
    pub fn rows(&self) -> Vec<String> {
        let width = self.rows.iter().map(|r| reach(r)).max().unwrap_or(0);
        // A title that spans all columns is a line of its own.
        let titles = match self.rows.len() {
            0..=2 => 0,
            rows => (self.rows.iter().take(rows - 1))
                .take_while(|r| is_label(r, width))
                .count(),
        };
        let (titles, table) = self.rows.split_at(titles);
        let spread = spread(table).map(|first| {
            let rest = table.get(1..).unwrap_or_default();
            [&[first], rest].concat()
        });
        let table = spread.as_deref().unwrap_or(table);
        let mut out: Vec<String> = titles.iter().map(|r| join_cells(r)).collect();
        let marked = self.marked_head.saturating_sub(titles.len());
        let head = head::count_header_rows(table, marked, width);
        let (above, body) = table.split_at(head);
        if body.is_empty() {
            out.extend(above.iter().map(|r| join_cells(r)));
            return out;
        }
        let names = names(above);
        let mut groups = Groups::default();
        for row in body {
            if head > 0 && width > 1 && is_label(row, width) {
                out.extend(groups.open(join_cells(row)));
            } else {
                out.push(groups.add_prefix(label_cells(&names, row)));
            }
        }
        out.extend(groups.unused());
        out
    }
}

/// Labels between the rows that span all columns: each applies to the rows below it.
#[derive(Default)]
struct Groups {
    open: Vec<String>,
    used: bool,
}

impl Groups {
    /// Opens a group. Returns text that is not a label: a remark below the rows, or a sentence.
    fn open(&mut self, label: String) -> Option<String> {
        if label.chars().count() > MAX_COLUMN_NAME || label.ends_with(['.', '!', '?', ';']) {
            return Some(label);
        }
        if self.used {
            self.open.clear();
        }
        self.used = false;
        self.open.push(label);
        None
    }

    fn add_prefix(&mut self, row: String) -> String {
        self.used = true;
        let mut out = String::new();
        for label in &self.open {
            out.push_str(label);
            out.push_str(" | ");
        }
        out + &row
    }

    /// Labels without any row below.
    fn unused(self) -> Vec<String> {
        if self.used { Vec::new() } else { self.open }
    }
}

/// How many columns a row spans.
fn reach(row: &[Cell]) -> usize {
    row.iter().map(Cell::width).sum()
}

/// Whether a row is a single cell that spans all columns.
fn is_label(row: &[Cell], width: usize) -> bool {
    let mut named = row.iter().filter(|c| !c.text.is_empty());
    width > 1 && named.next().is_some_and(|c| c.columns >= width) && named.next().is_none()
}

/// Whether a cell holds a number, price, date or time rather than a name.
pub(super) fn looks_like_value(cell: &str) -> bool {
    let Some(first) = cell
        .chars()
        .find(|c| !matches!(c, '(' | '+' | '-' | '~' | '<' | '>' | ' '))
    else {
        return true;
    };
    first.is_numeric()
        || matches!(first, '$' | '€' | '£' | '¥' | '₹' | '✓' | '✗')
        || cell.contains("://")
        || cell.contains('@')
}

fn join_cells(row: &[Cell]) -> String {
    row.iter()
        .map(|c| c.text.as_str())
        .filter(|c| !c.is_empty())
        .collect::<Vec<_>>()
        .join(" | ")
}

fn label_cells(names: &[String], row: &[Cell]) -> String {
    let mut parts = Vec::with_capacity(row.len());
    let mut end = 0;
    for cell in row {
        let at = end;
        end += cell.width();
        if cell.text.is_empty() {
            continue;
        }
        let mut own: Vec<&str> = Vec::new();
        for name in names.get(at..end.min(names.len())).unwrap_or_default() {
            if !name.is_empty() && !own.contains(&name.as_str()) {
                own.push(name);
            }
        }
        if cell.continued && looks_like_value(&cell.text) && own.iter().any(|n| is_total(n)) {
            // A total of several rows is not the value of each of them.
            continue;
        }
        // A cell that spans the first column and others is the row's label.
        let is_label = at == 0 && cell.columns > 1;
        match own.as_slice() {
            [] => parts.push(cell.text.clone()),
            [name] if *name == cell.text => parts.push(cell.text.clone()),
            _ if is_label => parts.push(cell.text.clone()),
            several => parts.push(format!("{}: {}", join_names(several), cell.text)),
        }
    }
    parts.join(" | ")
}

/// Joins the names of the columns that one cell spans: `Weekend – 8-18 h, 18-22 h`.
fn join_names(names: &[&str]) -> String {
    let parts = names.iter().map(|name| name.rsplit_once(" – "));
    let (groups, own): (Vec<&str>, Vec<&str>) = parts.flatten().unzip();
    let all = match groups.split_first() {
        Some((group, rest)) if own.len() == names.len() && rest.iter().all(|g| g == group) => {
            format!("{group} – {}", own.join(", "))
        }
        _ => names.join(", "),
    };
    match names {
        [first, _, .., last] if all.len() > MAX_NAMES => format!("{first} … {last}"),
        _ => all,
    }
}

fn is_total(name: &str) -> bool {
    let lower = name.to_lowercase();
    let own = lower.rsplit(" – ").next().unwrap_or_default();
    let word = own
        .split(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or_default();
    TOTALS.contains(&word) || TOTAL_STEMS.iter().any(|stem| word.starts_with(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[&str]], marked_head: usize) -> Vec<String> {
        let mut t = Table::new(marked_head);
        for row in rows {
            t.push(row.iter().map(|c| (*c).to_owned()).collect());
        }
        t.rows()
    }

    #[test]
    fn rows_repeat_the_names_of_their_columns() {
        let rows = table(
            &[
                &["Service", "Price"],
                &["Cleaning", "$95"],
                &["Filling", ""],
            ],
            1,
        );
        assert_eq!(rows, ["Service: Cleaning | Price: $95", "Service: Filling"]);
    }

    #[test]
    fn opening_hours_without_a_header_stay_as_they_are() {
        let rows = table(&[&["Monday", "Closed"], &["Tuesday", "9-5"]], 0);
        assert_eq!(rows, ["Monday | Closed", "Tuesday | 9-5"]);
        let rows = table(&[&["Sunday", "Closed", "Closed"], &["Monday", "9", "5"]], 0);
        assert_eq!(rows, ["Sunday | Closed | Closed", "Monday | 9 | 5"]);
    }

    #[test]
    fn three_distinct_names_make_a_header() {
        let rows = table(&[&["Day", "Open", "Close"], &["Monday", "9", "5"]], 0);
        assert_eq!(rows, ["Day: Monday | Open: 9 | Close: 5"]);
    }

    #[test]
    fn a_header_alone_is_kept() {
        assert_eq!(table(&[&["Day", "Open"]], 1), ["Day | Open"]);
    }
}

//! Tables: every row becomes a line that can be read, found and quoted without the rest.

mod head;
mod implied;

use super::clean;

pub(super) use head::{depth, names};
pub(super) use implied::spread;

/// Longest text of a cell that can be the name of a column, in characters.
const MAX_COLUMN_NAME: usize = 80;
/// Longest list of the columns that a cell reaches over, in bytes; longer ones are given by their ends.
const MAX_NAMES: usize = 200;

/// Most columns whose cells are followed downwards.
const MAX_COLUMNS: usize = 500;

/// First words of columns that sum others up; those of [`TOTAL_STEMS`] may go on.
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

/// A cell of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub text: String,
    /// How many columns it reaches over; 0 is like 1.
    pub columns: usize,
    /// It goes on from the row above.
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

/// The cells of the row above, by the column that each begins in.
#[derive(Default)]
pub(super) struct Above(Vec<(usize, Cell)>);

impl Above {
    /// The cell above the place behind `row`, as it goes on there.
    pub fn goes_on_behind(&self, row: &[Cell]) -> Option<Cell> {
        let column = reach(row);
        let (_, above) = self.0.iter().find(|(at, _)| *at == column)?;
        Some(Cell {
            continued: true,
            ..above.clone()
        })
    }

    /// Remembers a row for the one below.
    pub fn set(&mut self, row: &[Cell]) {
        let mut column = 0;
        self.0.clear();
        for cell in row.iter().take(MAX_COLUMNS) {
            self.0.push((column, cell.clone()));
            column += cell.width();
        }
    }
}

/// A table as rows of cells.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<Cell>>,
    /// How many rows name the columns, as the document says: its first ones.
    pub marked_head: usize,
}

impl Table {
    /// An empty table whose first rows, so many as the document says, name the columns.
    pub fn new(marked_head: usize) -> Self {
        Self {
            rows: Vec::new(),
            marked_head,
        }
    }

    /// Add a row of cells that each are in one column.
    pub fn push(&mut self, cells: Vec<String>) {
        self.push_cells(cells.into_iter().map(Cell::from).collect());
    }

    /// Add a row; cells are cleaned, rows without any text of their own are dropped.
    pub fn push_cells(&mut self, mut cells: Vec<Cell>) {
        for cell in &mut cells {
            cell.text = clean::flowing(&cell.text);
        }
        if cells.iter().any(|c| !c.text.is_empty() && !c.continued) {
            self.rows.push(cells);
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether every row holds one cell at most, as in tables that only draw a frame.
    pub fn is_frame(&self) -> bool {
        self.rows
            .iter()
            .all(|r| r.iter().filter(|c| !c.text.is_empty()).count() <= 1)
    }

    /// The cells with text, row by row; one that goes on from above comes once.
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
        // A title over all columns stands for itself.
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
        let mut out: Vec<String> = titles.iter().map(|r| plain(r)).collect();
        let marked = self.marked_head.saturating_sub(titles.len());
        let head = head::rows_of_head(table, marked, width);
        let (above, body) = table.split_at(head);
        if body.is_empty() {
            out.extend(above.iter().map(|r| plain(r)));
            return out;
        }
        let names = names(above);
        let mut groups = Groups::default();
        for row in body {
            if head > 0 && width > 1 && is_label(row, width) {
                out.extend(groups.open(plain(row)));
            } else {
                out.push(groups.prefixed(with_names(&names, row)));
            }
        }
        out.extend(groups.unused());
        out
    }
}

/// Labels over all columns, between the rows: what stands below belongs to them.
#[derive(Default)]
struct Groups {
    open: Vec<String>,
    used: bool,
}

impl Groups {
    /// Opens a group; gives back a label that is none: a remark below the rows, or a sentence.
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

    fn prefixed(&mut self, row: String) -> String {
        self.used = true;
        let mut out = String::new();
        for label in &self.open {
            out.push_str(label);
            out.push_str(" | ");
        }
        out + &row
    }

    /// Labels that no row stands below.
    fn unused(self) -> Vec<String> {
        if self.used { Vec::new() } else { self.open }
    }
}

/// How many columns a row reaches over.
fn reach(row: &[Cell]) -> usize {
    row.iter().map(Cell::width).sum()
}

/// Whether a row is one cell over all columns.
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

fn plain(row: &[Cell]) -> String {
    row.iter()
        .map(|c| c.text.as_str())
        .filter(|c| !c.is_empty())
        .collect::<Vec<_>>()
        .join(" | ")
}

fn with_names(names: &[String], row: &[Cell]) -> String {
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
            // The sum of several rows is no value of each.
            continue;
        }
        // What reaches over the first column and others is the row's label.
        let is_label = at == 0 && cell.columns > 1;
        match own.as_slice() {
            [] => parts.push(cell.text.clone()),
            [name] if *name == cell.text => parts.push(cell.text.clone()),
            _ if is_label => parts.push(cell.text.clone()),
            several => parts.push(format!("{}: {}", listed(several), cell.text)),
        }
    }
    parts.join(" | ")
}

/// The names of the columns that one cell reaches over: `Weekend – 8-18 h, 18-22 h`.
fn listed(names: &[&str]) -> String {
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

//! Tables: every row becomes a line that can be read, found and quoted without the rest.

use super::clean;

/// Longest text of a cell that can be the name of a column, in characters.
const MAX_COLUMN_NAME: usize = 80;

/// A table as rows of cells.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    /// Whether the document itself says that the first row names the columns.
    pub marked_header: bool,
}

impl Table {
    /// An empty table whose first row, as the document says, names the columns (or may not).
    pub fn new(marked_header: bool) -> Self {
        Self {
            rows: Vec::new(),
            marked_header,
        }
    }

    /// Add a row; cells are cleaned, rows without any text are dropped.
    pub fn push(&mut self, cells: Vec<String>) {
        let cells: Vec<String> = cells.iter().map(|c| clean::flowing(c)).collect();
        if cells.iter().any(|c| !c.is_empty()) {
            self.rows.push(cells);
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether every row holds one cell at most, as in tables that only draw a frame.
    pub fn is_frame(&self) -> bool {
        self.rows
            .iter()
            .all(|r| r.iter().filter(|c| !c.is_empty()).count() <= 1)
    }

    /// The cells with text, row by row.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .flatten()
            .map(String::as_str)
            .filter(|c| !c.is_empty())
    }

    /// The rows as text: `Service: Cleaning | Price: $95`.
    pub fn rows(&self) -> Vec<String> {
        if !self.has_header() {
            return self.rows.iter().map(|r| plain(r)).collect();
        }
        let Some((header, body)) = self.rows.split_first() else {
            return Vec::new();
        };
        if body.is_empty() {
            return vec![plain(header)];
        }
        body.iter().map(|row| with_names(header, row)).collect()
    }

    /// A first row that the document does not mark is taken as names only if it cannot be data:
    /// several short, different cells that are neither numbers, prices nor times.
    fn has_header(&self) -> bool {
        let Some(first) = self.rows.first() else {
            return false;
        };
        let named: Vec<&str> = first
            .iter()
            .map(String::as_str)
            .filter(|c| !c.is_empty())
            .collect();
        if self.marked_header {
            return named.len() > 1 || first.len() > 1;
        }
        let distinct: std::collections::HashSet<&str> = named.iter().copied().collect();
        self.rows.len() > 1
            && named.len() >= 3
            && distinct.len() == named.len()
            && named
                .iter()
                .all(|c| c.chars().count() <= MAX_COLUMN_NAME && !looks_like_value(c))
    }
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

fn plain(row: &[String]) -> String {
    row.iter()
        .filter(|c| !c.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(" | ")
}

fn with_names(header: &[String], row: &[String]) -> String {
    let mut parts = Vec::with_capacity(row.len());
    for (i, cell) in row.iter().enumerate() {
        if cell.is_empty() {
            continue;
        }
        match header
            .get(i)
            .filter(|name| !name.is_empty() && *name != cell)
        {
            Some(name) => parts.push(format!("{}: {cell}", name.trim_end_matches(':'))),
            None => parts.push(cell.clone()),
        }
    }
    parts.join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[&str]], marked_header: bool) -> Vec<String> {
        let mut t = Table::new(marked_header);
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
            true,
        );
        assert_eq!(rows, ["Service: Cleaning | Price: $95", "Service: Filling"]);
    }

    #[test]
    fn opening_hours_without_a_header_stay_as_they_are() {
        let rows = table(&[&["Monday", "Closed"], &["Tuesday", "9-5"]], false);
        assert_eq!(rows, ["Monday | Closed", "Tuesday | 9-5"]);
        let rows = table(
            &[&["Sunday", "Closed", "Closed"], &["Monday", "9", "5"]],
            false,
        );
        assert_eq!(rows, ["Sunday | Closed | Closed", "Monday | 9 | 5"]);
    }

    #[test]
    fn three_distinct_names_make_a_header() {
        let rows = table(&[&["Day", "Open", "Close"], &["Monday", "9", "5"]], false);
        assert_eq!(rows, ["Day: Monday | Open: 9 | Close: 5"]);
    }

    #[test]
    fn a_header_alone_is_kept() {
        assert_eq!(table(&[&["Day", "Open"]], true), ["Day | Open"]);
    }
}

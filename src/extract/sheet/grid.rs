//! Turns the cells of a sheet into headings and tables.

use std::collections::BTreeSet;

use crate::extract::table::{self, Table, looks_like_value};
use crate::extract::{BlockKind, Blocks, ExtractError};

/// Longest cell that can be a heading, in characters.
const MAX_HEADING: usize = 120;

/// How many of the first rows are searched for the names of the columns.
const LOOKED_AT: usize = 8;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cell {
    pub text: String,
    pub bold: bool,
    /// How many columns it spans; 0 means 1.
    pub columns: u32,
    /// How many rows it spans, including its own; 0 means 1.
    pub rows: u32,
    /// It continues a cell of the row above.
    pub continued: bool,
}

/// One row's cells with text, each with its column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub number: u32,
    pub cells: Vec<(u32, Cell)>,
}

impl Row {
    /// The last row that its cells span.
    pub(super) fn last(&self) -> u32 {
        let rows = self.cells.iter().map(|(_, c)| c.rows.max(1)).max();
        self.number.saturating_add(rows.unwrap_or(1) - 1)
    }

    /// Whether it has a cell that does not continue one above.
    fn has_own(&self) -> bool {
        self.cells.iter().any(|(_, c)| !c.continued)
    }

    /// The columns that its cells span.
    fn columns(&self) -> impl Iterator<Item = u32> {
        self.cells
            .iter()
            .flat_map(|(column, c)| *column..column.saturating_add(c.columns.max(1)))
    }
}

/// Appends the rows of a sheet: a blank row ends a table; a cell alone in its row is a heading or a
/// sentence.
pub(crate) fn append(rows: Vec<Row>, blocks: &mut Blocks) -> Result<(), ExtractError> {
    let mut rest = rows.as_slice();
    while !rest.is_empty() {
        let parted = rest
            .windows(2)
            .position(|pair| matches!(pair, [a, b] if b.number > a.last().saturating_add(1)));
        let (area, after) = rest.split_at(parted.map_or(rest.len(), |at| at + 1));
        rest = after;
        // A row without cells of its own looks like a part of the row above.
        let area: Vec<Row> = area.iter().filter(|r| r.has_own()).cloned().collect();
        match split_side_by_side(&area) {
            Some((left, right)) => {
                append(left, blocks)?;
                append(right, blocks)?;
            }
            None => append_area(&area, blocks)?,
        }
    }
    Ok(())
}

/// Splits two tables with an empty column between them, each with several rows and columns. A single
/// column beside others is not split off, since it may hold the labels of their rows.
fn split_side_by_side(area: &[Row]) -> Option<(Vec<Row>, Vec<Row>)> {
    // Ignore single cells: a title may span both tables.
    let several = area.iter().filter(|r| r.cells.len() > 1);
    let used: BTreeSet<u32> = several.flat_map(Row::columns).collect();
    let columns: Vec<u32> = used.into_iter().collect();
    let at = columns
        .windows(2)
        .position(|pair| matches!(pair, [a, b] if b - a > 1))?
        + 1;
    let border = *columns.get(at)?;
    if at < 2 || columns.len() - at < 2 {
        return None;
    }
    let part = |inside: &dyn Fn(u32) -> bool| -> Vec<Row> {
        area.iter()
            .map(|row| Row {
                number: row.number,
                cells: (row.cells.iter().filter(|(c, _)| inside(*c)).cloned()).collect(),
            })
            .filter(|row| !row.cells.is_empty())
            .collect()
    };
    let (left, right) = (part(&|c| c < border), part(&|c| c >= border));
    let wide = |rows: &[Row]| rows.iter().filter(|r| r.cells.len() > 1).count() > 1;
    (wide(&left) && wide(&right)).then_some((left, right))
}

fn append_area(area: &[Row], blocks: &mut Blocks) -> Result<(), ExtractError> {
    let (left, right) = bounds(area);
    // Rows above the table with a single cell are titles or remarks, unless it spans some columns and names them.
    let is_title = |r: &&Row| match r.cells.as_slice() {
        [(column, cell)] => cell.columns <= 1 || *column == left,
        _ => false,
    };
    let titles = area.iter().take_while(is_title).count();
    let (titles, rows) = area.split_at(titles);
    for row in titles {
        push_single(
            row,
            !rows.is_empty() || row.cells.iter().any(|(_, c)| c.bold),
            blocks,
        )?;
    }
    if rows.is_empty() {
        return Ok(());
    }
    let (deep, header) = find_header(rows);
    let (above, body) = rows.split_at(deep);
    let marked = if header { deep } else { 0 };
    let begin = |open: &mut Table| {
        for row in above {
            open.push_cells(fill_gaps(row, left, right));
        }
    };
    let mut open = Table::new(marked);
    begin(&mut open);
    let mut filled = !header;
    for row in body {
        // A label between rows, such as the name of a group. The next table repeats the header.
        if header && row.cells.len() == 1 && row.cells.first().is_some_and(|(c, _)| *c == left) {
            if filled {
                blocks.push_table(&std::mem::replace(&mut open, Table::new(marked)), None)?;
                begin(&mut open);
                filled = false;
            }
            push_single(row, true, blocks)?;
            continue;
        }
        open.push_cells(fill_gaps(row, left, right));
        filled = true;
    }
    if filled || body.is_empty() {
        blocks.push_table(&open, None)?;
    }
    Ok(())
}

/// The cells of a row from column `left` to `right`, with empty cells in the gaps.
pub(crate) fn fill_gaps(row: &Row, left: u32, right: u32) -> Vec<table::Cell> {
    let mut out = Vec::new();
    let mut next = left;
    let mut cells = row.cells.iter().peekable();
    while let Some((column, cell)) = cells.next() {
        while next < *column {
            out.push(table::Cell::default());
            next += 1;
        }
        let end = cells.peek().map_or(right.saturating_add(1), |(c, _)| *c);
        let columns = cell.columns.max(1).min(end.saturating_sub(*column).max(1));
        out.push(table::Cell {
            text: cell.text.clone(),
            columns: columns as usize,
            continued: cell.continued,
        });
        next = column.saturating_add(columns);
    }
    out
}

/// How many of the first rows belong together, and whether they are a header.
pub(crate) fn find_header(rows: &[Row]) -> (usize, bool) {
    let Some(first) = rows.first() else {
        return (0, false);
    };
    let (left, right) = bounds(rows);
    let mut cells: Vec<Vec<table::Cell>> = (rows.iter().take(LOOKED_AT))
        .map(|row| fill_gaps(row, left, right))
        .collect();
    if let (Some(spread), Some(first)) = (table::spread(&cells), cells.first_mut()) {
        *first = spread;
    }
    let deep = table::depth(&cells).min(rows.len());
    let (above, body) = rows.split_at(deep);
    if deep < 2 {
        return (1, names_columns(first, body));
    }
    if cells.iter().take(1).flatten().any(|c| c.columns > 1) {
        return (deep, true);
    }
    let bold = above.iter().flat_map(|r| &r.cells).all(|(_, c)| c.bold);
    let names = table::names(cells.get(..deep).unwrap_or_default());
    let cells = (left..).zip(names).filter(|(_, text)| !text.is_empty());
    let first = Row {
        number: first.number,
        cells: cells
            .map(|(column, text)| {
                let cell = Cell {
                    text,
                    bold,
                    ..Cell::default()
                };
                (column, cell)
            })
            .collect(),
    };
    (deep, names_columns(&first, body))
}

/// The first and the last column that the rows use.
pub(crate) fn bounds(rows: &[Row]) -> (u32, u32) {
    let columns = || rows.iter().flat_map(Row::columns);
    (columns().min().unwrap_or(0), columns().max().unwrap_or(0))
}

/// Adds the single cell of a row as a heading or a paragraph.
fn push_single(row: &Row, heading: bool, blocks: &mut Blocks) -> Result<(), ExtractError> {
    for (_, cell) in &row.cells {
        let fits = cell.text.chars().count() <= MAX_HEADING
            && !cell.text.trim_end().ends_with(['.', '!', ';'])
            && !looks_like_value(&cell.text);
        let kind = match heading && fits {
            true => BlockKind::Heading(3),
            false => BlockKind::Paragraph,
        };
        blocks.push(kind, &cell.text, None)?;
    }
    Ok(())
}

/// The days of the week and their usual short forms in the languages of Frontdesk's phrases.
const WEEKDAYS: &str = "monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun \
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so \
    lunes martes miércoles jueves viernes sábado domingo lundi mardi mercredi jeudi vendredi samedi dimanche \
    lunedì martedì mercoledì giovedì venerdì sabato domenica segunda terça quarta quinta sexta \
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag";

fn is_weekday(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    let first = lower
        .split(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or_default();
    WEEKDAYS.split_whitespace().any(|day| day == first)
}

/// Whether the first row of a table names its columns: it is bold, or has words above values.
fn names_columns(first: &Row, body: &[Row]) -> bool {
    let is_name = |(_, c): &(u32, Cell)| !looks_like_value(&c.text);
    if body.is_empty() || first.cells.len() < 2 || !first.cells.iter().all(is_name) {
        return false;
    }
    // "Monday | Closed" above "Tuesday | 9-5" is data.
    if first
        .cells
        .first()
        .is_some_and(|(_, c)| is_weekday(&c.text))
    {
        return false;
    }
    let bold = |row: &Row| row.cells.iter().all(|(_, c)| c.bold);
    if bold(first) && !body.iter().all(bold) {
        return true;
    }
    // A column with only values below its first cell: that cell is a name.
    first.cells.iter().any(|(column, _)| {
        let mut below = body
            .iter()
            .filter_map(|r| r.cells.iter().find(|(c, _)| c == column))
            .peekable();
        below.peek().is_some() && below.all(|(_, c)| looks_like_value(&c.text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{Format, Limits};

    fn read(rows: &[(u32, &[&str])]) -> Vec<(BlockKind, String)> {
        let rows = rows
            .iter()
            .map(|(number, texts)| Row {
                number: *number,
                cells: (0..)
                    .zip(*texts)
                    .filter(|(_, t)| !t.is_empty())
                    .map(|(column, t)| {
                        let (text, bold) =
                            ((*t).trim_start_matches('*').to_owned(), t.starts_with('*'));
                        let cell = Cell {
                            text,
                            bold,
                            ..Cell::default()
                        };
                        (column, cell)
                    })
                    .collect(),
            })
            .collect();
        let mut blocks = Blocks::new(&Limits::default());
        append(rows, &mut blocks).expect("fits");
        let blocks = blocks.finish(Format::Xlsx).blocks;
        blocks.into_iter().map(|b| (b.kind, b.text)).collect()
    }

    #[test]
    fn a_title_groups_and_a_second_table_keep_their_places() {
        let found = read(&[
            (0, &["Prices 2026"]),
            (1, &["Service", "Fee"]),
            (2, &["Hygiene"]),
            (3, &["Cleaning", "$95"]),
            (4, &["Surgery"]),
            (5, &["Extraction", "$240"]),
            (7, &["Monday", "Closed"]),
            (8, &["Tuesday", "9-5"]),
        ]);
        let expected = [
            (BlockKind::Heading(3), "Prices 2026"),
            (BlockKind::Heading(3), "Hygiene"),
            (BlockKind::TableRow, "Service: Cleaning | Fee: $95"),
            (BlockKind::Heading(3), "Surgery"),
            (BlockKind::TableRow, "Service: Extraction | Fee: $240"),
            (BlockKind::TableRow, "Monday | Closed"),
            (BlockKind::TableRow, "Tuesday | 9-5"),
        ];
        let found: Vec<(BlockKind, &str)> = found.iter().map(|(k, t)| (*k, t.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn bold_names_make_a_header_of_words() {
        let found = read(&[(0, &["*Day", "*Doctor"]), (1, &["Monday", "Dr. Lee"])]);
        assert_eq!(
            found,
            [(
                BlockKind::TableRow,
                "Day: Monday | Doctor: Dr. Lee".to_owned()
            )]
        );
    }
}

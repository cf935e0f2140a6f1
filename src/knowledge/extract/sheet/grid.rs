//! From the cells of a sheet to headings and tables.

use std::collections::BTreeSet;

use crate::knowledge::extract::table::{Table, looks_like_value};
use crate::knowledge::extract::{BlockKind, Blocks, ExtractError};

/// Longest cell that can stand alone as a heading, in characters.
const MAX_HEADING: usize = 120;
/// Cells that a vertical merge may fill, so that a file cannot claim a million.
const MAX_REPEATS: u32 = 2_000;

/// What a cell shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::knowledge::extract) struct Cell {
    pub text: String,
    pub bold: bool,
}

/// The cells with text of one row, by column.
#[derive(Debug, Clone, Default)]
pub(in crate::knowledge::extract) struct Row {
    pub number: u32,
    pub cells: Vec<(u32, Cell)>,
}

/// Give the cell at (`first`, `column`) to the rows below it, down to `last`.
pub(super) fn repeat_down(rows: &mut [Row], column: u32, first: u32, last: u32) {
    let Some(cell) = rows
        .iter()
        .find(|r| r.number == first)
        .and_then(|r| r.cells.iter().find(|(c, _)| *c == column))
        .map(|(_, cell)| cell.clone())
    else {
        return;
    };
    let last = last.min(first.saturating_add(MAX_REPEATS));
    for row in rows
        .iter_mut()
        .filter(|r| r.number > first && r.number <= last)
    {
        if !row.cells.iter().any(|(c, _)| *c == column) {
            let at = row.cells.partition_point(|(c, _)| *c < column);
            row.cells.insert(at, (column, cell.clone()));
        }
    }
}

/// Append the rows of a sheet: a blank row ends a table, a cell that stands alone is a heading or a
/// sentence.
pub(in crate::knowledge::extract) fn append(
    rows: Vec<Row>,
    blocks: &mut Blocks,
) -> Result<(), ExtractError> {
    let mut rest = rows.as_slice();
    while !rest.is_empty() {
        let parted = rest
            .windows(2)
            .position(|pair| matches!(pair, [a, b] if b.number > a.number + 1));
        let (area, after) = rest.split_at(parted.map_or(rest.len(), |at| at + 1));
        rest = after;
        match side_by_side(area) {
            Some((left, right)) => {
                append(left, blocks)?;
                append(right, blocks)?;
            }
            None => append_area(area, blocks)?,
        }
    }
    Ok(())
}

/// Two tables with an empty column between them, each of several rows and columns. A single column
/// beside others is not cut off: it may be what they are about.
fn side_by_side(area: &[Row]) -> Option<(Vec<Row>, Vec<Row>)> {
    let used: BTreeSet<u32> = area
        .iter()
        .flat_map(|r| r.cells.iter().map(|(c, _)| *c))
        .collect();
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
    let columns = || area.iter().flat_map(|r| r.cells.iter().map(|(c, _)| *c));
    let (left, right) = (columns().min().unwrap_or(0), columns().max().unwrap_or(0));
    // Rows above the table that hold one cell: its title, remarks.
    let titles = area.iter().take_while(|r| r.cells.len() == 1).count();
    let (titles, table) = area.split_at(titles);
    for row in titles {
        alone(
            row,
            !table.is_empty() || row.cells.iter().any(|(_, c)| c.bold),
            blocks,
        )?;
    }
    let Some((first, body)) = table.split_first() else {
        return Ok(());
    };
    let header = names_columns(first, body);
    let mut open = Table::new(header);
    let dense = |row: &Row| {
        let mut cells = vec![String::new(); (right - left + 1) as usize];
        for (column, cell) in &row.cells {
            if let Some(place) = cells.get_mut((*column - left) as usize) {
                place.clone_from(&cell.text);
            }
        }
        cells
    };
    open.push(dense(first));
    let mut filled = !header;
    for row in body {
        // A label between rows, such as the name of a group: the columns below keep their names.
        if header && row.cells.len() == 1 && row.cells.first().is_some_and(|(c, _)| *c == left) {
            if filled {
                blocks.table(&std::mem::replace(&mut open, Table::new(true)), None)?;
                open.push(dense(first));
                filled = false;
            }
            alone(row, true, blocks)?;
            continue;
        }
        open.push(dense(row));
        filled = true;
    }
    if filled || body.is_empty() {
        blocks.table(&open, None)?;
    }
    Ok(())
}

/// A cell that stands alone.
fn alone(row: &Row, heading: bool, blocks: &mut Blocks) -> Result<(), ExtractError> {
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

/// Whether the first row of a table names its columns: set apart by bold letters, or words above values.
pub(in crate::knowledge::extract) fn names_columns(first: &Row, body: &[Row]) -> bool {
    let is_name = |(_, c): &(u32, Cell)| !looks_like_value(&c.text);
    if body.is_empty() || first.cells.len() < 2 || !first.cells.iter().all(is_name) {
        return false;
    }
    // "Monday | Closed" above "Tuesday | 9-5" is the first of the days.
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
    // Each named column that holds values only in its body is no column of words.
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
    use crate::knowledge::extract::{Format, Limits};

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
                        (column, Cell { text, bold })
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

    #[test]
    fn merged_cells_speak_for_each_row() {
        let cell = |t: &str| Cell {
            text: t.into(),
            bold: false,
        };
        let mut rows = vec![
            Row {
                number: 1,
                cells: vec![(0, cell("Cats")), (1, cell("a"))],
            },
            Row {
                number: 2,
                cells: vec![(1, cell("b"))],
            },
            Row {
                number: 3,
                cells: vec![(1, cell("c"))],
            },
        ];
        repeat_down(&mut rows, 0, 1, 2);
        let firsts: Vec<u32> = rows.iter().map(|r| r.cells.len() as u32).collect();
        assert_eq!(firsts, [2, 2, 1]);
    }
}

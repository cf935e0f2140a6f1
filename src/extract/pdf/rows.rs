//! Finds tables: lines whose cells are aligned vertically.

use super::columns::Columns;
use super::lines::{Line, Segment};
use crate::extract::table::{Cell, Table, looks_like_value};

/// How far the edges of cells in one column may differ, relative to the font size.
const ALIGNED: f32 = 0.6;
/// How many rows back to search for a cell in the same column.
const LOOKED_BACK: usize = 6;
/// Most neighbours that a cell may span.
const MAX_NEIGHBOURS: usize = 40;
/// How far a cell of two rows may be from the middle between them, relative to their distance.
const OFF_MIDDLE: f32 = 0.15;

/// Finds the table that starts with the first of `lines`, and how many lines it has; `None` if the
/// lines are not a table.
pub(super) fn find_table(
    lines: &[Line],
    is_bold: &dyn Fn(&Line) -> bool,
) -> Option<(Table, usize)> {
    let first = lines.first()?;
    let mut rows: Vec<&Line> = Vec::new();
    match first.cells.len() {
        0 => return None,
        1 if !is_head_of(first, lines.get(1)?) => return None,
        1 => {}
        _ => rows.push(first),
    }
    let mut taken = 1;
    for line in lines.get(1..).unwrap_or_default() {
        let apart = line.y() - lines.get(taken - 1).map_or(0.0, Line::y);
        if line.region != first.region || apart > first.size() * 4.0 || apart < 0.0 {
            break;
        }
        let is_row = |line: &Line| {
            let mut near = rows.iter().rev().take(LOOKED_BACK).chain(rows.first());
            line.cells.len() >= 2 && (rows.is_empty() || near.any(|r| is_aligned(r, line)))
        };
        // A bold line that names a group of rows.
        let is_label = |line: &Line| {
            let after = lines
                .get(taken + 1)
                .filter(|after| after.region == first.region);
            line.cells.len() == 1
                && rows
                    .iter()
                    .any(|r| (r.x0() - line.x0()).abs() < line.size() * ALIGNED)
                && (line.size() / first.size() - 1.0).abs() < 0.08
                && apart < line.size() * 3.0
                && is_bold(line)
                && after.is_some_and(|r| r.y() - line.y() < apart * 1.5 && is_row(r) && !is_bold(r))
        };
        // A bold header below rows that are not bold begins another table.
        let begins_another = rows.first().is_some_and(|r| is_bold(r))
            && rows.last().is_some_and(|r| !is_bold(r))
            && is_bold(line)
            && !line.cells.iter().any(|c| looks_like_value(&c.text));
        if begins_another && line.cells.len() >= 2 {
            break;
        }
        if is_between(lines, taken) || is_label(line) {
            // Part of the table, but not a row.
        } else if is_row(line) {
            rows.push(line);
        } else if !continues_cell(lines.get(..taken).unwrap_or_default(), line, apart) {
            break;
        }
        taken += 1;
    }
    if rows.len() < 2 {
        return None;
    }
    let body = lines.get(..taken)?;
    let columns = Columns::of(body);
    if columns.count() < 2 {
        return None;
    }
    Some((fill_table(body, &columns, is_bold), taken))
}

/// Whether a cell after the first column is aligned (left, right or centred) with a cell of the line above, or a cell of
/// one line is centred over several of the other.
fn is_aligned(above: &Line, line: &Line) -> bool {
    let tolerance = line.size().max(above.size()) * ALIGNED;
    let cells = || above.cells.iter().chain(&line.cells);
    let left = cells().map(|c| c.x0).fold(f32::MAX, f32::min) + tolerance;
    let (own, others) = (cells_after(line, left), cells_after(above, left));
    own.iter().any(|c| {
        others.iter().any(|a| {
            (a.x0 - c.x0).abs() < tolerance
                || (a.x1 - c.x1).abs() < tolerance
                || ((a.x0 + a.x1) - (c.x0 + c.x1)).abs() < 2.0 * tolerance
        })
    }) || own.iter().any(|c| is_centred(c, others, tolerance))
        || others.iter().any(|a| is_centred(a, own, tolerance))
}

/// The cells of a line from the first that begins at or after `place`.
fn cells_after(line: &Line, place: f32) -> &[Segment] {
    let first = line.cells.iter().position(|c| c.x0 >= place);
    first
        .and_then(|first| line.cells.get(first..))
        .unwrap_or_default()
}

/// Whether a cell is centred over several neighbours and does not extend beyond them.
pub(super) fn is_centred(cell: &Segment, others: &[Segment], tolerance: f32) -> bool {
    measure_off_centre(cell, others, tolerance).is_some_and(|off| off < tolerance)
}

/// How far a cell is from the middle of the neighbours over which it is best centred, without extending beyond them.
fn measure_off_centre(cell: &Segment, others: &[Segment], tolerance: f32) -> Option<f32> {
    let others = others
        .get(..others.len().min(MAX_NEIGHBOURS))
        .unwrap_or_default();
    let pairs = others.iter().enumerate().flat_map(|(i, first)| {
        let behind = others.get(i + 1..).unwrap_or_default();
        behind.iter().map(move |last| (first, last))
    });
    pairs
        .filter(|(first, last)| cell.x0 > first.x0 - tolerance && cell.x1 < last.x1 + tolerance)
        .map(|(first, last)| ((first.x0 + last.x1) - (cell.x0 + cell.x1)).abs() / 2.0)
        .min_by(f32::total_cmp)
}

/// Whether a single cell is the common name of some, but not all, of the columns named in the line below.
fn is_head_of(line: &Line, below: &Line) -> bool {
    let tolerance = line.size() * ALIGNED;
    let apart = below.y() - line.y();
    let (Some(cell), Some(others)) = (line.cells.first(), below.cells.get(1..)) else {
        return false;
    };
    let over_all = ((below.x0() + below.x1()) - (cell.x0 + cell.x1)).abs() / 2.0;
    line.region == below.region
        && apart > 0.0
        && apart < line.size() * 2.2
        && (line.size() / below.size() - 1.0).abs() < 0.08
        && measure_off_centre(cell, others, tolerance)
            .is_some_and(|off| off < tolerance && off * 2.0 < over_all)
}

/// Whether a line is in the middle between two rows, where neither has a cell: its cells span both rows.
fn is_between(lines: &[Line], at: usize) -> bool {
    let (Some(above), Some(line), Some(below)) = (
        at.checked_sub(1).and_then(|i| lines.get(i)),
        lines.get(at),
        lines.get(at + 1),
    ) else {
        return false;
    };
    let distance = below.y() - above.y();
    let off = (line.y() - above.y() - distance / 2.0).abs();
    let apart = |other: &Line| {
        let mut cells = line.cells.iter();
        cells.all(|c| (other.cells.iter()).all(|o| c.x1.min(o.x1) < c.x0.max(o.x0)))
    };
    line.region == above.region
        && line.region == below.region
        && distance > 0.0
        && distance < line.size() * 3.0
        && off < distance * OFF_MIDDLE
        && apart(above)
        && apart(below)
        && above.cells.len().max(below.cells.len()) > 1
}

/// Whether a line with one cell, close below a cell of the table, is the rest of that cell: always to the right
/// of the first column; in the first column if the rows are further apart than its lines.
fn continues_cell(above: &[Line], line: &Line, apart: f32) -> bool {
    let Some(first) = above.iter().find(|l| l.cells.len() > 1) else {
        return false;
    };
    if line.cells.len() != 1 {
        return false;
    }
    if line.x0() > first.x0() + line.size() * 2.0 {
        return apart < line.size() * 1.6
            && above.iter().rev().take(3).any(|l| {
                l.cells
                    .iter()
                    .skip(1)
                    .any(|c| (c.x0 - line.x0()).abs() < line.size() * ALIGNED)
            });
    }
    let second = above
        .iter()
        .filter_map(|l| l.cells.get(1))
        .map(|c| c.x0)
        .fold(f32::MAX, f32::min);
    (line.x0() - first.x0()).abs() < line.size() * ALIGNED
        && line.x1() < second
        && (line.size() / first.size() - 1.0).abs() < 0.1
        && min_row_distance(above).is_none_or(|rows| apart < rows * 0.9)
        && apart < line.size() * 1.4
}

/// The smallest distance between two rows so far.
fn min_row_distance(lines: &[Line]) -> Option<f32> {
    let rows: Vec<f32> = lines
        .iter()
        .filter(|l| l.cells.len() > 1)
        .map(Line::y)
        .collect();
    rows.windows(2)
        .filter_map(|w| match w {
            [a, b] => Some(b - a),
            _ => None,
        })
        .reduce(f32::min)
}

struct Filled {
    y: f32,
    /// The text in each column, and how many columns it spans.
    cells: Vec<(String, usize)>,
    /// Columns whose cell continues one of the row above.
    continued: Vec<usize>,
}

impl Filled {
    fn of(line: &Line, columns: &Columns) -> Self {
        let mut cells = vec![(String::new(), 1); columns.count()];
        for cell in &line.cells {
            let (column, count) = columns.place(cell);
            if let Some((text, reach)) = cells.get_mut(column) {
                add(text, &cell.text);
                *reach = count.max(*reach);
            }
        }
        Self {
            y: line.y(),
            cells,
            continued: Vec::new(),
        }
    }

    fn begins_empty(&self) -> bool {
        self.cells.first().is_some_and(|(text, _)| text.is_empty())
    }

    /// Adds the rest of this row's cells from a line below it.
    fn append_rest(&mut self, rest: &Self) {
        for ((text, _), (more, _)) in self.cells.iter_mut().zip(&rest.cells) {
            add(text, more);
        }
    }

    /// Takes over the cells of a line between the row above and this one, as continuing from above.
    fn continue_with(&mut self, between: Self) {
        for (column, (own, more)) in self.cells.iter_mut().zip(between.cells).enumerate() {
            if own.0.is_empty() && !more.0.is_empty() {
                *own = more;
                self.continued.push(column);
            }
        }
    }

    fn into_cells(self) -> Vec<Cell> {
        let mut cells: Vec<Cell> = Vec::new();
        let mut covered = 0;
        for (column, (text, columns)) in self.cells.into_iter().enumerate() {
            if covered > 0 && text.is_empty() {
                covered -= 1;
                if let Some(last) = cells.last_mut() {
                    last.columns += 1;
                }
                continue;
            }
            covered = columns - 1;
            cells.push(Cell {
                text,
                columns: 1,
                continued: self.continued.contains(&column),
            });
        }
        cells
    }
}

fn add(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push(' ');
    }
    text.push_str(more);
}

fn fill_table(body: &[Line], columns: &Columns, is_bold: &dyn Fn(&Line) -> bool) -> Table {
    let mut table = Table::default();
    let mut rows: Vec<Filled> = Vec::new();
    let mut labels: Vec<(f32, String)> = Vec::new();
    let mut pending: Option<Filled> = None;
    let distance = min_row_distance(body);
    let mut previous_y = f32::MIN;
    for (i, line) in body.iter().enumerate() {
        let apart = line.y() - previous_y;
        previous_y = line.y();
        let mut row = Filled::of(line, columns);
        let is_label = line.cells.len() == 1 && !row.begins_empty() && is_bold(line);
        if let Some((label, _)) = row.cells.first().filter(|(text, _)| !text.is_empty()) {
            labels.push((row.y, label.clone()));
        }
        let is_rest = line.cells.len() == 1
            && (row.begins_empty()
                || (apart < line.size() * 1.4 && distance.is_none_or(|d| apart < d * 0.9)));
        match rows.last_mut() {
            Some(above) if is_between(body, i) => {
                above.append_rest(&row);
                pending = Some(row);
            }
            Some(above) if is_rest && !is_label => above.append_rest(&row),
            _ => {
                if let Some(between) = pending.take() {
                    row.continue_with(between);
                }
                if let Some((_, reach)) = row.cells.first_mut().filter(|_| is_label) {
                    *reach = columns.count();
                }
                rows.push(row);
            }
        }
    }
    repeat_labels(&mut rows, &labels);
    for row in rows {
        table.push_cells(row.into_cells());
    }
    table
}

/// Repeats labels in the first column that are vertically centred over their rows in each of these rows: only if the
/// labels divide up all rows, and at least one label is between two rows.
fn repeat_labels(rows: &mut [Filled], labels: &[(f32, String)]) {
    let mut blocks: Vec<(usize, usize)> = Vec::new();
    let (mut first, mut between) = (0usize, false);
    for (y, _) in labels {
        let below = rows.partition_point(|r| r.y < *y);
        let above = below.checked_sub(1).and_then(|i| rows.get(i));
        // The label's position in rows: 1.5 is in the middle between the second and the third.
        let place = match (above, rows.get(below)) {
            (Some(a), Some(b)) => (below - 1) as f32 + (y - a.y) / (b.y - a.y),
            (None, Some(b)) if b.y == *y => 0.0,
            _ => return,
        };
        let end = 2.0 * place - first as f32;
        if (end - end.round()).abs() > OFF_MIDDLE * 2.0 || end.round() < first as f32 {
            return;
        }
        between |= (place - place.round()).abs() > OFF_MIDDLE * 2.0;
        blocks.push((first, end.round() as usize));
        first = end.round() as usize + 1;
    }
    if first != rows.len() || !between {
        return;
    }
    for ((first, last), (_, label)) in blocks.into_iter().zip(labels) {
        let block = rows.get_mut(first..=last).unwrap_or_default();
        for (i, row) in block.iter_mut().enumerate().filter(|_| first < last) {
            if let Some((text, _)) = row.cells.first_mut() {
                text.clone_from(label);
            }
            row.continued.retain(|column| *column != 0);
            row.continued.extend((i > 0).then_some(0));
        }
    }
}

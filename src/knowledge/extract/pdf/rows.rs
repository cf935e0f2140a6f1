//! Tables: lines whose cells stand below each other.

use super::lines::Line;
use crate::knowledge::extract::table::Table;

/// How far edges of cells in one column may differ, in parts of the font size.
const ALIGNED: f32 = 0.6;

/// The table that starts with the first of `lines`, and how many lines it takes; `None` if these
/// lines are no table.
pub(super) fn table(lines: &[Line]) -> Option<(Table, usize)> {
    let first = lines.first().filter(|l| l.cells.len() >= 2)?;
    let mut taken = 1;
    let mut with_cells = 1;
    let mut last = first;
    for line in lines.get(1..).unwrap_or_default() {
        let apart = line.y() - lines.get(taken - 1).map_or(0.0, Line::y);
        if line.region != first.region || apart > first.size() * 4.0 || apart < 0.0 {
            break;
        }
        if line.cells.len() >= 2 && is_aligned(last, line) {
            with_cells += 1;
            last = line;
        } else if !continues(lines.get(..taken).unwrap_or_default(), line, apart) {
            break;
        }
        taken += 1;
    }
    if with_cells < 2 {
        return None;
    }
    let body = lines.get(..taken)?;
    let columns = columns(body);
    if columns.len() < 2 {
        return None;
    }
    Some((fill(body, &columns), taken))
}

/// Whether a cell after the first begins, ends or centres below one of the line above.
fn is_aligned(above: &Line, line: &Line) -> bool {
    let tolerance = line.size().max(above.size()) * ALIGNED;
    line.cells.iter().skip(1).any(|c| {
        above.cells.iter().skip(1).any(|a| {
            (a.x0 - c.x0).abs() < tolerance
                || (a.x1 - c.x1).abs() < tolerance
                || ((a.x0 + a.x1) - (c.x0 + c.x1)).abs() < 2.0 * tolerance
        })
    })
}

/// A line with one cell that stands close below a cell of the table is the rest of that cell: right
/// of the first column always, in the first column if rows are set further apart than its lines.
fn continues(above: &[Line], line: &Line, apart: f32) -> bool {
    let Some(first) = above.first() else {
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
        && row_distance(above).is_none_or(|rows| apart < rows * 0.9)
        && apart < line.size() * 1.4
}

/// The smallest distance between two rows so far.
fn row_distance(lines: &[Line]) -> Option<f32> {
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

/// The strips of the columns: cells that overlap from above stand in one column.
fn columns(body: &[Line]) -> Vec<(f32, f32)> {
    let mut spans: Vec<(f32, f32)> = body
        .iter()
        .flat_map(|l| l.cells.iter().map(|c| (c.x0, c.x1)))
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut columns: Vec<(f32, f32)> = Vec::new();
    for (x0, x1) in spans {
        match columns.last_mut() {
            Some(last) if x0 < last.1 => last.1 = last.1.max(x1),
            _ => columns.push((x0, x1)),
        }
    }
    columns
}

fn fill(body: &[Line], columns: &[(f32, f32)]) -> Table {
    let mut table = Table::default();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let distance = row_distance(body);
    let mut previous_y = f32::MIN;
    for line in body {
        let apart = line.y() - previous_y;
        previous_y = line.y();
        let mut row = vec![String::new(); columns.len()];
        for cell in &line.cells {
            let middle = (cell.x0 + cell.x1) / 2.0;
            let column = columns
                .iter()
                .position(|(x0, x1)| middle >= *x0 && middle <= *x1)
                .unwrap_or(0);
            if let Some(text) = row.get_mut(column) {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(&cell.text);
            }
        }
        let is_rest = line.cells.len() == 1
            && (row.first().is_some_and(String::is_empty)
                || (apart < line.size() * 1.4 && distance.is_none_or(|d| apart < d * 0.9)));
        match rows.last_mut() {
            Some(above) if is_rest => {
                for (text, more) in above
                    .iter_mut()
                    .zip(row)
                    .filter(|(_, more)| !more.is_empty())
                {
                    text.push(' ');
                    text.push_str(&more);
                }
            }
            _ => rows.push(row),
        }
    }
    for row in rows {
        table.push(row);
    }
    table
}

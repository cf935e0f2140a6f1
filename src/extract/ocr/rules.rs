//! Ruled lines on a scan, and the tables that they make.

use serde::{Deserialize, Serialize};

use super::Picture;
use super::level::Frame;
use super::traces::{self, Trace};
use super::upright::turn_point;

/// A table as its ruling shows it: the places of its lines, in points of the page, turned so that its text is upright and
/// straightened so that its lines are level.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// From left to right; one more than there are columns.
    pub xs: Vec<f32>,
    /// From top to bottom; one more than there are rows.
    pub ys: Vec<f32>,
    /// Quarter turns, as those of its lines of text.
    #[serde(default)]
    pub turn: u8,
    /// How the turned page is straightened.
    #[serde(default)]
    pub frame: Frame,
}

/// Shortest line across, as a share of the page's width, and shortest line down, in points of the picture: two rows of
/// small print.
const ACROSS: f32 = 0.12;
const DOWN: usize = 48;
/// How far ends that meet may lie apart, in points.
const APART: f32 = 16.0;

/// A line on the straightened page: its place, and from where to where it runs.
#[derive(Debug, Clone, Copy)]
struct Rule {
    at: f32,
    from: f32,
    to: f32,
}

impl Grid {
    /// The row and the column of a place on the turned page.
    #[must_use]
    pub fn cell(&self, x: f32, y: f32) -> Option<(usize, usize)> {
        let (x, y) = self.frame.straight(x, y);
        let find = |lines: &[f32], at: f32| {
            let mut pairs = lines.windows(2);
            pairs.position(|pair| match pair {
                [from, to] => (*from..*to).contains(&at),
                _ => false,
            })
        };
        Some((find(&self.ys, y)?, find(&self.xs, x)?))
    }
}

/// The ruled tables of a page; `point` is the size of a point of the picture in points of the page, and `turn` the quarter
/// turns of its text.
pub(crate) fn grids(picture: &Picture, point: f32, turn: u8) -> Vec<Grid> {
    let Some((across, down)) = traces::find(picture, DOWN) else {
        return Vec::new();
    };
    let (width, height) = (picture.width as f32, picture.height as f32);
    let (across, down, width) = match turn % 2 {
        0 => (across, down, width),
        _ => (down, across, height),
    };
    let turned = |lines: Vec<Trace>, along: fn((f32, f32)) -> f32| -> Vec<Trace> {
        let lines = lines.into_iter().map(|line| {
            let ends = [line.from, line.to].map(|(x, y)| turn_point(x, y, turn));
            match ends {
                [from, to] if along(from) <= along(to) => Trace { from, to },
                [to, from] => Trace { from, to },
            }
        });
        lines.collect()
    };
    let mut across = turned(across, |(x, _)| x);
    across.retain(|line| line.to.0 - line.from.0 >= width * ACROSS);
    let down = turned(down, |(_, y)| y);
    let middle = turn_point(
        picture.width as f32 / 2.0,
        picture.height as f32 / 2.0,
        turn,
    );
    let frame = Frame::of(&across, &down, middle);
    let level = |line: &Trace| {
        let (from, to) = (
            frame.straight(line.from.0, line.from.1),
            frame.straight(line.to.0, line.to.1),
        );
        (from, to)
    };
    let across = across.iter().map(|line| {
        let (from, to) = level(line);
        Rule {
            at: (from.1 + to.1) / 2.0,
            from: from.0,
            to: to.0,
        }
    });
    let down = down.iter().map(|line| {
        let (from, to) = level(line);
        Rule {
            at: (from.0 + to.0) / 2.0,
            from: from.1,
            to: to.1,
        }
    });
    let down: Vec<Rule> = down.collect();
    let mut grids = assemble(across.collect(), &down, APART);
    for grid in &mut grids {
        for place in grid.xs.iter_mut().chain(&mut grid.ys) {
            *place *= point;
        }
        grid.turn = turn;
        grid.frame = frame.scaled(point);
    }
    grids
}

/// The ruled tables of lines that are level; ends that meet may lie so far apart.
pub(crate) fn level_grids(across: &[Trace], down: &[Trace], apart: f32) -> Vec<Grid> {
    let across = across.iter().map(|line| Rule {
        at: line.from.1,
        from: line.from.0,
        to: line.to.0,
    });
    let down = down.iter().map(|line| Rule {
        at: line.from.0,
        from: line.from.1,
        to: line.to.1,
    });
    assemble(across.collect(), &down.collect::<Vec<_>>(), apart)
}

fn assemble(across: Vec<Rule>, down: &[Rule], apart: f32) -> Vec<Grid> {
    let mut grids = Vec::new();
    for mut rows in tables(across, apart) {
        rows.sort_by(|a, b| a.at.total_cmp(&b.at));
        grids.extend(split(&rows, down, apart));
    }
    grids
}

fn near(a: f32, b: f32, apart: f32) -> bool {
    (a - b).abs() <= apart
}

/// Lines across that begin and end below one another.
fn tables(across: Vec<Rule>, apart: f32) -> Vec<Vec<Rule>> {
    let mut tables: Vec<Vec<Rule>> = Vec::new();
    for rule in across {
        let fits = |table: &&mut Vec<Rule>| {
            let first = table.first();
            first.is_some_and(|first| {
                near(first.from, rule.from, apart) && near(first.to, rule.to, apart)
            })
        };
        match tables.iter_mut().find(fits) {
            Some(table) => table.push(rule),
            None => tables.push(vec![rule]),
        }
    }
    tables
}

/// The grids of lines across (from top to bottom): they end where no line down leads on.
fn split(rows: &[Rule], down: &[Rule], apart: f32) -> Vec<Grid> {
    let mut grids = Vec::new();
    let mut ys: Vec<f32> = Vec::new();
    for (above, below) in rows.iter().zip(rows.iter().skip(1)) {
        let leads = |rule: &&Rule| {
            rule.from <= above.at + apart
                && rule.to >= below.at - apart
                && rule.at >= above.from - apart
                && rule.at <= above.to + apart
        };
        if !down.iter().any(|rule| leads(&rule)) {
            grids.extend(grid(std::mem::take(&mut ys), above, down, apart));
            continue;
        }
        if ys.is_empty() {
            ys.push(above.at);
        }
        ys.push(below.at);
    }
    if let Some(last) = rows.last() {
        grids.extend(grid(ys, last, down, apart));
    }
    grids
}

/// A grid of at least two rows and two columns. A line down makes a column if it runs through half of the rows.
fn grid(ys: Vec<f32>, across: &Rule, down: &[Rule], apart: f32) -> Option<Grid> {
    let [top, .., bottom] = *ys.as_slice() else {
        return None;
    };
    if ys.len() < 3 {
        return None;
    }
    let within = down.iter().filter(|rule| {
        let shared = rule.to.min(bottom) - rule.from.max(top);
        shared >= (bottom - top) / 2.0
            && rule.at >= across.from - apart
            && rule.at <= across.to + apart
    });
    let mut places: Vec<f32> = within.map(|rule| rule.at).collect();
    places.extend([across.from, across.to]);
    places.sort_by(f32::total_cmp);
    let mut xs: Vec<f32> = Vec::new();
    for place in places {
        if xs.last().is_none_or(|last| !near(*last, place, apart)) {
            xs.push(place);
        }
    }
    (xs.len() >= 3).then(|| Grid {
        xs,
        ys,
        ..Grid::default()
    })
}

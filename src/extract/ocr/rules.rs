//! Ruled lines on a scan, and the tables that they make.

use serde::{Deserialize, Serialize};

use super::Picture;

/// A table as its ruling shows it: the places of its lines, in points of the page as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// From left to right; one more than there are columns.
    pub xs: Vec<f32>,
    /// From top to bottom; one more than there are rows.
    pub ys: Vec<f32>,
}

/// Ink is so much darker than most of the page, of 255.
const DARKER: u32 = 45;
/// Shortest line across, as a share of the page's width, and shortest line down, in points of the picture: two rows of
/// small print.
const ACROSS: f32 = 0.12;
const DOWN: usize = 48;
/// Faults in a line that are passed over, in points.
const FAULT: usize = 3;
/// A line that is thicker is a bar; a crooked one runs through several rows of points.
const THICKEST: usize = 14;
/// How far ends that meet may lie apart, in points.
const APART: f32 = 16.0;
/// A page with more lines is a pattern.
const MOST: usize = 4_000;

/// A line: its place, and from where to where it runs.
#[derive(Debug, Clone, Copy)]
struct Rule {
    at: f32,
    from: f32,
    to: f32,
}

impl Grid {
    /// The row and the column of a place.
    #[must_use]
    pub fn cell(&self, x: f32, y: f32) -> Option<(usize, usize)> {
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

/// The ruled tables of a page; `point` is the size of a point of the picture in points of the page.
pub(crate) fn grids(picture: &Picture, point: f32) -> Vec<Grid> {
    let (width, height) = (picture.width, picture.height);
    let Some(limit) = paper(picture).checked_sub(DARKER) else {
        return Vec::new();
    };
    let dark = |x: usize, y: usize| light(picture.at(x, y)) < limit;
    let shortest = (width as f32 * ACROSS) as usize;
    let across = lines(height, width, shortest.max(DOWN), |y, x| dark(x, y));
    let down = lines(width, height, DOWN, dark);
    let (Some(across), Some(down)) = (across, down) else {
        return Vec::new();
    };
    let mut grids = Vec::new();
    for mut rows in tables(across) {
        rows.sort_by(|a, b| a.at.total_cmp(&b.at));
        grids.extend(split(&rows, &down));
    }
    for grid in &mut grids {
        for place in grid.xs.iter_mut().chain(&mut grid.ys) {
            *place *= point;
        }
    }
    grids
}

fn light([red, green, blue]: [u8; 3]) -> u32 {
    (u32::from(red) * 2 + u32::from(green) * 5 + u32::from(blue)) / 8
}

/// How light most of the page is.
fn paper(picture: &Picture) -> u32 {
    let mut samples: Vec<u32> = picture
        .rgb
        .chunks_exact(3)
        .step_by(97)
        .map(|point| match *point {
            [r, g, b] => light([r, g, b]),
            _ => 255,
        })
        .collect();
    samples.sort_unstable();
    samples.get(samples.len() / 2).copied().unwrap_or(255)
}

/// The lines that run along `length` at one of `places`; `None` if there are too many for a table.
fn lines(
    places: usize,
    length: usize,
    shortest: usize,
    dark: impl Fn(usize, usize) -> bool,
) -> Option<Vec<Rule>> {
    // Place of the first and the last row of points, and both ends, of lines that may go on.
    let mut open: Vec<(usize, usize, usize, usize)> = Vec::new();
    let mut done = Vec::new();
    for place in 0..places {
        for (from, to) in runs(length, shortest, |at| dark(place, at)) {
            let touches = |line: &&mut (usize, usize, usize, usize)| {
                from <= line.3 + FAULT && line.2 <= to + FAULT
            };
            match open.iter_mut().find(touches) {
                Some(line) => {
                    line.1 = place;
                    line.2 = line.2.min(from);
                    line.3 = line.3.max(to);
                }
                None => open.push((place, place, from, to)),
            }
        }
        open.retain(|line| {
            let goes_on = line.1 + FAULT >= place;
            if !goes_on {
                done.push(*line);
            }
            goes_on
        });
        if done.len() + open.len() > MOST {
            return None;
        }
    }
    done.extend(open);
    let thin = done.into_iter().filter(|line| line.1 - line.0 < THICKEST);
    let rules = thin.map(|(first, last, from, to)| Rule {
        at: (first + last) as f32 / 2.0,
        from: from as f32,
        to: to as f32,
    });
    Some(rules.collect())
}

/// The dark runs of a row of points, faults passed over.
fn runs(length: usize, shortest: usize, dark: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut run: Option<(usize, usize)> = None;
    for at in 0..=length {
        let is_dark = at < length && dark(at);
        run = match run {
            Some((from, _)) if is_dark => Some((from, at)),
            None if is_dark => Some((at, at)),
            Some((from, to)) if at == length || at > to + FAULT => {
                if to - from >= shortest {
                    found.push((from, to));
                }
                None
            }
            other => other,
        };
    }
    found
}

fn near(a: f32, b: f32) -> bool {
    (a - b).abs() <= APART
}

/// Lines across that begin and end below one another.
fn tables(across: Vec<Rule>) -> Vec<Vec<Rule>> {
    let mut tables: Vec<Vec<Rule>> = Vec::new();
    for rule in across {
        let fits = |table: &&mut Vec<Rule>| {
            let first = table.first();
            first.is_some_and(|first| near(first.from, rule.from) && near(first.to, rule.to))
        };
        match tables.iter_mut().find(fits) {
            Some(table) => table.push(rule),
            None => tables.push(vec![rule]),
        }
    }
    tables
}

/// The grids of lines across (from top to bottom): they end where no line down leads on.
fn split(rows: &[Rule], down: &[Rule]) -> Vec<Grid> {
    let mut grids = Vec::new();
    let mut ys: Vec<f32> = Vec::new();
    for (above, below) in rows.iter().zip(rows.iter().skip(1)) {
        let leads = |rule: &&Rule| {
            rule.from <= above.at + APART
                && rule.to >= below.at - APART
                && rule.at >= above.from - APART
                && rule.at <= above.to + APART
        };
        if !down.iter().any(|rule| leads(&rule)) {
            grids.extend(grid(std::mem::take(&mut ys), above, down));
            continue;
        }
        if ys.is_empty() {
            ys.push(above.at);
        }
        ys.push(below.at);
    }
    if let Some(last) = rows.last() {
        grids.extend(grid(ys, last, down));
    }
    grids
}

/// A grid of at least two rows and two columns. A line down makes a column if it runs through half of the rows.
fn grid(ys: Vec<f32>, across: &Rule, down: &[Rule]) -> Option<Grid> {
    let [top, .., bottom] = *ys.as_slice() else {
        return None;
    };
    if ys.len() < 3 {
        return None;
    }
    let within = down.iter().filter(|rule| {
        let shared = rule.to.min(bottom) - rule.from.max(top);
        shared >= (bottom - top) / 2.0
            && rule.at >= across.from - APART
            && rule.at <= across.to + APART
    });
    let mut places: Vec<f32> = within.map(|rule| rule.at).collect();
    places.extend([across.from, across.to]);
    places.sort_by(f32::total_cmp);
    let mut xs: Vec<f32> = Vec::new();
    for place in places {
        if xs.last().is_none_or(|last| !near(*last, place)) {
            xs.push(place);
        }
    }
    (xs.len() >= 3).then_some(Grid { xs, ys })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(picture: &mut Picture, (x0, y0): (usize, usize), (x1, y1): (usize, usize)) {
        for y in y0..y1 {
            for x in x0..x1 {
                picture.set(x, y, [40; 3]);
            }
        }
    }

    /// Three rows and two columns, at most `slant` points lower on the right.
    fn table(slant: usize) -> Picture {
        let mut page = Picture::white(1_000, 800);
        for row in 0..4 {
            for x in 100..900 {
                let y = 100 + row * 120 + slant * (x - 100) / 800;
                bar(&mut page, (x, y), (x + 1, y + 3));
            }
        }
        for x in [100, 500, 898] {
            let top = 100 + slant * (x - 100) / 800;
            bar(&mut page, (x, top), (x + 3, top + 362));
        }
        page
    }

    fn assert_near(found: &[f32], expected: &[f32]) {
        let all = found.len() == expected.len();
        let same = |(a, b): (&f32, &f32)| (a - b).abs() < 6.0;
        assert!(all && found.iter().zip(expected).all(same), "{found:?}");
    }

    #[test]
    fn ruled_lines_make_a_grid_even_when_slightly_crooked() {
        for slant in [0, 8] {
            let found = grids(&table(slant), 0.5);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_near(&found[0].xs, &[50.0, 250.0, 450.0]);
            assert_near(&found[0].ys, &[51.0, 111.0, 171.0, 231.0]);
            assert_eq!(found[0].cell(60.0, 180.0), Some((2, 0)));
            assert_eq!(found[0].cell(400.0, 60.0), Some((0, 1)));
            assert_eq!(found[0].cell(400.0, 300.0), None);
        }
    }

    #[test]
    fn two_tables_stay_two_and_bars_frames_and_rules_alone_are_none() {
        let mut page = table(0);
        for row in 0..3 {
            bar(&mut page, (100, 600 + row * 60), (900, 603 + row * 60));
        }
        for x in [100, 400, 898] {
            bar(&mut page, (x, 600), (x + 3, 723));
        }
        let found = grids(&page, 1.0);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((found[1].xs.len(), found[1].ys.len()), (3, 3));

        let mut other = Picture::white(1_000, 800);
        bar(&mut other, (100, 100), (900, 400));
        assert!(grids(&other, 1.0).is_empty(), "a bar");
        let mut frame = Picture::white(1_000, 800);
        for y in [100, 500] {
            bar(&mut frame, (100, y), (903, y + 3));
        }
        for x in [100, 900] {
            bar(&mut frame, (x, 100), (x + 3, 503));
        }
        assert!(grids(&frame, 1.0).is_empty(), "a frame");
        let mut rules = Picture::white(1_000, 800);
        for y in [100, 200, 300, 400] {
            bar(&mut rules, (100, y), (903, y + 3));
        }
        assert!(grids(&rules, 1.0).is_empty(), "lines across only");
        let black = Picture {
            rgb: vec![0; 30_000],
            width: 100,
            height: 100,
        };
        assert!(grids(&black, 1.0).is_empty());
    }
}

//! Charts as numbers for SVG. The server draws them, so they need no script; the table of each stands beside it.

use crate::analytics::{Report, Totals, WEEK, course_of, ends};

/// Of the drawing of the course.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 200.0;
/// Left for the marks of the axis.
const LEFT: f64 = 44.0;
const BOTTOM: f64 = 26.0;
const TOP: f64 = 8.0;
/// Of a cell of the week with the gap behind it, and left for the names of the days.
const CELL: (usize, usize) = (24, 23);
const DAY_WIDTH: usize = 44;
/// Labels below the course.
const MOST_LABELS: usize = 8;

/// Stacked bars, one for each part of the days.
pub struct Course {
    pub bars: Vec<Bar>,
    /// Marks of the upright axis: height and number.
    pub marks: Vec<(String, u64)>,
    /// Marks below: place and day.
    pub labels: Vec<(String, String)>,
    /// The names of the stacked parts with their classes.
    pub legend: Vec<(usize, &'static str)>,
    /// Text for screen readers.
    pub told: String,
}

pub struct Bar {
    pub x: String,
    pub width: String,
    pub pieces: Vec<Piece>,
    pub told: String,
}

/// A piece of a stacked bar.
pub struct Piece {
    /// Which end it stands for, from 0.
    pub kind: usize,
    pub y: String,
    pub height: String,
}

/// A row of bars that lie: a name, a number, and its share of the longest one.
pub struct Line {
    pub name: String,
    pub value: String,
    /// 0 to 100.
    pub percent: String,
}

/// A week of hours; each is darker the more began in it.
pub struct Week {
    pub cells: Vec<Cell>,
    /// Short names of the days, with their height.
    pub days: Vec<(usize, &'static str)>,
    /// Hours below, with their place.
    pub marks: Vec<(usize, usize)>,
    pub told: String,
}

pub struct Cell {
    pub x: usize,
    pub y: usize,
    /// 0 to 5.
    pub level: u64,
    pub told: String,
}

fn place(of: f64) -> String {
    format!("{of:.1}")
}

/// A number at or above `of` that is easy to read.
fn round_up(of: u64) -> u64 {
    let mut step = 1;
    loop {
        for of_step in [1, 2, 5] {
            let top = step * of_step;
            if top >= of {
                return top;
            }
        }
        step *= 10;
    }
}

pub fn course(of: &Report) -> Course {
    let most = of.course.iter().map(|(_, totals)| totals.conversations);
    let top = round_up(most.max().unwrap_or(0).max(1));
    let (inner, high) = (WIDTH - LEFT, HEIGHT - BOTTOM - TOP);
    let step = inner / of.course.len().max(1) as f64;
    let scale = |number: u64| number as f64 / top as f64 * high;
    let bar = |(at, (days, totals)): (usize, &(_, Totals))| {
        let mut above = 0;
        let pieces = ends(totals).into_iter().enumerate();
        let pieces = pieces.filter(|(_, (_, number))| *number > 0);
        let pieces = pieces.map(|(kind, (_, number))| {
            above += number;
            Piece {
                kind,
                y: place(TOP + high - scale(above)),
                height: place(scale(number)),
            }
        });
        let pieces = pieces.collect();
        let parts = ends(totals).into_iter().filter(|(_, number)| *number > 0);
        let parts: Vec<String> = parts
            .map(|(name, number)| format!("{name}: {number}"))
            .collect();
        Bar {
            x: place(LEFT + step * at as f64 + step * 0.12),
            width: place((step * 0.76).max(0.5)),
            pieces,
            told: format!(
                "{}: {}. {}",
                course_of(days),
                totals.conversations,
                parts.join(", ")
            ),
        }
    };
    let bars = of.course.iter().enumerate().map(bar).collect();
    let every = of.course.len().div_ceil(MOST_LABELS).max(1);
    let labels = of.course.iter().enumerate().step_by(every);
    let labels = labels.map(|(at, (days, _))| {
        let x = place(LEFT + step * at as f64 + step / 2.0);
        (x, days.from.strftime("%-d %b").to_string())
    });
    let marks = match top {
        1 => vec![0, 1],
        top => vec![0, top / 2, top],
    };
    let marks = marks.into_iter();
    let busiest = of
        .course
        .iter()
        .max_by_key(|(_, totals)| totals.conversations);
    let busiest = busiest.filter(|(_, totals)| totals.conversations > 0);
    let busiest = busiest.map(|(days, totals)| {
        format!(
            " Most began on {}: {}.",
            course_of(days),
            totals.conversations
        )
    });
    Course {
        bars,
        marks: marks
            .map(|number| (place(TOP + high - scale(number)), number))
            .collect(),
        labels: labels.collect(),
        legend: ends(&of.now)
            .into_iter()
            .map(|(name, _)| name)
            .enumerate()
            .collect(),
        told: format!(
            "{} conversations from {} to {}.{}",
            of.now.conversations,
            of.wanted.days.from,
            of.wanted.days.until,
            busiest.unwrap_or_default()
        ),
    }
}

/// Bars of names with numbers, in their order.
pub fn lines(of: impl IntoIterator<Item = (String, u64)>) -> Vec<Line> {
    let all: Vec<(String, u64)> = of.into_iter().collect();
    let most = all.iter().map(|(_, number)| *number).max();
    let most = most.unwrap_or(0).max(1);
    let line = |(name, number): (String, u64)| Line {
        name,
        value: number.to_string(),
        percent: place(number as f64 / most as f64 * 100.0),
    };
    all.into_iter().map(line).collect()
}

pub fn week(of: &Report) -> Week {
    let most = of.hours.iter().flatten().max().copied().unwrap_or(0);
    let mut cells = Vec::new();
    let mut busiest = None;
    for (y, (day, hours)) in WEEK.iter().zip(&of.hours).enumerate() {
        for (x, number) in hours.iter().enumerate() {
            let told = format!("{day}, {x:02}:00 to {x:02}:59: {number}");
            if *number == most && most > 0 {
                busiest.get_or_insert(format!(" Most: {told}."));
            }
            cells.push(Cell {
                x: DAY_WIDTH + x * CELL.0,
                y: y * CELL.1,
                level: (number * 5).div_ceil(most.max(1)),
                told,
            });
        }
    }
    let days = WEEK.iter().enumerate();
    let days = days.map(|(at, day)| (at * CELL.1 + 16, day.get(..3).unwrap_or(day)));
    let marks = (0..24).step_by(6);
    Week {
        cells,
        days: days.collect(),
        marks: marks
            .map(|hour| (DAY_WIDTH + hour * CELL.0, hour))
            .collect(),
        told: format!(
            "Conversations by day of the week and hour in which they began.{}",
            busiest.unwrap_or_default()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_number_that_is_easy_to_read() {
        let ends = [1, 2, 3, 5, 6, 11, 99, 100, 101, 4_001].map(round_up);
        assert_eq!(ends, [1, 2, 5, 5, 10, 20, 100, 100, 200, 5_000]);
    }

    #[test]
    fn the_longest_bar_is_whole_and_nothing_has_none() {
        let all = [
            ("a".to_owned(), 2),
            ("b".to_owned(), 1),
            ("c".to_owned(), 0),
        ];
        let drawn = lines(all).into_iter().map(|line| line.percent);
        assert_eq!(drawn.collect::<Vec<_>>(), ["100.0", "50.0", "0.0"]);
        assert_eq!(lines([("a".to_owned(), 0)])[0].percent, "0.0");
        assert!(lines([]).is_empty());
    }
}

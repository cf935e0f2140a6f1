//! Text that a page draws as outlines, without letters: such a page is looked at as if it were a picture, and its
//! outlines are filled for that.

use hayro_interpret::kurbo::{
    self, BezPath, PathEl, Point, Rect, Shape, Stroke, StrokeOpts, flatten,
};

/// Outlines on a page from which on they may be letters: a short sentence.
const FEWEST: usize = 40;
/// A page with so many letters of its own has its text in them.
const MOST_LETTERS: usize = 20;
/// How far a straightened curve may lie from the curve, in points of the picture.
const TOLERANCE: f64 = 0.15;
/// Farthest place of an outline that is filled, in points of the picture; a page has some 3,000.
const FARTHEST: f64 = 100_000.0;
/// Rows of samples in a point of the picture.
const ROWS: usize = 4;
/// Steps that the outlines of a page may take; a page of dense print takes some 10 million.
pub(super) const STEPS: u64 = 400_000_000;

/// How many outlines a path has.
pub(super) fn count(path: &BezPath) -> usize {
    let begins = |element: &&PathEl| matches!(element, PathEl::MoveTo(_));
    path.elements().iter().filter(begins).count()
}

/// Whether so many outlines may be text beside so few letters.
pub(super) fn may_be_text(outlines: usize, letters: usize) -> bool {
    letters < MOST_LETTERS && are_many(outlines)
}

pub(super) fn are_many(outlines: usize) -> bool {
    outlines >= FEWEST
}

/// A filled outline is a line if it is at most so thick and at least so long, in points of the picture.
const THICKEST: f64 = 8.0;
const SHORTEST: f64 = 30.0;
/// Most parts of a path that is stroked; more are a drawing.
const MOST_PARTS: usize = 2_000;

/// Whether a path is a thin rectangle: many programs draw the lines of a table so.
pub(super) fn is_line(path: &BezPath) -> bool {
    let size = path.bounding_box().size();
    size.min_side() <= THICKEST && size.max_side() >= SHORTEST
}

/// The outline of a path that is drawn with a pen of this width in points of the picture, at least one. Dashes are joined.
pub(super) fn stroke(path: &BezPath, width: f64) -> Option<BezPath> {
    let within = |element: &PathEl| points(element).iter().all(is_near);
    let elements = path.elements();
    if elements.len() > MOST_PARTS || !elements.iter().all(within) || !is_near(&(width, 0.0).into())
    {
        return None;
    }
    let pen = Stroke::new(width.max(1.0));
    Some(kurbo::stroke(
        elements.iter().copied(),
        &pen,
        &StrokeOpts::default(),
        TOLERANCE,
    ))
}

fn is_near(point: &Point) -> bool {
    point.x.abs() < FARTHEST && point.y.abs() < FARTHEST
}

/// A straight edge, from top to bottom.
#[derive(Debug, Clone, Copy)]
struct Edge {
    top: Point,
    bottom: Point,
    /// 1 if the outline runs down along it, else -1.
    winds: i32,
}

impl Edge {
    fn between(from: Point, to: Point) -> Option<Self> {
        let finite = [from, to]
            .iter()
            .all(|p| p.x.is_finite() && p.y.is_finite());
        let (top, bottom, winds) = match from.y < to.y {
            true => (from, to, 1),
            false => (to, from, -1),
        };
        (finite && bottom.y > top.y).then_some(Self { top, bottom, winds })
    }

    fn x_at(&self, y: f64) -> f64 {
        let down = (y - self.top.y) / (self.bottom.y - self.top.y);
        self.top.x + (self.bottom.x - self.top.x) * down
    }
}

fn edges(path: &BezPath) -> Vec<Edge> {
    let mut edges = Vec::new();
    // A curve of no size or without end would be cut into pieces for ever.
    if !path
        .elements()
        .iter()
        .all(|element| points(element).iter().all(is_near))
    {
        return edges;
    }
    let (mut start, mut at) = (Point::ZERO, Point::ZERO);
    flatten(path.iter(), TOLERANCE, |element| match element {
        PathEl::MoveTo(to) => {
            edges.extend(Edge::between(at, start));
            (start, at) = (to, to);
        }
        PathEl::LineTo(to) => {
            edges.extend(Edge::between(at, to));
            at = to;
        }
        _ => {
            edges.extend(Edge::between(at, start));
            at = start;
        }
    });
    edges.extend(Edge::between(at, start));
    edges.sort_by(|a, b| a.top.y.total_cmp(&b.top.y));
    edges
}

fn points(element: &PathEl) -> [Point; 3] {
    match *element {
        PathEl::MoveTo(to) | PathEl::LineTo(to) => [to; 3],
        PathEl::QuadTo(by, to) => [by, to, to],
        PathEl::CurveTo(by, then, to) => [by, then, to],
        PathEl::ClosePath => [Point::ZERO; 3],
    }
}

/// Tells each point within `area` that the path covers, and how much of it, from 0 to 1. Stops when `steps` are used up.
pub(super) fn fill(
    path: &BezPath,
    even_odd: bool,
    area: Rect,
    steps: &mut u64,
    mut paint: impl FnMut(usize, usize, f32),
) {
    let edges = edges(path);
    let across = |pick: fn(f64, f64) -> f64, start: f64| {
        let ends = edges.iter().flat_map(|e| [e.top.x, e.bottom.x]);
        ends.fold(start, pick)
    };
    let left = across(f64::min, f64::MAX).max(area.x0).max(0.0).floor();
    let right = across(f64::max, f64::MIN).min(area.x1).ceil();
    let top = edges.first().map_or(0.0, |e| e.top.y);
    let bottom = edges.iter().map(|e| e.bottom.y).fold(0.0, f64::max);
    let (top, bottom) = (
        top.max(area.y0).max(0.0).floor(),
        bottom.min(area.y1).ceil(),
    );
    if !(right > left && bottom > top) {
        return;
    }
    let (left, width) = (left as usize, (right - left) as usize);
    let mut waiting = edges.into_iter().peekable();
    let mut active: Vec<Edge> = Vec::new();
    let mut crossings: Vec<(f64, i32)> = Vec::new();
    let mut cover = vec![0.0_f32; width];
    for row in top as usize..bottom as usize {
        let y = row as f64;
        while let Some(edge) = waiting.next_if(|edge| edge.top.y < y + 1.0) {
            active.push(edge);
        }
        active.retain(|edge| edge.bottom.y > y);
        let taken = (active.len() * ROWS + width) as u64;
        match steps.checked_sub(taken) {
            Some(left) => *steps = left,
            None => {
                *steps = 0;
                return;
            }
        }
        if active.is_empty() {
            continue;
        }
        cover.fill(0.0);
        for sample in 0..ROWS {
            let y = y + (sample as f64 + 0.5) / ROWS as f64;
            let cuts = |edge: &&Edge| edge.top.y <= y && y < edge.bottom.y;
            crossings.clear();
            crossings.extend(active.iter().filter(cuts).map(|e| (e.x_at(y), e.winds)));
            crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut winding = 0;
            for pair in crossings.windows(2) {
                let &[(from, winds), (to, _)] = pair else {
                    continue;
                };
                winding += winds;
                let inside = if even_odd {
                    winding % 2 != 0
                } else {
                    winding != 0
                };
                if inside {
                    span(&mut cover, from - left as f64, to - left as f64);
                }
            }
        }
        for (x, share) in cover.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            paint(left + x, row, share.min(1.0));
        }
    }
}

/// Adds a row of samples from one place to another.
fn span(cover: &mut [f32], from: f64, to: f64) {
    let (from, to) = (from.max(0.0), to.min(cover.len() as f64));
    if to <= from {
        return;
    }
    let places = cover.iter_mut().enumerate();
    let places = places
        .skip(from as usize)
        .take(to as usize + 1 - from as usize);
    for (at, share) in places {
        let at = at as f64;
        let covered = (to.min(at + 1.0) - from.max(at)).max(0.0);
        *share += (covered / ROWS as f64) as f32;
    }
}

#[cfg(test)]
mod tests {
    use hayro_interpret::kurbo::Circle;

    use super::*;

    fn covered(path: &BezPath, even_odd: bool, steps: &mut u64) -> f32 {
        let area = Rect::new(0.0, 0.0, 100.0, 100.0);
        let mut sum = 0.0;
        fill(path, even_odd, area, steps, |x, y, share| {
            assert!(x < 100 && y < 100 && share > 0.0);
            sum += share;
        });
        sum
    }

    #[test]
    fn what_is_filled_has_the_area_of_the_outline() {
        let circle = Circle::new((50.0, 50.0), 20.0).to_path(0.1);
        let area = covered(&circle, false, &mut STEPS.clone());
        assert!((area - 1_256.6).abs() < 15.0, "{area}");
        // A hole, as in an O: the inner outline runs the other way, or is counted as even.
        let mut ring = circle.clone();
        ring.extend(Circle::new((50.0, 50.0), 10.0).to_path(0.1));
        let area = covered(&ring, true, &mut STEPS.clone());
        assert!((area - 942.5).abs() < 15.0, "{area}");
        assert!((covered(&ring, false, &mut STEPS.clone()) - 1_256.6).abs() < 15.0);
        assert_eq!(count(&ring), 2);
        let mut half = BezPath::new();
        half.move_to((-10.0, 10.5));
        half.line_to((200.0, 10.5));
        half.line_to((200.0, 11.0));
        half.line_to((-10.0, 11.0));
        assert!((covered(&half, false, &mut STEPS.clone()) - 50.0).abs() < 0.1);
    }

    #[test]
    fn outlines_that_are_broken_or_endless_end() {
        let mut broken = BezPath::new();
        broken.move_to((f64::NAN, 0.0));
        broken.line_to((1e300, f64::INFINITY));
        broken.line_to((-1e300, 50.0));
        covered(&broken, false, &mut STEPS.clone());
        assert_eq!(covered(&BezPath::new(), false, &mut STEPS.clone()), 0.0);
        let circle = Circle::new((50.0, 50.0), 40.0).to_path(0.1);
        let mut few = 500;
        assert!(covered(&circle, false, &mut few) < 1_000.0);
        assert_eq!(few, 0);
    }
}

//! Thin dark lines in a picture, at any small slant: ruled lines, and strokes of letters that are as long.
//!
//! A line is followed point by point along its length, so that neither a crooked scan nor a photographed page breaks it.
//! Dark is what is darker than the paper around it, which shadows on a photograph do not change.

use super::Picture;

/// Ink is darker than the paper around it by this part of the paper's light, and by this many of 255.
const DARKER: f32 = 0.11;
const LEAST_DARKER: f32 = 14.0;
/// How far the paper around a point reaches, and over how many points of a line its light is averaged, in each direction.
const AROUND: usize = 24;
const ALONG: usize = 2;
/// A line that is thicker is a bar.
const THICKEST: usize = 14;
/// Longest fault that is passed over: where another line crosses, where the ink is worn.
const FAULT: usize = 22;
/// Part of a line that has ink.
const INKED: f32 = 0.8;
/// How much weight the past keeps from point to point, and how much ink lately makes a line solid.
const LATELY: f32 = 0.9;
const SOLID: f32 = 0.7;
/// How far a line may leave its course from one point to the next, and its steepest slant.
const OFF_COURSE: f32 = 2.5;
const STEEPEST: f32 = 0.21;
/// From this length on a line has a course of its own.
const HAS_COURSE: usize = 40;
/// A page with more lines is a pattern.
const MOST: usize = 4_000;
/// Most lines that are followed at once.
const MOST_OPEN: usize = 2_000;

/// A line from one end to the other: from the left or from the top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trace {
    pub(crate) from: (f32, f32),
    pub(crate) to: (f32, f32),
}

/// Light of each point.
struct Plane {
    width: usize,
    height: usize,
    light: Vec<u8>,
}

/// Lines that run across and lines that run down, of at least `shortest` points; `None` if there are too many for a table.
pub(super) fn find(picture: &Picture, shortest: usize) -> Option<(Vec<Trace>, Vec<Trace>)> {
    let plane = Plane::of(picture);
    let paper = plane.blurred(AROUND, AROUND);
    let ink = |own: &Plane| -> Vec<bool> {
        let pairs = own.light.iter().zip(&paper.light);
        pairs
            .map(|(own, paper)| {
                let (own, paper) = (f32::from(*own), f32::from(*paper));
                paper - own > (paper * DARKER).max(LEAST_DARKER)
            })
            .collect()
    };
    let (width, height) = (plane.width, plane.height);
    let is_set = |ink: &[bool], x: usize, y: usize| ink.get(y * width + x) == Some(&true);
    let level = ink(&plane.blurred(ALONG, 0));
    let across = follow(width, height, shortest, |along, at| {
        is_set(&level, along, at)
    })?;
    drop(level);
    let upright = ink(&plane.blurred(0, ALONG));
    let mut down = follow(height, width, shortest, |along, at| {
        is_set(&upright, at, along)
    })?;
    for line in &mut down {
        // They were followed along the height.
        for end in [&mut line.from, &mut line.to] {
            *end = (end.1, end.0);
        }
    }
    Some((across, down))
}

impl Plane {
    fn of(picture: &Picture) -> Self {
        let light = picture.rgb.chunks_exact(3).map(|point| match *point {
            [r, g, b] => {
                let sum = u32::from(r) * 2 + u32::from(g) * 5 + u32::from(b);
                u8::try_from(sum / 8).unwrap_or(255)
            }
            _ => 255,
        });
        Self {
            width: picture.width,
            height: picture.height,
            light: light.collect(),
        }
    }

    /// The mean of the points up to so far away, across and down.
    fn blurred(&self, across: usize, down: usize) -> Self {
        let (width, height) = (self.width, self.height);
        let mut light = self.light.clone();
        if across > 0 {
            for row in light.chunks_exact_mut(width.max(1)) {
                let own = row.to_vec();
                average(
                    across,
                    width,
                    |x| own.get(x).copied(),
                    |x, mean| {
                        if let Some(to) = row.get_mut(x) {
                            *to = mean;
                        }
                    },
                );
            }
        }
        if down > 0 {
            for x in 0..width {
                let own: Vec<u8> = light.iter().skip(x).step_by(width).copied().collect();
                average(
                    down,
                    height,
                    |y| own.get(y).copied(),
                    |y, mean| {
                        if let Some(to) = light.get_mut(y * width + x) {
                            *to = mean;
                        }
                    },
                );
            }
        }
        Self {
            width,
            height,
            light,
        }
    }
}

/// The running mean of a row of points.
fn average(
    reach: usize,
    length: usize,
    light: impl Fn(usize) -> Option<u8>,
    mut tell: impl FnMut(usize, u8),
) {
    let (mut sum, mut count) = (0_u32, 0_u32);
    let value = |at: usize| light(at).map_or(0, u32::from);
    for at in 0..length.min(reach) {
        sum += value(at);
        count += 1;
    }
    for at in 0..length {
        if at + reach < length {
            sum += value(at + reach);
            count += 1;
        }
        if let Some(gone) = at.checked_sub(reach + 1) {
            sum -= value(gone);
            count -= 1;
        }
        let mean = (sum + count / 2) / count.max(1);
        tell(at, u8::try_from(mean).unwrap_or(255));
    }
}

/// A line that is being followed, with the sums of a straight line through its points by least squares.
struct Open {
    first: usize,
    last: usize,
    at: f32,
    inked: f32,
    /// How much of the last points had ink, and the last point where much had: dirt behind the end does not make it longer.
    lately: f32,
    solid: usize,
    /// Of places along, places across, squares of along, products.
    sums: [f64; 4],
}

impl Open {
    fn new(along: usize, at: f32) -> Self {
        let mut open = Self {
            first: along,
            last: along,
            at,
            inked: 0.0,
            lately: 0.0,
            solid: along,
            sums: [0.0; 4],
        };
        open.add(along, at);
        open
    }

    fn add(&mut self, along: usize, at: f32) {
        let gone = (along - self.last).max(1) as f32;
        self.lately = self.lately * LATELY.powf(gone) + (1.0 - LATELY);
        if self.lately >= SOLID {
            self.solid = along;
        }
        self.last = along;
        self.at = at;
        self.inked += 1.0;
        // From the first point, so that squares stay small.
        let (u, v) = ((along - self.first) as f64, f64::from(at));
        for (sum, value) in self.sums.iter_mut().zip([u, v, u * u, u * v]) {
            *sum += value;
        }
    }

    /// The straight line's place at the first point, and its slant.
    fn course(&self) -> (f32, f32) {
        let [u, v, uu, uv] = self.sums;
        let count = f64::from(self.inked);
        let below = count * uu - u * u;
        let slant = if below > 0.0 {
            (count * uv - u * v) / below
        } else {
            0.0
        };
        (((v - slant * u) / count) as f32, slant as f32)
    }

    /// Where it is expected, and how far from there it may be.
    fn expected(&self, along: usize) -> (f32, f32) {
        let gone = (along - self.last) as f32;
        if self.last - self.first < HAS_COURSE {
            return (self.at, OFF_COURSE.min(1.5 + gone * STEEPEST));
        }
        // Where it was last, on by its slant: paper is curled, and a straight line would leave it.
        (self.at + self.course().1 * gone, OFF_COURSE)
    }

    fn finish(&self, shortest: usize) -> Option<Trace> {
        let length = self.solid - self.first;
        if length < shortest || self.inked < INKED * length as f32 {
            return None;
        }
        let (at, slant) = self.course();
        (slant.abs() <= STEEPEST).then_some(Trace {
            from: (self.first as f32, at),
            to: (self.solid as f32, at + slant * length as f32),
        })
    }
}

/// The lines that run along `length`.
fn follow(
    length: usize,
    breadth: usize,
    shortest: usize,
    dark: impl Fn(usize, usize) -> bool,
) -> Option<Vec<Trace>> {
    // In the order of their places.
    let mut open: Vec<Open> = Vec::new();
    let mut done = Vec::new();
    for along in 0..length {
        let mut fresh = Vec::new();
        for at in thin_runs(breadth, |at| dark(along, at)) {
            let from = open.partition_point(|line| line.at < at - OFF_COURSE * 2.0);
            let near = open.iter_mut().skip(from);
            let near = near.take_while(|line| line.at <= at + OFF_COURSE * 2.0);
            let fits = near.filter_map(|line| {
                let (expected, by) = line.expected(along);
                let off = (expected - at).abs();
                (line.last < along && off <= by).then_some((off, line))
            });
            // The longest, so that what crosses a line does not lead it away.
            let best = fits.max_by(|(off, a), (other, b)| {
                let longer = (a.last - a.first).cmp(&(b.last - b.first));
                longer.then(other.total_cmp(off))
            });
            match best {
                Some((_, line)) => line.add(along, at),
                None => fresh.push(Open::new(along, at)),
            }
        }
        open.retain(|line| {
            // What has just begun may not have faults.
            let patience = FAULT.min((line.last - line.first) / 2);
            let goes_on = along - line.last <= patience;
            if !goes_on {
                done.extend(line.finish(shortest));
            }
            goes_on
        });
        open.extend(fresh);
        open.sort_by(|a, b| a.at.total_cmp(&b.at));
        if done.len() > MOST || open.len() > MOST_OPEN {
            return None;
        }
    }
    done.extend(open.iter().filter_map(|line| line.finish(shortest)));
    Some(done)
}

/// The middles of the dark runs that are no thicker than a line.
fn thin_runs(length: usize, dark: impl Fn(usize) -> bool) -> Vec<f32> {
    let mut found = Vec::new();
    let mut begun: Option<usize> = None;
    for at in 0..=length {
        match (begun, at < length && dark(at)) {
            (None, true) => begun = Some(at),
            (Some(from), false) => {
                if at - from <= THICKEST {
                    found.push((from + at) as f32 / 2.0);
                }
                begun = None;
            }
            _ => {}
        }
    }
    found
}

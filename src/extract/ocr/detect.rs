//! Where text stands: the network marks the cores of lines, and each marked patch becomes a rectangle.
//!
//! The numbers are those that PP-OCR's networks for finding text were trained with and are run with: colours are
//! normalised by the means and deviations of ImageNet in the order blue, green, red; a core is a line shrunk by 0.4 of
//! its area through its outline, so that growing by 1.6 of it gives the line back.

use super::boxes::Slanted;
use super::picture::Picture;

/// Longer side, in points, of the picture in which text is sought. Print of 7 points on a page of A4 is then 11 points high.
const SIDE: usize = 1280;
/// The network halves the picture five times.
const GRAIN: usize = 32;
const MEANS: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATIONS: [f32; 3] = [0.229, 0.224, 0.225];
/// A point is marked from here on.
const MARKED: f32 = 0.3;
/// A rectangle counts if its points are marked this much on average.
const SURE: f32 = 0.5;
const GROWTH: f32 = 1.6;
/// Fewer points are dirt.
const LEAST_POINTS: usize = 12;
/// Most lines on a page; a page of dense small print has some 300.
const MOST_LINES: usize = 1500;

/// What the network takes in.
pub(super) struct Input {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Blue, green and red plane.
    pub(super) planes: Vec<f32>,
}

impl Input {
    pub(super) fn of(picture: &Picture) -> Self {
        let longer = picture.width.max(picture.height);
        let scale = (SIDE as f32 / longer as f32).min(2.0);
        let fit = |length: usize| {
            let grains = (length as f32 * scale / GRAIN as f32).round() as usize;
            grains.max(1) * GRAIN
        };
        let (width, height) = (fit(picture.width), fit(picture.height));
        let small = picture.scaled(width, height);
        let plane = |channel: usize, mean: f32, deviation: f32| {
            let values = small.rgb.iter().skip(channel).step_by(3);
            values
                .map(move |v| (f32::from(*v) / 255.0 - mean) / deviation)
                .collect::<Vec<_>>()
        };
        let mut planes = Vec::with_capacity(width * height * 3);
        for (at, (mean, deviation)) in MEANS.into_iter().zip(DEVIATIONS).enumerate() {
            planes.extend(plane(2 - at, mean, deviation));
        }
        Self {
            width,
            height,
            planes,
        }
    }
}

/// The rectangles around lines, in points of the whole picture, from top to bottom.
pub(super) fn lines(marks: &[f32], width: usize, height: usize, picture: &Picture) -> Vec<Slanted> {
    let scale = (
        picture.width as f32 / width as f32,
        picture.height as f32 / height as f32,
    );
    let mut found: Vec<Slanted> = patches(marks, width)
        .iter()
        .filter_map(|patch| {
            let core = Slanted::around(patch)?;
            if core.width.min(core.height) < 2.5 || certainty(marks, width, &core) < SURE {
                return None;
            }
            let growth = GROWTH * core.width * core.height / (2.0 * (core.width + core.height));
            Some(core.grown(growth).scaled(scale.0, scale.1))
        })
        .take(MOST_LINES)
        .collect();
    found.sort_by(|a, b| a.y.total_cmp(&b.y));
    found
}

/// The connected patches of marked points.
fn patches(marks: &[f32], width: usize) -> Vec<Vec<(i32, i32)>> {
    let mut seen = vec![false; marks.len()];
    let mut out = Vec::new();
    let mut open = Vec::new();
    for start in 0..marks.len() {
        if !is_new(marks, &mut seen, start) {
            continue;
        }
        open.push(start);
        let mut patch = Vec::new();
        while let Some(at) = open.pop() {
            let (x, y) = (at % width, at / width);
            patch.push((x as i32, y as i32));
            for next_y in y.saturating_sub(1)..=y + 1 {
                for next_x in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    let next = next_y * width + next_x;
                    if is_new(marks, &mut seen, next) {
                        open.push(next);
                    }
                }
            }
        }
        if patch.len() >= LEAST_POINTS {
            out.push(patch);
        }
    }
    out
}

/// Whether a point is marked and was not met before; notes that it was.
fn is_new(marks: &[f32], seen: &mut [bool], at: usize) -> bool {
    match (marks.get(at), seen.get_mut(at)) {
        (Some(mark), Some(met)) if *mark > MARKED && !*met => {
            *met = true;
            true
        }
        _ => false,
    }
}

/// The mean of the marks in a rectangle.
fn certainty(marks: &[f32], width: usize, core: &Slanted) -> f32 {
    let corners = core.corners();
    let bound = |value: fn(&(f32, f32)) -> f32| {
        let low = corners.iter().map(value).fold(f32::MAX, f32::min).max(0.0) as usize;
        let high = corners.iter().map(value).fold(0.0, f32::max).max(0.0) as usize;
        low..=high
    };
    let (columns, rows) = (bound(|c| c.0), bound(|c| c.1));
    let (mut sum, mut count) = (0.0_f32, 0_u32);
    for y in rows {
        for x in columns.clone().take_while(|x| *x < width) {
            if core.contains(x as f32 + 0.5, y as f32 + 0.5)
                && let Some(mark) = marks.get(y * width + x)
            {
                sum += mark;
                count += 1;
            }
        }
    }
    if count == 0 { 0.0 } else { sum / count as f32 }
}

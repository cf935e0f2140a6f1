//! Rectangles around marked points, at any angle.

/// A rectangle. `angle` is that of its width, in radians, clockwise from level (y grows downwards).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slanted {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
    pub angle: f32,
}

impl Slanted {
    /// The smallest rectangle around the points, its width at most 45° from level. `None` without points.
    pub(super) fn around(points: &[(i32, i32)]) -> Option<Self> {
        let hull = hull(points);
        let first = *hull.first()?;
        let mut best: Option<(f32, Self)> = None;
        let edges = hull.iter().zip(hull.iter().cycle().skip(1));
        for (a, b) in edges {
            let angle = if a == b {
                0.0
            } else {
                ((b.1 - a.1) as f32).atan2((b.0 - a.0) as f32)
            };
            // A quarter turn gives the same rectangle.
            let quarter = std::f32::consts::FRAC_PI_2;
            let angle = angle - (angle / quarter).round() * quarter;
            let (sin, cos) = angle.sin_cos();
            let start = along(first, sin, cos);
            let (mut low, mut high) = (start, start);
            for point in &hull {
                let (u, v) = along(*point, sin, cos);
                low = (low.0.min(u), low.1.min(v));
                high = (high.0.max(u), high.1.max(v));
            }
            // A point is a square of one by one.
            let (width, height) = (high.0 - low.0 + 1.0, high.1 - low.1 + 1.0);
            if best.is_none_or(|(area, _)| width * height < area) {
                let (u, v) = ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0);
                let found = Self {
                    x: u * cos - v * sin + 0.5,
                    y: u * sin + v * cos + 0.5,
                    width,
                    height,
                    angle,
                };
                best = Some((width * height, found));
            }
        }
        best.map(|(_, found)| found)
    }

    pub(super) fn grown(self, by: f32) -> Self {
        Self {
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
            ..self
        }
    }

    pub(super) fn scaled(self, x: f32, y: f32) -> Self {
        // Both are almost the same: the picture keeps its shape but for rounding.
        Self {
            x: self.x * x,
            y: self.y * y,
            width: self.width * x,
            height: self.height * y,
            angle: self.angle,
        }
    }

    /// From the top left, clockwise.
    pub(super) fn corners(&self) -> [(f32, f32); 4] {
        let (sin, cos) = self.angle.sin_cos();
        [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)].map(|(u, v)| {
            let (u, v) = (u * self.width, v * self.height);
            (self.x + u * cos - v * sin, self.y + u * sin + v * cos)
        })
    }

    pub(super) fn contains(&self, x: f32, y: f32) -> bool {
        let (sin, cos) = self.angle.sin_cos();
        let (dx, dy) = (x - self.x, y - self.y);
        (dx * cos + dy * sin).abs() <= self.width / 2.0
            && (dy * cos - dx * sin).abs() <= self.height / 2.0
    }

    /// The same rectangle in a picture of this size (before the turn) turned clockwise by quarter turns.
    pub(super) fn turned(self, quarters: u8, width: f32, height: f32) -> Self {
        let (x, y) = match quarters % 4 {
            0 => (self.x, self.y),
            1 => (height - self.y, self.x),
            2 => (width - self.x, height - self.y),
            _ => (self.y, width - self.x),
        };
        let swapped = quarters % 2 == 1;
        Self {
            x,
            y,
            width: if swapped { self.height } else { self.width },
            height: if swapped { self.width } else { self.height },
            angle: self.angle,
        }
    }
}

fn along(point: (i32, i32), sin: f32, cos: f32) -> (f32, f32) {
    let (x, y) = (point.0 as f32, point.1 as f32);
    (x * cos + y * sin, y * cos - x * sin)
}

/// The corners of the convex hull, in order (Andrew's monotone chain).
fn hull(points: &[(i32, i32)]) -> Vec<(i32, i32)> {
    let mut sorted = points.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() < 3 {
        return sorted;
    }
    let mut out = half(sorted.iter());
    let upper = half(sorted.iter().rev());
    out.pop();
    out.extend(upper);
    out.pop();
    out
}

fn half<'a>(points: impl Iterator<Item = &'a (i32, i32)>) -> Vec<(i32, i32)> {
    let mut out: Vec<(i32, i32)> = Vec::new();
    for &point in points {
        while let [.., a, b] = out.as_slice() {
            let turn = i64::from(b.0 - a.0) * i64::from(point.1 - a.1)
                - i64::from(b.1 - a.1) * i64::from(point.0 - a.0);
            if turn > 0 {
                break;
            }
            out.pop();
        }
        out.push(point);
    }
    out
}

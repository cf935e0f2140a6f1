//! A picture in memory, and what is done to it before it is read.

/// Red, green and blue, a byte each, row after row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Picture {
    #[must_use]
    pub fn white(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            rgb: vec![255; width * height * 3],
        }
    }

    /// `None` if the bytes are fewer than the size needs.
    #[must_use]
    pub fn of(width: usize, height: usize, mut rgb: Vec<u8>) -> Option<Self> {
        let needed = width.checked_mul(height)?.checked_mul(3)?;
        if needed == 0 || rgb.len() < needed {
            return None;
        }
        rgb.truncate(needed);
        Some(Self { width, height, rgb })
    }

    /// White beyond the edges.
    #[must_use]
    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        if x >= self.width {
            return [255; 3];
        }
        let at = (y * self.width + x) * 3;
        match self.rgb.get(at..at + 3) {
            Some(&[r, g, b]) => [r, g, b],
            _ => [255; 3],
        }
    }

    pub(crate) fn set(&mut self, x: usize, y: usize, colour: [u8; 3]) {
        let at = (y * self.width + x) * 3;
        if let Some(place) = self.rgb.get_mut(at..at + 3) {
            place.copy_from_slice(&colour);
        }
    }

    /// The colour between four points, by how near each is.
    fn between(&self, x: f32, y: f32) -> [f32; 3] {
        let (x, y) = (
            (x - 0.5).clamp(0.0, (self.width - 1) as f32),
            (y - 0.5).clamp(0.0, (self.height - 1) as f32),
        );
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = (
            (left + 1).min(self.width - 1),
            (top + 1).min(self.height - 1),
        );
        let (fx, fy) = (x - left as f32, y - top as f32);
        let (a, b) = (self.at(left, top), self.at(right, top));
        let (c, d) = (self.at(left, bottom), self.at(right, bottom));
        std::array::from_fn(|i| {
            let channel = |p: [u8; 3]| p.get(i).map_or(0.0, |v| f32::from(*v));
            let upper = channel(a) * (1.0 - fx) + channel(b) * fx;
            let lower = channel(c) * (1.0 - fx) + channel(d) * fx;
            upper * (1.0 - fy) + lower * fy
        })
    }

    /// Samples the picture on a grid: `origin` is the grid's top left corner, `across` and `down` are the steps to the
    /// next point. Steps of more than a point are averaged, so that fine lines do not vanish.
    pub(crate) fn sample(
        &self,
        size: (usize, usize),
        origin: (f32, f32),
        across: (f32, f32),
        down: (f32, f32),
    ) -> Self {
        let step = across.0.hypot(across.1).max(down.0.hypot(down.1));
        let parts = (step.ceil() as usize).clamp(1, 8);
        let weight = 1.0 / (parts * parts) as f32;
        let mut out = Self::white(size.0, size.1);
        for y in 0..size.1 {
            for x in 0..size.0 {
                let mut sum = [0.0_f32; 3];
                for part in 0..parts * parts {
                    let u = x as f32 + ((part % parts) as f32 + 0.5) / parts as f32;
                    let v = y as f32 + ((part / parts) as f32 + 0.5) / parts as f32;
                    let colour = self.between(
                        origin.0 + across.0 * u + down.0 * v,
                        origin.1 + across.1 * u + down.1 * v,
                    );
                    for (to, value) in sum.iter_mut().zip(colour) {
                        *to += value * weight;
                    }
                }
                out.set(x, y, sum.map(|v| v.round() as u8));
            }
        }
        out
    }

    /// The same picture in another size.
    pub(crate) fn scaled(&self, width: usize, height: usize) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let across = (self.width as f32 / width as f32, 0.0);
        let down = (0.0, self.height as f32 / height as f32);
        self.sample((width, height), (0.0, 0.0), across, down)
    }

    /// Makes it smaller if its longer side is longer than this.
    #[must_use]
    pub fn at_most(self, side: usize) -> Self {
        let longer = self.width.max(self.height);
        if longer <= side {
            return self;
        }
        let scale = side as f32 / longer as f32;
        let fit = |length: usize| ((length as f32 * scale).round() as usize).max(1);
        self.scaled(fit(self.width), fit(self.height))
    }

    /// Turned clockwise by quarter turns.
    #[must_use]
    pub fn turned(&self, quarters: u8) -> Self {
        let quarters = quarters % 4;
        if quarters == 0 {
            return self.clone();
        }
        let (width, height) = match quarters {
            2 => (self.width, self.height),
            _ => (self.height, self.width),
        };
        let mut out = Self::white(width, height);
        for y in 0..height {
            for x in 0..width {
                let from = match quarters {
                    1 => (y, self.height - 1 - x),
                    2 => (self.width - 1 - x, self.height - 1 - y),
                    _ => (self.width - 1 - y, x),
                };
                out.set(x, y, self.at(from.0, from.1));
            }
        }
        out
    }

    /// Mirrored left to right.
    #[must_use]
    pub(crate) fn mirrored(&self) -> Self {
        let mut out = Self::white(self.width, self.height);
        for y in 0..self.height {
            for x in 0..self.width {
                out.set(x, y, self.at(self.width - 1 - x, y));
            }
        }
        out
    }
}

//! The picture of a scanned page: its images where they are drawn, lines drawn over them, all outlines if there are so many
//! that they may be letters, everything else white. hayro decodes what scanners write (CCITT, JBIG2, JPEG, JPEG 2000).

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, FillRule, Image, ImageData,
    ImageDrawProps, InterpreterCache, InterpreterSettings, LumaData, Paint, RenderContent,
    SoftMask, TransformExt,
    font::GlyphRun,
    hayro_syntax::{Pdf, page::Page},
    interpret_page,
    kurbo::{Affine, BezPath, Point, Rect, Shape},
};

use super::curves;
use crate::extract::ocr::Picture;

/// Points of the picture in an inch: letters of 8 points are then 22 points high, of which the reader needs 16.
const RESOLUTION: f32 = 200.0;
/// Longest side of the picture in points; a larger page is drawn smaller.
const LONGEST: f32 = 3_400.0;
/// Points of a page in an inch.
const INCH: f32 = 72.0;
/// Most samples for a point of the picture, in each direction.
const MOST_SAMPLES: usize = 4;

/// The picture, and the size of one of its points in points of the page. `None` if the page cannot be drawn.
pub(super) fn draw<'a>(
    pdf: &'a Pdf,
    page: &Page<'a>,
    cache: &InterpreterCache<'a>,
) -> Option<(Picture, f32)> {
    let (width, height) = page.render_dimensions();
    let longer = width.max(height);
    if !(longer.is_finite() && width >= 1.0 && height >= 1.0) {
        return None;
    }
    let scale = (RESOLUTION / INCH).min(LONGEST / longer);
    let size = |length: f32| ((length * scale).round() as usize).max(1);
    let (columns, rows) = (size(width), size(height));
    let area = Rect::new(0.0, 0.0, columns as f64, rows as f64);
    let transform = Affine::scale(f64::from(scale)) * page.initial_transform(true).to_kurbo();
    let settings = InterpreterSettings {
        render_content: RenderContent::PAGE,
        ..InterpreterSettings::default()
    };
    let draw = |all_outlines: bool| {
        let mut context = Context::new(transform, area, cache, pdf.xref(), settings.clone());
        let mut canvas = Canvas {
            picture: Picture::white(columns, rows),
            clips: vec![area],
            outlines: 0,
            all_outlines,
            steps: curves::STEPS,
        };
        let interpret = AssertUnwindSafe(|| interpret_page(page, &mut context, &mut canvas));
        catch_unwind(interpret).ok()?;
        Some(canvas)
    };
    let mut canvas = draw(false)?;
    if curves::are_many(canvas.outlines) {
        canvas = draw(true)?;
    }
    Some((canvas.picture, scale.recip()))
}

struct Canvas {
    picture: Picture,
    /// The rectangles around the open clips, innermost last.
    clips: Vec<Rect>,
    /// Filled outlines so far.
    outlines: usize,
    /// Whether all of them are drawn, and not only lines.
    all_outlines: bool,
    /// How many steps are left for drawing them.
    steps: u64,
}

/// The points of an image as they are drawn.
struct Drawn<'d> {
    colours: Colours<'d>,
    alpha: Option<&'d LumaData>,
    darken: bool,
}

enum Colours<'d> {
    Rgb(&'d [u8]),
    Grey(&'d [u8]),
    /// One colour, where the alpha channel has it.
    One([u8; 3]),
}

impl Canvas {
    /// Draws an image of `width` by `height` points.
    fn draw(&mut self, drawn: &Drawn<'_>, (width, height): (u32, u32), transform: Affine) {
        if width == 0 || height == 0 || transform.determinant().abs() < 1e-12 {
            return;
        }
        let whole = Rect::new(0.0, 0.0, width.into(), height.into());
        let clip = self.clips.last().copied().unwrap_or(whole);
        let area = transform.transform_rect_bbox(whole).intersect(clip);
        if area.is_zero_area() {
            return;
        }
        let back = transform.inverse();
        let [a, b, c, d, _, _] = back.as_coeffs();
        let step = a.hypot(b).max(c.hypot(d));
        let parts = (step.ceil() as usize).clamp(1, MOST_SAMPLES);
        let (columns, rows) = (self.picture.width as f64, self.picture.height as f64);
        let bound = |value: f64, most: f64| value.clamp(0.0, most) as usize;
        for y in bound(area.y0.floor(), rows)..bound(area.y1.ceil(), rows) {
            for x in bound(area.x0.floor(), columns)..bound(area.x1.ceil(), columns) {
                let mut sum = [0.0_f32; 4];
                for part in 0..parts * parts {
                    let u = ((part % parts) as f64 + 0.5) / parts as f64;
                    let v = ((part / parts) as f64 + 0.5) / parts as f64;
                    let from = back * Point::new(x as f64 + u, y as f64 + v);
                    if !whole.contains(from) {
                        continue;
                    }
                    let relative = (from.x / f64::from(width), from.y / f64::from(height));
                    let at = (from.y as usize) * width as usize + from.x as usize;
                    let (colour, alpha) = drawn.at(at, relative);
                    for (to, value) in sum.iter_mut().zip(colour) {
                        *to += f32::from(value) * alpha;
                    }
                    sum[3] += alpha;
                }
                self.lay(x, y, sum, (parts * parts) as f32, drawn.darken);
            }
        }
    }

    /// Fills an outline.
    fn fill(&mut self, path: &BezPath, even_odd: bool, props: &DrawProps<'_>) {
        let (Paint::Color(colour), None) = (&props.paint, &props.soft_mask) else {
            return;
        };
        let [red, green, blue, alpha] = colour.to_rgba().to_rgba8().map(f32::from);
        let alpha = alpha / 255.0;
        let darken = matches!(props.blend_mode, BlendMode::Multiply | BlendMode::Darken);
        let whole = Rect::new(
            0.0,
            0.0,
            self.picture.width as f64,
            self.picture.height as f64,
        );
        let area = self
            .clips
            .last()
            .map_or(whole, |clip| clip.intersect(whole));
        let mut left = self.steps;
        curves::fill(path, even_odd, area, &mut left, |x, y, share| {
            let cover = share * alpha;
            let sum = [red * cover, green * cover, blue * cover, cover];
            self.lay(x, y, sum, 1.0, darken);
        });
        self.steps = left;
    }

    /// Lays a colour (weighted by its share, which comes last) over a point.
    fn lay(&mut self, x: usize, y: usize, sum: [f32; 4], whole: f32, darken: bool) {
        let [red, green, blue, share] = sum;
        if share <= 0.0 {
            return;
        }
        let under = self.picture.at(x, y);
        let cover = (share / whole).min(1.0);
        let mut out = [0; 3];
        for ((to, above), below) in out.iter_mut().zip([red, green, blue]).zip(under) {
            let below = f32::from(below);
            let own = above / share;
            let own = if darken { own * below / 255.0 } else { own };
            *to = (own * cover + below * (1.0 - cover))
                .round()
                .clamp(0.0, 255.0) as u8;
        }
        self.picture.set(x, y, out);
    }
}

impl Drawn<'_> {
    fn at(&self, at: usize, (x, y): (f64, f64)) -> ([u8; 3], f32) {
        let alpha = self.alpha.map_or(1.0, |mask| {
            let column = ((x * f64::from(mask.width)) as usize).min(mask.width as usize - 1);
            let row = (y * f64::from(mask.height)) as usize;
            let value = mask.data.get(row * mask.width as usize + column);
            value.map_or(1.0, |v| f32::from(*v) / 255.0)
        });
        let colour = match self.colours {
            Colours::Rgb(data) => match data.get(at * 3..at * 3 + 3) {
                Some(&[r, g, b]) => [r, g, b],
                _ => return ([255; 3], 0.0),
            },
            Colours::Grey(data) => match data.get(at) {
                Some(v) => [*v; 3],
                None => return ([255; 3], 0.0),
            },
            Colours::One(colour) => colour,
        };
        (colour, alpha)
    }
}

impl Device<'_> for Canvas {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'_>, mode: &DrawMode) {
        if self.steps == 0 {
            return;
        }
        let shown = props.transform * path;
        if let DrawMode::Fill(rule) | DrawMode::FillAndStroke(rule, _) = mode {
            self.outlines += curves::count(path);
            if self.all_outlines || curves::is_line(&shown) {
                self.fill(&shown, matches!(rule, FillRule::EvenOdd), &props);
            }
        }
        if let DrawMode::Stroke(pen) | DrawMode::FillAndStroke(_, pen) = mode {
            let scale = props.transform.determinant().abs().sqrt();
            let stroked = curves::stroke(&shown, f64::from(pen.line_width) * scale);
            if let Some(stroked) = stroked {
                self.fill(&stroked, false, &props);
            }
        }
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        self.push_clip_rect(&clip.path.bounding_box());
    }

    fn push_clip_rect(&mut self, rect: &Rect) {
        let inside = self
            .clips
            .last()
            .map_or(*rect, |last| last.intersect(*rect));
        self.clips.push(inside);
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}

    fn pop_clip(&mut self) {
        if self.clips.len() > 1 {
            self.clips.pop();
        }
    }

    fn pop_transparency_group(&mut self) {}

    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, '_>, _: DrawProps<'_>, _: &DrawMode) {}

    fn draw_image(&mut self, image: Image<'_, '_>, props: ImageDrawProps<'_>) {
        let darken = matches!(props.blend_mode, BlendMode::Multiply | BlendMode::Darken);
        // A file may name another size than its data has, and a decoder may give a smaller picture.
        let fitted = |factors: (f32, f32)| {
            props.transform * Affine::scale_non_uniform(factors.0.into(), factors.1.into())
        };
        match image {
            Image::Raster(raster) => raster.with_rgba(
                |data, alpha| {
                    let (size, factors) = ((data.width(), data.height()), data.scale_factors());
                    let colours = match &data {
                        ImageData::Rgb(rgb) => Colours::Rgb(&rgb.data),
                        ImageData::Luma(luma) => Colours::Grey(&luma.data),
                    };
                    let alpha = alpha.as_ref().filter(|a| a.width > 0 && a.height > 0);
                    let drawn = Drawn {
                        colours,
                        alpha,
                        darken,
                    };
                    self.draw(&drawn, size, fitted(factors));
                },
                None,
            ),
            Image::Stencil(stencil) => stencil.with_stencil(
                |mask, paint| {
                    let colour = match paint {
                        Paint::Color(colour) => {
                            let [r, g, b, _] = colour.to_rgba().to_rgba8();
                            [r, g, b]
                        }
                        Paint::Pattern(_) => [0; 3],
                    };
                    if mask.width == 0 || mask.height == 0 {
                        return;
                    }
                    let drawn = Drawn {
                        colours: Colours::One(colour),
                        alpha: Some(&mask),
                        darken,
                    };
                    self.draw(
                        &drawn,
                        (mask.width, mask.height),
                        fitted(mask.scale_factors),
                    );
                },
                None,
            ),
        }
    }
}

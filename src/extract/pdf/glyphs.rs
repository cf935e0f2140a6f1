//! Collects the letters that a page draws, with their positions, and counts pictures.

use std::{
    collections::{HashMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, RenderContent, SoftMask, TransformExt,
    font::{Glyph as Drawn, GlyphRun},
    hayro_cmap::{BfString, WritingMode},
    hayro_syntax::{Pdf, object::Dict, object::String as PdfString, page::Page},
    interpret_page,
    kurbo::{BezPath, Point, Rect, Shape},
};

use super::paint::{is_opaque, is_white, quarter_turns, turn_point};
use super::ruling::Ruling;
use super::{curves, fields, rtl, seen};
use crate::extract::{ExtractError, Limits};

/// Most glyphs on one page; a page of dense small print has about 10,000.
const MAX_GLYPHS_ON_PAGE: usize = 500_000;
/// Units per em of a font.
const EM: f64 = 1_000.0;
/// Roughly the middle of a letter, in font units.
const MIDDLE: Point = Point::new(250.0, 250.0);
/// Most filled areas to remember of a page; if there are more, white letters are kept.
const MAX_GROUNDS: usize = 2_000;

/// A letter and its position. Coordinates are in points, from the top left, rotated so that its text
/// runs from left to right.
#[derive(Debug, Clone)]
pub(super) struct Glyph {
    pub text: String,
    pub x0: f32,
    pub x1: f32,
    /// The baseline.
    pub y: f32,
    /// Font size in points.
    pub size: f32,
    /// The inked fraction of the em square: larger in bold than in regular type.
    pub ink: f32,
    /// Quarter turns, clockwise, from upright.
    pub turn: u8,
}

/// The panic payload that stops the interpreter when a page draws too many glyphs.
struct Overfull;

/// Counts over the whole document.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Seen {
    pub letters: usize,
    pub unreadable: usize,
    pub pictures: usize,
    /// White letters on white.
    pub unseen: usize,
}

/// Reads the pages one after another and keeps the fonts.
pub(super) struct Collector<'a> {
    pdf: &'a Pdf,
    cache: InterpreterCache<'a>,
    ink: HashMap<u128, f32>,
    seen: Seen,
    /// Numbers of the pages with pictures and almost no text.
    pictured: Vec<u32>,
    /// Numbers of the pages with a picture that may hold text.
    scans: Vec<u32>,
    pages: u32,
    bytes: usize,
    limit: usize,
}

impl<'a> Collector<'a> {
    pub(super) fn new(pdf: &'a Pdf, limits: &Limits) -> Self {
        Self {
            pdf,
            cache: InterpreterCache::new(),
            ink: HashMap::new(),
            seen: Seen::default(),
            pictured: Vec::new(),
            scans: Vec::new(),
            pages: 0,
            bytes: 0,
            limit: limits.max_text_bytes,
        }
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen
    }

    pub(super) fn pictured(&self) -> &[u32] {
        &self.pictured
    }

    pub(super) fn scans(&self) -> &[u32] {
        &self.scans
    }

    /// The letters of a page in drawing order.
    pub(super) fn page(&mut self, page: &Page<'a>) -> Result<Vec<Glyph>, ExtractError> {
        let (width, height) = page.render_dimensions();
        let to_page = page.initial_transform(true).to_kurbo();
        let context = |content| {
            Context::new(
                to_page,
                Rect::new(0.0, 0.0, f64::from(width), f64::from(height)),
                &self.cache,
                self.pdf.xref(),
                InterpreterSettings {
                    render_content: content,
                    ..InterpreterSettings::default()
                },
            )
        };
        // Form fields are annotations. They are drawn in a second pass, which ignores the unfilled ones.
        let mut contexts = [RenderContent::PAGE, RenderContent::ANNOTATIONS].map(context);
        let mut canvas = Canvas {
            glyphs: Vec::new(),
            drawn: HashSet::new(),
            ink: &mut self.ink,
            replaced: Vec::new(),
            seen: Seen::default(),
            grounds: Vec::new(),
            clips: 0,
            left_out: Vec::new(),
            images: Vec::new(),
            outlines: 0,
            ruling: Ruling::default(),
        };
        let drawing = AssertUnwindSafe(|| {
            let [own, annotations] = &mut contexts;
            interpret_page(page, own, &mut canvas);
            canvas.left_out = fields::find_unfilled(page, to_page);
            interpret_page(page, annotations, &mut canvas);
        });
        if let Err(fault) = catch_unwind(drawing) {
            return Err(ExtractError::malformed(if fault.is::<Overfull>() {
                "a page of it draws more letters than anyone could read"
            } else {
                "a page of it cannot be drawn"
            }));
        }
        let outlines = canvas.outlines;
        let (glyphs, seen, images) = (canvas.glyphs, canvas.seen, canvas.images);
        let ruling = canvas.ruling;
        self.seen.letters += seen.letters;
        self.seen.unreadable += seen.unreadable;
        self.seen.pictures += seen.pictures;
        self.seen.unseen += seen.unseen;
        self.pages += 1;
        if seen.pictures > 0 && seen.letters < 20 {
            self.pictured.push(self.pages);
        }
        if seen::may_hold_text(&images, &glyphs, (width, height))
            || curves::may_be_text(outlines, seen.letters)
        {
            self.scans.push(self.pages);
        }
        self.bytes += glyphs.iter().map(|g| g.text.len()).sum::<usize>();
        if self.bytes > self.limit {
            return Err(ExtractError::TooLarge {
                what: "its text is longer than the limit".into(),
                limit: self.limit as u64,
            });
        }
        Ok(ruling.gather(glyphs))
    }
}

/// The device that the interpreter draws on.
struct Canvas<'i> {
    glyphs: Vec<Glyph>,
    /// Letters already drawn, with their positions: shadows and fake bold draw them twice.
    drawn: HashSet<(i32, i32, String)>,
    ink: &'i mut HashMap<u128, f32>,
    /// For each open marked-content section: its replacement text (`ActualText`), if any, and whether
    /// that was used already.
    replaced: Vec<Option<(String, bool)>>,
    seen: Seen,
    /// Filled areas in drawing order, and whether they are white.
    grounds: Vec<(Rect, bool)>,
    /// How many clips are open; a clipped fill may be smaller than its path.
    clips: usize,
    /// Areas whose text is ignored.
    left_out: Vec<Rect>,
    /// Where images are drawn.
    images: Vec<Rect>,
    /// Filled outlines, which may be letters.
    outlines: usize,
    ruling: Ruling,
}

impl Canvas<'_> {
    /// Remembers a filled area. White counts only if it surely covers the area: an opaque, unclipped rectangle.
    fn fill(&mut self, area: Rect, props: &DrawProps<'_>, rectangle: bool) {
        let white = is_white(&props.paint);
        let covers = rectangle
            && self.clips == 0
            && props.soft_mask.is_none()
            && matches!(props.blend_mode, BlendMode::Normal)
            && is_opaque(&props.paint);
        // White on the bare page changes nothing.
        let matters = !white || (covers && !self.grounds.is_empty());
        if self.grounds.len() < MAX_GROUNDS && matters {
            self.grounds.push((area, white));
        }
    }

    /// Whether white letters at this position are on white.
    fn is_on_white(&self, at: Point) -> bool {
        let ground = self
            .grounds
            .iter()
            .rev()
            .find(|(area, _)| area.contains(at));
        ground.is_none_or(|(_, white)| *white) && self.grounds.len() < MAX_GROUNDS
    }

    fn add(
        &mut self,
        glyph: &Drawn<'_>,
        transform: hayro_interpret::kurbo::Affine,
        vertical: bool,
    ) {
        self.check_count();
        let text = match self.replaced.iter_mut().rev().flatten().next() {
            Some((_, true)) => String::new(),
            Some((text, taken)) => {
                *taken = true;
                text.clone()
            }
            None => match glyph.as_unicode() {
                Some(BfString::Char(c)) => c.to_string(),
                // Right-to-left text is reversed later; a ligature of such
                // letters is in reading order already, so reverse it now.
                Some(BfString::String(s)) if rtl::is_right_to_left(&s) => s.chars().rev().collect(),
                Some(BfString::String(s)) => s,
                None => String::new(),
            },
        };
        if text.is_empty() && self.replaced.iter().all(Option::is_none) {
            self.seen.unreadable += 1;
            return;
        }
        let [a, b, c, d, _, _] = transform.as_coeffs();
        let size = (c.hypot(d) * EM) as f32;
        let place = transform * Point::ZERO;
        if !(size.is_finite()
            && size > 0.1
            && size < 5_000.0
            && place.x.is_finite()
            && place.y.is_finite())
        {
            return;
        }
        let advance = match glyph {
            Drawn::Outline(g) => g.advance_width(),
            Drawn::Type3(g) => g.advance_width(),
        };
        let advance = if vertical {
            EM
        } else {
            f64::from(advance.unwrap_or(500.0)).clamp(0.0, 4.0 * EM)
        };
        let width = if vertical {
            f64::from(size)
        } else {
            advance * a.hypot(b)
        } as f32;
        let turn = if vertical { 1 } else { quarter_turns(a, b) };
        let (x, y) = turn_point(place.x as f32, place.y as f32, turn);
        if text.chars().any(|c| !c.is_whitespace()) {
            let key = (
                (x * 2.0 / size.max(1.0)) as i32,
                (y * 2.0) as i32,
                text.clone(),
            );
            // The same letter in the same position; a repeated letter as in "ll" is a letter's width further on.
            let near = [(0, 0), (1, 0), (-1, 0)];
            let exact = near.iter().any(|(dx, dy)| {
                self.drawn
                    .contains(&(key.0 + dx, key.1 + dy, key.2.clone()))
            });
            if exact && self.is_repeated(x, y, size, &text) {
                return;
            }
            self.drawn.insert(key);
            self.seen.letters += 1;
        }
        let ink = self.measure_ink(glyph);
        self.glyphs.push(Glyph {
            text,
            x0: x,
            x1: x + width,
            y,
            size,
            ink,
            turn,
        });
    }

    fn check_count(&self) {
        if self.glyphs.len() + self.seen.unseen >= MAX_GLYPHS_ON_PAGE {
            // The interpreter has no way to stop, so unwind through it (without calling the panic hook).
            resume_unwind(Box::new(Overfull));
        }
    }

    /// Whether this letter was already drawn within a twentieth of its size from here.
    fn is_repeated(&self, x: f32, y: f32, size: f32, text: &str) -> bool {
        self.glyphs.iter().rev().take(2_000).any(|g| {
            (g.x0 - x).abs() < size * 0.05 && (g.y - y).abs() < size * 0.05 && g.text == text
        })
    }

    fn measure_ink(&mut self, glyph: &Drawn<'_>) -> f32 {
        let Drawn::Outline(outline) = glyph else {
            return 0.0;
        };
        *self
            .ink
            .entry(outline.identifier().cache_key())
            .or_insert_with(|| (outline.outline().area().abs() / (EM * EM)) as f32)
    }
}

impl Device<'_> for Canvas<'_> {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'_>, mode: &DrawMode) {
        if matches!(mode, DrawMode::Fill(_) | DrawMode::FillAndStroke(..)) {
            let own = path.bounding_box();
            let rectangle = (path.area().abs() - own.area()).abs() <= own.area() * 0.01;
            self.outlines += if rectangle { 0 } else { curves::count(path) };
            let area = props.transform.transform_rect_bbox(own);
            self.fill(area, &props, rectangle);
        }
        if !is_white(&props.paint) {
            match mode {
                DrawMode::Fill(_) => self.ruling.add_filled(path, props.transform),
                DrawMode::Stroke(_) | DrawMode::FillAndStroke(..) => {
                    self.ruling.add_stroked(path, props.transform);
                }
                DrawMode::Invisible => {}
            }
        }
    }
    fn push_clip_path(&mut self, _: &ClipPath) {
        self.clips += 1;
    }
    fn push_clip_rect(&mut self, _: &Rect) {
        self.clips += 1;
    }
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}
    fn pop_clip(&mut self) {
        self.clips = self.clips.saturating_sub(1);
    }
    fn pop_transparency_group(&mut self) {}
    fn draw_rect(&mut self, rect: &Rect, props: DrawProps<'_>, mode: &DrawMode) {
        if matches!(mode, DrawMode::Fill(_) | DrawMode::FillAndStroke(..)) {
            let area = props.transform.transform_rect_bbox(*rect);
            self.fill(area, &props, true);
        }
        if !is_white(&props.paint) {
            match mode {
                DrawMode::Fill(_) => {
                    let area = props.transform.transform_rect_bbox(*rect);
                    self.ruling.add_area(area);
                }
                DrawMode::Stroke(_) | DrawMode::FillAndStroke(..) => {
                    self.ruling.add_stroked(&rect.to_path(0.1), props.transform);
                }
                DrawMode::Invisible => {}
            }
        }
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, props: DrawProps<'_>, mode: &DrawMode) {
        let vertical = matches!(run.writing_mode(), WritingMode::Vertical);
        // Invisible text is the OCR result over a scanned picture: keep it.
        let white = !matches!(mode, DrawMode::Invisible) && is_white(&props.paint);
        for glyph in run.glyphs() {
            let transform = props.transform * glyph.transform();
            let middle = transform * MIDDLE;
            if self.left_out.iter().any(|area| area.contains(middle)) {
                continue;
            }
            // White text on white is meant to be hidden.
            if white && self.is_on_white(middle) {
                let space =
                    matches!(glyph.as_unicode(), Some(BfString::Char(c)) if c.is_whitespace());
                self.seen.unseen += usize::from(!space);
                self.check_count();
                continue;
            }
            self.add(glyph, transform, vertical);
        }
    }

    fn draw_image(&mut self, image: Image<'_, '_>, props: ImageDrawProps<'_>) {
        self.seen.pictures += 1;
        let size = Rect::new(0.0, 0.0, image.width().into(), image.height().into());
        if self.grounds.len() < MAX_GROUNDS {
            let area = props.transform.transform_rect_bbox(size);
            self.grounds.push((area, false));
            self.images.push(area);
        }
    }

    fn begin_marked_content(&mut self, _: &[u8], properties: Option<&Dict<'_>>) {
        let text = properties
            .and_then(|p| p.get::<PdfString<'_>>(b"ActualText"))
            .map(|t| {
                let bytes = t.as_bytes();
                let text = match encoding_rs::Encoding::for_bom(bytes) {
                    Some((encoding, _)) => encoding.decode(bytes).0,
                    None => encoding_rs::WINDOWS_1252.decode(bytes).0,
                };
                (text.into_owned(), false)
            });
        self.replaced.push(text);
    }

    fn end_marked_content(&mut self) {
        self.replaced.pop();
    }
}

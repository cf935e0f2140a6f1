//! Looks at a picture: finds the lines, turns the page upright, reads line by line.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use thiserror::Error;

use super::boxes::Slanted;
use super::decode::{Alphabet, Letter, Read};
use super::upright::{Slant, is_on_its_side, is_tall, level};
use super::{Picture, SeenLine, SeenWord, detect};

/// Height in points of the lines that the networks take in.
const HEIGHT: usize = 48;
/// Narrowest and widest line in points; the widest is a line of small print across a page.
const WIDTHS: (usize, usize) = (96, 3200);
/// Width in points of what the network for upside-down lines takes in.
const TURNED_WIDTH: usize = 192;
/// How many of the longest lines vote on whether the page stands on its head, and how many are then read both ways.
const VOTERS: usize = 8;
const WITNESSES: usize = 2;
/// A line without ascenders is marked as high as one with them, about; the font size is this much of it.
const SIZE_OF_HEIGHT: f32 = 0.78;
/// From the middle of a line down to its baseline, relative to its height.
const BASELINE: f32 = 0.24;
/// A gap between words of a line as wide as this, in font sizes, separates cells.
const CELL_GAP: f32 = 1.2;
/// Half a letter's width relative to the font size.
const HALF_LETTER: f32 = 0.25;
/// A reading that is less sure than this is no text: a pattern, an edge.
const NOTHING: f32 = 0.35;

/// Why the networks cannot be used.
#[derive(Debug, Error)]
#[error(
    "{file} is not a model for text recognition ({reason}): fetch it again with `frontdesk models get pp-ocrv6-tiny`"
)]
pub struct EyesError {
    pub file: &'static str,
    pub reason: String,
}

/// Why a picture was not read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LookError {
    #[error(
        "reading it takes longer than is allowed for a page; upload the document again when the machine has less to do"
    )]
    TooSlow,
    #[error("the networks cannot read it ({0})")]
    Failed(String),
}

struct Network {
    model: Model,
    input: NodeId,
    output: NodeId,
}

impl Network {
    fn load(bytes: Vec<u8>, file: &'static str) -> Result<Self, EyesError> {
        let wrong = |reason: String| EyesError { file, reason };
        // A damaged file must not take the process down.
        let load = AssertUnwindSafe(|| {
            ModelOptions::with_all_ops()
                .prepack_weights(true)
                .load(bytes)
        });
        let model = catch_unwind(load)
            .map_err(|_| wrong("it is damaged".into()))?
            .map_err(|e| wrong(e.to_string()))?;
        let (Some(&input), Some(&output)) = (model.input_ids().first(), model.output_ids().first())
        else {
            return Err(wrong("it has no input or output".into()));
        };
        Ok(Self {
            model,
            input,
            output,
        })
    }

    /// Runs the network on colour planes of this height and width.
    fn run(
        &self,
        planes: Vec<f32>,
        (height, width): (usize, usize),
        threads: &Arc<ThreadPool>,
    ) -> Result<Vec<f32>, LookError> {
        let input = NdTensor::from_data([1, 3, height, width], planes);
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(threads)));
        let run = AssertUnwindSafe(|| {
            let given = vec![(self.input, ValueOrView::from(input.view()))];
            self.model.run(given, &[self.output], Some(options))
        });
        let mut out = catch_unwind(run)
            .map_err(|_| LookError::Failed("a network stumbled".into()))?
            .map_err(|e| LookError::Failed(e.to_string()))?;
        let first = out
            .pop()
            .ok_or_else(|| LookError::Failed("no output".into()))?;
        let tensor: Tensor<f32> = first
            .try_into()
            .map_err(|_| LookError::Failed("an output of another kind".into()))?;
        Ok(tensor.into_data())
    }
}

/// The files of the model `pp-ocrv6-tiny`.
#[derive(Debug, Clone)]
pub struct Weights {
    /// Finds lines.
    pub finder: Vec<u8>,
    /// Tells lines that stand on their head.
    pub turner: Vec<u8>,
    /// Reads a line.
    pub reader: Vec<u8>,
    /// The reader's letters, one a line, in its order.
    pub letters: String,
}

impl Weights {
    /// Their names in the folder of models (`models/catalogue.toml`): finder, turner, reader, letters.
    pub const FILES: [&str; 4] = [
        "pp-ocrv6-tiny-det.onnx",
        "pp-ocr-cls.onnx",
        "pp-ocrv6-tiny-rec.onnx",
        "pp-ocrv6-tiny-letters.txt",
    ];

    /// # Errors
    /// When a file is missing or unreadable.
    pub fn read(folder: &Path) -> std::io::Result<Self> {
        let [finder, turner, reader, letters] = Self::FILES.map(|name| folder.join(name));
        Ok(Self {
            finder: std::fs::read(finder)?,
            turner: std::fs::read(turner)?,
            reader: std::fs::read(reader)?,
            letters: std::fs::read_to_string(letters)?,
        })
    }
}

/// The networks, loaded.
pub struct Eyes {
    finder: Network,
    turner: Network,
    reader: Network,
    alphabet: Alphabet,
    threads: Arc<ThreadPool>,
}

impl Eyes {
    /// `threads` is how many compute.
    ///
    /// # Errors
    /// When a file is damaged or of another model.
    pub fn load(weights: Weights, threads: usize) -> Result<Self, EyesError> {
        Ok(Self {
            alphabet: Alphabet::new(&weights.letters),
            finder: Network::load(weights.finder, "the file that finds lines")?,
            turner: Network::load(weights.turner, "the file that turns lines")?,
            reader: Network::load(weights.reader, "the file that reads lines")?,
            threads: Arc::new(ThreadPool::with_num_threads(threads.max(1))),
        })
    }

    /// The lines of a picture from top to bottom. `point` is the size of one of its points in points of the page.
    ///
    /// # Errors
    /// [`LookError::TooSlow`] when it is not done by `until`.
    pub fn look(
        &self,
        shown: &Picture,
        point: f32,
        until: Instant,
    ) -> Result<Vec<SeenLine>, LookError> {
        let mut picture = shown.clone();
        let mut lines = self.find(&picture)?;
        let mut turned = 0;
        if is_on_its_side(&lines) {
            turned = 1;
            picture = shown.turned(1);
            in_time(until)?;
            lines = self.find(&picture)?;
        }
        if self.is_upside_down(&picture, &lines)? {
            let (width, height) = (picture.width as f32, picture.height as f32);
            lines = lines
                .iter()
                .rev()
                .map(|l| l.turned(2, width, height))
                .collect();
            picture = picture.turned(2);
            turned += 2;
        }
        let slant = Slant::of(&lines, picture.width);
        let mut heights: Vec<f32> = lines
            .iter()
            .map(|l| if is_tall(l) { l.width } else { l.height })
            .collect();
        level(&mut heights);
        let mut out = Vec::new();
        for (line, height) in lines.iter().zip(heights) {
            in_time(until)?;
            let read = self.read(&picture, line)?;
            if read.confidence < NOTHING {
                continue;
            }
            let seen = place(&read, line, height, slant, point);
            if seen.words.is_empty() {
                continue;
            }
            let (width, height) = (picture.width as f32, picture.height as f32);
            let back = line.turned((4 - turned) % 4, width, height);
            out.push(SeenLine {
                turn: (4 - turned) % 4,
                corners: back.corners().map(|(x, y)| (x * point, y * point)),
                ..seen
            });
        }
        shift(&mut out, turned, shown, point);
        Ok(out)
    }

    fn find(&self, picture: &Picture) -> Result<Vec<Slanted>, LookError> {
        let input = detect::Input::of(picture);
        let (width, height) = (input.width, input.height);
        let marks = self
            .finder
            .run(input.planes, (height, width), &self.threads)?;
        Ok(detect::lines(&marks, width, height, picture))
    }

    /// The longest lines vote; if they find the page upside down, some are read both ways to make sure.
    fn is_upside_down(&self, picture: &Picture, lines: &[Slanted]) -> Result<bool, LookError> {
        let mut longest: Vec<&Slanted> = lines.iter().filter(|l| !is_tall(l)).collect();
        longest.sort_by(|a, b| b.width.total_cmp(&a.width));
        longest.truncate(VOTERS);
        let mut turned = 0;
        for line in &longest {
            let strip = cut(picture, line, HEIGHT, TURNED_WIDTH);
            let planes = planes(&strip, TURNED_WIDTH);
            let said = self
                .turner
                .run(planes, (HEIGHT, TURNED_WIDTH), &self.threads)?;
            turned += usize::from(matches!(said.as_slice(), [up, down] if down > up));
        }
        if turned * 2 <= longest.len() {
            return Ok(false);
        }
        let head = picture.turned(2);
        let (width, height) = (picture.width as f32, picture.height as f32);
        let (mut as_is, mut other) = (0.0, 0.0);
        for line in longest.iter().take(WITNESSES) {
            as_is += self.read(picture, line)?.confidence;
            other += self.read(&head, &line.turned(2, width, height))?.confidence;
        }
        Ok(other > as_is)
    }

    fn read(&self, picture: &Picture, line: &Slanted) -> Result<Read, LookError> {
        if !is_tall(line) || line.width * 2.0 > line.height {
            return self.read_strip(&cut(picture, line, HEIGHT, WIDTHS.1));
        }
        // On end beside upright text: it runs up or down.
        let strip = cut_on_end(picture, line);
        let up = self.read_strip(&strip)?;
        let down = self.read_strip(&strip.turned(2))?;
        Ok(if down.confidence > up.confidence {
            down
        } else {
            up
        })
    }

    fn read_strip(&self, strip: &Picture) -> Result<Read, LookError> {
        let width = strip.width.max(WIDTHS.0).next_multiple_of(8);
        let guesses = self
            .reader
            .run(planes(strip, width), (HEIGHT, width), &self.threads)?;
        if guesses.len() % self.alphabet.len() != 0 {
            return Err(LookError::Failed(
                "the letters belong to another reader".into(),
            ));
        }
        let mut read = self.alphabet.read(&guesses);
        // The places count the padding too.
        for letter in &mut read.letters {
            letter.at = (letter.at * width as f32 / strip.width as f32).min(1.0);
        }
        Ok(read)
    }
}

fn in_time(until: Instant) -> Result<(), LookError> {
    if Instant::now() > until {
        Err(LookError::TooSlow)
    } else {
        Ok(())
    }
}

/// A line of this height, level, as wide as it comes to but at most `widest`.
fn cut(picture: &Picture, line: &Slanted, height: usize, widest: usize) -> Picture {
    let (sin, cos) = line.angle.sin_cos();
    let across = line.width / line.height.max(1.0) * height as f32;
    let width = (across.round() as usize).clamp(8, widest);
    let step = (line.width / width as f32, line.height / height as f32);
    let [origin, ..] = line.corners();
    picture.sample(
        (width, height),
        origin,
        (step.0 * cos, step.0 * sin),
        (-step.1 * sin, step.1 * cos),
    )
}

/// A line that runs upwards, turned level.
fn cut_on_end(picture: &Picture, line: &Slanted) -> Picture {
    let (sin, cos) = line.angle.sin_cos();
    let across = line.height / line.width.max(1.0) * HEIGHT as f32;
    let width = (across.round() as usize).clamp(8, WIDTHS.1);
    let step = (line.height / width as f32, line.width / HEIGHT as f32);
    let [_, _, _, origin] = line.corners();
    picture.sample(
        (width, HEIGHT),
        origin,
        (step.0 * sin, -step.0 * cos),
        (step.1 * cos, step.1 * sin),
    )
}

/// Blue, green and red plane from -1 to 1, padded with 0 on the right.
fn planes(strip: &Picture, width: usize) -> Vec<f32> {
    let mut out = vec![0.0; 3 * HEIGHT * width];
    for (channel, plane) in out.chunks_exact_mut(HEIGHT * width).enumerate() {
        for (y, row) in plane.chunks_exact_mut(width).enumerate() {
            for (x, to) in row.iter_mut().take(strip.width).enumerate() {
                let [red, green, blue] = strip.at(x, y);
                let value = match channel {
                    0 => blue,
                    1 => green,
                    _ => red,
                };
                *to = f32::from(value) / 127.5 - 1.0;
            }
        }
    }
    out
}

/// Gives the words their places on the straightened page.
fn place(read: &Read, line: &Slanted, height: f32, slant: Slant, point: f32) -> SeenLine {
    let size = height * SIZE_OF_HEIGHT * point;
    let left = line.x - line.width / 2.0;
    let x = |letter: &Letter| (left + letter.at * line.width) * point;
    let mut words: Vec<SeenWord> = Vec::new();
    let mut fresh = true;
    for letter in &read.letters {
        if letter.text.trim().is_empty() {
            fresh = true;
            continue;
        }
        let at = x(letter);
        let (from, to) = (at - size * HALF_LETTER, at + size * HALF_LETTER);
        match words.last_mut() {
            Some(word) if !fresh && from - word.x1 < size * CELL_GAP => {
                word.text.push_str(&letter.text);
                word.x1 = word.x1.max(to);
            }
            _ => words.push(SeenWord {
                text: letter.text.clone(),
                x0: from,
                x1: to,
            }),
        }
        fresh = false;
    }
    let y = (slant.straight(line.x, line.y) + height * BASELINE) * point;
    SeenLine {
        words,
        y,
        size,
        turn: 0,
        confidence: read.confidence,
        corners: [(0.0, 0.0); 4],
    }
}

/// Coordinates of turned text are those of the page turned about its corner, as for letters in a PDF.
fn shift(lines: &mut [SeenLine], turned: u8, shown: &Picture, point: f32) {
    let (width, height) = (shown.width as f32 * point, shown.height as f32 * point);
    let (dx, dy) = match turned % 4 {
        0 => return,
        1 => (height, 0.0),
        2 => (width, height),
        _ => (0.0, width),
    };
    for line in lines {
        line.y -= dy;
        for word in &mut line.words {
            word.x0 -= dx;
            word.x1 -= dx;
        }
    }
}

//! Our mark as PNG pictures of any size, drawn from the shapes of `assets/logo.svg`.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

type Colour = [u8; 3];

const GREEN: Colour = [0x0f, 0x6b, 0x57];
const YELLOW: Colour = [0xf6, 0xc4, 0x53];
const WHITE: Colour = [0xff, 0xff, 0xff];
const PALE: Colour = [0xe8, 0xea, 0xeb];
const BLUE: Colour = [0x4c, 0x8b, 0xf7];

/// Points of a pixel that are looked at, in each direction.
const SAMPLES: u32 = 4;
/// Units of the mark's own drawing.
const MARK: f32 = 48.0;
/// How much of a picture's shorter side the mark fills.
const SHARE: f32 = 0.88;

enum Outline {
    /// A rectangle with round corners.
    Plate {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        radius: f32,
    },
    /// All points within `radius` of a line; a disc if the line is a point.
    Line {
        from: (f32, f32),
        to: (f32, f32),
        radius: f32,
    },
    /// The upper half of a disc.
    Dome { centre: (f32, f32), radius: f32 },
}

struct Shape {
    outline: Outline,
    colour: Colour,
}

impl Outline {
    fn holds(&self, x: f32, y: f32) -> bool {
        match *self {
            Self::Plate {
                x: left,
                y: top,
                width,
                height,
                radius,
            } => {
                let (dx, dy) = (
                    (x - left - width / 2.0).abs() - (width / 2.0 - radius),
                    (y - top - height / 2.0).abs() - (height / 2.0 - radius),
                );
                dx.max(0.0).hypot(dy.max(0.0)) <= radius && dx <= radius && dy <= radius
            }
            Self::Line { from, to, radius } => {
                let (along_x, along_y) = (to.0 - from.0, to.1 - from.1);
                let length = along_x * along_x + along_y * along_y;
                let at = match length > 0.0 {
                    true => ((x - from.0) * along_x + (y - from.1) * along_y) / length,
                    false => 0.0,
                };
                let at = at.clamp(0.0, 1.0);
                (x - from.0 - at * along_x).hypot(y - from.1 - at * along_y) <= radius
            }
            Self::Dome { centre, radius } => {
                y <= centre.1 && (x - centre.0).hypot(y - centre.1) <= radius
            }
        }
    }

    /// Moved and scaled.
    fn placed(self, x0: f32, y0: f32, scale: f32) -> Self {
        let point = |(x, y): (f32, f32)| (x0 + x * scale, y0 + y * scale);
        match self {
            Self::Plate {
                x,
                y,
                width,
                height,
                radius,
            } => Self::Plate {
                x: x0 + x * scale,
                y: y0 + y * scale,
                width: width * scale,
                height: height * scale,
                radius: radius * scale,
            },
            Self::Line { from, to, radius } => Self::Line {
                from: point(from),
                to: point(to),
                radius: radius * scale,
            },
            Self::Dome { centre, radius } => Self::Dome {
                centre: point(centre),
                radius: radius * scale,
            },
        }
    }
}

fn plate(x: f32, y: f32, width: f32, height: f32, radius: f32, colour: Colour) -> Shape {
    Shape {
        outline: Outline::Plate {
            x,
            y,
            width,
            height,
            radius,
        },
        colour,
    }
}

fn line(from: (f32, f32), to: (f32, f32), radius: f32, colour: Colour) -> Shape {
    Shape {
        outline: Outline::Line { from, to, radius },
        colour,
    }
}

/// The mark, a bell on a counter, from back to front.
fn mark() -> Vec<Shape> {
    let gleam = [(16.6, 27.6), (17.62, 25.45), (19.19, 23.67), (21.2, 22.4)];
    let mut shapes = vec![
        plate(0.0, 0.0, MARK, MARK, 12.0, GREEN),
        line((24.0, 11.5), (24.0, 15.5), 1.5, WHITE),
        line((24.0, 11.0), (24.0, 11.0), 2.6, YELLOW),
        Shape {
            outline: Outline::Dome {
                centre: (24.0, 31.5),
                radius: 13.5,
            },
            colour: WHITE,
        },
    ];
    for pair in gleam.windows(2) {
        if let [from, to] = *pair {
            shapes.push(line(from, to, 1.0, GREEN));
        }
    }
    shapes.push(plate(8.0, 33.5, 32.0, 4.0, 2.0, YELLOW));
    shapes
}

fn placed(shapes: Vec<Shape>, x: f32, y: f32, scale: f32) -> Vec<Shape> {
    shapes
        .into_iter()
        .map(|shape| Shape {
            outline: shape.outline.placed(x, y, scale),
            colour: shape.colour,
        })
        .collect()
}

/// The mark in the middle of an empty picture.
pub(super) fn logo(width: u32, height: u32) -> std::io::Result<Vec<u8>> {
    let (across, down) = (to_f32(width), to_f32(height));
    let side = across.min(down) * SHARE;
    let (x, y) = ((across - side) / 2.0, (down - side) / 2.0);
    png(width, height, &placed(mark(), x, y, side / MARK))
}

/// A panel in a card, as a sketch.
pub(super) fn tour(width: u32, height: u32) -> std::io::Result<Vec<u8>> {
    let unit = to_f32(width) / 100.0;
    let mut shapes = vec![
        plate(0.0, 0.0, 100.0, 68.0, 0.0, PALE),
        plate(52.0, 6.0, 42.0, 56.0, 2.0, WHITE),
        plate(6.0, 6.0, 40.0, 16.0, 2.0, WHITE),
        plate(6.0, 26.0, 40.0, 36.0, 2.0, WHITE),
        plate(56.0, 24.0, 34.0, 3.0, 1.5, PALE),
        plate(56.0, 24.0, 27.0, 3.0, 1.5, BLUE),
        plate(56.0, 52.0, 20.0, 6.0, 1.0, BLUE),
    ];
    for row in [32.0, 37.0, 42.0] {
        shapes.push(plate(56.0, row, 34.0 - (row - 32.0), 2.0, 1.0, PALE));
    }
    for row in [30.0, 36.0, 42.0, 48.0] {
        shapes.push(plate(10.0, row, 30.0 - (row - 30.0) / 2.0, 2.0, 1.0, PALE));
    }
    let mut shapes = placed(shapes, 0.0, 0.0, unit);
    shapes.extend(placed(mark(), 56.0 * unit, 9.0 * unit, 12.0 * unit / MARK));
    png(width, height, &shapes)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "pictures are some hundred pixels wide"
)]
fn to_f32(value: u32) -> f32 {
    value as f32
}

/// Draws the shapes, later ones above earlier ones, and writes 8-bit RGBA (PNG specification, third edition, sections 5 and 11).
fn png(width: u32, height: u32, shapes: &[Shape]) -> std::io::Result<Vec<u8>> {
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::best());
    for y in 0..height {
        // Filter "none".
        let mut row = vec![0_u8];
        for x in 0..width {
            row.extend(pixel(x, y, shapes));
        }
        rows.write_all(&row)?;
    }
    let mut out = vec![0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // 8 bits, RGBA, deflate, adaptive filters, not interlaced.
    header.extend([8, 6, 0, 0, 0]);
    chunk(&mut out, *b"IHDR", &header);
    chunk(&mut out, *b"IDAT", &rows.finish()?);
    chunk(&mut out, *b"IEND", &[]);
    Ok(out)
}

fn pixel(x: u32, y: u32, shapes: &[Shape]) -> [u8; 4] {
    let mut sums = [0_u32; 3];
    let mut covered = 0_u32;
    for down in 0..SAMPLES {
        for across in 0..SAMPLES {
            let at = |whole: u32, part: u32| to_f32(whole) + (to_f32(part) + 0.5) / to_f32(SAMPLES);
            let (px, py) = (at(x, across), at(y, down));
            let top = shapes.iter().rev().find(|s| s.outline.holds(px, py));
            if let Some(shape) = top {
                covered += 1;
                for (sum, part) in sums.iter_mut().zip(shape.colour) {
                    *sum += u32::from(part);
                }
            }
        }
    }
    if covered == 0 {
        return [0; 4];
    }
    let mean = |sum: u32| u8::try_from(sum / covered).unwrap_or(u8::MAX);
    let [red, green, blue] = sums;
    let alpha = u8::try_from(covered * 255 / (SAMPLES * SAMPLES)).unwrap_or(u8::MAX);
    [mean(red), mean(green), mean(blue), alpha]
}

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    out.extend(length.to_be_bytes());
    let mut sum = Crc::new();
    sum.update(&kind);
    sum.update(data);
    out.extend(kind);
    out.extend(data);
    out.extend(sum.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::ZlibDecoder;

    use super::*;

    /// The pixels of one of our own pictures, four bytes each.
    fn pixels(png: &[u8], width: usize, height: usize) -> Vec<u8> {
        assert_eq!(&png[16..20], u32::try_from(width).unwrap().to_be_bytes());
        assert_eq!(&png[20..24], u32::try_from(height).unwrap().to_be_bytes());
        // Signature, header chunk, then one chunk of data.
        let length = u32::from_be_bytes(png[33..37].try_into().unwrap());
        assert_eq!(&png[37..41], b"IDAT");
        let packed = &png[41..41 + usize::try_from(length).unwrap()];
        let mut rows = Vec::new();
        ZlibDecoder::new(packed).read_to_end(&mut rows).unwrap();
        assert_eq!(rows.len(), height * (width * 4 + 1));
        let rows = rows.chunks(width * 4 + 1);
        rows.flat_map(|row| row[1..].to_vec()).collect()
    }

    #[test]
    fn the_mark_has_its_size_and_colours() {
        let pixels = pixels(&logo(84, 84).unwrap(), 84, 84);
        let at = |x: usize, y: usize| &pixels[(y * 84 + x) * 4..][..4];
        assert_eq!(at(0, 0), [0, 0, 0, 0]);
        // Beside the bell, on the bell, on the counter.
        assert_eq!(at(12, 42), [0x0f, 0x6b, 0x57, 255]);
        assert_eq!(at(42, 50), [255, 255, 255, 255]);
        assert_eq!(at(42, 60), [0xf6, 0xc4, 0x53, 255]);
    }

    #[test]
    fn the_same_picture_is_the_same_bytes() {
        assert_eq!(tour(400, 272).unwrap(), tour(400, 272).unwrap());
    }
}

//! Audio formats of clients: 16-bit samples at 24 kHz, and the two telephone codecs.
//!
//! The codecs follow ITU-T G.711 (11/1988), tables 1 and 2, in the usual form with 16-bit linear samples.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Signed 16-bit samples, little-endian, 24 kHz.
    Pcm,
    /// G.711 µ-law, 8 kHz.
    Mulaw,
    /// G.711 A-law, 8 kHz.
    Alaw,
}

impl Format {
    /// Sample rate, in Hz.
    pub fn rate(self) -> u32 {
        match self {
            Self::Pcm => 24_000,
            Self::Mulaw | Self::Alaw => 8000,
        }
    }

    /// Decodes bytes; `odd` keeps half a sample until the next piece.
    pub(super) fn decode(self, bytes: &[u8], odd: &mut Option<u8>) -> Vec<i16> {
        match self {
            Self::Pcm => {
                let mut samples = Vec::with_capacity(bytes.len() / 2 + 1);
                for &byte in bytes {
                    match odd.take() {
                        Some(low) => samples.push(i16::from_le_bytes([low, byte])),
                        None => *odd = Some(byte),
                    }
                }
                samples
            }
            Self::Mulaw => bytes.iter().map(|&byte| from_mulaw(byte)).collect(),
            Self::Alaw => bytes.iter().map(|&byte| from_alaw(byte)).collect(),
        }
    }

    pub(super) fn encode(self, samples: &[i16]) -> Vec<u8> {
        match self {
            Self::Pcm => samples.iter().flat_map(|s| s.to_le_bytes()).collect(),
            Self::Mulaw => samples.iter().map(|&sample| to_mulaw(sample)).collect(),
            Self::Alaw => samples.iter().map(|&sample| to_alaw(sample)).collect(),
        }
    }
}

/// Added before µ-law's logarithm, so that each segment begins at a power of two.
const BIAS: i32 = 0x84;

fn from_mulaw(byte: u8) -> i16 {
    let code = i32::from(!byte);
    let magnitude = ((((code & 0x0f) << 3) + BIAS) << ((code & 0x70) >> 4)) - BIAS;
    narrow(if code & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    })
}

fn to_mulaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 {
        (0x80, -i32::from(sample))
    } else {
        (0, i32::from(sample))
    };
    let biased = magnitude.min(32_635) + BIAS;
    let segment = 24 - i32::try_from(biased.leading_zeros()).unwrap_or(24);
    low_byte(!(sign | (segment << 4) | ((biased >> (segment + 3)) & 0x0f)))
}

fn from_alaw(byte: u8) -> i16 {
    let code = i32::from(byte ^ 0x55);
    let (step, segment) = ((code & 0x0f) << 4, (code & 0x70) >> 4);
    let magnitude = match segment {
        0 => step + 8,
        _ => (step + 0x108) << (segment - 1),
    };
    narrow(if code & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    })
}

fn to_alaw(sample: i16) -> u8 {
    let (mask, magnitude) = if sample < 0 {
        (0x55, -1 - i32::from(sample))
    } else {
        (0xd5, i32::from(sample))
    };
    let code = if magnitude < 256 {
        magnitude >> 4
    } else {
        let segment = 24 - i32::try_from(magnitude.leading_zeros()).unwrap_or(24);
        (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)
    };
    low_byte(code ^ mask)
}

fn narrow(value: i32) -> i16 {
    i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX })
}

#[expect(clippy::cast_sign_loss, reason = "the low byte is meant")]
fn low_byte(value: i32) -> u8 {
    (value & 0xff) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_standard() {
        // Values of G.711's tables, scaled to 16 bits.
        for (code, value) in [
            (0xff, 0),
            (0x80, 32_124),
            (0x00, -32_124),
            (0xf0, 120),
            (0xef, 132),
        ] {
            assert_eq!(from_mulaw(code), value, "{code:x}");
        }
        for (code, value) in [(0xd5, 8), (0x55, -8), (0xaa, 32_256), (0x2a, -32_256)] {
            assert_eq!(from_alaw(code), value, "{code:x}");
        }
    }

    #[test]
    fn every_code_survives_a_round_trip() {
        for code in 0..=255 {
            // µ-law has two zeros.
            if code != 0x7f {
                assert_eq!(to_mulaw(from_mulaw(code)), code);
            }
            assert_eq!(to_alaw(from_alaw(code)), code);
        }
    }

    #[test]
    fn the_laws_are_true_to_some_percent() {
        for sample in (i16::MIN..=i16::MAX).step_by(37) {
            for law in [Format::Mulaw, Format::Alaw] {
                let back = law.decode(&law.encode(&[sample]), &mut None)[0];
                let off = (i32::from(back) - i32::from(sample)).abs();
                assert!(
                    off <= (i32::from(sample).abs() / 16).max(16) + 130,
                    "{sample} {back}"
                );
            }
        }
    }

    #[test]
    fn half_a_sample_waits_for_its_other_half() {
        let mut odd = None;
        assert_eq!(Format::Pcm.decode(&[1, 0, 2], &mut odd), [1]);
        assert_eq!(Format::Pcm.decode(&[0, 3, 0], &mut odd), [2, 3]);
        assert_eq!(odd, None);
    }
}

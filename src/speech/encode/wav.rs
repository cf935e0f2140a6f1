//! WAV (RIFF, one `fmt ` and one `data` chunk), and the same samples without a header.

use super::{Codec, EncodeError, RATE};

/// Bytes of the header after the RIFF chunk's own length field.
const BEHIND_RIFF_LENGTH: u64 = 36;

pub(super) struct Wav {
    /// The header, until it is written.
    header: Option<[u8; 44]>,
}

impl Wav {
    pub(super) fn new(samples: Option<u64>) -> Self {
        // Players take the greatest length as "until it ends"; `header` also uses it for lengths that
        // do not fit.
        let data = samples.map_or(u64::from(u32::MAX), |n| n * 2);
        Self {
            header: Some(header(data)),
        }
    }

    pub(super) fn headless() -> Self {
        Self { header: None }
    }
}

impl Codec for Wav {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if let Some(header) = self.header.take() {
            out.extend_from_slice(&header);
        }
        out.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.push(&[], out)
    }
}

/// 44 bytes: one channel, 16 bits, [`RATE`].
fn header(data: u64) -> [u8; 44] {
    let field = |length: u64| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = [0; 44];
    bytes[0..4].copy_from_slice(b"RIFF");
    bytes[4..8].copy_from_slice(&field(data + BEHIND_RIFF_LENGTH));
    bytes[8..16].copy_from_slice(b"WAVEfmt ");
    bytes[16..20].copy_from_slice(&16_u32.to_le_bytes());
    bytes[20..22].copy_from_slice(&1_u16.to_le_bytes());
    bytes[22..24].copy_from_slice(&1_u16.to_le_bytes());
    bytes[24..28].copy_from_slice(&RATE.to_le_bytes());
    bytes[28..32].copy_from_slice(&(RATE * 2).to_le_bytes());
    bytes[32..34].copy_from_slice(&2_u16.to_le_bytes());
    bytes[34..36].copy_from_slice(&16_u16.to_le_bytes());
    bytes[36..40].copy_from_slice(b"data");
    bytes[40..44].copy_from_slice(&field(data));
    bytes
}

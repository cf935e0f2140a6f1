//! Decodes a recording, for its waveform and for players that cannot read Ogg.

use std::error::Error;
use std::io::Cursor;

use ogg::PacketReader;
use opusic_c::{Channels, Decoder, SampleRate};

use super::RATE;
use super::opus::RecordingError;
use crate::reason::Reason;

/// The longest Opus packet: 120 ms, in samples per channel at [`RATE`].
const LONGEST: usize = RATE as usize * 120 / 1000;

/// Reads a recording from its beginning, packet by packet.
pub struct Sound {
    packets: PacketReader<Cursor<Vec<u8>>>,
    decoder: Decoder,
    /// Samples per channel that are still to be skipped.
    skip: usize,
}

fn to_error(cause: impl Into<Box<dyn Error + Send + Sync>>) -> RecordingError {
    RecordingError::Codec {
        what: "read",
        reason: Reason::of(cause),
    }
}

impl Sound {
    /// Opens a recording from its concatenated pieces.
    ///
    /// # Errors
    /// When the bytes are not a recording of this program.
    pub fn open(bytes: Vec<u8>) -> Result<Self, RecordingError> {
        let mut packets = PacketReader::new(Cursor::new(bytes));
        let head = packets.read_packet_expected().map_err(to_error)?.data;
        let skip = match (head.get(..8), head.get(9), head.get(10..12)) {
            (Some(b"OpusHead"), Some(2), Some(&[low, high])) => u16::from_le_bytes([low, high]),
            _ => return Err(to_error("it is not an Ogg Opus file with two channels")),
        };
        packets.read_packet_expected().map_err(to_error)?;
        let decoder = Decoder::new(Channels::Stereo, SampleRate::Hz16000)
            .map_err(|code| to_error(code.message()))?;
        Ok(Self {
            packets,
            decoder,
            // The header counts at 48 kHz, three times our rate.
            skip: usize::from(skip) / 3,
        })
    }

    /// The next interleaved samples; `None` at the end.
    ///
    /// # Errors
    /// When the recording is damaged.
    pub fn next_samples(&mut self) -> Result<Option<Vec<i16>>, RecordingError> {
        let Some(packet) = self.packets.read_packet().map_err(to_error)? else {
            return Ok(None);
        };
        let mut samples = vec![0; LONGEST * 2];
        let count = self
            .decoder
            .decode_to_slice(&packet.data, &mut samples, false)
            .map_err(|code| to_error(code.message()))?;
        samples.truncate(count * 2);
        let drop = (self.skip * 2).min(samples.len());
        self.skip -= drop / 2;
        let kept = samples.drain(drop..).map(u16::cast_signed).collect();
        Ok(Some(kept))
    }
}

/// The waveform of a recording: the loudest sample in each of equal intervals, 0 to 100.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peaks {
    pub caller: Vec<u8>,
    pub agent: Vec<u8>,
    /// Length of the recording.
    pub duration_ms: u64,
}

/// The waveform of a recording in at most `points` intervals.
///
/// # Errors
/// As [`Sound::open`].
pub fn peaks(bytes: Vec<u8>, points: usize) -> Result<Peaks, RecordingError> {
    // Count in intervals of 10 ms first, as the length is unknown; merge them into `points` afterwards.
    const GRAIN: usize = RATE as usize / 100;
    let mut sound = Sound::open(bytes)?;
    let mut sides: [Vec<u16>; 2] = Default::default();
    let mut count = 0_usize;
    while let Some(samples) = sound.next_samples()? {
        for pair in samples.as_chunks::<2>().0 {
            let grain = count / GRAIN;
            for (side, sample) in sides.iter_mut().zip(pair) {
                match side.get_mut(grain) {
                    Some(peak) => *peak = (*peak).max(sample.unsigned_abs()),
                    None => side.push(sample.unsigned_abs()),
                }
            }
            count += 1;
        }
    }
    let shrink = |side: &[u16]| -> Vec<u8> {
        let points = points.clamp(1, side.len().max(1));
        (0..points.min(side.len()))
            .map(|n| {
                let (from, to) = (n * side.len() / points, (n + 1) * side.len() / points);
                let peak = side.get(from..to).into_iter().flatten().max();
                let peak = u32::from(peak.copied().unwrap_or(0).min(32_767));
                u8::try_from(peak * 100 / 32_767).unwrap_or(100)
            })
            .collect()
    };
    Ok(Peaks {
        caller: shrink(&sides[0]),
        agent: shrink(&sides[1]),
        duration_ms: count as u64 * 1000 / u64::from(RATE),
    })
}

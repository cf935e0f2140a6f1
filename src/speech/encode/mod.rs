//! Encodes speech as a file or a stream: WAV, PCM, FLAC, Opus in Ogg, MP3.
//!
//! An [`Encoder`] takes clauses as they are spoken and returns what can already be sent. Everything is
//! one channel at [`RATE`], which is what OpenAI's clients expect of speech.

mod flac;
mod mp3;
mod opus;
mod wav;

use std::error::Error;

use super::error::AudioError;
use super::resample::Mono;
use crate::reason::Reason;

/// Samples per second of everything that is encoded.
pub const RATE: u32 = 24_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// MPEG-2 Layer III, 64 kbit/s.
    Mp3,
    /// Opus in Ogg, 32 kbit/s.
    Opus,
    /// Lossless, about half of WAV.
    Flac,
    /// Signed 16-bit samples with a header.
    Wav,
    /// Signed 16-bit samples, little-endian, without a header.
    Pcm,
}

impl Format {
    pub const ALL: [Self; 5] = [Self::Mp3, Self::Opus, Self::Flac, Self::Wav, Self::Pcm];

    /// Finds a format by its name, which is also the extension of its files, in any case.
    pub fn find(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "ogg" => Some(Self::Opus),
            "raw" => Some(Self::Pcm),
            _ => Self::ALL.into_iter().find(|format| format.name() == name),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Opus => "opus",
            Self::Flac => "flac",
            Self::Wav => "wav",
            Self::Pcm => "pcm",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            Self::Opus => "audio/ogg; codecs=opus",
            Self::Flac => "audio/flac",
            Self::Wav => "audio/wav",
            Self::Pcm => "audio/pcm; rate=24000; channels=1",
        }
    }
}

/// Why sound could not be encoded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The codec failed; not the caller's fault.
    #[error("the sound could not be written as {format} ({reason}): ask for wav instead")]
    Codec {
        format: &'static str,
        #[source]
        reason: Reason,
    },
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] AudioError),
}

impl EncodeError {
    fn codec(format: Format, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Codec {
            format: format.name(),
            reason: Reason::of(cause),
        }
    }
}

/// Takes samples at [`RATE`] and appends bytes to `out`.
trait Codec: Send {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError>;
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}

pub struct Encoder {
    /// `None` once finished.
    mono: Option<Mono>,
    codec: Box<dyn Codec>,
}

impl Encoder {
    /// An encoder for sound of unknown length. The header of a WAV then states the greatest possible
    /// length, which players take as "until it ends".
    pub fn streaming(format: Format) -> Result<Self, EncodeError> {
        Self::new(format, None)
    }

    fn new(format: Format, samples: Option<u64>) -> Result<Self, EncodeError> {
        let codec: Box<dyn Codec> = match format {
            Format::Wav => Box::new(wav::Wav::new(samples)),
            Format::Pcm => Box::new(wav::Wav::headless()),
            Format::Flac => Box::new(flac::Flac::new(samples)?),
            Format::Opus => Box::new(opus::Opus::new()?),
            Format::Mp3 => Box::new(mp3::Mp3::new()),
        };
        Ok(Self {
            mono: Some(Mono::at(RATE)),
            codec,
        })
    }

    /// Takes signed 16-bit samples, little-endian, one channel, `rate` per second; returns the bytes
    /// that are ready.
    pub fn push(&mut self, pcm: &[u8], rate: u32) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        if let Some(mono) = &mut self.mono {
            mono.push(&floats(pcm), 1, rate)?;
            let samples = integers(&mono.take());
            self.codec.push(&samples, &mut out)?;
        }
        Ok(out)
    }

    pub fn finish(&mut self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        if let Some(mono) = self.mono.take() {
            let samples = integers(&mono.finish()?);
            self.codec.push(&samples, &mut out)?;
            self.codec.finish(&mut out)?;
        }
        Ok(out)
    }
}

/// Encodes a whole file at once; its header states the length.
pub fn whole(format: Format, pcm: &[u8], rate: u32) -> Result<Vec<u8>, EncodeError> {
    let mut mono = Mono::at(RATE);
    mono.push(&floats(pcm), 1, rate)?;
    let samples = integers(&mono.finish()?);
    let mut encoder = Encoder::new(format, Some(samples.len() as u64))?;
    encoder.mono = None;
    let mut out = Vec::new();
    encoder.codec.push(&samples, &mut out)?;
    encoder.codec.finish(&mut out)?;
    Ok(out)
}

/// Converts signed 16-bit little-endian bytes to samples from -1 to 1.
pub fn floats(pcm: &[u8]) -> Vec<f32> {
    pcm.chunks_exact(2)
        .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0)
        .collect()
}

/// Converts samples from -1 to 1 to 16-bit samples.
pub fn integers(samples: &[f32]) -> Vec<i16> {
    samples
        .iter()
        .map(|sample| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16)
        .collect()
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;

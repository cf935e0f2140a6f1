//! Speech → bytes of a file or a stream: WAV, PCM, FLAC, Opus in Ogg, MP3.
//!
//! An [`Encoder`] takes clauses as they are spoken and gives what can be sent at once. Everything is one
//! channel at [`RATE`], which is what OpenAI's clients expect of speech.

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

/// A kind of audio file.
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
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Mp3, Self::Opus, Self::Flac, Self::Wav, Self::Pcm];

    /// The format of this name, which is also the ending of its files.
    pub fn find(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "ogg" => Some(Self::Opus),
            "raw" => Some(Self::Pcm),
            _ => Self::ALL.into_iter().find(|format| format.name() == name),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Opus => "opus",
            Self::Flac => "flac",
            Self::Wav => "wav",
            Self::Pcm => "pcm",
        }
    }

    /// Its media type.
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
    /// A codec refused; not the caller's fault.
    #[error("the sound could not be written as {format} ({reason}): ask for wav instead")]
    Codec {
        /// Name of the format.
        format: &'static str,
        /// What the codec said.
        #[source]
        reason: Reason,
    },
    /// The voice's rate is none.
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

/// One kind of file: samples at [`RATE`] in, bytes out.
trait Codec: Send {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError>;
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}

/// Encodes one stretch of speech.
pub struct Encoder {
    mono: Option<Mono>,
    codec: Box<dyn Codec>,
}

impl Encoder {
    /// An encoder for sound whose length is not known yet. The header of a WAV then gives the greatest
    /// length there is, which players take as "until it ends".
    ///
    /// # Errors
    /// When the codec cannot be set up.
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

    /// Takes signed 16-bit samples, little-endian, one channel, `rate` per second; gives the bytes that
    /// are ready.
    ///
    /// # Errors
    /// When the codec fails.
    pub fn push(&mut self, pcm: &[u8], rate: u32) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        if let Some(mono) = &mut self.mono {
            mono.push(&floats(pcm), 1, rate)?;
            let samples = integers(&mono.take());
            self.codec.push(&samples, &mut out)?;
        }
        Ok(out)
    }

    /// The last bytes.
    ///
    /// # Errors
    /// When the codec fails.
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

/// A whole file of sound that is there already; its header tells the length.
///
/// # Errors
/// When the codec fails.
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

/// Samples of bytes, -1 to 1.
pub fn floats(pcm: &[u8]) -> Vec<f32> {
    pcm.chunks_exact(2)
        .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0)
        .collect()
}

/// Samples of 16 bits from samples of -1 to 1.
pub fn integers(samples: &[f32]) -> Vec<i16> {
    samples
        .iter()
        .map(|sample| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16)
        .collect()
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;

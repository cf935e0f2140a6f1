//! Decodes any common recording to mono samples at 16 kHz. Packets are decoded, mixed down and
//! resampled one at a time, so an hour needs little more memory than the 230 MB of its result.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AC3, CODEC_ID_AC4, CODEC_ID_ATRAC3, CODEC_ID_DCA, CODEC_ID_EAC3, CODEC_ID_SPEEX,
    CODEC_ID_WAVPACK, CODEC_ID_WMA,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error as MediaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;
use symphonia_adapter_libopus::OpusDecoder;

use super::error::AudioError;
use super::resample::Mono;
use super::sniff;
use crate::reason::Reason;

/// Samples per second that the speech model expects.
pub const SAMPLE_RATE: u32 = 16_000;

/// After this many broken packets in a row, the rest of the file is skipped.
const MAX_BROKEN_RUN: u32 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioLimits {
    pub max_seconds: u64,
    pub max_bytes: u64,
}

impl Default for AudioLimits {
    /// Four hours, 512 MiB.
    fn default() -> Self {
        Self {
            max_seconds: 4 * 3600,
            max_bytes: 512 << 20,
        }
    }
}

/// A decoded recording: one channel, 16 kHz, samples from -1 to 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pcm {
    pub samples: Vec<f32>,
    /// Packets that could not be decoded; silence of the same length replaces them.
    pub skipped_packets: u32,
    /// In Hz.
    pub source_rate: u32,
    pub source_channels: u16,
}

impl Pcm {
    pub fn duration_ms(&self) -> u64 {
        self.samples.len() as u64 * 1000 / u64::from(SAMPLE_RATE)
    }
}

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut registry = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut registry);
    registry.register_audio_decoder::<OpusDecoder>();
    registry
});

/// Decodes a whole recording. `name` is a file name or extension and only a hint: the bytes decide.
///
/// # Errors
/// [`AudioError`] says what the file is or what is wrong with it. A few broken packets are not an
/// error; [`Pcm::skipped_packets`] counts them.
pub fn decode(
    bytes: &[u8],
    name: Option<&str>,
    limits: &AudioLimits,
    cancel: &AtomicBool,
) -> Result<Pcm, AudioError> {
    if bytes.is_empty() {
        return Err(AudioError::Empty);
    }
    if bytes.len() as u64 > limits.max_bytes {
        return Err(AudioError::TooLarge {
            bytes: bytes.len() as u64,
            max: limits.max_bytes,
        });
    }
    sniff::refuse_other_kinds(bytes)?;
    // The bytes may be hostile: an overflow in a demuxer must become an error, not a crash.
    catch_unwind(AssertUnwindSafe(|| {
        decode_stream(bytes, name, limits, cancel)
    }))
    .unwrap_or_else(|_| Err(damaged("the decoder gave up on it".into())))
}

fn decode_stream(
    bytes: &[u8],
    name: Option<&str>,
    limits: &AudioLimits,
    cancel: &AtomicBool,
) -> Result<Pcm, AudioError> {
    let mut format = open(bytes, name)?;
    let mut track = SoundTrack::choose(format.as_ref())?;
    let mut out = Mono::at(SAMPLE_RATE);
    let max_samples = usize::try_from(limits.max_seconds)
        .unwrap_or(usize::MAX)
        .saturating_mul(SAMPLE_RATE as usize);
    let mut pcm = Pcm::default();
    let (mut decoded, mut broken_run, mut resets) = (0u64, 0u32, 0u32);
    let mut interleaved: Vec<f32> = Vec::new();

    loop {
        if cancel.load(Ordering::Relaxed) {
            return Err(AudioError::Cancelled);
        }
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            Err(MediaError::ResetRequired) if resets < 1000 => {
                // A chained stream starts over with its own tracks. The limit stops an endless chain.
                resets += 1;
                track = SoundTrack::choose(format.as_ref())?;
                continue;
            }
            Err(error) => {
                // A truncated file ends in an I/O error; we keep what came before it.
                let cut_off = matches!(error, MediaError::IoError(_) | MediaError::ResetRequired);
                broken_run += 1;
                if cut_off || broken_run > MAX_BROKEN_RUN {
                    tracing::debug!(%error, "the recording ends early");
                    break;
                }
                pcm.skipped_packets += 1;
                continue;
            }
        };
        if packet.track_id != track.id {
            continue;
        }
        match track.decoder.decode(&packet) {
            Ok(buffer) => {
                broken_run = 0;
                decoded += 1;
                let spec = buffer.spec();
                let (rate, channels) = (spec.rate(), spec.channels().count());
                buffer.copy_to_vec_interleaved(&mut interleaved);
                out.push(&interleaved, channels, rate)?;
                pcm.source_rate = rate;
                pcm.source_channels = u16::try_from(channels).unwrap_or(u16::MAX);
            }
            Err(MediaError::DecodeError(_) | MediaError::IoError(_)) => {
                pcm.skipped_packets += 1;
                broken_run += 1;
                out.push_silence(track.seconds(&packet))?;
                if broken_run > MAX_BROKEN_RUN && decoded == 0 {
                    break;
                }
            }
            Err(MediaError::ResetRequired) => track.decoder.reset(),
            Err(error) => return Err(describe(error)),
        }
        if out.len() > max_samples {
            let seconds = limits.max_seconds.saturating_add(1);
            return Err(AudioError::TooLong {
                seconds,
                max: limits.max_seconds,
            });
        }
    }
    if decoded == 0 {
        return Err(damaged("none of its packets could be decoded".into()));
    }
    // Below a fifth of its packets, a transcript would be mostly gaps.
    if u64::from(pcm.skipped_packets) > decoded * 4 {
        return Err(damaged("most of its packets could not be decoded".into()));
    }
    pcm.samples = out.finish()?;
    if pcm.samples.is_empty() {
        return Err(damaged("it contains no sound".into()));
    }
    Ok(pcm)
}

fn open<'a>(bytes: &'a [u8], name: Option<&str>) -> Result<Box<dyn FormatReader + 'a>, AudioError> {
    let mut hint = Hint::new();
    if let Some(name) = name {
        let extension = name.rsplit('.').next().unwrap_or(name);
        hint.with_extension(&extension.to_ascii_lowercase());
    }
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    symphonia::default::get_probe()
        .probe(
            &hint,
            stream,
            FormatOptions::default(),
            MetadataOptions::default(),
        )
        .map_err(|error| match sniff::container(bytes) {
            // The signature is right, so the damage comes after it.
            Some(_) => damaged(Reason::of(error)),
            None => AudioError::NotAudio {
                seems: sniff::describe(bytes),
            },
        })
}

/// The track to transcribe, and its decoder.
struct SoundTrack {
    id: u32,
    decoder: Box<dyn AudioDecoder>,
    time_base: Option<TimeBase>,
}

impl SoundTrack {
    /// Takes the default sound track, or else the first one whose codec is built in.
    fn choose(format: &dyn FormatReader) -> Result<Self, AudioError> {
        let mut unsupported = None;
        let default = format.default_track(TrackType::Audio).into_iter();
        for track in default.chain(format.tracks()) {
            let Some(params) = track
                .codec_params
                .as_ref()
                .and_then(|params| params.audio())
            else {
                continue;
            };
            match CODECS.make_audio_decoder(params, &AudioDecoderOptions::default()) {
                Ok(decoder) => {
                    return Ok(Self {
                        id: track.id,
                        decoder,
                        time_base: track.time_base,
                    });
                }
                Err(error) => {
                    let codec = match error {
                        MediaError::Unsupported(what) if !what.contains("codec") => what.to_owned(),
                        _ => codec_name(params.codec),
                    };
                    unsupported.get_or_insert(codec);
                }
            }
        }
        Err(match unsupported {
            Some(codec) => AudioError::Unsupported { codec },
            None => AudioError::NoSound,
        })
    }

    /// Length of a packet in seconds; 0 if the track has no time base.
    fn seconds(&self, packet: &Packet) -> f64 {
        self.time_base.map_or(0.0, |base| {
            let tick = f64::from(base.numer.get()) / f64::from(base.denom.get());
            packet.dur.get() as f64 * tick
        })
    }
}

/// Names the codecs that people are likely to meet although they are not built in.
fn codec_name(id: AudioCodecId) -> String {
    let name = match id {
        CODEC_ID_AC3 => "Dolby AC-3",
        CODEC_ID_EAC3 => "Dolby E-AC-3",
        CODEC_ID_AC4 => "Dolby AC-4",
        CODEC_ID_DCA => "DTS",
        CODEC_ID_WMA => "Windows Media Audio",
        CODEC_ID_SPEEX => "Speex",
        CODEC_ID_WAVPACK => "WavPack",
        CODEC_ID_ATRAC3 => "ATRAC",
        other => return format!("an unknown codec ({other})"),
    };
    format!("the codec {name}")
}

fn describe(error: MediaError) -> AudioError {
    match error {
        MediaError::Unsupported(what) => AudioError::Unsupported {
            codec: what.to_owned(),
        },
        MediaError::IoError(error) => damaged(Reason::told("it ends too early", error)),
        other => damaged(Reason::of(other)),
    }
}

fn damaged(reason: Reason) -> AudioError {
    AudioError::Damaged { reason }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;

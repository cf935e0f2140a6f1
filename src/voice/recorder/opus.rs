//! Encodes samples as Ogg Opus (RFC 7845), piece by piece. Each piece ends with a page, so that the concatenated pieces
//! form a file that browsers can play and seek.

use ogg::{PacketWriteEndInfo, PacketWriter};
use opusic_c::{Application, Bitrate, Channels, Encoder, SampleRate, Signal};

use super::RATE;
use crate::reason::Reason;
use crate::store::StoreError;

/// Media type of the concatenated pieces.
pub const MEDIA_TYPE: &str = "audio/ogg; codecs=opus";
/// Samples per packet and channel: 20 ms.
const FRAME: usize = RATE as usize / 50;
/// Samples at 48 kHz per sample: Ogg Opus counts at 48 kHz.
const CLOCK: u64 = 48_000 / RATE as u64;
/// Bits per second of both channels: 360 KB a minute. At this rate, the voices stay on their own sides.
const BITRATE: u32 = 48_000;
/// Capacity for a packet, in bytes; the encoder makes none larger.
const PACKET: usize = 1_500;
/// Serial number of the only stream in the file; any value will do.
const SERIAL: u32 = 1;

/// Why a recording stopped, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    #[error("the recording could not be kept: {0}; look at the disk of the data folder")]
    Store(#[from] StoreError),
    /// The encoder or decoder failed.
    #[error("the recording could not be {what}: {reason}; report it with the version of Frontdesk")]
    Codec {
        /// A participle for the message, such as "encoded".
        what: &'static str,
        #[source]
        reason: Reason,
    },
    #[error("the recording was deleted while the call lasted")]
    Deleted,
}

fn codec_error(what: &'static str) -> impl Fn(opusic_c::ErrorCode) -> RecordingError {
    move |code| RecordingError::Codec {
        what,
        reason: code.message().into(),
    }
}

pub(super) struct Pieces {
    encoder: Encoder,
    writer: PacketWriter<'static, Vec<u8>>,
    /// Interleaved samples that do not fill a packet yet.
    pending: Vec<i16>,
    packets: u64,
    /// Samples at 48 kHz that a player skips at the beginning.
    skip: u64,
    begun: bool,
}

impl Pieces {
    pub(super) fn new() -> Result<Self, RecordingError> {
        let failed = codec_error("begun");
        let mut encoder = Encoder::new(Channels::Stereo, SampleRate::Hz16000, Application::Voip)
            .map_err(&failed)?;
        encoder
            .set_bitrate(Bitrate::Value(BITRATE))
            .map_err(&failed)?;
        encoder.set_signal(Signal::Voice).map_err(&failed)?;
        encoder.set_complexity(5).map_err(&failed)?;
        let skip = u64::from(encoder.get_look_ahead().map_err(&failed)?) * CLOCK;
        Ok(Self {
            encoder,
            writer: PacketWriter::new(Vec::new()),
            pending: Vec::new(),
            packets: 0,
            skip,
            begun: false,
        })
    }

    /// Length so far, in ms.
    pub(super) fn duration_ms(&self) -> i64 {
        i64::try_from(self.packets * 20).unwrap_or(i64::MAX)
    }

    /// Encodes the next interleaved samples. The `last` piece is padded with silence and closes the file.
    pub(super) fn encode(
        &mut self,
        samples: &[i16],
        last: bool,
    ) -> Result<Vec<u8>, RecordingError> {
        if !std::mem::replace(&mut self.begun, true) {
            self.write_head()?;
        }
        self.pending.extend_from_slice(samples);
        if last {
            // The encoder's look-ahead still holds sound: push it out with silence.
            let held = usize::try_from(self.skip / CLOCK).unwrap_or(0) * 2;
            let whole = (self.pending.len() + held).div_ceil(FRAME * 2) * FRAME * 2;
            self.pending.resize(whole, 0);
        }
        let frames = self.pending.len() / (FRAME * 2);
        let pending = std::mem::take(&mut self.pending);
        let mut chunks = pending.chunks_exact(FRAME * 2);
        for (number, frame) in chunks.by_ref().enumerate() {
            // The binding takes the samples' bits as unsigned.
            let frame: Vec<u16> = frame.iter().map(|sample| sample.cast_unsigned()).collect();
            let mut packet = Vec::with_capacity(PACKET);
            self.encoder
                .encode_to_vec(&frame, &mut packet)
                .map_err(codec_error("encoded"))?;
            self.packets += 1;
            let end = match (number + 1 == frames, last) {
                (true, true) => PacketWriteEndInfo::EndStream,
                (true, false) => PacketWriteEndInfo::EndPage,
                (false, _) => PacketWriteEndInfo::NormalPacket,
            };
            let at = self.packets * FRAME as u64 * CLOCK;
            self.write_page(packet, end, at)?;
        }
        self.pending = chunks.remainder().to_vec();
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    fn write_head(&mut self) -> Result<(), RecordingError> {
        let mut head = b"OpusHead\x01\x02".to_vec();
        let skip = u16::try_from(self.skip).unwrap_or(u16::MAX);
        head.extend_from_slice(&skip.to_le_bytes());
        head.extend_from_slice(&RATE.to_le_bytes());
        // No gain, and the channel mapping of plain stereo.
        head.extend_from_slice(&[0, 0, 0]);
        self.write_page(head, PacketWriteEndInfo::EndPage, 0)?;
        let mut tags = b"OpusTags".to_vec();
        let vendor = b"frontdesk";
        tags.extend_from_slice(&(vendor.len() as u32).to_le_bytes());
        tags.extend_from_slice(vendor);
        tags.extend_from_slice(&0_u32.to_le_bytes());
        self.write_page(tags, PacketWriteEndInfo::EndPage, 0)
    }

    fn write_page(
        &mut self,
        packet: Vec<u8>,
        end: PacketWriteEndInfo,
        at: u64,
    ) -> Result<(), RecordingError> {
        self.writer
            .write_packet(packet, SERIAL, end, at)
            .map_err(|error| RecordingError::Codec {
                what: "packed",
                reason: Reason::of(error),
            })
    }
}

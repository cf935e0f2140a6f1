//! Opus in Ogg (RFC 7845), one page per push.

use ogg::{PacketWriteEndInfo, PacketWriter};
use opusic_c::{Application, Bitrate, Channels, ErrorCode, SampleRate, Signal};

use super::{Codec, EncodeError, Format, RATE};

/// Samples per packet: 20 ms.
const FRAME: usize = RATE as usize / 50;
/// Positions in Ogg count samples at 48 kHz, whatever the rate of the sound.
const TICKS: u64 = 48_000 / RATE as u64;
/// Bits per second, enough for clear speech.
const BITS: u32 = 32_000;
/// The largest packet of Opus, in bytes (RFC 6716, 3.2.1, as libopus advises).
const PACKET: usize = 4000;

pub(super) struct Opus {
    encoder: opusic_c::Encoder,
    writer: PacketWriter<'static, Vec<u8>>,
    serial: u32,
    pending: Vec<f32>,
    /// Samples at 48 kHz that a decoder drops at the start.
    pre_skip: u64,
    /// Samples taken in, at [`RATE`].
    taken: u64,
    /// Samples in finished packets, at 48 kHz.
    packed: u64,
}

impl Opus {
    pub(super) fn new() -> Result<Self, EncodeError> {
        let mut encoder =
            opusic_c::Encoder::new(Channels::Mono, SampleRate::Hz24000, Application::Audio)
                .map_err(opus_error)?;
        encoder
            .set_bitrate(Bitrate::Value(BITS))
            .and_then(|()| encoder.set_signal(Signal::Voice))
            .map_err(opus_error)?;
        let pre_skip = u64::from(encoder.get_look_ahead().map_err(opus_error)?) * TICKS;
        let mut serial = [0; 4];
        getrandom::fill(&mut serial).map_err(|e| EncodeError::codec(Format::Opus, e))?;
        let serial = u32::from_le_bytes(serial);
        let mut writer = PacketWriter::new(Vec::new());
        for packet in [head(pre_skip), tags()] {
            writer
                .write_packet(packet, serial, PacketWriteEndInfo::EndPage, 0)
                .map_err(|e| EncodeError::codec(Format::Opus, e))?;
        }
        Ok(Self {
            encoder,
            writer,
            serial,
            pending: Vec::new(),
            pre_skip,
            taken: 0,
            packed: 0,
        })
    }

    fn write_packet(&mut self, frame: &[f32], last_of_push: bool) -> Result<(), EncodeError> {
        let mut packet = Vec::with_capacity(PACKET);
        self.encoder
            .encode_float_to_vec(frame, &mut packet)
            .map_err(opus_error)?;
        self.packed += FRAME as u64 * TICKS;
        // A decoder cuts off what the packets contain beyond the position.
        let length = self.pre_skip + self.taken * TICKS;
        let end = self.packed >= length && self.pending.is_empty() && last_of_push;
        let how = match (end, last_of_push) {
            (true, _) => PacketWriteEndInfo::EndStream,
            (false, true) => PacketWriteEndInfo::EndPage,
            (false, false) => PacketWriteEndInfo::NormalPacket,
        };
        let position = self.packed.min(length);
        self.writer
            .write_packet(packet, self.serial, how, position)
            .map_err(|e| EncodeError::codec(Format::Opus, e))
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        out.append(self.writer.inner_mut());
    }
}

impl Codec for Opus {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.taken += samples.len() as u64;
        let more = samples.iter().map(|&sample| f32::from(sample) / 32_768.0);
        self.pending.extend(more);
        let pending = std::mem::take(&mut self.pending);
        let frames = pending.chunks_exact(FRAME);
        self.pending = frames.remainder().to_vec();
        let count = frames.len();
        for (at, frame) in frames.enumerate() {
            self.write_packet(frame, at + 1 == count)?;
        }
        self.flush(out);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut rest = std::mem::take(&mut self.pending);
        // The encoder holds back its look-ahead; silence pushes it out.
        while self.packed < self.pre_skip + self.taken * TICKS {
            rest.resize(FRAME, 0.0);
            self.write_packet(&rest, true)?;
            rest.clear();
        }
        self.flush(out);
        Ok(())
    }
}

/// `OpusHead`, RFC 7845 section 5.1: version 1, one channel, no gain, mapping family 0.
fn head(pre_skip: u64) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(u16::try_from(pre_skip).unwrap_or(u16::MAX).to_le_bytes());
    head.extend(RATE.to_le_bytes());
    head.extend([0, 0, 0]);
    head
}

/// `OpusTags`, RFC 7845 section 5.2: the vendor, no comments.
fn tags() -> Vec<u8> {
    let vendor = b"frontdesk";
    let mut tags = b"OpusTags".to_vec();
    tags.extend((vendor.len() as u32).to_le_bytes());
    tags.extend(vendor);
    tags.extend(0_u32.to_le_bytes());
    tags
}

fn opus_error(error: ErrorCode) -> EncodeError {
    EncodeError::codec(Format::Opus, error.message())
}

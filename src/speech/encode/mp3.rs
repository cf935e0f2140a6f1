//! MP3, at a constant bit rate.

use rusty_mp3::{Error, Mp3Encoder, Mp3EncoderConfig};

use super::{Codec, EncodeError, Format, RATE};

/// Kilobits per second, enough for speech at [`RATE`].
const KBITS: u32 = 64;

pub(super) struct Mp3 {
    encoder: Mp3Encoder,
    /// The first packet, a silent frame with the length of the file, is skipped: a stream does not know
    /// its length, and players would show "0:00".
    tag_skipped: bool,
}

impl Mp3 {
    pub(super) fn new() -> Self {
        Self {
            encoder: Mp3Encoder::new(Mp3EncoderConfig {
                bitrate_kbps: KBITS,
                vbr_quality: None,
            }),
            tag_skipped: false,
        }
    }

    fn drain(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        loop {
            match self.encoder.next_packet() {
                Ok(packet) if self.tag_skipped => out.extend_from_slice(&packet),
                Ok(_) => self.tag_skipped = true,
                Err(Error::Again | Error::Eof) => return Ok(()),
                Err(error) => return Err(EncodeError::codec(Format::Mp3, error)),
            }
        }
    }
}

impl Codec for Mp3 {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encoder
            .push_pcm_s16(samples, 1, RATE)
            .map_err(|e| EncodeError::codec(Format::Mp3, e))?;
        self.drain(out)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encoder.finish();
        self.drain(out)
    }
}

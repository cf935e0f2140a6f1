//! FLAC, frame by frame.

use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, Stream, StreamInfo};
use flacenc::config;
use flacenc::encode_fixed_size_frame;
use flacenc::error::{Verified, Verify};
use flacenc::source::{Fill, FrameBuf};

use super::{Codec, EncodeError, Format, RATE};

/// Samples per frame: 85 ms.
const BLOCK: usize = 2048;
/// The encoder refuses shorter frames, so the last one is padded with silence.
const SHORTEST: usize = 32;

pub(super) struct Flac {
    config: Verified<config::Encoder>,
    info: StreamInfo,
    /// "fLaC" and the stream's description, until they are written.
    header: Option<Vec<u8>>,
    pending: Vec<i32>,
    frames: usize,
}

impl Flac {
    pub(super) fn new(samples: Option<u64>) -> Result<Self, EncodeError> {
        let config = config::Encoder::default()
            .into_verified()
            .map_err(|(_, e)| flac_error(e))?;
        let mut stream = Stream::new(RATE as usize, 1, 16).map_err(flac_error)?;
        let info = stream.stream_info_mut();
        info.set_block_sizes(BLOCK, BLOCK).map_err(flac_error)?;
        // 0 means that the length is unknown.
        info.set_total_samples(samples.map_or(0, |n| usize::try_from(n).unwrap_or(0)));
        let info = info.clone();
        let mut sink = ByteSink::new();
        stream.write(&mut sink).map_err(flac_error)?;
        Ok(Self {
            config,
            info,
            header: Some(sink.into_inner()),
            pending: Vec::new(),
            frames: 0,
        })
    }

    fn write_frame(&mut self, samples: &[i32], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut buffer = FrameBuf::with_size(1, samples.len()).map_err(flac_error)?;
        buffer.fill_interleaved(samples).map_err(flac_error)?;
        let frame = encode_fixed_size_frame(&self.config, &buffer, self.frames, &self.info)
            .map_err(flac_error)?;
        self.frames += 1;
        let mut sink = ByteSink::new();
        frame.write(&mut sink).map_err(flac_error)?;
        out.extend_from_slice(sink.as_slice());
        Ok(())
    }
}

impl Codec for Flac {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend(self.header.take().unwrap_or_default());
        self.pending
            .extend(samples.iter().map(|&sample| i32::from(sample)));
        let pending = std::mem::take(&mut self.pending);
        let blocks = pending.chunks_exact(BLOCK);
        self.pending = blocks.remainder().to_vec();
        for block in blocks {
            self.write_frame(block, out)?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut last = std::mem::take(&mut self.pending);
        if last.is_empty() {
            return Ok(());
        }
        last.resize(last.len().max(SHORTEST), 0);
        self.write_frame(&last, out)
    }
}

fn flac_error(error: impl std::fmt::Display) -> EncodeError {
    // Some of its errors are not `Send`, so only their text goes on.
    EncodeError::codec(Format::Flac, error.to_string())
}

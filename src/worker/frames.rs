//! What goes over the pipe: MessagePack behind a 4-byte big-endian length.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio_util::codec::LengthDelimitedCodec;

/// Largest frame in bytes; a recording of two hours fits.
pub(super) const MAX_FRAME: usize = 640 << 20;

/// Parent to child.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToChild<R> {
    /// The first frame: how the worker is set up, as JSON.
    Init(String),
    /// Work.
    Request { id: u64, body: R },
    /// Stop working on a request; its `End` still comes.
    Cancel { id: u64 },
    /// Are you there?
    Ping { n: u64 },
}

/// Child to parent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromChild<E> {
    /// The worker is set up; the text describes it, as JSON.
    Ready { detail: String },
    /// The worker cannot be set up until something outside changes.
    Refused { reason: String },
    /// A piece of an answer.
    Event { id: u64, body: E },
    /// The answer is complete.
    End { id: u64 },
    /// The request failed; others go on.
    Failed { id: u64, reason: String },
    /// I am.
    Pong { n: u64 },
}

/// The codec of both directions.
pub(super) fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .max_frame_length(MAX_FRAME)
        .new_codec()
}

/// Serialises a frame's content.
pub(super) fn encode<T: Serialize>(frame: &T) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    rmp_serde::to_vec_named(frame)
}

/// Reads a frame's content.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, rmp_serde::decode::Error> {
    rmp_serde::from_slice(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_the_pipe() {
        let bytes = encode(&ToChild::Request {
            id: 7,
            body: ("text".to_owned(), vec![1u8, 2]),
        })
        .unwrap();
        let back: ToChild<(String, Vec<u8>)> = decode(&bytes).unwrap();
        let ToChild::Request {
            id: 7,
            body: (text, data),
        } = back
        else {
            panic!("{back:?}")
        };
        assert_eq!((text.as_str(), data), ("text", vec![1, 2]));
    }

    #[test]
    fn garbage_is_an_error() {
        assert!(decode::<ToChild<String>>(b"\xc1\xff").is_err());
        assert!(decode::<FromChild<String>>(&[]).is_err());
    }
}

//! The frames on the pipe: MessagePack after a 4-byte big-endian length.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio_util::codec::LengthDelimitedCodec;

/// Largest frame in bytes; a two-hour recording fits.
pub(super) const MAX_FRAME: usize = 640 << 20;

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToChild<R> {
    /// The first frame: the set-up as JSON.
    Init(String),
    Request {
        id: u64,
        body: R,
    },
    /// Stop working on a request; the child still sends its `End`.
    Cancel {
        id: u64,
    },
    Ping {
        n: u64,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromChild<E> {
    /// The worker is set up; `detail` describes it as JSON.
    Ready {
        detail: String,
    },
    /// The worker cannot be set up; retrying will not help.
    Refused {
        reason: String,
    },
    Event {
        id: u64,
        body: E,
    },
    End {
        id: u64,
    },
    /// One request failed; others continue.
    Failed {
        id: u64,
        reason: String,
    },
    Pong {
        n: u64,
    },
}

pub(super) fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .max_frame_length(MAX_FRAME)
        .new_codec()
}

pub(super) fn encode<T: Serialize>(frame: &T) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    rmp_serde::to_vec_named(frame)
}

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

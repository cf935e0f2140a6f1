//! Events of a session, whether it runs in this process or behind the server's socket.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::voice::{Incoming, Outgoing, Phase};

/// An event for the person at the kiosk.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    /// The session has started; a sentence asks for consent to record.
    Ready(Option<String>),
    /// What it is doing.
    Phase(&'static str),
    /// The person's words so far.
    Partial(String),
    /// What the person said.
    Heard(String),
    /// Text of an answer.
    Answer(String),
    /// Sound of an answer.
    Audio { answer: u32, pcm: Bytes, rate: u32 },
    /// An answer's sound is complete.
    AudioEnd(u32),
    /// Stop playing but keep the rest.
    Pause,
    /// Continue playing.
    Resume,
    /// Stop playing and drop the rest.
    Clear(u32),
    /// Something to read.
    Notice(String),
    /// The session is over; a sentence says why.
    Ended(String),
    /// The session could not start; a sentence says why.
    Refused(String),
}

/// Default question for consent.
const CONSENT: &str = "May this call be recorded?";

impl From<Outgoing> for Seen {
    fn from(out: Outgoing) -> Self {
        match out {
            Outgoing::Ready { asks_consent, .. } => {
                Self::Ready(asks_consent.then(|| CONSENT.to_owned()))
            }
            Outgoing::Phase(phase) => Self::Phase(match phase {
                Phase::Listening => LISTENING,
                Phase::Hearing => HEARING,
                Phase::Thinking => THINKING,
                Phase::Speaking => SPEAKING,
            }),
            Outgoing::Partial(text) => Self::Partial(text),
            Outgoing::Heard { text, .. } => Self::Heard(text),
            Outgoing::Answer { text, .. } => Self::Answer(text),
            Outgoing::Audio { answer, pcm, rate } => Self::Audio { answer, pcm, rate },
            Outgoing::AudioEnd { answer } => Self::AudioEnd(answer),
            Outgoing::Pause => Self::Pause,
            Outgoing::Resume => Self::Resume,
            Outgoing::Clear { answer } => Self::Clear(answer),
            Outgoing::Notice(text) => Self::Notice(text),
            Outgoing::Ended { message, .. } => Self::Ended(message),
        }
    }
}

const LISTENING: &str = "listening";
const HEARING: &str = "hearing you";
const THINKING: &str = "thinking";
const SPEAKING: &str = "speaking";

/// The messages of `/api/v1/visit/voice` used here.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    Ready {
        #[serde(default)]
        asks_consent: bool,
        consent: Option<String>,
    },
    Phase {
        phase: String,
    },
    Partial {
        text: String,
    },
    Heard {
        text: String,
    },
    Answer {
        text: String,
    },
    AudioEnd {
        answer: u32,
    },
    Pause,
    Resume,
    Clear {
        answer: u32,
    },
    Notice {
        message: String,
    },
    Ended {
        message: String,
    },
    Busy {
        message: String,
    },
    Error {
        message: String,
    },
    #[serde(other)]
    Other,
}

impl Seen {
    /// Parses a JSON message from the server; `None` for unknown kinds, which a newer server may send.
    pub(super) fn read(text: &str) -> Option<Self> {
        Some(match serde_json::from_str(text).ok()? {
            Message::Ready {
                asks_consent,
                consent,
            } => Self::Ready(asks_consent.then(|| consent.unwrap_or_else(|| CONSENT.into()))),
            Message::Phase { phase } => Self::Phase(match phase.as_str() {
                "hearing" => HEARING,
                "thinking" => THINKING,
                "speaking" => SPEAKING,
                _ => LISTENING,
            }),
            Message::Partial { text } => Self::Partial(text),
            Message::Heard { text } => Self::Heard(text),
            Message::Answer { text } => Self::Answer(text),
            Message::AudioEnd { answer } => Self::AudioEnd(answer),
            Message::Pause => Self::Pause,
            Message::Resume => Self::Resume,
            Message::Clear { answer } => Self::Clear(answer),
            Message::Notice { message } | Message::Error { message } => Self::Notice(message),
            Message::Ended { message } => Self::Ended(message),
            Message::Busy { message } => Self::Refused(message),
            Message::Other => return None,
        })
    }

    /// Parses a binary message from the server: answer and rate (u32, little-endian), then samples.
    pub(super) fn sound(frame: &Bytes) -> Option<Self> {
        let number = |at: usize| {
            let bytes = frame.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_le_bytes(bytes))
        };
        Some(Self::Audio {
            answer: number(0)?,
            rate: number(4)?,
            pcm: frame.slice(8..),
        })
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Written {
    Text(String),
    /// Sound with its frame number.
    Sound(Vec<u8>),
}

/// Encodes a message to a session; `number` counts the frames of sound.
pub(super) fn written(incoming: &Incoming, number: &mut u32) -> Written {
    let message = match incoming {
        Incoming::Audio(pcm) => {
            let mut frame = number.to_le_bytes().to_vec();
            *number = number.wrapping_add(1);
            frame.extend_from_slice(pcm);
            return Written::Sound(frame);
        }
        Incoming::Text(text) => json!({"type": "text", "text": text}),
        Incoming::Talk(on) => json!({"type": "talk", "on": on}),
        Incoming::Played { answer, ms } => json!({"type": "played", "answer": answer, "ms": ms}),
        Incoming::Consent(yes) => json!({"type": "consent", "yes": yes}),
        Incoming::Interrupt => json!({"type": "interrupt"}),
        Incoming::Digit(digit) => json!({"type": "digit", "digit": digit}),
        Incoming::Hangup => json!({"type": "hangup"}),
    };
    Written::Text(message.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_server_are_read() {
        for (text, expected) in [
            (
                r#"{"type":"ready","conversation":"c","asks_consent":true,"consent":"May we?"}"#,
                Some(Seen::Ready(Some("May we?".into()))),
            ),
            (
                r#"{"type":"ready","conversation":"c","asks_consent":false}"#,
                Some(Seen::Ready(None)),
            ),
            (
                r#"{"type":"phase","phase":"thinking"}"#,
                Some(Seen::Phase(THINKING)),
            ),
            (
                r#"{"type":"heard","turn":1,"text":"Hi"}"#,
                Some(Seen::Heard("Hi".into())),
            ),
            (r#"{"type":"clear","answer":3}"#, Some(Seen::Clear(3))),
            (r#"{"type":"pause"}"#, Some(Seen::Pause)),
            (
                r#"{"type":"busy","message":"later"}"#,
                Some(Seen::Refused("later".into())),
            ),
            (r#"{"type":"fireworks"}"#, None),
            ("rubbish", None),
        ] {
            assert_eq!(Seen::read(text), expected, "{text}");
        }
    }

    #[test]
    fn sound_has_numbers_in_front_in_both_directions() {
        let frame = Bytes::from_static(&[7, 0, 0, 0, 0x22, 0x56, 0, 0, 1, 2]);
        let expected = Seen::Audio {
            answer: 7,
            rate: 22_050,
            pcm: Bytes::from_static(&[1, 2]),
        };
        assert_eq!(Seen::sound(&frame), Some(expected));
        assert_eq!(Seen::sound(&Bytes::from_static(&[7, 0, 0, 0, 1])), None);
        let mut number = 0;
        let sound = Incoming::Audio(Bytes::from_static(&[9, 9]));
        assert_eq!(
            written(&sound, &mut number),
            Written::Sound(vec![0, 0, 0, 0, 9, 9])
        );
        assert_eq!(
            written(&sound, &mut number),
            Written::Sound(vec![1, 0, 0, 0, 9, 9])
        );
        let hangup = written(&Incoming::Hangup, &mut number);
        assert_eq!(hangup, Written::Text(r#"{"type":"hangup"}"#.into()));
    }
}

//! Messages of a spoken conversation on the wire.

use axum::extract::ws::Message;
use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::agent::Citation;
use crate::http::voice::chat::{VisitCitation, citations};
use crate::reason::Reason;
use crate::voice::{Incoming, Outgoing, Phase};

/// Of typed text, in characters.
const LONGEST_TEXT: usize = 4000;
/// Of a JSON message, in bytes.
const LONGEST_MESSAGE: usize = 64 * 1024;

/// The first message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Start {
    #[serde(rename = "type")]
    kind: String,
    pub(super) token: Option<String>,
    pub(super) assistant: Option<String>,
    pub(super) conversation: Option<String>,
    /// Where staff call from; a browser if absent.
    pub(super) channel: Option<StartChannel>,
    /// The workspace's short name, for staff; their own if absent.
    pub(super) workspace: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StartChannel {
    Browser,
    Kiosk,
}

impl Start {
    /// # Errors
    /// A sentence for the developer of a client.
    pub(super) fn read(text: &str) -> Result<Self, Reason> {
        let start: Self = parse_json(text)?;
        if start.kind != "start" {
            return Err("the first message must be {\"type\":\"start\",\"token\":…}".into());
        }
        Ok(start)
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum FromClient {
    Text { text: String },
    Talk { on: bool },
    Played { answer: u32, ms: u64 },
    Consent { yes: bool },
    Interrupt,
    Digit { digit: char },
    Hangup,
}

/// Reads a message of the client.
///
/// # Errors
/// A sentence for the developer of a client.
pub(super) fn read(text: &str) -> Result<Incoming, Reason> {
    Ok(match parse_json(text)? {
        FromClient::Text { text } => {
            let text = text.trim();
            if text.is_empty() || text.chars().count() > LONGEST_TEXT {
                return Err(format!("text must have 1 to {LONGEST_TEXT} characters").into());
            }
            Incoming::Text(text.to_owned())
        }
        FromClient::Talk { on } => Incoming::Talk(on),
        FromClient::Played { answer, ms } => Incoming::Played { answer, ms },
        FromClient::Consent { yes } => Incoming::Consent(yes),
        FromClient::Interrupt => Incoming::Interrupt,
        FromClient::Digit { digit } if digit.is_ascii_digit() || "*#".contains(digit) => {
            Incoming::Digit(digit)
        }
        FromClient::Digit { .. } => return Err("digit must be 0 to 9, * or #".into()),
        FromClient::Hangup => Incoming::Hangup,
    })
}

fn parse_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Reason> {
    if text.len() > LONGEST_MESSAGE {
        return Err(format!("a message may have at most {LONGEST_MESSAGE} bytes").into());
    }
    serde_json::from_str(text)
        .map_err(|error| Reason::told(format!("the message cannot be read: {error}"), error))
}

/// Who reads the messages.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    /// A person of the business, who may see ids.
    pub(super) staff: bool,
    /// Shown when the caller is asked for consent to the recording.
    pub(super) notice: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Cited {
    Public(Vec<VisitCitation>),
    Full(Vec<Citation>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ToClient<'a> {
    Ready {
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<String>,
        conversation: String,
        asks_consent: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        consent: Option<&'a str>,
    },
    Phase {
        phase: &'static str,
    },
    Partial {
        text: &'a str,
    },
    Heard {
        turn: u32,
        text: &'a str,
    },
    Answer {
        turn: u32,
        text: &'a str,
        rung: Option<&'static str>,
        citations: Cited,
        #[serde(skip_serializing_if = "Option::is_none")]
        receipt: Option<String>,
        handoff: bool,
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
        message: &'a str,
    },
    Ended {
        reason: &'static str,
        message: &'a str,
    },
    Busy {
        message: &'a str,
    },
    Error {
        code: &'static str,
        message: &'a str,
    },
}

fn to_text(message: &ToClient<'_>) -> Message {
    Message::Text(serde_json::to_string(message).unwrap_or_default().into())
}

/// Writes a message of the session.
pub(super) fn message(out: Outgoing, reader: &Reader) -> Message {
    to_text(&match &out {
        Outgoing::Audio { answer, pcm, rate } => return to_audio(*answer, *rate, pcm),
        Outgoing::Ready {
            call,
            conversation,
            asks_consent,
        } => ToClient::Ready {
            call: reader.staff.then(|| call.to_string()),
            conversation: conversation.to_string(),
            asks_consent: *asks_consent,
            consent: asks_consent.then_some(reader.notice.as_str()),
        },
        Outgoing::Phase(phase) => ToClient::Phase {
            phase: name_phase(*phase),
        },
        Outgoing::Partial(text) => ToClient::Partial { text },
        Outgoing::Heard { turn, text } => ToClient::Heard { turn: *turn, text },
        Outgoing::Answer {
            turn,
            text,
            rung,
            citations: found,
            receipt,
            handoff,
        } => ToClient::Answer {
            turn: *turn,
            text,
            rung: rung.map(|rung| rung.as_str()),
            citations: if reader.staff {
                Cited::Full(found.clone())
            } else {
                Cited::Public(citations(found.clone()))
            },
            receipt: receipt.filter(|_| reader.staff).map(|id| id.to_string()),
            handoff: *handoff,
        },
        Outgoing::AudioEnd { answer } => ToClient::AudioEnd { answer: *answer },
        Outgoing::Pause => ToClient::Pause,
        Outgoing::Resume => ToClient::Resume,
        Outgoing::Clear { answer } => ToClient::Clear { answer: *answer },
        Outgoing::Notice(message) => ToClient::Notice { message },
        Outgoing::Ended { reason, message } => ToClient::Ended {
            reason: reason.as_str(),
            message,
        },
    })
}

fn name_phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Listening => "listening",
        Phase::Hearing => "hearing",
        Phase::Thinking => "thinking",
        Phase::Speaking => "speaking",
    }
}

fn to_audio(answer: u32, rate: u32, pcm: &Bytes) -> Message {
    let mut frame = BytesMut::with_capacity(8 + pcm.len());
    frame.put_u32_le(answer);
    frame.put_u32_le(rate);
    frame.put_slice(pcm);
    Message::Binary(frame.freeze())
}

/// For a caller who finds no free line, or no voice engine.
pub(super) fn busy(message: &str) -> Message {
    to_text(&ToClient::Busy { message })
}

pub(super) fn notice(message: &str) -> Message {
    to_text(&ToClient::Notice { message })
}

/// A message that cannot be read, or a start that is refused.
pub(super) fn error(code: &'static str, message: &str) -> Message {
    to_text(&ToClient::Error { code, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_or_refused_with_a_sentence() {
        for (text, expected) in [
            (
                r#"{"type":"text","text":" hi "}"#,
                Some(Incoming::Text("hi".into())),
            ),
            (r#"{"type":"talk","on":true}"#, Some(Incoming::Talk(true))),
            (
                r#"{"type":"played","answer":3,"ms":1250}"#,
                Some(Incoming::Played {
                    answer: 3,
                    ms: 1250,
                }),
            ),
            (
                r#"{"type":"consent","yes":false}"#,
                Some(Incoming::Consent(false)),
            ),
            (r#"{"type":"interrupt"}"#, Some(Incoming::Interrupt)),
            (
                r##"{"type":"digit","digit":"#"}"##,
                Some(Incoming::Digit('#')),
            ),
            (r#"{"type":"hangup"}"#, Some(Incoming::Hangup)),
            (r#"{"type":"digit","digit":"x"}"#, None),
            (r#"{"type":"text","text":"  "}"#, None),
            (r#"{"type":"played","answer":-1,"ms":0}"#, None),
            (r#"{"type":"dance"}"#, None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(read(text).ok(), expected, "{text}");
        }
        let long = format!(
            r#"{{"type":"text","text":"{}"}}"#,
            "a".repeat(LONGEST_MESSAGE)
        );
        assert!(read(&long).is_err());
    }

    #[test]
    fn the_first_message_is_start() {
        let start = Start::read(r#"{"type":"start","token":"t"}"#).unwrap();
        assert_eq!(start.token.as_deref(), Some("t"));
        assert!(Start::read(r#"{"type":"text","text":"hi"}"#).is_err());
        assert!(Start::read("rubbish").is_err());
    }

    #[test]
    fn visitors_get_no_ids_of_documents() {
        let citation = Citation {
            number: 1,
            kind: crate::agent::CitationKind::Document,
            document: "doc-id".into(),
            version: "version-id".into(),
            title: "Prices".into(),
            section: None,
            page: Some(2),
            span: [0, 5],
            quote: "89".into(),
            marked: None,
            score: 0.9,
        };
        let answer = Outgoing::Answer {
            turn: 1,
            text: "89 [1]".into(),
            rung: None,
            citations: vec![citation],
            receipt: Some(crate::store::ReceiptId::new()),
            handoff: false,
        };
        let said = |staff| {
            let reader = Reader {
                staff,
                notice: String::new(),
            };
            let Message::Text(text) = message(answer.clone(), &reader) else {
                panic!("not text")
            };
            text.to_string()
        };
        let visitor = said(false);
        assert!(visitor.contains("Prices") && visitor.contains("\"quote\":\"89\""));
        assert!(!visitor.contains("-id") && !visitor.contains("receipt"));
        assert!(said(true).contains("doc-id") && said(true).contains("receipt"));
    }

    #[test]
    fn sound_carries_its_answer_and_rate() {
        let reader = Reader {
            staff: false,
            notice: String::new(),
        };
        let out = Outgoing::Audio {
            answer: 2,
            pcm: Bytes::from_static(&[1, 2]),
            rate: 22_050,
        };
        let Message::Binary(frame) = message(out, &reader) else {
            panic!("not binary")
        };
        assert_eq!(frame[..], [2, 0, 0, 0, 0x22, 0x56, 0, 0, 1, 2]);
    }
}

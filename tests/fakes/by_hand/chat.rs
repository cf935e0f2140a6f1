//! Language models of providers by hand. A request takes the next script; without one it gets an answer of some words, whole or
//! as a stream, in the protocol of its path.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Fake, read};
use crate::chat_provider::{End, FakeChatProvider, Script, anthropic, gemini, openai};

pub(super) struct Chat {
    fake: FakeChatProvider,
}

impl Chat {
    pub(super) fn start(listener: TcpListener) -> Self {
        Self {
            fake: FakeChatProvider::start_on(listener, true),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Change {
    /// Answers to the next requests, in this order.
    then: Vec<Next>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Next {
    answer: Answer,
    /// The body goes out in pieces of so many bytes, so that characters and lines are cut.
    piece: Option<usize>,
    #[serde(default)]
    end: Ending,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ending {
    #[default]
    Whole,
    CutOff,
    Reset,
    Stall,
    Mute,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Protocol {
    #[default]
    Openai,
    Anthropic,
    Gemini,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Answer {
    Words {
        #[serde(default)]
        protocol: Protocol,
        words: Vec<String>,
    },
    /// A call of a function; its arguments come in two parts.
    Call { name: String, parts: [String; 2] },
    Refusal {
        #[serde(default)]
        protocol: Protocol,
    },
    /// A word, then an error in the stream.
    ErrorAfter { word: String },
    Error {
        status: u16,
        told: String,
        retry_after: Option<String>,
    },
    /// A body as it is, such as JSON that is none.
    Raw { content_type: String, body: String },
}

#[async_trait]
impl Fake for Chat {
    fn show(&self) -> Value {
        let seen = self.fake.seen();
        let rows: Vec<Value> = seen
            .iter()
            .map(|seen| {
                let body = String::from_utf8_lossy(&seen.body);
                json!({ "path": seen.path(), "bytes": seen.bytes(), "body": body })
            })
            .collect();
        let received: usize = seen.iter().map(|seen| seen.bytes()).sum();
        json!({ "seen": rows, "bytes_received": received, "bytes_sent": self.fake.sent() })
    }

    async fn change(&self, change: Value) -> Result<Value, String> {
        let change: Change = read(change)?;
        for next in change.then {
            let end = match next.end {
                Ending::Whole => End::Whole,
                Ending::CutOff => End::CutOff,
                Ending::Reset => End::Reset,
                Ending::Stall => End::Stall,
                Ending::Mute => End::Mute,
            };
            let script = script(next.answer)?.ending(end);
            self.fake.then(match next.piece {
                Some(piece) => script.in_pieces(piece),
                None => script,
            });
        }
        Ok(json!({}))
    }
}

fn script(answer: Answer) -> Result<Script, String> {
    Ok(match answer {
        Answer::Words { protocol, words } => {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            Script::stream(match protocol {
                Protocol::Openai => openai::words(&words),
                Protocol::Anthropic => anthropic::words(&words),
                Protocol::Gemini => gemini::words(&words),
            })
        }
        Answer::Call { name, parts } => {
            let [first, second] = parts;
            Script::stream(openai::call(&name, &first, &second))
        }
        Answer::Refusal { protocol } => Script::stream(match protocol {
            Protocol::Openai => openai::refusal(),
            Protocol::Anthropic => anthropic::refusal(),
            Protocol::Gemini => gemini::blocked(),
        }),
        Answer::ErrorAfter { word } => Script::stream(openai::error_after(&word)),
        Answer::Error {
            status,
            told,
            retry_after,
        } => {
            let mut script = Script::error(status, &told);
            let after = retry_after.map(|after| ("retry-after", after));
            script.headers.extend(after);
            script
        }
        Answer::Raw { content_type, body } => Script {
            headers: vec![("content-type", content_type)],
            ..Script::stream(body)
        },
    })
}

//! What a conversation consists of.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::Fault;
use super::hearing::Heard;
use super::server_event::fresh_id;

/// Most parts of one message.
const MOST_PARTS: usize = 64;

/// An item as a client sends it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ItemIn {
    pub(super) id: Option<String>,
    pub(super) r#type: String,
    role: Option<String>,
    content: Option<Vec<PartIn>>,
    call_id: Option<String>,
    name: Option<String>,
    arguments: Option<String>,
    output: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct PartIn {
    r#type: String,
    text: Option<String>,
    audio: Option<String>,
    transcript: Option<String>,
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    Incomplete,
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// What a user said.
#[derive(Debug, Clone)]
pub(super) struct Sound {
    /// Signed 16-bit samples, little-endian, 16 kHz.
    pub(super) pcm: Bytes,
    /// What is understood of it, as soon as it is.
    pub(super) heard: Heard,
    /// What was understood.
    pub(super) transcript: Option<String>,
}

/// A part of an assistant's spoken answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) ms: u64,
}

/// A part of a message.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// `input_text` or `output_text`.
    Text(String),
    /// `input_audio`.
    Heard(Sound),
    /// `output_audio`, with the parts that it was spoken in.
    Spoken(Vec<Said>),
}

/// Whose message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    System,
    User,
    Assistant,
}

/// What an item is.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Message {
        role: Role,
        parts: Vec<Part>,
    },
    Call {
        call_id: String,
        name: String,
        arguments: String,
    },
    CallOutput {
        call_id: String,
        output: String,
    },
}

/// An item of a conversation.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) kind: Kind,
}

impl Item {
    /// Bytes of its text.
    pub(super) fn text_bytes(&self) -> usize {
        match &self.kind {
            Kind::Message { parts, .. } => parts.iter().map(Part::text_bytes).sum(),
            Kind::Call {
                name, arguments, ..
            } => name.len() + arguments.len(),
            Kind::CallOutput { output, .. } => output.len(),
        }
    }
}

impl Part {
    fn text_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Heard(sound) => sound.transcript.as_ref().map_or(0, String::len),
            Self::Spoken(said) => said.iter().map(|said| said.text.len()).sum(),
        }
    }
}

/// Sound that came with an item: base64 of the session's input format.
pub(super) type Listen<'a> = dyn FnMut(&str) -> Result<Sound, Fault> + 'a;

impl ItemIn {
    /// Checks what the types do not. `listen` takes sound that came along.
    pub(super) fn checked(self, at: &str, listen: &mut Listen<'_>) -> Result<Item, Fault> {
        let need = |field: &str, value: Option<String>| {
            value.ok_or_else(|| {
                let message = format!("an item of the type {:?} needs {field}", self.r#type);
                Fault::invalid("missing_required_parameter", message).about(format!("{at}.{field}"))
            })
        };
        let kind = match self.r#type.as_str() {
            "message" => {
                let role = match self.role.as_deref() {
                    Some("system" | "developer") => Role::System,
                    Some("user") => Role::User,
                    Some("assistant") => Role::Assistant,
                    _ => {
                        let message = "a message's role is system, user or assistant";
                        return Err(Fault::value(format!("{at}.role"), message));
                    }
                };
                let parts = self.content.unwrap_or_default();
                if parts.is_empty() || parts.len() > MOST_PARTS {
                    let message = format!("a message has 1 to {MOST_PARTS} parts");
                    return Err(Fault::value(format!("{at}.content"), message));
                }
                let parts = parts.into_iter().enumerate();
                let parts = parts
                    .map(|(n, part)| part.checked(role, &format!("{at}.content[{n}]"), listen));
                let parts = parts.collect::<Result<_, _>>()?;
                Kind::Message { role, parts }
            }
            "function_call" => Kind::Call {
                name: need("name", self.name)?,
                arguments: need("arguments", self.arguments)?,
                call_id: self.call_id.unwrap_or_else(|| fresh_id("call")),
            },
            "function_call_output" => Kind::CallOutput {
                call_id: need("call_id", self.call_id)?,
                output: need("output", self.output)?,
            },
            other => {
                let message = format!(
                    "an item is a message, function_call or function_call_output, not {other:?}"
                );
                return Err(Fault::value(format!("{at}.type"), message));
            }
        };
        Ok(Item {
            id: self.id.unwrap_or_else(|| fresh_id("item")),
            status: Status::Completed,
            kind,
        })
    }
}

impl PartIn {
    fn checked(self, role: Role, at: &str, listen: &mut Listen<'_>) -> Result<Part, Fault> {
        let missing = |field: &str| {
            let message = format!("this part needs {field}");
            Fault::invalid("missing_required_parameter", message).about(format!("{at}.{field}"))
        };
        match (role, self.r#type.as_str()) {
            (Role::User | Role::System, "input_text")
            | (Role::Assistant, "output_text" | "text") => {
                Ok(Part::Text(self.text.ok_or_else(|| missing("text"))?))
            }
            (Role::Assistant, "output_audio") => {
                let text = self.transcript.ok_or_else(|| missing("transcript"))?;
                Ok(Part::Spoken(vec![Said { text, ms: 0 }]))
            }
            (Role::User, "input_audio") => {
                let audio = self.audio.ok_or_else(|| missing("audio"))?;
                listen(&audio)
                    .map(Part::Heard)
                    .map_err(|fault| fault.about(format!("{at}.audio")))
            }
            (Role::User, "input_image") => Err(Fault::invalid(
                "unsupported_content_type",
                "this model reads text and hears speech; it sees no pictures",
            )
            .about(at)),
            (_, other) => Err(Fault::value(
                format!("{at}.type"),
                format!(
                    "a part of the type {other:?} does not belong here: users have input_text and \
                     input_audio, assistants output_text and output_audio, the system input_text"
                ),
            )),
        }
    }
}

impl Part {
    /// As the API shows it, without sound.
    pub(super) fn view(&self, role: Role) -> Value {
        match self {
            Self::Text(text) if role == Role::Assistant => {
                json!({"type": "output_text", "text": text})
            }
            Self::Text(text) => json!({"type": "input_text", "text": text}),
            Self::Heard(sound) => json!({"type": "input_audio", "transcript": sound.transcript}),
            Self::Spoken(said) => json!({"type": "output_audio", "transcript": joined(said)}),
        }
    }
}

/// The words of what was said.
pub(super) fn joined(said: &[Said]) -> String {
    said.iter().map(|said| said.text.as_str()).collect()
}

impl Item {
    /// As the API shows it.
    pub(super) fn view(&self) -> Value {
        let status = self.status.as_str();
        match &self.kind {
            Kind::Message { role, parts } => {
                let name = match role {
                    Role::System => "system",
                    Role::User => "user",
                    Role::Assistant => "assistant",
                };
                let content: Vec<_> = parts.iter().map(|part| part.view(*role)).collect();
                json!({"id": self.id, "object": "realtime.item", "type": "message",
                       "status": status, "role": name, "content": content})
            }
            Kind::Call {
                call_id,
                name,
                arguments,
            } => json!({
                "id": self.id, "object": "realtime.item", "type": "function_call",
                "status": status, "call_id": call_id, "name": name, "arguments": arguments,
            }),
            Kind::CallOutput { call_id, output } => json!({
                "id": self.id, "object": "realtime.item", "type": "function_call_output",
                "status": status, "call_id": call_id, "output": output,
            }),
        }
    }

    /// Cuts spoken words to what was heard of them, `ms` from the beginning.
    ///
    /// # Errors
    /// There is no such sound, or not so much of it.
    pub(super) fn truncate(&mut self, content_index: usize, ms: i64) -> Result<(), Fault> {
        let parts = match &mut self.kind {
            Kind::Message {
                role: Role::Assistant,
                parts,
            } => parts,
            _ => {
                let message = "only an assistant's spoken message can be truncated";
                return Err(Fault::invalid("item_truncate_invalid_item", message).about("item_id"));
            }
        };
        let Some(Part::Spoken(said)) = parts.get_mut(content_index) else {
            let message = "there is no audio at this content_index";
            return Err(Fault::value("content_index", message));
        };
        let ms = u64::try_from(ms)
            .map_err(|_| Fault::value("audio_end_ms", "audio_end_ms cannot be negative"))?;
        let length: u64 = said.iter().map(|said| said.ms).sum();
        if ms > length {
            let message = format!("audio_end_ms is {ms}, but the audio has only {length} ms");
            return Err(Fault::value("audio_end_ms", message));
        }
        *said = heard_of(said, ms);
        Ok(())
    }
}

/// What is heard of speech in `ms`: whole words, by their share of the time.
fn heard_of(said: &[Said], mut ms: u64) -> Vec<Said> {
    let mut heard = Vec::new();
    for part in said {
        if part.ms <= ms {
            heard.push(part.clone());
            ms -= part.ms;
            continue;
        }
        let characters = part.text.chars().count() as u64 * ms / part.ms.max(1);
        let cut: String = part
            .text
            .chars()
            .take(usize::try_from(characters).unwrap_or(0))
            .collect();
        let whole = cut.rfind(char::is_whitespace).map_or("", |at| &cut[..at]);
        heard.push(Said {
            text: whole.to_owned(),
            ms,
        });
        break;
    }
    heard
}

#[cfg(test)]
#[path = "item_tests.rs"]
mod tests;

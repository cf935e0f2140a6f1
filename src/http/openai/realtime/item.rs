//! Reads conversation items that clients send.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::voice::realtime::{Fault, NewItem, NewKind, NewPart, Role};

const MOST_PARTS: usize = 64;

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

impl ItemIn {
    /// Checks what the types cannot; `at` is the path of the item, for errors.
    pub(super) fn check(self, at: &str) -> Result<NewItem, Fault> {
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
                let parts = parts.map(|(n, part)| part.check(role, &format!("{at}.content[{n}]")));
                let parts = parts.collect::<Result<_, _>>()?;
                NewKind::Message { role, parts }
            }
            "function_call" => NewKind::Call {
                name: need("name", self.name)?,
                arguments: need("arguments", self.arguments)?,
                call_id: self.call_id,
            },
            "function_call_output" => NewKind::CallOutput {
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
        Ok(NewItem { id: self.id, kind })
    }
}

impl PartIn {
    fn check(self, role: Role, at: &str) -> Result<NewPart, Fault> {
        let missing = |field: &str| {
            let message = format!("this part needs {field}");
            Fault::invalid("missing_required_parameter", message).about(format!("{at}.{field}"))
        };
        match (role, self.r#type.as_str()) {
            (Role::User | Role::System, "input_text")
            | (Role::Assistant, "output_text" | "text") => {
                Ok(NewPart::Text(self.text.ok_or_else(|| missing("text"))?))
            }
            (Role::Assistant, "output_audio") => Ok(NewPart::Spoken(
                self.transcript.ok_or_else(|| missing("transcript"))?,
            )),
            (Role::User, "input_audio") => {
                let audio = self.audio.ok_or_else(|| missing("audio"))?;
                decode_audio(&audio, &format!("{at}.audio"))
                    .map(|sound| NewPart::Sound(sound.into()))
            }
            (Role::User, "input_image") => Err(Fault::invalid(
                "unsupported_content_type",
                "this model takes text and audio, not images",
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

/// Decodes base64 audio; `param` is its path, for errors.
pub(super) fn decode_audio(audio: &str, param: &str) -> Result<Vec<u8>, Fault> {
    STANDARD
        .decode(audio)
        .map_err(|error| Fault::value(param, format!("audio must be base64 ({error})")))
}

#[cfg(test)]
#[path = "item_tests.rs"]
mod tests;

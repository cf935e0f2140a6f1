//! How a session is set up, and how a client changes that.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::super::chat::tools as chat_tools;
use super::fault::Fault;
use super::format::{Format, FormatIn};
use super::turn_detection::{TurnDetection, TurnDetectionIn};

/// Voices of OpenAI; whoever asks for one gets the usual voice of this machine.
const OPENAI_VOICES: [&str; 11] = [
    "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar", "nova",
];
/// Most tokens of a response that can be asked for, as at OpenAI.
const MOST_TOKENS: u32 = 4096;

/// A change to a session, and the form of the session of a client secret.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionPatch {
    pub(super) r#type: Option<String>,
    pub(super) model: Option<String>,
    instructions: Option<String>,
    output_modalities: Option<Vec<String>>,
    max_output_tokens: Option<Value>,
    tools: Option<Vec<Value>>,
    tool_choice: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    truncation: Option<Option<Value>>,
    #[serde(default, deserialize_with = "present")]
    include: Option<Option<Value>>,
    #[serde(default, deserialize_with = "present")]
    tracing: Option<Option<Value>>,
    #[serde(default, deserialize_with = "present")]
    prompt: Option<Option<Value>>,
    #[serde(default, deserialize_with = "present")]
    #[expect(
        dead_code,
        reason = "taken, without effect: local models do not reason apart"
    )]
    reasoning: Option<Option<Value>>,
    #[expect(dead_code, reason = "taken, without effect")]
    parallel_tool_calls: Option<bool>,
    audio: Option<AudioPatch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AudioPatch {
    input: Option<InputPatch>,
    output: Option<OutputPatch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputPatch {
    format: Option<FormatIn>,
    #[serde(default, deserialize_with = "present")]
    noise_reduction: Option<Option<Value>>,
    #[serde(default, deserialize_with = "present")]
    transcription: Option<Option<Transcription>>,
    #[serde(default, deserialize_with = "present")]
    turn_detection: Option<Option<TurnDetectionIn>>,
}

/// How output sounds; also of a single response.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputPatch {
    format: Option<FormatIn>,
    voice: Option<Value>,
    speed: Option<f32>,
}

/// Whether and how the client is told what was understood.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, serde::Serialize)]
pub(super) struct Transcription {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    pub(super) language: Option<String>,
    #[serde(default)]
    pub(super) prompt: Option<String>,
}

/// Tells an absent field from `null`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What a response consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modality {
    Audio,
    Text,
}

impl Modality {
    /// Checks `output_modalities`; `param` names where it stood.
    pub(super) fn checked(list: &[String], param: &str) -> Result<Self, Fault> {
        match list {
            [one] if one == "audio" => Ok(Self::Audio),
            [one] if one == "text" => Ok(Self::Text),
            _ => Err(Fault::value(
                param,
                format!(
                    "{param} is [\"audio\"] or [\"text\"], never both: audio has its transcript"
                ),
            )),
        }
    }

    pub(super) fn view(self) -> Value {
        match self {
            Self::Audio => json!(["audio"]),
            Self::Text => json!(["text"]),
        }
    }
}

/// How sound goes out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Output {
    pub(super) format: Format,
    /// As the client called it.
    voice: String,
    pub(super) speed: f32,
}

/// Functions that the model may call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tools {
    pub(super) list: Vec<Value>,
    pub(super) choice: Value,
}

/// A session's settings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Config {
    /// Only transcribes; nothing answers.
    pub(super) transcribes_only: bool,
    pub(super) model: String,
    pub(super) instructions: String,
    pub(super) modality: Modality,
    pub(super) max_tokens: Option<u32>,
    pub(super) tools: Tools,
    truncation: Value,
    include: Value,
    tracing: Value,
    prompt: Value,
    pub(super) input: Format,
    noise_reduction: Value,
    pub(super) transcription: Option<Transcription>,
    pub(super) turn_detection: Option<TurnDetection>,
    pub(super) output: Output,
}

impl SessionPatch {
    /// What the address of a session tells.
    pub(super) fn of_address(model: Option<String>, transcribes: bool) -> Self {
        Self {
            model,
            r#type: transcribes.then(|| "transcription".to_owned()),
            ..Self::default()
        }
    }
}

impl Config {
    /// OpenAI's defaults: audio, and turns found in the sound.
    pub(super) fn new(model: &str) -> Self {
        Self {
            transcribes_only: false,
            model: model.to_owned(),
            instructions: String::new(),
            modality: Modality::Audio,
            max_tokens: None,
            tools: Tools {
                list: Vec::new(),
                choice: json!("auto"),
            },
            truncation: json!("auto"),
            include: Value::Null,
            tracing: Value::Null,
            prompt: Value::Null,
            input: Format::Pcm,
            noise_reduction: Value::Null,
            transcription: None,
            turn_detection: Some(TurnDetection::default()),
            output: Output {
                format: Format::Pcm,
                voice: "alloy".into(),
                speed: 1.0,
            },
        }
    }

    /// The session after a change. Nothing is changed if any part of it makes no sense.
    pub(super) fn patched(&self, patch: SessionPatch, voices: &[String]) -> Result<Self, Fault> {
        let mut new = self.clone();
        match patch.r#type.as_deref() {
            None => {}
            Some("realtime") => new.transcribes_only = false,
            Some("transcription") => new.transcribes_only = true,
            Some(other) => {
                let message = format!("a session is realtime or transcription, not {other:?}");
                return Err(Fault::value("session.type", message));
            }
        }
        new.instructions = patch.instructions.unwrap_or(new.instructions);
        if let Some(list) = patch.output_modalities {
            new.modality = Modality::checked(&list, "session.output_modalities")?;
        }
        if let Some(most) = patch.max_output_tokens {
            new.max_tokens = max_tokens(&most, "session.max_output_tokens")?;
        }
        new.tools = new
            .tools
            .changed(patch.tools, patch.tool_choice, "session")?;
        let keep = |new: &mut Value, given: Option<Option<Value>>| {
            if let Some(value) = given {
                *new = value.unwrap_or_default();
            }
        };
        keep(&mut new.truncation, patch.truncation);
        keep(&mut new.include, patch.include);
        keep(&mut new.tracing, patch.tracing);
        let audio = patch.audio.unwrap_or_default();
        if let Some(prompt) = patch.prompt.flatten() {
            let _ = prompt;
            return Err(Fault::invalid(
                "unsupported_parameter",
                "stored prompts are OpenAI's; send instructions instead",
            )
            .about("session.prompt"));
        }
        new.hear(audio.input.unwrap_or_default())?;
        new.output = new
            .output
            .changed(audio.output.unwrap_or_default(), voices, "session")?;
        Ok(new)
    }

    fn hear(&mut self, patch: InputPatch) -> Result<(), Fault> {
        if let Some(format) = patch.format {
            self.input = format.checked("session.audio.input.format")?;
        }
        if let Some(reduction) = patch.noise_reduction {
            self.noise_reduction = reduction.unwrap_or_default();
        }
        if let Some(transcription) = patch.transcription {
            self.transcription = transcription;
        }
        if let Some(detection) = patch.turn_detection {
            self.turn_detection = match detection {
                None => None,
                Some(detection) => Some(detection.checked()?),
            };
        }
        Ok(())
    }

    /// Whether the oldest turns may be left out of a prompt that is too long.
    pub(super) fn may_truncate(&self) -> bool {
        self.truncation != json!("disabled")
    }

    /// The session as the API shows it.
    pub(super) fn view(&self, id: &str, expires_at: i64) -> Value {
        let input = json!({
            "format": self.input.view(),
            "noise_reduction": self.noise_reduction,
            "transcription": self.transcription,
            "turn_detection": self.turn_detection.as_ref().map(TurnDetection::view),
        });
        if self.transcribes_only {
            return json!({
                "type": "transcription", "object": "realtime.transcription_session", "id": id,
                "expires_at": expires_at, "include": self.include, "audio": {"input": input},
            });
        }
        json!({
            "type": "realtime", "object": "realtime.session", "id": id, "model": self.model,
            "expires_at": expires_at,
            "output_modalities": self.modality.view(),
            "instructions": self.instructions,
            "max_output_tokens": max_tokens_view(self.max_tokens),
            "tools": self.tools.list, "tool_choice": self.tools.choice,
            "truncation": self.truncation, "include": self.include,
            "tracing": self.tracing, "prompt": self.prompt,
            "audio": {"input": input, "output": {
                "format": self.output.format.view(), "voice": self.output.voice,
                "speed": self.output.speed,
            }},
        })
    }
}

impl Output {
    /// After a change by the session (`at` is "session") or for one response ("response").
    pub(super) fn changed(
        &self,
        patch: OutputPatch,
        voices: &[String],
        at: &str,
    ) -> Result<Self, Fault> {
        let mut new = self.clone();
        if let Some(format) = patch.format {
            new.format = format.checked(&format!("{at}.audio.output.format"))?;
        }
        if let Some(voice) = patch.voice {
            // A voice may also be {"id": …}.
            let name = voice.get("id").unwrap_or(&voice).as_str();
            let known = |name: &&str| {
                OPENAI_VOICES.contains(name) || voices.iter().any(|voice| voice == name)
            };
            new.voice = name
                .filter(known)
                .ok_or_else(|| {
                    Fault::value(
                        format!("{at}.audio.output.voice"),
                        format!(
                            "there is no such voice here; there are: {}",
                            voices.join(", ")
                        ),
                    )
                })?
                .to_owned();
        }
        if let Some(speed) = patch.speed {
            if !(0.25..=1.5).contains(&speed) {
                return Err(Fault::value(
                    format!("{at}.audio.output.speed"),
                    "speed must be between 0.25 and 1.5",
                ));
            }
            new.speed = speed;
        }
        Ok(new)
    }

    /// The voice of this machine, if the client named one.
    pub(super) fn local_voice(&self) -> Option<String> {
        (!OPENAI_VOICES.contains(&self.voice.as_str())).then(|| self.voice.clone())
    }

    pub(super) fn view(&self) -> Value {
        json!({"format": self.format.view(), "voice": self.voice})
    }
}

impl Tools {
    /// After a change; `at` names where it stood.
    pub(super) fn changed(
        &self,
        list: Option<Vec<Value>>,
        choice: Option<Value>,
        at: &str,
    ) -> Result<Self, Fault> {
        let list_changed = list.is_some();
        let mut new = Self {
            list: list.unwrap_or_else(|| self.list.clone()),
            choice: choice.clone().unwrap_or_else(|| self.choice.clone()),
        };
        if list_changed && choice.is_none() && new.for_model().is_err() {
            // A choice that named one of the earlier tools ends with them.
            new.choice = json!("auto");
        }
        new.for_model().map_err(|mut fault| {
            fault.param = fault.param.map(|param| format!("{at}.{param}"));
            fault
        })?;
        Ok(new)
    }

    /// The tools as the chat model takes them, and which must be called.
    pub(super) fn for_model(&self) -> Result<(Option<String>, Option<String>), Fault> {
        let nested = self.list.iter().enumerate().map(|(at, tool)| {
            if tool["type"] == "mcp" {
                let message = "servers of tools (mcp) are not connected to from here; declare \
                               functions and call them in your program";
                return Err(
                    Fault::invalid("unsupported_parameter", message).about(format!("tools[{at}]"))
                );
            }
            let mut function = tool.clone();
            if let Some(fields) = function.as_object_mut() {
                fields.remove("type");
            }
            Ok(json!({"type": tool["type"], "function": function}))
        });
        let nested = nested.collect::<Result<Vec<_>, _>>()?;
        let choice = match &self.choice {
            Value::Null => None,
            Value::Object(one) if one.contains_key("name") => {
                Some(json!({"type": one.get("type"), "function": {"name": one["name"]}}))
            }
            other => Some(other.clone()),
        };
        Ok(chat_tools::parse(Some(nested), choice)?)
    }
}

/// Checks `max_output_tokens`: 1 to 4096, or "inf".
pub(super) fn max_tokens(value: &Value, param: &str) -> Result<Option<u32>, Fault> {
    if value == "inf" {
        return Ok(None);
    }
    let most = value.as_u64().and_then(|n| u32::try_from(n).ok());
    match most.filter(|n| (1..=MOST_TOKENS).contains(n)) {
        Some(most) => Ok(Some(most)),
        None => Err(Fault::value(
            param,
            format!("{param} must be 1 to {MOST_TOKENS}, or \"inf\""),
        )),
    }
}

/// As the API shows it.
pub(super) fn max_tokens_view(most: Option<u32>) -> Value {
    most.map_or_else(|| json!("inf"), |most| json!(most))
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;

//! `session`: how a client configures one.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::format::FormatIn;
use super::tools;
use super::turn_detection::TurnDetectionIn;
use crate::voice::realtime::{
    ConfigChange, Fault, InputChange, Modality, Opaque, OutputChange, Transcription, VoiceName,
};

/// OpenAI's voices all map to this machine's usual voice.
const OPENAI_VOICES: [&str; 11] = [
    "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar", "nova",
];
/// OpenAI's limit for the tokens of a response.
const MOST_TOKENS: u32 = 4096;

/// A change to a session. A client secret stores its session in the same form.
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
    #[serde(default, deserialize_with = "keep_null")]
    truncation: Option<Option<Value>>,
    #[serde(default, deserialize_with = "keep_null")]
    include: Option<Option<Value>>,
    #[serde(default, deserialize_with = "keep_null")]
    tracing: Option<Option<Value>>,
    #[serde(default, deserialize_with = "keep_null")]
    prompt: Option<Option<Value>>,
    #[serde(default, deserialize_with = "keep_null")]
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
    #[serde(default, deserialize_with = "keep_null")]
    noise_reduction: Option<Option<Value>>,
    #[serde(default, deserialize_with = "keep_null")]
    transcription: Option<Option<TranscriptionForm>>,
    #[serde(default, deserialize_with = "keep_null")]
    turn_detection: Option<Option<TurnDetectionIn>>,
}

/// For a session, or for a single response.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputPatch {
    format: Option<FormatIn>,
    voice: Option<Value>,
    speed: Option<f32>,
}

/// `transcription`, as clients send it and as we show it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct TranscriptionForm {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    prompt: Option<String>,
}

impl From<TranscriptionForm> for Transcription {
    fn from(form: TranscriptionForm) -> Self {
        Self {
            model: form.model,
            language: form.language,
            prompt: form.prompt,
        }
    }
}

impl From<Transcription> for TranscriptionForm {
    fn from(transcription: Transcription) -> Self {
        Self {
            model: transcription.model,
            language: transcription.language,
            prompt: transcription.prompt,
        }
    }
}

/// Tells `null` (`Some(None)`) from an absent field (`None`).
fn keep_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Checks `output_modalities`; `param` is its path, for errors.
pub(super) fn modality(list: &[String], param: &str) -> Result<Modality, Fault> {
    match list {
        [one] if one == "audio" => Ok(Modality::Audio),
        [one] if one == "text" => Ok(Modality::Text),
        _ => Err(Fault::value(
            param,
            format!("{param} is [\"audio\"] or [\"text\"], never both: audio has its transcript"),
        )),
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

impl SessionPatch {
    /// From the address that a session is opened with.
    pub(super) fn of_address(model: Option<String>, transcribes: bool) -> Self {
        Self {
            model,
            r#type: transcribes.then(|| "transcription".to_owned()),
            ..Self::default()
        }
    }

    /// Checks what the types cannot.
    pub(super) fn check(self) -> Result<ConfigChange, Fault> {
        let transcribes_only = match self.r#type.as_deref() {
            None => None,
            Some("realtime") => Some(false),
            Some("transcription") => Some(true),
            Some(other) => {
                let message = format!("a session is realtime or transcription, not {other:?}");
                return Err(Fault::value("session.type", message));
            }
        };
        let modality = match &self.output_modalities {
            None => None,
            Some(list) => Some(modality(list, "session.output_modalities")?),
        };
        let max_tokens = match &self.max_output_tokens {
            None => None,
            Some(most) => Some(max_tokens(most, "session.max_output_tokens")?),
        };
        let tools = tools::read(self.tools, self.tool_choice, "session")?;
        if self.prompt.flatten().is_some() {
            return Err(Fault::invalid(
                "unsupported_parameter",
                "stored prompts are OpenAI's; send instructions instead",
            )
            .about("session.prompt"));
        }
        let is_disabled =
            |truncation: &Option<Value>| truncation.as_ref().is_some_and(|word| word == "disabled");
        let may_truncate = self.truncation.as_ref().map(|t| !is_disabled(t));
        let audio = self.audio.unwrap_or_default();
        let mut input = audio.input.unwrap_or_default();
        // Kept as the client wrote them, so that the session can show them again.
        let written = [
            ("truncation", self.truncation),
            ("include", self.include),
            ("tracing", self.tracing),
            ("noise_reduction", input.noise_reduction.take()),
        ];
        let written = written
            .into_iter()
            .filter_map(|(name, value)| Some((name, Opaque(value?.unwrap_or_default()))));
        Ok(ConfigChange {
            transcribes_only,
            model: self.model,
            instructions: self.instructions,
            modality,
            max_tokens,
            tools,
            may_truncate,
            input: input.check()?,
            output: audio.output.unwrap_or_default().check("session")?,
            written: written.collect::<BTreeMap<_, _>>(),
        })
    }
}

impl InputPatch {
    fn check(self) -> Result<InputChange, Fault> {
        let format = self.format;
        let format = format.map(|format| format.check("session.audio.input.format"));
        Ok(InputChange {
            format: format.transpose()?,
            transcription: self.transcription.map(|form| form.map(Into::into)),
            turn_detection: match self.turn_detection {
                None => None,
                Some(None) => Some(None),
                Some(Some(detection)) => Some(Some(detection.check()?)),
            },
        })
    }
}

impl OutputPatch {
    /// `at` is "session" or "response", for errors.
    pub(super) fn check(self, at: &str) -> Result<OutputChange, Fault> {
        let format = self.format;
        let format = format.map(|format| format.check(&format!("{at}.audio.output.format")));
        let format = format.transpose()?;
        if self
            .speed
            .is_some_and(|speed| !(0.25..=1.5).contains(&speed))
        {
            let message = "speed must be between 0.25 and 1.5";
            return Err(Fault::value(format!("{at}.audio.output.speed"), message));
        }
        Ok(OutputChange {
            format,
            voice: self.voice.as_ref().map(voice_name),
            speed: self.speed,
        })
    }
}

/// A voice is a name, or `{"id": …}`.
fn voice_name(voice: &Value) -> VoiceName {
    let named = voice.get("id").unwrap_or(voice);
    match named.as_str() {
        Some(name) if OPENAI_VOICES.contains(&name) => VoiceName::Usual(name.to_owned()),
        Some(name) => VoiceName::Own(name.to_owned()),
        // Not a name at all. The session refuses it, with a list of the voices.
        None => VoiceName::Own(named.to_string()),
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;

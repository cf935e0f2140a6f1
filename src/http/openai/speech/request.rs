//! A request for speech: reads and checks it.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::config::Aliases;
use crate::http::openai::ApiError;
use crate::speech::encode::Format;
use crate::speech::{SpeakRequest, Voice};

/// In characters; OpenAI takes 4096.
const LONGEST: usize = 20_000;
/// Model names that OpenAI's clients send. Here the voice is the model, so these choose nothing.
const MODELS: [&str; 5] = [
    "default",
    "frontdesk",
    "tts-1",
    "tts-1-hd",
    "gpt-4o-mini-tts",
];
/// OpenAI's voices all map to this machine's usual voice.
const VOICES: [&str; 14] = [
    "default", "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova",
    "onyx", "sage", "shimmer", "verse",
];

/// A text to be spoken.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SpeechRequest {
    /// `tts-1`, `gpt-4o-mini-tts`, `default`, or a voice from `/v1/models`.
    model: Option<String>,
    /// The text, at most 20,000 characters.
    input: String,
    /// A voice of this machine; OpenAI's names (`alloy`, …) get the usual one.
    voice: Option<String>,
    /// `mp3` (default), `opus`, `flac`, `wav` or `pcm`; `aac` is not made here.
    response_format: Option<String>,
    /// Pace, 0.25 to 4; 1 is the voice's own.
    speed: Option<f32>,
    /// How to speak. Accepted for OpenAI's clients, but without effect: our voices take no instructions.
    #[expect(dead_code, reason = "accepted and not used")]
    instructions: Option<String>,
    /// `audio` (default) or `sse`.
    stream_format: Option<String>,
}

/// A request that passed all checks.
pub(super) struct CheckedRequest {
    pub(super) request: SpeakRequest,
    pub(super) format: Format,
    /// Whether the audio goes out as server-sent events.
    pub(super) events: bool,
}

impl SpeechRequest {
    /// Replaces a name of the owner's by what it stands for.
    pub(super) fn resolve_model(&mut self, aliases: &Aliases) {
        self.model = self
            .model
            .take()
            .map(|asked| aliases.resolve(&asked).to_owned());
    }

    pub(super) fn check(self, voices: &[Voice]) -> Result<CheckedRequest, ApiError> {
        let length = self.input.chars().count();
        if length > LONGEST {
            return Err(ApiError::invalid(
                "input",
                format!(
                    "the text has {length} characters and at most {LONGEST} are spoken at once; \
                     send it in parts"
                ),
            ));
        }
        // `model` may name a voice, too; `voice` wins unless it is one of OpenAI's names.
        let of_model = self.voice_of_model(voices)?;
        let voice = match self.voice.as_deref() {
            None => of_model,
            Some(name) if VOICES.contains(&name) => of_model,
            Some(name) if voices.iter().any(|v| v.name == name) => Some(name.to_owned()),
            Some(name) => {
                let there: Vec<&str> = voices.iter().map(|v| v.name.as_str()).collect();
                return Err(ApiError::invalid(
                    "voice",
                    format!(
                        "there is no voice {name:?}; there are: {}",
                        there.join(", ")
                    ),
                ));
            }
        };
        let speed = self.speed.unwrap_or(1.0);
        if !(0.25..=4.0).contains(&speed) {
            return Err(ApiError::invalid("speed", "speed must be from 0.25 to 4"));
        }
        let format = parse_format(self.response_format.as_deref())?;
        let events = match self.stream_format.as_deref() {
            None | Some("audio") => false,
            Some("sse") => true,
            Some(_) => {
                return Err(ApiError::invalid(
                    "stream_format",
                    "stream_format must be audio or sse",
                ));
            }
        };
        let request = SpeakRequest {
            text: self.input,
            voice,
            speed,
            lexicon: Vec::new(),
        };
        Ok(CheckedRequest {
            request,
            format,
            events,
        })
    }

    /// The voice that `model` names; `None` for the usual one.
    fn voice_of_model(&self, voices: &[Voice]) -> Result<Option<String>, ApiError> {
        match self.model.as_deref() {
            None => Ok(None),
            // OpenAI dates its models: gpt-4o-mini-tts-2025-12-15.
            Some(name) if MODELS.contains(&name) || name.starts_with("gpt-4o-mini-tts-") => {
                Ok(None)
            }
            Some(name) if voices.iter().any(|v| v.name == name) => Ok(Some(name.to_owned())),
            Some(name) => {
                let mut known: Vec<String> = voices.iter().map(|v| v.name.clone()).collect();
                known.extend(MODELS.map(str::to_owned));
                Err(ApiError::no_such_model(name, &known))
            }
        }
    }
}

fn parse_format(name: Option<&str>) -> Result<Format, ApiError> {
    let Some(name) = name else {
        return Ok(Format::Mp3);
    };
    Format::find(name).ok_or_else(|| {
        let names: Vec<&str> = Format::ALL.iter().map(|f| f.name()).collect();
        ApiError::invalid(
            "response_format",
            format!(
                "{name:?} is not made here; response_format must be one of {}",
                names.join(", ")
            ),
        )
    })
}

/// 400 for a text without a word.
pub(super) fn nothing_to_say() -> ApiError {
    ApiError::invalid(
        "input",
        "the text holds nothing that can be spoken; it needs at least one word or number",
    )
}

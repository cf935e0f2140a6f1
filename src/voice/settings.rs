//! How a workspace wants its voice sessions: the section "voice" of its settings.

use serde::{Deserialize, Serialize};

use crate::store::assistants::{AssistantSettings, Recording};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingMode {
    #[default]
    Off,
    /// Ask the caller first; without a yes the call goes on unrecorded.
    Ask,
}

/// Voice, manners, limits. Values missing in the store have defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoiceSettings {
    /// Whether visitors may talk at all.
    pub enabled: bool,
    /// Catalogue name of the voice; `None` for the default voice.
    pub voice: Option<String>,
    /// Pace of the voice, 0.5 to 2; 1 is its natural pace.
    pub speed: f32,
    /// The first words; if empty, the assistant's greeting.
    pub greeting: String,
    /// The language that callers speak, ISO 639-1.
    pub language: String,
    pub recording: RecordingMode,
    /// Spoken and shown when asking for consent.
    pub recording_notice: String,
    /// How long recordings are kept.
    pub recording_days: u32,
    /// How long call records (transcript, flow log) are kept.
    pub record_days: u32,
    /// Longest call, in minutes.
    pub max_minutes: u32,
    /// Seconds of silence before asking whether the caller is still there.
    pub silence_seconds: u32,
    /// How often to ask before ending the call politely.
    pub silence_prompts: u32,
    /// Whether the caller can interrupt an answer by speaking.
    pub barge_in: bool,
    /// Spoken when an answer takes longer than [`VoiceSettings::filler_ms`]; if empty, a soft tone plays.
    pub filler: String,
    /// How long to wait for an answer before the filler.
    pub filler_ms: u32,
}

impl Default for VoiceSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            voice: None,
            speed: 1.0,
            greeting: String::new(),
            language: "en".into(),
            recording: RecordingMode::Off,
            recording_notice:
                "May we record this call to improve our service? Please say yes or no.".into(),
            recording_days: 30,
            record_days: 90,
            max_minutes: 15,
            silence_seconds: 12,
            silence_prompts: 2,
            barge_in: true,
            // A tone is brief; words would delay an answer that arrives right after them.
            filler: String::new(),
            filler_ms: 1200,
        }
    }
}

impl VoiceSettings {
    /// Name of the section in the workspace's settings.
    pub const SECTION: &'static str = "voice";

    /// What an assistant has of its own goes before the workspace's settings.
    #[must_use]
    pub fn with_own(mut self, own: &AssistantSettings) -> Self {
        let voice = &own.voice;
        self.voice = voice.voice.clone().or(self.voice);
        if let Some(speed) = voice.speed {
            self.speed = speed as f32;
        }
        if let Some(language) = &voice.language {
            self.language.clone_from(language);
        }
        if let Some(greeting) = &voice.greeting {
            self.greeting.clone_from(greeting);
        }
        self.recording = match own.recording {
            Some(Recording::Off) => RecordingMode::Off,
            Some(Recording::Ask) => RecordingMode::Ask,
            None => self.recording,
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assistants::VoiceChoice;

    #[test]
    fn what_an_assistant_has_of_its_own_goes_first_and_the_rest_is_the_workspaces() {
        let workspace = VoiceSettings {
            voice: Some("joe".into()),
            max_minutes: 7,
            ..VoiceSettings::default()
        };
        let none = AssistantSettings::default();
        assert_eq!(workspace.clone().with_own(&none), workspace);
        let own = AssistantSettings {
            voice: VoiceChoice {
                voice: Some("amy".into()),
                speed: Some(1.5),
                language: Some("de".into()),
                greeting: None,
            },
            recording: Some(Recording::Ask),
            ..AssistantSettings::default()
        };
        let both = workspace.with_own(&own);
        assert_eq!(
            (both.voice.as_deref(), both.language.as_str()),
            (Some("amy"), "de")
        );
        assert_eq!((both.recording, both.max_minutes), (RecordingMode::Ask, 7));
        assert!((both.speed - 1.5).abs() < f32::EPSILON);
    }
}

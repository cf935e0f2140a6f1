//! How a workspace wants its voice sessions: the section "voice" of its settings.

use serde::{Deserialize, Serialize};

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
}

//! How a workspace wants its voice sessions; the section "voice" of its settings.

use serde::{Deserialize, Serialize};

/// Whether calls are recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingMode {
    /// Never.
    #[default]
    Off,
    /// The caller is asked first; without a yes the call goes on unrecorded.
    Ask,
}

/// Voice, manners, limits. What is absent in the store has its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoiceSettings {
    /// Whether visitors may talk at all.
    pub enabled: bool,
    /// Catalogue name of the voice; `None` for the usual one.
    pub voice: Option<String>,
    /// Pace of the voice; 1 is its own, 0.5 to 2.
    pub speed: f32,
    /// What is said first; empty takes the assistant's greeting.
    pub greeting: String,
    /// The language that callers speak, as an ISO 639-1 code.
    pub language: String,
    /// Whether calls are recorded.
    pub recording: RecordingMode,
    /// What is said and shown when asking for consent.
    pub recording_notice: String,
    /// Days that a recording is kept.
    pub recording_days: u32,
    /// Days that call records (transcript, flow log) are kept.
    pub record_days: u32,
    /// Longest call in minutes.
    pub max_minutes: u32,
    /// Seconds of silence before the caller is asked whether they are still there.
    pub silence_seconds: u32,
    /// How often the caller is asked before the call is ended politely.
    pub silence_prompts: u32,
    /// Whether the caller can break into an answer by speaking.
    pub barge_in: bool,
    /// What is said when an answer takes longer than [`VoiceSettings::filler_ms`]; empty plays a soft tone.
    pub filler: String,
    /// After this many ms without an answer the filler is played.
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
            // A tone is over in a moment; words would hold up an answer that comes right behind them.
            filler: String::new(),
            filler_ms: 1200,
        }
    }
}

impl VoiceSettings {
    /// The section's name in the workspace's settings.
    pub const SECTION: &'static str = "voice";
}

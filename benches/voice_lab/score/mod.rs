//! Measuring live speech: how many words were wrong, when turns were taken as over, how long it took.
//! Pure: recordings are played and engines asked elsewhere.

mod errors;
mod normal;
pub(crate) mod numbers;
mod written;

pub use errors::{Errors, compare};
pub use normal::words;

use serde::{Deserialize, Serialize};

/// A recording and what is said in it; a line of a manifest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Recording {
    /// The sound, relative to the manifest.
    pub audio: String,
    /// What is said; empty where nobody speaks.
    #[serde(default)]
    pub text: Option<String>,
    /// Language as an ISO 639-1 code; absent where nobody speaks.
    #[serde(default)]
    pub lang: Option<String>,
    /// How it was recorded; figures are given for each.
    #[serde(default)]
    pub condition: String,
}

impl Recording {
    /// Whether English is spoken.
    pub fn is_english(&self) -> bool {
        self.lang.as_deref() == Some("en")
            && self.text.as_deref().is_some_and(|t| !t.trim().is_empty())
    }
}

/// A line of a manifest that is no recording.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is no object with audio, text, lang and condition")]
pub struct ManifestError {
    /// From 1.
    line: usize,
    source: serde_json::Error,
}

/// Recordings of a manifest, one JSON object per line.
pub fn manifest(text: &str) -> Result<Vec<Recording>, ManifestError> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, l)| !l.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|source| ManifestError {
                line: index + 1,
                source,
            })
        })
        .collect()
}

/// How a turn ended beside what was said. Times in ms from the beginning of the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct End {
    /// When the last voice ended; `None` if no voice was found.
    pub spoken_until: Option<u64>,
    /// When the turn was first taken as over; `None` if never.
    pub taken_at: Option<u64>,
    /// The time at which the last turn was taken as over, if it was taken more than once.
    pub last_at: Option<u64>,
}

/// What an end was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// After the speech, in time.
    Right,
    /// While the speech went on.
    False,
    /// Not in time.
    Missed,
    /// Nobody was heard to speak.
    Unheard,
}

impl End {
    /// Judges it; `ceiling` is the longest wait in ms. An end within the last syllable is no false one:
    /// `tolerance` ms.
    pub fn verdict(&self, ceiling: u64, tolerance: u64) -> Verdict {
        let Some(until) = self.spoken_until else {
            return Verdict::Unheard;
        };
        match (self.taken_at, self.last_at) {
            (Some(at), _) if at + tolerance < until => Verdict::False,
            (Some(at), _) if at <= until + ceiling => Verdict::Right,
            _ => Verdict::Missed,
        }
    }

    /// From the last voice to the end of the turn, in ms.
    pub fn delay(&self) -> Option<u64> {
        Some(self.taken_at?.saturating_sub(self.spoken_until?))
    }
}

/// The value below which this share (0 to 1) of the values lies; `None` of no values.
pub fn quantile(values: &[u64], share: f64) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(at).copied()
}

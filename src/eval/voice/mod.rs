//! Measuring live speech: how many words were wrong, when turns were taken as over, how long it took.
//! Pure: recordings are played and engines asked elsewhere.

mod errors;
mod normal;
mod numbers;
mod written;

pub use errors::{Errors, compare};
pub use normal::words;

use serde::{Deserialize, Serialize};

use super::EvalError;
use crate::reason::Reason;

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

/// Recordings of a manifest, one JSON object per line.
///
/// # Errors
/// [`EvalError::Line`].
pub fn manifest(text: &str) -> Result<Vec<Recording>, EvalError> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, l)| !l.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|e| EvalError::Line {
                line: index + 1,
                what: Reason::told(
                    format!("{e}; a line is an object with audio, text, lang and condition"),
                    e,
                ),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_line_by_line() {
        let text = "{\"audio\":\"a.wav\",\"text\":\"Hi.\",\"lang\":\"en\",\"sr\":8000}\n\n{\"audio\":\"b.wav\",\"text\":null,\"lang\":null}\n";
        let read = manifest(text).unwrap();
        assert_eq!(read.len(), 2);
        assert!(read[0].is_english() && !read[1].is_english());
        let error = manifest("{\"audio\":\"a\"}\n[1]").unwrap_err().to_string();
        assert!(error.starts_with("line 2"), "{error}");
    }

    #[test]
    fn ends_are_judged_by_the_speech() {
        let end = |until, at| End {
            spoken_until: until,
            taken_at: at,
            last_at: at,
        };
        for (end, verdict) in [
            (end(Some(2000), Some(2300)), Verdict::Right),
            (end(Some(2000), Some(1950)), Verdict::Right),
            (end(Some(2000), Some(1000)), Verdict::False),
            (end(Some(2000), Some(5500)), Verdict::Missed),
            (end(Some(2000), None), Verdict::Missed),
            (end(None, None), Verdict::Unheard),
        ] {
            assert_eq!(end.verdict(3000, 100), verdict, "{end:?}");
        }
        assert_eq!(end(Some(2000), Some(2300)).delay(), Some(300));
    }

    #[test]
    fn quantiles_are_values() {
        let values = [5, 1, 3, 2, 4];
        assert_eq!(quantile(&values, 0.5), Some(3));
        assert_eq!(quantile(&values, 0.95), Some(5));
        assert_eq!(quantile(&[], 0.5), None);
    }
}

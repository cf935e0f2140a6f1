//! How far the work on a lead is: kept with its job after each step, so that it goes on there.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    #[default]
    Queued,
    /// The conversation is read.
    Read,
    /// Voice messages are written out.
    Listen,
    /// The conversation is analysed.
    Think,
    /// What was found is written into the CRM.
    Write,
}

impl Step {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Read => "read",
            Self::Listen => "listen",
            Self::Think => "think",
            Self::Write => "write",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    pub step: Step,
    /// Voice messages that are written out, and how many there are.
    pub done: u32,
    pub total: u32,
    /// The mark of a note that the CRM was asked to keep, while its answer is awaited.
    pub noting: Option<String>,
    /// Id of the analysis, once it is stored.
    pub analysis: Option<String>,
    /// Whether the same was found as before, so that no note is written again.
    pub same: bool,
    pub note: Option<String>,
    pub numbered: bool,
    pub tagged: bool,
    /// Codes of what was left out.
    pub notices: Vec<String>,
    /// Why it failed, as a code.
    pub code: Option<String>,
    /// Failures in a row.
    pub failures: u32,
}

impl Progress {
    pub(super) fn read(value: &Value) -> Self {
        Self::deserialize(value).unwrap_or_default()
    }

    pub(super) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Notes what was left out, once.
    pub(super) fn notice(&mut self, code: &str) {
        if !self.notices.iter().any(|known| known == code) {
            self.notices.push(code.to_owned());
        }
    }

    /// As for a first attempt, but for what was done.
    pub(super) fn begin(&mut self) {
        self.notices.clear();
        self.code = None;
        if self.analysis.is_none() {
            self.step = Step::Read;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_back_and_unknown_ones_begin_anew() {
        let progress = Progress {
            step: Step::Write,
            analysis: Some("a".into()),
            ..Progress::default()
        };
        assert_eq!(Progress::read(&progress.to_json()), progress);
        assert_eq!(
            Progress::read(&serde_json::json!({"step": "dance"})),
            Progress::default()
        );
    }
}

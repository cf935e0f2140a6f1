//! What the owner decides for an account: what is written back, and what happens without being asked.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::crm::accounts::Account;

const LONGEST_FIELD: usize = 60;
const MOST_STAGES: usize = 50;
const LONGEST_STAGE: usize = 40;
const MOST_TASK_HOURS: u32 = 24 * 30;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("the field's name has 1 to 60 characters")]
    Field,
    #[error("stages are up to 50 numbers of the CRM, each with at most 40 digits")]
    Stages,
    #[error("a task is due within 1 to 720 hours")]
    Hours,
}

/// The language of notes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    En,
    Es,
    Pt,
}

impl Language {
    pub const ALL: [Self; 3] = [Self::En, Self::Es, Self::Pt];

    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
            Self::Pt => "pt",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.code() == code)
    }
}

/// An account's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CaseSettings {
    pub language: Language,
    /// Whether the analysis becomes a note of the lead.
    pub note: bool,
    /// Whether transcripts become notes of the lead.
    pub transcripts: bool,
    /// The numeric field that takes the score; `None` writes none.
    pub field: Option<String>,
    /// Whether the band becomes a tag.
    pub tag: bool,
    /// Whether the next step becomes a task without being asked.
    pub task: bool,
    /// Hours until a task is due.
    pub task_hours: u32,
    /// Whether a lead is analysed when its conversation is closed.
    pub on_close: bool,
    /// Stages of the CRM, by their ids: a lead that comes there is analysed.
    pub stages: Vec<String>,
    /// Whether what is held of a lead stays when the lead is deleted in the CRM.
    pub keep_deleted: bool,
}

impl Default for CaseSettings {
    fn default() -> Self {
        Self {
            language: Language::En,
            note: true,
            transcripts: true,
            field: Some("Frontdesk score".to_owned()),
            tag: true,
            task: false,
            task_hours: 24,
            on_close: false,
            stages: Vec::new(),
            keep_deleted: false,
        }
    }
}

impl CaseSettings {
    /// Key in the account's settings, where the CRM's client has its own.
    const SECTION: &str = "case";

    /// Those of an account; what cannot be read is as if it had never been set.
    pub fn of(account: &Account) -> Self {
        let section = account.settings.get(Self::SECTION);
        section
            .and_then(|section| Self::deserialize(section).ok())
            .unwrap_or_default()
    }

    /// Puts texts into their usual form.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub fn checked(mut self) -> Result<Self, SettingsError> {
        if let Some(field) = &mut self.field {
            *field = field.trim().to_owned();
            if !(1..=LONGEST_FIELD).contains(&field.chars().count()) {
                return Err(SettingsError::Field);
            }
        }
        for stage in &mut self.stages {
            *stage = stage.trim().to_owned();
        }
        self.stages.retain(|stage| !stage.is_empty());
        let is_id = |stage: &String| {
            stage.len() <= LONGEST_STAGE && stage.chars().all(|c| c.is_ascii_digit())
        };
        if self.stages.len() > MOST_STAGES || !self.stages.iter().all(is_id) {
            return Err(SettingsError::Stages);
        }
        if !(1..=MOST_TASK_HOURS).contains(&self.task_hours) {
            return Err(SettingsError::Hours);
        }
        Ok(self)
    }

    /// The account's settings with these in them.
    pub(super) fn within(&self, account: &Account) -> Value {
        let mut all = match &account.settings {
            Value::Object(all) => all.clone(),
            _ => serde_json::Map::new(),
        };
        let own = serde_json::to_value(self).unwrap_or_default();
        all.insert(Self::SECTION.to_owned(), own);
        Value::Object(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_runs_by_itself_until_the_owner_says_so() {
        let settings = CaseSettings::default();
        assert!(!settings.on_close && !settings.task && settings.stages.is_empty());
        let read: CaseSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(read, settings);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let with = |change: fn(&mut CaseSettings)| {
            let mut settings = CaseSettings::default();
            change(&mut settings);
            settings.checked()
        };
        assert_eq!(
            with(|s| s.field = Some(" ".into())),
            Err(SettingsError::Field)
        );
        assert_eq!(
            with(|s| s.stages = vec!["won; drop".into()]),
            Err(SettingsError::Stages)
        );
        assert_eq!(with(|s| s.task_hours = 0), Err(SettingsError::Hours));
        let stages = with(|s| s.stages = vec![" 142 ".into(), String::new()]).unwrap();
        assert_eq!(stages.stages, ["142"]);
    }
}

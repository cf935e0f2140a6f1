//! What the owner decides about analyses: rules, own fields, bands, what runs by itself and what is kept.

use serde::{Deserialize, Serialize};

use crate::analysis::words;

pub const MOST_RULES: usize = 100;
pub const MOST_FIELDS: usize = 12;
const MOST_BANDS: usize = 8;
/// In characters.
const LONGEST_PHRASE: usize = 80;
const LONGEST_NAME: usize = 40;
const LONGEST_QUESTION: usize = 160;
const MOST_CHOICES: usize = 12;
/// Points of a rule, either way.
pub const MOST_POINTS: i16 = 100;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("{field}, line {line}: {what}")]
    Line {
        field: &'static str,
        /// From 1.
        line: usize,
        what: String,
    },
    #[error("{0}: too many; at most {1} are taken")]
    TooMany(&'static str, usize),
    #[error("a band with the score 0 is needed, so that every score has one")]
    NoLowest,
    #[error("analyses from elsewhere are kept for 1 to 3650 days, or without an end")]
    Days,
}

impl SettingsError {
    /// The setting that it is about.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Line { field, .. } | Self::TooMany(field, _) => field,
            Self::NoLowest => "bands",
            Self::Days => "keep_days",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    #[default]
    Anybody,
    Customer,
    Business,
}

/// "budget named: +20". A phrase counts once, however often it is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Words that follow each other, whatever their case and accents; a `*` at the end of a word stands for any ending.
    pub phrase: String,
    pub points: i16,
    #[serde(default)]
    pub said_by: Said,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    Number,
    Choice,
    /// As `2026-05-03`.
    Date,
    YesNo,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Text,
        Self::Number,
        Self::Choice,
        Self::Date,
        Self::YesNo,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Choice => "choice",
            Self::Date => "date",
            Self::YesNo => "yes_no",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Something that the owner wants to know of each conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The key in the result: letters, digits and `_`.
    pub name: String,
    pub kind: Kind,
    /// As the model is asked, such as "How many people are they?".
    pub question: String,
    /// Of [`Kind::Choice`].
    #[serde(default)]
    pub choices: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    pub name: String,
    /// The lowest score in it.
    pub from: u8,
}

/// When analyses are made that nobody asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Automatic {
    /// When a conversation is closed.
    pub on_close: bool,
    /// Of what was closed during the day, from 2 to 5 o'clock.
    pub at_night: bool,
}

/// The section "analysis" of a workspace's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub rules: Vec<Rule>,
    pub fields: Vec<Field>,
    /// The highest first.
    pub bands: Vec<Band>,
    pub automatic: Automatic,
    /// Whether the text of a conversation from elsewhere is kept beside its analysis.
    pub keep_text: bool,
    /// Days that analyses of conversations from elsewhere are kept; those of the inbox go with their conversation.
    pub keep_days: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        let band = |name: &str, from| Band {
            name: name.to_owned(),
            from,
        };
        Self {
            rules: Vec::new(),
            fields: Vec::new(),
            bands: vec![band("hot", 70), band("warm", 40), band("cold", 0)],
            automatic: Automatic::default(),
            keep_text: false,
            keep_days: None,
        }
    }
}

impl Settings {
    /// Key in the workspace's settings.
    pub const SECTION: &'static str = "analysis";

    /// The band of a score; empty without one.
    pub fn band(&self, score: u8) -> &str {
        let mut best: Option<&Band> = None;
        for band in self.bands.iter().filter(|band| band.from <= score) {
            if best.is_none_or(|known| band.from > known.from) {
                best = Some(band);
            }
        }
        best.map_or("", |band| band.name.as_str())
    }

    /// Puts texts into their usual form.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub fn checked(mut self) -> Result<Self, SettingsError> {
        too_many("rules", self.rules.len(), MOST_RULES)?;
        too_many("fields", self.fields.len(), MOST_FIELDS)?;
        too_many("bands", self.bands.len(), MOST_BANDS)?;
        for (at, rule) in self.rules.iter_mut().enumerate() {
            rule.phrase = rule.phrase.trim().to_owned();
            let wrong = |what: &str| Err(line("rules", at, what));
            if !fits(&rule.phrase, LONGEST_PHRASE) || words::pattern(&rule.phrase).is_empty() {
                return wrong("a phrase has 1 to 80 characters and at least one word");
            }
            if rule.points == 0 || rule.points.abs() > MOST_POINTS {
                return wrong("points are 1 to 100 or -1 to -100");
            }
        }
        for at in 0..self.fields.len() {
            check_field(&mut self.fields, at)?;
        }
        for (at, band) in self.bands.iter_mut().enumerate() {
            band.name = band.name.trim().to_owned();
            if !fits(&band.name, LONGEST_NAME) || band.from > 100 {
                return Err(line(
                    "bands",
                    at,
                    "a band has a name of 1 to 40 characters and a score from 0 to 100",
                ));
            }
        }
        if !self.bands.is_empty() && self.bands.iter().all(|band| band.from > 0) {
            return Err(SettingsError::NoLowest);
        }
        self.bands.sort_by_key(|band| std::cmp::Reverse(band.from));
        if self
            .keep_days
            .is_some_and(|days| !(1..=3650).contains(&days))
        {
            return Err(SettingsError::Days);
        }
        Ok(self)
    }
}

fn line(field: &'static str, at: usize, what: &str) -> SettingsError {
    SettingsError::Line {
        field,
        line: at + 1,
        what: what.to_owned(),
    }
}

fn too_many(field: &'static str, count: usize, most: usize) -> Result<(), SettingsError> {
    match count > most {
        true => Err(SettingsError::TooMany(field, most)),
        false => Ok(()),
    }
}

fn fits(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.chars().count())
}

fn check_field(fields: &mut [Field], at: usize) -> Result<(), SettingsError> {
    let (before, rest) = fields.split_at_mut(at);
    let Some(field) = rest.first_mut() else {
        return Ok(());
    };
    let wrong = |what: &str| Err(line("fields", at, what));
    field.name = field.name.trim().to_owned();
    field.question = field.question.trim().to_owned();
    let is_key = field
        .name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !fits(&field.name, LONGEST_NAME) || !is_key {
        return wrong("a name has 1 to 40 letters without accents, digits or _");
    }
    if before.iter().any(|other| other.name == field.name) {
        return wrong("there is a field of this name already");
    }
    if !fits(&field.question, LONGEST_QUESTION) {
        return wrong("a question has 1 to 160 characters");
    }
    for choice in &mut field.choices {
        *choice = choice.trim().to_owned();
    }
    field.choices.retain(|choice| !choice.is_empty());
    match field.kind {
        Kind::Choice if !(2..=MOST_CHOICES).contains(&field.choices.len()) => {
            wrong("a choice has 2 to 12 answers to choose from")
        }
        Kind::Choice
            if field
                .choices
                .iter()
                .any(|choice| !fits(choice, LONGEST_NAME)) =>
        {
            wrong("an answer to choose has 1 to 40 characters")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: Kind) -> Field {
        Field {
            name: name.into(),
            kind,
            question: "How many?".into(),
            choices: Vec::new(),
        }
    }

    #[test]
    fn every_score_has_a_band() {
        let settings = Settings::default();
        for (score, band) in [(0, "cold"), (39, "cold"), (40, "warm"), (100, "hot")] {
            assert_eq!(settings.band(score), band);
        }
        let none_at_zero = Settings {
            bands: vec![Band {
                name: "good".into(),
                from: 1,
            }],
            ..Settings::default()
        };
        assert_eq!(none_at_zero.checked(), Err(SettingsError::NoLowest));
    }

    #[test]
    fn a_mistake_names_its_line() {
        let mut settings = Settings {
            fields: vec![field("people", Kind::Number), field("people", Kind::Text)],
            ..Settings::default()
        };
        let error = settings.clone().checked().unwrap_err();
        assert!(error.to_string().starts_with("fields, line 2"), "{error}");
        settings.fields = vec![field("size", Kind::Choice)];
        assert!(settings.clone().checked().is_err());
        settings.fields = vec![field("größe", Kind::Text)];
        assert!(settings.clone().checked().is_err());
        settings.fields.clear();
        settings.rules = vec![Rule {
            phrase: "  ?! ".into(),
            points: 5,
            said_by: Said::Anybody,
        }];
        let error = settings.checked().unwrap_err();
        assert_eq!(error.field(), "rules");
    }

    #[test]
    fn settings_of_an_older_version_are_read() {
        let read: Settings = serde_json::from_str("{\"keep_text\":true}").unwrap();
        assert!(read.keep_text && !read.automatic.on_close);
        assert_eq!(read.bands.len(), 3);
    }
}

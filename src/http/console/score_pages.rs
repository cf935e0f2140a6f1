//! The pages about analyses, as data.

use askama::Template;

use super::call_pages::Named;
use super::format::{Moment, moment};
use super::score_form::Typed;
use super::view::{Fact, Shell, filters};
use crate::analysis::Conversation;
use crate::analysis::types::{Analysis as Found, Because, Mood, Quote, Side, Written};
use crate::http::api::analyses::{AnalysisQuery, AnalysisRow};
use crate::store::analyses::Analysis;

/// Turns that the page shows; a file may have thousands.
const MOST_TURNS: usize = 400;

pub const SOURCES: [(&str, &str); 4] = [
    ("conversation", "Inbox"),
    ("turns", "A program"),
    ("file", "A file"),
    ("crm", "CRM"),
];

fn source(name: &str) -> &'static str {
    let known = SOURCES.iter().find(|(known, _)| *known == name);
    known.map_or("", |(_, label)| *label)
}

/// The colour of a score.
fn state(score: u8) -> &'static str {
    match score {
        70.. => "ready",
        40..70 => "degraded",
        _ => "",
    }
}

/// An analysis in a list, in words.
pub struct Row {
    pub id: String,
    pub score: u8,
    pub state: &'static str,
    pub band: String,
    pub title: String,
    pub summary: String,
    pub reasons: Vec<String>,
    /// What the rules add, with its sign; empty without any.
    pub rules: String,
    pub source: &'static str,
    pub turns: u32,
    pub at: Moment,
    pub conversation: Option<String>,
}

fn signed(points: i16) -> String {
    match points {
        0 => String::new(),
        points => format!("{points:+}"),
    }
}

impl From<Analysis> for Row {
    fn from(analysis: Analysis) -> Self {
        let row = AnalysisRow::from(analysis);
        Self {
            state: state(row.score),
            rules: signed(row.rule_points),
            source: source(row.source),
            at: moment(row.created_at),
            id: row.id,
            score: row.score,
            band: row.band,
            title: row.title,
            summary: row.summary,
            reasons: row.reasons,
            turns: row.turns,
            conversation: row.conversation,
        }
    }
}

/// A line with its points and the words that it rests on.
pub struct Line {
    pub text: String,
    /// With their sign; empty without any.
    pub points: String,
    pub quote: Option<Quote>,
}

impl From<Because> for Line {
    fn from(because: Because) -> Self {
        Self {
            text: because.text,
            points: signed(because.points),
            quote: because.quote,
        }
    }
}

/// What somebody promised, in words.
pub struct Promised {
    pub by: String,
    pub until: String,
    pub quote: Quote,
}

/// What somebody said.
pub struct Turn {
    pub number: usize,
    pub who: String,
    pub mood: Option<Named>,
    pub text: String,
}

const fn named(label: &'static str, state: &'static str) -> Named {
    Named {
        name: "",
        label,
        state,
    }
}

fn mood(value: i8) -> Option<Named> {
    Some(match value {
        ..=-2 => named("angry", "failed"),
        -1 => named("unhappy", "degraded"),
        0 => return None,
        1 => named("pleased", "ready"),
        2.. => named("delighted", "ready"),
    })
}

pub fn turns(conversation: Conversation, moods: &[Mood]) -> Vec<Turn> {
    let turns = conversation.turns.into_iter().enumerate().take(MOST_TURNS);
    turns
        .map(|(number, turn)| Turn {
            number,
            who: turn.name.unwrap_or_else(|| turn.who.label().to_owned()),
            mood: moods
                .iter()
                .find(|one| one.turn == number)
                .and_then(|one| mood(one.value)),
            text: turn.text,
        })
        .collect()
}

#[derive(Template)]
#[template(path = "scores.html")]
pub struct Scores {
    pub shell: Shell,
    pub wanted: AnalysisQuery,
    pub rows: Vec<Row>,
    pub filtered: bool,
    /// Query string of the whole list, for the export.
    pub query: String,
    /// Query string of the next page.
    pub next: Option<String>,
    pub bands: Vec<String>,
    pub sources: [(&'static str, &'static str); 4],
    /// Conversations of the inbox that can be analysed: id and title.
    pub conversations: Vec<(String, String)>,
    pub done: Option<&'static str>,
    pub error: Option<String>,
}

#[derive(Template)]
#[template(path = "score.html")]
pub struct Score {
    pub shell: Shell,
    pub row: Row,
    pub short: String,
    pub long: String,
    /// Whether a model wrote the summary.
    pub by_model: bool,
    pub own: u8,
    pub reasons: Vec<Line>,
    pub rules: Vec<Line>,
    pub intent: String,
    pub objections: Vec<Line>,
    pub promises: Vec<Promised>,
    pub next_step: String,
    pub draft: String,
    /// The owner's own: name and value.
    pub fields: Vec<(String, String)>,
    pub missing: Vec<String>,
    pub facts: Vec<Fact>,
    pub turns: Vec<Turn>,
}

impl Score {
    pub fn of(
        shell: Shell,
        analysis: Analysis,
        found: Found,
        said: Option<Conversation>,
        facts: Vec<Fact>,
    ) -> Self {
        let (next_step, draft) = match found.next_step {
            Some(next) => (next.what, next.draft.unwrap_or_default()),
            None => (String::new(), String::new()),
        };
        let promises = found.promises.into_iter().map(|one| Promised {
            by: one.name.unwrap_or_else(|| {
                match one.by {
                    Side::Customer => "Customer",
                    Side::Business => "Business",
                }
                .to_owned()
            }),
            until: one.until.unwrap_or_default(),
            quote: one.quote,
        });
        let objections = found.objections.into_iter().map(|one| Line {
            text: one.text,
            points: String::new(),
            quote: Some(one.quote),
        });
        let fields = found
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), shown(value)));
        Self {
            shell,
            row: analysis.into(),
            short: found.summary.short,
            long: found.summary.long,
            by_model: found.summary.written == Written::Model,
            own: found.score.own,
            reasons: found.score.reasons.into_iter().map(Line::from).collect(),
            rules: found.score.by_rules.into_iter().map(Line::from).collect(),
            intent: found.intent.unwrap_or_default(),
            objections: objections.collect(),
            promises: promises.collect(),
            next_step,
            draft,
            fields: fields.collect(),
            missing: found.missing,
            facts,
            turns: said.map_or_else(Vec::new, |said| turns(said, &found.sentiment)),
        }
    }
}

/// A value of a field of the owner's, in words.
fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "not said".to_owned(),
        serde_json::Value::Bool(true) => "yes".to_owned(),
        serde_json::Value::Bool(false) => "no".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[derive(Template)]
#[template(path = "score_settings.html")]
pub struct ScoreSettings {
    pub shell: Shell,
    pub typed: Typed,
    pub done: bool,
    pub error: Option<String>,
}

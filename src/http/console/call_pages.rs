//! The pages about calls, as data, and the words for what the store names.

use askama::Template;

use super::format::Moment;
use super::quality_pages::RungName;
use super::view::{Fact, Shell, filters};
use crate::http::api::calls::CallQuery;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    pub name: &'static str,
    pub label: &'static str,
    pub state: &'static str,
}

const fn named(name: &'static str, label: &'static str, state: &'static str) -> Named {
    Named { name, label, state }
}

pub const CHANNELS: [Named; 4] = [
    named("browser", "Website", ""),
    named("kiosk", "Kiosk", ""),
    named("realtime", "Realtime API", ""),
    named("phone", "Telephone", ""),
];

pub const STATUSES: [Named; 8] = [
    named("in-progress", "In progress", "ready"),
    named("completed", "Finished", "ready"),
    named("failed", "Failed", "failed"),
    named("busy", "All lines busy", "degraded"),
    named("no-answer", "Not answered", "degraded"),
    named("canceled", "Cancelled", ""),
    named("initiated", "Starting", ""),
    named("ringing", "Ringing", ""),
];

pub const REASONS: [Named; 11] = [
    named("user_hangup", "Caller hung up", ""),
    named("agent_hangup", "Front desk said goodbye", ""),
    named("inactivity", "Nobody spoke", ""),
    named("max_duration_reached", "Time limit reached", ""),
    named("call_transfer", "Handed to a person", ""),
    named("user_declined", "Caller did not agree", ""),
    named("at_capacity", "All lines were busy", ""),
    named("error_transport", "Connection broke", ""),
    named("error_speech", "Speech engine failed", ""),
    named("error_agent", "Answer failed", ""),
    named("error_stopped", "Server was stopped", ""),
];

fn word(all: &[Named], name: &str) -> Named {
    let known = all.iter().copied().find(|one| one.name == name);
    known.unwrap_or(named("", "", ""))
}

pub fn channel(name: &str) -> Named {
    word(&CHANNELS, name)
}

pub fn status(name: &str) -> Named {
    word(&STATUSES, name)
}

pub fn reason(name: &str) -> Named {
    word(&REASONS, name)
}

pub struct CallRow {
    pub id: String,
    /// The caller's first words.
    pub said: String,
    pub at: Moment,
    pub channel: Named,
    pub status: Named,
    pub reason: Named,
    pub duration: String,
    pub turns: String,
    pub caller: String,
    pub recorded: bool,
}

#[derive(Template)]
#[template(path = "calls.html")]
pub struct Calls {
    pub shell: Shell,
    pub wanted: CallQuery,
    pub error: Option<String>,
    pub unavailable: Option<String>,
    pub rungs: [RungName; 9],
    pub channels: [Named; 4],
    pub statuses: [Named; 8],
    pub reasons: [Named; 11],
    pub rows: Vec<CallRow>,
    pub filtered: bool,
    /// Query string of this page, for the export.
    pub query: String,
    /// Query string of the next page.
    pub next: Option<String>,
}

pub struct SaidLine {
    /// `caller` or `agent`.
    pub speaker: &'static str,
    /// The speaker in words.
    pub who: &'static str,
    pub text: String,
    /// In ms from the start of the call.
    pub start_ms: i64,
    /// In ms from the start of the call.
    pub end_ms: i64,
    pub at: String,
    /// Whether the other side broke in.
    pub interrupted: bool,
    pub receipt: Option<String>,
    /// Left edge in the picture of the call, which is 1000 wide.
    pub x: i64,
    /// Width in the picture.
    pub width: i64,
}

/// A stretch of a turn's bar.
pub struct TurnPart {
    pub name: &'static str,
    pub label: &'static str,
    pub took: String,
    /// Left edge, in a bar 1000 wide.
    pub from: u64,
    pub width: u64,
}

pub struct TurnStrip {
    pub number: u32,
    pub at: String,
    pub rung: RungName,
    /// From the last word to the first sound.
    pub total: String,
    pub parts: Vec<TurnPart>,
    /// Every figure, for the table.
    pub figures: Vec<String>,
    pub notes: Vec<String>,
}

pub struct LogRow {
    pub at: String,
    pub kind: String,
    pub detail: String,
}

/// Waveform of both sides, as SVG paths.
pub struct Wave {
    pub caller: String,
    pub agent: String,
}

#[derive(Template)]
#[template(path = "call.html")]
pub struct CallPage {
    pub shell: Shell,
    pub id: String,
    /// The caller's first words.
    pub title: String,
    pub at: Moment,
    pub channel: Named,
    pub status: Named,
    pub reason: Named,
    pub duration: String,
    /// Used to scale the pictures.
    pub length_ms: i64,
    /// Shown in the margin.
    pub facts: Vec<Fact>,
    pub cost: Vec<Fact>,
    /// Waveform of the recording, if there is one.
    pub wave: Option<Wave>,
    pub purge_at: Option<String>,
    pub lines: Vec<SaidLine>,
    pub turns: Vec<TurnStrip>,
    pub heads: Vec<&'static str>,
    /// Class and label of each part.
    pub legend: [(&'static str, &'static str); 4],
    pub log: Vec<LogRow>,
    pub conversation: Option<String>,
}

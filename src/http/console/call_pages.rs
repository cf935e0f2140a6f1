//! The pages about calls, as data, and the words for what the store names.

use askama::Template;

use super::format::Moment;
use super::quality_pages::RungName;
use super::view::{Fact, Shell, filters};
use crate::http::api::calls::CallQuery;

/// A name of the store in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// In the API and the store.
    pub name: &'static str,
    /// For the owner.
    pub label: &'static str,
    /// How its badge looks.
    pub state: &'static str,
}

const fn named(name: &'static str, label: &'static str, state: &'static str) -> Named {
    Named { name, label, state }
}

/// The ways of calling.
pub const CHANNELS: [Named; 4] = [
    named("browser", "Website", ""),
    named("kiosk", "Kiosk", ""),
    named("realtime", "Realtime API", ""),
    named("phone", "Telephone", ""),
];

/// Where a call stands.
pub const STATUSES: [Named; 8] = [
    named("in-progress", "Going on", "ready"),
    named("completed", "Finished", "ready"),
    named("failed", "Broken off", "failed"),
    named("busy", "All lines busy", "degraded"),
    named("no-answer", "Not answered", "degraded"),
    named("canceled", "Given up", ""),
    named("initiated", "Starting", ""),
    named("ringing", "Ringing", ""),
];

/// Why a call is over.
pub const REASONS: [Named; 11] = [
    named("user_hangup", "Caller hung up", ""),
    named("agent_hangup", "Front desk said good-bye", ""),
    named("inactivity", "Nobody spoke", ""),
    named("max_duration_reached", "Longest duration reached", ""),
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

/// A way of calling in words.
pub fn channel(name: &str) -> Named {
    word(&CHANNELS, name)
}

/// Where a call stands, in words.
pub fn status(name: &str) -> Named {
    word(&STATUSES, name)
}

/// Why a call is over, in words.
pub fn reason(name: &str) -> Named {
    word(&REASONS, name)
}

/// A call in the list.
pub struct CallRow {
    /// Its id.
    pub id: String,
    /// What the caller said first.
    pub said: String,
    /// When it came.
    pub at: Moment,
    /// How it came.
    pub channel: Named,
    /// Where it stands.
    pub status: Named,
    /// Why it is over.
    pub reason: Named,
    /// How long it took.
    pub duration: String,
    /// How many turns.
    pub turns: String,
    /// Who called.
    pub caller: String,
    /// Whether its recording is kept.
    pub recorded: bool,
}

/// Calls that came.
#[derive(Template)]
#[template(path = "calls.html")]
pub struct Calls {
    /// The frame.
    pub shell: Shell,
    /// What is looked for.
    pub wanted: CallQuery,
    /// What was wrong with it.
    pub error: Option<String>,
    /// Why nobody can call now.
    pub unavailable: Option<String>,
    /// The ways of answering.
    pub rungs: [RungName; 7],
    /// The ways of calling.
    pub channels: [Named; 4],
    /// Where calls stand.
    pub statuses: [Named; 8],
    /// Why calls are over.
    pub reasons: [Named; 11],
    /// The calls.
    pub rows: Vec<CallRow>,
    /// Whether anything is looked for.
    pub filtered: bool,
    /// The query of this page, for the export.
    pub query: String,
    /// The query of the next page.
    pub next: Option<String>,
}

/// Something that was said.
pub struct SaidLine {
    /// `caller` or `agent`.
    pub speaker: &'static str,
    /// The speaker in words.
    pub who: &'static str,
    /// The words.
    pub text: String,
    /// When, in ms from the start.
    pub start_ms: i64,
    /// Until when, in ms from the start.
    pub end_ms: i64,
    /// When, for people.
    pub at: String,
    /// Whether the other one broke in.
    pub interrupted: bool,
    /// Id of the receipt.
    pub receipt: Option<String>,
    /// Left edge in the picture of the call, of 1000.
    pub x: i64,
    /// Width in the picture.
    pub width: i64,
}

/// A stretch of a turn's bar.
pub struct TurnPart {
    /// Which part.
    pub name: &'static str,
    /// What it is.
    pub label: &'static str,
    /// How long.
    pub took: String,
    /// Left edge, of 1000.
    pub from: u64,
    /// Width.
    pub width: u64,
}

/// How long a turn took.
pub struct TurnStrip {
    /// Its number.
    pub number: u32,
    /// When.
    pub at: String,
    /// How it was answered.
    pub rung: RungName,
    /// From the last word to the first sound.
    pub total: String,
    /// Its parts.
    pub parts: Vec<TurnPart>,
    /// Every figure, for the table.
    pub figures: Vec<String>,
    /// What else is worth a word.
    pub notes: Vec<String>,
}

/// An entry of the flow log.
pub struct LogRow {
    /// When.
    pub at: String,
    /// What happened.
    pub kind: String,
    /// More about it.
    pub detail: String,
}

/// The picture of both sides.
pub struct Wave {
    /// Path of the caller.
    pub caller: String,
    /// Path of the front desk.
    pub agent: String,
}

/// One call.
#[derive(Template)]
#[template(path = "call.html")]
pub struct CallPage {
    /// The frame.
    pub shell: Shell,
    /// Its id.
    pub id: String,
    /// What the caller said first.
    pub title: String,
    /// When it came.
    pub at: Moment,
    /// How it came.
    pub channel: Named,
    /// Where it stands.
    pub status: Named,
    /// Why it is over.
    pub reason: Named,
    /// How long it took.
    pub duration: String,
    /// Its length in ms, for the pictures.
    pub length_ms: i64,
    /// Facts in the margin.
    pub facts: Vec<Fact>,
    /// What it cost.
    pub cost: Vec<Fact>,
    /// The picture of its recording, if there is one.
    pub wave: Option<Wave>,
    /// When its recording is deleted.
    pub purge_at: Option<String>,
    /// What was said.
    pub lines: Vec<SaidLine>,
    /// How long the turns took.
    pub turns: Vec<TurnStrip>,
    /// Heads of the table of figures.
    pub heads: Vec<&'static str>,
    /// Names of the parts, for the legend.
    pub legend: [(&'static str, &'static str); 4],
    /// The flow log.
    pub log: Vec<LogRow>,
    /// Id of the conversation.
    pub conversation: Option<String>,
}

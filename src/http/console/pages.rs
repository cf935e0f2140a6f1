//! View data of the pages: handlers fill it in, templates show it.

use askama::Template;

use super::format::Moment;
use super::lines::LinesPart;
use super::reading::Part;
use super::usage::Bar;
use super::view::{Fact, Shell, filters};

/// The setup form's fields, to show them again.
#[derive(Debug, Default, Clone)]
pub struct SetupForm {
    pub business: String,
    pub name: String,
    pub email: String,
    /// Whether the front desk opens to visitors right away.
    pub open: bool,
}

/// The first page of a new installation.
#[derive(Template)]
#[template(path = "setup.html")]
pub struct Setup {
    pub token: String,
    pub form: SetupForm,
    pub error: Option<String>,
}

/// The page for a setup link that does not work.
#[derive(Template)]
#[template(path = "setup_gone.html")]
pub struct SetupGone {
    pub heading: &'static str,
    /// Reason and remedy.
    pub reason: &'static str,
    /// Whether there is an account to sign in to.
    pub setup_done: bool,
}

#[derive(Template)]
#[template(path = "login.html")]
pub struct Login {
    pub business: Option<String>,
    pub email: String,
    pub next: String,
    /// Ids and names of the sign-in servers that are on.
    pub ways: Vec<(String, String)>,
    pub error: Option<String>,
}

/// A page that says what went wrong.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub status: u16,
    /// A few words.
    pub heading: &'static str,
    /// Reason and remedy.
    pub detail: String,
}

/// Asks before a form does what is hard to take back.
#[derive(Template)]
#[template(path = "ask.html")]
pub struct AskPage {
    pub asks: &'static str,
    /// What follows from it; may be empty.
    pub then: &'static str,
    /// Where the form goes.
    pub action: String,
    /// The page that it came from.
    pub back: String,
    pub fields: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub struct DocumentRow {
    pub id: String,
    pub name: String,
    /// File extension, as a label.
    pub kind: String,
    /// `queued`, `indexing`, `ready` or `failed`.
    pub state: String,
    pub size: String,
    /// `12 pages`; `None` for formats without pages.
    pub pages: Option<String>,
    /// `34 passages`, if there are any.
    pub passages: Option<String>,
    /// Number of the newest version.
    pub version: u32,
    pub updated: Moment,
    /// English name of its language.
    pub language: Option<&'static str>,
    /// Date stated in the document.
    pub dated: Option<String>,
    /// How many answers of the last 30 days cite it, in words.
    pub answers: Option<String>,
    /// Whether it was written in the console.
    pub is_note: bool,
    /// `12 lines to check`, if there are any.
    pub to_check: Option<String>,
    /// Warnings for the owner.
    pub notes: Vec<String>,
}

impl DocumentRow {
    /// Whether it is still being read.
    pub fn busy(&self) -> bool {
        matches!(self.state.as_str(), "queued" | "indexing")
    }

    pub fn state_label(&self) -> &'static str {
        match self.state.as_str() {
            "queued" => "Waiting its turn",
            "indexing" => "Reading",
            "ready" => "Ready",
            _ => "Failed",
        }
    }
}

#[derive(Template)]
#[template(path = "synonyms.html")]
pub struct SynonymsPage {
    pub shell: Shell,
    /// One group per line.
    pub text: String,
    pub count: usize,
    pub error: Option<String>,
}

#[derive(Template)]
#[template(path = "documents.html")]
pub struct Documents {
    pub shell: Shell,
    /// All documents, or those that match the query.
    pub rows: Vec<DocumentRow>,
    pub ready: usize,
    pub all: usize,
    /// How many were found but are not shown.
    pub more: usize,
    pub query: String,
    /// Sums: pages, passages, answers, failures.
    pub totals: Vec<String>,
    /// Largest upload, in bytes.
    pub max_bytes: u64,
    /// The same, for people.
    pub max_size: String,
    pub accept: &'static str,
    /// Which files were refused, and why.
    pub error: Option<String>,
    /// A sentence about an engine that is not working.
    pub warning: Option<String>,
    /// Whether the first steps were put away just now.
    pub guide_hidden: bool,
}

#[derive(Template)]
#[template(path = "document.html")]
pub struct Document {
    pub shell: Shell,
    pub id: String,
    pub title: String,
    /// Number of the version shown.
    pub version: u32,
    /// Whether there is a newer one.
    pub superseded: bool,
    pub parts: Vec<Part>,
    /// Whether part of the text was left out.
    pub cut: bool,
    /// Why there is no text, in a few words.
    pub empty_heading: &'static str,
    /// Why there is no text, and what to do.
    pub empty_reason: String,
    pub facts: Vec<Fact>,
    /// Warnings for the owner.
    pub notes: Vec<String>,
    /// Recognised lines to check, for those who may.
    pub lines: Option<LinesPart>,
    /// Newest first.
    pub versions: Vec<VersionRow>,
    /// Whether the file has hidden parts and this version is in use.
    pub hides: bool,
    /// Whether the hidden parts are read as well.
    pub read_hidden: bool,
    /// Whether only staff get answers from it.
    pub staff_only: bool,
    /// Whether it was written in the console.
    pub is_note: bool,
    /// Whether the person may change it.
    pub may_change: bool,
}

#[derive(Debug, Clone)]
pub struct VersionRow {
    pub id: String,
    /// Counted from 1.
    pub number: u32,
    pub created: Moment,
    /// Size and pages.
    pub facts: String,
    /// Whether this version is searched.
    pub current: bool,
    pub taken_back: bool,
    /// Whether its text was read, so that it can be compared and used again.
    pub is_read: bool,
    /// Warnings for the owner.
    pub notes: Vec<String>,
}

#[derive(Template)]
#[template(path = "chat.html")]
pub struct Chat {
    pub shell: Shell,
    pub assistant: String,
    /// Questions to try; empty while no document is ready.
    pub suggestions: Vec<String>,
    /// A sentence about an engine that is not working.
    pub warning: Option<String>,
    /// Path of the widget's script, which handles calls.
    pub widget: String,
}

#[derive(Template)]
#[template(path = "transcribe.html")]
pub struct Transcribe {
    pub shell: Shell,
    /// Largest recording in bytes.
    pub max_bytes: u64,
    /// The same, for people.
    pub max_size: String,
    /// Longest recording, for people.
    pub max_length: String,
    /// A sentence about an engine that is not working.
    pub warning: Option<String>,
}

#[derive(Debug, Clone)]
pub struct KeyRow {
    pub id: String,
    pub name: String,
    /// First characters of the key.
    pub prefix: String,
    pub may: String,
    pub created: String,
    pub used: String,
    pub revoked: bool,
    /// Name of whoever made it; empty if nobody knows.
    pub maker: String,
    /// Whether its maker no longer manages what it opens.
    pub left_behind: bool,
}

pub struct FreshKey {
    pub name: String,
    /// The secret, shown only once.
    pub token: String,
}

#[derive(Template)]
#[template(path = "keys.html")]
pub struct Keys {
    pub shell: Shell,
    /// The key that this request made.
    pub fresh: Option<FreshKey>,
    pub error: Option<String>,
    pub keys: Vec<KeyRow>,
    /// Address of this server as the browser sees it.
    pub address: String,
    pub model: String,
}

#[derive(Debug, Clone)]
pub struct Engine {
    /// What it does.
    pub label: &'static str,
    /// `ready`, `starting`, `degraded` or `stopped`.
    pub state: String,
    /// Model, memory, queue.
    pub what: String,
    /// Problem and remedy.
    pub detail: Option<String>,
}

impl Engine {
    pub fn state_label(&self) -> &'static str {
        match self.state.as_str() {
            "ready" => "Ready",
            "starting" => "Starting",
            "degraded" => "Limited",
            _ => "Stopped",
        }
    }
}

/// A sentence about how the data is protected.
#[derive(Debug, Clone)]
pub struct Protection {
    /// Whether the owner should act.
    pub weak: bool,
    /// State and remedy.
    pub text: String,
}

#[derive(Template)]
#[template(path = "status.html")]
pub struct Status {
    pub shell: Shell,
    /// Whether the person owns the installation, and sees the machine.
    pub whole: bool,
    pub summary: String,
    pub engines: Vec<Engine>,
    pub protections: Vec<Protection>,
    pub data: Vec<Fact>,
    /// What is used in this month.
    pub(super) bars: Vec<Bar>,
    /// Address of this server as the browser sees it.
    pub address: String,
    pub https: Option<Https>,
    pub machine: Vec<Fact>,
}

/// How it stands with the certificate.
#[derive(Debug, Clone)]
pub struct Https {
    /// Whether the owner should act.
    pub weak: bool,
    /// State and remedy.
    pub text: String,
    pub facts: Vec<Fact>,
    /// The fingerprint of the private authority's root, if there is one.
    pub root: Option<String>,
    /// The authority's terms of service.
    pub terms: Option<String>,
}

//! The pages as data. Handlers fill these in; the templates show them.

use askama::Template;

use super::format::Moment;
use super::reading::Part;
use super::view::{Fact, Shell, filters};

/// What was typed into the setup form, to show it again.
#[derive(Debug, Default, Clone)]
pub struct SetupForm {
    /// Name of the business.
    pub business: String,
    /// Name of the owner.
    pub name: String,
    /// E-mail address of the owner.
    pub email: String,
    /// Whether visitors may come right away.
    pub open: bool,
}

/// First page of a new installation.
#[derive(Template)]
#[template(path = "setup.html")]
pub struct Setup {
    /// The token of the setup link.
    pub token: String,
    /// What was typed.
    pub form: SetupForm,
    /// What was wrong with it.
    pub error: Option<String>,
}

/// A setup link that does not work.
#[derive(Template)]
#[template(path = "setup_gone.html")]
pub struct SetupGone {
    /// What happened.
    pub heading: &'static str,
    /// Why, and what to do.
    pub reason: &'static str,
    /// Whether there is an account to sign in to.
    pub setup_done: bool,
}

/// Sign-in.
#[derive(Template)]
#[template(path = "login.html")]
pub struct Login {
    /// Name of the business.
    pub business: Option<String>,
    /// What was typed.
    pub email: String,
    /// Page to go to afterwards.
    pub next: String,
    /// Why it did not work.
    pub error: Option<String>,
}

/// A page that says what went wrong.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// HTTP status.
    pub status: u16,
    /// In a few words.
    pub heading: &'static str,
    /// What to do.
    pub detail: String,
}

/// A document in the list.
#[derive(Debug, Clone)]
pub struct DocumentRow {
    /// Its id.
    pub id: String,
    /// File name.
    pub name: String,
    /// Kind of file in a few letters.
    pub kind: String,
    /// `queued`, `indexing`, `ready` or `failed`.
    pub state: String,
    /// Size of the file.
    pub size: String,
    /// Pages, where it has them.
    pub pages: Option<String>,
    /// Passages that are searched, if any.
    pub passages: Option<String>,
    /// Number of the newest version.
    pub version: u32,
    /// Last change.
    pub updated: Moment,
    /// Language of its text, in English.
    pub language: Option<&'static str>,
    /// The date that it gives itself.
    pub dated: Option<String>,
    /// How many answers of the last 30 days cite it, in words.
    pub answers: Option<String>,
    /// Whether it was written in the console.
    pub is_note: bool,
    /// What the owner should know.
    pub notes: Vec<String>,
}

impl DocumentRow {
    /// Whether it is still being read.
    pub fn busy(&self) -> bool {
        matches!(self.state.as_str(), "queued" | "indexing")
    }

    /// The state in words.
    pub fn state_label(&self) -> &'static str {
        match self.state.as_str() {
            "queued" => "Waiting its turn",
            "indexing" => "Reading",
            "ready" => "Ready",
            _ => "Failed",
        }
    }
}

/// Words that mean the same.
#[derive(Template)]
#[template(path = "synonyms.html")]
pub struct SynonymsPage {
    /// The frame.
    pub shell: Shell,
    /// A group a line.
    pub text: String,
    /// Groups.
    pub count: usize,
    /// What is wrong with what was sent.
    pub error: Option<String>,
}

/// Upload and list.
#[derive(Template)]
#[template(path = "documents.html")]
pub struct Documents {
    /// The frame.
    pub shell: Shell,
    /// The list, or the part of it that was looked for.
    pub rows: Vec<DocumentRow>,
    /// How many are ready.
    pub ready: usize,
    /// How many there are.
    pub all: usize,
    /// How many were found but are not shown.
    pub more: usize,
    /// What was looked for.
    pub query: String,
    /// The list in figures: pages, passages, answers, those that failed.
    pub totals: Vec<String>,
    /// Largest file in bytes.
    pub max_bytes: u64,
    /// The same for people.
    pub max_size: String,
    /// What the file picker offers.
    pub accept: &'static str,
    /// What does not work just now.
    pub warning: Option<String>,
}

/// One document to read.
#[derive(Template)]
#[template(path = "document.html")]
pub struct Document {
    /// The frame.
    pub shell: Shell,
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Number of the version shown.
    pub version: u32,
    /// Whether there is a newer one.
    pub superseded: bool,
    /// The text.
    pub parts: Vec<Part>,
    /// Whether some of it was left out.
    pub cut: bool,
    /// Why there is no text, in a few words.
    pub empty_heading: &'static str,
    /// Why there is no text, and what to do.
    pub empty_reason: String,
    /// About the document.
    pub facts: Vec<Fact>,
    /// What the owner should know.
    pub notes: Vec<String>,
    /// Its versions, newest first.
    pub versions: Vec<VersionRow>,
    /// Whether its file hides something, and this is the version that counts.
    pub hides: bool,
    /// Whether that is read as well.
    pub read_hidden: bool,
    /// Whether only staff is answered from it.
    pub staff_only: bool,
    /// Whether it was written in the console.
    pub is_note: bool,
    /// Whether the person may change it.
    pub may_change: bool,
}

/// A version of a document in a list.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// Its id.
    pub id: String,
    /// Its number, from 1.
    pub number: u32,
    /// When it arrived.
    pub created: Moment,
    /// Size and pages.
    pub facts: String,
    /// Whether it is the one that is searched.
    pub current: bool,
    /// Whether it was taken back.
    pub taken_back: bool,
    /// Whether its text was read, so that it can be gone back to and compared.
    pub is_read: bool,
    /// What the owner should know.
    pub notes: Vec<String>,
}

/// The playground.
#[derive(Template)]
#[template(path = "chat.html")]
pub struct Chat {
    /// The frame.
    pub shell: Shell,
    /// Name of the assistant.
    pub assistant: String,
    /// Questions to try; none while nothing is ready.
    pub suggestions: Vec<String>,
    /// What does not work just now.
    pub warning: Option<String>,
    /// Path of the widget, which carries calls.
    pub widget: String,
}

/// Recordings to text.
#[derive(Template)]
#[template(path = "transcribe.html")]
pub struct Transcribe {
    /// The frame.
    pub shell: Shell,
    /// Largest recording in bytes.
    pub max_bytes: u64,
    /// The same for people.
    pub max_size: String,
    /// Longest recording, for people.
    pub max_length: String,
    /// What does not work just now.
    pub warning: Option<String>,
}

/// An API key in the list.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// How it begins.
    pub prefix: String,
    /// What it may do, in words.
    pub may: String,
    /// When it was made.
    pub created: String,
    /// When it was last used.
    pub used: String,
    /// Whether it was ended.
    pub revoked: bool,
}

/// A key that was made just now.
pub struct FreshKey {
    /// What it is for.
    pub name: String,
    /// The secret, shown this once.
    pub token: String,
}

/// API keys.
#[derive(Template)]
#[template(path = "keys.html")]
pub struct Keys {
    /// The frame.
    pub shell: Shell,
    /// The key that was made by this request.
    pub fresh: Option<FreshKey>,
    /// What was wrong with the form.
    pub error: Option<String>,
    /// Every key.
    pub keys: Vec<KeyRow>,
    /// Address of this server as the browser knows it.
    pub address: String,
    /// A model name for the example.
    pub model: String,
}

/// An engine on the status page.
#[derive(Debug, Clone)]
pub struct Engine {
    /// What it does.
    pub label: &'static str,
    /// `ready`, `starting`, `degraded` or `stopped`.
    pub state: String,
    /// Model, memory, queue.
    pub what: String,
    /// What is wrong and what to do.
    pub detail: Option<String>,
}

impl Engine {
    /// The state in words.
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
    /// Whether the owner should do something.
    pub weak: bool,
    /// What holds, and what to do.
    pub text: String,
}

/// Engines, data protection, address.
#[derive(Template)]
#[template(path = "status.html")]
pub struct Status {
    /// The frame.
    pub shell: Shell,
    /// All in one sentence.
    pub summary: String,
    /// The engines.
    pub engines: Vec<Engine>,
    /// How the data is protected.
    pub protections: Vec<Protection>,
    /// About the data.
    pub data: Vec<Fact>,
    /// Address of this server as the browser knows it.
    pub address: String,
    /// About the machine.
    pub machine: Vec<Fact>,
}

//! View data of the widget page and the talk page.

use askama::Template;

use super::format::Moment;
use super::view::{Shell, filters};
use super::widget_form::OptionsView;

/// The widget as a page of its own.
#[derive(Template)]
#[template(path = "talk.html")]
pub struct Talk {
    pub business: String,
    pub site: String,
    /// Whether it is open to visitors.
    pub open: bool,
    /// Whether somebody of the business is looking at it.
    pub own: bool,
    pub widget: String,
}

#[derive(Template)]
#[template(path = "widget.html")]
pub struct Widget {
    pub shell: Shell,
    /// The HTML line that embeds it.
    pub line: String,
    /// This server's, as the browser knows it.
    pub address: String,
    /// What the address is not good for.
    pub reach: Option<&'static str>,
    pub site: String,
    /// Until when the old key works.
    pub former_until: Option<Moment>,
    /// A key for identities that was just made.
    pub fresh_identity: Option<String>,
    /// Since when there is one.
    pub identity_since: Option<Moment>,
    /// Whether it is open to visitors.
    pub enabled: bool,
    /// Websites that may show it, one per line.
    pub origins: String,
    /// Other websites that answers may link to, one per line.
    pub links: String,
    /// Empty for the assistant's name.
    pub title: String,
    pub colour: String,
    /// Whether the colour is shown as it is on light pages.
    pub kept: bool,
    /// The colour on light pages.
    pub shown: String,
    pub options: OptionsView,
    pub languages: Vec<&'static str>,
    /// Whether visitors hold a button to talk.
    pub push_to_talk: bool,
    /// `off`, `automatic` or `always`.
    pub proof_of_work: &'static str,
    /// Path of the logo that visitors see.
    pub logo: Option<String>,
    pub widget: String,
    pub error: Option<String>,
}

/// What is kept of visitors, for the owner's own page.
#[derive(Template)]
#[template(path = "widget_privacy.html")]
pub struct PrivacyNotice {
    pub shell: Shell,
    pub address: String,
    /// Whether a visit goes on in all tabs.
    pub remember: bool,
    /// Whether visitors can send files.
    pub files: bool,
    /// Services that get what visitors say; empty if all is done on this machine.
    pub outside: String,
}

#[derive(Template)]
#[template(path = "widget_examples.html")]
pub struct Examples {
    pub shell: Shell,
    pub site: String,
    pub address: String,
    /// The same for WebSockets.
    pub sockets: String,
    pub widget: String,
}

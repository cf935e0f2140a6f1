//! Data of the page "Widget" and of the talk page.

use askama::Template;

use super::format::Moment;
use super::view::{Shell, filters};

/// The widget as a page of its own.
#[derive(Template)]
#[template(path = "talk.html")]
pub struct Talk {
    /// Name of the business.
    pub business: String,
    /// Key of the front desk.
    pub site: String,
    /// Whether visitors are served.
    pub open: bool,
    /// Whether somebody of the business looks.
    pub own: bool,
    /// Path of the widget.
    pub widget: String,
}

/// Look and reach of the widget.
#[derive(Template)]
#[template(path = "widget.html")]
pub struct Widget {
    /// The frame.
    pub shell: Shell,
    /// The line that puts it on a page.
    pub line: String,
    /// Key of the front desk.
    pub site: String,
    /// Until when the key before it is taken.
    pub former_until: Option<Moment>,
    /// Whether visitors are served.
    pub enabled: bool,
    /// Websites that may show it, one a line.
    pub origins: String,
    /// Other websites that links in answers may lead to, one a line.
    pub links: String,
    /// Title; empty takes the assistant's.
    pub title: String,
    /// Accent colour.
    pub colour: String,
    /// Whether a button is held to talk.
    pub push_to_talk: bool,
    /// Path of the widget.
    pub widget: String,
    /// What was wrong with the form.
    pub error: Option<String>,
}

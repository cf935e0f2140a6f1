//! View data of the widget page and the talk page.

use askama::Template;

use super::format::Moment;
use super::view::{Shell, filters};

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
    pub site: String,
    /// Until when the old key works.
    pub former_until: Option<Moment>,
    /// Whether it is open to visitors.
    pub enabled: bool,
    /// Websites that may show it, one per line.
    pub origins: String,
    /// Other websites that answers may link to, one per line.
    pub links: String,
    /// Empty for the assistant's name.
    pub title: String,
    pub colour: String,
    /// Whether visitors hold a button to talk.
    pub push_to_talk: bool,
    pub widget: String,
    pub error: Option<String>,
}

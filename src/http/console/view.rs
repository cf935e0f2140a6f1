//! What all pages share: the shell, the template filters and the response.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::format::Moment;
use crate::http::auth::Scope;

/// Scripts and styles come only from this server, never inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; media-src 'self' blob:; font-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Conversations, contacts, tasks, and the settings of the desk.
    Inbox,
    Documents,
    Chat,
    /// Receipts, gaps and tests.
    Quality,
    /// Who answers, and how.
    Assistants,
    /// Calls, and how the front desk speaks.
    Calls,
    /// Figures of a span of days.
    Analytics,
    Transcribe,
    Widget,
    Keys,
    Status,
    /// The walk through the first steps; not in the navigation.
    Welcome,
}

impl Section {
    pub const ALL: [Self; 11] = [
        Self::Inbox,
        Self::Documents,
        Self::Chat,
        Self::Quality,
        Self::Assistants,
        Self::Calls,
        Self::Analytics,
        Self::Transcribe,
        Self::Widget,
        Self::Keys,
        Self::Status,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Inbox => "Inbox",
            Self::Documents => "Knowledge",
            Self::Chat => "Chat",
            Self::Quality => "Quality",
            Self::Assistants => "Assistants",
            Self::Calls => "Calls",
            Self::Analytics => "Analytics",
            Self::Transcribe => "Transcribe",
            Self::Widget => "Widget",
            Self::Keys => "API keys",
            Self::Status => "Status",
            Self::Welcome => "First steps",
        }
    }

    /// What somebody must be allowed to open it.
    pub fn scope(self) -> Scope {
        match self {
            Self::Inbox => Scope::Conversations,
            Self::Documents => Scope::Documents,
            Self::Chat => Scope::Chat,
            Self::Quality | Self::Analytics => Scope::Evaluate,
            Self::Transcribe => Scope::Audio,
            Self::Assistants
            | Self::Calls
            | Self::Widget
            | Self::Keys
            | Self::Status
            | Self::Welcome => Scope::Admin,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Documents => "documents",
            Self::Chat => "chat",
            Self::Quality => "quality",
            Self::Assistants => "assistants",
            Self::Calls => "calls",
            Self::Analytics => "analytics",
            Self::Transcribe => "transcribe",
            Self::Widget => "widget",
            Self::Keys => "keys",
            Self::Status => "status",
            Self::Welcome => "welcome",
        }
    }
}

#[derive(Debug)]
pub struct Entry {
    pub label: &'static str,
    pub icon: &'static str,
    pub href: String,
    /// Whether the open page belongs to it.
    pub current: bool,
    /// Whether a phone shows it under "More".
    pub rest: bool,
}

/// Most workspaces in the switcher; the overview shows the rest.
pub const MOST_PLACES: usize = 30;

/// A workspace in the switcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub name: String,
    pub title: String,
    pub current: bool,
}

/// How a workspace looks on its pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brand {
    /// How often its logo was changed; `None` without one.
    pub logo: Option<u32>,
    /// As `#rrggbb`.
    pub colour: Option<String>,
}

/// Entries beside "More" on a phone.
const FIRST: usize = 5;

/// The frame around the pages of a signed-in person.
#[derive(Debug, Clone)]
pub struct Shell {
    pub title: String,
    /// Its entry in the navigation.
    pub section: Section,
    /// Title of the workspace.
    pub workspace: String,
    /// Its short name.
    pub workspace_name: String,
    /// What they may open.
    pub sections: Vec<Section>,
    /// How many visitors wait for a person.
    pub waiting: u32,
    /// Whether they may change settings.
    pub manages: bool,
    /// Whether visitors cannot reach it; false for people who cannot change that.
    pub closed: bool,
    /// How many first steps are done and how many there are, for whoever is to be reminded of them.
    pub walk: Option<(usize, usize)>,
    /// What an administrator should know about what is used in this month.
    pub warnings: Vec<String>,
    pub user_name: String,
    pub user_email: String,
    /// What they are in this workspace.
    pub role: &'static str,
    /// The workspaces that are open to them.
    pub places: Vec<Place>,
    /// Whether there is more than one workspace to look over.
    pub has_overview: bool,
    pub brand: Brand,
    /// When the closed workspace will be erased, and whether the whole account is closed.
    pub closing: Option<(Moment, bool)>,
}

impl Shell {
    /// Whether to warn that visitors cannot reach the business: only on the pages where work starts.
    pub fn tells_closed(&self) -> bool {
        let begins = [Section::Documents, Section::Status];
        self.closed && begins.contains(&self.section)
    }

    /// Whether to remind of the first steps: where work starts.
    pub fn reminds(&self) -> Option<(usize, usize)> {
        let begins = [Section::Documents, Section::Status];
        self.walk.filter(|_| begins.contains(&self.section))
    }

    /// The digits of the brand's colour, for the address of its style sheet.
    pub fn colour_digits(&self) -> Option<&str> {
        self.brand.colour.as_deref()?.strip_prefix('#')
    }

    /// The warnings, where work starts.
    pub fn warns(&self) -> &[String] {
        match self.section {
            Section::Documents | Section::Status => &self.warnings,
            _ => &[],
        }
    }

    pub fn entries(&self) -> Vec<Entry> {
        let entry = |(at, section): (usize, &Section)| Entry {
            label: section.label(),
            icon: section.name(),
            href: match section {
                Section::Quality => "/receipts".to_owned(),
                _ => format!("/{}", section.name()),
            },
            current: *section == self.section,
            rest: at >= FIRST,
        };
        self.sections.iter().enumerate().map(entry).collect()
    }

    /// Whether the open page is under "More" on a phone.
    pub fn in_rest(&self) -> bool {
        self.entries()
            .iter()
            .any(|entry| entry.current && entry.rest)
    }

    /// Whether there is anything under "More".
    pub fn has_rest(&self) -> bool {
        self.sections.len() > FIRST
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub name: &'static str,
    pub value: String,
}

impl Fact {
    pub fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: value.into(),
        }
    }
}

pub mod filters {
    use askama::filters::Safe;

    #[askama::filter_fn]
    pub fn asset(path: &str, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(crate::http::console::assets::url(path))
    }

    /// An icon of the sheet. Not escaped: names come from templates only.
    #[askama::filter_fn]
    pub fn icon(name: &str, _: &dyn askama::Values) -> askama::Result<Safe<String>> {
        let sheet = crate::http::console::assets::url("icons.svg");
        Ok(Safe(format!(
            "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"{sheet}#{name}\"/></svg>"
        )))
    }
}

/// Renders a page, never cached and under the strict policy.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(CONTENT_SECURITY_POLICY),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    (status, headers, html).into_response()
}

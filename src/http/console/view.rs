//! What all pages share: the shell around them, the filters of the templates, and the response.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::format::Moment;

/// Scripts and styles come from this server only, and never from within a page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; media-src 'self' blob:; font-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

/// The pages of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Upload and list.
    Documents,
    /// The playground.
    Chat,
    /// Receipts, gaps and tests.
    Quality,
    /// Calls, and how the front desk speaks.
    Calls,
    /// Recordings to text.
    Transcribe,
    /// Chat and voice on the business's website.
    Widget,
    /// API keys.
    Keys,
    /// Engines and data protection.
    Status,
}

impl Section {
    const ALL: [Self; 8] = [
        Self::Documents,
        Self::Chat,
        Self::Quality,
        Self::Calls,
        Self::Transcribe,
        Self::Widget,
        Self::Keys,
        Self::Status,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Documents => "Knowledge",
            Self::Chat => "Chat",
            Self::Quality => "Quality",
            Self::Calls => "Calls",
            Self::Transcribe => "Transcribe",
            Self::Widget => "Widget",
            Self::Keys => "API keys",
            Self::Status => "Status",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Chat => "chat",
            Self::Quality => "quality",
            Self::Calls => "calls",
            Self::Transcribe => "transcribe",
            Self::Widget => "widget",
            Self::Keys => "keys",
            Self::Status => "status",
        }
    }
}

/// An entry of the navigation.
#[derive(Debug)]
pub struct Entry {
    /// What it is called.
    pub label: &'static str,
    /// Name of its icon.
    pub icon: &'static str,
    /// Where it leads.
    pub href: String,
    /// Whether this page belongs to it.
    pub current: bool,
}

/// The frame around the page of a signed-in person.
#[derive(Debug, Clone)]
pub struct Shell {
    /// Title of the page.
    pub title: String,
    /// The entry of the navigation that it belongs to.
    pub section: Section,
    /// Name of the business.
    pub workspace: String,
    /// Whether visitors cannot reach it, for whoever can change that.
    pub closed: bool,
    /// Who is signed in.
    pub user_name: String,
    /// Their e-mail address.
    pub user_email: String,
    /// When the workspace is erased because it is closed, and whether with the whole account.
    pub closing: Option<(Moment, bool)>,
}

impl Shell {
    /// Whether this page says that visitors cannot reach the business: one where the work begins.
    pub fn tells_closed(&self) -> bool {
        let begins = [Section::Documents, Section::Status];
        self.closed && begins.contains(&self.section)
    }

    /// The navigation.
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |section: Section| Entry {
            label: section.label(),
            icon: section.name(),
            href: match section {
                Section::Quality => "/receipts".to_owned(),
                _ => format!("/{}", section.name()),
            },
            current: section == self.section,
        };
        Section::ALL.into_iter().map(entry).collect()
    }
}

/// A line in a list of facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

impl Fact {
    /// A fact.
    pub fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: value.into(),
        }
    }
}

/// Filters of the templates.
pub mod filters {
    use askama::filters::Safe;

    /// The address of an asset.
    #[askama::filter_fn]
    pub fn asset(path: &str, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(super::super::assets::url(path))
    }

    /// An icon of the sheet. Names come from the templates only.
    #[askama::filter_fn]
    pub fn icon(name: &str, _: &dyn askama::Values) -> askama::Result<Safe<String>> {
        let sheet = super::super::assets::url("icons.svg");
        Ok(Safe(format!(
            "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"{sheet}#{name}\"/></svg>"
        )))
    }
}

/// A page as a response: never cached, and under the strict policy.
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

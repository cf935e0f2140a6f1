//! The crawler: what a site's robots.txt allows, which pages its sitemap lists, which addresses are the same page,
//! and which page comes next.
//!
//! This module does *not* know what a page says. Foreign HTML is parsed in a separate process, which returns the
//! links; this module sees only addresses, robots.txt and sitemaps.

// So that paths look the same in every room: `crate::room::…`.
use frontdesk_egress as egress;
use frontdesk_reason as reason;
use frontdesk_store as store;

pub mod address;
mod frontier;
pub mod sitemap;
mod walker;

pub use frontier::{Frontier, Refused, Waiting};
pub use walker::{Fetched, Known, Pace, Page, Walker};

use crate::egress::EgressError;
use crate::reason::Reason;

/// This crawler's name in robots.txt.
pub const BOT: &str = "FrontdeskBot";

#[derive(Debug, thiserror::Error)]
pub enum WebError {
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// robots.txt forbids the page.
    #[error(
        "the site's robots.txt does not let {BOT} read {0}; if the site is yours, allow it there"
    )]
    Disallowed(String),
    /// robots.txt could not be fetched, so we do not know what is allowed.
    #[error(
        "{host} did not give its robots.txt (status {status}), so nothing of it is read; it is tried \
         again next time"
    )]
    RobotsFailed { host: String, status: u16 },
    /// An HTTP status other than success.
    #[error("the server answered with status {status}{}", hint(*.status))]
    Status { status: u16 },
    /// The start page redirects to another site.
    #[error("it leads to another site now, {0}; if the site has moved, add its new address")]
    Elsewhere(String),
    /// The media type is not one of text: a picture, a film, a program.
    #[error("it is {0}, which holds no text to read")]
    MediaType(String),
    /// Something that should be a sitemap is not one.
    #[error("{url} cannot be used as a sitemap: {reason}")]
    Sitemap {
        url: String,
        #[source]
        reason: Reason,
    },
}

impl WebError {
    /// Whether other pages of the site will probably fail in the same way.
    pub fn is_of_site(&self) -> bool {
        match self {
            Self::Egress(error) => !matches!(
                error,
                EgressError::TooLarge { .. } | EgressError::Url { .. } | EgressError::Redirects(_)
            ),
            Self::RobotsFailed { .. } | Self::Elsewhere(_) => true,
            Self::Status { status } => *status >= 500 || *status == 429,
            Self::Disallowed(_) | Self::MediaType(_) | Self::Sitemap { .. } => false,
        }
    }

    /// Whether the page is not there any more.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Status { status: 404 | 410 })
    }
}

fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => ": it needs a sign-in or turns robots away",
        404 | 410 => ": there is no such page (any more)",
        429 => ": too many requests; set a lower rate",
        500.. => ": it has a fault of its own; it is tried again next time",
        _ => "",
    }
}

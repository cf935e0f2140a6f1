//! How a site is walked: what its robots.txt allows, which pages its sitemap names, which addresses
//! are the same page, and where to go next.
//!
//! What this module does *not* know: what a page says. HTML of others is read in a process of its own,
//! which tells the links; here are only addresses, robots.txt and sitemaps.

// Paths read alike in every room: `crate::room::…`.
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

/// The name that robots.txt calls this crawler by.
pub const BOT: &str = "FrontdeskBot";

/// Why a page was not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// It could not be fetched.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// The site does not want it read.
    #[error(
        "the site's robots.txt does not let {BOT} read {0}; if the site is yours, allow it there"
    )]
    Disallowed(String),
    /// Without robots.txt nobody knows what may be read.
    #[error(
        "{host} did not give its robots.txt (status {status}), so nothing of it is read; it is tried \
         again next time"
    )]
    RobotsFailed {
        /// The host's name.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server refuses or fails.
    #[error("the server answered with status {status}{}", hint(*.status))]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// The start of a source belongs to somebody else now.
    #[error("it leads to another site now, {0}; if the site has moved, add its new address")]
    Elsewhere(String),
    /// A picture, a film, a program.
    #[error("it is {0}, which holds no text to read")]
    MediaType(String),
    /// What should be a sitemap is none.
    #[error("{url} cannot be used as a sitemap: {reason}")]
    Sitemap {
        /// The address.
        url: String,
        /// What is wrong.
        #[source]
        reason: Reason,
    },
}

impl WebError {
    /// Whether other pages of the site will most likely fail in the same way.
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

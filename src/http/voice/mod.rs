//! The public side: visitors' sessions, chat and voice in the widget and on the page to talk.
//!
//! A visitor is whoever opened the widget: a token that lives in the browser's tab, kept as a hash for a
//! day, and no cookie. It opens one conversation, its own. What a visitor gets holds titles and quoted
//! words, no ids of anything else.
//!
//! Pages name the front desk by its site key ([`site_key`]).
//!
//! Invariants:
//! - A browser is served only from this server's own pages and from the origins that the owner entered
//!   ([`origin`]); that holds for WebSockets too, where no browser asks beforehand.
//! - Of assistants they get the workspace's first one and those that the owner named ([`assistant`]).
//! - What visitors may send is bounded by address ([`rate`]) and in size.

mod assistant;
pub(super) mod chat;
pub(super) mod files;
mod guest;
pub(super) mod note;
pub(super) mod origin;
mod rate;
pub(super) mod settings;
pub(super) mod site_key;
pub(super) mod socket;
pub(super) mod visit;

use std::sync::Arc;

pub(super) use self::guest::Guest;
pub(super) use self::rate::Visits;
pub(super) use self::site_key::Which;

use super::route::{Policy, Route, routes};
use crate::app::App;
use crate::store::{StoreError, WorkspaceId, workspaces};
use crate::voice::VoiceSettings;

/// Routes of visitors.
pub(super) fn routes() -> Vec<Route> {
    routes![
        (POST, "/api/visit", Policy::Visitor, visit::create),
        (POST, "/api/visit/messages", Policy::Visitor, chat::append),
        (GET, "/api/visit/messages", Policy::Visitor, chat::list),
        (POST, "/api/visit/voice-note", Policy::Visitor, chat::speak),
        (GET, "/api/visit/voice", Policy::Visitor, socket::open),
    ]
}

/// Whether a path is one of the visitors'.
pub(super) fn is_public(path: &str) -> bool {
    path == "/api/visit" || path.starts_with("/api/visit/")
}

/// Whether visitors of a workspace can talk now.
///
/// # Errors
/// When the store refuses.
async fn offer(app: &Arc<App>, workspace: WorkspaceId) -> Result<Offer, StoreError> {
    let settings = app
        .store
        .read(move |conn| {
            workspaces::section::<VoiceSettings>(conn, workspace, VoiceSettings::SECTION)
        })
        .await?;
    // Which engine is missing is for the owner, who reads it on the status page.
    let reason = if !settings.enabled {
        Some("Talking is switched off here. Please write to us instead.")
    } else if app.ears.ready().is_err() || app.synthesizer.ready().is_err() {
        Some("Talking is not possible right now. Please write to us instead.")
    } else {
        None
    };
    Ok(Offer { settings, reason })
}

/// What visitors can have of voice.
struct Offer {
    settings: VoiceSettings,
    /// Why not; a sentence for visitors.
    reason: Option<&'static str>,
}

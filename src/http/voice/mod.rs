//! The public side: sessions, chat and voice of visitors, in the widget and on the page for talking.
//!
//! A visitor is a token in a browser's tab. The server keeps its hash for a day, and there is no cookie. A
//! token gives access to one conversation, its own. Visitors see titles and quotes of documents, but no ids.
//!
//! A page names its front desk by a site key ([`site_key`]).
//!
//! Invariants:
//! - A browser is served only on this server's own pages and on the origins that the owner entered
//!   ([`origin`]). That includes WebSockets, for which browsers send no preflight.
//! - Visitors reach only the workspace's first assistant and those that the owner opened to them
//!   ([`assistant`]).
//! - A visit is bound to the identity that began it: nobody else can resume it ([`identity`]).
//! - What visitors may send is bounded by address ([`rate`]) and in size. In a flood of visits, a browser may have to work for a new
//!   one ([`work`]).
//!
//! Reading order: [`site_key`], [`origin`], `visit` (begin, resume), `guest`; `chat`, `live` (what happens, as events), `note`, `socket`
//! (calls); `person`, `lead`, `opinions`, `own`; `settings` and `options` (what owners choose); `files`, which joins and serves the
//! widget. `assets/widget/frontdesk.js` names its parts; the first load is small, as a test demands, and the rest is fetched when used.
//!
//! To add a language of the widget: `assets/widget/languages/<code>.json` with every key of `en.json`, a line in `LANGUAGES` (`files`)
//! and a table in `transcript.toml`.

mod assistant;
pub(super) mod chat;
pub(super) mod colours;
pub(super) mod earlier;
pub(super) mod files;
pub(super) mod files_sent;
mod guest;
pub(super) mod identity;
pub(super) mod introduce;
pub(super) mod lead;
pub(super) mod live;
pub(super) mod logo;
pub(super) mod look;
pub(super) mod note;
pub(super) mod opinions;
pub(super) mod options;
pub(super) mod origin;
pub(super) mod own;
pub(super) mod person;
mod rate;
pub(super) mod said;
pub(super) mod settings;
pub(super) mod site_key;
pub(super) mod socket;
mod standing;
mod transcript;
pub(super) mod visit;
pub(super) mod work;

use std::sync::Arc;

pub(super) use self::guest::Guest;
pub(super) use self::rate::Visits;
pub(super) use self::site_key::Which;
pub(super) use self::standing::Standing;
pub(super) use self::work::Works;

use super::route::{Policy, Route, routes};
use crate::app::App;
use crate::store::assistants::Assistant;
use crate::store::{StoreError, workspaces};
use crate::voice::VoiceSettings;

pub(super) fn routes() -> Vec<Route> {
    routes![
        (POST, "/api/v1/visit", Policy::Visitor, visit::create),
        (
            POST,
            "/api/v1/visit/challenge",
            Policy::Visitor,
            work::challenge
        ),
        (DELETE, "/api/v1/visit", Policy::Visitor, own::erase),
        (POST, "/api/v1/visit/end", Policy::Visitor, own::end),
        (
            POST,
            "/api/v1/visit/sign-out",
            Policy::Visitor,
            own::sign_out
        ),
        (GET, "/api/v1/visit/export", Policy::Visitor, own::export),
        (
            GET,
            "/api/v1/visit/conversations",
            Policy::Visitor,
            earlier::list
        ),
        (
            GET,
            "/api/v1/visit/conversations/{id}",
            Policy::Visitor,
            earlier::get
        ),
        (
            GET,
            "/api/v1/visit/transcript",
            Policy::Visitor,
            own::transcript
        ),
        (
            POST,
            "/api/v1/visit/rating",
            Policy::Visitor,
            opinions::rate_visit
        ),
        (
            POST,
            "/api/v1/visit/messages/{id}/rating",
            Policy::Visitor,
            opinions::rate_answer
        ),
        (
            POST,
            "/api/v1/visit/files",
            Policy::Visitor,
            files_sent::send
        ),
        (
            GET,
            "/api/v1/visit/files/{id}",
            Policy::Visitor,
            files_sent::get
        ),
        (
            POST,
            "/api/v1/visit/introduce",
            Policy::Visitor,
            introduce::introduce
        ),
        (
            POST,
            "/api/v1/visit/transcript",
            Policy::Visitor,
            own::mail_transcript
        ),
        (GET, "/api/v1/visit/look", Policy::Visitor, look::show),
        (GET, "/api/v1/visit/logo", Policy::Visitor, logo::show),
        (
            POST,
            "/api/v1/visit/messages",
            Policy::Visitor,
            chat::append
        ),
        (GET, "/api/v1/visit/messages", Policy::Visitor, chat::list),
        (GET, "/api/v1/visit/events", Policy::Visitor, live::follow),
        (POST, "/api/v1/visit/person", Policy::Visitor, person::ask),
        (
            POST,
            "/api/v1/visit/typing",
            Policy::Visitor,
            person::typing
        ),
        (POST, "/api/v1/visit/seen", Policy::Visitor, person::seen),
        (
            POST,
            "/api/v1/visit/voice-note",
            Policy::Visitor,
            chat::speak
        ),
        (GET, "/api/v1/visit/voice", Policy::Visitor, socket::open),
        (POST, "/api/v1/visit/lead", Policy::Visitor, lead::leave),
        (
            GET,
            "/api/v1/visit/callback-times",
            Policy::Visitor,
            lead::times
        ),
    ]
}

/// Whether a path belongs to visitors.
pub(super) fn is_public(path: &str) -> bool {
    let rest = ["/api/v1/visit", "/api/visit"]
        .iter()
        .find_map(|start| path.strip_prefix(start));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Finds out whether visitors of a workspace can talk with this assistant now.
async fn load_offer(app: &Arc<App>, assistant: &Assistant) -> Result<Offer, StoreError> {
    let workspace = assistant.workspace;
    let settings = app
        .store
        .read(move |conn| {
            workspaces::section::<VoiceSettings>(conn, workspace, VoiceSettings::SECTION)
        })
        .await?;
    let settings = settings.with_own(&assistant.own()?);
    // Visitors need not know which engine is missing; the owner sees it on the status page.
    let reason = if !settings.enabled {
        Some("Talking is switched off here. Please write to us instead.")
    } else if app.ears.ready().is_err() || app.synthesizer.ready().is_err() {
        Some("Talking is not possible right now. Please write to us instead.")
    } else {
        None
    };
    Ok(Offer { settings, reason })
}

/// Voice, as visitors can have it now.
struct Offer {
    settings: VoiceSettings,
    /// Why nobody can talk now, for visitors; `None` if they can.
    reason: Option<&'static str>,
}

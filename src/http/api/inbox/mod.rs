//! The inbox for staff: lists, conversations, what is done with them, live events, and what is set for everybody.

mod acts;
mod assist;
mod attachments;
mod bulk;
mod canned;
mod desk;
mod events;
mod list;
mod messages;
mod query;
mod routing;
mod sort;
mod teams;
mod view;

pub use query::InboxQuery;
pub use routing::RoutingQuery;
pub use view::{CountsView, DetailView, RowView};

use crate::http::auth::Scope;
use crate::http::problem::Problem;
use crate::http::route::{Policy, Route, routes};
use crate::inbox::staff::reading;
use crate::store::ConversationId;

use super::place::{self, ApiPlace};

pub(in crate::http) mod paths {
    pub(in crate::http) use super::acts::{
        __path_close, __path_give_back, __path_here, __path_not_spam, __path_read, __path_reopen,
        __path_seen, __path_spam, __path_take, __path_typing, __path_unread,
    };
    pub(in crate::http) use super::assist::{
        __path_approve, __path_draft, __path_summary, __path_translate,
    };
    pub(in crate::http) use super::attachments::__path_download;
    pub(in crate::http) use super::bulk::{__path_act, __path_undo};
    pub(in crate::http) use super::events::__path_watch;
    pub(in crate::http) use super::list::{__path_get, __path_list, __path_tags};
    pub(in crate::http) use super::messages::{__path_note, __path_write};
    pub(in crate::http) use super::routing::{__path_export, __path_log};
    pub(in crate::http) use super::sort::{
        __path_assign, __path_merge, __path_set_tags, __path_snooze,
    };
    pub(in crate::http) mod canned_replies {
        pub(in crate::http) use super::super::canned::{
            __path_create, __path_list, __path_remove, __path_replace,
        };
    }
    pub(in crate::http) mod desk {
        pub(in crate::http) use super::super::desk::{__path_get, __path_set};
    }
    pub(in crate::http) mod teams {
        pub(in crate::http) use super::super::teams::{
            __path_create, __path_list, __path_remove, __path_replace,
        };
    }
}

pub(in crate::http) fn routes() -> Vec<Route> {
    const DAILY: Policy = Policy::Scope(Scope::Conversations);
    const LOOK: Policy = Policy::AnyOf(&[Scope::Conversations, Scope::Admin]);
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    routes![
        (GET, "/api/v1/inbox", DAILY, list::list),
        (GET, "/api/v1/inbox/events", DAILY, events::watch),
        (GET, "/api/v1/inbox/tags", DAILY, list::tags),
        (POST, "/api/v1/inbox/here", DAILY, acts::here),
        (POST, "/api/v1/inbox/bulk", DAILY, bulk::act),
        (POST, "/api/v1/inbox/undo", DAILY, bulk::undo),
        (GET, "/api/v1/inbox/{id}", DAILY, list::get),
        (POST, "/api/v1/inbox/{id}/take", DAILY, acts::take),
        (POST, "/api/v1/inbox/{id}/return", DAILY, acts::give_back),
        (POST, "/api/v1/inbox/{id}/close", DAILY, acts::close),
        (POST, "/api/v1/inbox/{id}/reopen", DAILY, acts::reopen),
        (POST, "/api/v1/inbox/{id}/spam", DAILY, acts::spam),
        (POST, "/api/v1/inbox/{id}/not-spam", DAILY, acts::not_spam),
        (POST, "/api/v1/inbox/{id}/read", DAILY, acts::read),
        (POST, "/api/v1/inbox/{id}/unread", DAILY, acts::unread),
        (POST, "/api/v1/inbox/{id}/typing", DAILY, acts::typing),
        (POST, "/api/v1/inbox/{id}/seen", DAILY, acts::seen),
        (POST, "/api/v1/inbox/{id}/messages", DAILY, messages::write),
        (POST, "/api/v1/inbox/{id}/notes", DAILY, messages::note),
        (POST, "/api/v1/inbox/{id}/assign", DAILY, sort::assign),
        (POST, "/api/v1/inbox/{id}/snooze", DAILY, sort::snooze),
        (PUT, "/api/v1/inbox/{id}/tags", DAILY, sort::set_tags),
        (POST, "/api/v1/inbox/{id}/merge", DAILY, sort::merge),
        (POST, "/api/v1/inbox/{id}/draft", DAILY, assist::draft),
        (POST, "/api/v1/inbox/{id}/summary", DAILY, assist::summary),
        (
            POST,
            "/api/v1/inbox/{id}/translate",
            DAILY,
            assist::translate
        ),
        (POST, "/api/v1/inbox/{id}/approve", DAILY, assist::approve),
        (GET, "/api/v1/teams", LOOK, teams::list),
        (POST, "/api/v1/teams", ADMIN, teams::create),
        (PUT, "/api/v1/teams/{id}", ADMIN, teams::replace),
        (DELETE, "/api/v1/teams/{id}", ADMIN, teams::remove),
        (GET, "/api/v1/canned-replies", LOOK, canned::list),
        (POST, "/api/v1/canned-replies", ADMIN, canned::create),
        (PUT, "/api/v1/canned-replies/{id}", ADMIN, canned::replace),
        (DELETE, "/api/v1/canned-replies/{id}", ADMIN, canned::remove),
        (GET, "/api/v1/desk", LOOK, desk::get),
        (PUT, "/api/v1/desk", ADMIN, desk::set),
        (GET, "/api/v1/routing", LOOK, routing::log),
        (GET, "/api/v1/routing/export", LOOK, routing::export),
        (
            GET,
            "/api/v1/attachments/{id}",
            DAILY,
            attachments::download
        ),
    ]
}

fn parse_conversation(id: &str) -> Result<ConversationId, Problem> {
    place::parse_id(id, "conversation")
}

/// The row of a conversation as it is now.
async fn row(place: &ApiPlace, id: ConversationId) -> Result<axum::Json<RowView>, Problem> {
    let found = reading::row(&place.app.store, &place.member, id).await?;
    Ok(axum::Json(RowView::new(found, place.app.inbox.presence())))
}

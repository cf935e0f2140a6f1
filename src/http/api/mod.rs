//! The own JSON API, for the console's islands, the command line and other programs. Views live
//! here; entities of the store never serialise themselves.

mod ask;
mod conversations;
mod documents;
mod keys;
mod place;
mod receipts;
mod setup;
mod status;
mod turn;
mod upload;

use super::auth::Scope;
use super::route::{Policy, Route, routes};

/// Routes of `/api`.
pub(super) fn routes() -> Vec<Route> {
    const DOCUMENTS: Policy = Policy::Scope(Scope::Documents);
    const CHAT: Policy = Policy::Scope(Scope::Chat);
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    const RECEIPTS: Policy = Policy::AnyOf(&[Scope::Chat, Scope::Evaluate]);
    routes![
        (GET, "/api/documents", DOCUMENTS, documents::list),
        (POST, "/api/documents", DOCUMENTS, upload::create),
        (GET, "/api/documents/events", DOCUMENTS, documents::events),
        (GET, "/api/documents/{id}", DOCUMENTS, documents::get),
        (DELETE, "/api/documents/{id}", DOCUMENTS, documents::delete),
        (GET, "/api/documents/{id}/text", DOCUMENTS, documents::text),
        (
            POST,
            "/api/documents/{id}/reindex",
            DOCUMENTS,
            documents::reindex
        ),
        (POST, "/api/ask", CHAT, ask::create),
        (GET, "/api/conversations", CHAT, conversations::list),
        (POST, "/api/conversations", CHAT, conversations::create),
        (GET, "/api/conversations/{id}", CHAT, conversations::get),
        (
            POST,
            "/api/conversations/{id}/messages",
            CHAT,
            conversations::append
        ),
        (GET, "/api/receipts/{id}", RECEIPTS, receipts::get),
        (GET, "/api/keys", ADMIN, keys::list),
        (POST, "/api/keys", ADMIN, keys::create),
        (DELETE, "/api/keys/{id}", ADMIN, keys::revoke),
        (GET, "/api/status", ADMIN, status::get),
        (POST, "/api/setup-link", ADMIN, setup::create),
    ]
}

pub(super) mod paths {
    //! What the OpenAPI document is generated from.
    pub(in crate::http) mod ask {
        pub(in crate::http) use super::super::ask::__path_create;
    }
    pub(in crate::http) mod conversations {
        pub(in crate::http) use super::super::conversations::{
            __path_append, __path_create, __path_get, __path_list,
        };
    }
    pub(in crate::http) mod documents {
        pub(in crate::http) use super::super::documents::{
            __path_delete, __path_events, __path_get, __path_list, __path_reindex, __path_text,
        };
    }
    pub(in crate::http) mod keys {
        pub(in crate::http) use super::super::keys::{__path_create, __path_list, __path_revoke};
    }
    pub(in crate::http) mod receipts {
        pub(in crate::http) use super::super::receipts::__path_get;
    }
    pub(in crate::http) mod setup {
        pub(in crate::http) use super::super::setup::__path_create;
    }
    pub(in crate::http) mod status {
        pub(in crate::http) use super::super::status::__path_get;
    }
    pub(in crate::http) mod upload {
        pub(in crate::http) use super::super::upload::__path_create;
    }
}

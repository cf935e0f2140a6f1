//! The OpenAI-compatible API under `/v1`, for existing clients. Only this module knows OpenAI's shapes;
//! behind it are the same engines and the same agent as everywhere.
//!
//! Reading order: `model_name` (assistants, aliases), `chat/ask` and `chat/piece` (one question and its answer, for all faces), `chat`,
//! `responses`, `conversations`, `kept` (what clients had kept), `speech`, `audio`, `realtime`, `absent` (what is not here).
//!
//! To add a face for another client's API: its request becomes an `Ask`, its answer is written from `Piece`s, and its errors from a
//! `Problem` (`in_envelope_of` in `http/route.rs`).

pub(super) mod absent;
mod audio;
pub(super) mod chat;
mod completions;
mod conversations;
pub(super) mod cors;
mod embeddings;
mod error;
mod kept;
mod metadata;
pub(super) mod model_name;
pub(super) mod models;
mod realtime;
mod responses;
mod speech;

pub use error::{ApiError, ErrorBody, ErrorEnvelope};
pub(super) use responses::Runs;

use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::auth::Scope;
use super::body;
use super::problem::Problem;
use super::route::{Policy, Route, routes};

/// In bytes: a batch of 2048 texts to embed fits.
const JSON_LIMIT: usize = 8 << 20;

/// A JSON body of `/v1`. Errors come in OpenAI's envelope.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let read = body::read_json(request, JSON_LIMIT).await;
        Ok(Self(read.map_err(Problem::from)?))
    }
}

/// The query of a `/v1` request. Errors come in OpenAI's envelope.
struct Params<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let read = Query::try_from_uri(&parts.uri);
        let Query(query) = read.map_err(|error| {
            ApiError::from(Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                format!(
                    "the query of the address cannot be read: {}",
                    error.body_text()
                ),
            ))
        })?;
        Ok(Self(query))
    }
}

pub(super) fn routes() -> Vec<Route> {
    const CHAT: Policy = Policy::Scope(Scope::Chat);
    const LIST: Policy = Policy::AnyOf(&[Scope::Chat, Scope::Audio]);
    let mut routes = routes![
        (
            POST,
            "/v1/chat/completions",
            Policy::Scope(Scope::Chat),
            chat::create
        ),
        (GET, "/v1/chat/completions", CHAT, chat::stored::list),
        (GET, "/v1/chat/completions/{id}", CHAT, chat::stored::get),
        (
            POST,
            "/v1/chat/completions/{id}",
            CHAT,
            chat::stored::update
        ),
        (
            DELETE,
            "/v1/chat/completions/{id}",
            CHAT,
            chat::stored::delete
        ),
        (
            GET,
            "/v1/chat/completions/{id}/messages",
            CHAT,
            chat::stored::messages
        ),
        (POST, "/v1/completions", CHAT, completions::create),
        (POST, "/v1/responses", CHAT, responses::create),
        (POST, "/v1/responses/input_tokens", CHAT, responses::count),
        (POST, "/v1/responses/compact", CHAT, responses::compact),
        (GET, "/v1/responses/{id}", CHAT, responses::stored::get),
        (
            DELETE,
            "/v1/responses/{id}",
            CHAT,
            responses::stored::delete
        ),
        (
            POST,
            "/v1/responses/{id}/cancel",
            CHAT,
            responses::stored::cancel
        ),
        (
            GET,
            "/v1/responses/{id}/input_items",
            CHAT,
            responses::stored::input_items
        ),
        (POST, "/v1/conversations", CHAT, conversations::create),
        (GET, "/v1/conversations/{id}", CHAT, conversations::get),
        (POST, "/v1/conversations/{id}", CHAT, conversations::update),
        (
            DELETE,
            "/v1/conversations/{id}",
            CHAT,
            conversations::delete
        ),
        (
            POST,
            "/v1/conversations/{id}/items",
            CHAT,
            conversations::add
        ),
        (
            GET,
            "/v1/conversations/{id}/items",
            CHAT,
            conversations::items
        ),
        (
            GET,
            "/v1/conversations/{id}/items/{item}",
            CHAT,
            conversations::item
        ),
        (
            DELETE,
            "/v1/conversations/{id}/items/{item}",
            CHAT,
            conversations::delete_item
        ),
        (
            POST,
            "/v1/audio/translations",
            Policy::Scope(Scope::Audio),
            audio::translate
        ),
        (
            POST,
            "/v1/embeddings",
            Policy::Scope(Scope::Chat),
            embeddings::create
        ),
        (
            POST,
            "/v1/audio/transcriptions",
            Policy::Scope(Scope::Audio),
            audio::transcribe
        ),
        (GET, "/v1/models", LIST, models::list),
        (GET, "/v1/models/{*id}", LIST, models::get),
    ];
    routes.extend(realtime::routes());
    routes.extend(speech::routes());
    routes
}

pub(super) mod paths {
    //! Handlers for the OpenAPI document.
    pub(in crate::http) mod audio {
        pub(in crate::http) use super::super::audio::{__path_transcribe, __path_translate};
    }
    pub(in crate::http) mod chat {
        pub(in crate::http) use super::super::chat::__path_create;
        pub(in crate::http) use super::super::chat::stored::{
            __path_delete, __path_get, __path_list, __path_messages, __path_update,
        };
    }
    pub(in crate::http) mod completions {
        pub(in crate::http) use super::super::completions::__path_create;
    }
    pub(in crate::http) mod conversations {
        pub(in crate::http) use super::super::conversations::{
            __path_add, __path_create, __path_delete, __path_delete_item, __path_get, __path_item,
            __path_items, __path_update,
        };
    }
    pub(in crate::http) mod responses {
        pub(in crate::http) use super::super::responses::stored::{
            __path_cancel, __path_delete, __path_get, __path_input_items,
        };
        pub(in crate::http) use super::super::responses::{
            __path_compact, __path_count, __path_create,
        };
    }
    pub(in crate::http) mod embeddings {
        pub(in crate::http) use super::super::embeddings::__path_create;
    }
    pub(in crate::http) mod models {
        pub(in crate::http) use super::super::models::{__path_get, __path_list};
    }
    pub(in crate::http) mod speech {
        pub(in crate::http) use super::super::speech::__path_create;
    }
    pub(in crate::http) mod realtime {
        pub(in crate::http) use super::super::realtime::{__path_connect, __path_create};
    }
}

//! The OpenAI-compatible API under `/v1`, for existing clients. Only this module knows OpenAI's shapes;
//! behind it are the same engines and the same agent as everywhere.

mod audio;
mod chat;
pub(super) mod cors;
mod embeddings;
mod error;
mod model_name;
mod models;
mod realtime;
mod speech;

pub use error::{ApiError, ErrorBody, ErrorEnvelope};

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::auth::Scope;
use super::body;
use super::problem::Problem;
use super::route::{Policy, Route, routes};

/// In bytes: a batch of 2048 texts to embed fits.
const JSON_LIMIT: usize = 8 << 20;

/// A JSON body of `/v1`. Errors come in OpenAI's envelope.
struct Json<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let read = body::read_json(request, JSON_LIMIT).await;
        Ok(Self(read.map_err(Problem::from)?))
    }
}

pub(super) fn routes() -> Vec<Route> {
    const LIST: Policy = Policy::AnyOf(&[Scope::Chat, Scope::Audio]);
    let mut routes = routes![
        (
            POST,
            "/v1/chat/completions",
            Policy::Scope(Scope::Chat),
            chat::create
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
        pub(in crate::http) use super::super::audio::__path_transcribe;
    }
    pub(in crate::http) mod chat {
        pub(in crate::http) use super::super::chat::__path_create;
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

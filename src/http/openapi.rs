//! The OpenAPI document, generated from the handlers and views.

use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::api::paths as api;
use super::health;
use super::openai::paths as openai;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Frontdesk",
        description = "The local API of a Frontdesk installation: the OpenAI-compatible part under \
                       /v1, and Frontdesk's own under /api."
    ),
    paths(
        health::healthz, health::readyz, health::metrics, health::openapi,
        openai::chat::create, openai::embeddings::create, openai::audio::transcribe,
        openai::models::list, openai::models::get,
        api::documents::list, api::documents::get, api::documents::text, api::documents::delete,
        api::documents::reindex, api::documents::events, api::upload::create,
        api::ask::create, api::conversations::list, api::conversations::create,
        api::conversations::get, api::conversations::append, api::receipts::get,
        api::keys::list, api::keys::create, api::keys::revoke, api::setup::create, api::status::get,
    ),
    security(("api_key" = [])),
    modifiers(&ApiKey)
)]
struct ApiDoc;

/// How callers prove who they are.
struct ApiKey;

impl Modify for ApiKey {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    }
}

/// The OpenAPI document of both APIs.
pub fn document() -> Document {
    ApiDoc::openapi()
}

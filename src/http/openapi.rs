//! The OpenAPI document, generated from the handlers and views.

use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::api::paths as api;
use super::health;
use super::openai::paths as openai;
use super::voice;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Frontdesk",
        description = "The local API of a Frontdesk installation: the OpenAI-compatible part under \
                       /v1, and Frontdesk's own under /api."
    ),
    paths(
        health::healthz,
        health::readyz,
        health::metrics,
        health::openapi,
        openai::chat::create,
        openai::embeddings::create,
        openai::audio::transcribe,
        openai::speech::create,
        openai::models::list,
        openai::models::get,
        openai::realtime::connect,
        openai::realtime::create,
        api::documents::list,
        api::documents::get,
        api::documents::text,
        api::documents::change,
        api::documents::delete,
        api::documents::reindex,
        api::documents::events,
        api::upload::create,
        api::versions::list,
        api::versions::compare,
        api::versions::read_hidden,
        api::versions::roll_back,
        api::versions::original,
        api::snippets::create,
        api::snippets::replace,
        api::ask::create,
        api::calls::list,
        api::calls::get,
        api::calls::delete,
        api::calls::download,
        api::calls::download_all,
        api::calls::recording,
        api::calls::delete_recording,
        api::calls::waveform,
        api::calls::show,
        api::calls::settings,
        api::calls::preview,
        api::calls::pronunciations,
        api::calls::set_pronunciation,
        api::calls::forget_pronunciation,
        api::accounts::list,
        api::accounts::create,
        api::accounts::change,
        api::backups::list,
        api::backups::create,
        api::backups::verify,
        api::backups::make_recovery_key,
        api::second_factor::begin,
        api::second_factor::confirm,
        api::second_factor::renew,
        api::second_factor::turn_off,
        api::second_factor::reset,
        api::widget::get,
        api::widget::change,
        api::widget::renew_key,
        api::people::find,
        api::people::copy,
        api::people::erase,
        api::people::erase_one,
        api::conversations::list,
        api::conversations::create,
        api::faqs::list,
        api::faqs::create,
        api::faqs::import,
        api::faqs::get,
        api::faqs::update,
        api::faqs::delete,
        api::faqs::approve,
        api::conversations::get,
        api::conversations::append,
        api::receipts::get,
        api::evals::list,
        api::evals::create,
        api::evals::latest,
        api::evals::get,
        api::evals::ask,
        api::evals::thresholds,
        api::gate::get,
        api::gate::switch,
        api::gate::start,
        api::gate::publish,
        api::gate::discard,
        api::gate::instructions,
        api::keys::list,
        api::keys::create,
        api::keys::revoke,
        api::setup::create,
        api::status::get,
        api::facts::list,
        api::facts::create,
        api::facts::change,
        api::facts::delete,
        api::facts::confirm,
        api::facts::dismiss,
        api::facts::confirm_all,
        api::facts::propose,
        api::facts::settings,
        api::facts::preview,
        api::receipts::list,
        api::receipts::download,
        api::receipts::replay,
        api::ratings::set,
        api::ratings::remove,
        api::gaps::list,
        api::gaps::dismiss,
        api::gaps::reopen,
        api::gaps::answered,
        api::golden::list,
        api::golden::create,
        api::golden::update,
        api::golden::delete,
        api::golden::import,
        api::golden::export,
        api::synonyms::get,
        api::synonyms::set,
        api::sources::list,
        api::sources::create,
        api::sources::get,
        api::sources::change,
        api::sources::delete,
        api::sources::sync,
        api::sources::events,
        api::egress::list,
        api::voice_notes::create,
        voice::visit::create,
        voice::chat::append,
        voice::chat::list,
        voice::chat::speak,
        voice::socket::open,
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

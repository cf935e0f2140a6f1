//! The OpenAPI document, generated from the handlers and views.

use axum::http::Method;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::api::paths as api;
use super::health;
use super::mcp;
use super::openai::paths as openai;
use super::route::{Policy, Route};
use super::voice;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Frontdesk",
        description = "The local API of a Frontdesk installation: the OpenAI-compatible part under \
                       /v1, and Frontdesk's own under /api/v1."
    ),
    paths(
        health::healthz,
        health::readyz,
        health::metrics,
        health::openapi,
        openai::chat::create,
        openai::chat::list,
        openai::chat::get,
        openai::chat::update,
        openai::chat::delete,
        openai::chat::messages,
        openai::completions::create,
        openai::responses::create,
        openai::responses::count,
        openai::responses::compact,
        openai::responses::get,
        openai::responses::delete,
        openai::responses::cancel,
        openai::responses::input_items,
        openai::conversations::create,
        openai::conversations::get,
        openai::conversations::update,
        openai::conversations::delete,
        openai::conversations::add,
        openai::conversations::items,
        openai::conversations::item,
        openai::conversations::delete_item,
        super::anthropic::create,
        super::anthropic::count,
        super::rerank::create,
        super::rerank::create_v2,
        openai::embeddings::create,
        openai::audio::transcribe,
        openai::audio::translate,
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
        api::lines::list,
        api::lines::decide,
        api::lines::picture,
        api::upload::create,
        api::versions::list,
        api::versions::compare,
        api::versions::read_hidden,
        api::versions::roll_back,
        api::versions::original,
        api::snippets::create,
        api::snippets::replace,
        api::ask::create,
        api::search::create,
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
        api::crm::begin,
        api::crm::forget_integration,
        api::crm::keep_integration,
        api::crm::list,
        api::crm::token,
        api::crm::analyse,
        api::crm::backfill,
        api::crm::copy,
        api::crm::disconnect,
        api::crm::erase,
        api::crm::get,
        api::crm::leads,
        api::crm::package,
        api::crm::pause,
        api::crm::resume,
        api::crm::set,
        api::accounts::list,
        api::accounts::create,
        api::accounts::change,
        api::backups::list,
        api::backups::create,
        api::backups::verify,
        api::backups::make_recovery_key,
        api::backup_target::get,
        api::backup_target::set,
        api::backup_target::remove,
        api::backup_target::try_it,
        api::backup_target::copy,
        api::backup_target::list,
        api::backup_target::verify,
        api::mail::get,
        api::mail::set,
        api::mail::remove,
        api::mail::test,
        api::mail::log,
        api::mail::replay,
        api::second_factor::begin,
        api::second_factor::confirm,
        api::second_factor::renew,
        api::second_factor::turn_off,
        api::second_factor::reset,
        api::widget::get,
        api::widget::change,
        api::widget::renew_key,
        api::widget::renew_identity_key,
        api::people::find,
        api::people::copy,
        api::people::erase,
        api::people::erase_one,
        api::workspaces::list,
        api::workspaces::preview,
        api::workspaces::close,
        api::workspaces::keep,
        api::workspaces::limit,
        api::workspaces::export,
        api::workspaces::close_account,
        api::workspaces::keep_account,
        api::plans::list,
        api::plans::create,
        api::plans::change,
        api::plans::delete,
        api::plans::choose,
        api::plans::download,
        api::analytics::get,
        api::analytics::table,
        api::analytics::digest,
        api::analytics::set_digest,
        api::quota::get,
        api::billing::get,
        api::billing::set,
        api::billing::assign,
        api::billing::activate,
        api::billing::check,
        api::billing::deactivate,
        api::billing::take_hook,
        api::retention::get,
        api::retention::set,
        api::retention::take_back,
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
        api::inbox::list,
        api::inbox::watch,
        api::inbox::tags,
        api::inbox::here,
        api::inbox::act,
        api::inbox::undo,
        api::inbox::get,
        api::inbox::take,
        api::inbox::give_back,
        api::inbox::close,
        api::inbox::reopen,
        api::inbox::spam,
        api::inbox::not_spam,
        api::inbox::read,
        api::inbox::unread,
        api::inbox::typing,
        api::inbox::seen,
        api::inbox::write,
        api::inbox::note,
        api::inbox::assign,
        api::inbox::snooze,
        api::inbox::set_tags,
        api::inbox::merge,
        api::inbox::draft,
        api::inbox::summary,
        api::inbox::translate,
        api::inbox::approve,
        api::inbox::log,
        api::inbox::export,
        api::inbox::download,
        api::inbox::teams::list,
        api::inbox::teams::create,
        api::inbox::teams::replace,
        api::inbox::teams::remove,
        api::inbox::canned_replies::list,
        api::inbox::canned_replies::create,
        api::inbox::canned_replies::replace,
        api::inbox::canned_replies::remove,
        api::inbox::desk::get,
        api::inbox::desk::set,
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
        api::names::get,
        api::names::set,
        api::additions::get,
        api::additions::set,
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
        api::outside::download,
        api::outside::month,
        api::outside::subprocessors,
        api::providers::list,
        api::providers::create,
        api::providers::get,
        api::providers::change,
        api::providers::delete,
        api::providers::test,
        api::providers::set_use,
        api::voice_notes::create,
        api::webhooks::list,
        api::webhooks::create,
        api::webhooks::change,
        api::webhooks::delete,
        api::webhooks::test,
        api::webhooks::rotate,
        api::webhooks::deliveries,
        api::webhooks::replay,
        api::webhooks::replay_failed,
        api::assistants::list,
        api::assistants::create,
        api::assistants::import,
        api::assistants::get,
        api::assistants::rename,
        api::assistants::delete,
        api::assistants::restore,
        api::assistants::duplicate,
        api::assistants::change,
        api::assistants::discard,
        api::assistants::publish,
        api::assistants::try_out,
        api::assistants::versions,
        api::assistants::compare,
        api::assistants::roll_back,
        api::assistants::export,
        api::assistants::renew_key,
        api::tags::list,
        api::tags::set,
        api::contacts::list,
        api::contacts::create,
        api::contacts::download_all,
        api::contacts::get_fields,
        api::contacts::set_fields,
        api::contacts::get,
        api::contacts::change,
        api::contacts::delete,
        api::contacts::download,
        api::contacts::merge,
        api::contacts::add_consent,
        api::contacts::timeline,
        api::analyses::list,
        api::analyses::create,
        api::analyses::export,
        api::analyses::get_settings,
        api::analyses::set_settings,
        api::analyses::get,
        api::analyses::delete,
        api::tools::list,
        api::tools::create,
        api::tools::import,
        api::tools::get,
        api::tools::change,
        api::tools::set_active,
        api::tools::delete,
        api::tools::try_out,
        api::tools::log,
        api::tools::call,
        api::tools::waiting,
        api::tools::allow,
        api::tools::decline,
        api::tasks::list,
        api::tasks::create,
        api::tasks::change,
        api::tasks::finish,
        api::tasks::give_up,
        api::tasks::reopen,
        api::tasks::shown,
        api::tasks::get_settings,
        api::tasks::set_settings,
        mcp::answer,
        voice::lead::leave,
        voice::lead::times,
        voice::visit::create,
        voice::earlier::list,
        voice::earlier::get,
        voice::look::show,
        voice::logo::show,
        voice::opinions::rate_visit,
        voice::opinions::rate_answer,
        voice::own::transcript,
        voice::own::export,
        voice::own::erase,
        voice::own::end,
        voice::own::sign_out,
        voice::work::challenge,
        voice::own::mail_transcript,
        voice::files_sent::send,
        voice::files_sent::get,
        voice::introduce::introduce,
        voice::chat::append,
        voice::chat::list,
        voice::chat::speak,
        voice::live::follow,
        voice::person::ask,
        voice::person::typing,
        voice::person::seen,
        voice::socket::open,
    ),
    security(("api_key" = [])),
    modifiers(&ApiKey, &Refusals)
)]
struct ApiDoc;

struct ApiKey;

impl Modify for ApiKey {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    }
}

/// The media type of our problems (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// Adds to each operation of our own API the refusals that any caller may get, as its route's policy has them, and says
/// that all of them are problems.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut Document) {
        for route in super::routes() {
            let path = route.path().replace("{*", "{");
            let is_own = path.starts_with("/api/v1/");
            let item = document.paths.paths.get_mut(&path).filter(|_| is_own);
            if let Some(operation) = item.and_then(|item| find_operation(item, route.method())) {
                add_refusals(operation, &route);
            }
        }
    }
}

fn find_operation<'i>(item: &'i mut PathItem, method: &Method) -> Option<&'i mut Operation> {
    let found = match method.as_str() {
        "GET" => &mut item.get,
        "POST" => &mut item.post,
        "PUT" => &mut item.put,
        "PATCH" => &mut item.patch,
        "DELETE" => &mut item.delete,
        _ => return None,
    };
    found.as_mut()
}

fn add_refusals(operation: &mut Operation, route: &Route) {
    let reads_body = operation.request_body.is_some();
    let takes_parameters = operation
        .parameters
        .as_ref()
        .is_some_and(|all| !all.is_empty());
    let is_guarded = !matches!(route.policy(), Policy::Public | Policy::Visitor);
    let refusals = [
        (
            "400",
            "The request makes no sense",
            reads_body || takes_parameters,
        ),
        ("401", "No credential that counts", is_guarded),
        ("403", "The credential is not for this", is_guarded),
        ("413", "The body is too large", reads_body),
        ("415", "The body is of another media type", reads_body),
    ];
    let responses = &mut operation.responses.responses;
    for (status, about, may) in refusals {
        if may && !responses.contains_key(status) {
            responses.insert(status.to_owned(), RefOr::T(describe_problem(about)));
        }
    }
    for (status, response) in responses {
        if status.starts_with(['4', '5'])
            && let RefOr::T(response) = response
            && let Some(content) = response.content.swap_remove("application/json")
        {
            response.content.insert(PROBLEM.to_owned(), content);
        }
    }
}

fn describe_problem(about: &str) -> Response {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(about);
    response.content(PROBLEM, content).build()
}

pub fn document() -> Document {
    ApiDoc::openapi()
}

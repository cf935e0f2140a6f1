//! Our own JSON API, for the console's islands, the command line and other programs. Views live here;
//! entities of the store never serialise themselves.
//!
//! A route is a handler with `#[utoipa::path]`, a line in `routes` and in `paths`, one in `http/openapi/mod.rs`, words in
//! `http/audit/api_acts.rs` if the audit log notes it, and a test.

pub(super) mod accounts;
mod additions;
pub(super) mod analyses;
pub(super) mod analytics;
mod answered;
pub(super) mod ask;
pub(super) mod assistants;
pub mod audit;
pub(super) mod backup_target;
pub(super) mod backups;
pub(super) mod billing;
pub mod calls;
pub(super) mod contacts;
pub(super) mod conversations;
pub(super) mod crm;
pub(super) mod documents;
mod egress;
mod evals;
mod facts;
mod faqs;
pub mod gaps;
pub(super) mod gate;
pub(super) mod golden;
pub mod inbox;
mod keys;
pub(super) mod lines;
mod mail;
pub mod members;
mod names;
pub(super) mod outside;
pub(super) mod paths;
pub mod people;
pub(super) mod place;
pub(super) mod plans;
pub(super) mod providers;
mod quota;
pub(super) mod ratings;
pub mod receipts;
mod retention;
pub(super) mod search;
pub mod second_factor;
mod setup;
mod sign_on;
mod snippets;
pub(super) mod source_views;
pub(super) mod sources;
mod status;
mod synonyms;
mod tags;
pub(super) mod tasks;
mod told;
pub(super) mod tools;
pub(super) mod turn;
pub(super) mod upload;
mod versions;
mod voice_notes;
pub(super) mod webhooks;
mod widget;
mod workflow_runs;
pub mod workflows;
pub(super) mod workspaces;

pub(super) use self::ask::{check_client_id, check_text, find_assistant, find_to_ask};
pub(super) use self::status::HttpsView;

use super::auth::Scope;
use super::route::{Policy, Route, routes};

pub(super) fn routes() -> Vec<Route> {
    const DOCUMENTS: Policy = Policy::Scope(Scope::Documents);
    const CHAT: Policy = Policy::Scope(Scope::Chat);
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    const EVALUATE: Policy = Policy::Scope(Scope::Evaluate);
    const QUALITY: Policy = Policy::AnyOf(&[Scope::Evaluate, Scope::Admin]);
    const RECEIPTS: Policy = Policy::AnyOf(&[Scope::Chat, Scope::Evaluate]);
    const SEARCH: Policy = Policy::AnyOf(search::SCOPES);
    routes![
        (GET, "/api/v1/documents", DOCUMENTS, documents::list),
        (POST, "/api/v1/documents", DOCUMENTS, upload::create),
        (
            GET,
            "/api/v1/documents/events",
            DOCUMENTS,
            documents::events
        ),
        (GET, "/api/v1/documents/{id}", DOCUMENTS, documents::get),
        (
            DELETE,
            "/api/v1/documents/{id}",
            DOCUMENTS,
            documents::delete
        ),
        (
            PATCH,
            "/api/v1/documents/{id}",
            DOCUMENTS,
            documents::change
        ),
        (
            GET,
            "/api/v1/documents/{id}/text",
            DOCUMENTS,
            documents::text
        ),
        (
            POST,
            "/api/v1/documents/{id}/reindex",
            DOCUMENTS,
            documents::reindex
        ),
        (GET, "/api/v1/documents/{id}/lines", DOCUMENTS, lines::list),
        (
            POST,
            "/api/v1/documents/{id}/lines",
            DOCUMENTS,
            lines::decide
        ),
        (
            GET,
            "/api/v1/documents/{id}/pages/{page}/picture",
            DOCUMENTS,
            lines::picture
        ),
        (
            GET,
            "/api/v1/documents/{id}/versions",
            DOCUMENTS,
            versions::list
        ),
        (
            GET,
            "/api/v1/documents/{id}/versions/{version}/original",
            DOCUMENTS,
            versions::original
        ),
        (
            GET,
            "/api/v1/documents/{id}/diff",
            DOCUMENTS,
            versions::compare
        ),
        (
            POST,
            "/api/v1/documents/{id}/hidden",
            DOCUMENTS,
            versions::read_hidden
        ),
        (
            POST,
            "/api/v1/documents/{id}/rollback",
            DOCUMENTS,
            versions::roll_back
        ),
        (POST, "/api/v1/snippets", DOCUMENTS, snippets::create),
        (PUT, "/api/v1/snippets/{id}", DOCUMENTS, snippets::replace),
        (GET, "/api/v1/faqs", DOCUMENTS, faqs::list),
        (POST, "/api/v1/faqs", DOCUMENTS, faqs::create),
        (POST, "/api/v1/faqs/import", DOCUMENTS, faqs::import),
        (GET, "/api/v1/faqs/{id}", DOCUMENTS, faqs::get),
        (PUT, "/api/v1/faqs/{id}", DOCUMENTS, faqs::update),
        (DELETE, "/api/v1/faqs/{id}", DOCUMENTS, faqs::delete),
        (POST, "/api/v1/faqs/{id}/approve", DOCUMENTS, faqs::approve),
        (GET, "/api/v1/facts", DOCUMENTS, facts::list),
        (POST, "/api/v1/facts", DOCUMENTS, facts::create),
        (POST, "/api/v1/facts/confirm", DOCUMENTS, facts::confirm_all),
        (POST, "/api/v1/facts/propose", DOCUMENTS, facts::propose),
        (POST, "/api/v1/facts/preview", DOCUMENTS, facts::preview),
        (PUT, "/api/v1/facts/settings", DOCUMENTS, facts::settings),
        (PUT, "/api/v1/facts/{id}", DOCUMENTS, facts::change),
        (DELETE, "/api/v1/facts/{id}", DOCUMENTS, facts::delete),
        (
            POST,
            "/api/v1/facts/{id}/confirm",
            DOCUMENTS,
            facts::confirm
        ),
        (
            POST,
            "/api/v1/facts/{id}/dismiss",
            DOCUMENTS,
            facts::dismiss
        ),
        (GET, "/api/v1/sources", DOCUMENTS, sources::list),
        (POST, "/api/v1/sources", DOCUMENTS, sources::create),
        (GET, "/api/v1/sources/events", DOCUMENTS, sources::events),
        (GET, "/api/v1/sources/{id}", DOCUMENTS, sources::get),
        (PATCH, "/api/v1/sources/{id}", DOCUMENTS, sources::change),
        (DELETE, "/api/v1/sources/{id}", DOCUMENTS, sources::delete),
        (POST, "/api/v1/sources/{id}/sync", DOCUMENTS, sources::sync),
        (GET, "/api/v1/egress", ADMIN, egress::list),
        (GET, "/api/v1/egress/file", ADMIN, outside::download),
        (GET, "/api/v1/egress/statement", ADMIN, outside::month),
        (GET, "/api/v1/subprocessors", ADMIN, outside::subprocessors),
        (GET, "/api/v1/providers", ADMIN, providers::list),
        (POST, "/api/v1/providers", ADMIN, providers::create),
        (GET, "/api/v1/providers/{id}", ADMIN, providers::get),
        (PUT, "/api/v1/providers/{id}", ADMIN, providers::change),
        (DELETE, "/api/v1/providers/{id}", ADMIN, providers::delete),
        (POST, "/api/v1/providers/{id}/test", ADMIN, providers::test),
        (
            PUT,
            "/api/v1/provider-uses/{purpose}",
            ADMIN,
            providers::set_use
        ),
        (POST, "/api/v1/ask", CHAT, ask::create),
        (POST, "/api/v1/search", SEARCH, search::create),
        (GET, "/api/v1/conversations", CHAT, conversations::list),
        (POST, "/api/v1/conversations", CHAT, conversations::create),
        (GET, "/api/v1/conversations/{id}", CHAT, conversations::get),
        (
            DELETE,
            "/api/v1/conversations/{id}",
            ADMIN,
            people::erase_one
        ),
        (GET, "/api/v1/accounts", ADMIN, accounts::list),
        (POST, "/api/v1/accounts", ADMIN, accounts::create),
        (PATCH, "/api/v1/accounts/{id}", ADMIN, accounts::change),
        (DELETE, "/api/v1/accounts/{id}", ADMIN, accounts::erase),
        (GET, "/api/v1/widget", ADMIN, widget::get),
        (PATCH, "/api/v1/widget", ADMIN, widget::change),
        (POST, "/api/v1/widget/site-key", ADMIN, widget::renew_key),
        (
            POST,
            "/api/v1/widget/identity-key",
            ADMIN,
            widget::renew_identity_key
        ),
        (GET, "/api/v1/backups", ADMIN, backups::list),
        (POST, "/api/v1/backups", ADMIN, backups::create),
        (
            POST,
            "/api/v1/backups/recovery-key",
            ADMIN,
            backups::make_recovery_key
        ),
        (
            POST,
            "/api/v1/backups/{name}/verify",
            ADMIN,
            backups::verify
        ),
        (GET, "/api/v1/backups/target", ADMIN, backup_target::get),
        (PUT, "/api/v1/backups/target", ADMIN, backup_target::set),
        (
            DELETE,
            "/api/v1/backups/target",
            ADMIN,
            backup_target::remove
        ),
        (
            POST,
            "/api/v1/backups/target/try",
            ADMIN,
            backup_target::try_it
        ),
        (
            POST,
            "/api/v1/backups/target/copy",
            ADMIN,
            backup_target::copy
        ),
        (
            GET,
            "/api/v1/backups/target/backups",
            ADMIN,
            backup_target::list
        ),
        (
            POST,
            "/api/v1/backups/target/backups/{name}/verify",
            ADMIN,
            backup_target::verify
        ),
        (GET, "/api/v1/mail", ADMIN, mail::get),
        (PUT, "/api/v1/mail", ADMIN, mail::set),
        (DELETE, "/api/v1/mail", ADMIN, mail::remove),
        (POST, "/api/v1/mail/test", ADMIN, mail::test),
        (GET, "/api/v1/mail/log", ADMIN, mail::log),
        (POST, "/api/v1/mail/log/{id}/replay", ADMIN, mail::replay),
        (GET, "/api/v1/people", ADMIN, people::find),
        (GET, "/api/v1/people/copy", ADMIN, people::copy),
        (POST, "/api/v1/people/erase", ADMIN, people::erase),
        (GET, "/api/v1/workspaces", ADMIN, workspaces::list),
        (
            GET,
            "/api/v1/workspaces/{name}/close",
            ADMIN,
            workspaces::preview
        ),
        (
            POST,
            "/api/v1/workspaces/{name}/close",
            ADMIN,
            workspaces::close
        ),
        (
            POST,
            "/api/v1/workspaces/{name}/keep",
            ADMIN,
            workspaces::keep
        ),
        (
            PUT,
            "/api/v1/workspaces/{name}/limit",
            ADMIN,
            workspaces::limit
        ),
        (
            GET,
            "/api/v1/workspaces/{name}/export",
            ADMIN,
            workspaces::export
        ),
        (
            POST,
            "/api/v1/account/close",
            ADMIN,
            workspaces::close_account
        ),
        (
            POST,
            "/api/v1/account/keep",
            ADMIN,
            workspaces::keep_account
        ),
        (PUT, "/api/v1/workspaces/{name}/plan", ADMIN, plans::choose),
        (GET, "/api/v1/plans", ADMIN, plans::list),
        (POST, "/api/v1/plans", ADMIN, plans::create),
        (GET, "/api/v1/plans/use.csv", ADMIN, plans::download),
        (PUT, "/api/v1/plans/{id}", ADMIN, plans::change),
        (DELETE, "/api/v1/plans/{id}", ADMIN, plans::delete),
        (GET, "/api/v1/quota", ADMIN, quota::get),
        (GET, "/api/v1/billing", ADMIN, billing::get),
        (PUT, "/api/v1/billing", ADMIN, billing::set),
        (
            PUT,
            "/api/v1/billing/subscriptions/{id}",
            ADMIN,
            billing::assign
        ),
        (POST, "/api/v1/billing/licence", ADMIN, billing::activate),
        (
            POST,
            "/api/v1/billing/licence/{id}/check",
            ADMIN,
            billing::check
        ),
        (
            DELETE,
            "/api/v1/billing/licence/{id}",
            ADMIN,
            billing::deactivate
        ),
        // The shop signs what it sends.
        (
            POST,
            "/api/v1/billing/hook",
            Policy::Public,
            billing::take_hook
        ),
        (GET, "/api/v1/retention", ADMIN, retention::get),
        (PUT, "/api/v1/retention", ADMIN, retention::set),
        (
            POST,
            "/api/v1/retention/take-back",
            ADMIN,
            retention::take_back
        ),
        (
            POST,
            "/api/v1/conversations/{id}/messages",
            CHAT,
            conversations::append
        ),
        (
            POST,
            "/api/v1/conversations/{id}/voice-note",
            CHAT,
            voice_notes::create
        ),
        (GET, "/api/v1/receipts", QUALITY, receipts::list),
        (GET, "/api/v1/receipts/export", QUALITY, receipts::download),
        (GET, "/api/v1/receipts/{id}", RECEIPTS, receipts::get),
        (GET, "/api/v1/evals", EVALUATE, evals::list),
        (POST, "/api/v1/evals", EVALUATE, evals::create),
        (POST, "/api/v1/evals/ask", EVALUATE, evals::ask),
        (POST, "/api/v1/evals/thresholds", ADMIN, evals::thresholds),
        (POST, "/api/v1/evals/runs", EVALUATE, gate::start),
        (GET, "/api/v1/evals/latest", EVALUATE, evals::latest),
        (GET, "/api/v1/evals/{id}", EVALUATE, evals::get),
        (GET, "/api/v1/gate", EVALUATE, gate::get),
        (POST, "/api/v1/gate", ADMIN, gate::switch),
        (POST, "/api/v1/gate/publish", ADMIN, gate::publish),
        (POST, "/api/v1/gate/discard", ADMIN, gate::discard),
        (
            POST,
            "/api/v1/assistant/instructions",
            ADMIN,
            gate::instructions
        ),
        (
            POST,
            "/api/v1/receipts/{id}/replay",
            QUALITY,
            receipts::replay
        ),
        (POST, "/api/v1/receipts/{id}/rating", RECEIPTS, ratings::set),
        (
            DELETE,
            "/api/v1/receipts/{id}/rating",
            RECEIPTS,
            ratings::remove
        ),
        (GET, "/api/v1/gaps", QUALITY, gaps::list),
        (POST, "/api/v1/gaps/{id}/dismiss", QUALITY, gaps::dismiss),
        (POST, "/api/v1/gaps/{id}/reopen", QUALITY, gaps::reopen),
        (POST, "/api/v1/gaps/{id}/answered", QUALITY, gaps::answered),
        (GET, "/api/v1/golden", QUALITY, golden::list),
        (POST, "/api/v1/golden", QUALITY, golden::create),
        (GET, "/api/v1/golden/export", QUALITY, golden::export),
        (POST, "/api/v1/golden/import", QUALITY, golden::import),
        (PUT, "/api/v1/golden/{id}", QUALITY, golden::update),
        (DELETE, "/api/v1/golden/{id}", QUALITY, golden::delete),
        (GET, "/api/v1/keys", ADMIN, keys::list),
        (POST, "/api/v1/keys", ADMIN, keys::create),
        (DELETE, "/api/v1/keys/{id}", ADMIN, keys::revoke),
        (GET, "/api/v1/status", ADMIN, status::get),
        (GET, "/api/v1/names", ADMIN, names::get),
        (PUT, "/api/v1/names", ADMIN, names::set),
        (GET, "/api/v1/additions", ADMIN, additions::get),
        (PUT, "/api/v1/additions", ADMIN, additions::set),
        (GET, "/api/v1/synonyms", DOCUMENTS, synonyms::get),
        (PUT, "/api/v1/synonyms", DOCUMENTS, synonyms::set),
        (GET, "/api/v1/tags", DOCUMENTS, tags::list),
        (PUT, "/api/v1/tags/{kind}/{id}", DOCUMENTS, tags::set),
        (POST, "/api/v1/setup-link", ADMIN, setup::create),
        (GET, "/api/v1/webhooks", ADMIN, webhooks::list),
        (POST, "/api/v1/webhooks", ADMIN, webhooks::create),
        (PUT, "/api/v1/webhooks/{id}", ADMIN, webhooks::change),
        (DELETE, "/api/v1/webhooks/{id}", ADMIN, webhooks::delete),
        (POST, "/api/v1/webhooks/{id}/test", ADMIN, webhooks::test),
        (
            POST,
            "/api/v1/webhooks/{id}/rotate",
            ADMIN,
            webhooks::rotate
        ),
        (
            GET,
            "/api/v1/webhooks/{id}/deliveries",
            ADMIN,
            webhooks::deliveries
        ),
        (
            POST,
            "/api/v1/webhooks/{id}/replay",
            ADMIN,
            webhooks::replay_failed
        ),
        (
            POST,
            "/api/v1/webhooks/deliveries/{id}/replay",
            ADMIN,
            webhooks::replay
        ),
    ]
}

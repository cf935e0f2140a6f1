//! Our own JSON API, for the console's islands, the command line and other programs. Views live here;
//! entities of the store never serialise themselves.

pub(super) mod accounts;
mod additions;
mod ask;
pub(super) mod backup_target;
pub(super) mod backups;
pub mod calls;
mod conversations;
pub(super) mod documents;
mod egress;
mod evals;
mod facts;
mod faqs;
pub mod gaps;
pub(super) mod gate;
pub(super) mod golden;
mod keys;
pub(super) mod paths;
pub mod people;
mod place;
pub(super) mod ratings;
pub mod receipts;
mod retention;
mod second_factor;
mod setup;
mod snippets;
pub(super) mod source_views;
pub(super) mod sources;
mod status;
mod synonyms;
mod turn;
mod upload;
mod versions;
mod voice_notes;
mod widget;
pub(super) mod workspaces;

pub(super) use self::ask::{check_text, find_assistant};
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
    routes![
        (GET, "/api/documents", DOCUMENTS, documents::list),
        (POST, "/api/documents", DOCUMENTS, upload::create),
        (GET, "/api/documents/events", DOCUMENTS, documents::events),
        (GET, "/api/documents/{id}", DOCUMENTS, documents::get),
        (DELETE, "/api/documents/{id}", DOCUMENTS, documents::delete),
        (PATCH, "/api/documents/{id}", DOCUMENTS, documents::change),
        (GET, "/api/documents/{id}/text", DOCUMENTS, documents::text),
        (
            POST,
            "/api/documents/{id}/reindex",
            DOCUMENTS,
            documents::reindex
        ),
        (
            GET,
            "/api/documents/{id}/versions",
            DOCUMENTS,
            versions::list
        ),
        (
            GET,
            "/api/documents/{id}/versions/{version}/original",
            DOCUMENTS,
            versions::original
        ),
        (
            GET,
            "/api/documents/{id}/diff",
            DOCUMENTS,
            versions::compare
        ),
        (
            POST,
            "/api/documents/{id}/hidden",
            DOCUMENTS,
            versions::read_hidden
        ),
        (
            POST,
            "/api/documents/{id}/rollback",
            DOCUMENTS,
            versions::roll_back
        ),
        (POST, "/api/snippets", DOCUMENTS, snippets::create),
        (PUT, "/api/snippets/{id}", DOCUMENTS, snippets::replace),
        (GET, "/api/faqs", DOCUMENTS, faqs::list),
        (POST, "/api/faqs", DOCUMENTS, faqs::create),
        (POST, "/api/faqs/import", DOCUMENTS, faqs::import),
        (GET, "/api/faqs/{id}", DOCUMENTS, faqs::get),
        (PUT, "/api/faqs/{id}", DOCUMENTS, faqs::update),
        (DELETE, "/api/faqs/{id}", DOCUMENTS, faqs::delete),
        (POST, "/api/faqs/{id}/approve", DOCUMENTS, faqs::approve),
        (GET, "/api/facts", DOCUMENTS, facts::list),
        (POST, "/api/facts", DOCUMENTS, facts::create),
        (POST, "/api/facts/confirm", DOCUMENTS, facts::confirm_all),
        (POST, "/api/facts/propose", DOCUMENTS, facts::propose),
        (POST, "/api/facts/preview", DOCUMENTS, facts::preview),
        (PUT, "/api/facts/settings", DOCUMENTS, facts::settings),
        (PUT, "/api/facts/{id}", DOCUMENTS, facts::change),
        (DELETE, "/api/facts/{id}", DOCUMENTS, facts::delete),
        (POST, "/api/facts/{id}/confirm", DOCUMENTS, facts::confirm),
        (POST, "/api/facts/{id}/dismiss", DOCUMENTS, facts::dismiss),
        (GET, "/api/sources", DOCUMENTS, sources::list),
        (POST, "/api/sources", DOCUMENTS, sources::create),
        (GET, "/api/sources/events", DOCUMENTS, sources::events),
        (GET, "/api/sources/{id}", DOCUMENTS, sources::get),
        (PATCH, "/api/sources/{id}", DOCUMENTS, sources::change),
        (DELETE, "/api/sources/{id}", DOCUMENTS, sources::delete),
        (POST, "/api/sources/{id}/sync", DOCUMENTS, sources::sync),
        (GET, "/api/egress", ADMIN, egress::list),
        (POST, "/api/ask", CHAT, ask::create),
        (GET, "/api/conversations", CHAT, conversations::list),
        (POST, "/api/conversations", CHAT, conversations::create),
        (GET, "/api/conversations/{id}", CHAT, conversations::get),
        (DELETE, "/api/conversations/{id}", ADMIN, people::erase_one),
        (GET, "/api/accounts", ADMIN, accounts::list),
        (POST, "/api/accounts", ADMIN, accounts::create),
        (PATCH, "/api/accounts/{id}", ADMIN, accounts::change),
        (
            DELETE,
            "/api/accounts/{id}/second-factor",
            ADMIN,
            second_factor::reset
        ),
        // Every role has the scope `chat`; the handlers check that people change only their own.
        (
            POST,
            "/api/accounts/{id}/second-factor",
            CHAT,
            second_factor::begin
        ),
        (
            POST,
            "/api/accounts/{id}/second-factor/confirm",
            CHAT,
            second_factor::confirm
        ),
        (
            POST,
            "/api/accounts/{id}/second-factor/recovery-codes",
            CHAT,
            second_factor::renew
        ),
        (
            POST,
            "/api/accounts/{id}/second-factor/off",
            CHAT,
            second_factor::turn_off
        ),
        (GET, "/api/widget", ADMIN, widget::get),
        (PATCH, "/api/widget", ADMIN, widget::change),
        (POST, "/api/widget/site-key", ADMIN, widget::renew_key),
        (GET, "/api/backups", ADMIN, backups::list),
        (POST, "/api/backups", ADMIN, backups::create),
        (
            POST,
            "/api/backups/recovery-key",
            ADMIN,
            backups::make_recovery_key
        ),
        (POST, "/api/backups/{name}/verify", ADMIN, backups::verify),
        (GET, "/api/backups/target", ADMIN, backup_target::get),
        (PUT, "/api/backups/target", ADMIN, backup_target::set),
        (DELETE, "/api/backups/target", ADMIN, backup_target::remove),
        (
            POST,
            "/api/backups/target/try",
            ADMIN,
            backup_target::try_it
        ),
        (POST, "/api/backups/target/copy", ADMIN, backup_target::copy),
        (
            GET,
            "/api/backups/target/backups",
            ADMIN,
            backup_target::list
        ),
        (
            POST,
            "/api/backups/target/backups/{name}/verify",
            ADMIN,
            backup_target::verify
        ),
        (GET, "/api/people", ADMIN, people::find),
        (GET, "/api/people/copy", ADMIN, people::copy),
        (POST, "/api/people/erase", ADMIN, people::erase),
        (GET, "/api/workspaces", ADMIN, workspaces::list),
        (
            GET,
            "/api/workspaces/{name}/close",
            ADMIN,
            workspaces::preview
        ),
        (
            POST,
            "/api/workspaces/{name}/close",
            ADMIN,
            workspaces::close
        ),
        (POST, "/api/workspaces/{name}/keep", ADMIN, workspaces::keep),
        (
            PUT,
            "/api/workspaces/{name}/limit",
            ADMIN,
            workspaces::limit
        ),
        (
            GET,
            "/api/workspaces/{name}/export",
            ADMIN,
            workspaces::export
        ),
        (POST, "/api/account/close", ADMIN, workspaces::close_account),
        (POST, "/api/account/keep", ADMIN, workspaces::keep_account),
        (GET, "/api/retention", ADMIN, retention::get),
        (PUT, "/api/retention", ADMIN, retention::set),
        (
            POST,
            "/api/retention/take-back",
            ADMIN,
            retention::take_back
        ),
        (
            POST,
            "/api/conversations/{id}/messages",
            CHAT,
            conversations::append
        ),
        (
            POST,
            "/api/conversations/{id}/voice-note",
            CHAT,
            voice_notes::create
        ),
        (GET, "/api/receipts", QUALITY, receipts::list),
        (GET, "/api/receipts/export", QUALITY, receipts::download),
        (GET, "/api/receipts/{id}", RECEIPTS, receipts::get),
        (GET, "/api/evals", EVALUATE, evals::list),
        (POST, "/api/evals", EVALUATE, evals::create),
        (POST, "/api/evals/ask", EVALUATE, evals::ask),
        (POST, "/api/evals/thresholds", ADMIN, evals::thresholds),
        (POST, "/api/evals/runs", EVALUATE, gate::start),
        (GET, "/api/evals/latest", EVALUATE, evals::latest),
        (GET, "/api/evals/{id}", EVALUATE, evals::get),
        (GET, "/api/gate", EVALUATE, gate::get),
        (POST, "/api/gate", ADMIN, gate::switch),
        (POST, "/api/gate/publish", ADMIN, gate::publish),
        (POST, "/api/gate/discard", ADMIN, gate::discard),
        (
            POST,
            "/api/assistant/instructions",
            ADMIN,
            gate::instructions
        ),
        (POST, "/api/receipts/{id}/replay", QUALITY, receipts::replay),
        (POST, "/api/receipts/{id}/rating", RECEIPTS, ratings::set),
        (
            DELETE,
            "/api/receipts/{id}/rating",
            RECEIPTS,
            ratings::remove
        ),
        (GET, "/api/gaps", QUALITY, gaps::list),
        (POST, "/api/gaps/{id}/dismiss", QUALITY, gaps::dismiss),
        (POST, "/api/gaps/{id}/reopen", QUALITY, gaps::reopen),
        (POST, "/api/gaps/{id}/answered", QUALITY, gaps::answered),
        (GET, "/api/golden", QUALITY, golden::list),
        (POST, "/api/golden", QUALITY, golden::create),
        (GET, "/api/golden/export", QUALITY, golden::export),
        (POST, "/api/golden/import", QUALITY, golden::import),
        (PUT, "/api/golden/{id}", QUALITY, golden::update),
        (DELETE, "/api/golden/{id}", QUALITY, golden::delete),
        (GET, "/api/keys", ADMIN, keys::list),
        (POST, "/api/keys", ADMIN, keys::create),
        (DELETE, "/api/keys/{id}", ADMIN, keys::revoke),
        (GET, "/api/status", ADMIN, status::get),
        (GET, "/api/additions", ADMIN, additions::get),
        (PUT, "/api/additions", ADMIN, additions::set),
        (GET, "/api/synonyms", DOCUMENTS, synonyms::get),
        (PUT, "/api/synonyms", DOCUMENTS, synonyms::set),
        (POST, "/api/setup-link", ADMIN, setup::create),
    ]
}

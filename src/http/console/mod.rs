//! The pages for people: setup, sign-in, documents, chat, transcription, keys and status.
//!
//! What this module does *not* know: how anything is stored, read or answered. A handler loads what a
//! page shows, fills in the page's data (`pages`) and renders it; everything live on a page is an
//! custom element that calls the JSON API.
//!
//! Invariants:
//! - Everything but setup, sign-in and assets asks for `guard::SignedIn`, and the page of the second factor for
//!   `guard::AtSecondFactor`, which also admits people whom `SignedIn` redirects there.
//! - Forms are accepted from this server's own pages only (`guard::own_pages_only`).
//! - A form inside `<fd-confirm>` has a question in `asking`, for browsers that run no scripts.
//! - Text of documents, visitors and models reaches the browser escaped or as JSON, never as HTML.
//!
//! A page is the handler of its name, its data in `…_pages`, its template, script and style in `assets/console/`. `login` and `session`
//! let people in, `places` leads from one workspace to another, `measure` is `/quality`; the inbox is live by `js/fd-inbox.js`.

mod accounts;
mod analytics;
mod analytics_charts;
mod asking;
mod assets;
mod assistant_form;
mod assistant_list;
mod assistant_read;
mod assistants;
mod audit_page;
mod backup_target;
mod backups;
mod billing;
mod brand;
mod call_pages;
mod call_parts;
mod calls;
pub(super) mod certificate;
mod chat;
mod contact_pages;
mod contacts;
mod crm;
mod crm_pages;
mod desk;
mod desk_form;
mod document;
mod documents;
mod egress;
mod fact_pages;
mod facts;
mod failure;
mod faqs;
mod format;
mod gaps;
mod golden;
mod golden_form;
mod guard;
mod inbox;
mod inbox_pages;
mod invitation;
mod keys;
mod lines;
mod login;
mod mail;
mod measure;
mod measure_pages;
mod measure_rows;
mod notes;
mod own_account;
mod pages;
mod passkeys;
mod places;
mod plans;
mod privacy;
mod provider_form;
mod providers;
mod quality_pages;
mod reading;
mod receipt_cited;
mod receipt_parts;
mod receipts;
mod routing;
pub mod safe_mode;
mod score_form;
mod score_pages;
mod scores;
mod second_factor;
mod session;
mod setup;
mod sign_on;
mod sources;
mod status;
mod suggestions;
mod sureness;
mod synonyms;
mod tags;
mod talk;
mod task_pages;
mod tasks;
mod tool_pages;
mod tools;
mod transcribe;
mod usage;
mod view;
mod voice;
mod webhook_pages;
mod webhooks;
mod welcome;
mod widget;
mod widget_form;
mod widget_pages;
mod word_diff;
mod workflow_edit;
mod workflow_form;
mod workflow_pages;
mod workflow_runs;
mod workflows;
mod workspaces;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};

pub use self::failure::error_page;
use self::failure::{Failure, sentence};
use self::guard::Visitor;
use super::Http;
use super::audit;
use super::auth::Scope;
use super::trips::Trips;
use super::voice::files;
use crate::app::App;

pub(super) fn router(http: &Http) -> Router<Arc<App>> {
    let noted = (Arc::clone(&http.app), http.noted.clone());
    Router::new()
        .route("/", get(home))
        .route("/setup", get(setup::show).post(setup::submit))
        .route("/login", get(login::show).post(login::submit))
        .route(
            "/login/code",
            get(login::show_code).post(login::submit_code),
        )
        .route("/logout", post(login::leave))
        .route("/inbox", get(inbox::list))
        .route("/inbox/{id}", get(inbox::show))
        .route("/inbox/{id}/reply", post(inbox::reply))
        .route("/inbox/{id}/{verb}", post(inbox::change))
        .route("/desk", get(desk::show).post(desk::save))
        .route("/desk/teams", post(desk::add_team))
        .route("/desk/teams/{id}", post(desk::change_team))
        .route("/desk/teams/{id}/delete", post(desk::delete_team))
        .route("/desk/replies", post(desk::add_reply))
        .route("/desk/replies/{id}", post(desk::change_reply))
        .route("/desk/replies/{id}/delete", post(desk::delete_reply))
        .route("/documents", get(documents::list))
        .route("/documents/new", get(notes::new).post(notes::create))
        .route(
            "/documents/files",
            post(documents::add).layer(DefaultBodyLimit::disable()),
        )
        .route("/documents/{id}", get(document::read))
        .route("/documents/{id}/passage", get(document::passage))
        .route("/documents/{id}/changes", get(document::changes))
        .route("/documents/{id}/lines", post(lines::decide))
        .route("/documents/{id}/rollback", post(document::roll_back))
        .route("/documents/{id}/hidden", post(document::read_hidden))
        .route("/documents/{id}/staff", post(document::keep_for_staff))
        .route("/documents/{id}/edit", get(notes::edit).post(notes::change))
        .route("/documents/{id}/delete", post(notes::delete))
        .route("/faq", get(faqs::list).post(faqs::create))
        .route("/faq/import", post(faqs::import))
        .route("/faq/{id}", get(faqs::edit).post(faqs::update))
        .route("/faq/{id}/state", post(faqs::set_state))
        .route("/faq/{id}/delete", post(faqs::delete))
        .route("/facts", get(facts::show))
        .route("/facts/confirm-all", post(facts::confirm_all))
        .route("/facts/propose", post(facts::propose))
        .route("/facts/week", post(facts::week))
        .route("/facts/holiday", post(facts::holiday))
        .route("/facts/add", post(facts::add))
        .route("/facts/settings", post(facts::settings))
        .route("/facts/{id}/{verb}", post(facts::decide))
        .route("/sources", get(sources::list).post(sources::create))
        .route("/sources/{id}/sync", post(sources::sync))
        .route("/sources/{id}/pause", post(sources::pause))
        .route("/sources/{id}/resume", post(sources::resume))
        .route("/sources/{id}/schedule", post(sources::schedule))
        .route("/sources/{id}/delete", post(sources::delete))
        .route("/egress", get(egress::show))
        .route("/egress/file", get(providers::ledger_file))
        .route("/providers", get(providers::list).post(providers::create))
        .route("/providers/uses", post(providers::set_use))
        .route(
            "/providers/{id}",
            get(providers::show).post(providers::change),
        )
        .route("/providers/{id}/test", post(providers::test))
        .route("/providers/{id}/delete", post(providers::delete))
        .route("/subprocessors", get(providers::subprocessors))
        .route("/chat", get(chat::show))
        .route("/calls", get(calls::list))
        .route("/calls/{id}", get(calls::show))
        .route("/calls/{id}/delete", post(calls::delete))
        .route(
            "/calls/{id}/recording/delete",
            post(calls::delete_recording),
        )
        .route("/contacts", get(contacts::list).post(contacts::create))
        .route("/contacts/fields", post(contacts::add_field))
        .route("/contacts/fields/remove", post(contacts::remove_field))
        .route("/contacts/{id}", get(contacts::show).post(contacts::change))
        .route("/contacts/{id}/merge", post(contacts::merge))
        .route("/contacts/{id}/consents", post(contacts::consent))
        .route("/contacts/{id}/tasks", post(contacts::add_task))
        .route("/contacts/{id}/erase", post(contacts::erase))
        .route("/routing", get(routing::list))
        .route("/tasks", get(tasks::list).post(tasks::create))
        .route("/tasks/leads", post(tasks::set_leads))
        .route("/tasks/{id}/{verb}", post(tasks::set_state))
        .route("/scores", get(scores::list).post(scores::create))
        .route(
            "/scores/file",
            post(scores::create_of_file).layer(DefaultBodyLimit::disable()),
        )
        .route(
            "/scores/settings",
            get(scores::settings).post(scores::save_settings),
        )
        .route("/scores/{id}", get(scores::show))
        .route("/scores/{id}/delete", post(scores::delete))
        .route("/voice", get(voice::show).post(voice::save))
        .route("/voice/words", post(voice::set_word))
        .route("/voice/words/delete", post(voice::delete_word))
        .route("/voice/words/import", post(voice::import_words))
        .route("/analytics", get(analytics::show))
        .route("/analytics/file", get(analytics::download))
        .route("/analytics/digest", post(analytics::set_digest))
        .route("/receipts", get(receipts::list))
        .route("/receipts/{id}", get(receipts::show))
        .route("/receipts/{id}/replay", post(receipts::replay))
        .route("/receipts/{id}/rating", post(receipts::rate))
        .route("/receipts/{id}/golden", post(receipts::make_golden))
        .route("/gaps", get(gaps::list))
        .route("/gaps/{id}/dismiss", post(gaps::dismiss))
        .route("/gaps/{id}/reopen", post(gaps::reopen))
        .route("/golden", get(golden::list).post(golden::create))
        .route("/golden/import", post(golden::import))
        .route("/golden/{id}", post(golden::update))
        .route("/golden/{id}/delete", post(golden::delete))
        .route("/transcribe", get(transcribe::show))
        .route("/keys", get(keys::list).post(keys::create))
        .route("/keys/{id}/revoke", post(keys::revoke))
        .route("/quality", get(measure::show))
        .route("/quality/run", post(measure::start))
        .route("/quality/runs/{id}", get(measure::run))
        .route("/quality/runs/{id}/sureness", post(measure::choose))
        .route("/quality/gate", post(measure::switch))
        .route("/quality/gate/publish", post(measure::publish))
        .route("/quality/gate/discard", post(measure::discard))
        .route("/quality/instructions", post(measure::instructions))
        .route("/quality/additions", post(measure::set_additions))
        .route("/account", get(own_account::own).post(own_account::rename))
        .route("/account/password", post(own_account::set_password))
        .route("/account/erase", post(own_account::erase))
        .route(
            "/account/sign-out-others",
            post(own_account::sign_out_others),
        )
        .route(
            "/account/second-factor",
            get(second_factor::show).post(second_factor::begin),
        )
        .route(
            "/account/second-factor/confirm",
            post(second_factor::confirm),
        )
        .route("/account/second-factor/codes", post(second_factor::renew))
        .route("/account/second-factor/off", post(second_factor::turn_off))
        .route("/account/passkeys/begin", post(passkeys::begin))
        .route("/account/passkeys", post(passkeys::create))
        .route("/account/passkeys/{id}/remove", post(passkeys::remove))
        .route("/login/sign-on/{id}", get(sign_on::go))
        .route("/login/sign-on/{id}/back", get(sign_on::back))
        .route("/sign-on", get(sign_on::show).post(sign_on::create))
        .route("/sign-on/{id}", post(sign_on::change))
        .route("/sign-on/{id}/delete", post(sign_on::delete))
        .route("/login/passkey/begin", post(passkeys::begin_sign_in))
        .route("/login/passkey", post(passkeys::sign_in))
        .route("/account/sessions/{id}/end", post(own_account::end_session))
        .route("/audit", get(audit_page::show).post(audit_page::keep_for))
        .route("/audit/export", get(audit_page::export))
        .route("/audit/check", post(audit_page::check))
        .route("/brand/logo", get(brand::logo))
        .route("/brand/{colour}", get(brand::colour))
        .route(
            "/invitation",
            get(invitation::show).post(invitation::accept),
        )
        .route("/invitations", post(accounts::invite))
        .route(
            "/invitations/{id}/revoke",
            post(accounts::revoke_invitation),
        )
        .route("/overview", get(places::overview))
        .route("/workspace", post(places::go))
        .route("/accounts", get(accounts::list).post(accounts::create))
        .route("/accounts/{id}/{verb}", post(accounts::change))
        .route("/backups", get(backups::show).post(backups::create))
        .route("/backups/recovery-key", post(backups::make_recovery_key))
        .route("/backups/target", post(backup_target::set))
        .route("/backups/target/try", post(backup_target::try_it))
        .route("/backups/target/copy", post(backup_target::copy))
        .route("/backups/target/remove", post(backup_target::remove))
        .route("/backups/{name}", get(backups::download))
        .route("/backups/{name}/verify", post(backups::verify))
        .route("/mail", get(mail::show).post(mail::save))
        .route("/mail/test", post(mail::test))
        .route("/mail/remove", post(mail::remove))
        .route("/mail/{id}/again", post(mail::send_again))
        .route("/privacy", get(privacy::show))
        .route("/privacy/copy", get(privacy::copy))
        .route("/privacy/erase", post(privacy::erase))
        .route("/privacy/retention", post(privacy::keep_for))
        .route("/privacy/take-back", post(privacy::take_back))
        .route("/workspaces", get(workspaces::show))
        .route("/workspaces/{name}/export", get(workspaces::export))
        .route("/workspaces/{name}/close", post(workspaces::close))
        .route("/workspaces/{name}/keep", post(workspaces::keep))
        .route("/workspaces/{name}/limit", post(workspaces::limit))
        .route("/account/close", post(workspaces::close_account))
        .route("/account/keep", post(workspaces::keep_account))
        .route("/status", get(status::show))
        .route("/usage", get(usage::show))
        .route("/usage/licence", post(usage::activate))
        .route("/usage/licence/{id}/check", post(usage::check))
        .route("/usage/licence/{id}/remove", post(usage::remove))
        .route("/plans", get(plans::show).post(plans::create))
        .route("/plans/use.csv", get(plans::download))
        .route("/plans/{id}", post(plans::change))
        .route("/plans/{id}/delete", post(plans::delete))
        .route("/plans/of/{name}", post(plans::choose))
        .route("/billing", get(billing::show).post(billing::save))
        .route("/billing/subscriptions/{id}", post(billing::assign))
        .route("/synonyms", get(synonyms::show).post(synonyms::save))
        .route("/tags", get(tags::show).post(tags::save))
        .route(
            "/assistants",
            get(assistant_list::list).post(assistant_list::create),
        )
        .route("/assistants/import", post(assistant_list::import))
        .route("/assistants/{name}", get(assistants::show))
        .route("/assistants/{name}/file", get(assistants::file))
        .route("/assistants/{name}/try", post(assistants::try_out))
        .route("/assistants/{name}/{verb}", post(assistants::act))
        .route("/widget", get(widget::show).post(widget::save))
        .route("/widget/open", post(widget::open))
        .route("/widget/site-key", post(widget::renew_key))
        .route("/widget/logo", post(widget::set_logo))
        .route("/widget/logo/remove", post(widget::remove_logo))
        .route("/widget/identity", post(widget::renew_identity))
        .route("/widget/privacy-notice", get(widget::privacy_notice))
        .route("/widget/examples", get(widget::examples))
        .route("/welcome", get(welcome::show))
        .route("/welcome/dismiss", post(welcome::dismiss))
        .route("/welcome/resume", post(welcome::resume))
        .route("/welcome/{step}", get(welcome::show_step))
        .route(
            "/welcome/{step}/files",
            post(welcome::upload).layer(DefaultBodyLimit::disable()),
        )
        .route("/welcome/{step}/save", post(welcome::save))
        .route("/welcome/{step}/skip", post(welcome::skip))
        .route("/tools", get(tools::list).post(tools::create))
        .route("/tools/new", get(tools::blank))
        .route("/tools/draft", post(tools::draft))
        .route("/tools/import", post(tools::import))
        .route("/tools/waiting", get(tools::waiting))
        .route("/tools/calls/{id}/allow", post(tools::allow))
        .route("/tools/calls/{id}/decline", post(tools::decline))
        .route("/tools/{id}", get(tools::show).post(tools::change))
        .route("/tools/{id}/try", post(tools::try_out))
        .route("/tools/{id}/on", post(tools::turn_on))
        .route("/tools/{id}/off", post(tools::turn_off))
        .route("/tools/{id}/delete", post(tools::delete))
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/webhooks/{id}", get(webhooks::show).post(webhooks::change))
        .route("/webhooks/{id}/test", post(webhooks::test))
        .route("/webhooks/{id}/rotate", post(webhooks::rotate))
        .route("/webhooks/{id}/pause", post(webhooks::pause))
        .route("/webhooks/{id}/resume", post(webhooks::resume))
        .route("/webhooks/{id}/delete", post(webhooks::delete))
        .route("/webhooks/{id}/replay", post(webhooks::replay_failed))
        .route("/webhooks/deliveries/{id}/replay", post(webhooks::replay))
        .route("/workflows", get(workflows::list))
        .route(
            "/workflows/{name}",
            get(workflows::show).post(workflows::save),
        )
        .route("/workflows/{name}/add", post(workflows::add))
        .route(
            "/workflows/{name}/form",
            get(workflows::show).post(workflow_edit::save),
        )
        .route("/workflows/{name}/runs", get(workflow_runs::list))
        .route("/workflows/{name}/back", post(workflow_edit::go_back))
        .route("/workflows/{name}/try", post(workflows::try_out))
        .route("/workflows/{name}/delete", post(workflows::delete))
        .route("/crm", get(crm::list))
        .route("/crm/integrations", post(crm::keep_integration))
        .route("/crm/integrations/forget", post(crm::forget_integration))
        .route("/crm/connect", post(crm::connect))
        .route("/crm/token", post(crm::connect_by_token))
        .route("/crm/widget.zip", get(crm::widget))
        .route("/crm/accounts/{id}", get(crm::show).post(crm::set))
        .route("/crm/accounts/{id}/copy", get(crm::copy))
        .route("/crm/accounts/{id}/{verb}", post(crm::act))
        .layer(middleware::from_fn_with_state(noted, audit::note_pages))
        .layer(Extension(http.attempts.clone()))
        .layer(Extension(Trips::default()))
        .layer(middleware::from_fn(asking::ask_first))
        .layer(middleware::from_fn(guard::own_pages_only))
        // Outside the check for own pages: visitors and other sites load these.
        .route("/assets/{hash}/{*path}", get(assets::get))
        .route("/talk", get(talk::show))
        .route("/talk/{key}", get(talk::show_for))
        .route("/talk/{key}/frame", get(talk::show_framed))
        .route("/widget.js", get(files::widget))
        .route("/widget-audio.js", get(files::worklet))
        .route("/widget-parts/{name}", get(files::part))
}

/// The assets alone, for safe mode and for the page of the private authority.
pub(super) fn assets() -> Router {
    Router::new().route("/assets/{hash}/{*path}", get(assets::get))
}

/// `GET /`: redirects to documents, for those who may not open them to the inbox, else to sign-in or setup.
async fn home(visitor: Visitor) -> Response {
    Redirect::to(match visitor {
        Visitor::SignedIn(person) if person.need(Scope::Documents).is_err() => "/inbox",
        Visitor::SignedIn(_) => "/documents",
        Visitor::Unknown => "/login",
        Visitor::NotSetUp => "/setup",
    })
    .into_response()
}

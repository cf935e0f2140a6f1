//! Workspaces: space used, a copy of everything, and closing one or the whole account.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Failure;
use super::format::{Moment, bytes, moment, plural};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use crate::app::workspaces::{self, CLOSE_ACCOUNT, WorkspaceError};
use crate::app::{App, closing};
use crate::http::api::workspaces::{backups_until, send_export};
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::store::StoreError;
use crate::store::closures::Rows;
use crate::store::users::Role;

/// Bytes per megabyte in limits.
const MB: u64 = 1_000_000;

#[derive(Template)]
#[template(path = "workspaces.html")]
struct WorkspacesPage {
    shell: Shell,
    rows: Vec<Row>,
    account_closed: bool,
    /// What to type to close the account.
    close_account: &'static str,
    erased: Vec<Certificate>,
    /// Whether they may export and close.
    is_owner: bool,
    /// Whether they own the installation, and may limit workspaces and close the account.
    whole: bool,
    backup_days: u32,
    error: Option<String>,
}

struct Row {
    name: String,
    title: String,
    total: String,
    /// "documents 1.2 MB, …"
    parts: String,
    limit_mb: Option<u64>,
    /// Whether it has reached its limit.
    full: bool,
    erased_from: Option<Moment>,
    /// What closing would erase; `Some` once closing was asked for.
    erases: Option<String>,
}

struct Certificate {
    name: String,
    closed: Moment,
    erased: Moment,
    in_backups_until: Option<Moment>,
    what: String,
}

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    /// Short name of the workspace to show the closing form for.
    close: Option<String>,
}

/// `GET /workspaces?close=`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let page = page(&app, &person, shown.close.as_deref()).await?;
    Ok(view::page(StatusCode::OK, &page))
}

/// `GET /workspaces/{name}/export`
pub(super) async fn export(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let workspace = workspaces::to_export(&app.store, person.principal(), &name).await?;
    Ok(send_export(&app, workspace))
}

#[derive(Deserialize)]
pub(super) struct Confirmed {
    #[serde(default)]
    confirm: String,
}

/// `POST /workspaces/{name}/close`
pub(super) async fn close(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
    Form(form): Form<Confirmed>,
) -> Result<Response, Failure> {
    let (store, by) = (&app.store, person.principal());
    match workspaces::close(store, by, &name, &form.confirm, now_ms()).await {
        Err(WorkspaceError::Unconfirmed { expected }) => {
            let wrong = format!("To close it, type its short name: {expected}");
            refuse(&app, &person, Some(&name), wrong).await
        }
        done => back(done),
    }
}

/// `POST /workspaces/{name}/keep`
pub(super) async fn keep(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    back(workspaces::keep(&app.store, person.principal(), &name, now_ms()).await)
}

#[derive(Deserialize)]
pub(super) struct Limit {
    #[serde(default)]
    limit_mb: String,
}

/// `POST /workspaces/{name}/limit`
pub(super) async fn limit(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
    Form(form): Form<Limit>,
) -> Result<Response, Failure> {
    let entered = form.limit_mb.trim();
    let limit = match (entered.is_empty(), entered.parse::<u64>()) {
        (true, _) => None,
        (false, Ok(mb)) => Some(mb.saturating_mul(MB)),
        (false, Err(_)) => {
            let wrong = "Give a number of megabytes, or nothing for no limit.";
            return refuse(&app, &person, None, wrong.into()).await;
        }
    };
    back(workspaces::limit(&app.store, person.principal(), &name, limit).await)
}

/// `POST /account/close`
pub(super) async fn close_account(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Confirmed>,
) -> Result<Response, Failure> {
    let (store, by) = (&app.store, person.principal());
    match workspaces::close_account(store, by, &form.confirm, now_ms()).await {
        Err(WorkspaceError::Unconfirmed { expected }) => {
            let wrong = format!("To close everything, type: {expected}");
            refuse(&app, &person, None, wrong).await
        }
        done => back(done),
    }
}

/// `POST /account/keep`
pub(super) async fn keep_account(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    back(workspaces::keep_account(&app.store, person.principal(), now_ms()).await)
}

fn back(done: Result<(), WorkspaceError>) -> Result<Response, Failure> {
    done?;
    Ok(Redirect::to("/workspaces").into_response())
}

async fn refuse(
    app: &App,
    person: &SignedIn,
    close: Option<&str>,
    wrong: String,
) -> Result<Response, Failure> {
    let mut page = page(app, person, close).await?;
    page.error = Some(wrong);
    Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

async fn page(
    app: &App,
    person: &SignedIn,
    close: Option<&str>,
) -> Result<WorkspacesPage, Failure> {
    person.need(Scope::Admin)?;
    let mut rows = Vec::new();
    let mut account_closed = false;
    let bound = person.principal().bound_to();
    for used in closing::list_use(&app.store).await? {
        let workspace = used.workspace;
        if bound.is_some_and(|id| id != workspace.id) {
            continue;
        }
        // This counts rows in every table, so do it only for the workspace to be closed.
        let erases = match close == Some(workspace.name.as_str()) {
            true => Some(in_words(&closing::preview(&app.store, workspace.id).await?)),
            false => None,
        };
        account_closed |= workspace.closing.is_some_and(|closing| closing.account);
        let parts = [
            ("documents", used.bytes.originals),
            ("texts and search", used.bytes.texts),
            ("conversations", used.bytes.conversations),
            ("recordings", used.bytes.recordings),
        ];
        let parts = parts.map(|(what, n)| format!("{what} {}", bytes(n)));
        rows.push(Row {
            name: workspace.name,
            title: workspace.title,
            total: bytes(used.bytes.total()),
            parts: parts.join(" · "),
            limit_mb: used.limit_bytes.map(|limit| limit / MB),
            full: used
                .limit_bytes
                .is_some_and(|limit| used.bytes.total() >= limit),
            erased_from: workspace.closing.map(|closing| moment(closing.erase_at)),
            erases,
        });
    }
    if close.is_some_and(|name| !rows.iter().any(|row| row.name == name)) {
        return Err(StoreError::NotFound("the workspace").into());
    }
    let backup_days = app.config.backup_days;
    let all = closing::all(&app.store).await?.into_iter();
    let erased = all.filter(|_| person.owns());
    let erased = erased.filter_map(|closure| {
        let (at, rows) = closure.erased?;
        let until = backups_until(at, closure.account, backup_days);
        Some(Certificate {
            name: closure.name,
            closed: moment(closure.closed_at),
            erased: moment(at),
            in_backups_until: (until > now_ms()).then(|| moment(until)),
            what: in_words(&rows),
        })
    });
    Ok(WorkspacesPage {
        shell: person.shell(Section::Status, "Workspaces"),
        rows,
        account_closed,
        close_account: CLOSE_ACCOUNT,
        erased: erased.collect(),
        is_owner: person.role() == Some(Role::Owner),
        whole: person.owns(),
        backup_days,
        error: None,
    })
}

/// "3 documents, 12 conversations"; leaves out tables that mean nothing to people.
fn in_words(rows: &Rows) -> String {
    let known = [
        ("documents", "document", "documents"),
        ("faqs", "approved answer", "approved answers"),
        ("facts", "fact", "facts"),
        ("sources", "web source", "web sources"),
        ("conversations", "conversation", "conversations"),
        ("messages", "message", "messages"),
        ("receipts", "receipt", "receipts"),
        ("calls", "call", "calls"),
        ("recordings", "recording", "recordings"),
        ("golden_questions", "golden question", "golden questions"),
        ("contacts", "contact", "contacts"),
        ("tasks", "task", "tasks"),
        ("api_keys", "API key", "API keys"),
    ];
    let some = known
        .iter()
        .filter_map(|(table, one, many)| Some(plural(*rows.get(*table)?, one, many)));
    let words: Vec<String> = some.collect();
    match words.is_empty() {
        true => "settings only".to_owned(),
        false => words.join(", "),
    }
}

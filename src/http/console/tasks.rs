//! Tasks: leads to look after, calls to make, and notes; who was told of them.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::format::plural;
use super::guard::SignedIn;
use super::task_pages::{self as pages, TaskRow};
use super::view::{self, Section};
use super::{Failure, sentence};
use crate::app::App;
use crate::contacts::ContactError;
use crate::contacts::todo::{self, Todo};
use crate::http::api::tasks::{TaskQuery, TaskView};
use crate::http::auth::Scope;
use crate::http::listing::{self, ListQuery};
use crate::http::now_ms;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::inbox::leads::{LeadSettings, LeadSettingsError};
use crate::inbox::notify;
use crate::store::tasks::{self, TaskKind, TaskState};
use crate::store::{TaskId, UnixMs, WorkspaceId};

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    query: TaskQuery,
    /// The task that was just ended.
    #[serde(default)]
    ended: String,
    #[serde(default)]
    done: String,
}

/// `GET /tasks?state=&kind=`: without a state, open ones.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let ended: Option<TaskId> = shown.ended.parse().ok();
    let workspace = person.workspace.id;
    let undo = match ended {
        None => None,
        Some(id) => {
            let read = app.store.read(move |conn| tasks::get(conn, workspace, id));
            read.await.ok().and_then(|task| match task.state {
                TaskState::Done => Some((id.to_string(), "Done.")),
                TaskState::Dropped => Some((id.to_string(), "Dropped.")),
                TaskState::Open => None,
            })
        }
    };
    let done = match shown.done.as_str() {
        "noted" => Some("Noted."),
        "saved" => Some("Saved."),
        "reopened" => Some("Open again."),
        _ => None,
    };
    let page = list_page(&app, &person, shown.query).await?;
    let page = pages::Tasks { undo, done, ..page };
    Ok(view::page(StatusCode::OK, &page))
}

async fn list_page(
    app: &App,
    person: &SignedIn,
    query: TaskQuery,
) -> Result<pages::Tasks, Failure> {
    let mut wanted = query.clone();
    wanted.state = match query.state.as_str() {
        "" => "open".to_owned(),
        "any" => String::new(),
        state => state.to_owned(),
    };
    let (found, wrong) = listing::page_or_all(&app.store, person.member(), &wanted).await?;
    let now = now_ms();
    let workspace = person.workspace.id;
    let counts = app
        .store
        .read(move |conn| tasks::count_open(conn, workspace, now));
    let (open, overdue) = counts.await?;
    let leads = match person.principal().may(Scope::Admin) {
        true => Some(LeadSettings::get(&app.store, person.member()).await?),
        false => None,
    };
    let rows = found.rows.into_iter();
    let rows = rows.map(|listed| TaskRow::from(TaskView::of(listed, now)));
    let rows = with_told(app, workspace, rows.collect()).await?;
    let next = query.links(found.next.as_ref()).next;
    let is_usual = matches!(query.state.as_str(), "" | "open") && query.kind.is_empty();
    let shown = TaskQuery {
        state: match query.state.as_str() {
            "" => "open".to_owned(),
            state => state.to_owned(),
        },
        ..query
    };
    Ok(pages::Tasks {
        shell: person.shell(Section::Inbox, "Tasks"),
        filtered: !is_usual,
        wanted: shown,
        next,
        rows,
        states: pages::STATES,
        kinds: pages::KINDS,
        open,
        open_words: format!("{} open", plural(open, "task is", "tasks are")),
        overdue,
        undo: None,
        done: None,
        error: wrong.map(|problem| sentence(&problem.detail)),
        leads,
    })
}

/// Adds who was told of each lead.
async fn with_told(
    app: &App,
    workspace: WorkspaceId,
    mut rows: Vec<TaskRow>,
) -> Result<Vec<TaskRow>, Failure> {
    let read = app.store.read(move |conn| {
        for row in rows.iter_mut().filter(|row| row.is_lead) {
            row.note_told(notify::arrivals(conn, workspace, &row.id)?);
        }
        Ok(rows)
    });
    Ok(read.await?)
}

/// A time as a browser sends it, in the time zone of this machine.
pub(super) fn parse_due(text: &str) -> Result<UnixMs, Problem> {
    let at = text.trim().parse::<DateTime>().ok();
    let at = at.and_then(|at| at.to_zoned(TimeZone::system()).ok());
    at.map(|at| at.timestamp().as_millisecond())
        .ok_or_else(|| Problem::invalid("due", "give a day and a time, such as 2026-12-03T14:00"))
}

#[derive(Deserialize)]
pub(super) struct NewTask {
    wish: String,
    due: String,
}

/// `POST /tasks`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NewTask>,
) -> Result<Response, Failure> {
    let new = Todo {
        kind: TaskKind::Todo,
        contact: None,
        conversation: None,
        wish: form.wish,
        due_at: parse_due(&form.due)?,
        call: None,
        assigned_to: None,
    };
    match todo::create(&app.store, person.member(), new, now_ms()).await {
        Ok(_) => Ok(Redirect::to("/tasks?done=noted").into_response()),
        Err(error @ (ContactError::Denied(_) | ContactError::Store(_))) => Err(error.into()),
        Err(mistake) => {
            let page = list_page(&app, &person, TaskQuery::default()).await?;
            let error = Some(sentence(&mistake.to_string()));
            let page = pages::Tasks { error, ..page };
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

/// `POST /tasks/{id}/done`, `drop` and `reopen`
pub(super) async fn set_state(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path((id, verb)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let state = match verb.as_str() {
        "done" => TaskState::Done,
        "drop" => TaskState::Dropped,
        "reopen" => TaskState::Open,
        _ => return Err(Problem::not_found("page").into()),
    };
    let id: TaskId = parse_id(&id, "task")?;
    todo::set_state(&app.store, person.member(), id, state, now_ms()).await?;
    let to = match state {
        TaskState::Open => "/tasks?done=reopened".to_owned(),
        _ => format!("/tasks?ended={id}"),
    };
    Ok(Redirect::to(&to).into_response())
}

#[derive(Deserialize)]
pub(super) struct Leads {
    #[serde(default)]
    consent_required: bool,
    #[serde(default)]
    consent_text: String,
}

/// `POST /tasks/leads`: what visitors agree to.
pub(super) async fn set_leads(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Leads>,
) -> Result<Response, Failure> {
    let wanted = LeadSettings {
        consent_required: form.consent_required,
        consent_text: form.consent_text,
    };
    match wanted.clone().set(&app.store, person.member()).await {
        Ok(_) => Ok(Redirect::to("/tasks?done=saved").into_response()),
        Err(mistake @ LeadSettingsError::Text) => {
            let page = list_page(&app, &person, TaskQuery::default()).await?;
            let page = pages::Tasks {
                error: Some(sentence(&mistake.to_string())),
                leads: Some(wanted),
                ..page
            };
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(other.into()),
    }
}

//! Tasks: leads to look after, calls to make, and what staff note for themselves.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::{self, ApiPlace};
use super::told::{self, ArrivalView};
use crate::contacts::todo::{self, Change, Todo};
use crate::http::auth::Scope;
use crate::http::body::Json;
use crate::http::listing::{self, ListQuery, parse_id, parse_name, trim_field};
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::http::route::{Policy, Route, routes};
use crate::inbox::leads::{LeadSettings, PURPOSE};
use crate::inbox::notify;
use crate::store::listing::Page;
use crate::store::tasks::{self, Listed, Task, TaskFilter, TaskKind, TaskState};
use crate::store::{TaskId, UnixMs};

pub(in crate::http) fn routes() -> Vec<Route> {
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    const STAFF: Policy = Policy::Scope(Scope::Conversations);
    routes![
        (GET, "/api/v1/tasks", STAFF, list),
        (POST, "/api/v1/tasks", STAFF, create),
        (PUT, "/api/v1/tasks/{id}", STAFF, change),
        (POST, "/api/v1/tasks/{id}/done", STAFF, finish),
        (POST, "/api/v1/tasks/{id}/drop", STAFF, give_up),
        (POST, "/api/v1/tasks/{id}/reopen", STAFF, reopen),
        (POST, "/api/v1/tasks/{id}/shown", STAFF, told::shown),
        (GET, "/api/v1/leads", ADMIN, get_settings),
        (PUT, "/api/v1/leads", ADMIN, set_settings),
    ]
}

/// Filters of a list of tasks. An empty field counts as absent, because that is how browsers send forms.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    /// `open`, `done` or `dropped`. Open tasks come by due time, the soonest first; others newest first.
    #[serde(default)]
    pub state: String,
    /// `lead`, `callback` or `todo`.
    #[serde(default)]
    pub kind: String,
    /// Id of a contact.
    #[serde(default)]
    pub contact: String,
    /// Id of a conversation.
    #[serde(default)]
    pub conversation: String,
    /// Id of the person whom they are assigned to.
    #[serde(default)]
    pub assigned: String,
    /// `next` of the page before.
    #[serde(default)]
    pub before: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: String,
}

impl ListQuery for TaskQuery {
    type Filter = TaskFilter;

    const SCOPES: &'static [Scope] = &[Scope::Conversations];

    fn filter(&self) -> Result<TaskFilter, Problem> {
        let before = match trim_field(&self.before) {
            None => None,
            Some(text) => Some(parse_cursor(&text).ok_or_else(|| {
                Problem::invalid("before", "before must be `next` of the page before")
            })?),
        };
        Ok(TaskFilter {
            state: parse_name("state", &self.state, TaskState::parse, || {
                TaskState::ALL.iter().map(|state| state.as_str()).collect()
            })?,
            kind: parse_name("kind", &self.kind, TaskKind::parse, || {
                TaskKind::ALL.iter().map(|kind| kind.as_str()).collect()
            })?,
            contact: parse_id("contact", &self.contact)?,
            conversation: parse_id("conversation", &self.conversation)?,
            assigned_to: parse_id("assigned", &self.assigned)?,
            before,
        })
    }

    fn limit_field(&self) -> &str {
        &self.limit
    }

    fn cursor_field(&mut self) -> &mut String {
        &mut self.before
    }

    fn cursor_of(filter: &TaskFilter) -> Option<String> {
        filter.before.map(|(at, id)| format!("{at}_{id}"))
    }
}

fn parse_cursor(text: &str) -> Option<(UnixMs, TaskId)> {
    let (at, id) = text.split_once('_')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct CallTime {
    /// Unix milliseconds.
    pub from: i64,
    /// Unix milliseconds.
    pub until: i64,
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskView {
    pub id: String,
    /// `lead`, `callback` or `todo`.
    pub kind: &'static str,
    /// `open`, `done` or `dropped`.
    pub state: &'static str,
    /// Id of the contact that it is for.
    pub contact: Option<String>,
    /// The name that was given with it, or else the contact's.
    pub name: String,
    /// The contact's first e-mail address.
    pub email: Option<String>,
    /// The contact's first telephone number.
    pub phone: Option<String>,
    /// Id of the conversation that it comes from.
    pub conversation: Option<String>,
    /// What the person wishes, in their words.
    pub wish: String,
    /// The page that they wrote from.
    pub page: Option<String>,
    /// Unix milliseconds.
    pub due_at: i64,
    /// Whether it is open and past its time.
    pub overdue: bool,
    /// When the person wants to be called.
    pub call: Option<CallTime>,
    /// Id of the person whom it is assigned to.
    pub assigned_to: Option<String>,
    /// Their name.
    pub assignee: Option<String>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub ended_at: Option<i64>,
    /// In lists, of what a visitor left: who was told of it, and whether it arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Vec<ArrivalView>>,
}

impl TaskView {
    pub(in crate::http) fn of(listed: Listed, now: UnixMs) -> Self {
        let Task {
            id,
            kind,
            state,
            contact,
            conversation,
            name,
            wish,
            page,
            due_at,
            call_from,
            call_until,
            assigned_to,
            created_at,
            ended_at,
            ..
        } = listed.task;
        let name = match name.is_empty() {
            true => listed.contact_name.unwrap_or_default(),
            false => name,
        };
        Self {
            id: id.to_string(),
            kind: kind.as_str(),
            state: state.as_str(),
            contact: contact.map(|id| id.to_string()),
            name,
            email: listed.email,
            phone: listed.phone,
            conversation: conversation.map(|id| id.to_string()),
            wish,
            page,
            due_at,
            overdue: state == TaskState::Open && due_at < now,
            call: call_from
                .zip(call_until)
                .map(|(from, until)| CallTime { from, until }),
            assigned_to: assigned_to.map(|id| id.to_string()),
            assignee: listed.assignee,
            created_at,
            ended_at,
            told: None,
        }
    }
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub struct TasksView {
    tasks: Vec<TaskView>,
    /// `before` of the next page; absent at the end.
    next: Option<String>,
}

impl From<Page<TaskFilter>> for TasksView {
    fn from(page: Page<TaskFilter>) -> Self {
        let now = now_ms();
        let rows = page.rows.into_iter();
        Self {
            next: page.next.as_ref().and_then(TaskQuery::cursor_of),
            tasks: rows.map(|listed| TaskView::of(listed, now)).collect(),
        }
    }
}

/// A task to write down.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TaskRequest {
    /// `lead`, `callback` or `todo`; `todo` when absent.
    kind: Option<String>,
    /// Id of the contact that it is for.
    contact: Option<String>,
    /// Id of the conversation that it comes from.
    conversation: Option<String>,
    /// What is to be done.
    wish: String,
    /// Unix milliseconds.
    due_at: i64,
    /// When to call.
    call: Option<CallTime>,
    /// Id of the person whom it is assigned to.
    assigned_to: Option<String>,
}

/// What to change of a task. What is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct TaskChange {
    wish: Option<String>,
    /// Unix milliseconds.
    due_at: Option<i64>,
    /// Id of the person whom it is assigned to; empty for nobody.
    assigned_to: Option<String>,
}

fn parse(id: &str) -> Result<TaskId, Problem> {
    place::parse_id(id, "task")
}

/// The task as a list shows it.
async fn view(place: &ApiPlace, id: TaskId) -> Result<axum::Json<TaskView>, Problem> {
    let workspace = place.id();
    let read = place
        .app
        .store
        .read(move |conn| tasks::get_listed(conn, workspace, id));
    Ok(axum::Json(TaskView::of(read.await?, now_ms())))
}

/// Tasks: open ones by due time, the soonest first; others newest first.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "contacts", operation_id = "listTasks",
    params(TaskQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = TasksView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn list(
    place: ApiPlace,
    Query(query): Query<TaskQuery>,
) -> Result<axum::Json<TasksView>, Problem> {
    let page = listing::page(&place.app.store, &place.member, &query).await?;
    let (workspace, mut view) = (place.id(), TasksView::from(page));
    let read = place.app.store.read(move |conn| {
        for task in view.tasks.iter_mut().filter(|task| task.kind != "todo") {
            let told = notify::arrivals(conn, workspace, &task.id)?;
            task.told = Some(told.into_iter().map(ArrivalView::from).collect());
        }
        Ok(view)
    });
    Ok(axum::Json(read.await?))
}

/// Writes a task down.
#[utoipa::path(post, path = "/api/v1/tasks", tag = "contacts", operation_id = "createTask",
    request_body = TaskRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = TaskView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<TaskRequest>,
) -> Result<(StatusCode, axum::Json<TaskView>), Problem> {
    let kind = request.kind.unwrap_or_default();
    let kind = parse_name("kind", &kind, TaskKind::parse, || {
        TaskKind::ALL.iter().map(|kind| kind.as_str()).collect()
    })?;
    let new = Todo {
        kind: kind.unwrap_or(TaskKind::Todo),
        contact: parse_id("contact", &request.contact.unwrap_or_default())?,
        conversation: parse_id("conversation", &request.conversation.unwrap_or_default())?,
        wish: request.wish,
        due_at: request.due_at,
        call: request.call.map(|call| (call.from, call.until)),
        assigned_to: parse_id("assigned_to", &request.assigned_to.unwrap_or_default())?,
    };
    let made = todo::create(&place.app.store, &place.member, new, now_ms()).await?;
    Ok((StatusCode::CREATED, view(&place, made.id).await?))
}

/// Changes a task.
#[utoipa::path(put, path = "/api/v1/tasks/{id}", tag = "contacts", operation_id = "changeTask",
    request_body = TaskChange,
    params(("id" = String, Path, description = "Id of the task"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = TaskView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn change(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<TaskChange>,
) -> Result<axum::Json<TaskView>, Problem> {
    let assigned_to = match &request.assigned_to {
        None => None,
        Some(user) => Some(parse_id("assigned_to", user)?),
    };
    let wanted = Change {
        wish: request.wish,
        due_at: request.due_at,
        assigned_to,
    };
    let id = parse(&id)?;
    todo::change(&place.app.store, &place.member, id, wanted).await?;
    view(&place, id).await
}

/// Marks a task as done.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/done", tag = "contacts", operation_id = "finishTask",
    params(("id" = String, Path, description = "Id of the task"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = TaskView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn finish(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<TaskView>, Problem> {
    set_state(&place, &id, TaskState::Done).await
}

/// Ends a task that needs nothing more and was not done.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/drop", tag = "contacts", operation_id = "dropTask",
    params(("id" = String, Path, description = "Id of the task"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = TaskView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn give_up(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<TaskView>, Problem> {
    set_state(&place, &id, TaskState::Dropped).await
}

/// Opens a task again.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/reopen", tag = "contacts", operation_id = "reopenTask",
    params(("id" = String, Path, description = "Id of the task"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = TaskView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn reopen(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<TaskView>, Problem> {
    set_state(&place, &id, TaskState::Open).await
}

async fn set_state(
    place: &ApiPlace,
    id: &str,
    state: TaskState,
) -> Result<axum::Json<TaskView>, Problem> {
    let id = parse(id)?;
    todo::set_state(&place.app.store, &place.member, id, state, now_ms()).await?;
    view(place, id).await
}

/// What the owner decided about leads.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LeadSettingsView {
    /// Whether nothing is taken from a visitor who does not agree.
    consent_required: bool,
    /// What they agree to, as the form shows it; empty for the widget's own words.
    #[serde(default)]
    consent_text: String,
    /// What the consent is for.
    #[serde(default, skip_deserializing)]
    purpose: String,
}

impl From<LeadSettings> for LeadSettingsView {
    fn from(settings: LeadSettings) -> Self {
        Self {
            consent_required: settings.consent_required,
            consent_text: settings.consent_text,
            purpose: PURPOSE.to_owned(),
        }
    }
}

/// What visitors must agree to before they leave how to reach them.
#[utoipa::path(get, path = "/api/v1/leads", tag = "contacts", operation_id = "getLeadSettings",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = LeadSettingsView)))]
pub(super) async fn get_settings(place: ApiPlace) -> Result<axum::Json<LeadSettingsView>, Problem> {
    let settings = LeadSettings::get(&place.app.store, &place.member).await?;
    Ok(axum::Json(settings.into()))
}

/// Sets what visitors must agree to before they leave how to reach them.
#[utoipa::path(put, path = "/api/v1/leads", tag = "contacts", operation_id = "setLeadSettings",
    request_body = LeadSettingsView,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = LeadSettingsView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set_settings(
    place: ApiPlace,
    Json(request): Json<LeadSettingsView>,
) -> Result<axum::Json<LeadSettingsView>, Problem> {
    let settings = LeadSettings {
        consent_required: request.consent_required,
        consent_text: request.consent_text,
    };
    let kept = settings.set(&place.app.store, &place.member).await?;
    Ok(axum::Json(kept.into()))
}

//! Tools: setting them up, importing, trying, the log, and what waits for staff.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::guard::SignedIn;
use super::tool_pages::{
    CallRow, ImportPage, NewToolPage, ToolForm, ToolPage, ToolRow, ToolsPage, WaitingPage,
};
use super::view::{self, Section};
use super::{Failure, sentence};
use crate::app::App;
use crate::http::auth::Scope;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::store::{ToolCallId, ToolId};
use crate::tools::{CallFilter, CallState, ToolCall, ToolError, ToolKind, ToolsError};

/// Calls on a page.
const SHOWN: u32 = 30;

type Fields = Vec<(String, String)>;

#[derive(Deserialize)]
pub(super) struct Imported {
    document: String,
}

#[derive(Deserialize)]
pub(super) struct Trial {
    arguments: String,
}

/// What to show above a tool.
#[derive(Default)]
struct Told {
    done: Option<String>,
    error: Option<String>,
    /// The form as it was entered.
    form: Option<ToolForm>,
    trial: Option<String>,
}

/// `GET /tools`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    show_list(&app, &person, StatusCode::OK, None).await
}

/// `POST /tools`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let form = ToolForm::read(fields);
    let made = match form.wanted() {
        Ok(new) => match app.tools.create(person.member(), new).await {
            Ok(tool) => Ok(tool),
            Err(error) => Err(mistake(error)?),
        },
        Err(told) => Err(told),
    };
    match made {
        Ok(tool) => Ok(Redirect::to(&format!("/tools/{}", tool.id)).into_response()),
        Err(told) => {
            let page = NewToolPage {
                shell: person.shell(Section::Keys, "New tool"),
                form,
                error: Some(told),
            };
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Kind {
    #[serde(default)]
    kind: String,
}

/// `GET /tools/new?kind=`
pub(super) async fn blank(
    person: SignedIn,
    Query(wanted): Query<Kind>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let kind = ToolKind::parse(&wanted.kind).unwrap_or(ToolKind::Http);
    let page = NewToolPage {
        shell: person.shell(Section::Keys, "New tool"),
        form: ToolForm::empty(kind),
        error: None,
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// `POST /tools/draft`: the form of an operation that was chosen; nothing is set up.
pub(super) async fn draft(
    person: SignedIn,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let page = NewToolPage {
        shell: person.shell(Section::Keys, "New tool"),
        form: ToolForm::read(fields),
        error: None,
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// `POST /tools/import`
pub(super) async fn import(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(imported): Form<Imported>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    match app.tools.import(person.member(), &imported.document) {
        Ok(document) => {
            let shell = person.shell(Section::Keys, "Import tools");
            let page = ImportPage::new(shell, document);
            Ok(view::page(StatusCode::OK, &page))
        }
        Err(error) => {
            let told = mistake(error)?;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show_list(&app, &person, status, Some(told)).await
        }
    }
}

/// `GET /tools/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    show_one(
        &app,
        &person,
        StatusCode::OK,
        tool_id(&id)?,
        Told::default(),
    )
    .await
}

/// `POST /tools/{id}`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let (id, form) = (tool_id(&id)?, ToolForm::read(fields));
    let changed = match form.wanted() {
        Ok(new) => match app.tools.change(person.member(), id, new).await {
            Ok(_) => Ok(()),
            Err(error) => Err(mistake(error)?),
        },
        Err(told) => Err(told),
    };
    let (status, told) = match changed {
        Ok(()) => {
            let told = Told {
                done: Some("Saved.".to_owned()),
                ..Told::default()
            };
            (StatusCode::OK, told)
        }
        Err(error) => {
            let told = Told {
                error: Some(error),
                form: Some(form),
                ..Told::default()
            };
            (StatusCode::UNPROCESSABLE_ENTITY, told)
        }
    };
    show_one(&app, &person, status, id, told).await
}

/// `POST /tools/{id}/try`
pub(super) async fn try_out(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(trial): Form<Trial>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id = tool_id(&id)?;
    let mut told = match serde_json::from_str::<Value>(&trial.arguments) {
        Err(error) => Told {
            error: Some(format!("The arguments are no JSON: {error}.")),
            ..Told::default()
        },
        Ok(arguments) => match app.tools.try_out(person.member(), id, arguments).await {
            Ok(call) => tell(call),
            Err(error) => Told {
                error: Some(mistake(error)?),
                ..Told::default()
            },
        },
    };
    told.trial = Some(trial.arguments);
    show_one(&app, &person, StatusCode::OK, id, told).await
}

/// `POST /tools/{id}/on` and `/off`
pub(super) async fn turn_on(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    set_active(&app, &person, &id, true).await
}

pub(super) async fn turn_off(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    set_active(&app, &person, &id, false).await
}

/// `POST /tools/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    app.tools.delete(person.member(), tool_id(&id)?).await?;
    Ok(Redirect::to("/tools").into_response())
}

/// `GET /tools/waiting`
pub(super) async fn waiting(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Conversations)?;
    let waiting = app.tools.waiting(person.member(), None).await?;
    let page = WaitingPage {
        shell: person.shell(Section::Inbox, "What waits for a yes"),
        asks: waiting.into_iter().map(CallRow::new).collect(),
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// Where to go back to.
#[derive(Deserialize)]
pub(super) struct Whence {
    #[serde(default)]
    inbox: String,
}

/// `POST /tools/calls/{id}/allow` and `/decline`
pub(super) async fn allow(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(from): Query<Whence>,
) -> Result<Response, Failure> {
    decide(&app, &person, &id, true, &from).await
}

pub(super) async fn decline(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(from): Query<Whence>,
) -> Result<Response, Failure> {
    decide(&app, &person, &id, false, &from).await
}

async fn decide(
    app: &App,
    person: &SignedIn,
    id: &str,
    allow: bool,
    from: &Whence,
) -> Result<Response, Failure> {
    person.need(Scope::Conversations)?;
    let id: ToolCallId = parse_id(id, "call")?;
    let call = app.tools.decide(person.member(), id, allow).await?;
    let back = match call.conversation {
        Some(conversation) if !from.inbox.is_empty() => format!("/inbox/{conversation}"),
        _ => "/tools/waiting".to_owned(),
    };
    Ok(Redirect::to(&back).into_response())
}

async fn set_active(
    app: &App,
    person: &SignedIn,
    id: &str,
    active: bool,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id = tool_id(id)?;
    app.tools.set_active(person.member(), id, active).await?;
    Ok(Redirect::to(&format!("/tools/{id}")).into_response())
}

async fn show_list(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    error: Option<String>,
) -> Result<Response, Failure> {
    let by = person.member();
    let tools = app.tools.list(by).await?;
    let asks = app.tools.waiting(by, None).await?;
    let log = app.tools.log(by, CallFilter::default(), SHOWN).await?;
    let page = ToolsPage {
        shell: person.shell(Section::Keys, "Tools"),
        rows: tools.iter().map(ToolRow::new).collect(),
        asks: asks.into_iter().map(CallRow::new).collect(),
        calls: log.rows.into_iter().map(CallRow::new).collect(),
        error,
    };
    Ok(view::page(status, &page))
}

async fn show_one(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    id: ToolId,
    told: Told,
) -> Result<Response, Failure> {
    let tool = app.tools.get(person.member(), id).await?;
    let filter = CallFilter {
        tool: Some(id),
        ..CallFilter::default()
    };
    let log = app.tools.log(person.member(), filter, SHOWN).await?;
    let example = match tool.kind {
        ToolKind::Http => "{}",
        ToolKind::Calendar => "{ \"action\": \"free\" }",
    };
    let page = ToolPage {
        shell: person.shell(Section::Keys, tool.title.clone()),
        row: ToolRow::new(&tool),
        form: told.form.unwrap_or_else(|| ToolForm::of(&tool)),
        calls: log.rows.into_iter().map(CallRow::new).collect(),
        trial: told.trial.unwrap_or_else(|| example.to_owned()),
        done: told.done,
        error: told.error,
    };
    Ok(view::page(status, &page))
}

/// What came of a trial.
fn tell(call: ToolCall) -> Told {
    let why = call.error.unwrap_or_default();
    match call.state {
        CallState::Done => Told {
            done: Some("It worked. What it answered stands in the log below.".to_owned()),
            ..Told::default()
        },
        _ => Told {
            error: Some(format!("It did not work: {}", sentence(&why))),
            ..Told::default()
        },
    }
}

/// What is wrong with what was entered; other errors get a page of their own.
fn mistake(error: ToolsError) -> Result<String, Problem> {
    match error {
        ToolsError::Wrong { field, detail } => Ok(format!("{field}: {detail}")),
        ToolsError::Most
        | ToolsError::Kind
        | ToolsError::Import(_)
        | ToolsError::Call(ToolError::Arguments(_) | ToolError::Forbidden(_))
        | ToolsError::Store(crate::store::StoreError::Conflict(_)) => {
            Ok(sentence(&error.to_string()))
        }
        other => Err(other.into()),
    }
}

fn tool_id(id: &str) -> Result<ToolId, Problem> {
    parse_id(id, "tool")
}

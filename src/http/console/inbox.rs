//! The inbox: conversations as staff work on them. Without scripts its pages can be read and a reply sent; what is live is
//! `<fd-inbox>`, which calls the API.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::SignedIn;
use super::inbox_pages::{self as pages, Choice, Drawing};
use super::tool_pages::CallRow;
use super::view::{self, Section};
use super::{Failure, sentence};
use crate::app::App;
use crate::http::api::inbox::InboxQuery;
use crate::http::auth::Scope;
use crate::http::listing::ListQuery;
use crate::http::problem::Problem;
use crate::http::{now_ms, parse_id};
use crate::inbox::acts::{self, Reply};
use crate::inbox::desk::DeskSettings;
use crate::inbox::staff::reading;
use crate::store::inbox::{tags, teams};
use crate::store::{Connection, ConversationId, StoreError, WorkspaceId, members};

/// `GET /inbox`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(query): Query<InboxQuery>,
) -> Result<Response, Failure> {
    render(&app, &person, query, None).await
}

/// `GET /inbox/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(query): Query<InboxQuery>,
) -> Result<Response, Failure> {
    let id = parse_id(&id, "conversation")?;
    render(&app, &person, query, Some(id)).await
}

#[derive(Deserialize)]
pub(super) struct Written {
    text: String,
    #[serde(default)]
    client_id: String,
}

/// `POST /inbox/{id}/reply`: writes to the visitor, and takes the conversation with that.
pub(super) async fn reply(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<Written>,
) -> Result<Response, Failure> {
    let id: ConversationId = parse_id(&id, "conversation")?;
    let reply = Reply {
        text: form.text.trim().to_owned(),
        client_id: Some(form.client_id).filter(|id| !id.is_empty()),
        ..Reply::default()
    };
    acts::write(&app.inbox, person.member(), id, reply, |_, _| Ok(())).await?;
    Ok(to_conversation(id))
}

#[derive(Deserialize)]
pub(super) struct Seen {
    revision: Option<i64>,
}

/// `POST /inbox/{id}/take`, `return`, `close`, `reopen`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path((id, verb)): Path<(String, String)>,
    Form(seen): Form<Seen>,
) -> Result<Response, Failure> {
    let id: ConversationId = parse_id(&id, "conversation")?;
    let (inbox, by) = (&app.inbox, person.member());
    match verb.as_str() {
        "take" => acts::take(inbox, by, id, seen.revision).await.map(drop),
        "return" => acts::give_back(inbox, by, id, seen.revision)
            .await
            .map(drop),
        "close" => acts::close(inbox, by, id, seen.revision).await.map(drop),
        "reopen" => acts::reopen(inbox, by, id).await.map(drop),
        _ => return Err(Problem::not_found("page").into()),
    }?;
    Ok(to_conversation(id))
}

fn to_conversation(id: ConversationId) -> Response {
    Redirect::to(&format!("/inbox/{id}")).into_response()
}

/// What somebody can filter by, and when a conversation is late.
struct Around {
    teams: Vec<Choice>,
    people: Vec<Choice>,
    tags: Vec<String>,
    sla: [u32; 2],
}

impl Around {
    fn load(conn: &Connection, workspace: WorkspaceId) -> Result<Self, StoreError> {
        let teams = teams::list(conn, workspace)?.into_iter();
        let people = members::staff(conn, workspace)?.into_iter();
        Ok(Self {
            teams: teams.map(|team| Choice::new(team.id, team.name)).collect(),
            people: people
                .filter(|user| user.suspended_at.is_none())
                .map(|user| Choice::new(user.id, user.name))
                .collect(),
            tags: tags::list(conn, workspace)?,
            sla: DeskSettings::load(conn, workspace)?.sla_minutes,
        })
    }
}

async fn render(
    app: &App,
    person: &SignedIn,
    query: InboxQuery,
    open: Option<ConversationId>,
) -> Result<Response, Failure> {
    person.need(Scope::Conversations)?;
    let (store, by, workspace) = (&app.store, person.member(), person.workspace.id);
    let (filter, wrong) = match query.filter_for(by) {
        Ok(filter) => (filter, None),
        Err(problem) => (InboxQuery::default().filter_for(by)?, Some(problem)),
    };
    let (page, counts) = reading::list(store, by, filter, query.limit()).await?;
    let around = store
        .read(move |conn| Around::load(conn, workspace))
        .await?;
    let opened = match open {
        Some(id) => Some(reading::detail(store, by, id, None).await?),
        None => None,
    };
    let asks = match open {
        Some(_) => app.tools.waiting(by, open).await?,
        None => Vec::new(),
    };
    let links = query.links(page.next.as_ref());
    let drawing = Drawing {
        me: person.user().id,
        sla: around.sla,
        now: now_ms(),
        query: &links.query,
        open,
    };
    let presence = app.inbox.presence();
    let rows = page.rows.into_iter().map(|row| {
        let online = presence.is_online(row.conversation.id);
        drawing.row(row, online)
    });
    let filtered = [&query.channel, &query.tag, &query.team, &query.assigned]
        .iter()
        .any(|field| !field.is_empty());
    let [due, over] = around.sla;
    let page = pages::InboxPage {
        shell: person.shell(Section::Inbox, "Inbox"),
        me: Choice::new(person.user().id, person.user().name.clone()),
        sla: format!("{due},{over}"),
        views: pages::views(counts, &query),
        channels: pages::channels(),
        tags: around.tags,
        teams: around.teams,
        people: around.people,
        filtered,
        rows: rows.collect(),
        next: links.next,
        empty: pages::empty(&query, filtered),
        error: wrong.map(|problem| sentence(&problem.detail)),
        open: opened.map(|detail| drawing.open(detail)),
        asks: asks.into_iter().map(CallRow::new).collect(),
        wanted: query,
    };
    Ok(view::page(StatusCode::OK, &page))
}

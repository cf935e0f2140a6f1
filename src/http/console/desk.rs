//! The settings of the desk: its hours, how long somebody waits, who is called and told; teams; canned replies.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::desk_form::{DAYS, Typed};
use super::guard::SignedIn;
use super::inbox_pages::Choice;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::http::auth::Scope;
use crate::http::problem::Problem;
use crate::http::{now_ms, parse_id};
use crate::inbox::desk::Desk;
use crate::inbox::staff::{self, StaffError};
use crate::inbox::{InboxError, acts};
use crate::store::inbox::{canned, teams};
use crate::store::{CannedReplyId, TeamId, members};

struct DayLine {
    name: &'static str,
    label: &'static str,
    hours: String,
}

struct Member {
    id: String,
    name: String,
    within: bool,
}

struct TeamLine {
    id: String,
    name: String,
    /// Of its members.
    names: String,
    /// Everybody, to choose from.
    members: Vec<Member>,
}

struct ReplyLine {
    id: String,
    shortcut: String,
    text: String,
}

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskPage {
    shell: Shell,
    error: Option<String>,
    done: Option<&'static str>,
    /// Whether the desk is open now, in words.
    standing: String,
    own_hours: bool,
    week: Vec<DayLine>,
    zone: String,
    zones: Vec<String>,
    wait: String,
    due: String,
    overdue: String,
    callback: bool,
    risky: bool,
    bad_rating: bool,
    refusals: String,
    /// One per line.
    emails: String,
    waiting: bool,
    new_lead: bool,
    mention: bool,
    assignment: bool,
    words: bool,
    teams: Vec<TeamLine>,
    people: Vec<Choice>,
    canned: Vec<ReplyLine>,
}

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    done: String,
}

fn describe_done(done: &str) -> Option<&'static str> {
    match done {
        "saved" => Some("Saved."),
        "team" => Some("The team was saved."),
        "no-team" => Some("The team was deleted. Its conversations belong to no team now."),
        "reply" => Some("The canned reply was saved."),
        "no-reply" => Some("The canned reply was deleted."),
        _ => None,
    }
}

/// `GET /desk`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let settings = acts::desk_settings(&app.inbox, person.member()).await?;
    let told = Told {
        done: describe_done(&shown.done),
        ..Told::default()
    };
    render(&app, &person, &Typed::of(&settings), told).await
}

/// `POST /desk`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let typed = Typed(fields);
    let saved = match typed.read() {
        Ok(settings) => acts::set_desk_settings(&app.inbox, person.member(), settings)
            .await
            .map(drop),
        Err(wrong) => Err(InboxError::Invalid(wrong.into())),
    };
    match saved {
        Ok(()) => Ok(done("saved", "")),
        Err(InboxError::Invalid(wrong)) => {
            let told = Told::wrong(&wrong.to_string());
            render(&app, &person, &typed, told).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/teams`: fields `name` and, for each member, `member`.
pub(super) async fn add_team(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    keep_team(&app, &person, None, fields).await
}

/// `POST /desk/teams/{id}`: the same fields.
pub(super) async fn change_team(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let id = parse_id(&id, "team")?;
    keep_team(&app, &person, Some(id), fields).await
}

/// `POST /desk/teams/{id}/delete`
pub(super) async fn delete_team(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = parse_id(&id, "team")?;
    let deleted = staff::teams::remove(&app.store, person.member(), id, now_ms()).await;
    told(&app, &person, deleted, "no-team", "#teams").await
}

#[derive(Deserialize)]
pub(super) struct CannedText {
    shortcut: String,
    text: String,
}

/// `POST /desk/replies`
pub(super) async fn add_reply(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<CannedText>,
) -> Result<Response, Failure> {
    keep_reply(&app, &person, None, &form).await
}

/// `POST /desk/replies/{id}`
pub(super) async fn change_reply(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<CannedText>,
) -> Result<Response, Failure> {
    let id = parse_id(&id, "canned reply")?;
    keep_reply(&app, &person, Some(id), &form).await
}

/// `POST /desk/replies/{id}/delete`
pub(super) async fn delete_reply(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = parse_id(&id, "canned reply")?;
    let deleted = staff::canned::remove(&app.store, person.member(), id).await;
    told(&app, &person, deleted, "no-reply", "#canned").await
}

async fn keep_team(
    app: &App,
    person: &SignedIn,
    replaces: Option<TeamId>,
    fields: Vec<(String, String)>,
) -> Result<Response, Failure> {
    let mut name = String::new();
    let mut members = Vec::new();
    for (field, value) in fields {
        match field.as_str() {
            "name" => name = value,
            "member" => members.push(parse_id(&value, "person")?),
            _ => {}
        }
    }
    let (store, by) = (&app.store, person.member());
    let kept = staff::teams::save(store, by, replaces, &name, members, now_ms()).await;
    told(app, person, kept.map(drop), "team", "#teams").await
}

async fn keep_reply(
    app: &App,
    person: &SignedIn,
    replaces: Option<CannedReplyId>,
    form: &CannedText,
) -> Result<Response, Failure> {
    let (store, by) = (&app.store, person.member());
    let kept = staff::canned::save(store, by, replaces, &form.shortcut, &form.text, now_ms()).await;
    told(app, person, kept.map(drop), "reply", "#canned").await
}

fn done(what: &str, part: &str) -> Response {
    Redirect::to(&format!("/desk?done={what}{part}")).into_response()
}

/// What the page says at its top.
#[derive(Default)]
struct Told {
    error: Option<String>,
    done: Option<&'static str>,
}

impl Told {
    fn wrong(why: &str) -> Self {
        Self {
            error: Some(sentence(why)),
            done: None,
        }
    }
}

/// Redirects to a part of the page, or shows the page with the error.
async fn told(
    app: &App,
    person: &SignedIn,
    outcome: Result<(), StaffError>,
    what: &str,
    part: &str,
) -> Result<Response, Failure> {
    match outcome.map_err(Problem::from) {
        Ok(()) => Ok(done(what, part)),
        Err(problem) if is_mistake(problem.status) => {
            let settings = acts::desk_settings(&app.inbox, person.member()).await?;
            let told = Told::wrong(&problem.detail);
            render(app, person, &Typed::of(&settings), told).await
        }
        Err(problem) => Err(problem.into()),
    }
}

fn is_mistake(status: StatusCode) -> bool {
    [
        StatusCode::BAD_REQUEST,
        StatusCode::CONFLICT,
        StatusCode::UNPROCESSABLE_ENTITY,
    ]
    .contains(&status)
}

async fn render(
    app: &App,
    person: &SignedIn,
    typed: &Typed,
    told: Told,
) -> Result<Response, Failure> {
    let (workspace, now) = (person.workspace.id, now_ms());
    let loaded = app.store.read(move |conn| {
        let people: Vec<_> = members::staff(conn, workspace)?
            .into_iter()
            .filter(|user| user.suspended_at.is_none())
            .collect();
        Ok((
            people,
            teams::list(conn, workspace)?,
            canned::list(conn, workspace)?,
            Desk::load(conn, workspace, now)?,
        ))
    });
    let (people, teams, canned, desk) = loaded.await?;
    let teams = teams.into_iter().map(|team| {
        let members: Vec<Member> = people
            .iter()
            .map(|user| Member {
                id: user.id.to_string(),
                name: user.name.clone(),
                within: team.members.contains(&user.id),
            })
            .collect();
        let within = members.iter().filter(|one| one.within);
        let names: Vec<&str> = within.map(|one| one.name.as_str()).collect();
        TeamLine {
            id: team.id.to_string(),
            name: team.name,
            names: names.join(", "),
            members,
        }
    });
    let zones = jiff::tz::db().available().map(|name| name.to_string());
    let text = |name: &str| typed.get(name).to_owned();
    let status = match told.error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let page = DeskPage {
        shell: person.shell(Section::Inbox, "Desk"),
        error: told.error,
        done: told.done,
        standing: standing(&desk, now),
        own_hours: typed.is_on("own_hours"),
        week: DAYS
            .iter()
            .map(|(_, name, label)| DayLine {
                name,
                label,
                hours: text(name),
            })
            .collect(),
        zone: text("time_zone"),
        zones: zones.filter(|zone| zone.contains('/')).collect(),
        wait: text("wait_minutes"),
        due: text("due"),
        overdue: text("overdue"),
        callback: typed.is_on("callback"),
        risky: typed.is_on("risky"),
        bad_rating: typed.is_on("bad_rating"),
        refusals: text("refusals"),
        emails: text("email"),
        waiting: typed.is_on("waiting"),
        new_lead: typed.is_on("new_lead"),
        mention: typed.is_on("mention"),
        assignment: typed.is_on("assignment"),
        words: typed.is_on("words"),
        teams: teams.collect(),
        people: people
            .iter()
            .map(|user| Choice::new(user.id, user.name.clone()))
            .collect(),
        canned: canned
            .into_iter()
            .map(|reply| ReplyLine {
                id: reply.id.to_string(),
                shortcut: reply.shortcut,
                text: reply.text,
            })
            .collect(),
    };
    Ok(view::page(status, &page))
}

fn standing(desk: &Desk, now: i64) -> String {
    if desk.is_open(now) {
        return "The desk is open now.".to_owned();
    }
    match desk.next_opening(now) {
        Some(at) => format!(
            "The desk is closed now; it opens {}.",
            at.strftime("%-d %b, %H:%M")
        ),
        None => "The desk is closed now, and no hours say when it opens.".to_owned(),
    }
}

//! Contacts: the list with the owner's fields, and one contact with what happened, its card, merging and erasing.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::contact_pages::{self as pages, Consented, Happened, Other, Point, Row, Typed};
use super::format::moment;
use super::guard::SignedIn;
use super::tasks::parse_due;
use super::view::{self, Section};
use super::{Failure, sentence};
use crate::app::{App, privacy};
use crate::contacts::acts::{self, Change, Whole};
use crate::contacts::fields::{self, Field, FieldKind};
use crate::contacts::todo::{self, Todo};
use crate::contacts::{self as room, ContactError};
use crate::http::api::contacts::{ContactQuery, ContactRow, parse_cursor};
use crate::http::api::tasks::TaskView;
use crate::http::auth::Scope;
use crate::http::listing::{self, ListQuery};
use crate::http::now_ms;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::store::ContactId;
use crate::store::contacts::{ContactFilter, PointKind};
use crate::store::tasks::{TaskFilter, TaskKind, TaskState};

/// Entries of a timeline on a page, and contacts that are offered for merging.
const MOMENTS: u32 = 40;
const CANDIDATES: u32 = 8;

#[derive(Default, Deserialize)]
pub(super) struct Listed {
    #[serde(flatten)]
    query: ContactQuery,
    #[serde(default)]
    done: String,
}

fn describe_done(done: &str) -> Option<&'static str> {
    Some(match done {
        "saved" => "Saved.",
        "fields" => "Saved. The field is on every contact’s page.",
        "merged" => "Merged. Everything of the other contact is here now.",
        "noted" => "Noted.",
        "erased" => {
            "Erased for good. Backups made earlier still hold it until they are too old to keep; restoring one erases it again."
        }
        _ => return None,
    })
}

/// `GET /contacts`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(listed): Query<Listed>,
) -> Result<Response, Failure> {
    let done = describe_done(&listed.done);
    let page = list_page(&app, &person, listed.query).await?;
    Ok(view::page(
        StatusCode::OK,
        &pages::Contacts { done, ..page },
    ))
}

async fn list_page(
    app: &App,
    person: &SignedIn,
    query: ContactQuery,
) -> Result<pages::Contacts, Failure> {
    let (found, wrong) = listing::page_or_all(&app.store, person.member(), &query).await?;
    let links = query.links(found.next.as_ref());
    let workspace = person.workspace.id;
    let country = app.store.read(move |conn| room::country(conn, workspace));
    let known = fields::get(&app.store, person.member()).await?;
    let rows = found.rows.into_iter().map(ContactRow::from).map(Row::from);
    Ok(pages::Contacts {
        shell: person.shell(Section::Inbox, "Contacts"),
        wanted: query,
        rows: rows.collect(),
        filtered: links.is_filtered,
        query: links.query,
        next: links.next,
        manages: person.principal().may(Scope::Admin),
        fields: known
            .fields
            .into_iter()
            .map(pages::FieldRow::from)
            .collect(),
        country: country.await?,
        typed: None,
        done: None,
        error: wrong.map(|problem| sentence(&problem.detail)),
    })
}

/// What a person can mend, as a sentence; anything else fails.
fn mistake(error: ContactError) -> Result<String, Failure> {
    match error {
        ContactError::Denied(_) | ContactError::Store(_) => Err(error.into()),
        mistake => Ok(sentence(&mistake.to_string())),
    }
}

#[derive(Deserialize)]
pub(super) struct NewContact {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
}

/// `POST /contacts`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NewContact>,
) -> Result<Response, Failure> {
    let new = Change {
        name: Some(form.name.clone()),
        emails: Some(vec![form.email.clone()]),
        phones: Some(vec![form.phone.clone()]),
        ..Change::default()
    };
    match acts::create(&app.store, person.member(), new, now_ms()).await {
        Ok(made) => Ok(Redirect::to(&format!("/contacts/{}", made.contact.id)).into_response()),
        Err(error) => {
            let error = mistake(error)?;
            let page = list_page(&app, &person, ContactQuery::default()).await?;
            let page = pages::Contacts {
                typed: Some(Typed {
                    name: form.name,
                    email: form.email,
                    phone: form.phone,
                }),
                error: Some(error),
                ..page
            };
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct NewField {
    name: String,
    kind: String,
    #[serde(default)]
    choices: String,
}

/// `POST /contacts/fields`
pub(super) async fn add_field(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NewField>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let kind = FieldKind::parse(&form.kind).ok_or_else(|| Problem::not_found("kind of field"))?;
    let mut known = fields::get(&app.store, person.member()).await?;
    known.fields.push(Field {
        name: form.name,
        kind,
        choices: form.choices.lines().map(str::to_owned).collect(),
    });
    set_fields(&app, &person, known).await
}

#[derive(Deserialize)]
pub(super) struct OldField {
    name: String,
}

/// `POST /contacts/fields/remove`
pub(super) async fn remove_field(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<OldField>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let mut known = fields::get(&app.store, person.member()).await?;
    known.fields.retain(|field| field.name != form.name);
    set_fields(&app, &person, known).await
}

async fn set_fields(
    app: &App,
    person: &SignedIn,
    wanted: fields::Fields,
) -> Result<Response, Failure> {
    match fields::set(&app.store, person.member(), wanted).await {
        Ok(_) => Ok(Redirect::to("/contacts?done=fields#fields").into_response()),
        Err(error) => {
            let error = Some(mistake(error)?);
            let page = list_page(app, person, ContactQuery::default()).await?;
            let page = pages::Contacts { error, ..page };
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    before: String,
    /// What is searched to merge.
    find: String,
    done: String,
}

/// `GET /contacts/{id}?before=&find=`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let page = one_page(&app, &person, parse(&id)?, &shown).await?;
    let done = describe_done(&shown.done);
    Ok(view::page(
        StatusCode::OK,
        &pages::ContactPage { done, ..page },
    ))
}

fn parse(id: &str) -> Result<ContactId, Problem> {
    parse_id(id, "contact")
}

async fn one_page(
    app: &App,
    person: &SignedIn,
    id: ContactId,
    shown: &Shown,
) -> Result<pages::ContactPage, Failure> {
    let (store, by) = (&app.store, person.member());
    let whole = acts::get(store, by, id).await?;
    let before = parse_cursor(&shown.before);
    let time = acts::timeline(store, by, id, before, MOMENTS).await?;
    let next = time.next.and_then(|filter| filter.before);
    let workspace = person.workspace.id;
    let open = TaskFilter {
        state: Some(TaskState::Open),
        contact: Some(id),
        ..TaskFilter::default()
    };
    let open = listing::read(store, workspace, open, MOMENTS).await?;
    let find = shown.find.trim().to_owned();
    let candidates = candidates(app, person, &whole, &find).await?;
    let now = now_ms();
    let tasks = open.rows.into_iter();
    let of = |kind: PointKind| -> Vec<Point> {
        let points = whole.points.iter().filter(|point| point.kind == kind);
        points.map(Point::from).collect()
    };
    let (emails, phones, external) = (
        of(PointKind::Email),
        of(PointKind::Phone),
        of(PointKind::External),
    );
    let contact = &whole.contact;
    let title = match contact.name.as_str() {
        "" => {
            let first = emails.iter().chain(&phones).next();
            first.map_or_else(|| pages::NAMELESS.to_owned(), |point| point.shown.clone())
        }
        name => name.to_owned(),
    };
    Ok(pages::ContactPage {
        shell: person.shell(Section::Inbox, title.clone()),
        id: id.to_string(),
        name: contact.name.clone(),
        language: contact.language.clone().unwrap_or_default(),
        pinned: contact.pinned,
        since: moment(contact.created_at),
        fields: pages::filled(&whole.fields, contact),
        maybe: whole
            .maybe
            .iter()
            .map(|(id, name)| Other {
                id: id.to_string(),
                name: match name.is_empty() {
                    true => pages::NAMELESS.to_owned(),
                    false => name.clone(),
                },
            })
            .collect(),
        consents: whole.consents.into_iter().map(Consented::from).collect(),
        moments: time.rows.into_iter().map(Happened::from).collect(),
        next: next.map(|(at, kind, id)| format!("{at}_{kind}_{id}")),
        tasks: tasks
            .map(|listed| TaskView::of(listed, now).into())
            .collect(),
        proved: emails.iter().chain(&phones).any(|point| point.verified),
        emails,
        phones,
        external,
        title,
        find,
        candidates,
        manages: person.principal().may(Scope::Admin),
        done: None,
        error: None,
    })
}

/// Contacts that may be merged into one: those that were searched, or else those that may be the same.
async fn candidates(
    app: &App,
    person: &SignedIn,
    whole: &Whole,
    find: &str,
) -> Result<Vec<Row>, Failure> {
    let workspace = person.workspace.id;
    let own = whole.contact.id;
    let mut wanted: Vec<ContactFilter> = Vec::new();
    match find {
        "" => {
            let theirs = whole.points.iter().map(|point| point.value.clone());
            wanted.extend(theirs.take(4).map(|value| ContactFilter {
                text: Some(value),
                before: None,
            }));
        }
        text => wanted.push(ContactFilter {
            text: Some(text.to_owned()),
            before: None,
        }),
    }
    let mut rows: Vec<Row> = Vec::new();
    for filter in wanted {
        let found = listing::read(&app.store, workspace, filter, CANDIDATES).await?;
        for listed in found.rows {
            let row = Row::from(ContactRow::from(listed));
            if row.id != own.to_string() && rows.iter().all(|known| known.id != row.id) {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

/// Shows the contact again with what was wrong.
async fn refuse(
    app: &App,
    person: &SignedIn,
    id: ContactId,
    error: ContactError,
) -> Result<Response, Failure> {
    let error = Some(mistake(error)?);
    let page = one_page(app, person, id, &Shown::default()).await?;
    let page = pages::ContactPage { error, ..page };
    Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

fn back(id: ContactId, done: &str) -> Response {
    Redirect::to(&format!("/contacts/{id}?done={done}")).into_response()
}

/// `POST /contacts/{id}`: the card, with a field `field:NAME` for each of the owner's.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let id = parse(&id)?;
    let mut wanted = Change {
        pinned: Some(false),
        ..Change::default()
    };
    let lines = |text: &str| Some(text.lines().map(str::to_owned).collect());
    for (name, value) in form {
        match name.as_str() {
            "name" => wanted.name = Some(value),
            "language" => wanted.language = Some(value),
            "emails" => wanted.emails = lines(&value),
            "phones" => wanted.phones = lines(&value),
            "pinned" => wanted.pinned = Some(true),
            other => {
                if let Some(field) = other.strip_prefix("field:") {
                    wanted.fields.insert(field.to_owned(), value.into());
                }
            }
        }
    }
    match acts::change(&app.store, person.member(), id, wanted, now_ms()).await {
        Ok(_) => Ok(back(id, "saved")),
        Err(error) => refuse(&app, &person, id, error).await,
    }
}

#[derive(Deserialize)]
pub(super) struct Merge {
    from: String,
}

/// `POST /contacts/{id}/merge`: moves everything of another contact to this one.
pub(super) async fn merge(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<Merge>,
) -> Result<Response, Failure> {
    let (id, from) = (parse(&id)?, parse(&form.from)?);
    match acts::merge(&app.store, person.member(), from, id, now_ms()).await {
        Ok(_) => Ok(back(id, "merged")),
        Err(error) => refuse(&app, &person, id, error).await,
    }
}

#[derive(Deserialize)]
pub(super) struct Consent {
    purpose: String,
    given: bool,
    text: String,
}

/// `POST /contacts/{id}/consents`
pub(super) async fn consent(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<Consent>,
) -> Result<Response, Failure> {
    let (store, by, id) = (&app.store, person.member(), parse(&id)?);
    let noted = acts::note_consent(store, by, id, form.purpose, form.given, form.text, now_ms());
    match noted.await {
        Ok(_) => Ok(back(id, "noted")),
        Err(error) => refuse(&app, &person, id, error).await,
    }
}

#[derive(Deserialize)]
pub(super) struct NewTask {
    wish: String,
    /// As a browser sends it.
    due: String,
}

/// `POST /contacts/{id}/tasks`
pub(super) async fn add_task(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<NewTask>,
) -> Result<Response, Failure> {
    let id = parse(&id)?;
    let new = Todo {
        kind: TaskKind::Todo,
        contact: Some(id),
        conversation: None,
        wish: form.wish,
        due_at: parse_due(&form.due)?,
        call: None,
        assigned_to: None,
    };
    match todo::create(&app.store, person.member(), new, now_ms()).await {
        Ok(_) => Ok(back(id, "noted")),
        Err(error) => refuse(&app, &person, id, error).await,
    }
}

#[derive(Deserialize)]
pub(super) struct Erase {
    #[serde(default)]
    conversations: bool,
}

/// `POST /contacts/{id}/erase`
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<Erase>,
) -> Result<Response, Failure> {
    let id = parse(&id)?;
    privacy::remove_contact(&app.store, person.member(), id, form.conversations).await?;
    Ok(Redirect::to("/contacts?done=erased").into_response())
}

//! Tags of the knowledge: what has which, each with a form of its own.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::http::auth::Scope;
use crate::http::problem::Problem;
use crate::knowledge::KnowledgeError;
use crate::store::tags::Tagged;

/// Rows of the page; a word narrows it down.
const SHOWN: usize = 200;

struct Row {
    kind: &'static str,
    label: &'static str,
    id: String,
    name: String,
    tags: String,
}

#[derive(Template)]
#[template(path = "tags.html")]
struct TagsPage {
    shell: Shell,
    /// Each tag in use, with how many things have it.
    tags: Vec<(String, usize)>,
    rows: Vec<Row>,
    /// How many more there are.
    more: usize,
    q: String,
    error: Option<String>,
    done: bool,
}

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    q: String,
    #[serde(default)]
    done: String,
}

/// `GET /tags?q=`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let page = TagsPage {
        done: !shown.done.is_empty(),
        ..page(&app, &person, &shown.q).await?
    };
    Ok(view::page(StatusCode::OK, &page))
}

#[derive(Deserialize)]
pub(super) struct TagForm {
    kind: String,
    id: String,
    #[serde(default)]
    tags: String,
    #[serde(default)]
    q: String,
}

/// `POST /tags`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<TagForm>,
) -> Result<Response, Failure> {
    let kind = Tagged::parse(&form.kind).ok_or_else(|| Problem::not_found("kind of knowledge"))?;
    let tags: Vec<String> = form.tags.split([',', '\n']).map(str::to_owned).collect();
    let set = app
        .knowledge
        .set_tags(person.member(), kind, &form.id, &tags);
    match set.await {
        Ok(_) => {
            let q: String = form_urlencoded::byte_serialize(form.q.as_bytes()).collect();
            Ok(Redirect::to(&format!("/tags?done=saved&q={q}")).into_response())
        }
        Err(wrong @ KnowledgeError::Tags(_)) => {
            let page = TagsPage {
                error: Some(sentence(&wrong.to_string())),
                ..page(&app, &person, &form.q).await?
            };
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(other.into()),
    }
}

async fn page(app: &App, person: &SignedIn, q: &str) -> Result<TagsPage, Failure> {
    person.need(Scope::Documents)?;
    let all = app.knowledge.tagged(person.member()).await?;
    let tags = app.knowledge.count_tags(person.member()).await?;
    let sought = q.trim().to_lowercase();
    let fits = |text: &str| text.to_lowercase().contains(&sought);
    let mut rows: Vec<Row> = all
        .into_iter()
        .filter(|one| sought.is_empty() || fits(&one.name) || one.tags.iter().any(|tag| fits(tag)))
        .map(|one| Row {
            kind: one.kind.as_str(),
            label: match one.kind {
                Tagged::Source => "Website",
                Tagged::Document => "Document",
                Tagged::Faq => "Approved answer",
            },
            id: one.id,
            name: one.name,
            tags: one.tags.join(", "),
        })
        .collect();
    let more = rows.len().saturating_sub(SHOWN);
    rows.truncate(SHOWN);
    Ok(TagsPage {
        shell: person.shell(Section::Documents, "Tags"),
        tags: tags.into_iter().collect(),
        rows,
        more,
        q: q.to_owned(),
        error: None,
        done: false,
    })
}

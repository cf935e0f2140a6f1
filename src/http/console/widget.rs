//! The widget: how it looks, where it may be, and the line that embeds it.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::auth::Scope;
use super::super::voice::files;
use super::super::voice::settings::WidgetSettings;
use super::guard::SignedIn;
use super::view::{self, Section};
use super::{Failure, pages, sentence, session};
use crate::app::App;
use crate::store::workspaces;

/// The form.
#[derive(Deserialize)]
pub(super) struct Look {
    #[serde(default)]
    title: String,
    #[serde(default)]
    colour: String,
    #[serde(default)]
    origins: String,
    #[serde(default)]
    links: String,
    enabled: Option<String>,
    push_to_talk: Option<String>,
}

/// `GET /widget`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let workspace = person.workspace.id;
    let settings = app
        .store
        .read(move |conn| workspaces::section(conn, workspace, WidgetSettings::SECTION))
        .await?;
    Ok(render(&person, &headers, StatusCode::OK, settings, None))
}

/// `POST /widget`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Form(form): Form<Look>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let typed = WidgetSettings {
        enabled: form.enabled.is_some(),
        origins: form.origins.lines().map(str::to_owned).collect(),
        links: form.links.lines().map(str::to_owned).collect(),
        title: form.title,
        colour: form.colour,
        push_to_talk: form.push_to_talk.is_some(),
    };
    let tidy = match typed.clone().tidied() {
        Ok(tidy) => tidy,
        Err(wrong) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let error = Some(sentence(&wrong));
            return Ok(render(&person, &headers, status, typed, error));
        }
    };
    let workspace = person.workspace.id;
    app.store
        .write(move |tx| workspaces::set_section(tx, workspace, WidgetSettings::SECTION, &tidy))
        .await?;
    Ok(Redirect::to("/widget").into_response())
}

fn render(
    person: &SignedIn,
    headers: &HeaderMap,
    status: StatusCode,
    settings: WidgetSettings,
    error: Option<String>,
) -> Response {
    let page = pages::Widget {
        shell: person.shell(Section::Widget, "Widget"),
        address: session::address(headers),
        workspace: person.workspace.name.clone(),
        enabled: settings.enabled,
        origins: settings.origins.join("\n"),
        links: settings.links.join("\n"),
        title: settings.title,
        colour: settings.colour,
        push_to_talk: settings.push_to_talk,
        widget: files::widget_path(),
        error,
    };
    view::page(status, &page)
}

//! API keys.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::format::moment;
use super::guard::SignedIn;
use super::pages::{self, FreshKey, KeyRow};
use super::view::{self, Section};
use super::{Failure, session};
use crate::app::App;
use crate::app::api_keys::{self, ApiKeyError};
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::http::parse_id;
use crate::store::ApiKeyId;
use crate::store::api_keys::ApiKey;

/// Browsers send only ticked checkboxes.
#[derive(Deserialize)]
pub(super) struct NewKey {
    name: String,
    chat: Option<String>,
    audio: Option<String>,
    documents: Option<String>,
    conversations: Option<String>,
}

impl NewKey {
    fn scopes(&self) -> Vec<String> {
        let ticked = [
            (&self.chat, Scope::Chat),
            (&self.audio, Scope::Audio),
            (&self.documents, Scope::Documents),
            (&self.conversations, Scope::Conversations),
        ];
        let ticked = ticked.into_iter().filter(|(box_, _)| box_.is_some());
        ticked.map(|(_, scope)| scope.as_str().to_owned()).collect()
    }
}

/// `GET /keys`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    render(&app, &person, &headers, StatusCode::OK, None, None).await
}

/// `POST /keys`: the response is the only page that ever shows the secret.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Form(form): Form<NewKey>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let (by, workspace) = (person.principal(), Some(person.workspace.id));
    let scopes = form.scopes();
    let made = api_keys::create(&app.store, by, &form.name, &scopes, workspace, now_ms()).await;
    let (status, fresh, error) = match made {
        Ok(made) => {
            let fresh = FreshKey {
                name: form.name.trim().to_owned(),
                token: made.token.reveal().to_owned(),
            };
            (StatusCode::CREATED, Some(fresh), None)
        }
        Err(error) => {
            let wrong = match error {
                ApiKeyError::Name => {
                    "Name the program that the key is for, in at most 100 characters."
                }
                ApiKeyError::NoScope => "Tick at least one thing that the program may do.",
                other => return Err(other.into()),
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            (status, None, Some(wrong.to_owned()))
        }
    };
    render(&app, &person, &headers, status, fresh, error).await
}

/// `POST /keys/{id}/revoke`
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id: ApiKeyId = parse_id(&id, "API key")?;
    api_keys::revoke(&app.store, person.principal(), id, now_ms()).await?;
    Ok(Redirect::to("/keys").into_response())
}

async fn render(
    app: &App,
    person: &SignedIn,
    headers: &HeaderMap,
    status: StatusCode,
    fresh: Option<FreshKey>,
    error: Option<String>,
) -> Result<Response, Failure> {
    let workspace = person.workspace.id;
    let mut keys = api_keys::list(&app.store, person.principal()).await?;
    // A page shows nothing of other workspaces.
    keys.retain(|key| key.workspace.is_none_or(|of| of == workspace));
    let page = pages::Keys {
        shell: person.shell(Section::Keys, "API keys"),
        fresh,
        error,
        keys: keys.into_iter().map(row).collect(),
        address: session::address(app, headers),
        model: app.chat.name(),
    };
    Ok(view::page(status, &page))
}

pub(super) fn row(key: ApiKey) -> KeyRow {
    KeyRow {
        id: key.id.to_string(),
        name: key.name,
        prefix: key.prefix,
        may: key
            .scopes
            .iter()
            .map(|scope| may(scope))
            .collect::<Vec<_>>()
            .join(", "),
        created: moment(key.created_at).shown,
        used: key
            .last_used_at
            .map_or_else(|| "never".to_owned(), |at| moment(at).shown),
        revoked: key.revoked_at.is_some(),
        left_behind: key.left_behind,
        maker: match (key.maker, key.made_by) {
            (Some(name), _) => name,
            (None, Some(_)) => "a former colleague".to_owned(),
            (None, None) => String::new(),
        },
    }
}

/// Describes a scope.
fn may(scope: &str) -> &str {
    match Scope::parse(scope) {
        Some(Scope::Chat) => "ask",
        Some(Scope::Audio) => "transcribe",
        Some(Scope::Documents) => "change documents",
        Some(Scope::Admin) => "administer",
        Some(Scope::Evaluate) => "read receipts",
        Some(Scope::Conversations) => "read what visitors said",
        None => scope,
    }
}

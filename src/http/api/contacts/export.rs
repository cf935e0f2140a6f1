//! Contacts as files: one with everything that is kept, or all of them as CSV or JSON lines.

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::one::parse;
use super::query::ContactQuery;
use super::view::ContactView;
use crate::contacts::acts;
use crate::http::api::place::ApiPlace;
use crate::http::auth::Scope;
use crate::http::listing::ListQuery;
use crate::http::listing::file::{self, FileFormat, FileList, download_headers};
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::contacts::{self, ContactFilter, Listed};
use crate::store::erasure::{self, Subject};
use crate::store::{Connection, StoreError, WorkspaceId};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// `csv` or `jsonl`.
    format: Option<String>,
}

/// Everything that is kept of a contact and of the conversations with it, as JSON.
#[utoipa::path(get, path = "/api/v1/contacts/{id}/export", tag = "contacts", operation_id = "exportContact",
    params(("id" = String, Path, description = "Id of the contact"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/json", body = Object),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn download(place: ApiPlace, Path(id): Path<String>) -> Result<Response, Problem> {
    let workspace = place.member.need(&[Scope::Admin])?;
    let id = parse(&id)?;
    let read = place.app.store.read(move |conn| {
        let contact = contacts::get(conn, workspace, id)?;
        let mut subjects = vec![Subject::Contact(id)];
        let said = contacts::conversations(conn, &contact)?;
        subjects.extend(said.into_iter().map(Subject::Conversation));
        erasure::copy(conn, workspace, &subjects)
    });
    let whole = json!({ "made_at": now_ms(), "kept": read.await?.finds });
    let bytes = serde_json::to_vec_pretty(&whole).unwrap_or_default();
    let file = format!("contact-{id}.json");
    Ok((download_headers("application/json", &file), bytes).into_response())
}

/// Contacts as a file; the filters are those of the list.
#[utoipa::path(get, path = "/api/v1/contacts/export", tag = "contacts", operation_id = "exportContacts",
    params(ExportQuery, ContactQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/x-ndjson"),
              (status = 400, body = ProblemView<'_>)))]
pub(super) async fn download_all(
    place: ApiPlace,
    Query(export): Query<ExportQuery>,
    Query(query): Query<ContactQuery>,
) -> Result<Response, Problem> {
    let format = FileFormat::parse_or_default(export.format.as_deref())?;
    let workspace = place.member.need(&[Scope::Admin])?;
    let store = place.app.store.clone();
    Ok(file::respond(store, workspace, query.filter()?, format))
}

impl FileList for ContactFilter {
    const NAME: &'static str = "contacts";
    const AT_ONCE: u32 = 200;
    const HEADS: &'static [&'static str] = &[
        "contact",
        "name",
        "e-mail",
        "telephone",
        "language",
        "fields",
        "conversations",
        "open tasks",
        "pinned",
        "created",
        "updated",
    ];

    type Line = ContactView;

    fn cells(row: Listed) -> Vec<String> {
        let contact = row.contact;
        let moment = |at| {
            let at = jiff::Timestamp::from_millisecond(at);
            at.map(|at| at.to_string()).unwrap_or_default()
        };
        let fields = contact.fields.iter().map(|(name, value)| {
            let text = value.as_str().map(str::to_owned);
            format!("{name}: {}", text.unwrap_or_else(|| value.to_string()))
        });
        vec![
            contact.id.to_string(),
            contact.name.clone(),
            row.emails.join("; "),
            row.phones.join("; "),
            contact.language.clone().unwrap_or_default(),
            fields.collect::<Vec<_>>().join("; "),
            row.conversations.to_string(),
            row.open_tasks.to_string(),
            if contact.pinned { "yes" } else { "no" }.to_owned(),
            moment(contact.created_at),
            moment(contact.updated_at),
        ]
    }

    fn line(
        conn: &Connection,
        workspace: WorkspaceId,
        row: Listed,
    ) -> Result<ContactView, StoreError> {
        acts::load(conn, workspace, row.contact.id).map(ContactView::from)
    }
}

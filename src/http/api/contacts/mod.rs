//! Contacts: people as the business knows them. Lists, single ones, what happened with them, and the owner's own fields.
//!
//! Staff read and correct them with the scope `conversations`; exporting all of them, erasing, and defining fields need
//! `admin`.

mod export;
mod fields;
mod one;
mod query;
mod view;

pub use query::ContactQuery;
pub use view::ContactRow;

pub(in crate::http) use one::parse_cursor;

pub(super) mod paths {
    pub(in crate::http) use super::__path_list;
    pub(in crate::http) use super::export::{__path_download, __path_download_all};
    pub(in crate::http) use super::fields::{
        __path_get as __path_get_fields, __path_set as __path_set_fields,
    };
    pub(in crate::http) use super::one::{
        __path_add_consent, __path_change, __path_create, __path_delete, __path_get, __path_merge,
        __path_timeline,
    };
}

use axum::extract::Query;
use serde::Serialize;
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::http::auth::Scope;
use crate::http::listing::{self, ListQuery};
use crate::http::problem::{Problem, ProblemView};
use crate::http::route::{Policy, Route, routes};
use crate::store::contacts::ContactFilter;
use crate::store::listing::Page;

pub(in crate::http) fn routes() -> Vec<Route> {
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    const STAFF: Policy = Policy::Scope(Scope::Conversations);
    routes![
        (GET, "/api/v1/contacts", STAFF, list),
        (POST, "/api/v1/contacts", STAFF, one::create),
        (GET, "/api/v1/contacts/export", ADMIN, export::download_all),
        (GET, "/api/v1/contacts/fields", STAFF, fields::get),
        (PUT, "/api/v1/contacts/fields", ADMIN, fields::set),
        (GET, "/api/v1/contacts/{id}", STAFF, one::get),
        (PUT, "/api/v1/contacts/{id}", STAFF, one::change),
        (DELETE, "/api/v1/contacts/{id}", ADMIN, one::delete),
        (GET, "/api/v1/contacts/{id}/export", ADMIN, export::download),
        (POST, "/api/v1/contacts/{id}/merge", STAFF, one::merge),
        (
            POST,
            "/api/v1/contacts/{id}/consents",
            STAFF,
            one::add_consent
        ),
        (GET, "/api/v1/contacts/{id}/timeline", STAFF, one::timeline),
    ]
}

/// A page of contacts, those that changed last first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactsView {
    contacts: Vec<ContactRow>,
    /// `before` of the next page; absent at the end.
    next: Option<String>,
}

impl From<Page<ContactFilter>> for ContactsView {
    fn from(page: Page<ContactFilter>) -> Self {
        Self {
            next: page.next.as_ref().and_then(ContactQuery::cursor_of),
            contacts: page.rows.into_iter().map(ContactRow::from).collect(),
        }
    }
}

/// Contacts, those that changed last first.
#[utoipa::path(get, path = "/api/v1/contacts", tag = "contacts", operation_id = "listContacts",
    params(ContactQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ContactsView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn list(
    place: ApiPlace,
    Query(query): Query<ContactQuery>,
) -> Result<axum::Json<ContactsView>, Problem> {
    let page = listing::page(&place.app.store, &place.member, &query).await?;
    Ok(axum::Json(page.into()))
}

//! The workspace that a request is about, and ids within it.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::Deserialize;

use super::super::Http;
use super::super::auth::{Credential, Principal, Scope};
use super::super::problem::Problem;
use crate::app::App;
use crate::knowledge::Audience;
use crate::store::workspaces::Workspace;
use crate::store::{ApiKeyId, WorkspaceId};

/// The workspace of `?workspace=NAME`, or the caller's own, after checking that the caller may
/// touch it.
pub(super) struct Place {
    pub(super) app: Arc<App>,
    pub(super) workspace: Workspace,
    /// What the caller came with.
    pub(super) credential: Credential,
    /// The only conversations that the caller may see: those that this key began.
    pub(super) own_conversations: Option<ApiKeyId>,
    /// Whom answers are for.
    pub(super) audience: Audience,
    /// They have the scope `evaluate`.
    pub(super) may_evaluate: bool,
}

#[derive(Deserialize)]
struct InQuery {
    workspace: Option<String>,
}

impl Place {
    pub(super) fn id(&self) -> WorkspaceId {
        self.workspace.id
    }
}

impl FromRequestParts<Http> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Problem> {
        let principal = Principal::from_request_parts(parts, http).await?;
        let Query(query) = Query::<InQuery>::try_from_uri(&parts.uri)
            .map_err(|error| Problem::invalid("workspace", error.body_text()))?;
        let workspace = principal
            .workspace(&http.app, query.workspace.as_deref())
            .await?;
        Ok(Self {
            app: http.app.clone(),
            workspace,
            credential: principal.credential(),
            own_conversations: principal.own_conversations(),
            audience: principal.audience(),
            may_evaluate: principal.may(Scope::Evaluate),
        })
    }
}

/// An id in a path. One that is no id names nothing, so it is not found.
pub(super) fn id<T: FromStr>(text: &str, what: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found(what))
}

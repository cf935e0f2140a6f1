//! The workspace of a request, and ids within it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::Deserialize;

use crate::app::App;
use crate::http::Http;
use crate::http::auth::{Member, OfPrincipal, Principal};
pub(super) use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::store::WorkspaceId;
use crate::store::workspaces::Workspace;

/// The workspace of `?workspace=NAME`, or the caller's own. Extracting it checks that the caller may touch it.
pub(in crate::http) struct ApiPlace {
    pub(in crate::http) app: Arc<App>,
    pub(super) workspace: Workspace,
    pub(in crate::http) member: Member,
}

#[derive(Deserialize)]
struct WorkspaceQuery {
    workspace: Option<String>,
}

impl ApiPlace {
    /// # Errors
    /// 404 for a workspace that the caller may not touch; 403 for a program when it is closed.
    pub(in crate::http) async fn enter(
        app: Arc<App>,
        by: &Principal,
        workspace: Option<&str>,
    ) -> Result<Self, Problem> {
        let (workspace, member) = by.enter(&app, workspace).await?;
        Ok(Self {
            app,
            workspace,
            member,
        })
    }

    pub(super) fn id(&self) -> WorkspaceId {
        self.workspace.id
    }

    pub(super) fn principal(&self) -> &Principal {
        self.member.principal()
    }
}

impl FromRequestParts<Http> for ApiPlace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Problem> {
        let principal = Principal::from_request_parts(parts, http).await?;
        let Query(query) = Query::<WorkspaceQuery>::try_from_uri(&parts.uri)
            .map_err(|error| Problem::invalid("workspace", error.body_text()))?;
        let app = Arc::clone(&http.app);
        Self::enter(app, &principal, query.workspace.as_deref()).await
    }
}

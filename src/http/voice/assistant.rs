//! Which assistants visitors may talk to: the workspace's first one, and those that the owner opened to them.

use super::settings::WidgetSettings;
use crate::app::{App, default_assistant};
use crate::http::api::find_assistant;
use crate::http::problem::Problem;
use crate::store::assistants::Assistant;
use crate::store::{WorkspaceId, workspaces};

/// The assistant that a page names, or the workspace's first.
///
/// # Errors
/// 404, also for an assistant that is not open to visitors.
pub(super) async fn for_visitors(
    app: &App,
    workspace: WorkspaceId,
    name: Option<String>,
) -> Result<Assistant, Problem> {
    let first = default_assistant(&app.store, workspace).await?;
    let Some(name) = name.filter(|name| *name != first.name) else {
        return Ok(first);
    };
    let settings: WidgetSettings = app
        .store
        .read(move |conn| workspaces::section(conn, workspace, WidgetSettings::SECTION))
        .await?;
    if !settings.assistants.contains(&name) {
        return Err(Problem::not_found("assistant"));
    }
    find_assistant(app, workspace, Some(name)).await
}

//! Which assistants visitors may talk to: the workspace's first one, that of the page's key, and those that the owner opened to
//! them. One that is for staff is never among them.

use super::guest::refuse_closed;
use super::settings::WidgetSettings;
use crate::app::{App, default_assistant};
use crate::http::api::find_assistant;
use crate::http::problem::Problem;
use crate::store::assistants::{self, Assistant};
use crate::store::{AssistantId, Scoped, WorkspaceId, workspaces};

/// The assistant that a page names; else that of its key, or the workspace's first.
///
/// # Errors
/// 404, also for an assistant that is not open to visitors; 403 if there is none for them.
pub(super) async fn for_visitors(
    app: &App,
    workspace: WorkspaceId,
    name: Option<String>,
    of_key: Option<AssistantId>,
) -> Result<Assistant, Problem> {
    let usual = usual(app, workspace, of_key).await?;
    let Some(name) = name else {
        return usual.ok_or_else(refuse_closed);
    };
    if let Some(usual) = usual.filter(|usual| usual.name == name) {
        return Ok(usual);
    }
    let read = app.store.read(move |conn| {
        let settings: WidgetSettings =
            workspaces::section(conn, workspace, WidgetSettings::SECTION)?;
        Ok(settings.assistants)
    });
    let first = default_assistant(&app.store, workspace).await?.name;
    if first != name && !read.await?.contains(&name) {
        return Err(Problem::not_found("assistant"));
    }
    let found = find_assistant(app, workspace, Some(name)).await?;
    match is_for_visitors(&found)? {
        true => Ok(found),
        false => Err(Problem::not_found("assistant")),
    }
}

/// The assistant of the page's key, or the first one that is not for staff.
async fn usual(
    app: &App,
    workspace: WorkspaceId,
    of_key: Option<AssistantId>,
) -> Result<Option<Assistant>, Problem> {
    let first = default_assistant(&app.store, workspace).await?;
    let read = app.store.read(move |conn| {
        let keyed = match of_key {
            Some(id) => assistants::find(conn, workspace, id)?.map(Scoped::into_inner),
            None => None,
        };
        Ok((keyed, assistants::list(conn, workspace)?))
    });
    let (keyed, others) = read.await?;
    for one in keyed.into_iter().chain([first]).chain(others) {
        if is_for_visitors(&one)? {
            return Ok(Some(one));
        }
    }
    Ok(None)
}

fn is_for_visitors(assistant: &Assistant) -> Result<bool, Problem> {
    Ok(!assistant.is_for_staff()?)
}

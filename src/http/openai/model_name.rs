//! Resolves a client's `model`.

use super::ApiError;
use crate::app::App;
use crate::http::auth::{OfPrincipal, Principal};
use crate::store::assistants::{self, Assistant};
use crate::store::workspaces;
use crate::store::{Scoped, WorkspaceId};

/// Both stand for the model that is loaded.
pub(super) const ALIASES: [&str; 2] = ["default", "frontdesk"];

/// Prefix of the model names of assistants.
const ASSISTANT: &str = "assistant:";

pub(in crate::http) enum ChatTarget {
    /// The plain language model.
    Model,
    /// Answers from the documents of its workspace.
    Assistant(Box<Scoped<Assistant>>),
}

/// Finds the target of a chat completion's `model`.
///
/// # Errors
/// 404 with the known names, also for an assistant that the caller may not see.
pub(in crate::http) async fn chat_target(
    app: &App,
    principal: &Principal,
    asked: &str,
) -> Result<ChatTarget, ApiError> {
    let model = app.config.openai_aliases.resolve(asked);
    if model == app.chat.name() || ALIASES.contains(&model) {
        return Ok(ChatTarget::Model);
    }
    if let Some(name) = model.strip_prefix(ASSISTANT)
        && let Some(assistant) = find_assistant(app, principal, name).await?
    {
        return Ok(ChatTarget::Assistant(Box::new(assistant)));
    }
    let mut known = vec![app.chat.name()];
    known.extend(
        assistant_names(app, principal)
            .await?
            .into_iter()
            .map(|(name, _)| name),
    );
    Err(ApiError::no_such_model(asked, &known))
}

/// Finds the target of a realtime session's `model`. OpenAI's names stand for the model that is loaded,
/// because its clients send them to any server.
pub(super) async fn realtime_target(
    app: &App,
    principal: &Principal,
    model: &str,
) -> Result<ChatTarget, ApiError> {
    let model = app.config.openai_aliases.resolve(model);
    let of_openai = model.starts_with("gpt-") || model.starts_with("whisper-");
    if of_openai || app.transcriber.models().iter().any(|known| known == model) {
        return Ok(ChatTarget::Model);
    }
    chat_target(app, principal, model).await
}

async fn find_assistant(
    app: &App,
    principal: &Principal,
    name: &str,
) -> Result<Option<Scoped<Assistant>>, ApiError> {
    let (workspace, name) = match name.split_once('/') {
        Some((workspace, name)) => (Some(workspace), name.to_owned()),
        None => (None, name.to_owned()),
    };
    // Not an error: the caller gets the same 404 as for an assistant that does not exist.
    let Ok(workspace) = principal.workspace(app, workspace).await else {
        return Ok(None);
    };
    let found = app
        .store
        .read(move |conn| assistants::find_by_name(conn, workspace.id, &name))
        .await?;
    let Some(assistant) = found else {
        return Ok(None);
    };
    let is_hidden = assistant.is_for_staff()? && !principal.is_staff();
    Ok((!is_hidden).then_some(assistant))
}

/// Model names of the assistants that the caller may use, each with its creation time (Unix ms). Those of
/// the caller's own workspace come without the workspace's name.
pub(super) async fn assistant_names(
    app: &App,
    principal: &Principal,
) -> Result<Vec<(String, i64)>, ApiError> {
    let bound_to = principal.bound_to();
    let own = principal
        .workspace(app, None)
        .await
        .ok()
        .map(|workspace| workspace.id);
    let is_staff = principal.is_staff();
    let visible = move |id: WorkspaceId| bound_to.is_none_or(|bound| bound == id);
    let names = app.store.read(move |conn| {
        let mut names = Vec::new();
        for workspace in workspaces::list(conn)?
            .into_iter()
            .filter(|w| visible(w.id))
        {
            for assistant in assistants::list(conn, workspace.id)? {
                if assistant.is_for_staff()? && !is_staff {
                    continue;
                }
                let name = if own == Some(workspace.id) {
                    format!("{ASSISTANT}{}", assistant.name)
                } else {
                    format!("{ASSISTANT}{}/{}", workspace.name, assistant.name)
                };
                names.push((name, assistant.created_at));
            }
        }
        Ok(names)
    });
    Ok(names.await?)
}

//! What a client's `model` stands for.

use super::super::auth::{OfPrincipal, Principal};
use super::ApiError;
use crate::app::App;
use crate::store::assistants::{self, Assistant};
use crate::store::workspaces;
use crate::store::{Scoped, WorkspaceId};

/// Names that stand for "the model that is loaded".
pub(super) const ALIASES: [&str; 2] = ["default", "frontdesk"];

/// The model names of assistants begin with this.
const ASSISTANT: &str = "assistant:";

/// What answers a chat completion.
pub(super) enum ChatTarget {
    /// The language model as it is.
    Model,
    /// An assistant, from its workspace's documents.
    Assistant(Box<Scoped<Assistant>>),
}

/// Finds what a chat completion's `model` names, as far as the caller may see it.
pub(super) async fn chat_target(
    app: &App,
    principal: &Principal,
    model: &str,
) -> Result<ChatTarget, ApiError> {
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
    Err(ApiError::no_such_model(model, &known))
}

/// Finds what a realtime session's `model` names. OpenAI's names stand for the model that is loaded, as
/// its clients send them whoever they talk to.
pub(super) async fn realtime_target(
    app: &App,
    principal: &Principal,
    model: &str,
) -> Result<ChatTarget, ApiError> {
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
    // A workspace that the caller may not touch has no assistants for them.
    let Ok(workspace) = principal.workspace(app, workspace).await else {
        return Ok(None);
    };
    Ok(app
        .store
        .read(move |conn| assistants::find_by_name(conn, workspace.id, &name))
        .await?)
}

/// Model names of the assistants that the caller may use, each with the time it was made (Unix ms).
/// Those of the caller's own workspace go without its name.
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
    let visible = move |id: WorkspaceId| bound_to.is_none_or(|bound| bound == id);
    let names = app.store.read(move |conn| {
        let mut names = Vec::new();
        for workspace in workspaces::list(conn)?
            .into_iter()
            .filter(|w| visible(w.id))
        {
            for assistant in assistants::list(conn, workspace.id)? {
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

//! One call, and what came of it.

use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::Errands;
use super::plan::Plan;
use crate::agent::AgentError;
use crate::agent::climb::Climb;
use crate::store::{StoreError, ToolCallId};
use crate::tools::{Answer, Errand, ToolError};
use crate::workflows::Run;

/// Time between looks at a call that is still running: the same question was asked a moment ago, by somebody who speaks.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the same look-up counts as one, in ms.
const SAME: i64 = 60_000;
/// HTTP status of what is not there.
const NOT_FOUND: u16 = 404;

/// What came of a call.
pub(super) enum Came {
    Answer(Answer),
    /// The other side found nothing.
    Nothing,
    Failed,
    /// Nobody knows whether it was done.
    Unknown,
}

/// Calls a tool. `agreed`: the visitor said yes to it.
///
/// # Errors
/// When the store fails.
pub(super) async fn call(
    climb: &Climb<'_>,
    errands: &Errands<'_>,
    plan: &Plan,
    run: &Run,
    key: String,
    agreed: bool,
) -> Result<Came, AgentError> {
    let errand = Errand {
        workspace: climb.workspace,
        conversation: errands.conversation,
        tool: plan.tool.name.clone(),
        texts: plan.texts(run),
        key: key.clone(),
        agreed,
    };
    let until = Instant::now() + Duration::from_millis(plan.tool.timeout_ms.into()) + PAUSE;
    let error = loop {
        match errands.tools.call_in_talk(climb.own, errand.clone()).await {
            Ok(answer) => return Ok(Came::Answer(answer)),
            // A look-up that was asked for twice ends for both.
            Err(ToolError::Unknown(_)) if !agreed && Instant::now() < until => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => break error,
        }
    };
    tracing::info!(%error, tool = %plan.tool.name, "a tool gave no answer");
    Ok(match error {
        ToolError::Store(StoreError::NotFound(_)) => Came::Failed,
        ToolError::Store(error) => return Err(error.into()),
        ToolError::Unknown(_) if agreed => Came::Unknown,
        ToolError::Failed(_) => {
            let status = errands.tools.status_of(climb.workspace, &key).await?;
            match status {
                Some(NOT_FOUND) => Came::Nothing,
                _ => Came::Failed,
            }
        }
        _ => Came::Failed,
    })
}

/// The key of a look-up: the same for the same question at the same place of a conversation, so that who speaks and is
/// answered in advance causes one call.
pub(super) fn key_of_look(
    climb: &Climb<'_>,
    errands: &Errands<'_>,
    plan: &Plan,
    run: &Run,
) -> String {
    let Some(conversation) = errands.conversation else {
        return format!("talk-{}", ToolCallId::new());
    };
    let texts = json!(plan.texts(run)).to_string();
    let minute = climb.now.as_millisecond() / SAME;
    let about = [
        conversation.to_string(),
        minute.to_string(),
        plan.tool.id.to_string(),
        climb.question.to_owned(),
        texts,
    ];
    let history = climb.history.iter().map(|said| said.content.as_str());
    let mut hasher = Sha256::new();
    for part in about.iter().map(String::as_str).chain(history) {
        hasher.update(part);
        hasher.update([0]);
    }
    format!("talk-{}", hex::encode(hasher.finalize()))
}

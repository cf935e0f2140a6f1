//! One call, and what came of it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::Errands;
use super::plan::Plan;
use crate::agent::AgentError;
use crate::agent::climb::Climb;
use crate::store::{StoreError, ToolCallId, WorkflowRunId};
use crate::tools::{Answer, Errand, ToolError};
use crate::workflows::Run;

/// Time between looks at a call that is still running: the same question was asked a moment ago, by somebody who speaks.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the same look-up counts as one, in ms.
const SAME: i64 = 60_000;
/// The longest that somebody who speaks waits: who hears nothing for longer hangs up.
const LONGEST_SPOKEN: Duration = Duration::from_secs(6);
/// A tool has this much time even where the search before it took all of it.
const LEAST: Duration = Duration::from_secs(3);
/// HTTP statuses of what is not there, or not any more.
const NOT_THERE: [u16; 2] = [404, 410];
/// HTTP statuses of a look-up for something that cannot be, such as a number of another form.
const NOT_POSSIBLE: [u16; 2] = [400, 422];

/// A call to be made.
pub(super) struct Call<'a> {
    pub(super) plan: &'a Plan,
    pub(super) run: &'a Run,
    pub(super) key: String,
    /// The visitor said yes to it.
    pub(super) agreed: bool,
    /// How long the visitor waits; the call itself goes on to its end.
    pub(super) longest: Duration,
}

/// What came of a call.
pub(super) enum Came {
    Answer(Answer),
    /// The other side found nothing.
    Nothing,
    Failed,
    /// Nobody knows whether it was done.
    Unknown,
}

/// Calls a tool.
///
/// # Errors
/// When the store fails.
pub(super) async fn call(
    climb: &Climb<'_>,
    errands: &Errands<'_>,
    call: Call<'_>,
) -> Result<Came, AgentError> {
    let Call {
        plan,
        run,
        key,
        agreed,
        longest,
    } = call;
    if agreed {
        errands.acting.store(true, Ordering::Relaxed);
    }
    let errand = Errand {
        workspace: climb.workspace,
        conversation: errands.conversation,
        tool: plan.tool.name.clone(),
        texts: plan.texts(run),
        key: key.clone(),
        agreed,
    };
    let error = match timeout(longest, answer_of(climb, errands, &errand)).await {
        Ok(Ok(answer)) => return Ok(Came::Answer(answer)),
        Ok(Err(error)) => error,
        Err(_) => {
            tracing::info!(tool = %plan.tool.name, "a tool was not waited for any longer");
            return Ok(match agreed {
                true => Came::Unknown,
                false => Came::Failed,
            });
        }
    };
    tracing::info!(%error, tool = %plan.tool.name, "a tool gave no answer");
    Ok(match error {
        ToolError::Store(StoreError::NotFound(_)) => Came::Failed,
        ToolError::Store(error) => return Err(error.into()),
        ToolError::Unknown(_) if agreed => Came::Unknown,
        // What does not fit the tool's own rules for its arguments is not there either.
        ToolError::Arguments(_) if !agreed => Came::Nothing,
        ToolError::Failed(_) => {
            let noted = errands.tools.find_call(climb.workspace, &key).await?;
            match noted.and_then(|call| call.status) {
                Some(status) if NOT_THERE.contains(&status) => Came::Nothing,
                Some(status) if !agreed && NOT_POSSIBLE.contains(&status) => Came::Nothing,
                _ => Came::Failed,
            }
        }
        _ => Came::Failed,
    })
}

async fn answer_of(
    climb: &Climb<'_>,
    errands: &Errands<'_>,
    errand: &Errand,
) -> Result<Answer, ToolError> {
    loop {
        match errands.tools.call_in_talk(climb.own, errand.clone()).await {
            // A look-up that was asked for twice ends for both.
            Err(ToolError::Unknown(_)) if !errand.agreed => tokio::time::sleep(PAUSE).await,
            ended => return ended,
        }
    }
}

/// How long a visitor waits for a tool; `left` is the time that the turn has left.
pub(super) fn longest_wait(is_spoken: bool, left: Duration) -> Duration {
    match is_spoken {
        true => LONGEST_SPOKEN,
        false => left.max(LEAST),
    }
}

/// The key of the act that a visitor agreed to: the same as if the turn had ordered it for later, so it is done once.
pub(super) fn key_of_act(run: WorkflowRunId, number: u32) -> String {
    format!("{run}-{number}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_a_tool_for_as_long_as_its_owner_lets_it_run() {
        let left = Duration::from_secs(17);
        assert_eq!(longest_wait(false, left), left);
        assert_eq!(longest_wait(false, Duration::ZERO), LEAST);
        // A call in which nobody speaks for 17 seconds is over.
        assert!(longest_wait(true, left) < Duration::from_secs(10));
    }
}

//! The rung that always answers: the documents do not tell.

use async_trait::async_trait;
use tokio::sync::mpsc::Sender;

use super::{Draft, Grounds, LadderRung};
use crate::agent::AgentError;
use crate::agent::phrases::phrases;
use crate::agent::types::{Rung, TurnEvent};

/// Says that the documents do not tell.
pub(crate) struct RefusalRung;

#[async_trait]
impl LadderRung for RefusalRung {
    async fn answer(
        &self,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError> {
        let text = phrases(grounds.language).refusal.to_owned();
        let mut draft = Draft::show(Rung::Refusal, text, Vec::new(), grounds, out).await;
        draft.handoff = true;
        Ok(Some(draft))
    }
}

//! The answer ladder: rungs in the order in which they are asked, safest first. Each answers or
//! passes on; the last one always answers.

use std::time::Instant;

use async_trait::async_trait;
use futures::StreamExt;
use tokio::sync::mpsc::Sender;

use super::AgentError;
use super::cite::Citations;
use super::prompt;
use super::types::{Citation, Rung, Tokens, TurnEvent};
use super::written::{Step, Written};
use crate::knowledge::Passage;
use crate::llm::{ChatEvent, ChatMessage, ChatModel, ChatRequest, LlmError, Priority, Sampling};

/// What a rung knows of the question.
pub(super) struct Grounds<'a> {
    pub(super) question: &'a str,
    /// Earlier messages, oldest first.
    pub(super) history: &'a [ChatMessage],
    /// What was found, best first.
    pub(super) passages: &'a [Passage],
    /// The owner's instructions.
    pub(super) instructions: &'a str,
    pub(super) priority: Priority,
    pub(super) sampling: Option<&'a Sampling>,
    /// When the question came.
    pub(super) since: Instant,
}

/// A rung's answer before it is written down.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) rung: Rung,
    pub(super) text: String,
    pub(super) citations: Vec<Citation>,
    pub(super) tokens: Tokens,
    /// From the question to the first word, ms.
    pub(super) first_token: u64,
    pub(super) prompt_hash: Option<String>,
    /// Why the engine ended before the answer did.
    pub(super) interrupted: Option<String>,
}

/// One way of answering.
#[async_trait]
pub(super) trait LadderRung: Send + Sync {
    /// Answers, showing the text as it comes, or passes on with `None`.
    async fn answer(
        &self,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError>;
}

/// Passages that the model gets to see. More cost seconds before the first word and distract it.
const SHOWN: usize = 3;
/// Below this fit (0 to 1) a passage has nothing to do with the question, and no model is asked:
/// a small model answers anything from anything.
const RELEVANT: f32 = 0.3;

/// The model writes, from the best passages.
pub(super) struct ModelRung<'m> {
    pub(super) model: &'m dyn ChatModel,
}

#[async_trait]
impl LadderRung for ModelRung<'_> {
    async fn answer(
        &self,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError> {
        let relevant = grounds.passages.iter().any(|p| p.score() >= RELEVANT);
        if !relevant {
            return Ok(None);
        }
        let passages = grounds.passages.get(..SHOWN).unwrap_or(grounds.passages);
        let messages = prompt::messages(
            grounds.instructions,
            grounds.history,
            passages,
            grounds.question,
        );
        let prompt_hash = prompt::hash(&messages);
        let mut request = ChatRequest::new(messages, grounds.priority);
        if let Some(sampling) = grounds.sampling {
            request.sampling = sampling.clone();
        }
        // A grounded answer is short; a long one is the model talking to itself.
        let most = request.sampling.max_tokens.unwrap_or(256).min(256);
        request.sampling.max_tokens = Some(most);
        let mut stream = self.model.chat(request).await?;
        let mut written = Written::new(passages);
        let mut tokens = Tokens::default();
        let mut first_token = None;
        let mut interrupted = None;
        while let Some(event) = stream.next().await {
            let step = match event {
                Ok(ChatEvent::Delta(text)) => written.push(&text),
                Ok(ChatEvent::Done { usage, .. }) => {
                    tokens = Tokens {
                        prompt: usage.prompt_tokens,
                        cached: usage.cached_tokens,
                        completion: usage.completion_tokens,
                    };
                    continue;
                }
                Ok(_) => continue,
                Err(LlmError::Interrupted(reason)) => {
                    interrupted = Some(reason);
                    break;
                }
                Err(other) => return Err(other.into()),
            };
            let Step::Show(text) = step else {
                return Ok(None);
            };
            if !text.is_empty() {
                first_token.get_or_insert_with(|| elapsed(grounds.since));
                show(out, text).await;
            }
        }
        match written.finish() {
            Step::Nothing if interrupted.is_none() => return Ok(None),
            Step::Nothing => {}
            Step::Show(text) => {
                if !text.is_empty() {
                    first_token.get_or_insert_with(|| elapsed(grounds.since));
                    show(out, text).await;
                }
            }
        }
        Ok(Some(Draft {
            rung: Rung::Model,
            text: written.text().to_owned(),
            citations: Citations::into_list(written.into_citations()),
            tokens,
            first_token: first_token.unwrap_or_else(|| elapsed(grounds.since)),
            prompt_hash: Some(prompt_hash),
            interrupted,
        }))
    }
}

/// Says that the documents do not tell.
pub(super) struct RefusalRung;

#[async_trait]
impl LadderRung for RefusalRung {
    async fn answer(
        &self,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError> {
        let text = "I can't find that in our documents, so I'd rather not guess. \
                    Please ask our team about it.";
        show(out, text.to_owned()).await;
        Ok(Some(Draft {
            rung: Rung::Refusal,
            text: text.to_owned(),
            citations: Vec::new(),
            tokens: Tokens::default(),
            first_token: elapsed(grounds.since),
            prompt_hash: None,
            interrupted: None,
        }))
    }
}

async fn show(out: &Sender<TurnEvent>, text: String) {
    // When nobody listens any more, the turn is being cancelled anyway.
    let _ = out.send(TurnEvent::Delta(text)).await;
}

pub(super) fn elapsed(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

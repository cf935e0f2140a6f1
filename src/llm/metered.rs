//! A chat model whose tokens are counted against the quota of the workspace that it works for. What the machine does for
//! itself is not counted.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use futures::Stream;

use super::{ChatEvent, ChatModel, ChatRequest, ChatStream, LlmError};
use crate::reason::Reason;
use crate::usage::quota::{Measure, QuotaError, Quotas, Reservation};

/// Letters in a token, about; for what is not counted by the engine as it comes.
const LETTERS: usize = 4;

pub struct Metered {
    inner: Arc<dyn ChatModel>,
    quotas: Quotas,
}

impl Metered {
    pub fn new(inner: Arc<dyn ChatModel>, quotas: Quotas) -> Self {
        Self { inner, quotas }
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

impl From<QuotaError> for LlmError {
    fn from(error: QuotaError) -> Self {
        match error {
            QuotaError::Store(error) => Self::Unavailable(Reason::of(error)),
            QuotaError::Exceeded { .. } | QuotaError::Ended => Self::Spent(error.to_string()),
        }
    }
}

#[async_trait]
impl ChatModel for Metered {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn context_tokens(&self) -> u32 {
        self.inner.context_tokens()
    }

    fn weights_hash(&self) -> Option<String> {
        self.inner.weights_hash()
    }

    fn ready(&self) -> Result<(), LlmError> {
        self.inner.ready()
    }

    async fn chat(&self, mut request: ChatRequest) -> Result<ChatStream, LlmError> {
        let asked_by = self.quotas.workspace_of(request.claim.flow).await;
        let asked_by = asked_by.map_err(|error| LlmError::Unavailable(Reason::of(error)))?;
        let Some(workspace) = asked_by else {
            return self.inner.chat(request).await;
        };
        // Prompt and answer together fit the window.
        let most = u64::from(self.inner.context_tokens()).max(1);
        let tokens = Measure::ModelTokens;
        let held = self
            .quotas
            .reserve_up_to(workspace, tokens, most, now())
            .await?;
        if held.is_limited() && held.amount() < most {
            let left = u32::try_from(held.amount()).unwrap_or(u32::MAX);
            let wanted = request.sampling.max_tokens.unwrap_or(u32::MAX);
            request.sampling.max_tokens = Some(wanted.min(left));
        }
        let inner = self.inner.chat(request).await?;
        Ok(Box::pin(Counted {
            inner,
            held: Some(held),
            prompt: 0,
            written: 0,
        }))
    }
}

/// An answer that is counted when it ends, or when nobody wants it any more.
struct Counted {
    inner: ChatStream,
    /// `None` once it is counted.
    held: Option<Reservation>,
    prompt: u64,
    /// Tokens written so far.
    written: u64,
}

impl Counted {
    /// Notes what an event used; an error if that is more than is left.
    fn note(&mut self, event: &ChatEvent) -> Result<(), LlmError> {
        match event {
            ChatEvent::Started { prompt_tokens, .. } => {
                self.prompt = u64::from(*prompt_tokens);
                let held = self.held.as_ref().filter(|held| held.is_limited());
                if held.is_some_and(|held| self.prompt > held.amount()) {
                    // Nothing was answered, so nothing is counted.
                    self.held = None;
                    let told = "this workspace has used up its tokens of language models of this month but for a few, \
                                and this question is longer than that";
                    return Err(LlmError::Spent(told.to_owned()));
                }
            }
            ChatEvent::Delta(_) => self.written += 1,
            ChatEvent::ToolCall(call) => {
                self.written += (call.arguments.len() / LETTERS) as u64;
            }
            ChatEvent::Chances(_) | ChatEvent::ServedBy(_) => {}
            ChatEvent::Done { usage, .. } => {
                self.prompt = u64::from(usage.prompt_tokens);
                self.written = u64::from(usage.completion_tokens);
                self.settle();
            }
        }
        Ok(())
    }

    fn settle(&mut self) {
        let Some(held) = self.held.take() else {
            return;
        };
        let used = self.prompt.saturating_add(self.written);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        // Nobody waits for it.
        runtime.spawn(async move {
            if let Err(error) = held.settle(used, now()).await {
                tracing::error!(%error, used, "tokens of a language model could not be counted");
            }
        });
    }
}

impl Stream for Counted {
    type Item = Result<ChatEvent, LlmError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let next = ready!(this.inner.as_mut().poll_next(context));
        Poll::Ready(match next {
            Some(Ok(event)) => Some(this.note(&event).map(|()| event)),
            other => other,
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.settle();
    }
}

#[cfg(test)]
#[path = "metered_tests.rs"]
mod tests;

//! The language model that works here or at a provider. Whoever gave the first word gives all of them.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, stream};

use super::policy::Plan;
use super::{Providers, chat};
use crate::llm::{ChatModel, ChatRequest, ChatStream, LlmError, OutputFormat};
use crate::store::providers::{Mode, Use};

/// Chooses for each request by the workspace that it is made for.
pub struct RoutedChat {
    providers: Providers,
    local: Arc<dyn ChatModel>,
}

impl RoutedChat {
    pub(super) fn new(providers: Providers, local: Arc<dyn ChatModel>) -> Self {
        Self { providers, local }
    }

    /// The provider first; this machine if it fails before its first word.
    async fn elsewhere_first(
        &self,
        plan: Plan,
        request: ChatRequest,
    ) -> Result<ChatStream, LlmError> {
        match chat::ask(&plan.line, &request).await {
            Ok(stream) => Ok(stream),
            Err(error) => {
                tracing::warn!(error = %error.for_log(), "a provider did not answer, so this machine does");
                match self.local.ready() {
                    Ok(()) => self.local.chat(request).await,
                    // There is nobody else: tell what happened there.
                    Err(_) => Err(error.unavailable()),
                }
            }
        }
    }

    /// This machine first; the provider if the request would wait too long here, or cannot be served.
    async fn here_first(&self, plan: Plan, request: ChatRequest) -> Result<ChatStream, LlmError> {
        let begin = async {
            let mut rest = self.local.chat(request.clone()).await?;
            match rest.next().await {
                Some(Ok(first)) => Ok(stream::iter([Ok(first)]).chain(rest).boxed()),
                Some(Err(error)) => Err(error),
                None => Err(LlmError::Interrupted("the engine said nothing".into())),
            }
        };
        let failed = match tokio::time::timeout(plan.wait, begin).await {
            Ok(Ok(stream)) => return Ok(stream),
            // Nobody else could serve it either.
            Ok(Err(error @ LlmError::Invalid(_))) => return Err(error),
            Ok(Err(error)) => Some(error),
            Err(_) => None,
        };
        match chat::ask(&plan.line, &request).await {
            Ok(stream) => Ok(stream),
            Err(error) => {
                tracing::warn!(error = %error.for_log(), "a provider did not help out");
                match failed {
                    Some(failed) => Err(failed),
                    None => self.local.chat(request).await,
                }
            }
        }
    }
}

#[async_trait]
impl ChatModel for RoutedChat {
    fn name(&self) -> String {
        self.local.name()
    }

    fn context_tokens(&self) -> u32 {
        self.local.context_tokens()
    }

    fn weights_hash(&self) -> Option<String> {
        self.local.weights_hash()
    }

    fn ready(&self) -> Result<(), LlmError> {
        match self.local.ready() {
            Err(_) if self.providers.answers() => Ok(()),
            other => other,
        }
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, LlmError> {
        // No provider tells how likely each of several words is.
        if matches!(request.format, OutputFormat::Choice(_)) || !self.providers.answers() {
            return self.local.chat(request).await;
        }
        let plan = self.providers.plan_of(Use::Chat, request.claim.flow).await;
        match plan {
            Ok(Some(plan)) => match plan.mode {
                Mode::Provider => self.elsewhere_first(plan, request).await,
                Mode::Overflow => self.here_first(plan, request).await,
                Mode::Local => self.local.chat(request).await,
            },
            Ok(None) => self.local.chat(request).await,
            Err(error) => {
                tracing::error!(%error, "the policy of providers cannot be read, so the work stays here");
                self.local.chat(request).await
            }
        }
    }
}

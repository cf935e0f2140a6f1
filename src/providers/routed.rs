//! The language model that works here or at a provider. Whoever gave the first word gives all of them.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, stream};

use super::policy::Plan;
use super::{ProviderError, Providers, chat};
use crate::llm::{ChatEvent, ChatModel, ChatRequest, ChatStream, LlmError, OutputFormat};
use crate::store::providers::{Mode, Use};
use crate::usage::{Budgets, Work};

/// Chooses for each request by the workspace that it is made for.
pub struct RoutedChat {
    providers: Providers,
    local: Arc<dyn ChatModel>,
    /// What visitors may ask for: work elsewhere counts like work here.
    budgets: Arc<Budgets>,
}

impl RoutedChat {
    pub(super) fn new(
        providers: Providers,
        local: Arc<dyn ChatModel>,
        budgets: Arc<Budgets>,
    ) -> Self {
        Self {
            providers,
            local,
            budgets,
        }
    }

    /// Asks the provider, and charges what it did to whoever asked.
    async fn ask(&self, plan: &Plan, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
        let (budgets, flow) = (Arc::clone(&self.budgets), request.claim.flow);
        let stream = chat::ask(&plan.line, request).await?;
        let charged = stream.inspect(move |event| {
            if let Ok(ChatEvent::Done { usage, .. }) = event {
                let tokens = usage.prompt_tokens.saturating_add(usage.completion_tokens);
                budgets.charge(flow, Work::Tokens, f64::from(tokens));
            }
        });
        Ok(charged.boxed())
    }

    /// The provider first; this machine if it fails before its first word.
    async fn elsewhere_first(
        &self,
        plan: Plan,
        request: ChatRequest,
    ) -> Result<ChatStream, LlmError> {
        match self.ask(&plan, &request).await {
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
            // Nobody else could serve it either; what is used up is used up for everybody.
            Ok(Err(error @ (LlmError::Invalid(_) | LlmError::Spent(_)))) => return Err(error),
            Ok(Err(error)) => Some(error),
            Err(_) => None,
        };
        match self.ask(&plan, &request).await {
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

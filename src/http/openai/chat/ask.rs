//! One question to a model or an assistant, whichever API it came in by, and the answer as a stream of pieces. Every face (chat
//! completions, responses, completions, messages) makes an [`Ask`] of its request and writes the pieces in its own shape.

use std::sync::Arc;

use futures::{Stream, StreamExt, stream};

use super::piece::{self, Piece, Pieces};
use crate::agent::{Display, Turn};
use crate::app::App;
use crate::http::auth::{OfCredential, OfPrincipal, Principal};
use crate::http::clock::{self, Metadata};
use crate::http::metrics::Metrics;
use crate::http::openai::ApiError;
use crate::http::openai::model_name::{ChatTarget, chat_target};
use crate::http::problem::Problem;
use crate::llm::{
    ChatEvent, ChatMessage, ChatRequest, Claim, LlmError, OutputFormat, Priority, Role, Sampling,
};

/// A request that passed all checks.
#[derive(Debug)]
pub(in crate::http) struct Ask {
    /// As the client named it.
    pub(in crate::http) model: String,
    pub(in crate::http) request: ChatRequest,
    /// Whether the client set any sampling option; if not, an assistant uses its own.
    pub(in crate::http) custom_sampling: bool,
    /// Whether the answer is shown while it comes.
    pub(in crate::http) stream: bool,
    pub(in crate::http) metadata: Option<Metadata>,
    /// Fail rather than leave out the beginning of a conversation that is too long.
    pub(in crate::http) no_truncation: bool,
    /// Pass on one tool call at most.
    pub(in crate::http) one_call: bool,
    pub(in crate::http) names: FieldNames,
}

/// What this API calls the fields that errors of a question name.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct FieldNames {
    pub(in crate::http) input: &'static str,
    pub(in crate::http) format: &'static str,
}

/// What an assistant gets besides the question.
#[derive(Debug)]
pub(super) struct History {
    pub(super) messages: Vec<ChatMessage>,
    pub(super) sampling: Option<Sampling>,
}

impl Ask {
    /// Splits the conversation for an assistant: the last message is the question, earlier ones of the user
    /// and the assistant are its history. System messages are dropped, because only the owner instructs an
    /// assistant.
    pub(super) fn into_question(mut self) -> Result<(String, History), ApiError> {
        if self.request.tools.is_some() {
            return Err(ApiError::invalid(
                "tools",
                "an assistant takes no tools of the client",
            ));
        }
        if self.request.format != OutputFormat::Text {
            return Err(ApiError::invalid(
                self.names.format,
                "an assistant answers in text",
            ));
        }
        let last = self
            .request
            .messages
            .pop()
            .filter(|message| message.role == Role::User);
        let question = last.map(|message| message.content).unwrap_or_default();
        if question.trim().is_empty() {
            let reason = "the last message must be the user's question";
            return Err(ApiError::invalid(self.names.input, reason));
        }
        self.request
            .messages
            .retain(|m| matches!(m.role, Role::User | Role::Assistant) && !m.content.is_empty());
        let sampling = self.custom_sampling.then_some(self.request.sampling);
        let messages = self.request.messages;
        Ok((question, History { messages, sampling }))
    }
}

/// Starts the answer. Its tokens are counted; it ends with [`Piece::End`] or [`Piece::Failed`].
///
/// # Errors
/// What can be said before the first word: no such model, no room in the queue, a request that cannot be served.
pub(in crate::http) async fn start(
    app: &App,
    metrics: Arc<Metrics>,
    principal: &Principal,
    target: ChatTarget,
    ask: Ask,
) -> Result<Pieces, ApiError> {
    let one_call = ask.one_call;
    let pieces = match target {
        ChatTarget::Model => {
            let workspace = principal.workspace(app, None).await?.id;
            let mut request = ask.request;
            request.claim.flow = principal.credential().flow(workspace);
            let answer = app.chat.chat(request).await?;
            piece::from_model(answer, ask.no_truncation)
        }
        ChatTarget::Assistant(assistant) => {
            let now = clock::read_now(principal, ask.metadata.as_ref())?;
            let display = match ask.stream {
                true => Display::AsItComes,
                false => Display::Whole,
            };
            let (question, history) = ask.into_question()?;
            let workspace = assistant.workspace();
            let turn = Turn {
                workspace,
                assistant: assistant.into_inner(),
                conversation: None,
                client_id: None,
                history: history.messages,
                question,
                claim: Claim::new(Priority::Api, principal.credential().flow(workspace)),
                sampling: history.sampling,
                now,
                audience: principal.audience(),
                display,
                // Only tests set the clock.
                evaluation: now.is_some(),
                stays: false,
            };
            piece::from_assistant(app.agent.reply(turn))
        }
    };
    let pieces = count_tokens(pieces, metrics);
    let pieces: Pieces = match one_call {
        true => Box::pin(keep_first_call(pieces)),
        false => Box::pin(pieces),
    };
    Ok(pieces)
}

/// Counts the tokens when the answer ends, and ends the stream at its first error. A stream that stops
/// without an end is an error as well.
fn count_tokens(pieces: Pieces, metrics: Arc<Metrics>) -> impl Stream<Item = Piece> + Send {
    let cut = LlmError::Interrupted("the engine stopped without a reason".into());
    let pieces = pieces.chain(stream::iter([Piece::Failed(Problem::from(cut))]));
    pieces.scan(false, move |ended, piece| {
        let last = std::mem::replace(ended, piece.is_last());
        if let Piece::End(end) = &piece {
            let usage = end.usage;
            let (prompt, cached) = (usage.prompt_tokens, usage.cached_tokens);
            if !last {
                metrics.count_tokens(prompt, cached, usage.completion_tokens);
            }
        }
        futures::future::ready((!last).then_some(piece))
    })
}

/// Drops all tool calls but the first.
fn keep_first_call(pieces: impl Stream<Item = Piece> + Send) -> impl Stream<Item = Piece> + Send {
    let mut called = false;
    pieces.filter(move |piece| {
        let again = matches!(piece, Piece::ToolCall(_)) && std::mem::replace(&mut called, true);
        futures::future::ready(!again)
    })
}

/// How many tokens the prompt of a question has. It is begun and given up at once, since only the engine knows its template.
///
/// # Errors
/// 400 for an assistant, whose prompt depends on what it finds.
pub(in crate::http) async fn count_prompt(
    app: &App,
    principal: &Principal,
    mut ask: Ask,
) -> Result<u32, ApiError> {
    if let ChatTarget::Assistant(_) = chat_target(app, principal, &ask.model).await? {
        let reason = "an assistant's prompt depends on what it finds, so its tokens cannot be counted before; ask for \
                      those of the model `default`";
        return Err(ApiError::invalid("model", reason));
    }
    let workspace = principal.workspace(app, None).await?.id;
    ask.request.claim.flow = principal.credential().flow(workspace);
    ask.request.sampling.max_tokens = Some(1);
    let mut answer = app.chat.chat(ask.request).await?;
    while let Some(event) = answer.next().await {
        match event? {
            ChatEvent::Started { prompt_tokens, .. } => return Ok(prompt_tokens),
            ChatEvent::Done { usage, .. } => return Ok(usage.prompt_tokens),
            _ => {}
        }
    }
    Err(LlmError::Interrupted("the engine did not say how long the prompt is".into()).into())
}

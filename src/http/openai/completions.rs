//! `POST /v1/completions`, for clients from before chat. The model is a chat model: each prompt is its one message.

use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::chat::UsageView;
use super::chat::ask::{self, Ask, FieldNames};
use super::chat::piece::{End, Piece};
use super::chat::sampling::AskedSampling;
use super::model_name::{ChatTarget, chat_target};
use super::{ApiError, Json};
use crate::app::App;
use crate::http::auth::Principal;
use crate::http::metrics::Metrics;
use crate::http::now_ms;
use crate::http::sse;
use crate::llm::{ChatMessage, ChatRequest, FinishReason, LlmError, Priority, Role, Usage};

/// Of one request.
const MOST_PROMPTS: usize = 20;
const NAMES: FieldNames = FieldNames {
    input: "prompt",
    format: "response_format",
};

/// A request for completions. Unknown fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CompletionRequest {
    /// Name of the chat model, `default`, or `assistant:NAME`.
    model: String,
    /// A text, or up to 20.
    #[schema(value_type = Object)]
    prompt: Value,
    /// Send the answer as it is written; only with one prompt.
    stream: Option<bool>,
    /// Options of a streamed answer.
    #[schema(value_type = Option<Object>)]
    stream_options: Option<Value>,
    /// Begin the answer with the prompt.
    echo: Option<bool>,
    /// 0 (repeatable) to 2; 0.7 when absent.
    temperature: Option<f32>,
    /// Above 0, to 1.
    top_p: Option<f32>,
    /// Only 1.
    n: Option<u32>,
    /// Only 1.
    best_of: Option<u32>,
    /// Up to four strings that end the answer.
    #[schema(value_type = Option<Object>)]
    stop: Option<Value>,
    seed: Option<i64>,
    /// Most tokens of each answer.
    max_tokens: Option<u32>,
    /// -2 to 2.
    presence_penalty: Option<f32>,
    /// -2 to 2.
    frequency_penalty: Option<f32>,
    /// Not available here.
    suffix: Option<String>,
    /// Not available here.
    logprobs: Option<u32>,
}

/// Completions in the order of the prompts.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompletionView {
    id: String,
    /// Always `text_completion`.
    object: &'static str,
    /// Unix seconds.
    created: i64,
    model: String,
    #[schema(value_type = Vec<Object>)]
    choices: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageView>,
}

fn choice(index: usize, text: &str, finish: Option<FinishReason>) -> Value {
    let reason = finish.map(|finish| match finish {
        FinishReason::Length => "length",
        FinishReason::Stop | FinishReason::ToolCalls => "stop",
    });
    json!({ "index": index, "text": text, "logprobs": null, "finish_reason": reason })
}

impl CompletionRequest {
    fn prompts(&self) -> Result<Vec<String>, ApiError> {
        let wrong = |reason: &str| Err(ApiError::invalid("prompt", reason));
        let prompts = match &self.prompt {
            Value::String(text) => vec![text.clone()],
            Value::Array(list) => {
                let texts = list.iter().map(|one| one.as_str().map(str::to_owned));
                match texts.collect::<Option<Vec<_>>>() {
                    Some(texts) => texts,
                    None => {
                        return wrong(
                            "prompt must be text: this model's tokens differ from the ones you sent",
                        );
                    }
                }
            }
            _ => return wrong("prompt is a text or a list of texts"),
        };
        match prompts.len() {
            1..=MOST_PROMPTS => Ok(prompts),
            _ => wrong("prompt holds 1 to 20 texts"),
        }
    }

    fn check(&self, prompts: usize) -> Result<(), ApiError> {
        let refused = [
            (
                "n",
                self.n.is_some_and(|n| n != 1),
                "n must be 1: one answer per prompt",
            ),
            (
                "best_of",
                self.best_of.is_some_and(|n| n > 1),
                "best_of must be 1: one answer per prompt",
            ),
            (
                "suffix",
                self.suffix.as_ref().is_some_and(|text| !text.is_empty()),
                "the model cannot fill in the middle of a text; leave suffix out",
            ),
            (
                "logprobs",
                self.logprobs.is_some(),
                "this server gives no probabilities of tokens",
            ),
            (
                "stream",
                self.stream == Some(true) && prompts > 1,
                "a stream has one prompt; send the others in requests of their own",
            ),
        ];
        match refused.into_iter().find(|(_, is_asked, _)| *is_asked) {
            Some((param, _, reason)) => Err(ApiError::invalid(param, reason)),
            None => Ok(()),
        }
    }

    fn sampling(&self) -> Result<AskedSampling, ApiError> {
        let stop = match &self.stop {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) => vec![text.clone()],
            Some(other) => {
                let list = other.as_array().into_iter().flatten();
                let texts = list.map(|one| one.as_str().map(str::to_owned));
                let texts = texts
                    .collect::<Option<Vec<_>>>()
                    .filter(|_| other.is_array());
                texts.ok_or_else(|| {
                    ApiError::invalid("stop", "stop must be a string or a list of strings")
                })?
            }
        };
        Ok(AskedSampling {
            temperature: self.temperature,
            top_p: self.top_p,
            presence_penalty: self.presence_penalty,
            frequency_penalty: self.frequency_penalty,
            seed: self.seed,
            stop,
            max_tokens: self.max_tokens.map(|most| (most, "max_tokens")),
        })
    }
}

/// Completes texts.
#[utoipa::path(post, path = "/v1/completions", tag = "openai", operation_id = "createCompletion",
    request_body = CompletionRequest,
    responses((status = 200, body = CompletionView), (status = 400, body = super::ErrorEnvelope),
              (status = 404, body = super::ErrorEnvelope), (status = 429, body = super::ErrorEnvelope)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    State(metrics): State<Arc<Metrics>>,
    principal: Principal,
    Json(request): Json<CompletionRequest>,
) -> Result<Response, ApiError> {
    let prompts = request.prompts()?;
    request.check(prompts.len())?;
    let sampling = request.sampling()?;
    let custom_sampling = sampling.is_custom();
    let sampling = sampling.check()?;
    let is_stream = request.stream == Some(true);
    let model = match chat_target(&app, &principal, &request.model).await? {
        ChatTarget::Model => app.chat.name(),
        ChatTarget::Assistant(_) => request.model.clone(),
    };
    let ask = |prompt: &str| Ask {
        model: request.model.clone(),
        request: ChatRequest {
            sampling: sampling.clone(),
            ..ChatRequest::new(vec![ChatMessage::new(Role::User, prompt)], Priority::Api)
        },
        custom_sampling,
        stream: is_stream,
        metadata: None,
        no_truncation: false,
        one_call: false,
        names: NAMES,
    };
    let mut view = CompletionView {
        id: format!("cmpl-{}", Uuid::now_v7().simple()),
        object: "text_completion",
        created: now_ms() / 1000,
        model,
        choices: Vec::new(),
        usage: None,
    };
    let echo = request.echo == Some(true);
    let mut all = Usage::default();
    for (at, prompt) in prompts.iter().enumerate() {
        let target = chat_target(&app, &principal, &request.model).await?;
        let asked = ask::start(&app, Arc::clone(&metrics), &principal, target, ask(prompt));
        let mut pieces = asked.await?;
        let mut text = if echo { prompt.clone() } else { String::new() };
        if is_stream {
            let usage = request.stream_options.as_ref();
            let usage = usage.is_some_and(|options| options["include_usage"] == true);
            let first = (!text.is_empty()).then_some(Piece::Delta(text));
            let pieces = stream::iter(first).chain(pieces);
            let events = pieces.flat_map(move |piece| stream::iter(chunks(&view, piece, usage)));
            return Ok(sse::respond(events));
        }
        let end = loop {
            match pieces.next().await {
                Some(Piece::Delta(more)) => text.push_str(&more),
                Some(Piece::ToolCall(_)) => {}
                Some(Piece::End(end)) => break end,
                Some(Piece::Failed(problem)) => return Err(problem.into()),
                None => return Err(LlmError::Interrupted("the answer has no end".into()).into()),
            }
        };
        add(&mut all, end.usage);
        view.choices.push(choice(at, &text, Some(end.finish)));
    }
    view.usage = Some(all.into());
    Ok(axum::Json(view).into_response())
}

fn add(all: &mut Usage, one: Usage) {
    all.prompt_tokens = all.prompt_tokens.saturating_add(one.prompt_tokens);
    all.cached_tokens = all.cached_tokens.saturating_add(one.cached_tokens);
    all.completion_tokens = all.completion_tokens.saturating_add(one.completion_tokens);
}

/// The events of a piece; the last one also yields `[DONE]`, unless the answer failed.
fn chunks(view: &CompletionView, piece: Piece, usage: bool) -> Vec<Event> {
    let chunk = |choices: Vec<Value>, usage: Option<UsageView>| {
        sse::event(&CompletionView {
            id: view.id.clone(),
            object: view.object,
            created: view.created,
            model: view.model.clone(),
            choices,
            usage,
        })
    };
    match piece {
        Piece::Delta(text) => vec![chunk(vec![choice(0, &text, None)], None)],
        Piece::ToolCall(_) => Vec::new(),
        Piece::Failed(problem) => vec![sse::event(&ApiError::from(problem).envelope())],
        Piece::End(end) => {
            let End {
                finish,
                usage: used,
                ..
            } = *end;
            let mut events = vec![chunk(vec![choice(0, "", Some(finish))], None)];
            if usage {
                events.push(chunk(Vec::new(), Some(used.into())));
            }
            events.push(Event::default().data("[DONE]"));
            events
        }
    }
}

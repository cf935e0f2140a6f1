//! One answer of a provider's language model.

mod anthropic;
mod calls;
mod dialect;
mod gemini;
mod openai;
mod running;

use std::time::Duration;

use serde_json::Value;

use self::dialect::Dialect;
use self::running::Running;
use super::budget::{Amount, ModelUse, Used};
use super::error::ProviderError;
use super::line::{Line, Post, parts};
use super::now;
use super::redact::{NOTE, Redactor};
use crate::egress::{Class, Purpose};
use crate::llm::{
    ChatEvent, ChatMessage, ChatRequest, ChatStream, OutputFormat, Priority, Role, Served,
};
use crate::store::providers::ProviderKind;
use crate::usage::quota::Measure;

/// The most that is written if a request does not say it.
const MOST: u32 = 1_024;
/// How long a provider may think before the first word.
const FIRST_WORD: Duration = Duration::from_secs(60);
/// The same while somebody waits in a chat, or in a call.
const IN_A_CHAT: Duration = Duration::from_secs(10);
const IN_A_CALL: Duration = Duration::from_secs(3);
/// Bytes of a token, about: for what a provider does not tell.
const TOKEN: u64 = 4;
/// JSON comes when it is whole.
const WHOLE_JSON: Duration = Duration::from_secs(180);

/// A request in a provider's protocol.
struct Asked {
    path: String,
    body: Value,
    headers: Vec<(&'static str, String)>,
    dialect: Box<dyn Dialect>,
}

/// What a request may use.
struct Most {
    /// No token is shorter than a byte; each message has some of its own.
    read: u64,
    written: u32,
}

/// Asks the provider, and returns its answer once there is a first word of it.
///
/// # Errors
/// Nothing was shown by then, so somebody else may answer.
pub(super) async fn ask(line: &Line, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
    line.admit()?;
    let asked = match hurry(request) {
        Some(most) => tokio::time::timeout(most, begin(line, request))
            .await
            .unwrap_or_else(|_| Err(line.stalled(most))),
        None => begin(line, request).await,
    };
    line.note(&asked);
    asked
}

/// How long whoever waits can wait for the first word, before this machine answers.
fn hurry(request: &ChatRequest) -> Option<Duration> {
    match (request.claim.priority, &request.format) {
        (Priority::Voice, _) => Some(IN_A_CALL),
        (Priority::Chat, OutputFormat::Text) => Some(IN_A_CHAT),
        _ => None,
    }
}

async fn begin(line: &Line, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
    let model =
        line.provider.models.chat.clone().ok_or_else(|| {
            ProviderError::unfit(line.name(), "no language model is named for it")
        })?;
    let classes = classes(request);
    line.check_classes(&classes)?;
    let (redactor, mut request) = redact(line, request);
    if request.messages.iter().all(|m| m.role == Role::System) {
        // Most models answer a person only.
        request
            .messages
            .push(ChatMessage::new(Role::User, "Go on."));
    }
    let most = most(&request);
    let asked = match line.provider.kind {
        ProviderKind::OpenAi => openai::write(&request, &model, most.written, &line.provider.url),
        ProviderKind::Anthropic => anthropic::write(&request, &model, most.written),
        ProviderKind::Gemini => gemini::write(&request, &model, most.written),
        ProviderKind::Deepgram => Err("it has no language model".into()),
    }
    .map_err(|reason| ProviderError::unfit(line.name(), reason))?;
    let prices = &line.provider.prices;
    let read_about = most.read.div_ceil(TOKEN);
    let (least, highest) = (
        read_about.saturating_add(u64::from(most.written)),
        most.read.saturating_add(u64::from(most.written)),
    );
    let (workspace, tokens) = (line.provider.workspace, Measure::ModelTokens);
    let quotas = &line.providers.inner.quotas;
    let quota = quotas
        .reserve_between(workspace, tokens, least, highest, now())
        .await?;
    let all = Amount::of_chat(prices, most.read, u64::from(most.written));
    let mut reservation = line
        .providers
        .inner
        .purse
        .reserve(&line.provider, all, now())
        .await?;
    reservation.beside(quota);
    reservation.owe(Used {
        amount: Amount::of_chat(prices, most.read, 0),
        model: ModelUse {
            told: 0,
            estimated: read_about,
        },
    });
    let post = Post {
        purpose: Purpose::ChatProvider,
        path: asked.path,
        content_type: "application/json",
        body: parts(&classes, asked.body.to_string()),
        headers: asked.headers,
    };
    let response = match line.send(post).await {
        Ok(response) => response,
        Err(error) => {
            // What was not answered in time may be charged; an error is not, nor what never got there.
            if !error.may_cost() {
                reservation.forget();
            }
            return Err(error);
        }
    };
    let mut running = Running::new(
        line.clone(),
        response,
        asked.dialect,
        redactor,
        &request,
        reservation,
        most.read,
    );
    let patience = match request.format {
        OutputFormat::Text => FIRST_WORD.min(line.patience().saturating_mul(2)),
        _ => WHOLE_JSON,
    };
    let first = tokio::time::timeout(patience, running.next())
        .await
        .map_err(|_| line.stalled(patience))?;
    let first = match first {
        Some(first) => first?,
        None => return Err(ProviderError::broken(line.name(), "it said nothing")),
    };
    let started = ChatEvent::Started {
        prompt_tokens: running.prompt_tokens(),
        cached_tokens: 0,
        dropped_messages: 0,
    };
    let served = ChatEvent::ServedBy(Served {
        provider: line.name().to_owned(),
        model,
        tell: line.tell,
    });
    Ok(running.into_stream(vec![started, served, first]))
}

/// The kinds of data in a request: instructions and passages are the business's, the rest is what people said.
fn classes(request: &ChatRequest) -> Vec<Class> {
    let is_said = |message: &ChatMessage| message.role != Role::System;
    match request.messages.iter().any(is_said) {
        // The passages of documents stand in any message.
        true => vec![Class::Customer, Class::Business],
        false => vec![Class::Business],
    }
}

/// Replaces what the owner wants replaced.
fn redact(line: &Line, request: &ChatRequest) -> (Redactor, ChatRequest) {
    let texts = request.messages.iter().flat_map(|message| {
        let calls = message
            .tool_calls
            .iter()
            .map(|call| call.arguments.as_str());
        std::iter::once(message.content.as_str()).chain(calls)
    });
    let mut redactor = Redactor::new(&line.provider.redaction, texts);
    let mut request = request.clone();
    for message in &mut request.messages {
        message.content = redactor.redact(&message.content);
        for call in &mut message.tool_calls {
            call.arguments = redactor.redact(&call.arguments);
        }
    }
    if redactor.has_replaced() {
        // Many models take one message of the system only, and only as the first.
        match request
            .messages
            .first_mut()
            .filter(|m| m.role == Role::System)
        {
            Some(system) => {
                system.content.push_str("\n\n");
                system.content.push_str(NOTE);
            }
            None => request
                .messages
                .insert(0, ChatMessage::new(Role::System, NOTE)),
        }
    }
    (redactor, request)
}

fn most(request: &ChatRequest) -> Most {
    /// Of a message's frame, in tokens.
    const FRAME: u64 = 16;
    let of_message = |message: &ChatMessage| {
        let calls = message.tool_calls.iter();
        let calls: usize = calls.map(|c| c.arguments.len() + c.name.len()).sum();
        (message.content.len() + calls) as u64 + FRAME
    };
    let messages: u64 = request.messages.iter().map(of_message).sum();
    let schema = match &request.format {
        OutputFormat::JsonSchema(schema) => schema.len(),
        OutputFormat::Text | OutputFormat::JsonObject | OutputFormat::Choice(_) => 0,
    };
    let tools = request.tools.as_ref().map_or(0, String::len);
    Most {
        read: messages + (schema + tools) as u64 + 4 * FRAME,
        written: request.sampling.max_tokens.unwrap_or(MOST).max(1),
    }
}

//! Has the model write, and returns what passed the checks.

use std::time::{Duration, Instant};

use futures::StreamExt;
use serde::Serialize;
use tokio::time::{timeout, timeout_at};

use super::super::evidence::quote;
use super::super::phrases::phrases;
use super::super::prompt;
use super::super::trace::SentenceTrace;
use super::super::types::{Citation, Tokens};
use super::check::check;
use super::pace::{FIRST_WORD, Pace};
use super::{Kind, Plan};
use crate::llm::{ChatEvent, ChatMessage, ChatModel, ChatRequest, Claim, LlmError, Served};

/// Most tokens of a friendly answer: two short sentences.
const FRIENDLY_TOKENS: u32 = 80;
/// Most tokens of a translation: a quotation of the longest length in the most expensive script.
const TRANSLATION_TOKENS: u32 = 400;

/// For the receipt.
#[derive(Debug, Serialize)]
pub(crate) struct AfterwordTrace {
    pub(super) kind: Kind,
    /// As shown; `None` if nothing passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// What the model wrote, with the verdicts.
    pub(super) sentences: Vec<SentenceTrace>,
}

/// What the model added to an answer.
#[derive(Debug)]
pub(crate) struct Afterword {
    pub(crate) trace: AfterwordTrace,
    pub(crate) prompt_hash: String,
    pub(crate) tokens: Tokens,
    /// The provider that wrote it.
    pub(crate) served: Option<Served>,
}

/// Whether the model runs, and was quick enough when it was last tried.
pub(crate) fn is_able(model: &dyn ChatModel, pace: &Pace, plan: &Plan) -> bool {
    model.ready().is_ok() && (!plan.if_quick || pace.may_try(Instant::now()))
}

/// Has the model add to these citations; `None` if it is too slow or fails. Dropping the future cancels it.
pub(crate) async fn write(
    model: &dyn ChatModel,
    pace: &Pace,
    plan: &Plan,
    question: &str,
    citations: &[Citation],
    claim: Claim,
    left: Duration,
) -> Option<Afterword> {
    let quotes: Vec<String> = citations
        .iter()
        .map(|c| quote::make_readable(&c.quote))
        .collect();
    let titled: Vec<String> = citations
        .iter()
        .zip(&quotes)
        .map(|(c, q)| with_title(c, q))
        .collect();
    let messages = match plan.kind {
        Kind::Friendly => prompt::friendly(&titled, question, plan.language, plan.tone),
        Kind::Translation => prompt::translation(&quotes.join("\n"), plan.language),
    };
    let prompt_hash = prompt::hash(&messages);
    let written = timeout(left, collect(model, pace, plan, messages, claim)).await;
    let (text, tokens, served) = match written {
        Ok(Ok(Some(written))) => written,
        Ok(Ok(None)) | Err(_) => return None,
        // The quotation stands for itself.
        Ok(Err(error)) => {
            tracing::info!(%error, "nothing was added to a quotation");
            return None;
        }
    };
    let supports = match plan.kind {
        Kind::Friendly => titled,
        Kind::Translation => quotes,
    };
    let checked = check(plan.kind, &text, &supports, plan.language);
    let mark = citations.first().map_or(1, |c| c.number);
    let text = (!checked.text.is_empty()).then(|| match plan.kind {
        Kind::Friendly => format!("{} [{mark}]", checked.text),
        Kind::Translation => {
            format!(
                "{} {} [{mark}]",
                phrases(plan.language).translated,
                checked.text
            )
        }
    });
    Some(Afterword {
        trace: AfterwordTrace {
            kind: plan.kind,
            text,
            sentences: checked.verdicts,
        },
        prompt_hash,
        tokens,
        served,
    })
}

fn with_title(cited: &Citation, quote: &str) -> String {
    let section = cited
        .section
        .as_deref()
        .and_then(|s| s.rsplit(" › ").next());
    let above: Vec<&str> = std::iter::once(cited.title.as_str())
        .chain(section)
        .collect();
    format!("{}: {quote}", above.join(" – "))
}

/// The model's whole output; `None` if its first word does not come in time.
async fn collect(
    model: &dyn ChatModel,
    pace: &Pace,
    plan: &Plan,
    messages: Vec<ChatMessage>,
    claim: Claim,
) -> Result<Option<(String, Tokens, Option<Served>)>, LlmError> {
    let mut request = ChatRequest::new(messages, claim);
    request.sampling.max_tokens = Some(match plan.kind {
        Kind::Friendly => FRIENDLY_TOKENS,
        Kind::Translation => TRANSLATION_TOKENS,
    });
    let first_word = tokio::time::Instant::now() + FIRST_WORD;
    let mut stream = match plan.if_quick {
        true => match timeout_at(first_word, model.chat(request)).await {
            Ok(stream) => stream?,
            Err(_) => return Ok(give_up(pace)),
        },
        false => model.chat(request).await?,
    };
    let (mut text, mut tokens, mut served) = (String::new(), Tokens::default(), None);
    loop {
        let next = if plan.if_quick && text.is_empty() {
            match timeout_at(first_word, stream.next()).await {
                Ok(next) => next,
                Err(_) => return Ok(give_up(pace)),
            }
        } else {
            stream.next().await
        };
        match next {
            Some(Ok(ChatEvent::Delta(piece))) => {
                if text.is_empty() {
                    pace.was_quick();
                }
                text.push_str(&piece);
            }
            Some(Ok(ChatEvent::Done { usage, .. })) => {
                tokens = Tokens {
                    prompt: usage.prompt_tokens,
                    cached: usage.cached_tokens,
                    completion: usage.completion_tokens,
                };
            }
            Some(Ok(ChatEvent::ServedBy(by))) => served = Some(by),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return Ok(Some((text, tokens, served))),
        }
    }
}

fn give_up<T>(pace: &Pace) -> Option<T> {
    pace.was_slow(Instant::now());
    None
}

//! Makes one response: text from the language model or the assistant, and speech from the synthesizer, sentence
//! by sentence while the text is still being written.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures::{FutureExt, Stream, StreamExt, future};
use tokio::sync::mpsc;

use super::config::SessionConfig;
use super::fault::Fault;
use super::prompt::{self, NOTHING, PromptLine};
use crate::agent::{Agent, Answer, Display, Turn, TurnEvent};
use crate::knowledge::Audience;
use crate::language::cutter::Cutter;
use crate::llm::{
    ChatEvent, ChatMessage, ChatModel, ChatRequest, ChatStream, Claim, FinishReason, LlmError,
    Role, Sampling, ToolCall, Usage,
};
use crate::speech::{Clip, Pronunciation, SpeakRequest, Synthesizer};
use crate::store::WorkspaceId;
use crate::store::assistants::Assistant;

/// As for chat completions: small models ramble at OpenAI's 1.0.
const TEMPERATURE: f32 = 0.7;
/// Most sentences that may wait to be spoken.
const AHEAD: usize = 16;

/// Where answers come from.
#[derive(Clone)]
pub enum Answerer {
    /// The language model itself.
    Model(Arc<dyn ChatModel>),
    /// An assistant, from its workspace's documents.
    Assistant {
        agent: Agent,
        workspace: WorkspaceId,
        assistant: Box<Assistant>,
    },
}

/// Rejects settings that an assistant does not accept from clients.
pub fn check_assistant(answerer: &Answerer, config: &SessionConfig) -> Result<(), Fault> {
    if matches!(answerer, Answerer::Assistant { .. }) && !config.tools.list.is_empty() {
        let message =
            "an assistant does not accept tools from the client; use another model for them";
        return Err(Fault::invalid("unsupported_parameter", message).about("session.tools"));
    }
    Ok(())
}

/// How to speak the text.
pub(super) struct Speaking {
    pub(super) synthesizer: Arc<dyn Synthesizer>,
    pub(super) voice: Option<String>,
    pub(super) speed: f32,
    pub(super) lexicon: Vec<Pronunciation>,
}

/// A response to make.
pub(super) struct Job {
    pub(super) claim: Claim,
    pub(super) answerer: Answerer,
    pub(super) instructions: String,
    pub(super) lines: Vec<PromptLine>,
    pub(super) tools: (Option<String>, Option<String>),
    pub(super) max_tokens: Option<u32>,
    pub(super) may_truncate: bool,
    /// `None` for a written response.
    pub(super) speaking: Option<Speaking>,
    /// An assistant's reply to a turn without words.
    pub(super) to_silence: &'static str,
}

/// A part of a response; `End` or `Failed` is the last.
#[derive(Debug)]
pub(super) enum Step {
    Text(String),
    Spoken(Clip),
    Call(ToolCall),
    End(End),
    Failed(Fault),
}

/// How a response ended by itself.
#[derive(Debug)]
pub(super) struct End {
    pub(super) finish: FinishReason,
    pub(super) usage: Usage,
    /// The assistant's answer, with its sources.
    pub(super) grounds: Option<Box<Answer>>,
}

/// A part of an answer's text, from any source.
enum Piece {
    Delta(String),
    Call(ToolCall),
    End(End),
}

/// A stream of pieces; an error is the last one. Dropping it cancels the answer.
type Pieces = Pin<Box<dyn Stream<Item = Result<Piece, Fault>> + Send>>;

/// Makes the response and sends its steps with its id. Stops early when the receiver is gone.
pub(super) async fn carry_out(job: Job, id: String, out: mpsc::Sender<(String, Step)>) {
    let work = AssertUnwindSafe(make(job, &id, &out)).catch_unwind();
    let last = match work.await {
        Ok(Ok(last)) => last,
        Ok(Err(fault)) => Step::Failed(fault),
        Err(_) => {
            tracing::error!("a response panicked");
            let message = "the response failed because of a server error; ask again";
            Step::Failed(Fault::server("internal", message))
        }
    };
    // Fails only when the session is over.
    let _ = out.send((id, last)).await;
}

async fn make(job: Job, id: &str, out: &mpsc::Sender<(String, Step)>) -> Result<Step, Fault> {
    let Job {
        claim,
        answerer,
        instructions,
        lines,
        tools,
        max_tokens,
        may_truncate,
        speaking,
        to_silence,
    } = job;
    let messages = prompt::await_words(lines).await?;
    let pieces = match answerer {
        Answerer::Model(model) => {
            ask_model(
                &*model,
                claim,
                instructions,
                messages,
                tools,
                max_tokens,
                may_truncate,
            )
            .await?
        }
        Answerer::Assistant {
            agent,
            workspace,
            assistant,
        } => ask_assistant(&agent, claim, workspace, *assistant, messages, to_silence)?,
    };
    match speaking {
        None => write(pieces, id, out).await,
        Some(speaking) => speak(pieces, speaking, id, out).await,
    }
}

async fn ask_model(
    model: &dyn ChatModel,
    claim: Claim,
    instructions: String,
    messages: Vec<ChatMessage>,
    (tools, require_tool): (Option<String>, Option<String>),
    max_tokens: Option<u32>,
    may_truncate: bool,
) -> Result<Pieces, Fault> {
    let system =
        (!instructions.trim().is_empty()).then(|| ChatMessage::new(Role::System, instructions));
    let mut messages: Vec<_> = system.into_iter().chain(messages).collect();
    if !messages.iter().any(|message| message.role != Role::System) {
        // Chat templates need a user message: a session may begin with the model's words.
        messages.push(ChatMessage::new(Role::User, "Hello."));
    }
    let request = ChatRequest {
        tools,
        require_tool,
        sampling: Sampling {
            max_tokens,
            temperature: TEMPERATURE,
            ..Sampling::default()
        },
        ..ChatRequest::new(messages, claim)
    };
    let answer = model.chat(request).await?;
    if may_truncate {
        return Ok(pieces_of_model(answer));
    }
    let strict = answer.map(|event| match event {
        Ok(ChatEvent::Started { dropped_messages, .. }) if dropped_messages > 0 => {
            let why = "the conversation does not fit the model's window and truncation is disabled; \
                       delete items or set truncation to auto";
            Err(LlmError::Invalid(why.into()))
        }
        other => other,
    });
    Ok(pieces_of_model(Box::pin(strict)))
}

fn pieces_of_model(answer: ChatStream) -> Pieces {
    Box::pin(answer.filter_map(|event| {
        future::ready(match event {
            Ok(ChatEvent::Started { .. } | ChatEvent::ServedBy(_) | ChatEvent::Chances(_)) => None,
            Ok(ChatEvent::Delta(text)) => Some(Ok(Piece::Delta(text))),
            Ok(ChatEvent::ToolCall(call)) => Some(Ok(Piece::Call(call))),
            Ok(ChatEvent::Done { finish, usage }) => Some(Ok(Piece::End(End {
                finish,
                usage,
                grounds: None,
            }))),
            Err(error) => Some(Err(error.into())),
        })
    }))
}

fn ask_assistant(
    agent: &Agent,
    claim: Claim,
    workspace: WorkspaceId,
    assistant: Assistant,
    mut messages: Vec<ChatMessage>,
    to_silence: &'static str,
) -> Result<Pieces, Fault> {
    messages.retain(|message| matches!(message.role, Role::User | Role::Assistant));
    if messages.is_empty() {
        return Ok(give_sentence(assistant.greeting));
    }
    let question = messages.pop().filter(|message| message.role == Role::User);
    let Some(question) = question else {
        let message = "an assistant answers questions: the last message must be the user's";
        return Err(Fault::invalid("nothing_to_answer", message));
    };
    if question.content == NOTHING {
        return Ok(give_sentence(to_silence.to_owned()));
    }
    // Silent turns in the history would only confuse the search for what a follow-up leaves out.
    messages.retain(|message| message.content != NOTHING);
    let turn = Turn {
        workspace,
        assistant,
        conversation: None,
        client_id: None,
        history: messages,
        question: question.content,
        claim,
        sampling: None,
        now: None,
        audience: Audience::Visitors,
        display: Display::Spoken,
        evaluation: false,
        stays: false,
    };
    Ok(Box::pin(agent.reply(turn).filter_map(|event| {
        future::ready(match event {
            TurnEvent::Citations(_) => None,
            TurnEvent::Delta(text) => Some(Ok(Piece::Delta(text))),
            TurnEvent::Done(answer) => Some(Ok(Piece::End(to_end(answer)))),
            // Only a turn with a conversation of ours can have a person.
            TurnEvent::Stored(_) => None,
            TurnEvent::Failed(reason) => Some(Err(Fault::server("turn_failed", reason))),
        })
    })))
}

fn to_end(answer: Box<Answer>) -> End {
    let usage = Usage {
        prompt_tokens: answer.tokens.prompt,
        cached_tokens: answer.tokens.cached,
        completion_tokens: answer.tokens.completion,
    };
    let finish = if answer.interrupted {
        FinishReason::Length
    } else {
        FinishReason::Stop
    };
    End {
        finish,
        usage,
        grounds: Some(answer),
    }
}

/// Makes a fixed sentence an answer.
fn give_sentence(text: String) -> Pieces {
    let end = End {
        finish: FinishReason::Stop,
        usage: Usage::default(),
        grounds: None,
    };
    let pieces = [Ok(Piece::Delta(text)), Ok(Piece::End(end))];
    Box::pin(futures::stream::iter(pieces))
}

fn report_interrupted() -> Fault {
    Fault::server("interrupted", "the answer was interrupted; ask again")
}

async fn write(
    mut pieces: Pieces,
    id: &str,
    out: &mpsc::Sender<(String, Step)>,
) -> Result<Step, Fault> {
    while let Some(piece) = pieces.next().await {
        let step = match piece? {
            Piece::Delta(text) => Step::Text(text),
            Piece::Call(call) => Step::Call(call),
            Piece::End(end) => return Ok(Step::End(end)),
        };
        if out.send((id.to_owned(), step)).await.is_err() {
            break;
        }
    }
    Err(report_interrupted())
}

/// A sentence to speak, or a call to pass on, in order.
enum Unit {
    Sentence(String),
    Call(ToolCall),
}

async fn speak(
    mut pieces: Pieces,
    speaking: Speaking,
    id: &str,
    out: &mpsc::Sender<(String, Step)>,
) -> Result<Step, Fault> {
    let (queue, mut waiting) = mpsc::channel(AHEAD);
    let write = async move {
        // Not the `Sentences` of browser calls, which leave out marks and layout: a client joins the spoken
        // parts and expects the answer as it was written.
        let mut sentences = Cutter::default();
        while let Some(piece) = pieces.next().await {
            match piece? {
                Piece::Delta(text) => {
                    for sentence in sentences.push(&text) {
                        if queue.send(Unit::Sentence(sentence)).await.is_err() {
                            return Err(report_interrupted());
                        }
                    }
                }
                Piece::Call(call) => {
                    let rest = sentences.finish().map(Unit::Sentence);
                    for unit in rest.into_iter().chain([Unit::Call(call)]) {
                        let _ = queue.send(unit).await;
                    }
                }
                Piece::End(end) => {
                    if let Some(rest) = sentences.finish() {
                        let _ = queue.send(Unit::Sentence(rest)).await;
                    }
                    return Ok(Step::End(end));
                }
            }
        }
        Err(report_interrupted())
    };
    // If the voice fails, the queue closes, and the writer does not wait for it.
    let speak = async move {
        while let Some(unit) = waiting.recv().await {
            match unit {
                Unit::Call(call) => {
                    let _ = out.send((id.to_owned(), Step::Call(call))).await;
                }
                Unit::Sentence(text) => say(text, &speaking, id, out).await?,
            }
        }
        Ok::<(), Fault>(())
    };
    let (last, said) = tokio::join!(write, speak);
    said?;
    last
}

/// Speaks a sentence, clause by clause.
async fn say(
    text: String,
    speaking: &Speaking,
    id: &str,
    out: &mpsc::Sender<(String, Step)>,
) -> Result<(), Fault> {
    let failed =
        |error: crate::speech::SpeechError| Fault::server("voice_failed", error.to_string());
    let request = SpeakRequest {
        text,
        voice: speaking.voice.clone(),
        speed: speaking.speed,
        lexicon: speaking.lexicon.clone(),
    };
    let mut clips = speaking.synthesizer.speak(request).await.map_err(failed)?;
    while let Some(clip) = clips.next().await {
        let step = Step::Spoken(clip.map_err(failed)?);
        if out.send((id.to_owned(), step)).await.is_err() {
            return Err(report_interrupted());
        }
    }
    Ok(())
}

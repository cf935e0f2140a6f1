//! Continuous batching: one thread owns the contexts and computes all requests together.
//!
//! Each round takes new commands, runs the chat model's part ([`super::chat`]), and does a piece of the
//! embedding work. Without work, it blocks on the command channel.

use std::sync::mpsc::{Receiver, TryRecvError};

use super::chat::Chat;
use super::embed::{Encoder, Job};
use super::protocol::{Event, Request};
use crate::llm::{LlmError, Priority};
use crate::reason::Reason;
use crate::worker::child::{self, Command, Port};

/// Tokens of background work embedded in one round beside running answers.
const EMBED_BESIDE: usize = 256;

/// Ends a request with an error.
pub(super) fn refuse(port: &Port, id: u64, error: LlmError) -> std::io::Result<()> {
    port.event(id, &Event::Error(error))?;
    port.end(id)
}

/// Serves commands until the parent goes away.
pub(super) fn run(
    commands: &Receiver<Command<Request>>,
    port: &Port,
    mut chat: Result<Chat<'_>, Reason>,
    mut encoder: Result<Encoder<'_>, Reason>,
) -> std::io::Result<()> {
    let mut jobs: Vec<Job> = Vec::new();
    loop {
        let working = chat.as_ref().is_ok_and(Chat::is_busy);
        let mut block = !working && jobs.is_empty();
        loop {
            let command = if block {
                block = false;
                match commands.recv() {
                    Ok(command) => command,
                    Err(_) => return Ok(()),
                }
            } else {
                match commands.try_recv() {
                    Ok(command) => command,
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(()),
                }
            };
            match command {
                Command::Request {
                    id,
                    body: Request::Chat(request),
                } => match &mut chat {
                    Ok(chat) => chat.request(id, &request, port)?,
                    Err(reason) => refuse(port, id, LlmError::Unavailable(reason.clone()))?,
                },
                Command::Request {
                    id,
                    body: Request::Embed { texts, claim, .. },
                } => match &encoder {
                    Ok(_) => jobs.push(Job::new(id, texts, claim)),
                    Err(reason) => refuse(port, id, LlmError::Unavailable(reason.clone()))?,
                },
                // Never happens: the encoder's thread answers these.
                Command::Request {
                    id,
                    body: Request::Read { .. },
                } => child::forget(port, id),
                Command::Cancel { id } => {
                    let known =
                        jobs.iter().any(|j| j.id == id) || chat.as_ref().is_ok_and(Chat::is_busy);
                    if !known {
                        child::forget(port, id);
                    }
                }
            }
        }
        if let Ok(chat) = &mut chat {
            chat.drop_cancelled(port)?;
            chat.admit(port)?;
            chat.round(port)?;
        }
        if let Ok(encoder) = &mut encoder {
            let beside = chat.as_ref().is_ok_and(Chat::is_computing);
            embed_round(&mut jobs, encoder, beside, port)?;
        }
    }
}

/// Runs one pass of the most urgent embedding job.
fn embed_round(
    jobs: &mut Vec<Job>,
    encoder: &mut Encoder<'_>,
    beside: bool,
    port: &Port,
) -> std::io::Result<()> {
    let mut cancelled = Vec::new();
    jobs.retain(|job| {
        let gone = port.is_cancelled(job.id);
        if gone {
            cancelled.push(job.id);
        }
        !gone
    });
    for id in cancelled {
        port.end(id)?;
    }
    let due = (0..jobs.len())
        .max_by_key(|&i| (jobs.get(i).map(|j| j.claim.priority), std::cmp::Reverse(i)));
    let Some((at, job)) = due.and_then(|i| jobs.get_mut(i).map(|job| (i, job))) else {
        return Ok(());
    };
    // Only background work takes small passes beside running answers: somebody waits for the rest.
    let background = job.claim.priority == Priority::Background;
    let budget = if beside && background {
        EMBED_BESIDE
    } else {
        usize::MAX
    };
    let id = job.id;
    let outcome = encoder.step(job, budget);
    let finished = job.take_result();
    match (outcome, finished) {
        (Err(error), _) => {
            jobs.remove(at);
            refuse(port, id, error)
        }
        (Ok(()), Some(vectors)) => {
            jobs.remove(at);
            port.event(id, &Event::Embedded(vectors))?;
            port.end(id)
        }
        (Ok(()), None) => Ok(()),
    }
}

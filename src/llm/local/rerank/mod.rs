//! Re-ranking: how well each of some texts answers a question.
//!
//! It has a thread of its own in the worker process, so that nobody waits for a chat answer that is
//! being generated. When nothing is to be done, the thread blocks.

mod client;
mod model;

use std::collections::HashSet;
use std::io;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) use client::LocalReranker;

use self::model::{Pair, Ranker, WINDOW};
use super::protocol::{Event, Request, RerankSetup};
use super::scheduler::refuse;
use crate::llm::{LlmError, Priority};
use crate::worker::child::{Command, Port};

/// Requests that may wait.
const MOST_OPEN: usize = 64;
/// Most texts of one request.
pub(super) const MOST_TEXTS: usize = 512;
/// Pairs computed per thread before more urgent work is looked for.
const STEP: usize = 4;

/// A request as it came.
struct Asked {
    id: u64,
    query: String,
    texts: Vec<String>,
    priority: Priority,
}

/// A request that is being worked on, a few pairs at a time.
struct Job {
    id: u64,
    priority: Priority,
    pairs: Vec<Pair>,
    scores: Vec<f32>,
}

/// Where requests are handed in.
pub(super) struct Desk {
    sender: Sender<Asked>,
    open: Arc<Mutex<HashSet<u64>>>,
}

impl Desk {
    /// Loads the model and starts the thread.
    pub(super) fn start(setup: &RerankSetup, threads: u16, port: &Port) -> Result<Self, String> {
        let ranker = Ranker::load(&setup.model, &setup.tokenizer, usize::from(threads))?;
        let (sender, receiver) = channel();
        let open = Arc::<Mutex<HashSet<u64>>>::default();
        let (port, shared) = (port.clone(), Arc::clone(&open));
        std::thread::Builder::new()
            .name("rerank".into())
            .spawn(move || {
                if serve(&ranker, &receiver, &port, &shared).is_err() {
                    // The parent is gone.
                    std::process::exit(0);
                }
            })
            .map_err(|e| format!("the re-ranker's thread cannot be started: {e}"))?;
        Ok(Self { sender, open })
    }

    /// Tokens of a question and a text together.
    pub(super) fn window() -> u32 {
        u32::try_from(WINDOW).unwrap_or(u32::MAX)
    }

    fn submit(&self, asked: Asked) -> Result<(), LlmError> {
        let mut open = lock(&self.open);
        if open.len() >= MOST_OPEN {
            let waiting = u32::try_from(open.len()).unwrap_or(u32::MAX);
            return Err(LlmError::Busy { waiting });
        }
        let id = asked.id;
        self.sender
            .send(asked)
            .map_err(|_| LlmError::Unavailable("the re-ranker has stopped".into()))?;
        open.insert(id);
        Ok(())
    }
}

fn lock(open: &Mutex<HashSet<u64>>) -> MutexGuard<'_, HashSet<u64>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the re-ranker's requests out of the stream of commands; the rest goes on to whoever holds the
/// receiver that is returned.
pub(super) fn divide(
    commands: Receiver<Command<Request>>,
    desk: Result<Desk, String>,
    port: &Port,
) -> io::Result<Receiver<Command<Request>>> {
    let (others, rest) = sync_channel(1024);
    let port = port.clone();
    std::thread::Builder::new()
        .name("commands".into())
        .spawn(move || {
            for command in commands {
                let (id, query, texts, priority) = match command {
                    Command::Request {
                        id,
                        body:
                            Request::Rerank {
                                query,
                                texts,
                                priority,
                            },
                    } => (id, query, texts, priority),
                    // The desk looks for cancelled requests by itself.
                    Command::Cancel { id }
                        if desk.as_ref().is_ok_and(|d| lock(&d.open).contains(&id)) =>
                    {
                        continue;
                    }
                    other => {
                        if others.send(other).is_err() {
                            return;
                        }
                        continue;
                    }
                };
                let asked = Asked {
                    id,
                    query,
                    texts,
                    priority,
                };
                let taken = match &desk {
                    Ok(desk) => desk.submit(asked),
                    Err(reason) => Err(LlmError::Unavailable(reason.clone())),
                };
                if let Err(error) = taken
                    && refuse(&port, id, error).is_err()
                {
                    return;
                }
            }
        })?;
    Ok(rest)
}

fn serve(
    ranker: &Ranker,
    requests: &Receiver<Asked>,
    port: &Port,
    open: &Mutex<HashSet<u64>>,
) -> io::Result<()> {
    let mut jobs: Vec<Job> = Vec::new();
    loop {
        loop {
            let asked = if jobs.is_empty() {
                match requests.recv() {
                    Ok(asked) => asked,
                    Err(_) => return Ok(()),
                }
            } else {
                match requests.try_recv() {
                    Ok(asked) => asked,
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            };
            let id = asked.id;
            match job(ranker, asked) {
                Ok(job) => jobs.push(job),
                Err(error) => {
                    lock(open).remove(&id);
                    refuse(port, id, error)?;
                }
            }
        }
        let Some(job) = due(&jobs).and_then(|i| jobs.get_mut(i)) else {
            continue;
        };
        let id = job.id;
        let outcome = if port.is_cancelled(id) {
            Some(Err(None))
        } else {
            match job.step(ranker) {
                Err(error) => Some(Err(Some(error))),
                Ok(()) if job.is_done() => Some(Ok(std::mem::take(&mut job.scores))),
                Ok(()) => None,
            }
        };
        let Some(outcome) = outcome else { continue };
        jobs.retain(|job| job.id != id);
        lock(open).remove(&id);
        match outcome {
            Ok(scores) => {
                port.event(id, &Event::Scores(scores))?;
                port.end(id)?;
            }
            Err(Some(error)) => refuse(port, id, error)?,
            Err(None) => port.end(id)?,
        }
    }
}

fn job(ranker: &Ranker, asked: Asked) -> Result<Job, LlmError> {
    let query = ranker.query(&asked.query)?;
    let pairs = asked.texts.iter().map(|text| ranker.pair(&query, text));
    Ok(Job {
        id: asked.id,
        priority: asked.priority,
        pairs: pairs.collect::<Result<_, _>>()?,
        scores: Vec::new(),
    })
}

/// The most urgent job; of equally urgent ones the oldest.
fn due(jobs: &[Job]) -> Option<usize> {
    (0..jobs.len()).max_by_key(|&i| (jobs.get(i).map(|j| j.priority), std::cmp::Reverse(i)))
}

impl Job {
    fn is_done(&self) -> bool {
        self.scores.len() >= self.pairs.len()
    }

    fn step(&mut self, ranker: &Ranker) -> Result<(), LlmError> {
        let next = self.pairs.iter().skip(self.scores.len());
        let some: Vec<&Pair> = next.take(STEP * ranker.threads()).collect();
        let scores = ranker.score(&some)?;
        self.scores.extend(scores);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(id: u64, priority: Priority) -> Job {
        Job {
            id,
            priority,
            pairs: Vec::new(),
            scores: Vec::new(),
        }
    }

    #[test]
    fn the_most_urgent_request_is_due_and_among_equals_the_first() {
        let jobs = [
            waiting(1, Priority::Background),
            waiting(2, Priority::Chat),
            waiting(3, Priority::Chat),
            waiting(4, Priority::Api),
        ];
        assert_eq!(due(&jobs).and_then(|i| jobs.get(i)).map(|j| j.id), Some(2));
        assert_eq!(due(&[]), None);
    }
}

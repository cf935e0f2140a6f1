//! The encoder: sentence vectors, and the reader that marks the words that answer a question.
//!
//! It has its own thread in the worker process, so that it does not wait for chat answers; a pass over
//! the layers is spread over as many threads as the engine may use. Without work, the thread blocks.
//!
//! It computes in whole numbers (`native/encoder`): a passage gets bit for bit the same alone, beside others and under load, so that
//! decisions can be repeated. A graph of a hub (`onnx`) reads one passage at a time.

mod base;
mod client;
mod job;
mod onnx;
mod pair;
mod reader;
#[cfg(test)]
mod tiny;
#[cfg(test)]
mod tiny_onnx;
mod words;

use std::collections::HashSet;
use std::io;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rten::ThreadPool;

pub(super) use client::LocalReader;

use self::base::Base;
use self::job::{EncoderModels, EncoderRequest, Job, Work, choose};
use self::onnx::Onnx;
use self::reader::{Own, Reader};
use super::protocol::{EmbedSetup, ReaderSetup, ReaderState, Request};
use super::scheduler::refuse;
use crate::llm::{LlmError, Priority};
use crate::reason::Reason;
use crate::usage::Fair;
use crate::worker::child::{Command, Port};

/// How long other requests wait for the next one of a turn that goes first.
const EXPECTED: Duration = Duration::from_millis(15);
/// The most requests that may wait.
const MOST_OPEN: usize = 256;
/// The most texts of one request.
pub(super) const MOST_TEXTS: usize = 512;

/// Takes requests to the encoder's thread.
pub(super) struct EncoderDesk {
    sender: Sender<EncoderRequest>,
    /// Ids of the requests that wait or run.
    open: Arc<Mutex<HashSet<u64>>>,
    /// Length of the vectors; `None` if this encoder does not make them.
    pub(super) dimensions: Option<Result<usize, Reason>>,
    pub(super) reader: ReaderState,
}

impl EncoderDesk {
    /// Loads the models and starts the thread. The second reader is loaded if the first one cannot be.
    pub(super) fn start(
        embed: Option<&EmbedSetup>,
        readers: [Option<&ReaderSetup>; 2],
        threads: u16,
        port: &Port,
    ) -> io::Result<Self> {
        let mut dimensions = None;
        let mut base = None;
        if let Some(EmbedSetup::Packed(path)) = embed {
            match Base::load(path) {
                Ok(loaded) => {
                    dimensions = Some(Ok(loaded.dimensions()));
                    base = Some(loaded);
                }
                Err(reason) => {
                    let path = path.display();
                    let told = format!(
                        "the embedding model {path} cannot be loaded: {reason}; get it again"
                    );
                    dimensions = Some(Err(Reason::told(told, reason)));
                }
            }
        }
        let (reader, state) = load_readers(readers, base.as_ref());
        let models = EncoderModels {
            base,
            reader,
            pools: (0..threads.max(1))
                .map(|_| ThreadPool::with_num_threads(1))
                .collect(),
        };
        let (sender, receiver) = channel();
        let open = Arc::<Mutex<HashSet<u64>>>::default();
        let (port, shared) = (port.clone(), Arc::clone(&open));
        std::thread::Builder::new()
            .name("encoder".into())
            .spawn(move || {
                if serve(&models, &receiver, &port, &shared).is_err() {
                    // The pipe broke, so the parent is gone.
                    std::process::exit(0);
                }
            })?;
        Ok(Self {
            sender,
            open,
            dimensions,
            reader: state,
        })
    }

    fn submit(&self, asked: EncoderRequest) -> Result<(), LlmError> {
        let mut open = lock(&self.open);
        if open.len() >= MOST_OPEN {
            let waiting = u32::try_from(open.len()).unwrap_or(u32::MAX);
            return Err(LlmError::Busy { waiting });
        }
        let id = asked.id;
        self.sender
            .send(asked)
            .map_err(|_| LlmError::Unavailable("the encoder has stopped".into()))?;
        open.insert(id);
        Ok(())
    }
}

/// Loads the first of two readers that can be loaded.
fn load_readers(
    [chosen, spare]: [Option<&ReaderSetup>; 2],
    base: Option<&Base>,
) -> (Result<Reader, Reason>, ReaderState) {
    let chosen = match chosen {
        None => Err("there is no reader; get one with `frontdesk models get`".into()),
        Some(setup) => load_reader(setup, base),
    };
    let reason = match chosen {
        Ok(reader) => return (Ok(reader), ReaderState::Chosen),
        Err(reason) => reason,
    };
    match spare.map(|setup| load_reader(setup, base)) {
        Some(Ok(reader)) => (Ok(reader), ReaderState::Spare(reason)),
        // Why the spare one fails too helps less: the owner did not choose it.
        Some(Err(_)) | None => (Err(reason.clone()), ReaderState::Failed(reason)),
    }
}

fn load_reader(setup: &ReaderSetup, base: Option<&Base>) -> Result<Reader, Reason> {
    let (path, loaded) = match setup {
        ReaderSetup::Own { model, base: hash } => {
            let Some(base) = base else {
                return Err(
                    "the reader needs the embedding model multilingual-e5-small-q4, whose table it \
                     shares; get it with `frontdesk models get multilingual-e5-small-q4`"
                        .into(),
                );
            };
            let own = Own::load(model, Arc::clone(&base.table), hash);
            (model, own.map(|own| Reader::Own(Box::new(own))))
        }
        ReaderSetup::Onnx {
            model,
            tokenizer,
            window,
        } => {
            let onnx = Onnx::load(model, tokenizer, *window);
            (model, onnx.map(|onnx| Reader::Onnx(Box::new(onnx))))
        }
    };
    let failed = |e: Reason| {
        let path = path.display();
        Reason::told(
            format!("the reader {path} cannot be loaded: {e}; get it again"),
            e,
        )
    };
    loaded.map_err(failed)
}

fn lock(open: &Mutex<HashSet<u64>>) -> MutexGuard<'_, HashSet<u64>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the encoder's requests out of the stream of commands; the rest goes to the returned receiver.
pub(super) fn divide(
    commands: Receiver<Command<Request>>,
    desk: EncoderDesk,
    port: &Port,
) -> io::Result<Receiver<Command<Request>>> {
    let (others, rest) = sync_channel(1024);
    let port = port.clone();
    std::thread::Builder::new()
        .name("commands".into())
        .spawn(move || {
            for command in commands {
                let asked = match command {
                    Command::Request {
                        id,
                        body:
                            Request::Embed {
                                texts,
                                meant,
                                claim,
                            },
                    } if desk.dimensions.is_some() => EncoderRequest {
                        id,
                        work: Work::Embed(texts, meant),
                        claim,
                    },
                    Command::Request {
                        id,
                        body:
                            Request::Read {
                                question,
                                passages,
                                claim,
                            },
                    } => EncoderRequest {
                        id,
                        work: Work::Read(question, passages),
                        claim,
                    },
                    // The encoder's thread checks for cancelled requests itself.
                    Command::Cancel { id } if lock(&desk.open).contains(&id) => continue,
                    other => {
                        if others.send(other).is_err() {
                            return;
                        }
                        continue;
                    }
                };
                let id = asked.id;
                if let Err(error) = desk.submit(asked)
                    && refuse(&port, id, error).is_err()
                {
                    return;
                }
            }
        })?;
    Ok(rest)
}

fn serve(
    models: &EncoderModels,
    requests: &Receiver<EncoderRequest>,
    port: &Port,
    open: &Mutex<HashSet<u64>>,
) -> io::Result<()> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut fair = Fair::default();
    // Anticipatory scheduling, as for disks: a turn consists of many small requests, so the flow served last is
    // about to ask again. The others wait a moment, or their steps would come between any two of them.
    let mut expected = false;
    loop {
        loop {
            let asked = if jobs.is_empty() {
                match requests.recv() {
                    Ok(asked) => asked,
                    Err(_) => return Ok(()),
                }
            } else if std::mem::take(&mut expected) {
                match requests.recv_timeout(EXPECTED) {
                    Ok(asked) => asked,
                    Err(_) => break,
                }
            } else {
                match requests.try_recv() {
                    Ok(asked) => asked,
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            };
            let id = asked.id;
            match models.prepare(asked) {
                Ok(job) => jobs.push(job),
                Err(error) => {
                    lock(open).remove(&id);
                    refuse(port, id, LlmError::Unavailable(error))?;
                }
            }
        }
        let alone = jobs.len() == 1;
        let next = choose(&jobs, &fair, Instant::now());
        let Some(job) = next.and_then(|i| jobs.get_mut(i)) else {
            continue;
        };
        let id = job.id;
        let outcome = if port.is_cancelled(id) {
            Some(Err(None))
        } else {
            match job.step(models, alone) {
                Err(error) => Some(Err(Some(error))),
                Ok(tokens) => {
                    fair.charge(job.claim.flow, job.weight(tokens), Instant::now());
                    job.take_answer().map(Ok)
                }
            }
        };
        let Some(outcome) = outcome else { continue };
        let claim = job.claim;
        jobs.retain(|job| job.id != id);
        let first = |other: &Job| {
            fair.standing(claim.flow, Instant::now())
                < fair.standing(other.claim.flow, Instant::now())
        };
        // If nobody else waits, there is nobody to hold back.
        expected =
            claim.priority > Priority::Background && !jobs.is_empty() && jobs.iter().all(first);
        lock(open).remove(&id);
        match outcome {
            Ok(event) => {
                port.event(id, &event)?;
                port.end(id)?;
            }
            Err(Some(error)) => {
                let reason = Reason::told(format!("the encoder failed: {error}"), error);
                refuse(port, id, LlmError::Unavailable(reason))?;
            }
            Err(None) => port.end(id)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spare_reader_goes_on_and_the_reason_is_the_chosen_ones() {
        let (folder, base_file) = tiny::file();
        let base = Base::load(&base_file).unwrap();
        let at = |name: &str| folder.path().join(name);
        let graph = tiny_onnx::graph(tiny_onnx::TINY);
        std::fs::write(
            at("own.safetensors"),
            tiny::reader("frontdesk-reader-1", ""),
        )
        .unwrap();
        std::fs::write(at("whole.onnx"), &graph).unwrap();
        std::fs::write(at("cut.onnx"), &graph[..graph.len() / 2]).unwrap();
        std::fs::write(at("tokenizer.json"), tiny_onnx::VOCABULARY).unwrap();
        let own = |name: &str| ReaderSetup::Own {
            model: at(name),
            base: String::new(),
        };
        let onnx = |name: &str| ReaderSetup::Onnx {
            model: at(name),
            tokenizer: at("tokenizer.json"),
            window: 384,
        };
        let told = |state: ReaderState| match state {
            ReaderState::Chosen => ("chosen", String::new()),
            ReaderState::Spare(reason) => ("spare", reason.into()),
            ReaderState::Failed(reason) => ("failed", reason.into()),
        };
        let base = Some(&base);
        for (chosen, spare, base, expected, because) in [
            (
                Some(onnx("whole.onnx")),
                Some(own("own.safetensors")),
                base,
                "chosen",
                "",
            ),
            // A reader from a hub needs no embedding model of ours.
            (Some(onnx("whole.onnx")), None, None, "chosen", ""),
            (
                Some(onnx("cut.onnx")),
                Some(own("own.safetensors")),
                base,
                "spare",
                "cut.onnx",
            ),
            (
                Some(onnx("cut.onnx")),
                Some(own("own.safetensors")),
                None,
                "failed",
                "cut.onnx",
            ),
            (
                Some(onnx("none.onnx")),
                Some(own("none.safetensors")),
                base,
                "failed",
                "none.onnx",
            ),
            (
                Some(own("none.safetensors")),
                None,
                base,
                "failed",
                "none.safetensors",
            ),
            (None, None, base, "failed", "there is no reader"),
        ] {
            let (loaded, state) = load_readers([chosen.as_ref(), spare.as_ref()], base);
            assert_eq!(loaded.is_ok(), expected != "failed");
            let (found, reason) = told(state);
            assert_eq!(found, expected, "{reason}");
            assert!(reason.contains(because), "{reason}");
        }
    }
}

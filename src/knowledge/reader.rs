//! Reading a document in a process of its own, which can take nothing else down.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::faqs::{FaqFile, read_pairs};
use crate::extract::archive::{self, Member};
use crate::extract::{self, ExtractError, Extracted};
use crate::reason::Reason;
use crate::worker::child::{self, Command, Port};
use crate::worker::sandbox::{self, Held, Kind};
use crate::worker::{Spec, Worker, WorkerError};

/// Makes text of a document's bytes.
#[async_trait]
pub trait Extractor: Send + Sync {
    /// Reads `bytes`, and what the file hides if `hidden`; `name` is the file's name.
    ///
    /// # Errors
    /// [`ExtractFailure::Document`] is final; [`ExtractFailure::Machine`] may pass.
    async fn extract(
        &self,
        bytes: Bytes,
        name: String,
        hidden: bool,
    ) -> Result<Extracted, ExtractFailure>;

    /// Takes the files out of an archive of documents; `None` if the bytes are none.
    ///
    /// # Errors
    /// As [`Self::extract`].
    async fn unpack(&self, bytes: Bytes) -> Result<Option<Vec<Member>>, ExtractFailure> {
        archive::unpack(&bytes, &extract::Limits::default())
            .map_err(|e| ExtractFailure::Document(Reason::of(e)))
    }

    /// Reads questions with their answers; `name` is the file's name.
    ///
    /// # Errors
    /// As [`Self::extract`].
    async fn read_faqs(&self, bytes: Bytes, name: String) -> Result<FaqFile, ExtractFailure> {
        read_pairs(&bytes, &name).map_err(|e| ExtractFailure::Document(Reason::of(e)))
    }
}

/// Why a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractFailure {
    /// It is the document's fault; trying again does not help.
    #[error("{0}")]
    Document(#[source] Reason),
    /// It is the machine's fault.
    #[error("{0}")]
    Machine(#[source] Reason),
}

/// How the process is set up.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Setup {
    limits: extract::Limits,
    sandbox: sandbox::Limits,
}

#[derive(Debug, Serialize, Deserialize)]
enum Request {
    /// Make text of a document.
    Read {
        name: String,
        bytes: Bytes,
        hidden: bool,
    },
    /// Take the files out of an archive.
    Unpack { bytes: Bytes },
    /// Read questions with their answers.
    Faqs { name: String, bytes: Bytes },
}

#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    Text(Result<Extracted, ExtractError>),
    Files(Result<Option<Vec<Member>>, ExtractError>),
    Faqs(Result<FaqFile, Reason>),
}

/// One short-lived child process for each document: no files, no sockets, bounded memory and time.
#[derive(Debug, Clone)]
pub struct ProcessExtractor {
    /// This program.
    pub program: PathBuf,
    /// Environment of the child.
    pub env: Vec<(String, String)>,
    /// Bounds on the document.
    pub limits: extract::Limits,
    /// What the last child could not do.
    pub held: Arc<Mutex<Option<Held>>>,
    /// CPU seconds for one document.
    pub cpu_seconds: u32,
    /// Memory in bytes for one document.
    pub memory_bytes: u64,
}

#[async_trait]
impl Extractor for ProcessExtractor {
    async fn extract(
        &self,
        bytes: Bytes,
        name: String,
        hidden: bool,
    ) -> Result<Extracted, ExtractFailure> {
        let request = Request::Read {
            name,
            bytes,
            hidden,
        };
        match self.ask(request).await? {
            Reply::Text(Ok(extracted)) => Ok(extracted),
            Reply::Text(Err(error)) => Err(ExtractFailure::Document(Reason::of(error))),
            _ => Err(unexpected()),
        }
    }

    async fn unpack(&self, bytes: Bytes) -> Result<Option<Vec<Member>>, ExtractFailure> {
        // Most uploads are no archives, and a child process is not free.
        if !bytes.starts_with(b"PK") {
            return Ok(None);
        }
        match self.ask(Request::Unpack { bytes }).await? {
            Reply::Files(Ok(members)) => Ok(members),
            Reply::Files(Err(error)) => Err(ExtractFailure::Document(Reason::of(error))),
            _ => Err(unexpected()),
        }
    }

    async fn read_faqs(&self, bytes: Bytes, name: String) -> Result<FaqFile, ExtractFailure> {
        match self.ask(Request::Faqs { name, bytes }).await? {
            Reply::Faqs(read) => read.map_err(ExtractFailure::Document),
            _ => Err(unexpected()),
        }
    }
}

fn unexpected() -> ExtractFailure {
    ExtractFailure::Machine("the reader answered another question".into())
}

impl ProcessExtractor {
    /// What the last child could not do when it tried at its start; `None` before the first document.
    pub fn last_held(&self) -> Option<Held> {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, request: Request) -> Result<Reply, ExtractFailure> {
        let done = CancellationToken::new();
        let _ends_the_child = done.clone().drop_guard();
        let worker: Worker<Request, Reply> = Worker::start(self.spec()?, done);
        // Wall time may exceed CPU time on a busy machine; far beyond it, something hangs.
        let patience = Duration::from_secs(u64::from(self.cpu_seconds) * 4 + 10);
        let reply = async {
            let held = Held::told(&worker.ready().await?);
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
            let mut exchange = worker.call(request).await?;
            exchange
                .next()
                .await
                .unwrap_or(Err(WorkerError::Failed("no answer came".into())))
        };
        match tokio::time::timeout(patience, reply).await {
            Ok(Ok(reply)) => Ok(reply),
            // It may have been killed from outside, so it is tried again before the document is blamed.
            Ok(Err(ended @ WorkerError::Ended { .. })) => {
                let told = format!(
                    "reading the document took more than {} s or {} MB of memory: split it into smaller \
                     documents, or save it again in the program that made it",
                    self.cpu_seconds,
                    self.memory_bytes >> 20
                );
                Err(ExtractFailure::Machine(Reason::told(told, ended)))
            }
            Ok(Err(other)) => Err(ExtractFailure::Machine(Reason::of(other))),
            Err(_) => Err(ExtractFailure::Machine(
                "the machine is too busy to read the document; it will be tried again".into(),
            )),
        }
    }

    fn spec(&self) -> Result<Spec, ExtractFailure> {
        let setup = Setup {
            limits: self.limits,
            sandbox: sandbox::Limits {
                memory_bytes: Some(self.memory_bytes),
                cpu_seconds: Some(u64::from(self.cpu_seconds)),
                ..sandbox::Limits::default()
            },
        };
        Ok(Spec {
            name: "extract".into(),
            program: self.program.clone(),
            args: vec!["worker".into(), "extract".into()],
            env: self.env.clone(),
            init: serde_json::to_string(&setup)
                .map_err(|e| ExtractFailure::Machine(Reason::of(e)))?,
            start_deadline: Duration::from_secs(20),
            memory_cap: None,
        })
    }
}

/// What `frontdesk worker extract` runs: reads documents until the parent goes away.
///
/// # Errors
/// When the pipe to the parent breaks.
pub fn run() -> std::io::Result<()> {
    let setup: Setup = child::init()?;
    let port = Port::default();
    let held = sandbox::enter(Kind::Extract, &setup.sandbox);
    let commands = child::listen::<Request>(&port)?;
    let detail = serde_json::json!({"held": held});
    port.ready(detail.to_string())?;
    while let Ok(command) = commands.recv() {
        if let Command::Request { id, body } = command {
            let reply = match body {
                Request::Read {
                    name,
                    bytes,
                    hidden,
                } => {
                    let limits = extract::Limits {
                        hidden,
                        ..setup.limits
                    };
                    Reply::Text(extract::extract(&bytes, &name, &limits))
                }
                Request::Unpack { bytes } => Reply::Files(archive::unpack(&bytes, &setup.limits)),
                Request::Faqs { name, bytes } => {
                    Reply::Faqs(read_pairs(&bytes, &name).map_err(Reason::of))
                }
            };
            port.event(id, &reply)?;
            port.end(id)?;
        }
    }
    Ok(())
}

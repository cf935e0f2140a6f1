//! Reads each document in a child process, so that a crash takes nothing else down.

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

/// Extracts text from files.
#[async_trait]
pub trait Extractor: Send + Sync {
    /// Reads `bytes`, including what the file hides if `hidden`; `name` is the file name.
    ///
    /// # Errors
    /// [`ExtractFailure::Document`] is final; [`ExtractFailure::Machine`] is worth a retry.
    async fn extract(
        &self,
        bytes: Bytes,
        name: String,
        hidden: bool,
    ) -> Result<Extracted, ExtractFailure>;

    /// Takes the files out of an archive; `None` if the bytes are not an archive.
    ///
    /// # Errors
    /// As [`Self::extract`].
    async fn unpack(&self, bytes: Bytes) -> Result<Option<Vec<Member>>, ExtractFailure> {
        archive::unpack(&bytes, &extract::Limits::default())
            .map_err(|e| ExtractFailure::Document(Reason::of(e)))
    }

    /// Reads questions with their answers; `name` is the file name.
    ///
    /// # Errors
    /// As [`Self::extract`].
    async fn read_faqs(&self, bytes: Bytes, name: String) -> Result<FaqFile, ExtractFailure> {
        read_pairs(&bytes, &name).map_err(|e| ExtractFailure::Document(Reason::of(e)))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractFailure {
    /// The document is at fault; a retry cannot help.
    #[error("{0}")]
    Document(#[source] Reason),
    /// The machine is at fault.
    #[error("{0}")]
    Machine(#[source] Reason),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Setup {
    limits: extract::Limits,
    sandbox: sandbox::Limits,
}

#[derive(Debug, Serialize, Deserialize)]
enum Request {
    Read {
        name: String,
        bytes: Bytes,
        hidden: bool,
    },
    Unpack {
        bytes: Bytes,
    },
    Faqs {
        name: String,
        bytes: Bytes,
    },
}

#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    Text(Result<Extracted, ExtractError>),
    Files(Result<Option<Vec<Member>>, ExtractError>),
    Faqs(Result<FaqFile, Reason>),
}

/// Starts a short-lived child process for each document: no files, no sockets, limited memory and time.
#[derive(Debug, Clone)]
pub struct ProcessExtractor {
    pub program: PathBuf,
    pub env: Vec<(String, String)>,
    /// Limits on the document.
    pub limits: extract::Limits,
    /// What the sandbox held back from the last child.
    pub held: Arc<Mutex<Option<Held>>>,
    /// Per document.
    pub cpu_seconds: u32,
    /// Per document.
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
        // Most uploads are not archives, and starting a child process costs time.
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
    /// What the sandbox held back from the last child, as the child tried it at its start; `None` before
    /// the first document.
    pub fn last_held(&self) -> Option<Held> {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, request: Request) -> Result<Reply, ExtractFailure> {
        let done = CancellationToken::new();
        let _ends_the_child = done.clone().drop_guard();
        let worker: Worker<Request, Reply> = Worker::start(self.spec()?, done);
        // On a busy machine wall time exceeds CPU time; far beyond it, something hangs.
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
            // Something else may have killed the child, so retry before blaming the document.
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

/// Main loop of `frontdesk worker extract`: reads documents until the parent goes away.
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

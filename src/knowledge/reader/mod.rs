//! Reads each document in a child process, so that a crash takes nothing else down.

mod child;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::extract::archive::{self, Member};
use crate::extract::ocr::{SeenPage, Spot};
use crate::extract::{self, ExtractError, Extracted, Looked};
use crate::knowledge::faqs::{FaqFile, read_pairs};
use crate::knowledge::looking::{self, EyesSetup, LookJob, TellPage};
use crate::reason::Reason;
use crate::worker::sandbox::{self, Held};
use crate::worker::{Spec, Worker, WorkerError};

pub use child::run;

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

    /// As [`Self::extract`], and reads the pictures of pages too, if it can. `tell` hears of each page.
    ///
    /// # Errors
    /// As [`Self::extract`].
    async fn extract_pictures(
        &self,
        bytes: Bytes,
        name: String,
        hidden: bool,
        _tell: TellPage<'_>,
    ) -> Result<Read, ExtractFailure> {
        let extracted = self.extract(bytes, name, hidden).await?;
        Ok(Read {
            extracted,
            seen: Vec::new(),
        })
    }

    /// As [`Self::extract`], with pages that were looked at before and whose lines a person has judged.
    ///
    /// # Errors
    /// As [`Self::extract`].
    async fn extract_judged(
        &self,
        bytes: Bytes,
        name: String,
        hidden: bool,
        judged: Vec<SeenPage>,
    ) -> Result<Extracted, ExtractFailure> {
        let limits = extract::Limits {
            hidden,
            ..extract::Limits::default()
        };
        extract::extract_to_check(&bytes, &name, &limits, &judged, true).map_err(refused)
    }

    /// Draws spots of a page, each as a PNG; `None` if the page has no picture.
    ///
    /// # Errors
    /// As [`Self::extract`].
    async fn draw_spots(
        &self,
        bytes: Bytes,
        name: String,
        page: u32,
        spots: Vec<Spot>,
    ) -> Result<Option<Vec<Bytes>>, ExtractFailure> {
        let drawn = extract::draw_spots(&bytes, &name, &extract::Limits::default(), page, &spots);
        let drawn = drawn.map_err(refused)?;
        Ok(drawn.map(|all| all.into_iter().map(Bytes::from).collect()))
    }

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

/// What was read of a document with its pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub extracted: Extracted,
    /// The pages that were looked at.
    pub seen: Vec<SeenPage>,
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
    /// For a child that looks at pictures.
    eyes: Option<EyesSetup>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    Read {
        name: String,
        bytes: Bytes,
        hidden: bool,
        /// Pages that were looked at.
        #[serde(default)]
        seen: Vec<SeenPage>,
        /// Whether a person has judged their lines.
        #[serde(default)]
        judged: bool,
    },
    /// Draws spots of a page.
    Draw {
        name: String,
        bytes: Bytes,
        page: u32,
        spots: Vec<Spot>,
    },
    /// Answered with an event for each page.
    Look {
        name: String,
        bytes: Bytes,
        pages: Vec<u32>,
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
pub(super) enum Reply {
    Looked(Looked),
    Text(Result<Extracted, ExtractError>),
    Files(Result<Option<Vec<Member>>, ExtractError>),
    Faqs(Result<FaqFile, Reason>),
    Drawn(Result<Option<Vec<Bytes>>, ExtractError>),
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
    /// The networks that read pictures; they may not be installed.
    pub eyes: EyesSetup,
}

#[async_trait]
impl Extractor for ProcessExtractor {
    async fn extract(
        &self,
        bytes: Bytes,
        name: String,
        hidden: bool,
    ) -> Result<Extracted, ExtractFailure> {
        self.read(bytes, name, hidden, Vec::new(), false)
            .await?
            .map_err(refused)
    }

    async fn extract_pictures(
        &self,
        bytes: Bytes,
        name: String,
        hidden: bool,
        tell: TellPage<'_>,
    ) -> Result<Read, ExtractFailure> {
        let first = self
            .read(bytes.clone(), name.clone(), hidden, Vec::new(), false)
            .await?;
        let unseen = |extracted| Read {
            extracted,
            seen: Vec::new(),
        };
        let pages = match &first {
            Ok(extracted) => extracted.scans.clone(),
            Err(ExtractError::Pictures { pages }) => pages.clone(),
            Err(_) => Vec::new(),
        };
        if pages.is_empty() || !self.eyes.is_installed() {
            return first.map(unseen).map_err(refused);
        }
        let job = LookJob {
            name: name.clone(),
            bytes: bytes.clone(),
            pages,
        };
        let looks = self.look(&job, &self.eyes, tell).await?;
        if looks.seen.is_empty() {
            let mut extracted = first.map_err(|error| match looks.notes.is_empty() {
                true => refused(error),
                false => ExtractFailure::Document(looks.notes.join(" ").into()),
            })?;
            extracted.notes.extend(looks.notes);
            return Ok(unseen(extracted));
        }
        let second = self
            .read(bytes, name, hidden, looks.seen.clone(), false)
            .await?;
        let mut extracted = second.map_err(refused)?;
        extracted.notes.extend(looks.notes);
        extracted.notes.extend(looking::tell_seen(&looks.seen));
        Ok(Read {
            extracted,
            seen: looks.seen,
        })
    }

    async fn extract_judged(
        &self,
        bytes: Bytes,
        name: String,
        hidden: bool,
        judged: Vec<SeenPage>,
    ) -> Result<Extracted, ExtractFailure> {
        self.read(bytes, name, hidden, judged, true)
            .await?
            .map_err(refused)
    }

    async fn draw_spots(
        &self,
        bytes: Bytes,
        name: String,
        page: u32,
        spots: Vec<Spot>,
    ) -> Result<Option<Vec<Bytes>>, ExtractFailure> {
        let request = Request::Draw {
            name,
            bytes,
            page,
            spots,
        };
        let drawn = tokio::time::timeout(looking::FOR_A_PAGE, self.ask(request));
        match drawn.await {
            Ok(Ok(Reply::Drawn(drawn))) => drawn.map_err(refused),
            Ok(Ok(_)) => Err(unexpected()),
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(ExtractFailure::Machine(
                "drawing the page takes too long: try again in a moment".into(),
            )),
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

fn refused(error: ExtractError) -> ExtractFailure {
    ExtractFailure::Document(Reason::of(error))
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

    async fn read(
        &self,
        bytes: Bytes,
        name: String,
        hidden: bool,
        seen: Vec<SeenPage>,
        judged: bool,
    ) -> Result<Result<Extracted, ExtractError>, ExtractFailure> {
        let request = Request::Read {
            name,
            bytes,
            hidden,
            seen,
            judged,
        };
        match self.ask(request).await? {
            Reply::Text(read) => Ok(read),
            _ => Err(unexpected()),
        }
    }

    async fn ask(&self, request: Request) -> Result<Reply, ExtractFailure> {
        let done = CancellationToken::new();
        let _ends_the_child = done.clone().drop_guard();
        let worker: Worker<Request, Reply> = Worker::start(self.spec(None)?, done);
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

    /// A child that reads documents, or one that looks at so many pages.
    pub(super) fn spec(&self, eyes: Option<(&EyesSetup, usize)>) -> Result<Spec, ExtractFailure> {
        let for_looking = eyes.map_or(0, |(setup, pages)| {
            let threads = setup.threads.max(1) as u64;
            looking::FOR_A_PAGE.as_secs() * threads * pages as u64
        });
        let memory = eyes.map_or(0, |_| looking::MEMORY);
        let setup = Setup {
            limits: self.limits,
            sandbox: sandbox::Limits {
                memory_bytes: Some(self.memory_bytes + memory),
                cpu_seconds: Some(u64::from(self.cpu_seconds) + for_looking),
                ..sandbox::Limits::default()
            },
            eyes: eyes.map(|(setup, _)| setup.clone()),
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

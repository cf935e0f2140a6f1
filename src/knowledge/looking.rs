//! Text recognition in the child: page by page, so that a page that takes too long or ends its child costs that page.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::reader::{ExtractFailure, ProcessExtractor, Reply, Request};
use crate::extract::ocr::{Eyes, SeenPage, Weights};
use crate::extract::{self, ExtractError, Looked};
use crate::reason::Reason;
use crate::worker::child::Port;
use crate::worker::{Exchange, Worker, WorkerError};

/// The model for it, by its name in the catalogue.
pub const MODEL: &str = "pp-ocrv6-tiny";
/// How long a page may take. Dense small print takes some 5 s on two cores with AVX2 (BENCHMARKS.md), and ten times as long
/// beside a busy server.
pub(super) const FOR_A_PAGE: Duration = Duration::from_secs(60);
/// What the child needs beyond that: to start, to load the networks, to draw the page.
const FOR_THE_START: Duration = Duration::from_secs(30);
/// Address space that the networks take at most, in bytes, beside what reading a document may take.
pub(super) const MEMORY: u64 = 2 << 30;
/// After so many unread pages in a row the rest is not tried: the machine is too slow, or the file is made to be.
const MOST_FAILURES: usize = 3;
/// Most pages of a document that are looked at; they take most of an hour on two cores.
const MOST_PAGES: usize = 400;

/// Where the networks are, and how many threads run them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EyesSetup {
    pub folder: PathBuf,
    pub threads: usize,
}

impl EyesSetup {
    /// Whether the model is there.
    pub fn is_installed(&self) -> bool {
        Weights::FILES
            .iter()
            .all(|name| self.folder.join(name).is_file())
    }
}

/// What was recognised, and sentences for the owner.
#[derive(Debug, Default)]
pub(super) struct Looks {
    pub(super) seen: Vec<SeenPage>,
    pub(super) notes: Vec<String>,
}

/// A document and the pages of it to look at.
#[derive(Debug, Clone)]
pub(super) struct LookJob {
    pub(super) name: String,
    pub(super) bytes: Bytes,
    pub(super) pages: Vec<u32>,
}

/// Told after each page: the next page, how many are done, of how many.
pub type TellPage<'t> = &'t (dyn Fn(u32, u32, u32) + Send + Sync);

impl ProcessExtractor {
    /// Looks at pages in a child with the networks, and in another one for the rest if that ends.
    pub(super) async fn look(
        &self,
        job: &LookJob,
        setup: &EyesSetup,
        tell: TellPage<'_>,
    ) -> Result<Looks, ExtractFailure> {
        let mut left: VecDeque<u32> = job.pages.iter().copied().take(MOST_PAGES).collect();
        let mut looks = Looks::default();
        if left.len() < job.pages.len() {
            looks.notes.push(format!(
                "The document has {} pages with pictures, and {MOST_PAGES} of them were looked at: split it into smaller \
                 documents.",
                job.pages.len()
            ));
        }
        let mut failures = 0;
        while let Some(page) = left.front().copied() {
            let before = left.len();
            let Err(reason) = self
                .look_on(job, setup, &mut left, &mut looks, tell)
                .await?
            else {
                break;
            };
            failures = if left.len() < before { 1 } else { failures + 1 };
            let page = left.pop_front().unwrap_or(page);
            looks
                .notes
                .push(format!("Page {page} was not read: {reason}."));
            if failures == MOST_FAILURES && !left.is_empty() {
                let told = format!("{} more pages with pictures were not tried.", left.len());
                looks.notes.push(told);
                break;
            }
        }
        Ok(looks)
    }

    /// Looks at pages in one child; what was looked at is taken from `left`. The inner error says why the child did not
    /// come further than to the first that is left.
    async fn look_on(
        &self,
        job: &LookJob,
        setup: &EyesSetup,
        left: &mut VecDeque<u32>,
        looks: &mut Looks,
        tell: TellPage<'_>,
    ) -> Result<Result<(), Reason>, ExtractFailure> {
        let done = CancellationToken::new();
        let _ends_the_child = done.clone().drop_guard();
        let pages: Vec<u32> = left.iter().copied().collect();
        let worker: Worker<Request, Reply> =
            Worker::start(self.spec(Some((setup, pages.len())))?, done);
        let request = Request::Look {
            name: job.name.clone(),
            bytes: job.bytes.clone(),
            pages,
        };
        let total = u32::try_from(job.pages.len().min(MOST_PAGES)).unwrap_or(u32::MAX);
        let started = tokio::time::timeout(FOR_THE_START, worker.call(request)).await;
        let mut exchange: Exchange<Reply> = match started {
            Ok(Ok(exchange)) => exchange,
            Ok(Err(error)) => return Ok(Err(Reason::of(error))),
            Err(_) => return Ok(Err("the machine is too busy".into())),
        };
        while let Some(page) = left.front().copied() {
            tell(
                page,
                total - u32::try_from(left.len()).unwrap_or(total),
                total,
            );
            let patience = FOR_A_PAGE + FOR_THE_START;
            let looked = match tokio::time::timeout(patience, exchange.next()).await {
                Ok(Some(Ok(Reply::Looked(looked)))) => looked,
                Ok(Some(Ok(Reply::Text(Err(error))))) => {
                    return Err(ExtractFailure::Document(Reason::of(error)));
                }
                Ok(Some(Ok(_))) => return Ok(Err("the reader answered another question".into())),
                Ok(Some(Err(WorkerError::Ended { .. }))) => {
                    return Ok(Err(
                        "reading its picture took too much memory or time".into()
                    ));
                }
                Ok(Some(Err(other))) => return Ok(Err(Reason::of(other))),
                Ok(None) => return Ok(Ok(())),
                Err(_) => {
                    return Ok(Err(
                        "reading its picture took too long; upload the document again when \
                                   the machine has less to do"
                            .into(),
                    ));
                }
            };
            left.pop_front();
            match looked {
                Looked::Seen(page) => looks.seen.push(page),
                Looked::Unread { page, reason } => {
                    looks
                        .notes
                        .push(format!("Page {page} was not read: {reason}."));
                }
            }
        }
        Ok(Ok(()))
    }
}

/// Why looking ends before all pages are done.
enum Stop {
    /// The parent is gone.
    Pipe(std::io::Error),
    Document(ExtractError),
}

impl From<ExtractError> for Stop {
    fn from(error: ExtractError) -> Self {
        Self::Document(error)
    }
}

/// In the child: looks at the pages and sends what became of each.
pub(super) fn answer(
    port: &Port,
    id: u64,
    eyes: &Eyes,
    limits: &extract::Limits,
    job: &LookJob,
) -> std::io::Result<()> {
    let pages = (job.pages.as_slice(), FOR_A_PAGE);
    let outcome = extract::look(&job.bytes, &job.name, limits, eyes, pages, |looked| {
        port.event(id, &Reply::Looked(looked)).map_err(Stop::Pipe)
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(Stop::Pipe(error)) => Err(error),
        Err(Stop::Document(error)) => port.event(id, &Reply::Text(Err(error))),
    }
}

/// A sentence for the owner about recognised pages.
pub(super) fn tell_seen(seen: &[SeenPage]) -> Option<String> {
    let lines: usize = seen.iter().map(|page| page.lines.len()).sum();
    (lines > 0).then(|| {
        format!(
            "{lines} lines of text were recognised in pictures: compare prices and dates with the original."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_there_only_with_all_its_files() {
        let folder = std::env::temp_dir().join(format!("frontdesk-eyes-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let setup = EyesSetup {
            folder: folder.clone(),
            threads: 1,
        };
        assert!(!setup.is_installed());
        for name in Weights::FILES {
            std::fs::write(folder.join(name), b"x").unwrap();
        }
        assert!(setup.is_installed());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

//! One sync: walks the site and records what changed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::visit::Outcome;
use super::{LEASE_MS, Payload, Sources, SyncStage};
use crate::knowledge::KnowledgeError;
use crate::knowledge::ingest::{self, now};
use crate::reason::Reason;
use crate::store::jobs::{self, Job};
use crate::store::sources::{self, Report, Source, SourceKind, SourceState, Told};
use crate::store::{Scoped, StoreError, WorkspaceId, source_pages};
use crate::web::{Frontier, Pace, Walker, WebError, sitemap};

/// Failures of the site in a row after which the sync gives up.
const STRIKES: u32 = 5;
/// The walk pauses while this many documents wait to be read, so that an upload does not queue behind
/// hundreds of pages.
const BACKLOG: u32 = 4;
/// Pages between two checkpoints; for large sources a fiftieth of their page limit.
const CHECKPOINT: usize = 20;
/// Pages listed in a report.
const TOLD: usize = 500;

/// The state of a sync. It is stored, and resumed after a restart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Walk {
    pub(super) frontier: Frontier,
    pub(super) report: Report,
    /// Pages of earlier syncs were added to the frontier.
    revisited: bool,
    strikes: u32,
}

impl Walk {
    pub(super) fn tell(&mut self, url: &str, outcome: &str, reason: Option<String>) {
        if self.report.pages.len() < TOLD {
            self.report.pages.push(Told {
                url: url.to_owned(),
                outcome: outcome.to_owned(),
                reason,
            });
        }
    }

    fn count(&mut self, url: &str, outcome: Outcome) {
        let report = &mut self.report;
        match outcome {
            Outcome::Added => {
                report.added += 1;
                self.tell(url, "added", None);
            }
            Outcome::Changed => {
                report.changed += 1;
                self.tell(url, "changed", None);
            }
            Outcome::Unchanged => report.unchanged += 1,
            Outcome::Skipped(reason) => {
                report.skipped += 1;
                self.tell(url, "skipped", Some(reason));
            }
            Outcome::Failed(reason) => {
                report.failed += 1;
                self.tell(url, "failed", Some(reason));
            }
        }
    }
}

/// Why a sync ended early.
enum Stop {
    /// The site is at fault; what was fetched before stays.
    Site(String),
    /// This machine is at fault; it is retried.
    Own(KnowledgeError),
}

impl<E: Into<KnowledgeError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Own(error.into())
    }
}

impl Sources {
    pub(super) async fn carry_out(
        &self,
        workspace: WorkspaceId,
        payload: Payload,
        job: &Job,
    ) -> Result<(), KnowledgeError> {
        let id = payload.source;
        let begun = self
            .inner
            .store
            .write(move |tx| {
                let source = sources::get(tx, workspace, id)?;
                if source.state == SourceState::Paused {
                    return Ok(None);
                }
                sources::set_state(tx, &source, SourceState::Syncing, None)?;
                Ok(Some(source))
            })
            .await;
        let source = match begun {
            Ok(Some(source)) => source,
            // It was paused or deleted meanwhile.
            Ok(None) | Err(StoreError::NotFound(_)) => return Ok(()),
            Err(other) => return Err(other.into()),
        };
        let mut walker = self.walker(&source);
        let mut walk = match payload.walk {
            Some(walk) => walk,
            None => match self.begin(&source, &mut walker).await {
                Ok(frontier) => new_walk(frontier),
                Err(error) => {
                    return self
                        .give_up(&source, Report::default(), error.to_string())
                        .await;
                }
            },
        };
        match self.walk(&source, &mut walker, &mut walk, job).await {
            Ok(()) => self.finish(&source, walk).await,
            Err(Stop::Site(reason)) => self.give_up(&source, walk.report, reason).await,
            Err(Stop::Own(error)) => Err(error),
        }
    }

    fn walker(&self, source: &Scoped<Source>) -> Walker {
        let pace = Pace {
            gap: Duration::from_secs_f32(1.0 / source.options.per_second.max(0.01)),
            limits: self.inner.limits,
        };
        Walker::new(self.inner.gateway.clone(), source.workspace(), pace)
    }

    /// The addresses that a sync starts with.
    async fn begin(
        &self,
        source: &Scoped<Source>,
        walker: &mut Walker,
    ) -> Result<Frontier, WebError> {
        let url: Url = source.url.parse().map_err(|e| WebError::Sitemap {
            url: source.url.clone(),
            reason: Reason::told(format!("the address cannot be read ({e})"), e),
        })?;
        let pages = usize::try_from(source.options.pages).unwrap_or(usize::MAX);
        Ok(match source.kind {
            SourceKind::Page => Frontier::new(url, 0, 1),
            SourceKind::Crawl => Frontier::new(url, source.options.depth, pages),
            SourceKind::Sitemap => {
                let named = walker.sitemap(&url, sitemap::MOST_ENTRIES).await?;
                let mut frontier = Frontier::empty(url.clone(), pages);
                for page in named {
                    if frontier.is_own(&page) {
                        frontier.add_known(page, 0);
                    }
                }
                if frontier.expected() == 0 {
                    return Err(WebError::Sitemap {
                        url: url.to_string(),
                        reason: "it lists no page of this site".into(),
                    });
                }
                frontier
            }
        })
    }

    async fn walk(
        &self,
        source: &Scoped<Source>,
        walker: &mut Walker,
        walk: &mut Walk,
        job: &Job,
    ) -> Result<(), Stop> {
        let mut written = walk.frontier.taken();
        // The state grows with the site, so large sites are checkpointed less often.
        let pages = usize::try_from(source.options.pages).unwrap_or(usize::MAX);
        let pause = CHECKPOINT.max(pages / 50);
        loop {
            let Some(next) = walk.frontier.take() else {
                if source.kind != SourceKind::Crawl || walk.revisited || walk.frontier.is_full() {
                    return Ok(());
                }
                self.revisit(source, walk).await?;
                continue;
            };
            self.tell(
                source,
                SyncStage::Fetching {
                    done: walk.frontier.taken().saturating_sub(1),
                    total: walk.frontier.expected(),
                    page: next.url.to_string(),
                },
            );
            let is_start = walk.frontier.taken() == 1 && source.kind != SourceKind::Sitemap;
            let url = next.url.to_string();
            match self.visit(source, walker, walk, &next).await? {
                Ok(outcome) => {
                    walk.strikes = 0;
                    walk.count(&url, outcome);
                }
                Err(error) => {
                    let outcome = self.record_failure(source, &url, &error).await?;
                    walk.strikes = if error.is_of_site() {
                        walk.strikes + 1
                    } else {
                        0
                    };
                    let reason = error.to_string();
                    // `None`: the page is gone, which is counted at the end of the sync.
                    if let Some(outcome) = outcome {
                        walk.count(&url, outcome);
                    }
                    let single = source.kind == SourceKind::Page;
                    if is_start && !(single && error.is_gone()) || walk.strikes >= STRIKES {
                        return Err(Stop::Site(reason));
                    }
                }
            }
            if walk.frontier.taken() >= written + pause {
                written = walk.frontier.taken();
                self.write_down(walk, job).await?;
            }
            self.let_the_reader_catch_up().await?;
        }
    }

    /// Adds pages of earlier syncs that this one did not come across, to check whether they still exist.
    async fn revisit(&self, source: &Scoped<Source>, walk: &mut Walk) -> Result<(), StoreError> {
        walk.revisited = true;
        let source = source.clone();
        let known = self
            .inner
            .store
            .read(move |conn| source_pages::list(conn, &source))
            .await?;
        for page in known.into_iter().filter(|p| p.page.document.is_some()) {
            if let Ok(url) = page.page.url.parse() {
                walk.frontier.add_known(url, u32::MAX - 1);
            }
        }
        Ok(())
    }

    async fn write_down(&self, walk: &Walk, job: &Job) -> Result<(), KnowledgeError> {
        let Ok(source) = serde_json::from_value::<Payload>(job.payload.clone()) else {
            return Ok(());
        };
        let payload = Payload {
            source: source.source,
            walk: Some(walk.clone()),
        };
        let payload = serde_json::to_value(payload).unwrap_or_default();
        let job = job.clone();
        let written = self
            .inner
            .store
            .write(move |tx| jobs::checkpoint(tx, &job, &payload, now(), LEASE_MS));
        Ok(written.await?)
    }

    async fn let_the_reader_catch_up(&self) -> Result<(), StoreError> {
        loop {
            let waiting = self
                .inner
                .store
                .read(|conn| jobs::count_open(conn, ingest::KIND))
                .await?;
            if waiting < BACKLOG {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn new_walk(frontier: Frontier) -> Walk {
    Walk {
        frontier,
        report: Report {
            started_at: now(),
            ..Report::default()
        },
        revisited: false,
        strikes: 0,
    }
}

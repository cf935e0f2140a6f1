//! The end of a sync: pages that are gone are removed, unreadable ones are reported, and the report is saved.

use std::time::Duration;

use tokio::time::Instant;

use super::sync::Walk;
use super::{Sources, SyncStage};
use crate::knowledge::KnowledgeError;
use crate::knowledge::ingest::now;
use crate::store::documents::DocumentState;
use crate::store::sources::{self, Report, Source, SourceKind, SourceState};
use crate::store::{DocumentId, Scoped, StoreError, documents, source_pages};

/// How long the end of a sync waits for its last pages to be read.
const SETTLING: Duration = Duration::from_secs(30 * 60);

impl Sources {
    /// Ends a sync whose site could not be fetched; all documents stay.
    pub(super) async fn give_up(
        &self,
        source: &Scoped<Source>,
        mut report: Report,
        reason: String,
    ) -> Result<(), KnowledgeError> {
        report.ended_at = now();
        if report.started_at == 0 {
            report.started_at = report.ended_at;
        }
        let (failed, told) = (source.clone(), reason.clone());
        self.inner
            .store
            .write(move |tx| {
                // The schedule may have changed during the sync.
                let latest = sources::get(tx, failed.workspace(), failed.id)?;
                let next = latest.every_ms.map(|every| now().saturating_add(every));
                sources::set_report(tx, &failed, &report, false, next)?;
                sources::set_state(tx, &failed, SourceState::Failed, Some(&told))
            })
            .await?;
        self.tell(source, SyncStage::Failed { reason });
        Ok(())
    }

    pub(super) async fn finish(
        &self,
        source: &Scoped<Source>,
        mut walk: Walk,
    ) -> Result<(), KnowledgeError> {
        self.remove_gone(source, &mut walk).await?;
        self.wait_for_reading(source).await?;
        self.count_unreadable(source, &mut walk).await?;
        let mut report = walk.report;
        report.left_out = u32::try_from(walk.frontier.left()).unwrap_or(u32::MAX);
        report.ended_at = now();
        let (done, kept) = (source.clone(), report.clone());
        self.inner
            .store
            .write(move |tx| {
                let latest = sources::get(tx, done.workspace(), done.id)?;
                let next = latest.every_ms.map(|every| now().saturating_add(every));
                sources::set_report(tx, &done, &kept, true, next)?;
                sources::set_state(tx, &done, SourceState::Ready, None)?;
                let mut data = serde_json::to_value(&kept).unwrap_or_default();
                if let Some(fields) = data.as_object_mut() {
                    fields.remove("pages");
                }
                let (workspace, subject) = (done.workspace(), done.id.to_string());
                crate::store::events::append(tx, workspace, "source_synced", &subject, &data, now())
            })
            .await?;
        let report = Box::new(report);
        self.tell(source, SyncStage::Done { report });
        Ok(())
    }

    /// Deletes the documents of pages that are gone: missing in the sitemap, or no longer linked.
    async fn remove_gone(
        &self,
        source: &Scoped<Source>,
        walk: &mut Walk,
    ) -> Result<(), KnowledgeError> {
        let (of, frontier) = (source.clone(), walk.frontier.clone());
        let gone = self
            .inner
            .store
            .write(move |tx| {
                for page in source_pages::list(tx, &of)? {
                    let page = page.page;
                    let named = page.url.parse().is_ok_and(|url| frontier.knows(&url));
                    // Without a document it was a dead link, and now no page has that link.
                    if !named && (of.kind == SourceKind::Sitemap || page.document.is_none()) {
                        source_pages::remove(tx, of.id, &page.url)?;
                    }
                }
                let gone = source_pages::orphans(tx, &of)?;
                for (id, _) in &gone {
                    let document = documents::get(tx, of.workspace(), *id)?;
                    documents::delete(tx, &document, now())?;
                }
                documents::purge_deleted(tx, now())?;
                Ok(gone)
            })
            .await?;
        self.forget(source, &gone)?;
        for (_, url) in &gone {
            walk.report.removed += 1;
            let reason = match source.kind {
                SourceKind::Sitemap => "it is no longer in the sitemap",
                SourceKind::Page | SourceKind::Crawl => "it is no longer on the site",
            };
            walk.tell(url, "removed", Some(reason.to_owned()));
        }
        Ok(())
    }

    /// Waits until the last pages are read.
    async fn wait_for_reading(&self, source: &Scoped<Source>) -> Result<(), StoreError> {
        let until = Instant::now() + SETTLING;
        while Instant::now() < until {
            let left = self.count_unread(source).await?;
            if left == 0 {
                break;
            }
            self.tell(source, SyncStage::Indexing { left });
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        Ok(())
    }

    async fn count_unread(&self, source: &Scoped<Source>) -> Result<usize, StoreError> {
        let states = self.load_states(source).await?;
        let busy = |s: &DocumentState| matches!(s, DocumentState::Queued | DocumentState::Indexing);
        Ok(states.iter().filter(|(_, state, _)| busy(state)).count())
    }

    async fn load_states(
        &self,
        source: &Scoped<Source>,
    ) -> Result<Vec<(String, DocumentState, Option<String>)>, StoreError> {
        let source = source.clone();
        self.inner
            .store
            .read(move |conn| {
                let ids: Vec<(DocumentId, String)> = sources::documents(conn, &source)?;
                ids.into_iter()
                    .map(|(id, name)| {
                        let document = documents::get(conn, source.workspace(), id)?;
                        Ok((name, document.state, document.error.clone()))
                    })
                    .collect()
            })
            .await
    }

    /// Counts pages that arrived but could not be read as failed instead of added.
    async fn count_unreadable(
        &self,
        source: &Scoped<Source>,
        walk: &mut Walk,
    ) -> Result<(), StoreError> {
        let failed = self.load_states(source).await?;
        let report = &mut walk.report;
        for (url, _, error) in failed
            .into_iter()
            .filter(|(_, s, _)| *s == DocumentState::Failed)
        {
            let told = report
                .pages
                .iter_mut()
                .find(|t| t.url == url && matches!(t.outcome.as_str(), "added" | "changed"));
            let Some(told) = told else { continue };
            match told.outcome.as_str() {
                "added" => report.added = report.added.saturating_sub(1),
                _ => report.changed = report.changed.saturating_sub(1),
            }
            report.failed += 1;
            told.outcome = "failed".into();
            told.reason = error;
        }
        Ok(())
    }
}

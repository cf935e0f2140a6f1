//! One page of a sync: fetches it, checks it, and stores it if it is new or changed.

use sha2::{Digest, Sha256};
use url::Url;

use super::Sources;
use super::submit::{NewPage, reading_name};
use super::sync::Walk;
use crate::extract::{Extracted, WebPage};
use crate::knowledge::ingest::{now, own_title};
use crate::knowledge::{ExtractFailure, KnowledgeError};
use crate::store::source_pages::{self, Page as Row};
use crate::store::sources::{self, Source, SourceKind};
use crate::store::{DocumentId, Scoped, StoreError, documents, versions};
use crate::web::{Fetched, Known, Page, Waiting, Walker, WebError, address};

pub(super) enum Outcome {
    Added,
    /// Its text is different from before.
    Changed,
    Unchanged,
    /// Not wanted, with the reason.
    Skipped(String),
    /// Unusable, with the reason; an earlier document stays.
    Failed(String),
}

impl Sources {
    /// The inner error is the site's fault.
    pub(super) async fn visit(
        &self,
        source: &Scoped<Source>,
        walker: &mut Walker,
        walk: &mut Walk,
        next: &Waiting,
    ) -> Result<Result<Outcome, WebError>, KnowledgeError> {
        let url = next.url.to_string();
        let mut row = self.load_row(source, &url).await?;
        // A conditional request gives no links, and after a sync that left pages out all links are needed.
        let complete = source.last_report.left_out == 0 && row.error.is_none();
        let known = match row.document {
            Some(_) if complete => Known {
                etag: row.etag.clone(),
                last_modified: row.last_modified.clone(),
            },
            _ => Known::default(),
        };
        let fetched = match walker.page(&next.url, &known).await {
            Ok(fetched) => fetched,
            Err(error) => return Ok(Err(error)),
        };
        row.seen_at = now();
        let before = (row.document, row.error.take());
        let page = match fetched {
            Fetched::Unchanged => {
                row.status = Some(304);
                if let Some(document) = row.document {
                    self.follow_stored(source, walk, next, document).await?;
                }
                self.put(source, row).await?;
                return Ok(Ok(Outcome::Unchanged));
            }
            Fetched::Page(page) => page,
        };
        row.status = Some(200);
        if !walk.frontier.is_own(&page.url) && self.is_start(source, next) {
            if !self.may_move(source, &page.url).await? {
                return Ok(Err(WebError::Elsewhere(page.url.to_string())));
            }
            walk.frontier.admit(&page.url);
        }
        let moved = self.has_moved(source, &row, &page.url).await?;
        let outcome =
            match moved.filter(|reason| before.1.as_deref() != Some(&warn_of_removal(reason))) {
                Some(reason) => Outcome::Skipped(reason),
                None => self.judge(source, walk, next, page, &mut row).await?,
            };
        let outcome = match outcome {
            // A site in trouble may redirect everything to one page for a while, so once is not enough to delete.
            Outcome::Skipped(reason)
                if before.0.is_some() && before.1.as_deref() != Some(&warn_of_removal(&reason)) =>
            {
                row.document = before.0;
                Outcome::Failed(warn_of_removal(&reason))
            }
            Outcome::Skipped(reason) => {
                row.document = None;
                Outcome::Skipped(reason)
            }
            other => other,
        };
        if let Outcome::Failed(reason) = &outcome {
            row.error = Some(reason.clone());
        }
        self.put(source, row).await?;
        Ok(Ok(outcome))
    }

    fn is_start(&self, source: &Scoped<Source>, next: &Waiting) -> bool {
        source.kind != SourceKind::Sitemap && next.url.as_str() == source.url
    }

    /// Whether the start may redirect to another site: in the first sync, or if its documents are from
    /// there.
    async fn may_move(&self, source: &Scoped<Source>, to: &Url) -> Result<bool, StoreError> {
        if source.synced_at.is_none() {
            return Ok(true);
        }
        let of = source.clone();
        let known = self
            .inner
            .store
            .read(move |conn| sources::documents(conn, &of))
            .await?;
        let is_there = |name: &str| name.parse().is_ok_and(|url| address::same_site(&url, to));
        Ok(known.iter().any(|(_, name)| is_there(name)))
    }

    /// Where a page redirects to, if it has a document from another address.
    async fn has_moved(
        &self,
        source: &Scoped<Source>,
        row: &Row,
        to: &Url,
    ) -> Result<Option<String>, StoreError> {
        let Some(document) = row.document else {
            return Ok(None);
        };
        let workspace = source.workspace();
        let before = self
            .inner
            .store
            .read(move |conn| documents::get(conn, workspace, document))
            .await;
        let name = match before {
            Ok(document) => document.name.clone(),
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(other) => return Err(other),
        };
        let same = name
            .parse()
            .is_ok_and(|url| address::key(&url) == address::key(to));
        Ok((!same).then(|| format!("leads to {to}")))
    }

    async fn judge(
        &self,
        source: &Scoped<Source>,
        walk: &mut Walk,
        next: &Waiting,
        page: Page,
        row: &mut Row,
    ) -> Result<Outcome, KnowledgeError> {
        if !walk.frontier.is_own(&page.url) {
            return Ok(Outcome::Skipped(format!(
                "leads to another site: {}",
                page.url
            )));
        }
        if address::key(&page.url) != address::key(&next.url) && !walk.frontier.note(&page.url) {
            return Ok(Outcome::Skipped(format!("leads to {}", page.url)));
        }
        let media_type = page.media_type.clone().unwrap_or_default();
        let is_html = matches!(
            media_type.as_str(),
            "" | "text/html" | "application/xhtml+xml"
        );
        let mut title = None;
        let sha256 = if is_html {
            let name = reading_name(page.url.as_str(), &media_type);
            let extracted = self
                .inner
                .extractor
                .extract(page.bytes.clone(), name, false)
                .await;
            let extracted = match extracted {
                Ok(extracted) => extracted,
                Err(ExtractFailure::Document(reason) | ExtractFailure::Machine(reason)) => {
                    return Ok(Outcome::Failed(reason.into()));
                }
            };
            let web = extracted.web.clone().unwrap_or_default();
            follow(walk, next, &page.url, &web);
            if page.noindex || web.noindex {
                return Ok(Outcome::Skipped(
                    "it asks not to be indexed (noindex)".into(),
                ));
            }
            if let Some(canonical) = other_spelling(&page.url, &web)
                && walk.frontier.is_own(&canonical)
            {
                // The page has two addresses, and the site names the one to use.
                let _known_already = walk.frontier.add(canonical.clone(), next.depth);
                return Ok(Outcome::Skipped(format!("is a spelling of {canonical}")));
            }
            title = own_title(&extracted);
            text_hash(&extracted)
        } else if page.noindex {
            return Ok(Outcome::Skipped(
                "it asks not to be indexed (noindex)".into(),
            ));
        } else {
            hex::encode(Sha256::digest(&page.bytes))
        };
        (row.etag, row.last_modified) = (page.known.etag, page.known.last_modified);
        if row.document.is_some() && row.sha256.as_deref() == Some(&sha256) {
            return Ok(Outcome::Unchanged);
        }
        if row.document.is_none()
            && let Some(twin) = self.find_twin(source, &sha256, &row.url).await?
        {
            return Ok(Outcome::Skipped(format!("says the same as {twin}")));
        }
        let address = page.url.to_string();
        let new = NewPage {
            title: title.unwrap_or_else(|| address.clone()),
            url: address,
            media_type: if media_type.is_empty() {
                "text/html".into()
            } else {
                media_type
            },
            bytes: page.bytes,
        };
        let submitted = match self.inner.documents.submit_page(source, new).await {
            Err(KnowledgeError::Document(reason)) => return Ok(Outcome::Failed(reason.into())),
            other => other?,
        };
        let was_there = row.document.is_some();
        row.document = Some(submitted.document);
        row.sha256 = Some(sha256);
        row.changed_at = Some(row.seen_at);
        Ok(match (was_there, submitted.unchanged) {
            (_, true) => Outcome::Unchanged,
            (true, false) => Outcome::Changed,
            (false, false) => Outcome::Added,
        })
    }

    /// Records that a page could not be fetched. `None`: it was gone the last time too, so it is removed.
    pub(super) async fn record_failure(
        &self,
        source: &Scoped<Source>,
        url: &str,
        error: &WebError,
    ) -> Result<Option<Outcome>, KnowledgeError> {
        let mut row = self.load_row(source, url).await?;
        let gone_before = matches!(row.status, Some(404 | 410));
        row.seen_at = now();
        row.status = match error {
            WebError::Status { status } => Some(*status),
            _ => None,
        };
        row.error = Some(error.to_string());
        let let_go = error.is_gone() && gone_before && row.document.is_some();
        let mut reason = error.to_string();
        if let_go {
            let (id, url) = (source.id, row.url);
            let removed = self
                .inner
                .store
                .write(move |tx| source_pages::remove(tx, id, &url));
            removed.await?;
            return Ok(None);
        }
        if error.is_gone() && row.document.is_some() {
            reason.push_str("; it is removed if it is still gone at the next sync");
        }
        self.put(source, row).await?;
        Ok(Some(Outcome::Failed(reason)))
    }

    /// Follows the links of an unchanged page, which are in its stored original.
    async fn follow_stored(
        &self,
        source: &Scoped<Source>,
        walk: &mut Walk,
        next: &Waiting,
        document: DocumentId,
    ) -> Result<(), KnowledgeError> {
        if source.kind != SourceKind::Crawl || next.depth >= source.options.depth {
            return Ok(());
        }
        let workspace = source.workspace();
        let stored = self.inner.store.read(move |conn| {
            let document = documents::get(conn, workspace, document)?;
            let version = versions::latest(conn, &document)?;
            let original = versions::original(conn, workspace, version.id)?;
            Ok((document.name.clone(), version.media_type, original))
        });
        let (name, media_type, original) = match stored.await {
            Ok(stored) => stored,
            Err(StoreError::NotFound(_)) => return Ok(()),
            Err(other) => return Err(other.into()),
        };
        if !media_type.contains("html") {
            return Ok(());
        }
        let base: Url = name.parse().unwrap_or_else(|_| next.url.clone());
        let read_as = reading_name(&name, &media_type);
        if let Ok(extracted) = self
            .inner
            .extractor
            .extract(original.into(), read_as, false)
            .await
        {
            follow(walk, next, &base, &extracted.web.unwrap_or_default());
        }
        Ok(())
    }

    async fn load_row(&self, source: &Scoped<Source>, url: &str) -> Result<Row, StoreError> {
        let (source, address) = (source.clone(), url.to_owned());
        let found = self
            .inner
            .store
            .read(move |conn| source_pages::find(conn, &source, &address));
        Ok(found.await?.unwrap_or_else(|| Row {
            url: url.to_owned(),
            ..Row::default()
        }))
    }

    async fn put(&self, source: &Scoped<Source>, row: Row) -> Result<(), StoreError> {
        let id = source.id;
        self.inner
            .store
            .write(move |tx| source_pages::put(tx, id, &row))
            .await
    }

    async fn find_twin(
        &self,
        source: &Scoped<Source>,
        sha256: &str,
        url: &str,
    ) -> Result<Option<String>, StoreError> {
        let (source, sha256, url) = (source.clone(), sha256.to_owned(), url.to_owned());
        self.inner
            .store
            .read(move |conn| source_pages::find_twin(conn, &source, &sha256, &url))
            .await
    }
}

/// The reason to remove a page, when it is seen for the first time: the page goes if it is seen again.
fn warn_of_removal(reason: &str) -> String {
    format!("{reason}; its document is removed if that is still so at the next sync")
}

/// Adds the links of a page to the frontier, which refuses other sites, too many levels and loops.
fn follow(walk: &mut Walk, from: &Waiting, at: &Url, page: &WebPage) {
    if page.nofollow {
        return;
    }
    let base = page.base.as_deref().and_then(|base| at.join(base).ok());
    let base = base.as_ref().unwrap_or(at);
    for link in &page.links {
        if let Ok(url) = base.join(link) {
            // A refusal is normal: most links are known already or lead to other sites.
            let _refused = walk.frontier.add(url, from.depth.saturating_add(1));
        }
    }
}

/// The canonical address of a page, if it is this one with other parameters. Sites that name their start
/// page as canonical everywhere are not believed.
fn other_spelling(at: &Url, page: &WebPage) -> Option<Url> {
    let canonical = address::normal(at.join(page.canonical.as_deref()?).ok()?);
    let path = |url: &Url| url.path().trim_end_matches('/').to_owned();
    let same_path = path(&canonical) == path(at) && address::same_site(&canonical, at);
    (same_path && address::key(&canonical) != address::key(at)).then_some(canonical)
}

/// SHA-256 of the visible text: tokens and times in the markup change with every request.
fn text_hash(extracted: &Extracted) -> String {
    let mut hash = Sha256::new();
    hash.update(extracted.title.as_deref().unwrap_or_default());
    for block in &extracted.blocks {
        hash.update([0]);
        hash.update(format!("{:?}", block.kind));
        hash.update(&block.text);
    }
    hex::encode(hash.finalize())
}

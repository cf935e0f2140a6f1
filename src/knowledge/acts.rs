//! What the API and the console do with the documents and synonyms of a workspace: each act checks the member's scopes.

use super::{Documents, KnowledgeError, Search, Submitted, Synonyms};
use crate::access::{Member, Scope};
use crate::reason::Reason;
use crate::store::documents::{self, Document, DocumentSummary};
use crate::store::{DocumentId, Scoped, UnixMs, VersionId, workspaces};

const MAY: &[Scope] = &[Scope::Documents];
/// How far back answers that cite a document are counted, in ms.
const COUNTED_MS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Documents {
    /// The documents by file name, each with the number of answers of the last 30 days that cite it.
    pub async fn list(
        &self,
        by: &Member,
        now: UnixMs,
    ) -> Result<Vec<(DocumentSummary, u64)>, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let read = self.inner.store.read(move |conn| {
            let since = now - COUNTED_MS;
            let answers = documents::answers_by_document(conn, workspace, since)?;
            let counted = |summary: DocumentSummary| {
                let id = summary.document.id.to_string();
                (summary, answers.get(&id).copied().unwrap_or(0))
            };
            let all = documents::list(conn, workspace)?.into_iter();
            Ok(all.map(counted).collect())
        });
        Ok(read.await?)
    }

    pub async fn find(
        &self,
        by: &Member,
        id: DocumentId,
    ) -> Result<Scoped<Document>, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let read = self
            .inner
            .store
            .read(move |conn| documents::get(conn, workspace, id));
        Ok(read.await?)
    }

    /// Hides a document from visitors, or lets them be answered from it again.
    pub async fn keep_for_staff(
        &self,
        by: &Member,
        id: DocumentId,
        staff_only: bool,
        now: UnixMs,
    ) -> Result<(), KnowledgeError> {
        let document = self.find(by, id).await?;
        let set = self
            .inner
            .store
            .write(move |tx| documents::set_staff_only(tx, &document, staff_only, now));
        Ok(set.await?)
    }

    /// Deletes a document with all its versions; no search finds it from then on.
    pub async fn remove(&self, by: &Member, id: DocumentId) -> Result<(), KnowledgeError> {
        let document = self.find(by, id).await?;
        self.delete(document).await
    }

    /// Switches to another version of a document, older or newer; returns its number.
    ///
    /// # Errors
    /// When that version is in use already or was never read.
    pub async fn go_back(
        &self,
        by: &Member,
        id: DocumentId,
        to: VersionId,
    ) -> Result<u32, KnowledgeError> {
        let document = self.find(by, id).await?;
        self.roll_back(document, to).await
    }

    /// Reads the document again as a new version, with or without what its file hides (sheets, columns,
    /// comments).
    ///
    /// # Errors
    /// When the current version was read in this way already.
    pub async fn read_with_hidden(
        &self,
        by: &Member,
        id: DocumentId,
        read: bool,
    ) -> Result<Submitted, KnowledgeError> {
        let document = self.find(by, id).await?;
        self.read_hidden(document, read).await
    }
}

impl Search {
    pub async fn synonyms(&self, by: &Member) -> Result<Synonyms, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let read = self
            .inner
            .store
            .read(move |conn| workspaces::section(conn, workspace, Synonyms::SECTION));
        Ok(read.await?)
    }

    /// Replaces the owner's synonyms from the next question on; returns them tidied.
    ///
    /// # Errors
    /// When there are too many, or one is too long.
    pub async fn set_synonyms(
        &self,
        by: &Member,
        own: Synonyms,
    ) -> Result<Synonyms, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let tidy = own
            .tidied()
            .map_err(|wrong| KnowledgeError::Synonyms(Reason::of(wrong)))?;
        let kept = tidy.clone();
        let set = self
            .inner
            .store
            .write(move |tx| workspaces::set_section(tx, workspace, Synonyms::SECTION, &kept));
        set.await?;
        Ok(tidy)
    }
}

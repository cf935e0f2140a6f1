//! What somebody does with the questions and answers of a workspace, whichever face of the product it comes through.

use bytes::Bytes;

use super::{FaqImport, Faqs, ImportFaqs};
use crate::access::{Member, Scope};
use crate::knowledge::{Gaps, KnowledgeError};
use crate::store::faqs::{self, Faq, FaqState, NewFaq};
use crate::store::{FaqId, ReceiptId, Scoped, UnixMs};

/// Longest name of an owner or a source, in characters.
const LONGEST_NAME: usize = 200;
/// Who writes answers.
const MAY: &[Scope] = &[Scope::Documents];

/// A question with its answer, as somebody wrote it.
#[derive(Debug, Clone)]
pub struct FaqDraft {
    /// Ways to ask.
    pub questions: Vec<String>,
    /// Given word for word.
    pub answer: String,
    /// Whether visitors get it.
    pub state: FaqState,
    /// Who looks after it; may be empty.
    pub owner: String,
    /// ISO 639-1 code of the answer's language; found out when absent.
    pub language: Option<String>,
    /// From when on it is not given.
    pub expires_at: Option<UnixMs>,
    /// Receipts whose gaps it closes.
    pub gaps: Vec<ReceiptId>,
}

impl Faqs {
    /// Every question of a workspace, the last changed first, with how often it answered.
    ///
    /// # Errors
    /// When they may not see them.
    pub async fn list(&self, by: &Member) -> Result<Vec<(Faq, u64)>, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let read = self.inner.store.read(move |conn| {
            let answered = faqs::answered(conn, workspace)?;
            let counted = |faq: Faq| {
                let count = answered.get(&faq.id).copied().unwrap_or(0);
                (faq, count)
            };
            let all = faqs::list(conn, workspace)?.into_iter();
            Ok(all.map(counted).collect())
        });
        Ok(read.await?)
    }

    /// One question, with how often it answered.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find(&self, by: &Member, id: FaqId) -> Result<(Scoped<Faq>, u64), KnowledgeError> {
        let workspace = by.need(MAY)?;
        let read = self.inner.store.read(move |conn| {
            let faq = faqs::get(conn, workspace, id)?;
            let answered = faqs::answered(conn, workspace)?;
            Ok((faq, answered.get(&id).copied().unwrap_or(0)))
        });
        Ok(read.await?)
    }

    /// Keeps a question with its answer, a new one or in place of what it was, and closes the gaps that it fills.
    ///
    /// # Errors
    /// When something of it is missing or too long, or what it should replace is gone.
    pub async fn write(
        &self,
        by: &Member,
        replaces: Option<FaqId>,
        draft: FaqDraft,
    ) -> Result<FaqId, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let before = match replaces {
            Some(id) => Some(self.load(by, id).await?),
            None => None,
        };
        let owner = draft.owner.trim().to_owned();
        if owner.chars().count() > LONGEST_NAME {
            return Err(KnowledgeError::FaqOwner);
        }
        let new = NewFaq {
            answer: draft.answer,
            state: draft.state,
            owner,
            language: draft.language,
            source: before
                .as_ref()
                .map(|faq| faq.source.clone())
                .unwrap_or_default(),
            expires_at: draft.expires_at,
            phrasings: draft.questions,
        };
        let faq = match before {
            Some(faq) => self.update(faq, new).await?,
            None => self.create(workspace, new).await?,
        };
        let gaps = Gaps {
            inner: self.inner.clone(),
        };
        gaps.close(&faq, draft.gaps).await?;
        Ok(faq.id)
    }

    /// Takes questions with their answers in from a file or pasted text.
    ///
    /// # Errors
    /// `Faq` with a sentence for whoever gave it, if it cannot be read.
    pub async fn take(
        &self,
        by: &Member,
        bytes: Bytes,
        name: String,
        state: FaqState,
    ) -> Result<FaqImport, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let how = ImportFaqs {
            state,
            owner: String::new(),
            source: name.chars().take(LONGEST_NAME).collect(),
        };
        let file = self.read(bytes, name).await?;
        self.import(workspace, file, how).await
    }

    /// Lets visitors get an answer, or no longer.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn decide(
        &self,
        by: &Member,
        id: FaqId,
        state: FaqState,
    ) -> Result<(), KnowledgeError> {
        let faq = self.load(by, id).await?;
        self.set_state(faq, state).await.map(drop)
    }

    /// Removes a question; from this moment its answer is not given.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove(&self, by: &Member, id: FaqId) -> Result<(), KnowledgeError> {
        let faq = self.load(by, id).await?;
        self.delete(faq).await
    }

    async fn load(&self, by: &Member, id: FaqId) -> Result<Scoped<Faq>, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let read = self
            .inner
            .store
            .read(move |conn| faqs::get(conn, workspace, id));
        Ok(read.await?)
    }
}

//! What the API and the console do with the approved answers of a workspace: each act checks the member's scopes.

use bytes::Bytes;

use super::{FaqImport, Faqs, ImportFaqs};
use crate::access::{Member, Scope};
use crate::knowledge::{Gaps, KnowledgeError};
use crate::store::faqs::{self, Faq, FaqState, NewFaq};
use crate::store::{FaqId, ReceiptId, Scoped, UnixMs};

/// Of an owner or a source, in characters.
const LONGEST_NAME: usize = 200;
const MAY: &[Scope] = &[Scope::Documents];
const MAY_SUGGEST: &[Scope] = &[Scope::Conversations, Scope::Documents];

/// A question with its answer, as somebody entered it.
#[derive(Debug, Clone)]
pub struct FaqDraft {
    /// The phrasings of the question.
    pub questions: Vec<String>,
    /// Given word for word.
    pub answer: String,
    pub state: FaqState,
    /// Who keeps the answer up to date; may be empty.
    pub owner: String,
    /// ISO 639-1 code of the answer's language; `None` to detect it.
    pub language: Option<String>,
    /// The answer is not given from then on.
    pub expires_at: Option<UnixMs>,
    /// Receipts of the questions that it answers; their gaps are closed.
    pub gaps: Vec<ReceiptId>,
}

impl Faqs {
    /// All questions, the last changed first, each with how often its answer was given.
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

    /// One question, with how often its answer was given.
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

    /// Saves a new question with its answer, or replaces one, and closes the gaps that it fills.
    ///
    /// # Errors
    /// When the draft is incomplete or too long, or what it replaces is gone.
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

    /// Keeps an answer that somebody gave a visitor as a draft, for those who may approve it.
    ///
    /// # Errors
    /// When the draft is incomplete or too long.
    pub async fn suggest(&self, by: &Member, draft: FaqDraft) -> Result<FaqId, KnowledgeError> {
        let workspace = by.need(MAY_SUGGEST)?;
        let new = NewFaq {
            answer: draft.answer,
            state: FaqState::Draft,
            owner: draft.owner.trim().chars().take(LONGEST_NAME).collect(),
            language: draft.language,
            source: String::new(),
            expires_at: draft.expires_at,
            phrasings: draft.questions,
        };
        Ok(self.create(workspace, new).await?.id)
    }

    /// Imports questions with their answers from a file or pasted text.
    ///
    /// # Errors
    /// `Faq` with a sentence for the user, when the text cannot be read.
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

    /// Approves an answer, or makes it a draft again.
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

    /// Removes a question; its answer is not given from then on.
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

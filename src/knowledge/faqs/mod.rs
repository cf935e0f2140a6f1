//! Approved questions and answers. Store and index change together, so that an answer is given from the
//! moment it is approved and never after it was withdrawn.
//!
//! A near vector is no proof of the same question ("open" and "closed" lie side by side), so an approved answer is given at once only
//! for the same words; `matching` says whether it fits, `contrary` whether the question is the opposite one.

mod acts;
mod asked;
mod contrary;
mod import;
mod index;
mod matching;

pub use acts::FaqDraft;
pub use import::{FaqFile, FaqFileError, FaqPair, FaqSkipped, read_pairs};
pub(super) use index::FaqIndex;
pub use index::FaqMatch;
pub use matching::FaqThresholds;

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ExtractFailure, Inner, KnowledgeError, live};
use crate::language;
use crate::llm::{EmbedAs, Priority};
use crate::store::faqs::{self, Faq, FaqState, NewFaq};
use crate::store::{FaqId, Scoped, Store, UnixMs, WorkspaceId};

/// Phrasings per request to the embedder.
const EMBED_BATCH: u32 = 16;
/// The section of a workspace's settings that holds its [`FaqThresholds`].
pub const FAQ_SECTION: &str = "faq";
/// In characters.
pub const LONGEST_ANSWER: usize = 4000;
/// In characters.
pub const LONGEST_QUESTION: usize = 500;
/// Per answer.
pub const MOST_PHRASINGS: usize = 50;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportReport)]
pub struct FaqImport {
    /// Answers that are new.
    pub added: usize,
    /// Answers that were there and got more phrasings, or that the file has several times.
    pub merged: usize,
    /// What was left out, and why.
    pub skipped: Vec<FaqSkipped>,
}

/// Settings of an import.
#[derive(Debug, Clone)]
pub struct ImportFaqs {
    /// State of new answers.
    pub state: FaqState,
    /// Who keeps them up to date; may be empty.
    pub owner: String,
    /// Where they come from, such as a file name.
    pub source: String,
}

#[derive(Clone)]
pub struct Faqs {
    pub(super) inner: Arc<Inner>,
}

impl Faqs {
    /// Adds a question with its answer; if approved, it is given from now on.
    ///
    /// # Errors
    /// When something is missing or too long.
    pub async fn create(
        &self,
        workspace: WorkspaceId,
        new: NewFaq,
    ) -> Result<Scoped<Faq>, KnowledgeError> {
        let new = check(new)?;
        let store = &self.inner.store;
        let _order = self.inner.faq_changes.lock().await;
        let id = store
            .write(move |tx| faqs::insert(tx, workspace, &new, now()))
            .await?;
        self.refresh(workspace, id).await
    }

    /// Replaces a question with its answer; the old answer is no longer given.
    ///
    /// # Errors
    /// As [`Self::create`], and when it is gone.
    pub(super) async fn update(
        &self,
        faq: Scoped<Faq>,
        new: NewFaq,
    ) -> Result<Scoped<Faq>, KnowledgeError> {
        let new = check(new)?;
        let (workspace, id) = (faq.workspace(), faq.id);
        let _order = self.inner.faq_changes.lock().await;
        self.inner
            .store
            .write(move |tx| faqs::update(tx, &faq, &new, now()))
            .await?;
        self.refresh(workspace, id).await
    }

    /// Approves an answer, or makes it a draft again.
    ///
    /// # Errors
    /// When it is gone.
    pub(super) async fn set_state(
        &self,
        faq: Scoped<Faq>,
        state: FaqState,
    ) -> Result<Scoped<Faq>, KnowledgeError> {
        let (workspace, id) = (faq.workspace(), faq.id);
        let _order = self.inner.faq_changes.lock().await;
        self.inner
            .store
            .write(move |tx| faqs::set_state(tx, &faq, state, now()))
            .await?;
        self.refresh(workspace, id).await
    }

    /// Removes a question; its answer is not given from then on.
    pub(super) async fn delete(&self, faq: Scoped<Faq>) -> Result<(), KnowledgeError> {
        let (workspace, id) = (faq.workspace(), faq.id);
        let _order = self.inner.faq_changes.lock().await;
        self.inner
            .store
            .write(move |tx| faqs::delete(tx, &faq))
            .await?;
        self.inner.faqs.remove(workspace, id);
        Ok(())
    }

    /// Reads questions with their answers from a file or pasted text, in a child process as documents are.
    ///
    /// # Errors
    /// `Faq` with a sentence for the user; `Machine` when a retry may help.
    async fn read(&self, bytes: Bytes, name: String) -> Result<FaqFile, KnowledgeError> {
        let read = self.inner.extractor.read_faqs(bytes, name).await;
        read.map_err(|failure| match failure {
            ExtractFailure::Document(why) => KnowledgeError::Faq(why),
            ExtractFailure::Machine(why) => KnowledgeError::Machine(why),
        })
    }

    /// Adds pairs: if the answer exists already, the pair adds its phrasings to it; phrasings that exist
    /// already are skipped.
    ///
    /// # Errors
    /// When the store fails; nothing is imported then.
    pub async fn import(
        &self,
        workspace: WorkspaceId,
        file: FaqFile,
        how: ImportFaqs,
    ) -> Result<FaqImport, KnowledgeError> {
        let order = self.inner.faq_changes.lock().await;
        let (report, changed) = self
            .inner
            .store
            .write(move |tx| import::take_in(tx, workspace, file, &how, now()))
            .await?;
        for id in changed {
            self.put(workspace, id).await?;
        }
        // `embed_soon` takes the lock itself.
        drop(order);
        self.embed_soon().await;
        Ok(report)
    }

    /// The approved answer to a question, if there is no doubt that it is one. Without `vector`, the vector
    /// of the question, only the words decide, and all of them must agree. With `tags`, only those with one of them count.
    pub async fn find_match(
        &self,
        workspace: WorkspaceId,
        question: &str,
        vector: Option<&[f32]>,
        now: UnixMs,
        limits: &FaqThresholds,
        tags: &[String],
    ) -> Option<FaqMatch> {
        self.inner.index.complete().await;
        let faqs = &self.inner.faqs;
        faqs.find(workspace, question, vector, now, limits, tags)
    }

    /// The approved answers nearest to a question, best first, whether or not they answer it.
    pub fn find_near(
        &self,
        workspace: WorkspaceId,
        question: &str,
        vector: Option<&[f32]>,
        now: UnixMs,
        limit: usize,
        tags: &[String],
    ) -> Vec<FaqMatch> {
        self.inner
            .faqs
            .nearest(workspace, question, vector, now, limit, tags)
    }

    /// All approved answers that have not expired.
    pub fn list_live(&self, workspace: WorkspaceId, now: UnixMs) -> Vec<Faq> {
        self.inner.faqs.live(workspace, now)
    }

    /// Whether any approved answer has not expired.
    pub fn has_live(&self, workspace: WorkspaceId, now: UnixMs) -> bool {
        self.inner.faqs.has(workspace, now)
    }

    /// Takes over what changed in the store, if the answer is approved or was.
    pub(super) async fn read_again(
        &self,
        workspace: WorkspaceId,
        id: FaqId,
    ) -> Result<(), KnowledgeError> {
        let _order = self.inner.faq_changes.lock().await;
        self.put(workspace, id).await.map(drop)
    }

    /// Updates the index from the store, and embeds the phrasings in the background.
    async fn refresh(
        &self,
        workspace: WorkspaceId,
        id: FaqId,
    ) -> Result<Scoped<Faq>, KnowledgeError> {
        let faq = self.put(workspace, id).await?;
        let faqs = self.clone();
        tokio::spawn(async move { faqs.embed_soon().await });
        Ok(faq)
    }

    async fn put(&self, workspace: WorkspaceId, id: FaqId) -> Result<Scoped<Faq>, KnowledgeError> {
        let faq = self
            .inner
            .store
            .read(move |conn| faqs::get(conn, workspace, id))
            .await?;
        let embedder = self.inner.embedder.name();
        let vectors = vectors_of(&embedder);
        self.inner.faqs.put(faq.clone().into_inner(), &vectors);
        Ok(faq)
    }

    /// Embeds what has no vector if the model is available; otherwise `Knowledge::embed_missing` does so
    /// later.
    async fn embed_soon(&self) {
        if self.inner.embedder.ready().is_ok()
            && let Err(error) = self.embed_missing().await
        {
            tracing::warn!(%error, "questions are compared by words until they have vectors");
        }
    }

    /// Embeds phrasings that have no vector yet.
    pub(super) async fn embed_missing(&self) -> Result<(), KnowledgeError> {
        loop {
            let embedder = vectors_of(&self.inner.embedder.name());
            let name = embedder.clone();
            let bare = self
                .inner
                .store
                .read(move |c| faqs::list_missing_embeddings(c, &name, EMBED_BATCH))
                .await?;
            if bare.is_empty() {
                return Ok(());
            }
            let model = &self.inner.embedder;
            let asked = bare.iter().map(|b| b.question.clone()).collect();
            let asked = model.embed(asked, EmbedAs::Query, Priority::Background.into());
            let asked = asked.await?.vectors;
            // A reworded question is closer to question plus answer than to the original question.
            let answered = bare.iter().map(|b| format!("{} {}", b.question, b.answer));
            let answered = model.embed(
                answered.collect(),
                EmbedAs::Passage,
                Priority::Background.into(),
            );
            let answered = answered.await?.vectors;
            let kept: Vec<(i64, Vec<u8>)> = bare
                .iter()
                .zip(asked.iter().zip(&answered))
                .map(|(b, (asked, answered))| {
                    (b.id, live::encode(&[&asked[..], answered].concat()))
                })
                .collect();
            let _order = self.inner.faq_changes.lock().await;
            self.inner
                .store
                .write(move |tx| faqs::set_embeddings(tx, &embedder, &kept))
                .await?;
            for one in bare {
                match self.put(one.workspace, one.faq).await {
                    Ok(_) => {}
                    // Deleted in the meantime.
                    Err(KnowledgeError::Store(crate::store::StoreError::NotFound(_))) => {}
                    Err(other) => return Err(other),
                }
            }
        }
    }
}

impl FaqIndex {
    /// Loads all approved questions from the store.
    pub(super) async fn fill(
        self: &Arc<Self>,
        store: &Store,
        embedder: String,
    ) -> Result<(), KnowledgeError> {
        let index = Arc::clone(self);
        let embedder = vectors_of(&embedder);
        Ok(store
            .read(move |conn| faqs::for_each_approved(conn, |faq| index.put(faq, &embedder)))
            .await?)
    }
}

/// The stored name of the pair of vectors of a phrasing: its own, followed by that of question and answer
/// together.
fn vectors_of(embedder: &str) -> String {
    format!("{embedder} with answers")
}

/// Trims and deduplicates what was entered, and checks the limits.
fn check(mut new: NewFaq) -> Result<NewFaq, KnowledgeError> {
    new.answer = new.answer.trim().to_owned();
    let mut phrasings: Vec<String> = Vec::new();
    for question in &new.phrasings {
        let question = question.split_whitespace().collect::<Vec<_>>().join(" ");
        if !question.is_empty() && !phrasings.contains(&question) {
            phrasings.push(question);
        }
    }
    let fault = if new.answer.is_empty() {
        "the answer is empty; write what visitors should read"
    } else if phrasings.is_empty() {
        "the question is empty; write at least one way to ask it"
    } else if new.answer.chars().count() > LONGEST_ANSWER {
        "the answer is longer than 4000 characters; shorten it or upload it as a document"
    } else if phrasings.len() > MOST_PHRASINGS {
        "there are more than 50 phrasings; keep those that differ most"
    } else if phrasings
        .iter()
        .any(|p| p.chars().count() > LONGEST_QUESTION)
    {
        "a phrasing is longer than 500 characters; write the question in one sentence"
    } else {
        new.phrasings = phrasings;
        new.language
            .get_or_insert_with(|| language::of_question(&new.answer).code().to_owned());
        return Ok(new);
    };
    Err(KnowledgeError::Faq(fault.into()))
}

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

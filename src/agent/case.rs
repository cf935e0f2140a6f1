//! What the rungs know about a question. Facts about the business are read from the store once, before the first rung.

use std::collections::HashMap;
use std::time::Instant;

use tokio::sync::OnceCell;

use super::decide::Thresholds;
use super::decline;
use super::evidence::{Evidence, EvidencePlace};
use super::follow_up;
use super::settings::AnswerSettings;
use super::trace::{Considered, OtherPlace};
use super::types::Rung;
use crate::hours::{Book, Entry};
use crate::inbox::leads::LeadSettings;
use crate::knowledge::{FAQ_SECTION, FaqThresholds, Found, Knowledge};
use crate::language::Language;
use crate::llm::{ChatMessage, Claim, Reader, Role, Sampling};
use crate::store::assistants::AssistantSettings;
use crate::store::faqs::Faq;
use crate::store::{self, DocumentId, Store, StoreError, WorkspaceId, workspaces};

/// What the store says about a business, whatever the question.
pub(super) struct Business {
    pub(super) title: String,
    /// Whether contact details are taken only from somebody who agreed, in the form.
    pub(super) needs_consent: bool,
    pub(super) settings: AnswerSettings,
    pub(super) faq_thresholds: FaqThresholds,
    /// Hours and contact data.
    pub(super) book: Book,
    /// Titles of the documents that state these facts.
    pub(super) document_titles: HashMap<DocumentId, String>,
}

impl Business {
    /// `own`: what the assistant has of its own.
    pub(super) async fn load(
        store: &Store,
        workspace: WorkspaceId,
        own: &AssistantSettings,
    ) -> Result<Self, StoreError> {
        let ladder = own.ladder.clone();
        store
            .read(move |conn| {
                let book = Book::open(conn, workspace)?;
                let mut document_titles = HashMap::new();
                for id in book.entries.iter().filter_map(Entry::document) {
                    if document_titles.contains_key(&id) {
                        continue;
                    }
                    match store::documents::get(conn, workspace, id) {
                        Ok(document) => document_titles.insert(id, document.title.clone()),
                        // A confirmed fact outlives its document: answer without its title.
                        Err(StoreError::NotFound(_)) => None,
                        Err(other) => return Err(other),
                    };
                }
                Ok(Self {
                    title: workspaces::get(conn, workspace)?.title,
                    needs_consent: LeadSettings::load(conn, workspace)?.consent_required,
                    settings: AnswerSettings::of(conn, workspace)?.with_ladder(&ladder),
                    faq_thresholds: workspaces::section(conn, workspace, FAQ_SECTION)?,
                    book,
                    document_titles,
                })
            })
            .await
    }
}

/// The language that an assistant answers in for whoever writes in this one: its main one, unless it speaks theirs.
pub(super) fn permitted(own: &AssistantSettings, language: Language) -> Language {
    let allowed = decline::allowed_languages(own);
    match allowed.first() {
        Some(main) if !allowed.contains(&language) => *main,
        _ => language,
    }
}

/// A question with everything that may answer it.
pub(super) struct Case<'a> {
    /// For data that only a few questions need.
    pub(super) store: &'a Store,
    pub(super) knowledge: &'a Knowledge,
    pub(super) workspace: WorkspaceId,
    pub(super) business: &'a Business,
    /// The text that the rungs answer: the visitor's question, or its rephrasing in plain words.
    pub(super) question: &'a str,
    /// The visitor's question, as written.
    pub(super) wording: &'a str,
    /// The visitor's language.
    pub(super) language: Language,
    /// Earlier messages, oldest first.
    pub(super) history: &'a [ChatMessage],
    pub(super) found: &'a Found,
    /// The owner's instructions to the assistant.
    pub(super) instructions: &'a str,
    /// What the assistant has of its own.
    pub(super) own: &'a AssistantSettings,
    /// The time at which the answer applies: the clock, unless a test sets it.
    pub(super) now: jiff::Timestamp,
    pub(super) reader: &'a dyn Reader,
    pub(super) claim: Claim,
    pub(super) sampling: Option<&'a Sampling>,
    pub(super) since: Instant,
    /// Gathered when a rung first asks, as reading takes time.
    pub(super) evidence: OnceCell<Evidence>,
    /// The question's own vector, when the search ran on other words.
    pub(super) vector: OnceCell<Option<Vec<f32>>>,
}

impl Case<'_> {
    /// The places that may answer, best first.
    pub(super) async fn evidence(&self) -> &Evidence {
        self.evidence
            .get_or_init(|| async {
                let in_full =
                    follow_up::write_in_full(self.history, self.question, follow_up::READ);
                let reader = Some(self.reader);
                Evidence::gather(self.found, self.question, &in_full, reader, self.claim).await
            })
            .await
    }

    pub(super) fn thresholds(&self) -> Thresholds {
        let settings = &self.business.settings;
        let hash = self.reader.weights_hash();
        let is_calibrated = self.reader.is_calibrated();
        Thresholds {
            answer: settings.read_threshold_of(&self.own.ladder, hash.as_deref(), is_calibrated),
            related: settings.related_threshold,
        }
    }

    /// The question's own vector. The search may have used a rephrasing, or added words from an earlier
    /// question. `None` while the embedder is unavailable.
    pub(super) async fn own_vector(&self) -> Option<&[f32]> {
        if self.found.query.trim() == self.question.trim() {
            return self.found.vector.as_deref();
        }
        let own = self.vector.get_or_init(|| {
            self.knowledge
                .search()
                .question_vector(self.question, self.claim)
        });
        own.await.as_deref()
    }

    /// Whether an approved answer belongs to the knowledge that the assistant has.
    pub(super) fn has_chosen(&self, faq: &Faq) -> bool {
        let tags = &self.own.knowledge.tags;
        self.own.ladder.faq != Some(false)
            && (tags.is_empty() || faq.tags.iter().any(|tag| tags.contains(tag)))
    }

    /// The language to answer in for whoever writes in this one.
    pub(super) fn permitted(&self, language: Language) -> Language {
        permitted(self.own, language)
    }

    /// The newest message of that role.
    pub(super) fn last_message(&self, role: Role) -> Option<&str> {
        let last = self.history.iter().rev().find(|m| m.role == role);
        last.map(|m| m.content.as_str())
    }

    /// Describes for the receipt how sure a rung is of its answer, given or not, and which other places it
    /// could have chosen.
    pub(super) fn consider(
        &self,
        rung: Rung,
        best: &EvidencePlace,
        text: &str,
        others: &[EvidencePlace],
    ) -> Considered {
        let others = others
            .iter()
            .filter_map(|place| {
                let passage = self.found.passages.get(place.passage)?;
                // Approved answers are given whole.
                let words = match passage.faq {
                    Some(_) => passage.text.as_str(),
                    None => passage.text.get(place.range.clone())?,
                };
                Some(OtherPlace {
                    score: place.score,
                    text: words.to_owned(),
                    features: place.features,
                })
            })
            .collect();
        Considered {
            rung,
            score: best.score,
            text: text.to_owned(),
            features: best.features,
            others,
        }
    }
}

//! The answer ladder: rungs in the order in which they are asked, safest first. Each answers or
//! passes on; the last one always answers. A rung is a file here.

mod fact;
mod faq;
mod model;
mod read;
mod refusal;
mod talk;

pub(super) use fact::{FactRung, Wording, preview as fact_preview};
pub(super) use faq::FaqRung;
pub(super) use model::ModelRung;
pub(super) use read::ReadRung;
pub(super) use refusal::RefusalRung;
pub(super) use talk::TalkRung;

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;
use tokio::sync::mpsc::Sender;

use super::evidence::{Evidence, Place};
use super::settings::AnswerSettings;
use super::types::{Citation, Rung, Tokens, TurnEvent};
use super::{AgentError, follow_up};
use crate::knowledge::{Found, Knowledge};
use crate::language::Language;
use crate::llm::{ChatMessage, Claim, Reader, Sampling};
use crate::store::{Store, WorkspaceId};

/// What a rung knows of the question.
pub(super) struct Grounds<'a> {
    pub(super) store: &'a Store,
    pub(super) workspace: WorkspaceId,
    /// What the rungs answer: the visitor's question, or the same in plain words.
    pub(super) question: &'a str,
    /// What the visitor wrote.
    pub(super) wording: &'a str,
    /// The language that the visitor writes.
    pub(super) language: Language,
    /// Earlier messages, oldest first.
    pub(super) history: &'a [ChatMessage],
    /// What was found, and what was searched for.
    pub(super) found: &'a Found,
    /// The owner's instructions.
    pub(super) instructions: &'a str,
    /// The time that the answer is for: the clock, unless a test set it.
    pub(super) now: jiff::Timestamp,
    pub(super) settings: &'a AnswerSettings,
    pub(super) reader: Option<&'a dyn Reader>,
    pub(super) claim: Claim,
    pub(super) sampling: Option<&'a Sampling>,
    /// When the question came.
    pub(super) since: Instant,
    /// Made when a rung first asks for it.
    pub(super) evidence: OnceCell<Evidence>,
    /// The question's own vector, where it is not what was searched for.
    pub(super) vector: OnceCell<Option<Vec<f32>>>,
    pub(super) noted: Mutex<Noted>,
}

impl Grounds<'_> {
    /// The places that may answer.
    pub(super) async fn evidence(&self) -> &Evidence {
        self.evidence
            .get_or_init(|| async {
                let in_full = follow_up::in_full(self.history, self.question, follow_up::READ);
                Evidence::gather(self.found, self.question, &in_full, self.reader, self.claim).await
            })
            .await
    }

    /// The question's own vector: what was searched for may hold the question before it, or be worded
    /// anew. `None` while the embedder is unavailable.
    pub(super) async fn own_vector(&self, knowledge: &Knowledge) -> Option<&[f32]> {
        if self.found.query.trim() == self.question.trim() {
            return self.found.vector.as_deref();
        }
        let own = self
            .vector
            .get_or_init(|| knowledge.question_vector(self.question, self.claim));
        own.await.as_deref()
    }

    /// Notes how sure a rung is of what it would answer, whether it answers or not, and which other places
    /// it had to choose from.
    pub(super) fn note(&self, rung: &str, best: &Place, text: &str, others: &[Place]) {
        let others: Vec<Value> = others
            .iter()
            .filter_map(|place| {
                let passage = self.found.passages.get(place.passage)?;
                // What the owner approved would be given whole.
                let words = match passage.faq {
                    Some(_) => passage.text.as_str(),
                    None => passage.text.get(place.range.clone())?,
                };
                Some(json!({"score": place.score, "text": words, "features": place.features}))
            })
            .collect();
        self.noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .considered
            .push(json!({"rung": rung, "score": best.score, "text": text,
                "features": best.features, "others": others}));
    }

    /// Notes why the passages were not read: a refusal is then no judgement of them.
    pub(super) fn note_unread(&self, reason: &str) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.set("unread", json!(reason));
    }

    pub(super) fn into_noted(self) -> Noted {
        self.noted
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the way up leaves for the receipt: how sure each rung was, also those that passed on.
#[derive(Debug, Default)]
pub(super) struct Noted {
    considered: Vec<Value>,
    other: Map<String, Value>,
}

impl Noted {
    pub(super) fn set(&mut self, key: &str, value: Value) {
        self.other.insert(key.to_owned(), value);
    }

    /// How sure a rung was at last; 0 when it had nothing to say.
    pub(super) fn best(&self, rung: &str) -> f32 {
        let of_rung = self.considered.iter().rev().find(|c| c["rung"] == rung);
        #[expect(clippy::cast_possible_truncation, reason = "a probability")]
        of_rung.map_or(0.0, |c| c["score"].as_f64().unwrap_or(0.0) as f32)
    }

    /// Writes it into the checks of the answer.
    pub(super) fn settle(self, checks: &mut Map<String, Value>) {
        checks.extend(self.other);
        if !self.considered.is_empty() {
            checks.insert("considered".into(), Value::Array(self.considered));
        }
    }
}

/// A rung's answer before it is written down.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) rung: Rung,
    pub(super) text: String,
    pub(super) citations: Vec<Citation>,
    /// What was checked, and how it came out; goes into the receipt as it is.
    pub(super) checks: Map<String, Value>,
    /// The visitor is offered a person.
    pub(super) handoff: bool,
    pub(super) tokens: Tokens,
    /// From the question to the first word, ms.
    pub(super) first_token: u64,
    pub(super) prompt_hash: Option<String>,
    /// Why the engine ended before the answer did.
    pub(super) interrupted: Option<String>,
    /// The parts of the question that nothing answers.
    pub(super) open: Option<String>,
}

impl Draft {
    /// Shows a text that is complete and makes it the answer.
    pub(super) async fn show(
        rung: Rung,
        text: String,
        citations: Vec<Citation>,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Self {
        show(out, text.clone()).await;
        Self {
            rung,
            text,
            citations,
            checks: Map::new(),
            handoff: false,
            tokens: Tokens::default(),
            first_token: elapsed(grounds.since),
            prompt_hash: None,
            interrupted: None,
            open: None,
        }
    }
}

/// One way of answering.
#[async_trait]
pub(super) trait LadderRung: Send + Sync {
    /// Answers, showing the text as it comes, or passes on with `None`.
    async fn answer(
        &self,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError>;
}

pub(super) async fn show(out: &Sender<TurnEvent>, text: String) {
    // When nobody listens any more, the turn is being cancelled anyway.
    let _ = out.send(TurnEvent::Delta(text)).await;
}

pub(super) fn elapsed(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

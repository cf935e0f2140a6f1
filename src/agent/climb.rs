//! Climbing the answer ladder: search, then the rungs, safest first; when none of the safe ones answers,
//! once more with the question in plain words; at last the refusal.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;
use tokio::time::timeout;

use super::rungs::{
    Draft, FactRung, FaqRung, Grounds, LadderRung, ModelRung, Noted, ReadRung, RefusalRung,
    TalkRung, elapsed, show,
};
use super::settings::AnswerSettings;
use super::types::TurnEvent;
use super::{AgentError, follow_up, rephrase};
use crate::knowledge::{Audience, Found, Knowledge, Passage, SearchOptions, View};
use crate::language;
use crate::language::Language;
use crate::llm::{ChatMessage, ChatModel, Claim, Reader, Role, Sampling};
use crate::store::assistants::Assistant;
use crate::store::{Store, WorkspaceId};

/// When the best place is less likely than this, the question is put into plain words. A question that
/// found something loses more in other words than it gains.
const REPHRASED_BELOW: f32 = 0.2;
/// Approved answers that are read beside the passages.
const NEAR_FAQS: usize = 6;
/// Passages that are looked for.
const WANTED: usize = 8;

/// A question on its way up.
#[derive(Clone, Copy)]
pub(super) struct Climb<'a> {
    pub(super) store: &'a Store,
    pub(super) knowledge: &'a Knowledge,
    pub(super) model: &'a dyn ChatModel,
    pub(super) reader: &'a dyn Reader,
    pub(super) workspace: WorkspaceId,
    /// Which documents are searched.
    pub(super) view: View,
    pub(super) assistant: &'a Assistant,
    pub(super) history: &'a [ChatMessage],
    pub(super) question: &'a str,
    pub(super) claim: Claim,
    pub(super) sampling: Option<&'a Sampling>,
    pub(super) now: jiff::Timestamp,
    pub(super) audience: Audience,
    pub(super) since: Instant,
}

/// Where it ended.
pub(super) struct Climbed {
    pub(super) draft: Draft,
    /// What the last search found.
    pub(super) found: Found,
    /// Time of all searches, ms.
    pub(super) retrieve: u64,
    /// The language model had a part in it.
    pub(super) asked_model: bool,
}

/// One way up the ladder, with one wording of the question.
pub(super) struct Attempt<'a> {
    question: &'a str,
    pub(super) found: Found,
}

impl Climb<'_> {
    /// The answer of the first rung that has one.
    pub(super) async fn answer(&self, out: Sender<TurnEvent>) -> Result<Climbed, AgentError> {
        let workspace = self.workspace;
        let settings: AnswerSettings = self
            .store
            .read(move |conn| AnswerSettings::of(conn, workspace))
            .await?;
        let first = self.search_own().await?;
        let spoken = spoken(self.question, self.history, &first.found);
        let mut retrieve = elapsed(self.since);
        let mut noted = Noted::default();
        let talk = |by_meaning| TalkRung {
            knowledge: self.knowledge,
            by_meaning,
        };
        let (told, meant) = (talk(false), talk(true));
        let faq = FaqRung {
            knowledge: self.knowledge,
        };
        let read = ReadRung {
            knowledge: self.knowledge,
        };
        // These answer a message only if they understand all of it; what the owner approved goes before a
        // guess that a message is small talk.
        let whole: [&dyn LadderRung; 4] = [&told, &faq, &FactRung, &meant];
        let of_part: [&dyn LadderRung; 3] = [&faq, &FactRung, &read];
        // Other words may mean something else: a quotation that they find is for the model to judge.
        let again: [&dyn LadderRung; 2] = [&faq, &FactRung];
        let model = ModelRung { model: self.model };

        let mut climbed = self
            .climb(&whole, &first, &settings, spoken, &mut noted, &out)
            .await?;
        if climbed.is_none() && self.reader.ready().is_ok() {
            let in_parts = self.in_parts(&of_part, &settings, spoken).await?;
            if let Some(mut composed) = in_parts {
                show(&out, composed.draft.text.clone()).await;
                composed.draft.first_token = elapsed(self.since);
                composed.retrieve += retrieve;
                return Ok(composed);
            }
        }
        if climbed.is_none() {
            climbed = self
                .climb(&[&read], &first, &settings, spoken, &mut noted, &out)
                .await?;
        }
        if let Some(draft) = climbed {
            return Ok(Climbed {
                draft,
                found: first.found,
                retrieve,
                asked_model: false,
            });
        }
        // Where there is a reader, it alone decides: the model judges only on machines without one.
        let able = self.reader.ready().is_err() && self.model.ready().is_ok();
        let hopeless = noted.best("read") < REPHRASED_BELOW;
        let foreign = first.found.language().is_some_and(|l| l != spoken);
        let plain = if able && settings.rephrase && (hopeless || foreign) {
            let plainly = self.plainly(spoken, &first.found, &mut noted);
            // Without it the question is answered as it stands.
            timeout(self.left(&settings), plainly)
                .await
                .unwrap_or(Ok(None))?
        } else {
            None
        };
        let mut last = first;
        if let Some(plain) = &plain {
            let since = elapsed(self.since);
            last = self.search(plain, plain).await?;
            retrieve += elapsed(self.since) - since;
            let climbed = self
                .climb(&again, &last, &settings, spoken, &mut noted, &out)
                .await?;
            if let Some(draft) = climbed {
                return Ok(Climbed {
                    draft,
                    found: last.found,
                    retrieve,
                    asked_model: true,
                });
            }
        }
        let rungs: &[&dyn LadderRung] = if able {
            &[&model, &RefusalRung]
        } else {
            &[&RefusalRung]
        };
        let left = self.left(&settings);
        let climb = self.climb(rungs, &last, &settings, spoken, &mut noted, &out);
        let climbed = match timeout(left, climb).await {
            Ok(climbed) => climbed?,
            Err(_) => {
                noted.set("deadline_seconds", json!(settings.deadline_seconds));
                self.climb(&[&RefusalRung], &last, &settings, spoken, &mut noted, &out)
                    .await?
            }
        };
        let draft = climbed.ok_or(AgentError::NoAnswer)?;
        // The rung notes itself once it has judged.
        let judged = able && noted_in(&draft, "model");
        Ok(Climbed {
            draft,
            found: last.found,
            retrieve,
            asked_model: judged || plain.is_some(),
        })
    }

    /// How long the model may still take.
    fn left(&self, settings: &AnswerSettings) -> Duration {
        Duration::from_secs(settings.deadline_seconds.into()).saturating_sub(self.since.elapsed())
    }

    /// Searches for the question as it stands, with what it leans on.
    pub(super) async fn search_own(&self) -> Result<Attempt<'_>, AgentError> {
        let sought = follow_up::sought(self.history, self.question);
        self.search(self.question, &sought.query).await
    }

    async fn search<'q>(&self, question: &'q str, sought: &str) -> Result<Attempt<'q>, AgentError> {
        let options = SearchOptions {
            limit: WANTED,
            view: self.view,
            audience: self.audience,
            claim: self.claim,
            ..SearchOptions::default()
        };
        let mut found = self
            .knowledge
            .search_with(self.workspace, sought, &options)
            .await?;
        // Approved answers that are no match as a whole may still hold a place that answers.
        let near = self.knowledge.faqs_near(
            self.workspace,
            question,
            found.vector.as_deref(),
            self.now.as_millisecond(),
            NEAR_FAQS,
        );
        found.passages.extend(near.iter().map(Passage::of_faq));
        Ok(Attempt { question, found })
    }

    /// Asks the rungs in order. What they noted goes into the receipt of the one that answers.
    pub(super) async fn climb(
        &self,
        rungs: &[&dyn LadderRung],
        attempt: &Attempt<'_>,
        settings: &AnswerSettings,
        spoken: Language,
        noted: &mut Noted,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError> {
        let grounds = Grounds {
            store: self.store,
            workspace: self.workspace,
            question: attempt.question,
            wording: self.question,
            language: spoken,
            history: self.history,
            found: &attempt.found,
            instructions: &self.assistant.instructions,
            now: self.now,
            settings,
            reader: Some(self.reader),
            claim: self.claim,
            sampling: self.sampling,
            since: self.since,
            evidence: tokio::sync::OnceCell::new(),
            vector: tokio::sync::OnceCell::new(),
            noted: std::sync::Mutex::new(std::mem::take(noted)),
        };
        for rung in rungs {
            if let Some(mut draft) = rung.answer(&grounds, out).await? {
                if let (true, Some(hash)) =
                    (grounds.evidence.initialized(), self.reader.weights_hash())
                {
                    draft.checks.insert("reader_hash".into(), json!(hash));
                }
                grounds.into_noted().settle(&mut draft.checks);
                return Ok(Some(draft));
            }
        }
        *noted = grounds.into_noted();
        Ok(None)
    }

    /// The question in plain words; `None` when the model has none or fails.
    async fn plainly(
        &self,
        spoken: Language,
        found: &Found,
        noted: &mut Noted,
    ) -> Result<Option<String>, AgentError> {
        let documents = found.language().unwrap_or(spoken);
        let plain = rephrase::plainly(
            self.model,
            self.question,
            self.history,
            documents,
            self.claim,
        );
        match plain.await {
            Ok(plain) => {
                if let Some(plain) = &plain {
                    noted.set("rephrased", json!(plain));
                }
                Ok(plain)
            }
            // Without it the question is answered as it stands.
            Err(error) => {
                tracing::warn!(%error, "the question was not put into plain words");
                noted.set("rephrased", Value::Null);
                Ok(None)
            }
        }
    }
}

/// The language that a visitor writes. A question whose words stand in the documents is in theirs,
/// whatever a few short words look like; one that says little is in the language of the conversation so
/// far, or else of the documents.
fn spoken(question: &str, history: &[ChatMessage], found: &Found) -> Language {
    let documents = found.language();
    let known = found.terms.iter().filter(|term| term.known).count();
    if let Some(documents) = documents
        && known > 0
        && known * 5 >= found.terms.len() * 3
    {
        return documents;
    }
    let documents: Vec<Language> = documents.into_iter().collect();
    let before = history.iter().rev().find(|m| m.role == Role::User);
    let before = before.map(|m| language::of_question_among(&m.content, &documents));
    let likely: Vec<Language> = before.into_iter().chain(documents).collect();
    language::of_question_among(question, &likely)
}

/// Whether a rung noted what it thought of the question.
fn noted_in(draft: &Draft, rung: &str) -> bool {
    let considered = draft.checks.get("considered").and_then(Value::as_array);
    considered.is_some_and(|all| all.iter().any(|c| c["rung"] == rung))
}

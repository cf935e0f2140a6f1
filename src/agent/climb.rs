//! Climbs the answer ladder: search, then the rungs, safest first. If no safe rung answers, try
//! once more with the question in plain words; then refuse. A tool answers before documents if the question is one for it.

use std::time::{Duration, Instant};

use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::case::{Business, Case, permitted};
use super::decline;
use super::errands::{self, Errands, Stage};
use super::meaning::Meanings;
use super::rungs::{Draft, SafeRung, elapsed, model, refusal};
use super::settings::AnswerSettings;
use super::trace::{Rephrased, Trace};
use super::types::Rung;
use super::{AgentError, follow_up, rephrase};
use crate::knowledge::{Audience, Found, Knowledge, Passage, SearchOptions, View};
use crate::language;
use crate::language::Language;
use crate::llm::{ChatMessage, ChatModel, Claim, LlmError, Reader, Role, Sampling};
use crate::store::assistants::{Assistant, AssistantSettings, Tone};
use crate::store::{Store, WorkspaceId};

/// Rephrase the question if the best place is less likely than this. Above it, rephrasing loses
/// more than it gains.
const REPHRASED_BELOW: f32 = 0.2;
/// Most approved answers to read beside the passages.
const NEAR_FAQS: usize = 6;
/// Most passages to search for.
const WANTED: usize = 8;

/// These answer a message only if they understand all of it. Approved answers come before the
/// guess by meaning that a message is small talk.
const WHOLE: [SafeRung; 4] = [
    SafeRung::Talk,
    SafeRung::Faq,
    SafeRung::Fact,
    SafeRung::TalkByMeaning,
];
/// Rungs that may answer one part of a question.
pub(super) const OF_PART: [SafeRung; 3] = [SafeRung::Faq, SafeRung::Fact, SafeRung::Read];
/// A rephrasing may change the meaning, so `Read` is left out: the model judges what it finds.
const IN_PLAIN_WORDS: [SafeRung; 2] = [SafeRung::Faq, SafeRung::Fact];

/// A question on its way up the ladder.
#[derive(Clone, Copy)]
pub(super) struct Climb<'a> {
    pub(super) store: &'a Store,
    pub(super) knowledge: &'a Knowledge,
    pub(super) model: &'a dyn ChatModel,
    pub(super) reader: &'a dyn Reader,
    pub(super) workspace: WorkspaceId,
    pub(super) view: View,
    pub(super) assistant: &'a Assistant,
    /// What it has of its own.
    pub(super) own: &'a AssistantSettings,
    pub(super) meanings: &'a Meanings,
    pub(super) history: &'a [ChatMessage],
    pub(super) question: &'a str,
    pub(super) claim: Claim,
    pub(super) sampling: Option<&'a Sampling>,
    pub(super) now: jiff::Timestamp,
    pub(super) audience: Audience,
    pub(super) since: Instant,
    /// The tools that it may call; `None` where nothing is to be done, as in an evaluation.
    pub(super) errands: Option<Errands<'a>>,
}

/// The answer, and how it came about.
pub(super) struct Climbed {
    pub(super) draft: Draft,
    pub(super) trace: Trace,
    /// What the last search found.
    pub(super) found: Found,
    /// Time of all searches, in ms.
    pub(super) retrieve: u64,
    /// Whether the language model took part.
    pub(super) asked_model: bool,
    /// The visitor's language.
    pub(super) language: Language,
    pub(super) settings: AnswerSettings,
    pub(super) tone: Option<Tone>,
}

/// One search, with one wording of the question.
pub(super) struct Attempt<'a> {
    question: &'a str,
    pub(super) found: Found,
}

impl Climb<'_> {
    /// Returns the answer of the first rung that has one; the refusal if none does.
    pub(super) async fn answer(&self) -> Result<Climbed, AgentError> {
        let business = Business::load(self.store, self.workspace, self.own).await?;
        let settings = &business.settings;
        let first = self.search_own().await?;
        let asked_in = language_of_answer(self.question, self.history, &first.found);
        let language = permitted(self.own, asked_in);
        let mut retrieve = elapsed(self.since);
        let mut trace = Trace::default();
        let case = self.case(&business, language, &first);

        let declined = match decline::topic(&case, self.meanings).await {
            None => decline::language(&case, asked_in),
            topic => topic,
        };
        if let Some((draft, declined)) = declined {
            trace.declined = Some(declined);
            return Ok(Climbed {
                draft,
                found: first.found,
                retrieve,
                asked_model: false,
                trace,
                language,
                settings: business.settings,
                tone: self.own.tone,
            });
        }
        // Try the whole message first: splitting is a guess, and costs a search for each part.
        let mut draft = first_answer(&WHOLE, &case, &mut trace).await?;
        if draft.is_none() {
            let stage = Stage::BeforeDocuments;
            draft = errands::answer(self, language, settings, stage, &mut trace).await?;
        }
        if draft.is_none() && self.reader.ready().is_ok() {
            let in_parts = self.answer_in_parts(&business, language).await?;
            if let Some(mut composed) = in_parts {
                composed.draft.first_token = elapsed(self.since);
                composed.retrieve += retrieve;
                return Ok(composed);
            }
        }
        if draft.is_none() {
            draft = SafeRung::Read.answer(&case, &mut trace).await?;
        }
        if let Some(draft) = draft {
            return Ok(Climbed {
                asked_model: draft.prompt_hash.is_some(),
                draft,
                found: first.found,
                retrieve,
                trace,
                language,
                settings: business.settings,
                tone: self.own.tone,
            });
        }
        // A reader decides alone; the model judges only on machines without one.
        let wanted = self.own.ladder.model != Some(false);
        let able = wanted && self.reader.ready().is_err() && self.model.ready().is_ok();
        let hopeless = trace.latest_score(Rung::Read) < REPHRASED_BELOW;
        let foreign = first.found.language().is_some_and(|l| l != language);
        let plain = if able && settings.rephrase && (hopeless || foreign) {
            let rephrased = self.rephrase(language, &first.found, &mut trace);
            // On a timeout, answer the question as it stands.
            timeout(self.time_left(settings.deadline_seconds), rephrased)
                .await
                .unwrap_or_default()
        } else {
            None
        };
        let mut last = first;
        if let Some(plain) = &plain {
            let since = elapsed(self.since);
            last = self.search(plain, plain).await?;
            retrieve += elapsed(self.since) - since;
        }
        let case = self.case(&business, language, &last);
        if plain.is_some() {
            let again = first_answer(&IN_PLAIN_WORDS, &case, &mut trace).await?;
            if let Some(draft) = again {
                return Ok(Climbed {
                    draft,
                    trace,
                    found: last.found,
                    retrieve,
                    asked_model: true,
                    language,
                    settings: business.settings,
                    tone: self.own.tone,
                });
            }
        }
        let written = if able {
            let written = model::answer(self.model, &case, &mut trace);
            match timeout(self.time_left(settings.deadline_seconds), written).await {
                // The workspace has no tokens left, and answers without the model go on.
                Ok(Err(AgentError::Model(LlmError::Spent(told)))) => {
                    tracing::info!(%told, "the model was not asked");
                    None
                }
                Ok(written) => written?,
                Err(_) => {
                    trace.deadline_seconds = Some(settings.deadline_seconds);
                    None
                }
            }
        } else {
            None
        };
        let draft = written.unwrap_or_else(|| refusal::answer(&case));
        // The model rung notes what it considered only after it has judged.
        let judged = trace.has_considered(Rung::Model);
        Ok(Climbed {
            draft,
            trace,
            found: last.found,
            retrieve,
            asked_model: judged || plain.is_some(),
            language,
            settings: business.settings,
            tone: self.own.tone,
        })
    }

    /// Time left until the deadline.
    pub(super) fn time_left(&self, deadline_seconds: u32) -> Duration {
        Duration::from_secs(deadline_seconds.into()).saturating_sub(self.since.elapsed())
    }

    /// Searches for the question, completed from the conversation if it is a follow-up.
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
            tags: self.own.knowledge.tags.clone(),
            ..SearchOptions::default()
        };
        let mut found = self
            .knowledge
            .search()
            .find_with(self.workspace, sought, &options)
            .await?;
        // Approved answers that do not match as a whole may still contain the answer.
        if self.own.ladder.faq == Some(false) {
            return Ok(Attempt { question, found });
        }
        let near = self.knowledge.faqs().find_near(
            self.workspace,
            question,
            found.vector.as_deref(),
            self.now.as_millisecond(),
            NEAR_FAQS,
            &self.own.knowledge.tags,
        );
        found.passages.extend(near.iter().map(Passage::of_faq));
        Ok(Attempt { question, found })
    }

    /// What the rungs know in this attempt.
    pub(super) fn case<'s>(
        &'s self,
        business: &'s Business,
        language: Language,
        attempt: &'s Attempt<'_>,
    ) -> Case<'s> {
        Case {
            store: self.store,
            knowledge: self.knowledge,
            workspace: self.workspace,
            business,
            question: attempt.question,
            wording: self.question,
            language,
            history: self.history,
            found: &attempt.found,
            instructions: &self.assistant.instructions,
            own: self.own,
            now: self.now,
            reader: self.reader,
            claim: self.claim,
            sampling: self.sampling,
            since: self.since,
            evidence: OnceCell::new(),
            vector: OnceCell::new(),
        }
    }

    /// The question in plain words; `None` when the model changes nothing or fails.
    async fn rephrase(
        &self,
        language: Language,
        found: &Found,
        trace: &mut Trace,
    ) -> Option<String> {
        let documents = found.language().unwrap_or(language);
        let plain = rephrase::ask(
            self.model,
            self.question,
            self.history,
            documents,
            self.claim,
        );
        match plain.await {
            Ok(plain) => {
                trace.rephrased = plain.clone().map(Rephrased::Plainly);
                plain
            }
            // Not fatal: the question is answered as it stands.
            Err(error) => {
                tracing::warn!(%error, "the question was not put into plain words");
                trace.rephrased = Some(Rephrased::Failed);
                None
            }
        }
    }
}

/// Asks the rungs in order and returns the first answer.
pub(super) async fn first_answer(
    rungs: &[SafeRung],
    case: &Case<'_>,
    trace: &mut Trace,
) -> Result<Option<Draft>, AgentError> {
    for rung in rungs {
        let draft = rung.answer(case, trace).await?;
        if draft.is_some() {
            return Ok(draft);
        }
    }
    Ok(None)
}

/// The language to answer in. A question whose words occur in the documents is in their language,
/// whatever a few short words look like. Otherwise guess among the language of the conversation
/// so far and that of the documents.
fn language_of_answer(question: &str, history: &[ChatMessage], found: &Found) -> Language {
    let documents = found.language();
    let known = found.terms.iter().filter(|term| term.known).count();
    if let Some(documents) = documents
        && known > 0
        // Three in five words known.
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

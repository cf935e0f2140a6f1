//! The rung of machines without a reader: the language model is asked, first whether a place
//! answers the question, then for a sentence or two from that place, each of which is held against it
//! before anybody sees it.

use async_trait::async_trait;
use futures::StreamExt;
use serde_json::json;
use tokio::sync::mpsc::Sender;

use super::{Draft, Grounds, LadderRung, elapsed, read, show};
use crate::agent::AgentError;
use crate::agent::evidence::{Evidence, Place, quote};
use crate::agent::prompt;
use crate::agent::support::{self, Verdict};
use crate::agent::types::{Rung, Tokens, TurnEvent};
use crate::knowledge::Found;
use crate::language::sentences;
use crate::llm::{self, ChatEvent, ChatMessage, ChatModel, ChatRequest, LlmError};

/// Places that the model judges. Each costs it the reading of some hundred tokens.
const JUDGED: usize = 2;
/// A place below this probability is not worth the model's time.
const HOPELESS: f32 = 0.06;
/// Weights of a logistic regression over the place's own log-odds and the model's, fitted to 82 judged
/// places of a dental practice's documents: the model's judgement counts more than the place's own.
const OWN: f32 = 0.6;
const JUDGEMENT: f32 = 0.79;
const BIAS: f32 = 0.57;
/// Tokens of a written answer: a grounded one is short, a long one is the model talking to itself.
const LONGEST: u32 = 120;

/// The model judges and writes.
pub(crate) struct ModelRung<'m> {
    pub(crate) model: &'m dyn ChatModel,
}

#[async_trait]
impl LadderRung for ModelRung<'_> {
    async fn answer(
        &self,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError> {
        let gathered = grounds.evidence().await;
        let worthwhile = gathered.best().is_some_and(|best| best.score >= HOPELESS);
        if !worthwhile {
            return Ok(None);
        }
        let evidence = self.judge(gathered, grounds).await?;
        let Some(best) = evidence.best() else {
            return Ok(None);
        };
        let quoted = read::quoted(&evidence, grounds.found, grounds.language);
        grounds.note("model", best, &quoted.text, &[]);
        if best.score < grounds.settings.model_threshold {
            return Ok(None);
        }
        let quote_only = grounds
            .settings
            .quote_only
            .iter()
            .any(|topic| topic.is_of(grounds.question));
        if quote_only || quoted.checks.contains_key("contradicts") {
            return Ok(Some(read::show(Rung::Read, quoted, grounds, out).await));
        }
        self.write(quoted, &evidence, grounds, out).await
    }
}

impl ModelRung<'_> {
    /// The best places, their probabilities corrected by what the model says of them.
    async fn judge(
        &self,
        gathered: &Evidence,
        grounds: &Grounds<'_>,
    ) -> Result<Evidence, AgentError> {
        let mut evidence = gathered.clone();
        for place in evidence.places.iter_mut().take(JUDGED) {
            let Some(text) = place_text(place, grounds.found) else {
                continue;
            };
            let messages = prompt::judgement(&text, grounds.history, grounds.wording);
            let odds = llm::yes_or_no(self.model, messages, grounds.claim).await?;
            place.features.judged = Some(odds);
            place.score = corrected(place.score, odds);
        }
        evidence.places.truncate(JUDGED);
        evidence.places.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(evidence)
    }

    /// A sentence or two in the model's words, then the quotation that they rest on. When no sentence
    /// holds, the quotation stands alone; `None` when the model finds no answer in it.
    async fn write(
        &self,
        quoted: read::Quoted,
        evidence: &Evidence,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError> {
        let quotes: Vec<String> = evidence
            .places
            .iter()
            .filter(|p| p.score >= grounds.settings.model_threshold)
            .filter_map(|p| place_text(p, grounds.found))
            .collect();
        let messages = prompt::messages(
            grounds.instructions,
            grounds.history,
            &quotes,
            grounds.question,
        );
        let prompt_hash = prompt::hash(&messages);
        let mut writing = Writing::new(&quotes);
        self.stream(messages, grounds, &mut writing).await?;
        if writing.refused {
            return Ok(None);
        }
        let mut draft = if writing.kept.is_empty() {
            read::show(Rung::Read, quoted, grounds, out).await
        } else {
            let mark = quoted.citations.first().map_or(1, |c| c.number);
            let text = format!("{} [{mark}]\n\n{}", writing.kept.join(" "), quoted.text);
            show(out, text.clone()).await;
            Draft {
                rung: Rung::Model,
                text,
                citations: quoted.citations,
                checks: quoted.checks,
                handoff: false,
                tokens: writing.tokens,
                first_token: elapsed(grounds.since),
                prompt_hash: None,
                interrupted: None,
                open: None,
            }
        };
        draft
            .checks
            .insert("sentences".into(), json!(writing.verdicts));
        draft.prompt_hash = Some(prompt_hash);
        draft.tokens = writing.tokens;
        Ok(Some(draft))
    }

    async fn stream(
        &self,
        messages: Vec<ChatMessage>,
        grounds: &Grounds<'_>,
        writing: &mut Writing<'_>,
    ) -> Result<(), AgentError> {
        let mut request = ChatRequest::new(messages, grounds.claim);
        if let Some(sampling) = grounds.sampling {
            request.sampling = sampling.clone();
        }
        let most = request.sampling.max_tokens.unwrap_or(LONGEST).min(LONGEST);
        request.sampling.max_tokens = Some(most);
        let mut stream = self.model.chat(request).await?;
        while let Some(event) = stream.next().await {
            match event {
                Ok(ChatEvent::Delta(text)) => writing.text.push_str(&text),
                Ok(ChatEvent::Done { usage, .. }) => {
                    writing.tokens = Tokens {
                        prompt: usage.prompt_tokens,
                        cached: usage.cached_tokens,
                        completion: usage.completion_tokens,
                    };
                }
                Ok(_) => {}
                // The quotation stands without the model's words.
                Err(LlmError::Interrupted(reason)) => {
                    tracing::warn!(%reason, "an answer is quoted, since its writing was interrupted");
                    writing.text.clear();
                    break;
                }
                Err(other) => return Err(other.into()),
            }
        }
        writing.check();
        Ok(())
    }
}

/// What the model writes, and what is left of it.
struct Writing<'q> {
    quotes: &'q [String],
    text: String,
    kept: Vec<String>,
    verdicts: Vec<serde_json::Value>,
    /// The model says that the quotations do not answer.
    refused: bool,
    tokens: Tokens,
}

impl<'q> Writing<'q> {
    fn new(quotes: &'q [String]) -> Self {
        Self {
            quotes,
            text: String::new(),
            kept: Vec::new(),
            verdicts: Vec::new(),
            refused: false,
            tokens: Tokens::default(),
        }
    }

    /// Holds each sentence against the quotations and keeps what stands.
    fn check(&mut self) {
        if self.text.contains(prompt::NOTHING) {
            self.refused = true;
            self.verdicts.push(json!({"verdict": "nothing"}));
            return;
        }
        for range in sentences::sentences(&self.text) {
            let Some(sentence) = self.text.get(range) else {
                continue;
            };
            let sentence = capitalised(support::without_verdict(sentence));
            let verdict = support::check(&sentence, self.quotes);
            let mut entry = json!(verdict);
            if let Some(entry) = entry.as_object_mut() {
                entry.insert("text".into(), json!(sentence));
            }
            self.verdicts.push(entry);
            match verdict {
                Verdict::Supported { .. } => self.kept.push(sentence),
                Verdict::Empty => {}
                // What follows may lean on what was cut.
                _ => break,
            }
        }
    }
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// A place's words with title and heading, as the model reads them.
fn place_text(place: &Place, found: &Found) -> Option<String> {
    let passage = found.passages.get(place.passage)?;
    let words = quote::readable(passage.text.get(place.range.clone())?);
    let above = std::iter::once(passage.title.as_str())
        .chain(passage.heading_path.last().map(String::as_str))
        .collect::<Vec<_>>()
        .join(" – ");
    Some(format!("{above}: {words}"))
}

/// A probability corrected by log-odds from elsewhere.
fn corrected(probability: f32, odds: f32) -> f32 {
    let p = probability.clamp(0.001, 0.999);
    let own = (p / (1.0 - p)).ln();
    let sum = OWN * own + JUDGEMENT * odds.clamp(-8.0, 8.0) + BIAS;
    1.0 / (1.0 + (-sum).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_judgement_moves_a_probability_both_ways() {
        assert!(corrected(0.5, 4.0) > 0.7);
        assert!(corrected(0.5, -4.0) < 0.3);
        assert!(corrected(0.6, 0.0) > corrected(0.4, 0.0));
    }

    #[test]
    fn only_sentences_that_stand_in_the_quotations_are_kept() {
        let quotes = ["Parking: We validate up to 2 hours in the garage.".to_owned()];
        let mut writing = Writing::new(&quotes);
        writing.text = "Yes, we validate 2 hours in the garage. The garage costs $5 a day.".into();
        writing.check();
        assert_eq!(writing.kept, ["We validate 2 hours in the garage."]);
        assert_eq!(writing.verdicts.len(), 2);
    }

    #[test]
    fn a_refusal_of_the_writer_is_no_quotation() {
        let quotes = ["Parking: free.".to_owned()];
        let mut writing = Writing::new(&quotes);
        writing.text = prompt::NOTHING.to_owned();
        writing.check();
        assert!(writing.refused && writing.kept.is_empty());
    }
}

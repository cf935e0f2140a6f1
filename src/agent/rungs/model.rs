//! The rung for machines without a reader. The language model first judges whether a place
//! answers the question, then writes a sentence or two from it. Each sentence is checked against the place
//! before anybody sees it.

use futures::StreamExt;

use super::{Draft, read};
use crate::agent::AgentError;
use crate::agent::case::Case;
use crate::agent::evidence::{Evidence, EvidencePlace, quote};
use crate::agent::prompt;
use crate::agent::support;
use crate::agent::trace::{SentenceTrace, Trace};
use crate::agent::types::{Rung, Tokens};
use crate::knowledge::Found;
use crate::llm::{self, ChatEvent, ChatMessage, ChatModel, ChatRequest, LlmError, Served};

/// Most places to judge; each costs the model a few hundred prompt tokens.
const JUDGED: usize = 2;
/// Places below this probability are not worth the model's time.
const HOPELESS: f32 = 0.06;
/// Weights of a logistic regression over the log-odds of place and model, fitted to 82 judged
/// places from a dental practice's documents. The model's judgement counts more than the place's own.
const OWN: f32 = 0.6;
const JUDGEMENT: f32 = 0.79;
const BIAS: f32 = 0.57;
/// Most tokens of an answer: grounded answers are short, long ones are invented.
const LONGEST: u32 = 120;

/// Judges the best places and writes an answer from those that pass; `None` when none does.
pub(crate) async fn answer(
    model: &dyn ChatModel,
    case: &Case<'_>,
    trace: &mut Trace,
) -> Result<Option<Draft>, AgentError> {
    let gathered = case.evidence().await;
    trace.reader_hash = case.reader.weights_hash();
    let worthwhile = gathered.best().is_some_and(|best| best.score >= HOPELESS);
    if !worthwhile {
        return Ok(None);
    }
    let evidence = judge(model, gathered, case).await?;
    let Some(best) = evidence.best() else {
        return Ok(None);
    };
    let quoted = read::quote_best(&evidence, case.found, case.language);
    let considered = case.consider(Rung::Model, best, &quoted.text, &[]);
    trace.considered.push(considered);
    let settings = &case.business.settings;
    if best.score < settings.model_threshold {
        return Ok(None);
    }
    let mut topics = settings.quote_only.iter();
    let quote_only = topics.any(|topic| topic.is_of(case.question));
    if quote_only || quoted.contradicts.is_some() {
        return Ok(Some(quoted.into_draft(Rung::Read, case, trace)));
    }
    write(model, quoted, &evidence, case, trace).await
}

/// The best places, with probabilities corrected by the model's judgement.
async fn judge(
    model: &dyn ChatModel,
    gathered: &Evidence,
    case: &Case<'_>,
) -> Result<Evidence, AgentError> {
    let mut evidence = gathered.clone();
    for place in evidence.places.iter_mut().take(JUDGED) {
        let Some(text) = place_text(place, case.found) else {
            continue;
        };
        let messages = prompt::judgement(&text, case.history, case.wording);
        let odds = llm::yes_or_no(model, messages, case.claim).await?;
        place.features.judged = Some(odds);
        place.score = correct(place.score, odds);
    }
    evidence.places.truncate(JUDGED);
    evidence.places.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(evidence)
}

/// Writes a sentence or two, followed by the quotation behind them. If no sentence passes the
/// checks, only the quotation is left; `None` when the model finds no answer in it.
async fn write(
    model: &dyn ChatModel,
    mut quoted: read::Quoted,
    evidence: &Evidence,
    case: &Case<'_>,
    trace: &mut Trace,
) -> Result<Option<Draft>, AgentError> {
    let quotes: Vec<String> = evidence
        .places
        .iter()
        .filter(|p| p.score >= case.business.settings.model_threshold)
        .filter_map(|p| place_text(p, case.found))
        .collect();
    let messages = prompt::messages(
        case.instructions,
        case.own.tone,
        case.history,
        &quotes,
        case.question,
    );
    let prompt_hash = prompt::hash(&messages);
    let mut writing = Writing::new(&quotes);
    // Show nothing before the last sentence is checked: a later one may refuse.
    let request = writing_request(messages, case);
    writing.collect(model, request).await?;
    trace.served = writing.served.take();
    writing.check();
    if writing.refused {
        return Ok(None);
    }
    let rung = if writing.kept.is_empty() {
        Rung::Read
    } else {
        let mark = quoted.citations.first().map_or(1, |c| c.number);
        quoted.text = format!("{} [{mark}]\n\n{}", writing.kept.join(" "), quoted.text);
        Rung::Model
    };
    let mut draft = quoted.into_draft(rung, case, trace);
    trace.sentences = Some(writing.verdicts);
    draft.prompt_hash = Some(prompt_hash);
    draft.tokens = writing.tokens;
    Ok(Some(draft))
}

fn writing_request(messages: Vec<ChatMessage>, case: &Case<'_>) -> ChatRequest {
    let mut request = ChatRequest::new(messages, case.claim);
    if let Some(sampling) = case.sampling {
        request.sampling = sampling.clone();
    }
    let most = request.sampling.max_tokens.unwrap_or(LONGEST).min(LONGEST);
    request.sampling.max_tokens = Some(most);
    request
}

/// The model's text, and the sentences that passed.
pub(crate) struct Writing<'q> {
    quotes: &'q [String],
    text: String,
    pub(crate) kept: Vec<String>,
    pub(crate) verdicts: Vec<SentenceTrace>,
    /// The model says that the quotations do not answer.
    pub(crate) refused: bool,
    pub(crate) tokens: Tokens,
    /// The provider that wrote.
    pub(crate) served: Option<Served>,
}

impl<'q> Writing<'q> {
    pub(crate) fn new(quotes: &'q [String]) -> Self {
        Self {
            quotes,
            text: String::new(),
            kept: Vec::new(),
            verdicts: Vec::new(),
            refused: false,
            tokens: Tokens::default(),
            served: None,
        }
    }

    /// Reads the model's whole output.
    pub(crate) async fn collect(
        &mut self,
        model: &dyn ChatModel,
        request: ChatRequest,
    ) -> Result<(), AgentError> {
        let mut stream = model.chat(request).await?;
        while let Some(event) = stream.next().await {
            match event {
                Ok(ChatEvent::Delta(text)) => self.text.push_str(&text),
                Ok(ChatEvent::ServedBy(served)) => self.served = Some(served),
                Ok(ChatEvent::Done { usage, .. }) => {
                    self.tokens = Tokens {
                        prompt: usage.prompt_tokens,
                        cached: usage.cached_tokens,
                        completion: usage.completion_tokens,
                    };
                }
                Ok(_) => {}
                // Give the quotation without the model's words.
                Err(LlmError::Interrupted(reason)) => {
                    tracing::warn!(%reason, "an answer is quoted, since its writing was interrupted");
                    self.text.clear();
                    break;
                }
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    }

    /// Checks each sentence against the quotations and keeps those that pass.
    pub(crate) fn check(&mut self) {
        if self.text.contains(prompt::NOTHING) {
            self.refused = true;
            return;
        }
        (self.kept, self.verdicts) =
            support::keep_supported(&self.text, self.quotes, support::ENOUGH);
    }
}

/// The words of a place with title and heading, as shown to the model.
fn place_text(place: &EvidencePlace, found: &Found) -> Option<String> {
    let passage = found.passages.get(place.passage)?;
    let words = quote::make_readable(passage.text.get(place.range.clone())?);
    let above = std::iter::once(passage.title.as_str())
        .chain(passage.heading_path.last().map(String::as_str))
        .collect::<Vec<_>>()
        .join(" – ");
    Some(format!("{above}: {words}"))
}

/// Corrects a probability by the model's log-odds.
fn correct(probability: f32, odds: f32) -> f32 {
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
        assert!(correct(0.5, 4.0) > 0.7);
        assert!(correct(0.5, -4.0) < 0.3);
        assert!(correct(0.6, 0.0) > correct(0.4, 0.0));
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

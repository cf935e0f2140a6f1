//! The rung that quotes: the sentences of a passage, verbatim, when they surely answer.

use async_trait::async_trait;
use serde_json::{Map, json};
use tokio::sync::mpsc::Sender;

use super::{Draft, Grounds, LadderRung};
use crate::agent::AgentError;
use crate::agent::cite::citation;
use crate::agent::evidence::{Evidence, Place, quote};
use crate::agent::phrases::phrases;
use crate::agent::types::{Citation, Rung, TurnEvent};
use crate::knowledge::{Found, Language};

/// Quotations in one answer.
const MOST_QUOTES: usize = 2;
/// A second quotation is shown when it is this likely in comparison with the first.
const NEARLY: f32 = 0.6;

/// Share of the question's words that a second quotation must hold, 0 to 1.
const SPEAKS: f32 = 0.3;

/// Quotes the best place, when it is likely enough to answer.
pub(in crate::agent) struct ExtractRung;

#[async_trait]
impl LadderRung for ExtractRung {
    async fn answer(
        &self,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError> {
        let evidence = grounds.evidence().await;
        let Some(best) = evidence.best() else {
            return Ok(None);
        };
        let quoted = quoted(evidence, grounds.found, grounds.language);
        grounds.note("extract", best, &quoted.text);
        // A word that stands nowhere may be what the question is about: the model has to judge then.
        let unsure = best.features.lacks || best.features.unknown > 0.0;
        if best.score < grounds.settings.extract_threshold || unsure {
            return Ok(None);
        }
        Ok(Some(show(quoted, grounds, out).await))
    }
}

/// A quotation with its citations and what was checked.
pub(super) struct Quoted {
    pub(super) text: String,
    pub(super) citations: Vec<Citation>,
    pub(super) checks: Map<String, serde_json::Value>,
}

/// Shows a quotation as the answer.
pub(super) async fn show(quoted: Quoted, grounds: &Grounds<'_>, out: &Sender<TurnEvent>) -> Draft {
    let mut draft = Draft::show(Rung::Extract, quoted.text, quoted.citations, grounds, out).await;
    draft.checks = quoted.checks;
    draft
}

/// The best places as quotations. Of two documents that contradict each other the newer is quoted, and
/// the older is named.
pub(super) fn quoted(evidence: &Evidence, found: &Found, spoken: Language) -> Quoted {
    let phrases = phrases(spoken);
    let mut chosen: Vec<&Place> = Vec::new();
    let least = evidence.best().map_or(1.0, |best| best.score * NEARLY);
    for place in &evidence.places {
        let speaks_of_it = place.features.quoted >= SPEAKS && !place.features.lacks;
        let fits = chosen.is_empty() || (place.score >= least && speaks_of_it);
        if chosen.len() < MOST_QUOTES && fits {
            chosen.push(place);
        }
    }
    let older = evidence.superseded.iter().find(|superseded| {
        let (passage, range) = &superseded.newer;
        chosen
            .iter()
            .any(|c| c.passage == *passage && c.range == *range)
    });
    let mut lines = Vec::new();
    let mut citations = Vec::new();
    for place in &chosen {
        let Some((words, cited)) = cite(place, found, citations.len()) else {
            continue;
        };
        lines.push(format!("{words} [{}]", cited.number));
        citations.push(cited);
    }
    if found
        .language()
        .is_some_and(|documents| documents != spoken)
    {
        lines.insert(0, phrases.quoted.to_owned());
    }
    let mut checks = Map::new();
    if evidence.injected > 0 {
        checks.insert("orders_ignored".into(), json!(evidence.injected));
    }
    if let Some((_, cited)) = older.and_then(|o| cite(&o.older, found, citations.len())) {
        let said = phrases.older.replace("{}", &cited.title);
        lines.push(format!("({said} [{}])", cited.number));
        checks.insert("contradicts".into(), json!(cited.document));
        citations.push(cited);
    }
    Quoted {
        text: lines.join("\n"),
        citations,
        checks,
    }
}

/// A place's words for the visitor, and its citation.
fn cite(place: &Place, found: &Found, before: usize) -> Option<(String, Citation)> {
    let passage = found.passages.get(place.passage)?;
    let words = passage.text.get(place.range.clone())?.trim();
    let number = u32::try_from(before + 1).unwrap_or(u32::MAX);
    let shown = if quote::is_row(words) {
        quote::readable(words)
    } else {
        format!("“{}”", quote::readable(words))
    };
    let mut cited = citation(passage, words, number);
    cited.score = place.score;
    Some((shown, cited))
}

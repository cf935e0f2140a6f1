//! The rung that reads: the words of a passage that answer, verbatim, when the reader is sure of them;
//! when it is not, what comes closest, plainly marked as no answer.

use std::borrow::Cow;
use std::ops::Range;

use async_trait::async_trait;
use serde_json::{Map, json};
use tokio::sync::mpsc::Sender;

use super::{Draft, Grounds, LadderRung, faq};
use crate::agent::AgentError;
use crate::agent::cite::citation;
use crate::agent::computed;
use crate::agent::decide::{Decision, decide};
use crate::agent::evidence::{Evidence, Place, READ_AGAIN, quote};
use crate::agent::phrases::phrases;
use crate::agent::types::{Citation, Rung, TurnEvent};
use crate::hours;
use crate::knowledge::{Found, Knowledge, Passage};
use crate::language::Language;
use crate::language::sentences;
use crate::store;

/// Places in a row that may be orders before the question counts as one without an answer.
const MOST_ORDERS: usize = 4;
/// Quotations in one answer.
const MOST_QUOTES: usize = 2;
/// A second quotation is shown when it is this likely in comparison with the first.
const NEARLY: f32 = 0.75;
/// Share of the question's words that a second quotation must hold, 0 to 1.
const SPEAKS: f32 = 0.3;

/// Quotes the best place if it likely answers, or shows it as related.
pub(crate) struct ReadRung<'k> {
    pub(crate) knowledge: &'k Knowledge,
}

#[async_trait]
impl LadderRung for ReadRung<'_> {
    async fn answer(
        &self,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError> {
        let evidence = grounds.evidence().await;
        if let Some(reason) = &evidence.unread {
            grounds.note_unread(reason);
        }
        let evidence = &*self.without_orders(evidence, grounds).await;
        let Some(best) = evidence.best() else {
            return Ok(None);
        };
        let decision = decide(best.score, grounds.settings);
        let mut quoted = quoted(evidence, grounds.found, grounds.language);
        if decision == Decision::Answer && !best.features.approved {
            quoted = reckoned(quoted, best, grounds).await?;
        }
        let others = evidence
            .places
            .get(1..READ_AGAIN.min(evidence.places.len()));
        let passage = grounds.found.passages.get(best.passage);
        let given = match passage.filter(|p| p.faq.is_some()) {
            Some(approved) => &approved.text,
            None => &quoted.text,
        };
        grounds.note("read", best, given, others.unwrap_or_default());
        // Without a reader it is for the model to judge.
        if best.features.margin.is_none() {
            return Ok(None);
        }
        Ok(match decision {
            Decision::Answer if best.features.approved => {
                approved(best, quoted, grounds, out).await
            }
            Decision::Answer => Some(show(Rung::Read, quoted, grounds, out).await),
            Decision::Related => {
                let framed = as_related(quoted, grounds.language);
                let mut draft = show(Rung::Related, framed, grounds, out).await;
                draft.handoff = true;
                Some(draft)
            }
            Decision::Refuse => None,
        })
    }
}

impl ReadRung<'_> {
    /// The evidence without places in paragraphs that give orders to an assistant, as far as it would be quoted. Approved
    /// answers are not checked; the owner wrote them.
    async fn without_orders<'e>(
        &self,
        evidence: &'e Evidence,
        grounds: &Grounds<'_>,
    ) -> Cow<'e, Evidence> {
        let mut kept = Cow::Borrowed(evidence);
        let mut ordinary: Vec<(usize, Range<usize>)> = Vec::new();
        let mut orders = 0;
        while orders < MOST_ORDERS {
            let shown = |best: &Place| decide(best.score, grounds.settings) != Decision::Refuse;
            if !kept.best().is_some_and(shown) {
                return kept;
            }
            let at = |place: &Place| (place.passage, place.range.clone());
            let next = chosen(&kept, grounds.found)
                .into_iter()
                .find(|p| !p.features.approved && !ordinary.contains(&at(p)))
                .map(at);
            let Some((passage, range)) = next else {
                return kept;
            };
            let text = grounds.found.passages.get(passage).map(|p| &p.text);
            if !self
                .knowledge
                .gives_orders(text.map_or("", String::as_str), &range, grounds.claim)
                .await
            {
                ordinary.push((passage, range));
                continue;
            }
            orders += 1;
            let trimmed = kept.to_mut();
            trimmed
                .places
                .retain(|p| (p.passage, &p.range) != (passage, &range));
            trimmed.injected += 1;
        }
        // Somebody has filled the documents with them.
        kept.to_mut().places.clear();
        kept
    }
}

/// What the owner approved is given whole, and not only the words that answer.
async fn approved(
    best: &Place,
    quoted: Quoted,
    grounds: &Grounds<'_>,
    out: &Sender<TurnEvent>,
) -> Option<Draft> {
    let passage = grounds.found.passages.get(best.passage)?;
    let mut cited = quoted.citations.into_iter().next()?;
    cited.marked = Some([best.focus.start, best.focus.end]);
    cited.span = [0, passage.text.len()];
    cited.quote.clone_from(&passage.text);
    let mut draft = faq::given(cited, grounds, out).await;
    draft.checks = quoted.checks;
    Some(draft)
}

/// The quotation with what can be reckoned from it, or the rows that it was reckoned from.
async fn reckoned(
    mut quoted: Quoted,
    best: &Place,
    grounds: &Grounds<'_>,
) -> Result<Quoted, AgentError> {
    let [cited] = quoted.citations.as_slice() else {
        return Ok(quoted);
    };
    let Some(passage) = grounds.found.passages.get(best.passage) else {
        return Ok(quoted);
    };
    let now = match computed::needs_time(grounds.question) {
        true => Some(local_time(grounds).await?),
        false => None,
    };
    let asked = computed::Asked {
        question: grounds.question,
        language: grounds.language,
        now: now.as_ref(),
    };
    let above = passage.heading_path.last().map_or("", String::as_str);
    let table = computed::Table::around(&passage.text, &best.range, above);
    let from_table = table.and_then(|t| Some((computed::from_table(&asked, &t)?, t.extent())));
    let computed = match from_table {
        Some((computed, extent)) if is_whole(passage, &extent, grounds).await? => computed,
        _ => match computed::from_quotation(&asked, deciding(cited)) {
            Some(computed) => computed,
            None => return Ok(quoted),
        },
    };
    if !computed.rows.is_empty() {
        let places: Vec<Place> = computed.rows.iter().map(|row| at_row(best, row)).collect();
        let places: Vec<&Place> = places.iter().collect();
        let checks = quoted.checks;
        quoted = as_quoted(&places, grounds.found, grounds.language);
        quoted.checks = checks;
    }
    quoted.text = format!("{}\n{}", quoted.text, computed.formula);
    let formula = json!(computed.formula);
    quoted.checks.insert("computed".into(), formula);
    Ok(quoted)
}

/// The place of another row of the best one's table.
fn at_row(best: &Place, row: &Range<usize>) -> Place {
    let same = best.range == *row;
    Place {
        range: row.clone(),
        focus: if same {
            best.focus.clone()
        } else {
            row.clone()
        },
        ..best.clone()
    }
}

/// Whether a table is all that the document has under these headers: it may go on behind its passage, or in other groups.
async fn is_whole(
    passage: &Passage,
    table: &computed::Extent,
    grounds: &Grounds<'_>,
) -> Result<bool, AgentError> {
    let (workspace, version) = (grounds.workspace, passage.version);
    let text = (grounds.store)
        .read(move |conn| store::versions::find_text(conn, workspace, version))
        .await?;
    let rows = text.map_or(0, |text| table.rows_like_it(&text.text));
    Ok(rows == table.rows)
}

/// The time at the business.
async fn local_time(grounds: &Grounds<'_>) -> Result<jiff::Zoned, AgentError> {
    let workspace = grounds.workspace;
    let settings = (grounds.store)
        .read(move |conn| store::facts::settings(conn, workspace))
        .await?;
    Ok(grounds.now.to_zoned(hours::time_zone(&settings)))
}

/// What decides: the marked words' cell of a row, or their sentence.
fn deciding(cited: &Citation) -> &str {
    let Some([start, end]) = cited.marked else {
        return "";
    };
    let range = if quote::is_row(&cited.quote) {
        let before = cited.quote.get(..start).and_then(|b| b.rfind(" | "));
        let behind = cited.quote.get(end..).and_then(|b| b.find(" | "));
        let from = before.map_or(0, |at| at + " | ".len());
        from..behind.map_or(cited.quote.len(), |at| end + at)
    } else {
        let sentences = sentences::sentences(&cited.quote);
        let holds = |s: &Range<usize>| s.start <= start && end <= s.end;
        sentences.into_iter().find(holds).unwrap_or(start..end)
    };
    cited.quote.get(range).unwrap_or_default()
}

/// A quotation said to be no answer, with the offer of a person.
fn as_related(mut quoted: Quoted, spoken: Language) -> Quoted {
    let phrases = phrases(spoken);
    quoted.text = format!("{}\n{}\n{}", phrases.related, quoted.text, phrases.offer);
    quoted
}

/// A quotation with its citations and what was checked.
pub(super) struct Quoted {
    pub(super) text: String,
    pub(super) citations: Vec<Citation>,
    pub(super) checks: Map<String, serde_json::Value>,
}

/// Shows a quotation as the answer.
pub(super) async fn show(
    rung: Rung,
    quoted: Quoted,
    grounds: &Grounds<'_>,
    out: &Sender<TurnEvent>,
) -> Draft {
    let mut draft = Draft::show(rung, quoted.text, quoted.citations, grounds, out).await;
    draft.checks = quoted.checks;
    draft
}

/// The places that are quoted: the best, and one more that is nearly as good.
fn chosen<'e>(evidence: &'e Evidence, found: &Found) -> Vec<&'e Place> {
    let mut chosen: Vec<&Place> = Vec::new();
    let least = evidence.best().map_or(1.0, |best| best.score * NEARLY);
    for place in &evidence.places {
        let speaks_of_it = place.features.quoted >= SPEAKS;
        // The row beside the right one looks like it and says something else.
        let beside = chosen
            .iter()
            .any(|c| c.passage == place.passage && is_row(c, found));
        let fits = chosen.is_empty() || (place.score >= least && speaks_of_it && !beside);
        if chosen.len() < MOST_QUOTES && fits {
            chosen.push(place);
        }
    }
    chosen
}

/// The best places as quotations. Of two documents that contradict each other the newer is quoted, and
/// the older is named.
pub(super) fn quoted(evidence: &Evidence, found: &Found, spoken: Language) -> Quoted {
    let chosen = chosen(evidence, found);
    let older = evidence.superseded.iter().find(|superseded| {
        let (passage, range) = &superseded.newer;
        chosen
            .iter()
            .any(|c| c.passage == *passage && c.range == *range)
    });
    let mut quoted = as_quoted(&chosen, found, spoken);
    if evidence.injected > 0 {
        let injected = json!(evidence.injected);
        quoted.checks.insert("orders_ignored".into(), injected);
    }
    if let Some((_, cited)) = older.and_then(|o| cite(&o.older, found, quoted.citations.len())) {
        let said = phrases(spoken).older.replace("{}", &cited.title);
        quoted.text = format!("{}\n({said} [{}])", quoted.text, cited.number);
        let document = json!(cited.document);
        quoted.checks.insert("contradicts".into(), document);
        quoted.citations.push(cited);
    }
    quoted
}

/// These places as quotations, one after the other.
fn as_quoted(places: &[&Place], found: &Found, spoken: Language) -> Quoted {
    let mut lines = Vec::new();
    let mut citations = Vec::new();
    for place in places {
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
        lines.insert(0, phrases(spoken).quoted.to_owned());
    }
    Quoted {
        text: lines.join("\n"),
        citations,
        checks: Map::new(),
    }
}

fn is_row(place: &Place, found: &Found) -> bool {
    let passage = found.passages.get(place.passage);
    let words = passage.and_then(|p| p.text.get(place.range.clone()));
    words.is_some_and(quote::is_row)
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
    if place.features.margin.is_some() {
        cited.marked = marked(passage.text.get(place.range.clone())?, place);
    }
    Some((shown, cited))
}

/// Where the deciding words stand in the quotation, in bytes.
fn marked(quotation: &str, place: &Place) -> Option<[usize; 2]> {
    let before = quotation.len() - quotation.trim_start().len();
    let start = place.focus.start.max(place.range.start) - place.range.start;
    let end = place
        .focus
        .end
        .min(place.range.end)
        .checked_sub(place.range.start)?;
    let length = quotation.trim().len();
    let (start, end) = (
        start.saturating_sub(before),
        end.saturating_sub(before).min(length),
    );
    (start < end).then_some([start, end])
}

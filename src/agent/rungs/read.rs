//! The reading rung: quotes the words of a passage that answer, if the reader is sure of them;
//! otherwise shows the closest words, clearly marked as not being an answer.

use std::borrow::Cow;
use std::ops::Range;

use super::{Draft, faq};
use crate::agent::AgentError;
use crate::agent::case::Case;
use crate::agent::cite::make_citation;
use crate::agent::computed;
use crate::agent::decide::{Decision, decide};
use crate::agent::evidence::{Evidence, EvidencePlace, READ_AGAIN, quote};
use crate::agent::phrases::phrases;
use crate::agent::trace::Trace;
use crate::agent::types::{Citation, Rung};
use crate::knowledge::{Found, Passage};
use crate::language::Language;
use crate::language::sentences;
use crate::store;

/// If this many places in a row give orders, treat the question as having no answer.
const MOST_ORDERS: usize = 4;
/// Most quotations in one answer.
const MOST_QUOTES: usize = 2;
/// Show a second quotation if it scores at least this share of the first.
const NEARLY: f32 = 0.75;
/// Share of the question's words that a second quotation must contain, 0 to 1.
const SPEAKS: f32 = 0.3;

/// Quotes the best place if it probably answers, or shows it as related.
pub(super) async fn answer(
    case: &Case<'_>,
    trace: &mut Trace,
) -> Result<Option<Draft>, AgentError> {
    let gathered = case.evidence().await;
    if gathered.unread.is_some() {
        trace.unread.clone_from(&gathered.unread);
    }
    let evidence = &*without_orders(gathered, case).await;
    let Some(best) = evidence.best() else {
        return Ok(None);
    };
    let decision = decide(best.score, case.thresholds());
    let mut quoted = quote_best(evidence, case.found, case.language);
    if decision == Decision::Answer && !best.features.approved {
        quoted = compute_from(quoted, best, case).await?;
    }
    let others = evidence
        .places
        .get(1..READ_AGAIN.min(evidence.places.len()));
    let passage = case.found.passages.get(best.passage);
    let given = match passage.filter(|p| p.faq.is_some()) {
        Some(approved) => &approved.text,
        None => &quoted.text,
    };
    let considered = case.consider(Rung::Read, best, given, others.unwrap_or_default());
    trace.considered.push(considered);
    // Without a reader, the model judges.
    if best.features.margin.is_none() {
        return Ok(None);
    }
    let draft = match decision {
        Decision::Answer if best.features.approved => give_approved(best, quoted, case, trace),
        Decision::Answer => Some(quoted.into_draft(Rung::Read, case, trace)),
        Decision::Related => {
            let framed = frame_as_related(quoted, case);
            let mut draft = framed.into_draft(Rung::Related, case, trace);
            draft.handoff = true;
            Some(draft)
        }
        Decision::Refuse => None,
    };
    if draft.is_some() {
        trace.reader_hash = case.reader.weights_hash();
    }
    Ok(draft)
}

/// Removes quotable places in paragraphs that give orders to an assistant. Approved
/// answers are not checked, as the owner wrote them.
async fn without_orders<'e>(evidence: &'e Evidence, case: &Case<'_>) -> Cow<'e, Evidence> {
    let mut kept = Cow::Borrowed(evidence);
    let mut ordinary: Vec<(usize, Range<usize>)> = Vec::new();
    let mut orders = 0;
    // Check only places that would be quoted, as each check costs engine time; removing one brings up the next.
    while orders < MOST_ORDERS {
        let shown =
            |best: &EvidencePlace| decide(best.score, case.thresholds()) != Decision::Refuse;
        if !kept.best().is_some_and(shown) {
            return kept;
        }
        let at = |place: &EvidencePlace| (place.passage, place.range.clone());
        let next = choose_places(&kept, case.found)
            .into_iter()
            .find(|p| !p.features.approved && !ordinary.contains(&at(p)))
            .map(at);
        let Some((passage, range)) = next else {
            return kept;
        };
        let text = case.found.passages.get(passage).map(|p| &p.text);
        if !case
            .knowledge
            .search()
            .gives_orders(text.map_or("", String::as_str), &range, case.claim)
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
    // So many orders look like an attack on the documents: quote nothing.
    kept.to_mut().places.clear();
    kept
}

/// Gives the owner's approved text whole, not only the words that answer.
fn give_approved(
    best: &EvidencePlace,
    mut quoted: Quoted,
    case: &Case<'_>,
    trace: &mut Trace,
) -> Option<Draft> {
    let passage = case.found.passages.get(best.passage)?;
    let mut cited = std::mem::take(&mut quoted.citations).into_iter().next()?;
    cited.marked = Some([best.focus.start, best.focus.end]);
    cited.span = [0, passage.text.len()];
    cited.quote.clone_from(&passage.text);
    quoted.note(trace);
    Some(faq::give_whole(cited, case))
}

/// Adds what can be computed from the quotation, or quotes the rows used to compute it.
async fn compute_from(
    mut quoted: Quoted,
    best: &EvidencePlace,
    case: &Case<'_>,
) -> Result<Quoted, AgentError> {
    let [cited] = quoted.citations.as_slice() else {
        return Ok(quoted);
    };
    let Some(passage) = case.found.passages.get(best.passage) else {
        return Ok(quoted);
    };
    let now =
        computed::needs_time(case.question).then(|| case.now.to_zoned(case.business.book.zone()));
    let asked = computed::MathQuestion {
        question: case.question,
        language: case.language,
        now: now.as_ref(),
    };
    let above = passage.heading_path.last().map_or("", String::as_str);
    let table = computed::Table::around(&passage.text, &best.range, above);
    let from_table = table.and_then(|t| Some((computed::from_table(&asked, &t)?, t.extent())));
    let computed = match from_table {
        // A cheapest row or a sum is only certain over the whole table.
        Some((computed, extent)) if is_whole(passage, &extent, case).await? => computed,
        _ => match computed::from_quotation(&asked, find_deciding_words(cited)) {
            Some(computed) => computed,
            None => return Ok(quoted),
        },
    };
    if !computed.rows.is_empty() {
        let rows = computed.rows.iter().map(|row| place_of_row(best, row));
        let places: Vec<EvidencePlace> = rows.collect();
        let places: Vec<&EvidencePlace> = places.iter().collect();
        quoted = Quoted {
            orders_ignored: quoted.orders_ignored,
            contradicts: quoted.contradicts,
            ..quote_places(&places, case.found, case.language)
        };
    }
    quoted.text = format!("{}\n{}", quoted.text, computed.formula);
    quoted.formula = Some(computed.formula);
    Ok(quoted)
}

/// The place of another row in the best place's table.
fn place_of_row(best: &EvidencePlace, row: &Range<usize>) -> EvidencePlace {
    let same = best.range == *row;
    EvidencePlace {
        range: row.clone(),
        focus: if same {
            best.focus.clone()
        } else {
            row.clone()
        },
        ..best.clone()
    }
}

/// Whether the passage holds the whole table: it may go on in the next passage or under another heading.
async fn is_whole(
    passage: &Passage,
    table: &computed::Extent,
    case: &Case<'_>,
) -> Result<bool, AgentError> {
    // The only rung that reads the store: few answers are computed from tables, and the text of a document is long.
    let (workspace, version) = (case.workspace, passage.version);
    let text = (case.store)
        .read(move |conn| store::versions::find_text(conn, workspace, version))
        .await?;
    let rows = text.map_or(0, |text| table.rows_like_it(&text.text));
    Ok(rows == table.rows)
}

/// The words to compute from: the cell with the marked words, or their sentence.
fn find_deciding_words(cited: &Citation) -> &str {
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

/// Marks a quotation as not being an answer, and offers a person.
fn frame_as_related(mut quoted: Quoted, case: &Case<'_>) -> Quoted {
    let phrases = phrases(case.language);
    let offer = phrases.offers(case.business.needs_consent).offer;
    quoted.text = format!("{}\n{}\n{offer}", phrases.related, quoted.text);
    quoted
}

/// A quotation with its citations and checks.
#[derive(Debug, Default)]
pub(super) struct Quoted {
    pub(super) text: String,
    pub(super) citations: Vec<Citation>,
    orders_ignored: Option<usize>,
    /// Id of an older document that contradicts the quotation.
    pub(super) contradicts: Option<String>,
    formula: Option<String>,
}

impl Quoted {
    pub(super) fn into_draft(self, rung: Rung, case: &Case<'_>, trace: &mut Trace) -> Draft {
        self.note(trace);
        Draft::new(rung, self.text, self.citations, case)
    }

    fn note(&self, trace: &mut Trace) {
        trace.orders_ignored = self.orders_ignored;
        trace.contradicts.clone_from(&self.contradicts);
        trace.formula.clone_from(&self.formula);
    }
}

/// Chooses the places to quote: the best, and one more if it is nearly as good.
fn choose_places<'e>(evidence: &'e Evidence, found: &Found) -> Vec<&'e EvidencePlace> {
    let mut chosen: Vec<&EvidencePlace> = Vec::new();
    let least = evidence.best().map_or(1.0, |best| best.score * NEARLY);
    for place in &evidence.places {
        let speaks_of_it = place.features.quoted >= SPEAKS;
        // A neighbouring row looks similar but says something else.
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

/// Quotes the best places. If two documents contradict each other, quotes the newer one and
/// names the older.
pub(super) fn quote_best(evidence: &Evidence, found: &Found, language: Language) -> Quoted {
    let chosen = choose_places(evidence, found);
    let older = evidence.superseded.iter().find(|superseded| {
        let (passage, range) = &superseded.newer;
        chosen
            .iter()
            .any(|c| c.passage == *passage && c.range == *range)
    });
    let mut quoted = quote_places(&chosen, found, language);
    quoted.orders_ignored = Some(evidence.injected).filter(|injected| *injected > 0);
    if let Some((_, cited)) = older.and_then(|o| cite(&o.older, found, quoted.citations.len())) {
        let named = phrases(language).older.replace("{}", &cited.title);
        quoted.text = format!("{}\n({named} [{}])", quoted.text, cited.number);
        quoted.contradicts = Some(cited.document.clone());
        quoted.citations.push(cited);
    }
    quoted
}

/// Quotes these places, one per line.
fn quote_places(places: &[&EvidencePlace], found: &Found, language: Language) -> Quoted {
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
        .is_some_and(|documents| documents != language)
    {
        lines.insert(0, phrases(language).quoted.to_owned());
    }
    Quoted {
        text: lines.join("\n"),
        citations,
        ..Quoted::default()
    }
}

fn is_row(place: &EvidencePlace, found: &Found) -> bool {
    let passage = found.passages.get(place.passage);
    let words = passage.and_then(|p| p.text.get(place.range.clone()));
    words.is_some_and(quote::is_row)
}

/// Formats a place's words for the visitor, and cites them.
fn cite(place: &EvidencePlace, found: &Found, before: usize) -> Option<(String, Citation)> {
    let passage = found.passages.get(place.passage)?;
    let words = passage.text.get(place.range.clone())?.trim();
    let number = u32::try_from(before + 1).unwrap_or(u32::MAX);
    let shown = if quote::is_row(words) {
        quote::make_readable(words)
    } else {
        format!("“{}”", quote::make_readable(words))
    };
    let mut cited = make_citation(passage, words, number);
    cited.score = place.score;
    if place.features.margin.is_some() {
        cited.marked = mark_within(passage.text.get(place.range.clone())?, place);
    }
    Some((shown, cited))
}

/// Position of the answering words in the quotation, in bytes.
fn mark_within(quotation: &str, place: &EvidencePlace) -> Option<[usize; 2]> {
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

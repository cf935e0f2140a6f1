//! The rung of approved answers: gives what the business wrote, word for word.

use super::Draft;
use crate::agent::case::Case;
use crate::agent::trace::{FaqTrace, Trace};
use crate::agent::types::{Citation, CitationKind, Rung};
use crate::knowledge::FaqMatch;

pub(super) async fn answer(case: &Case<'_>, trace: &mut Trace) -> Option<Draft> {
    let now = case.now.as_millisecond();
    if !case.knowledge.faqs().has_live(case.workspace, now) {
        return None;
    }
    let vector = case.own_vector().await;
    let limits = &case.business.faq_thresholds;
    let found = case
        .knowledge
        .faqs()
        .find_match(
            case.workspace,
            case.question,
            vector,
            now,
            limits,
            &case.own.knowledge.tags,
        )
        .await;
    // If it is not the same question word for word, leave it to the reader, which sees the nearest
    // approved answers among its passages.
    let is_readable = case.reader.ready().is_ok();
    let found = found.filter(|found| found.certain || !is_readable)?;
    Some(give_match(&found, case, trace))
}

/// Gives an approved answer.
pub(super) fn give_match(found: &FaqMatch, case: &Case<'_>, trace: &mut Trace) -> Draft {
    let citation = Citation {
        kind: CitationKind::Faq,
        number: 1,
        document: found.faq.id.to_string(),
        version: String::new(),
        title: found.phrasing.clone(),
        section: None,
        page: None,
        span: [0, found.faq.answer.len()],
        quote: found.faq.answer.clone(),
        marked: None,
        score: found.score,
    };
    trace.faq = Some(FaqTrace {
        faq: found.faq.id,
        phrasing: found.phrasing.clone(),
        cosine: found.cosine,
        overlap: found.overlap,
    });
    give_whole(citation, case)
}

/// Gives the whole text that the owner approved.
pub(super) fn give_whole(citation: Citation, case: &Case<'_>) -> Draft {
    let text = citation.quote.clone();
    Draft::new(Rung::Faq, text, vec![citation], case)
}

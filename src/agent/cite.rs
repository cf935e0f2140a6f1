//! The places that an answer rests on.

use crate::agent::types::{Citation, CitationKind};
use crate::knowledge::{Passage, layout};

/// A citation of `quote` in a passage. The span is the passage's until [`settle`] narrows it.
pub(super) fn citation(passage: &Passage, quote: &str, number: u32) -> Citation {
    let section = passage.heading_path.join(" › ");
    let (kind, document, version) = match passage.faq {
        Some(faq) => (CitationKind::Faq, faq.to_string(), String::new()),
        None => (
            CitationKind::Document,
            passage.document.to_string(),
            passage.version.to_string(),
        ),
    };
    Citation {
        kind,
        number,
        document,
        version,
        title: passage.title.clone(),
        section: (!section.is_empty() && passage.faq.is_none()).then_some(section),
        page: passage.page,
        span: passage.span,
        quote: quote.to_owned(),
        marked: None,
        score: passage.score(),
    }
}

/// Narrows a citation's span from the passage to the quote, in the text of the document's version.
pub(super) fn settle(citation: &mut Citation, text: &str) {
    let [start, end] = citation.span;
    let place = layout::locate(text, start..end.min(text.len()), &citation.quote);
    citation.span = [place.start, place.end];
}

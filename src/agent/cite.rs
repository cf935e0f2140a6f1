//! Citations of an answer.

use crate::agent::types::{Citation, CitationKind};
use crate::knowledge::{Passage, layout};

/// Cites `quote` from a passage. The span covers the whole passage until [`settle`] narrows it.
pub(super) fn make_citation(passage: &Passage, quote: &str, number: u32) -> Citation {
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

/// Narrows a citation's span from the passage to the quote; `text` is that of the document's version.
pub(super) fn settle(citation: &mut Citation, text: &str) {
    let [start, end] = citation.span;
    let place = layout::locate(text, start..end.min(text.len()), &citation.quote);
    citation.span = [place.start, place.end];
}

/// Renumbers the citation marks (`[1]`) of a text. Marks inside quotation marks belong to the
/// document and stay, as do numbers for which `new` returns `None`.
pub(super) fn renumber_marks(text: &str, new: impl Fn(u32) -> Option<u32>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quoted = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '“' => quoted = true,
            '”' => quoted = false,
            _ => {}
        }
        let mark = rest
            .strip_prefix('[')
            .filter(|_| !quoted)
            .and_then(|inner| inner.split_once(']'))
            .and_then(|(digits, after)| Some((new(digits.parse().ok()?)?, after)));
        match mark {
            Some((number, after)) => {
                out.push_str(&format!("[{number}]"));
                rest = after;
            }
            None => {
                out.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::renumber_marks;

    #[test]
    fn every_mark_gets_its_new_number_but_not_what_is_quoted() {
        let new = |old| [(1, 3), (2, 1)].iter().find(|n| n.0 == old).map(|n| n.1);
        assert_eq!(
            renumber_marks("Mon 9 [1], Tue 9 [1], “see [1] below” [2], [9] [x]", new),
            "Mon 9 [3], Tue 9 [3], “see [1] below” [1], [9] [x]"
        );
    }
}

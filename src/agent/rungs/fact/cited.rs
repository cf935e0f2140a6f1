//! Collects the citations of an answer from facts.

use std::collections::HashMap;

use crate::agent::types::{Citation, CitationKind};
use crate::hours::Entry;
use crate::store::DocumentId;

/// Citations in the order of first use.
#[derive(Debug, Default)]
pub(super) struct Cited {
    found: Vec<(DocumentId, Citation)>,
}

impl Cited {
    /// The mark (" [1]") of the document that states a fact; empty if none does.
    pub(super) fn mark(&mut self, entry: &Entry) -> String {
        let (Some(document), Some(version), Some(place)) =
            (entry.fact.document, entry.fact.version, &entry.data.place)
        else {
            return String::new();
        };
        if entry.data.changed {
            return String::new();
        }
        let version = version.to_string();
        let known = self
            .found
            .iter()
            .find(|(_, c)| c.version == version && c.span == place.span);
        let number = match known {
            Some((_, citation)) => citation.number,
            None => {
                let number = u32::try_from(self.found.len() + 1).unwrap_or(u32::MAX);
                let citation = Citation {
                    kind: CitationKind::Document,
                    number,
                    document: document.to_string(),
                    version,
                    title: String::new(),
                    section: place.section.clone(),
                    page: None,
                    span: place.span,
                    quote: entry.fact.quote.clone(),
                    marked: None,
                    score: 1.0,
                };
                self.found.push((document, citation));
                number
            }
        };
        format!(" [{number}]")
    }

    /// The marks of several facts, without duplicates.
    pub(super) fn marks(&mut self, entries: &[&Entry]) -> String {
        let mut out = String::new();
        for entry in entries {
            let mark = self.mark(entry);
            if !out.contains(&mark) {
                out.push_str(&mark);
            }
        }
        out
    }

    /// Sets the titles and returns the citations.
    pub(super) fn into_citations(self, titles: &HashMap<DocumentId, String>) -> Vec<Citation> {
        self.found
            .into_iter()
            .map(|(document, mut citation)| {
                citation.title = titles.get(&document).cloned().unwrap_or_default();
                citation
            })
            .collect()
    }
}

//! Answers with address, telephone and e-mail.

use std::sync::LazyLock;

use serde::Deserialize;

use super::cited::Cited;
use super::{FactCase, FactReply};
use crate::agent::trace::FactBasis;
use crate::hours::{Entry, What};
use crate::language::data::{self, WordSet};
use crate::store::DocumentId;
use crate::store::facts::FactState;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    main: WordSet,
}

static FILE: &str = include_str!("contact.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

pub(super) fn say(
    facts: &FactCase<'_>,
    address: bool,
    phone: bool,
    email: bool,
) -> Option<FactReply> {
    let confirmed: Vec<&Entry> = facts
        .book
        .entries
        .iter()
        .filter(|e| e.fact.state == FactState::Confirmed && !e.data.what.is_hours())
        .collect();
    let wanted = [(address, "address"), (phone, "phone"), (email, "email")];
    let kinds: Vec<&str> = wanted
        .iter()
        .filter(|(w, _)| *w)
        .map(|(_, kind)| *kind)
        .collect();
    let found = pick(&confirmed, &kinds);
    let (found, sure) = match found {
        Some(found) => (found, true),
        None => {
            let proposed: Vec<&Entry> = facts
                .book
                .entries
                .iter()
                .filter(|e| e.fact.state == FactState::Proposed && !e.data.what.is_hours())
                .collect();
            // Quote a single document: contact details from several may belong to different places.
            let document = best_document(&proposed)?;
            let own: Vec<&Entry> = proposed
                .into_iter()
                .filter(|e| e.document() == Some(document))
                .collect();
            (pick(&own, &kinds)?, false)
        }
    };
    let mut cited = Cited::default();
    let mut parts = Vec::new();
    for entry in found {
        let mark = cited.mark(entry);
        let part = if sure {
            write_value(entry)
        } else {
            format!("“{}”", entry.fact.quote)
        };
        parts.push(format!("{part}{mark}"));
    }
    let text = if sure {
        parts.join("\n")
    } else {
        format!(
            "{}: {}",
            super::wording::capitalise(facts.wording.documents()),
            parts.join(" ")
        )
    };
    Some(FactReply {
        text,
        cited,
        basis: FactBasis::Contact { confirmed: sure },
    })
}

/// Picks one fact of each kind, preferably the main one; `None` when a kind is missing.
fn pick<'a>(entries: &[&'a Entry], kinds: &[&str]) -> Option<Vec<&'a Entry>> {
    kinds
        .iter()
        .map(|kind| {
            let all = || {
                entries
                    .iter()
                    .copied()
                    .filter(|e| e.data.what.kind() == *kind)
            };
            all().find(|e| is_main(&e.data.what)).or_else(|| {
                // Several special-purpose numbers and no general one: do not pick at random.
                let mut only = all();
                let first = only.next()?;
                only.next().is_none().then_some(first)
            })
        })
        .collect()
}

fn is_main(what: &What) -> bool {
    match what {
        What::Address { .. } => true,
        What::Phone { label, .. } | What::Email { label, .. } => {
            let label = label.to_lowercase();
            let label = label.trim();
            label.is_empty() || LISTS.main.contains(label)
        }
        _ => false,
    }
}

fn write_value(entry: &Entry) -> String {
    match &entry.data.what {
        What::Address { text } => text.clone(),
        What::Phone { label, number } if label.is_empty() => number.clone(),
        What::Phone { label, number } => format!("{label}: {number}"),
        What::Email { label, address } if label.is_empty() => address.clone(),
        What::Email { label, address } => format!("{label}: {address}"),
        _ => String::new(),
    }
}

/// The document that says most about how to reach the business, preferably with its address; `None` on
/// a tie.
fn best_document(entries: &[&Entry]) -> Option<DocumentId> {
    let mut counts: Vec<(DocumentId, (usize, usize))> = Vec::new();
    for entry in entries {
        let Some(document) = entry.document() else {
            continue;
        };
        let address = usize::from(matches!(entry.data.what, What::Address { .. }));
        match counts.iter_mut().find(|(d, _)| *d == document) {
            Some((_, (addresses, all))) => {
                *addresses = (*addresses).max(address);
                *all += 1;
            }
            None => counts.push((document, (address, 1))),
        }
    }
    let (best, score) = *counts.iter().max_by_key(|(_, score)| *score)?;
    let alone = counts.iter().filter(|(_, s)| *s == score).count() == 1;
    alone.then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_labels_are_complete() {
        let lists: Lists = data::check(FILE);
        assert!(lists.main.contains("front desk") && !lists.main.contains("fax"));
    }
}

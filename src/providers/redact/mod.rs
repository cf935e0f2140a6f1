//! Takes what tells of people out of a text before it is sent, and puts it back into what comes.
//!
//! Each address, number or name becomes a placeholder such as `[PHONE_1]`, the same one wherever it stands in a request.

mod find;
mod restore;

use std::collections::HashSet;

pub(super) use self::restore::Restorer;
use crate::store::providers::Redaction;

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Email,
    Phone,
    Card,
    Iban,
    Name,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Email, Self::Phone, Self::Card, Self::Iban, Self::Name];

    fn word(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Card => "CARD",
            Self::Iban => "IBAN",
            Self::Name => "NAME",
        }
    }
}

/// The placeholders of one request.
#[derive(Debug, Default)]
pub(super) struct Redactor {
    rules: Redaction,
    /// Placeholder, kind and what it stands for.
    found: Vec<(String, Kind, String)>,
    /// Looks like a placeholder and was in the text before.
    taken: HashSet<String>,
}

impl Redactor {
    /// `texts` are all that will be redacted: what looks like a placeholder in them is no placeholder of ours.
    pub(super) fn new<'t>(rules: &Redaction, texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut taken = HashSet::new();
        for text in texts {
            taken.extend(restore::placeholders(text));
        }
        Self {
            rules: rules.clone(),
            found: Vec::new(),
            taken,
        }
    }

    /// The text with placeholders.
    pub(super) fn redact(&mut self, text: &str) -> String {
        let spans = find::spans(text, &self.rules);
        let mut redacted = String::with_capacity(text.len());
        let mut from = 0;
        for (range, kind) in spans {
            let (Some(before), Some(value)) =
                (text.get(from..range.start), text.get(range.clone()))
            else {
                continue;
            };
            redacted.push_str(before);
            redacted.push_str(&self.placeholder(kind, value));
            from = range.end;
        }
        redacted.push_str(text.get(from..).unwrap_or_default());
        redacted
    }

    fn placeholder(&mut self, kind: Kind, value: &str) -> String {
        let known = |(_, of, what): &&(String, Kind, String)| *of == kind && what == value;
        if let Some((placeholder, _, _)) = self.found.iter().find(known) {
            return placeholder.clone();
        }
        let mut number = 1;
        let placeholder = loop {
            let made = format!("[{}_{number}]", kind.word());
            let is_ours = self.found.iter().any(|(ours, _, _)| *ours == made);
            if !is_ours && !self.taken.contains(&made) {
                break made;
            }
            number += 1;
        };
        self.found
            .push((placeholder.clone(), kind, value.to_owned()));
        placeholder
    }

    /// Whether anything was replaced.
    pub(super) fn has_replaced(&self) -> bool {
        !self.found.is_empty()
    }

    /// Puts back what was replaced, piece by piece.
    pub(super) fn restorer(&self) -> Restorer {
        let pairs = self.found.iter();
        Restorer::new(pairs.map(|(placeholder, _, value)| (placeholder.clone(), value.clone())))
    }

    /// Puts it back into strings within JSON.
    pub(super) fn restorer_of_json(&self) -> Restorer {
        let pairs = self.found.iter().map(|(placeholder, _, value)| {
            let quoted = serde_json::Value::from(value.as_str()).to_string();
            let inner = quoted
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'))
                .unwrap_or_default();
            (placeholder.clone(), inner.to_owned())
        });
        Restorer::new(pairs)
    }
}

/// What to tell a model about placeholders.
pub(super) const NOTE: &str = "Words in square brackets such as [PHONE_1] or [NAME_2] stand for details that are left out. \
                               Copy them exactly as they are.";

#[cfg(test)]
#[path = "../redact_tests.rs"]
mod tests;

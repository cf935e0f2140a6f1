//! Puts back what placeholders stand for, in text that comes in pieces: a piece may end within a placeholder.

use super::Kind;

/// The longest placeholder: a word, a number and the brackets.
const LONGEST: usize = 16;

#[derive(Debug, Default)]
pub(crate) struct Restorer {
    pairs: Vec<(String, String)>,
    /// What may be the beginning of a placeholder.
    held: String,
}

impl Restorer {
    pub(super) fn new(pairs: impl Iterator<Item = (String, String)>) -> Self {
        Self {
            pairs: pairs.collect(),
            held: String::new(),
        }
    }

    /// The text so far as it may be shown.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        if self.pairs.is_empty() {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        let held = std::mem::take(&mut self.held);
        let (mut shown, mut rest) = (String::new(), held.as_str());
        while let Some(at) = rest.find('[') {
            let (before, from) = rest.split_at(at);
            shown.push_str(before);
            let known = self
                .pairs
                .iter()
                .find(|(placeholder, _)| from.starts_with(placeholder.as_str()));
            if let Some((placeholder, value)) = known {
                shown.push_str(value);
                rest = from.get(placeholder.len()..).unwrap_or_default();
            } else if may_begin(from) {
                self.held = from.to_owned();
                return shown;
            } else {
                shown.push('[');
                rest = from.get(1..).unwrap_or_default();
            }
        }
        shown.push_str(rest);
        shown
    }

    /// What is left at the end.
    pub(crate) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// A whole text.
    pub(crate) fn whole(mut self, text: &str) -> String {
        let mut shown = self.push(text);
        shown.push_str(&self.finish());
        shown
    }
}

/// Whether a text that begins with `[` may go on as a placeholder.
fn may_begin(text: &str) -> bool {
    let inner = text.get(1..).unwrap_or_default();
    text.len() < LONGEST
        && inner
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// What looks like a placeholder in a text.
pub(super) fn placeholders(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('[') {
        let from = text.get(at..).unwrap_or_default();
        let Some(end) = from.find(']').filter(|end| *end < LONGEST) else {
            continue;
        };
        let inner = from.get(1..end).unwrap_or_default();
        let looks = Kind::ALL.iter().any(|kind| {
            let number = inner
                .strip_prefix(kind.word())
                .and_then(|rest| rest.strip_prefix('_'));
            number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        });
        if looks {
            found.push(format!("[{inner}]"));
        }
    }
    found
}

//! What changed between two versions of a document, paragraph by paragraph.

use std::time::Duration;

use serde::Serialize;
use similar::{Algorithm, ChangeTag, TextDiff};

/// Unchanged paragraphs to show before and after a change.
const CONTEXT: usize = 1;
const MAX_SHOWN: usize = 2_000;
/// Time limit for a comparison; the rest of the text then counts as all new.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Same,
    Added,
    Removed,
    /// Stands for unchanged paragraphs that are not shown; the text says how many.
    Left,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    pub change: Change,
    pub text: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Paragraphs only in the newer text.
    pub added: usize,
    /// Paragraphs only in the older text.
    pub removed: usize,
    /// The changed paragraphs and their neighbours.
    pub lines: Vec<DiffLine>,
    /// There are more changes than `MAX_SHOWN`.
    pub cut: bool,
}

/// Compares two texts that have one paragraph per line.
pub fn compare(old: &str, new: &str) -> Difference {
    let paragraphs = |text: &'_ str| -> Vec<String> {
        text.lines()
            .filter(|l| !l.trim().is_empty())
            .map(|l| format!("{l}\n"))
            .collect()
    };
    let (old, new) = (paragraphs(old).concat(), paragraphs(new).concat());
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Myers)
        .timeout(PATIENCE)
        .diff_lines(&old, &new);
    let mut found = Difference::default();
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Insert => found.added += 1,
            ChangeTag::Delete => found.removed += 1,
            ChangeTag::Equal => {}
        }
    }
    let mut shown_until = 0;
    for group in diff.grouped_ops(CONTEXT) {
        let from = group.first().map_or(0, |op| op.old_range().start);
        if from > shown_until {
            found.lines.push(left(from - shown_until));
        }
        shown_until = group.last().map_or(from, |op| op.old_range().end);
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            if found.lines.len() >= MAX_SHOWN {
                found.cut = true;
                return found;
            }
            found.lines.push(DiffLine {
                change: match change.tag() {
                    ChangeTag::Equal => Change::Same,
                    ChangeTag::Insert => Change::Added,
                    ChangeTag::Delete => Change::Removed,
                },
                text: change.value().trim_end().to_owned(),
            });
        }
    }
    let all = old.lines().count();
    if !found.lines.is_empty() && all > shown_until {
        found.lines.push(left(all - shown_until));
    }
    found
}

fn left(count: usize) -> DiffLine {
    let noun = if count == 1 {
        "paragraph"
    } else {
        "paragraphs"
    };
    DiffLine {
        change: Change::Left,
        text: format!("{count} unchanged {noun}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_shown_with_what_stands_beside_it() {
        let old =
            "Fees\n\nCleaning: $95\nFilling: $150\nCrown: $900\nBridge: $1,800\nImplant: $2,000";
        let new = old.replace("$900", "$950") + "\nBraces: $3,000";
        let found = compare(old, &new);
        assert_eq!((found.added, found.removed), (2, 1));
        let shown: Vec<(Change, &str)> = found
            .lines
            .iter()
            .map(|l| (l.change, l.text.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                (Change::Left, "2 unchanged paragraphs"),
                (Change::Same, "Filling: $150"),
                (Change::Removed, "Crown: $900"),
                (Change::Added, "Crown: $950"),
                (Change::Same, "Bridge: $1,800"),
                (Change::Same, "Implant: $2,000"),
                (Change::Added, "Braces: $3,000"),
            ]
        );
    }

    #[test]
    fn equal_texts_differ_in_nothing() {
        assert_eq!(compare("a\n\nb", "a\nb"), Difference::default());
        assert_eq!(compare("", ""), Difference::default());
        assert_eq!(compare("", "a").added, 1);
    }
}

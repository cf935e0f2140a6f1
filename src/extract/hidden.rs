//! Hidden content of a file: purchase prices in a hidden column, a hidden slide, comments among
//! colleagues. It is left out, with a note to the owner, unless the owner wants it read.

use super::{Extracted, Limits};

/// Counts of hidden content by kind, whether it is read or left out.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    /// Whether the owner wants hidden content read.
    pub(super) read: bool,
    pub(super) sheets: usize,
    /// Cells in hidden rows and columns.
    pub(super) cells: usize,
    pub(super) slides: usize,
    /// Slides with speaker notes.
    pub(super) spoken: usize,
    pub(super) comments: usize,
    /// Hidden runs of text.
    pub(super) texts: usize,
    /// The first words of each section of a web page that others wrote.
    pub(super) by_others: Vec<String>,
}

/// How many such sections the note quotes.
const QUOTED: usize = 3;

impl Hidden {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            read: limits.hidden,
            ..Self::default()
        }
    }

    /// Adds notes for the owner about what was found.
    pub(super) fn add_notes(&self, out: &mut Extracted) {
        let counted = [
            (self.sheets, "hidden sheet", "hidden sheets"),
            (
                self.cells,
                "cell in hidden rows or columns",
                "cells in hidden rows or columns",
            ),
            (self.slides, "hidden slide", "hidden slides"),
            (
                self.spoken,
                "slide's speaker notes",
                "slides' speaker notes",
            ),
            (self.comments, "comment", "comments"),
            (self.texts, "hidden piece of text", "hidden pieces of text"),
        ];
        let found: Vec<String> = counted
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
        self.add_note_about_others(out);
        if found.is_empty() {
            return;
        }
        out.hidden = true;
        let found = found.join(", ");
        out.notes.push(if self.read {
            format!("Read as well, as you chose: {found}.")
        } else {
            format!("Left out because visitors should not see it: {found}. You can have it read on the document's page.")
        });
    }

    /// The note about sections that others wrote, which quotes their first words.
    fn add_note_about_others(&self, out: &mut Extracted) {
        if self.by_others.is_empty() {
            return;
        }
        out.hidden = true;
        let count = match self.by_others.len() {
            1 => "1 part".to_owned(),
            n => format!("{n} parts"),
        };
        let shown: Vec<String> = (self.by_others.iter().take(QUOTED))
            .map(|words| format!("“{words}”"))
            .collect();
        let shown = shown.join(", ");
        out.notes.push(if self.read {
            format!("Read as well, as you chose: comments or reviews of others ({count}): {shown}.")
        } else {
            format!("Left out because others wrote it, comments or reviews ({count}): {shown}. You can have it read on the document's page.")
        });
    }
}

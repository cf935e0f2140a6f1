//! Tracks the headings above each block.

use super::{Unit, words};
use crate::extract::{Block, BlockKind};

struct Heading {
    level: u8,
    text: String,
    block: usize,
    used: bool,
    part: usize,
    section: usize,
}

/// A heading without text below it. Its words would be lost, so it becomes a line of its own.
pub(super) struct Lost(Heading, Vec<String>);

/// The open headings.
pub(super) struct Outline {
    open: Vec<Heading>,
    /// Headings of this level or above start a main section.
    main_level: u8,
    part: usize,
    section: usize,
}

impl Outline {
    pub(super) fn new(blocks: &[Block]) -> Self {
        let mut counts = [0usize; 8];
        for block in blocks {
            if let BlockKind::Heading(level) = block.kind
                && let Some(count) = counts.get_mut(usize::from(level))
            {
                *count += 1;
            }
        }
        // A level with a single heading is the document's title, not its division.
        let main_level = (1..8)
            .find(|l| counts.get(*l).is_some_and(|n| *n > 1))
            .unwrap_or(1) as u8;
        Self {
            open: Vec::new(),
            main_level,
            part: 0,
            section: 0,
        }
    }

    /// Opens a heading; returns those that close without any text below them.
    pub(super) fn enter(&mut self, level: u8, text: &str, block: usize) -> Vec<Lost> {
        let lost = self.close(level);
        self.section += 1;
        if level <= self.main_level {
            self.part += 1;
        }
        self.open.push(Heading {
            level,
            text: text.to_owned(),
            block,
            used: false,
            part: self.part,
            section: self.section,
        });
        lost
    }

    /// Closes all headings at the end of the document.
    pub(super) fn leave(&mut self) -> Vec<Lost> {
        self.close(0)
    }

    fn close(&mut self, level: u8) -> Vec<Lost> {
        let mut lost = Vec::new();
        while self.open.last().is_some_and(|h| h.level >= level) {
            if let Some(heading) = self.open.pop().filter(|h| !h.used) {
                lost.push(Lost(heading, self.path()));
                // What stood under the lost one stands under its parents.
                self.mark_used();
            }
        }
        lost
    }

    /// Notes that there is text below all open headings.
    pub(super) fn mark_used(&mut self) {
        for heading in &mut self.open {
            heading.used = true;
        }
    }

    pub(super) fn path(&self) -> Vec<String> {
        self.open.iter().map(|h| h.text.clone()).collect()
    }

    pub(super) fn part(&self) -> usize {
        self.part
    }

    pub(super) fn section(&self) -> usize {
        self.section
    }

    /// A heading without text as a line of its own.
    pub(super) fn unit_of(&self, lost: Lost, page: Option<u32>) -> Unit {
        let Lost(heading, path) = lost;
        Unit {
            block: heading.block,
            kind: BlockKind::Heading(heading.level),
            words: words(&heading.text),
            text: heading.text,
            path,
            page,
            part: heading.part,
            section: heading.section,
            caption: None,
        }
    }
}

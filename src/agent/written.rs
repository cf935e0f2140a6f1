//! The model's text while it streams: sentences are recognised, and each gets the number of the
//! citation that supports it.

use super::cite::Citations;
use super::prompt::NOTHING;
use crate::knowledge::Passage;

/// What to do with the text so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Show this.
    Show(String),
    /// The model says that the passages do not answer.
    Nothing,
}

/// An answer that is being written.
#[derive(Debug)]
pub(super) struct Written<'p> {
    passages: &'p [Passage],
    citations: Citations,
    /// Everything shown, with citation numbers.
    shown: String,
    /// The sentence that is being written.
    sentence: String,
    /// Text at the start that may still turn out to be [`NOTHING`].
    held: String,
    begun: bool,
}

impl<'p> Written<'p> {
    pub(super) fn new(passages: &'p [Passage]) -> Self {
        Self {
            passages,
            citations: Citations::default(),
            shown: String::new(),
            sentence: String::new(),
            held: String::new(),
            begun: false,
        }
    }

    /// Takes more of the model's text.
    pub(super) fn push(&mut self, text: &str) -> Step {
        if self.begun {
            return Step::Show(self.take(text));
        }
        self.held.push_str(text);
        let start = self
            .held
            .trim_start_matches([' ', '\n', '"', '*', '`', '.']);
        if start.starts_with(NOTHING) {
            return Step::Nothing;
        }
        if NOTHING.starts_with(start) {
            return Step::Show(String::new());
        }
        self.begun = true;
        let held = std::mem::take(&mut self.held);
        Step::Show(self.take(held.trim_start()))
    }

    fn take(&mut self, text: &str) -> String {
        let mut out = String::new();
        for c in text.chars() {
            let ended = c.is_whitespace()
                && (c == '\n' || self.sentence.ends_with(['.', '!', '?', '。', '！', '？']));
            if ended {
                out.push_str(&self.close());
            }
            self.sentence.push(c);
            out.push(c);
        }
        self.shown.push_str(&out);
        out
    }

    /// Ends a sentence; gives its citation number as text.
    fn close(&mut self) -> String {
        let sentence = std::mem::take(&mut self.sentence);
        match self.citations.support(sentence.trim(), self.passages) {
            Some(number) => format!(" [{number}]"),
            None => String::new(),
        }
    }

    /// The end of the text: what is still to be shown.
    pub(super) fn finish(&mut self) -> Step {
        if !self.begun && self.held.trim().is_empty() {
            return Step::Nothing;
        }
        let held = std::mem::take(&mut self.held);
        let mut rest = if self.begun {
            String::new()
        } else {
            self.take(held.trim_start())
        };
        self.begun = true;
        let mark = self.close();
        self.shown.push_str(&mark);
        rest.push_str(&mark);
        if self.shown.contains(NOTHING) {
            return Step::Nothing;
        }
        if self.citations.is_empty() {
            self.citations.fall_back(&self.shown, self.passages);
        }
        Step::Show(rest)
    }

    /// Everything shown so far.
    pub(super) fn text(&self) -> &str {
        self.shown.trim()
    }

    pub(super) fn into_citations(self) -> Citations {
        self.citations
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{DocumentId, VersionId};

    fn passage(text: &str) -> Passage {
        Passage {
            chunk: 1,
            document: DocumentId::new(),
            version: VersionId::new(),
            title: "Hours".into(),
            heading_path: vec![],
            page: None,
            text: text.into(),
            span: [0, text.len()],
            cosine: Some(0.6),
            coverage: 1.0,
            rank_score: 0.03,
        }
    }

    fn write(passages: &[Passage], pieces: &[&str]) -> (String, usize) {
        let mut written = Written::new(passages);
        for piece in pieces {
            assert_ne!(written.push(piece), Step::Nothing);
        }
        assert_ne!(written.finish(), Step::Nothing);
        (
            written.text().to_owned(),
            written.into_citations().into_list().len(),
        )
    }

    #[test]
    fn each_sentence_gets_the_number_of_the_sentence_it_rests_on() {
        let passages = [passage(
            "We open at 9 on Monday. Parking is free behind the shop.",
        )];
        let (text, citations) = write(
            &passages,
            &[
                "We open at 9 on",
                " Monday. Parking is",
                " free behind the shop.",
            ],
        );
        assert_eq!(
            text,
            "We open at 9 on Monday. [1] Parking is free behind the shop. [2]"
        );
        assert_eq!(citations, 2);
    }

    #[test]
    fn the_same_support_keeps_its_number() {
        let passages = [passage("The workshop repairs bicycles on weekdays.")];
        let (text, citations) = write(
            &passages,
            &["The workshop repairs bicycles. On weekdays the workshop repairs bicycles."],
        );
        assert!(text.ends_with("[1]") && citations == 1, "{text}");
    }

    #[test]
    fn the_word_for_nothing_is_never_shown() {
        let passages = [passage("x")];
        let mut written = Written::new(&passages);
        assert_eq!(written.push("NOT_IN"), Step::Show(String::new()));
        assert_eq!(written.push("_DOCUMENTS"), Step::Nothing);
        let mut written = Written::new(&passages);
        assert_eq!(written.push("NOT"), Step::Show(String::new()));
        assert_eq!(
            written.push(" on Monday"),
            Step::Show("NOT on Monday".into())
        );
        let mut written = Written::new(&passages);
        assert_eq!(written.finish(), Step::Nothing);
    }
}

//! Answers questions with two or three parts: one part after the other, each with
//! its own citations. Parts without an answer are named.

mod split;

pub(super) use split::questions;

use std::time::Instant;

use super::AgentError;
use super::case::Business;
use super::climb::{Climb, Climbed, OF_PART, first_answer};
use super::phrases::phrases;
use super::rungs::{Draft, elapsed};
use super::trace::{PartTrace, Trace};
use super::types::{Citation, CitationKind, Rung};
use super::{cite, follow_up};
use crate::knowledge::{Found, Passage};
use crate::language::Language;
use crate::llm::{ChatMessage, Role};

/// A part of a question with its answer.
struct Part {
    question: String,
    /// The part together with the previous one, if it is a follow-up.
    in_full: String,
    draft: Option<Draft>,
    /// Kept even if nothing answers the part.
    trace: Trace,
}

impl Climb<'_> {
    /// Answers a question with several parts, if at least one of them has an answer; `None` for any
    /// other question.
    pub(super) async fn answer_in_parts(
        &self,
        business: &Business,
        language: Language,
    ) -> Result<Option<Climbed>, AgentError> {
        let questions = split::questions(self.question, language);
        if questions.len() < 2 {
            return Ok(None);
        }
        let mut history = self.history.to_vec();
        let (mut parts, mut found, mut retrieve) = (Vec::new(), Found::default(), 0);
        for question in questions {
            let climb = Climb {
                history: &history,
                question: &question,
                ..*self
            };
            let since = Instant::now();
            let attempt = climb.search_own().await?;
            retrieve += elapsed(since);
            let mut trace = Trace::default();
            let case = climb.case(business, language, &attempt);
            let draft = first_answer(&OF_PART, &case, &mut trace).await?;
            let answers = |d: &Draft| matches!(d.rung, Rung::Faq | Rung::Fact | Rung::Read);
            merge(&mut found, attempt.found);
            let in_full = follow_up::write_in_full(&history, &question, " · ");
            // The next part may be a follow-up of this one: "and on Sunday?".
            history.push(ChatMessage::new(Role::User, question.as_str()));
            parts.push(Part {
                question,
                in_full,
                draft: draft.filter(answers),
                trace,
            });
        }
        Ok(
            compose(parts, language, business.needs_consent).map(|(draft, trace)| Climbed {
                draft,
                found,
                retrieve,
                asked_model: false,
                trace,
                language,
                settings: business.settings.clone(),
                tone: self.own.tone,
            }),
        )
    }
}

/// Adds the passages that are not in `all` yet.
fn merge(all: &mut Found, found: Found) {
    for passage in found.passages {
        let known = |p: &Passage| p.chunk == passage.chunk && p.faq == passage.faq;
        if !all.passages.iter().any(known) {
            all.passages.push(passage);
        }
    }
}

/// Joins the answers; `None` when no part has one.
fn compose(parts: Vec<Part>, language: Language, in_form: bool) -> Option<(Draft, Trace)> {
    let phrases = phrases(language);
    let mut whole: Option<Draft> = None;
    let (mut lines, mut citations): (Vec<String>, Vec<Citation>) = (Vec::new(), Vec::new());
    let (mut open, mut traces) = (Vec::new(), Vec::new());
    for part in parts {
        let rung = part.draft.as_ref().map(|draft| draft.rung);
        match part.draft {
            Some(mut draft) => {
                let own = std::mem::take(&mut draft.citations);
                let text = renumber(&mut citations, own, &draft.text);
                // Show a row that answers both parts only once.
                if !lines.contains(&text) {
                    lines.push(text);
                }
                match &mut whole {
                    Some(whole) => {
                        whole.rung = less_safe(whole.rung, draft.rung);
                        whole.handoff |= draft.handoff;
                    }
                    None => whole = Some(draft),
                }
            }
            None => {
                lines.push(phrases.unanswered.replace("{}", &part.question));
                open.push(part.in_full);
            }
        }
        traces.push(PartTrace {
            question: part.question,
            rung,
            checks: part.trace,
        });
    }
    let mut whole = whole?;
    if !open.is_empty() {
        lines.push(phrases.offers(in_form).offer.to_owned());
        whole.handoff = true;
    }
    whole.text = lines.join("\n");
    whole.citations = citations;
    whole.open = (!open.is_empty()).then(|| open.join(" / "));
    let trace = Trace {
        parts: traces,
        ..Trace::default()
    };
    Some((whole, trace))
}

/// Adds a part's citations to those of the whole answer, and returns the part's text with the new
/// numbers.
fn renumber(all: &mut Vec<Citation>, own: Vec<Citation>, text: &str) -> String {
    // Approved answers are given word for word and contain no citation numbers.
    let verbatim = own.iter().any(|c| c.kind == CitationKind::Faq);
    let mut numbers: Vec<(u32, u32)> = Vec::new();
    for mut citation in own {
        let same = |c: &&Citation| {
            (&c.document, c.span, &c.quote) == (&citation.document, citation.span, &citation.quote)
        };
        let next = u32::try_from(all.len() + 1).unwrap_or(u32::MAX);
        let number = all.iter().find(same).map_or(next, |known| known.number);
        numbers.push((citation.number, number));
        if number == next {
            citation.number = number;
            all.push(citation);
        }
    }
    if verbatim {
        return text.to_owned();
    }
    cite::renumber_marks(text, |old| {
        numbers.iter().find(|(own, _)| *own == old).map(|n| n.1)
    })
}

/// The less safe of two rungs: an answer from both is filed under it.
fn less_safe(one: Rung, other: Rung) -> Rung {
    [Rung::Read, Rung::Fact]
        .into_iter()
        .find(|rung| [one, other].contains(rung))
        .unwrap_or(one)
}

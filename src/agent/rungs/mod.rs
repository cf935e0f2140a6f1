//! The answer ladder: the rungs, safest first. Each answers or
//! passes; the last one always answers. Each rung is a file here with a function of the [`Case`] that returns its whole
//! answer and shows nothing.

mod fact;
mod faq;
pub(super) mod model;
mod read;
pub(super) mod refusal;
mod talk;

pub(super) use fact::{Wording, preview as fact_preview};

use std::time::Instant;

use super::AgentError;
use super::case::Case;
use super::trace::Trace;
use super::types::{Citation, Rung, Tokens};
use crate::store::assistants::Ladder;
use crate::store::workflows::RunChange;

/// A rung that answers without the language model.
#[derive(Debug, Clone, Copy)]
pub(super) enum SafeRung {
    /// Small talk, recognised by its words.
    Talk,
    Faq,
    Fact,
    /// Small talk, recognised by its meaning.
    TalkByMeaning,
    Read,
}

impl SafeRung {
    /// Answers, or passes with `None`.
    pub(super) async fn answer(
        self,
        case: &Case<'_>,
        trace: &mut Trace,
    ) -> Result<Option<Draft>, AgentError> {
        if !self.is_on(&case.own.ladder) {
            return Ok(None);
        }
        match self {
            Self::Talk => Ok(talk::answer_by_words(case, trace)),
            Self::Faq => Ok(faq::answer(case, trace).await),
            Self::Fact => Ok(fact::answer(case, trace)),
            Self::TalkByMeaning => Ok(talk::answer_by_meaning(case, trace).await),
            Self::Read => read::answer(case, trace).await,
        }
    }
}

impl SafeRung {
    /// Whether the assistant has it; small talk it always has, as that is how a visitor reaches a person.
    fn is_on(self, ladder: &Ladder) -> bool {
        let own = match self {
            Self::Talk | Self::TalkByMeaning => None,
            Self::Faq => ladder.faq,
            Self::Fact => ladder.fact,
            Self::Read => ladder.read,
        };
        own != Some(false)
    }
}

/// A rung's answer before it is stored.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) rung: Rung,
    pub(super) text: String,
    pub(super) citations: Vec<Citation>,
    /// Whether the answer offers a person.
    pub(super) handoff: bool,
    pub(super) tokens: Tokens,
    /// From the question to the first word, in ms.
    pub(super) first_token: u64,
    pub(super) prompt_hash: Option<String>,
    /// The parts of the question that have no answer.
    pub(super) open: Option<String>,
    /// The step of a workflow that the answer is.
    pub(super) flow: Option<RunChange>,
}

impl Draft {
    pub(super) fn new(rung: Rung, text: String, citations: Vec<Citation>, case: &Case<'_>) -> Self {
        Self {
            rung,
            text,
            citations,
            handoff: false,
            tokens: Tokens::default(),
            first_token: elapsed(case.since),
            prompt_hash: None,
            open: None,
            flow: None,
        }
    }
}

pub(super) fn elapsed(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

//! What the language model adds to a quotation that the visitor already sees: the answer in a friendly sentence, or a
//! translation. It decides nothing. Every sentence is checked against the quotation before it is shown, and a quotation
//! that gets none stands for itself.

mod check;
mod pace;
mod write;

pub(super) use pace::Pace;
pub(super) use write::{AfterwordTrace, is_able, write};

use super::climb::Climbed;
use super::reply::{Display, Turn};
use super::settings::{AnswerSettings, Switch};
use super::types::{CitationKind, Rung};
use crate::language::Language;
use crate::store::assistants::Tone;

/// Longest quotation to add words to, in characters: a longer one takes the model long to read.
const LONGEST: usize = 700;

/// What the model is to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A sentence or two that answer the question in the quotation's words.
    Friendly,
    /// The quotation in the visitor's language.
    Translation,
}

/// What to add to an answer, and how long to wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) kind: Kind,
    /// The visitor's language.
    pub(super) language: Language,
    /// Only if the model's first word comes at once.
    pub(super) if_quick: bool,
    pub(super) tone: Option<Tone>,
}

/// Decides whether the model may add to this answer; `None` leaves the quotation alone.
pub(super) fn plan(climbed: &Climbed, question: &str, turn: &Turn) -> Option<Plan> {
    // An evaluation grades what decides, and must give the same text every time.
    if turn.evaluation {
        return None;
    }
    let settings = &climbed.settings;
    let draft = &climbed.draft;
    let foreign = climbed
        .found
        .language()
        .is_some_and(|documents| documents != climbed.language);
    let kind = match (draft.rung, foreign) {
        (Rung::Read | Rung::Related, true) => Kind::Translation,
        (Rung::Read, false) => Kind::Friendly,
        _ => return None,
    };
    let if_quick = match (switch_for(settings, kind), turn.display) {
        (Switch::Off, _) | (_, Display::Spoken) | (Switch::Auto, Display::Whole) => return None,
        (Switch::Auto, Display::AsItComes) => true,
        (Switch::On, _) => false,
    };
    // Computed answers, contradictions and questions that are only half answered already carry remarks of our own.
    let plain = climbed.trace.formula.is_none()
        && climbed.trace.contradicts.is_none()
        && climbed.trace.parts.is_empty()
        && draft.open.is_none();
    let of_documents = |c: &super::Citation| c.kind == CitationKind::Document;
    let cited = !draft.citations.is_empty() && draft.citations.iter().all(of_documents);
    let length: usize = draft.citations.iter().map(|c| c.quote.len()).sum();
    let quoted_only = settings.quote_only.iter().any(|t| t.is_of(question));
    (plain && cited && length <= LONGEST && !quoted_only).then_some(Plan {
        kind,
        language: climbed.language,
        if_quick,
        tone: climbed.tone,
    })
}

fn switch_for(settings: &AnswerSettings, kind: Kind) -> Switch {
    match kind {
        Kind::Friendly => settings.friendly,
        Kind::Translation => settings.translate,
    }
}

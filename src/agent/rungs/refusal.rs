//! The rung that always answers: says that the documents have no answer.

use super::Draft;
use crate::agent::case::Case;
use crate::agent::phrases::phrases;
use crate::agent::types::Rung;

pub(crate) fn answer(case: &Case<'_>) -> Draft {
    let offers = phrases(case.language).offers(case.business.needs_consent);
    let text = offers.refusal.to_owned();
    let mut draft = Draft::new(Rung::Refusal, text, Vec::new(), case);
    draft.handoff = true;
    draft
}

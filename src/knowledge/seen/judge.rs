//! What a decision changes, and what recognised pages say after all decisions.

use super::LineDecision;
use crate::extract::ocr::{SeenPage, Verdict};
use crate::knowledge::KnowledgeError;
use crate::reason::Reason;
use crate::store::seen::{self, LineState, SeenLine};
use crate::store::{SeenLineId, StoreError, UnixMs};

/// Longest line that an owner may write, in characters.
const LONGEST: usize = 500;

/// Recognised pages with the lines of them that are or were doubtful.
#[derive(Debug, Clone, Default)]
pub(in crate::knowledge) struct Known {
    pub(in crate::knowledge) pages: Vec<SeenPage>,
    pub(in crate::knowledge) lines: Vec<SeenLine>,
}

impl Known {
    /// What was seen just now; nothing is decided yet.
    pub(in crate::knowledge) fn fresh(pages: Vec<SeenPage>) -> Self {
        let mut lines = Vec::new();
        for page in &pages {
            let size = (page.width, page.height);
            let doubtful = (0_u32..)
                .zip(&page.lines)
                .filter(|(_, line)| line.is_doubtful());
            lines.extend(doubtful.map(|(at, line)| {
                let place = line.place(size).map(f64::from);
                let confidence = f64::from(line.confidence);
                SeenLine::new(page.page, at, line.text(), confidence, place)
            }));
        }
        Self { pages, lines }
    }

    pub(in crate::knowledge) fn is_decided(&self) -> bool {
        self.lines.iter().any(|l| l.state != LineState::Doubtful)
    }

    /// A sentence for the owner about what waits for a decision.
    pub(in crate::knowledge) fn waiting(&self) -> Option<String> {
        let waits = |line: &&SeenLine| line.state == LineState::Doubtful;
        match self.lines.iter().filter(waits).count() {
            0 => None,
            1 => Some(
                "1 line is not sure enough to be quoted: check it on the document's page".into(),
            ),
            n => Some(format!(
                "{n} lines are not sure enough to be quoted: check them on the document's page"
            )),
        }
    }

    /// The pages as the owner has judged their lines.
    pub(in crate::knowledge) fn judged(&self) -> Vec<SeenPage> {
        let of_page = |page: &SeenPage| -> Vec<(usize, Verdict)> {
            let lines = self.lines.iter().filter(|line| line.page == page.page);
            lines
                .filter_map(|line| Some((usize::try_from(line.line).ok()?, verdict(line)?)))
                .collect()
        };
        let pages = self.pages.iter();
        pages.map(|page| page.judged(&of_page(page))).collect()
    }

    /// The pages as they are stored.
    pub(in crate::knowledge) fn stored_pages(&self) -> Vec<seen::SeenPage> {
        let stored = |page: &SeenPage| seen::SeenPage {
            page: page.page,
            seen: serde_json::to_value(page).unwrap_or_default(),
        };
        self.pages.iter().map(stored).collect()
    }
}

/// Pages as they were stored.
///
/// # Errors
/// When another release stored them in a form that this one does not know.
pub(in crate::knowledge) fn to_pages(
    stored: Vec<seen::SeenPage>,
) -> Result<Vec<SeenPage>, KnowledgeError> {
    let read = |page: seen::SeenPage| serde_json::from_value(page.seen);
    let pages: Result<_, _> = stored.into_iter().map(read).collect();
    pages.map_err(|error| {
        let told = "what was recognised in this document is stored in another form: read the document again";
        KnowledgeError::Document(Reason::told(told, error))
    })
}

fn verdict(line: &SeenLine) -> Option<Verdict> {
    match line.state {
        LineState::Doubtful => None,
        LineState::Confirmed => Some(Verdict::Right),
        LineState::Corrected => Some(Verdict::Says(line.corrected.clone()?)),
        LineState::LeftOut => Some(Verdict::NoText),
    }
}

/// A line as it becomes, and its state before.
pub(super) type Change = (SeenLine, LineState);

/// What a decision on these lines changes. Of several lines those that were decided on already stay as they are.
///
/// # Errors
/// When a line is gone, or the only one was decided on in another way, or a correction says nothing or too much.
pub(super) fn decide(
    all: &[SeenLine],
    chosen: &[SeenLineId],
    decision: &LineDecision,
    now: UnixMs,
) -> Result<Vec<Change>, KnowledgeError> {
    if matches!(decision, LineDecision::Correct(_)) && chosen.len() != 1 {
        return Err(wrong("correct one line at a time"));
    }
    let mut changes = Vec::new();
    for id in chosen {
        let line = all.iter().find(|line| line.id == *id).ok_or_else(gone)?;
        let (state, corrected) = target(line, decision)?;
        if (line.state, &line.corrected) == (state, &corrected) {
            continue;
        }
        if state != LineState::Doubtful && line.state != LineState::Doubtful {
            if chosen.len() == 1 {
                return Err(decided(line));
            }
            continue;
        }
        let changed = SeenLine {
            state,
            corrected,
            decided_at: (state != LineState::Doubtful).then_some(now),
            ..line.clone()
        };
        changes.push((changed, line.state));
    }
    Ok(changes)
}

/// The state and the words that a line would have.
fn target(
    line: &SeenLine,
    decision: &LineDecision,
) -> Result<(LineState, Option<String>), KnowledgeError> {
    Ok(match decision {
        LineDecision::Confirm => (LineState::Confirmed, None),
        LineDecision::LeaveOut => (LineState::LeftOut, None),
        LineDecision::Undo => (LineState::Doubtful, None),
        LineDecision::Correct(text) => {
            let text = tidy(text)?;
            match text == line.text {
                true => (LineState::Confirmed, None),
                false => (LineState::Corrected, Some(text)),
            }
        }
    })
}

/// A line as an owner wrote it, on one line and without what is no text.
fn tidy(text: &str) -> Result<String, KnowledgeError> {
    let private = |c: &char| ('\u{e000}'..='\u{f8ff}').contains(c);
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !private(c))
        .collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if !plain.chars().any(char::is_alphanumeric) {
        return Err(wrong("write what the line says, or leave it out"));
    }
    if plain.chars().count() > LONGEST {
        return Err(wrong(
            "a line may have 500 characters: write only what this line says",
        ));
    }
    Ok(plain)
}

fn wrong(told: &str) -> KnowledgeError {
    KnowledgeError::Line(told.into())
}

fn gone() -> KnowledgeError {
    let told = "this line is gone, because the document was read again or has a newer version";
    StoreError::Conflict(told.into()).into()
}

fn decided(line: &SeenLine) -> KnowledgeError {
    let how = match line.state {
        LineState::Corrected => "corrected it",
        LineState::LeftOut => "left it out",
        _ => "confirmed it",
    };
    let told = format!("somebody has {how} already; take that back first");
    StoreError::Conflict(told.into()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::ocr::{SeenLine as Recognised, SeenWord};

    fn line(at: u32, state: LineState) -> SeenLine {
        SeenLine {
            state,
            corrected: (state == LineState::Corrected).then(|| "Tea 2.00".into()),
            ..SeenLine::new(1, at, "Tea 2.O0".into(), 0.5, [0.0; 4])
        }
    }

    fn states(changes: Result<Vec<Change>, KnowledgeError>) -> Vec<LineState> {
        let changes = changes.unwrap();
        changes.into_iter().map(|(line, _)| line.state).collect()
    }

    fn correct(text: &str) -> LineDecision {
        LineDecision::Correct(text.into())
    }

    #[test]
    fn a_decision_counts_once_and_can_be_taken_back() {
        use LineState::{Confirmed, Corrected, Doubtful, LeftOut};
        let one = |state, decision: &LineDecision| {
            let line = line(0, state);
            decide(std::slice::from_ref(&line), &[line.id], decision, 7)
        };
        assert_eq!(states(one(Doubtful, &LineDecision::Confirm)), [Confirmed]);
        assert_eq!(states(one(Doubtful, &LineDecision::LeaveOut)), [LeftOut]);
        assert_eq!(states(one(Doubtful, &correct("Tea 2.00"))), [Corrected]);
        assert_eq!(states(one(Doubtful, &correct(" Tea\n2.O0 "))), [Confirmed]);
        assert_eq!(states(one(LeftOut, &LineDecision::Undo)), [Doubtful]);
        for (state, decision) in [
            (Confirmed, LineDecision::Confirm),
            (Corrected, correct("Tea 2.00")),
            (Doubtful, LineDecision::Undo),
        ] {
            assert!(states(one(state, &decision)).is_empty(), "{decision:?}");
        }
        let other = one(Corrected, &LineDecision::Confirm).unwrap_err();
        assert!(
            other.to_string().contains("corrected it already"),
            "{other}"
        );
    }

    #[test]
    fn a_correction_is_one_line_with_words_in_it() {
        let line = line(0, LineState::Doubtful);
        let all = std::slice::from_ref(&line);
        for text in ["", " \n", "\u{e0d7}\u{200b}\u{0}", "—", &"a".repeat(501)] {
            let refused = decide(all, &[line.id], &correct(text), 7);
            assert!(matches!(refused, Err(KnowledgeError::Line(_))), "{text:?}");
        }
        let changes = decide(all, &[line.id], &correct("Tea\u{e0d7}\t3.00"), 7).unwrap();
        assert_eq!(changes[0].0.corrected.as_deref(), Some("Tea 3.00"));
        assert!(decide(all, &[line.id, line.id], &correct("x"), 7).is_err());
    }

    #[test]
    fn of_a_page_only_what_is_still_doubtful_changes_and_a_line_that_is_gone_stops_it() {
        let lines = [
            line(0, LineState::Doubtful),
            line(1, LineState::Corrected),
            line(2, LineState::Doubtful),
        ];
        let ids: Vec<SeenLineId> = lines.iter().map(|line| line.id).collect();
        let changes = decide(&lines, &ids, &LineDecision::Confirm, 7).unwrap();
        let changed: Vec<u32> = changes.iter().map(|(line, _)| line.line).collect();
        assert_eq!(changed, [0, 2]);
        let gone = decide(&lines[..2], &ids, &LineDecision::Confirm, 7).unwrap_err();
        assert!(
            matches!(gone, KnowledgeError::Store(StoreError::Conflict(_))),
            "{gone}"
        );
    }

    #[test]
    fn pages_come_back_from_the_store_and_say_what_the_owner_said() {
        let recognised = |text: &str, confidence| Recognised {
            words: vec![SeenWord {
                text: text.into(),
                x0: 10.0,
                x1: 60.0,
            }],
            y: 20.0,
            size: 10.0,
            turn: 0,
            confidence,
            corners: [(10.0, 10.0), (60.0, 10.0), (60.0, 22.0), (10.0, 22.0)],
        };
        let page = SeenPage {
            page: 3,
            width: 100.0,
            height: 200.0,
            lines: vec![recognised("sure", 0.99), recognised("dovbt", 0.4)],
            grids: Vec::new(),
        };
        let mut known = Known::fresh(vec![page.clone()]);
        assert_eq!((known.lines.len(), known.is_decided()), (1, false));
        assert_eq!((known.lines[0].page, known.lines[0].line), (3, 1));
        assert!((known.lines[0].place[2] - 0.6).abs() < 1e-6);
        assert_eq!(to_pages(known.stored_pages()).unwrap(), [page]);
        assert!(known.judged()[0].lines[1].is_doubtful());
        known.lines[0].state = LineState::Corrected;
        known.lines[0].corrected = Some("doubt".into());
        assert_eq!(known.judged()[0].lines[1].text(), "doubt");
        let strange = seen::SeenPage {
            page: 1,
            seen: serde_json::json!({"another": "form"}),
        };
        assert!(to_pages(vec![strange]).is_err());
    }
}

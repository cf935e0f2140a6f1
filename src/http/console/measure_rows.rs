//! Turns a run into rows of the pages about tests.

use serde_json::Value;

use super::format::{moment, plural};
use super::measure_pages::{
    AdditionRow, AnswerRow, ChangeRow, Chart, RunRow, RunningView, VerdictView,
};
use super::view::Fact;
use crate::agent::{AnswerSettings, Switch};
use crate::eval::compare::Change;
use crate::eval::figures::Share;
use crate::eval::gate::Verdict;
use crate::eval::{Figures, Graded, Outcome};
use crate::store::evals::{EvalRun, RunKind, RunState};

/// Drawing area of the chart; must match the template's `viewBox`.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;
/// Runs in the chart.
const SHOWN: usize = 30;

/// A share as `85.0 %`, or a dash.
pub(super) fn percent(share: Share) -> String {
    share
        .rate()
        .map_or_else(|| "–".to_owned(), |rate| format!("{:.1} %", rate * 100.0))
}

/// `340 ms`, `12.3 s`.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of an answer")]
pub(super) fn duration(ms: u64) -> String {
    if ms < 1000 {
        format!("{ms} ms")
    } else {
        format!("{:.1} s", ms as f64 / 1000.0)
    }
}

/// The figures of a run; `None` while it has none.
pub(super) fn figures(run: &EvalRun) -> Option<Figures> {
    if run.state != RunState::Done {
        return None;
    }
    serde_json::from_value(run.summary.clone()).ok()
}

pub(super) fn run_row(run: &EvalRun) -> RunRow {
    let figures = figures(run);
    let of =
        |pick: fn(&Figures) -> Share| figures.as_ref().map_or("–".into(), |f| percent(pick(f)));
    RunRow {
        id: run.id.to_string(),
        name: run.name.clone(),
        when: moment(run.created_at),
        state: run.state.as_str().into(),
        purpose: match run.kind {
            RunKind::Manual => "test",
            RunKind::Gate => "gate",
            RunKind::Calibrate => "calibration",
        },
        questions: figures
            .as_ref()
            .map_or("–".into(), |f| f.all.questions.to_string()),
        right: of(|f| f.right),
        wrong: of(|f| f.wrong),
        refused: of(|f| f.refusal_recall),
        error: run
            .summary
            .get("error")
            .and_then(Value::as_str)
            .map(str::to_owned),
    }
}

/// Progress of a run, while it runs.
pub(super) fn running(run: &EvalRun) -> Option<RunningView> {
    if run.state != RunState::Running {
        return None;
    }
    let number = |name: &str| {
        let path = format!("/progress/{name}");
        run.summary.pointer(&path).and_then(Value::as_u64)
    };
    Some(RunningView {
        done: number("done").unwrap_or(0),
        total: number("total").unwrap_or(0),
        what: match run.kind {
            RunKind::Gate => "Asking the golden questions, with and without the waiting changes",
            _ => "Asking the golden questions",
        },
    })
}

pub(super) fn verdict(found: Verdict) -> VerdictView {
    let comparison = &found.comparison;
    let (better, worse) = (comparison.better.len(), comparison.worse.len());
    let summary = match (better, worse) {
        (0, 0) => "No golden question comes out differently.".to_owned(),
        _ => format!(
            "{} {} better, {} {} worse.",
            plural(better as u64, "question", "questions"),
            if better == 1 { "comes out" } else { "come out" },
            plural(worse as u64, "question", "questions"),
            if worse == 1 { "comes out" } else { "come out" },
        ),
    };
    VerdictView {
        run: found.run.to_string(),
        summary,
        worse: comparison.is_worse(),
        changes: comparison
            .worse
            .iter()
            .chain(&comparison.better)
            .map(change)
            .collect(),
    }
}

fn change(change: &Change) -> ChangeRow {
    ChangeRow {
        question: change.question.clone(),
        expected: change.expected.clone(),
        before: change.before.as_str(),
        now: change.now.as_str(),
        answer_before: change.answer_before.clone(),
        answer_now: change.answer_now.clone(),
    }
}

/// Shares of the runs over time, oldest first; `None` with fewer than two runs.
pub(super) fn chart(newest_first: &[&EvalRun]) -> Option<Chart> {
    let mut runs: Vec<(&EvalRun, Figures)> = newest_first
        .iter()
        .take(SHOWN)
        .filter_map(|run| Some((*run, figures(run)?)))
        .collect();
    runs.reverse();
    if runs.len() < 2 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few runs")]
    let x = |i: usize| 10.0 + (WIDTH - 20.0) * i as f64 / (runs.len() - 1) as f64;
    let y = |share: Share| 10.0 + (HEIGHT - 20.0) * (1.0 - share.rate().unwrap_or(0.0));
    let line = |pick: fn(&Figures) -> Share| {
        let points = runs.iter().enumerate();
        let points = points.map(|(i, (_, f))| format!("{:.1},{:.1}", x(i), y(pick(f))));
        points.collect::<Vec<_>>().join(" ")
    };
    let dot = |(i, (run, f)): (usize, &(&EvalRun, Figures))| {
        let said = format!(
            "{}: {} right, {} false",
            moment(run.created_at).shown,
            percent(f.right),
            percent(f.wrong)
        );
        (format!("{:.1}", x(i)), format!("{:.1}", y(f.right)), said)
    };
    let (_, last) = runs.last()?;
    Some(Chart {
        right: line(|f| f.right),
        wrong: line(|f| f.wrong),
        told: format!(
            "{}; the newest has {} right and {} false answers",
            plural(runs.len() as u64, "run", "runs"),
            percent(last.right),
            percent(last.wrong)
        ),
        dots: runs.iter().enumerate().map(dot).collect(),
    })
}

/// The figures of a run as lines.
pub(super) fn facts(figures: &Figures) -> Vec<Fact> {
    let of = |share: Share| format!("{} ({} of {})", percent(share), share.n, share.of);
    let mut facts = vec![
        Fact::new("Right answers", of(figures.right)),
        Fact::new("False answers", of(figures.wrong)),
        Fact::new("Unanswerable ones refused", of(figures.refusal_recall)),
        Fact::new("Refusals that were right", of(figures.refusal_precision)),
        Fact::new("Citations with the answer", of(figures.citation_recall)),
        Fact::new("Citations that support", of(figures.citation_precision)),
        Fact::new("Passage with the answer found", of(figures.retrieved)),
    ];
    facts.retain(|fact| !fact.value.starts_with('–'));
    facts
}

/// The questions of a run compared with another: those that are not right first, then those that changed.
pub(super) fn answers(now: &[Graded], before: &[Graded]) -> Vec<AnswerRow> {
    let mut rows: Vec<(bool, AnswerRow)> = now
        .iter()
        .map(|one| {
            let old = before
                .iter()
                .find(|old| old.id == one.id && old.question == one.question)
                .filter(|old| old.outcome != one.outcome || old.answer != one.answer);
            let mark = old.is_some_and(|old| old.outcome != one.outcome);
            (mark, answer(one, old))
        })
        .collect();
    let rank = |outcome: &str| {
        ["false", "missed", "right"]
            .iter()
            .position(|o| *o == outcome)
    };
    rows.sort_by_key(|(changed, row)| (rank(row.outcome), !changed));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn answer(one: &Graded, old: Option<&Graded>) -> AnswerRow {
    let rung = one.rung.map_or("No answer", |rung| {
        super::quality_pages::rung(rung.as_str()).label
    });
    AnswerRow {
        question: one.question.clone(),
        expected: one.expected.clone(),
        outcome: Outcome::as_str(one.outcome),
        cause: one.cause.map(|cause| cause_label(cause.describe())),
        answer: one.answer.clone(),
        how: format!("{rung} · {}", duration(one.total_ms)),
        cites: one.citations.iter().map(|c| c.title.clone()).collect(),
        before: old.map(|old| (old.outcome.as_str(), old.answer.clone())),
    }
}

/// Where an answer was lost, in an owner's words.
pub(super) fn cause_label(cause: &str) -> &str {
    match cause {
        "not retrieved" => "the passage was not found",
        "retrieved, but refused" => "the passage was found, but was not sure enough",
        "wrong words quoted" => "other words of it were quoted",
        "wrong text" => "what was written is not right",
        "answered though unanswerable" => "it should have said that it does not know",
        other => other,
    }
}

/// What the model may add to answers.
pub(super) fn additions(settings: &AnswerSettings) -> Vec<AdditionRow> {
    let row = |name, label, hint, now: Switch| AdditionRow {
        name,
        label,
        hint,
        choices: [
            ("auto", "Where it is quick enough", now == Switch::Auto),
            ("on", "Always", now == Switch::On),
            ("off", "Never", now == Switch::Off),
        ],
    };
    vec![
        row(
            "friendly",
            "A friendly sentence",
            "“Quick enough” means that the first word comes within two seconds on this machine.",
            settings.friendly,
        ),
        row(
            "translate",
            "A translation",
            "For a quotation in another language than the visitor's. It is marked as made by machine.",
            settings.translate,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Case;
    use crate::eval::grade::failed;
    use crate::store::EvalRunId;
    use serde_json::json;

    fn run(right: usize, state: RunState) -> EvalRun {
        EvalRun {
            id: EvalRunId::new(),
            name: "x".into(),
            kind: RunKind::Manual,
            state,
            summary: json!({"right": {"n": right, "of": 4}, "false": {"n": 0, "of": 4}}),
            created_at: 1,
            ended_at: None,
        }
    }

    #[test]
    fn the_chart_begins_with_the_oldest_run_and_needs_two() {
        let (new, old) = (run(4, RunState::Done), run(2, RunState::Done));
        let chart = chart(&[&new, &old]).unwrap();
        assert_eq!(chart.right, "10.0,60.0 590.0,10.0");
        assert!(chart.told.contains("100.0 % right"));
        assert!(super::chart(&[&new, &run(1, RunState::Failed)]).is_none());
    }

    #[test]
    fn what_is_not_right_comes_first() {
        let mut right = failed(&Case::answered("a", &["x"]), "x");
        right.outcome = Outcome::Right;
        let mut wrong = failed(&Case::answered("b", &["x"]), "y");
        wrong.outcome = Outcome::False;
        let rows = answers(&[right.clone(), wrong], &[right]);
        assert_eq!((rows[0].outcome, rows[1].outcome), ("false", "right"));
        assert!(rows[1].before.is_none());
    }
}

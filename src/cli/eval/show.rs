//! Prints a run as a table.

use crate::cli::out;
use crate::eval::figures::Share;
use crate::eval::{Comparison, Graded, Outcome, Report};

/// Prints a run: figures, breakdowns, wrong answers, changes.
pub(super) fn report(report: &Report, comparison: Option<&Comparison>, details: bool) {
    let figures = &report.figures;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run")]
    let seconds = (report.ended_at - report.started_at) as f64 / 1000.0;
    out::line(&format!(
        "{}: {}, {} of them answerable, in {seconds:.0} s\n",
        report.name,
        out::plural(figures.all.questions, "question", "questions"),
        figures.right.of
    ));
    let delta = |change: Option<f64>| match change {
        Some(change) => format!("{:+.1}", change * 100.0),
        None => String::new(),
    };
    let line = |what: &str, share: Share, change: Option<f64>| {
        let rate = share
            .rate()
            .map_or_else(|| "-".into(), |r| format!("{:.1} %", r * 100.0));
        let of = format!("{} of {}", share.n, share.of);
        let text = format!("{what:<38}{of:>12}{rate:>10}{:>9}", delta(change));
        out::line(text.trim_end());
    };
    line("right answers", figures.right, comparison.map(|c| c.right));
    line(
        "false answers, of all",
        figures.wrong,
        comparison.map(|c| c.wrong),
    );
    line(
        "right, or related with the answer",
        figures.right_or_related,
        None,
    );
    line(
        "related shown to unanswerable ones",
        figures.related_unanswerable,
        None,
    );
    line(
        "unanswerable ones not claimed",
        figures.refusal_recall,
        comparison.map(|c| c.refused),
    );
    line(
        "refusals of unanswerable ones",
        figures.refusal_precision,
        None,
    );
    line(
        "right answers that cite the answer",
        figures.citation_recall,
        None,
    );
    line("citations that support", figures.citation_precision, None);
    line("a found passage holds the answer", figures.retrieved, None);
    line("expected words in the answer", figures.contains, None);
    if figures.exact.of > 0 {
        line("equal to an expected answer", figures.exact, None);
    }
    if let Some(f1) = figures.f1 {
        out::line(&format!(
            "{:<38}{:>22.1} %",
            "word overlap (F1)",
            f1 * 100.0
        ));
    }
    breakdowns(report);
    for one in &report.results {
        if details || one.outcome != Outcome::Right {
            question(one);
        }
    }
    if let Some(comparison) = comparison {
        out::line("\ncompared with the previous run:");
        changes(comparison);
    }
}

fn breakdowns(report: &Report) {
    let figures = &report.figures;
    out::line(&format!(
        "\n{:<28}{:>6}{:>7}{:>8}{:>7}   first word p50/p95   whole p50/p95, ms",
        "rung", "all", "right", "missed", "false"
    ));
    for (rung, of) in &figures.rungs {
        let (t, ms) = (of.tally, of.ms);
        out::line(&format!(
            "{rung:<28}{:>6}{:>7}{:>8}{:>7}{:>13} /{:>6}{:>11} /{:>6}",
            t.questions,
            t.right,
            t.missed,
            t.wrong,
            ms.first_token_p50,
            ms.first_token_p95,
            ms.total_p50,
            ms.total_p95
        ));
    }
    out::line("\nkind");
    for (kind, t) in &figures.kinds {
        out::line(&format!(
            "{kind:<28}{:>6}{:>7}{:>8}{:>7}",
            t.questions, t.right, t.missed, t.wrong
        ));
    }
    if !figures.causes.is_empty() {
        out::line("\ncause");
        for (cause, count) in &figures.causes {
            out::line(&format!("{cause:<28}{count:>6}"));
        }
    }
    out::line("");
}

fn question(one: &Graded) {
    let rung = one.rung.map_or("-", crate::agent::Rung::as_str);
    let cause = one.cause.map_or("", crate::eval::Cause::describe);
    out::line(&format!(
        "{:<7}{} [{rung}] {cause}",
        one.outcome.as_str(),
        one.id
    ));
    out::line(&format!("   asked     {}", shorten(&one.question)));
    out::line(&format!("   expected  {}", shorten(&one.expected)));
    out::line(&format!("   answer    {}", shorten(&one.answer)));
    for cited in &one.citations {
        let mark = if cited.supports { "+" } else { "-" };
        out::line(&format!(
            "   cites {mark}   {}: {}",
            cited.title,
            shorten(&cited.quote)
        ));
    }
}

/// Puts a text on one line and shortens it to fit a terminal.
fn shorten(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(240) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(&text)),
        None => text,
    }
}

/// Prints what got better and worse.
pub(super) fn changes(comparison: &Comparison) {
    let (better, worse) = (comparison.better.len(), comparison.worse.len());
    out::line(&format!(
        "\n{better} better, {worse} worse, {} other words, {}, {} gone",
        comparison.reworded,
        out::plural(comparison.added, "new question", "new questions"),
        comparison.dropped
    ));
    for (mark, list) in [("better", &comparison.better), ("worse", &comparison.worse)] {
        for change in list {
            out::line(&format!(
                "{mark:<7}{} {} → {}",
                change.id,
                change.before.as_str(),
                change.now.as_str()
            ));
            out::line(&format!("   asked     {}", shorten(&change.question)));
            out::line(&format!("   expected  {}", shorten(&change.expected)));
            out::line(&format!("   before    {}", shorten(&change.answer_before)));
            out::line(&format!("   now       {}", shorten(&change.answer_now)));
        }
    }
}

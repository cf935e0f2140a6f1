//! `frontdesk eval analysis`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use super::material;
use crate::app::{App, Engines, Start};
use crate::cli::out;
use crate::cli::shared::{DataPlace, block_on, log};
use crate::eval::analyses::material::read;
use crate::eval::analyses::statistics::{Beside, Interval};
use crate::eval::analyses::{
    CostFigures, Figures, MOST_INVENTED, Order, ScoreFigures, SummaryFigures, measure,
};
use crate::store::Store;

/// Arguments of `frontdesk eval analysis`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Folder with satisfaction_*.jsonl, dialogsum.jsonl and persuasion_outcome.jsonl; each may be missing
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Let the model read at most N conversations of each kind; moods are counted for all
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Measure what works without a language model
    #[arg(long)]
    no_model: bool,
    /// Fit the weights of the score too, and print them
    #[arg(long)]
    fit: bool,
    /// Save each result of the model in FILE as it comes; the same command later goes on from there. After an update of the
    /// program take another file
    #[arg(long, value_name = "FILE", conflicts_with = "no_model")]
    save: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let material = read(&args.folder)?;
    let figures = block_on(async {
        let start = match args.no_model {
            true => Start::Never,
            false => Start::Now,
        };
        let engines = Engines::local(&config, start, CancellationToken::new())?;
        let app = App::assemble(config, Store::open_in_memory()?, engines).await?;
        if !args.no_model {
            material::ready(&app).await;
        }
        let bar = match out::watched() {
            true => ProgressBar::new(1),
            false => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {bar:30} {elapsed}") {
            bar.set_style(style);
        }
        let length = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let tell = |done: usize, all: usize| {
            bar.set_length(length(all));
            bar.set_position(length(done));
        };
        let model = (!args.no_model && app.chat.ready().is_ok()).then_some(app.chat.as_ref());
        let order = Order {
            model,
            limit: args.limit.unwrap_or(usize::MAX),
            fit: args.fit,
            save: args.save.as_deref(),
        };
        let figures = measure(&material, &order, &tell).await;
        bar.finish_and_clear();
        app.stop().await;
        anyhow::Ok(figures?)
    })?;
    if figures.taken > 0 {
        out::note(&format!("{} results were saved before", figures.taken));
    }
    if args.json {
        return out::json(&figures);
    }
    show(&figures);
    Ok(())
}

fn show(figures: &Figures) {
    let model = figures.model.as_deref();
    out::line(&format!("Model: {}", model.unwrap_or("none")));
    for one in &figures.moods {
        let head = format!("Mood, {} ({} turns)", one.set, one.turns);
        beside(
            &head,
            "macro-F1",
            "always the usual class",
            one.macro_f1.as_ref(),
        );
    }
    if let Some(summaries) = &figures.summaries {
        show_summaries(summaries);
    }
    if let Some(scores) = &figures.scores {
        show_scores(scores);
    }
    show_cost(&figures.cost);
    out::note(&format!("{:.0} s in all", figures.took_s));
}

fn show_summaries(one: &SummaryFigures) {
    let head = format!("Summaries ({})", one.conversations);
    beside(
        &head,
        "facts, long",
        "first three sentences",
        one.recall.as_ref(),
    );
    for (name, figure) in [
        ("facts, medium", one.recall_medium),
        ("facts, short", one.recall_short),
    ] {
        if let Some(figure) = figure {
            out::line(&format!("  {name}: {}", percent(&figure)));
        }
    }
    if let Some(invented) = &one.invented {
        let told = percent(invented);
        let verdict = match (one.invented_few, one.invented_surely_few) {
            (true, true) => "within the goal",
            (true, false) => "within the goal, but not by more than chance",
            _ => "NOT within the goal",
        };
        out::line(&format!(
            "  invented: {told} of {} sentences; at most {:.0} % are wanted ({verdict})",
            one.sentences,
            MOST_INVENTED * 100.0
        ));
    }
    if let Some(lead) = &one.invented_of_lead {
        out::line(&format!(
            "  the same of the first three sentences, which invent nothing: {}",
            percent(lead)
        ));
    }
    out::line(&format!(
        "  words: {:.0}, first three sentences {:.0}",
        one.words, one.words_of_lead
    ));
}

fn show_scores(one: &ScoreFigures) {
    let head = format!("Scores ({})", one.conversations);
    let messages = "number of messages";
    beside(&head, "Spearman", messages, one.beside_messages.as_ref());
    beside(
        &head,
        "Spearman",
        "number of price words",
        one.beside_price_words.as_ref(),
    );
    if one.fitted.is_some() {
        let head = "Scores with weights fitted to the others";
        beside(head, "Spearman", messages, one.fitted.as_ref());
        let price = one.fitted_beside_price_words.as_ref();
        beside(head, "Spearman", "number of price words", price);
    }
    if let Some(weights) = &one.weights {
        out::line(&format!("\n{weights}"));
    }
}

fn show_cost(cost: &CostFigures) {
    if cost.analyses == 0 {
        return;
    }
    let each = |tokens: u64| tokens / u64::try_from(cost.analyses).unwrap_or(1).max(1);
    out::line(&format!(
        "Cost: {} analyses, {:.1} s in the middle, {:.1} s at worst; {} tokens read and {} written each",
        cost.analyses,
        cost.median_s,
        cost.worst_s,
        each(cost.tokens_read),
        each(cost.tokens_written)
    ));
    out::line(&format!(
        "JSON: {} of {} valid; {} analyses without all of the model's part",
        cost.json_valid, cost.json_asked, cost.failed
    ));
}

/// Prints a figure beside its baseline, and whether it is better by more than chance.
fn beside(head: &str, name: &str, baseline: &str, figure: Option<&Beside>) {
    let Some(figure) = figure else {
        out::line(&format!("{head}\n  {name}: cannot be computed"));
        return;
    };
    let verdict = match figure.beats() {
        true => "better",
        false => "NOT better by more than chance",
    };
    out::line(&format!(
        "{head}\n  {name}: {}\n  {baseline}: {}\n  difference: {} ({verdict})",
        plain(&figure.ours),
        plain(&figure.baseline),
        plain(&figure.difference)
    ));
}

fn plain(one: &Interval) -> String {
    format!("{:.3} [{:.3}, {:.3}]", one.value, one.low, one.high)
}

fn percent(one: &Interval) -> String {
    format!(
        "{:.1} % [{:.1}, {:.1}]",
        one.value * 100.0,
        one.low * 100.0,
        one.high * 100.0
    )
}

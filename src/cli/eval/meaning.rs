//! `frontdesk eval meaning`.

use clap::Args as ClapArgs;
use tokio_util::sync::CancellationToken;

use super::material;
use crate::app::{App, Engines, Start};
use crate::cli::out;
use crate::cli::shared::{DataPlace, block_on, log};
use crate::eval::analyses::statistics::Interval;
use crate::eval::meaning::count::{Decision, Halves, Measured};
use crate::eval::meaning::{Figures, measure};
use crate::store::Store;

/// Arguments of `frontdesk eval meaning`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let figures = block_on(async {
        let engines = Engines::local(&config, Start::Now, CancellationToken::new())?;
        let app = App::assemble(config, Store::open_in_memory()?, engines).await?;
        material::ready(&app).await;
        let figures = measure(app.embedder.as_ref()).await;
        app.stop().await;
        anyhow::Ok(figures?)
    })?;
    if args.json {
        return out::json(&figures);
    }
    show(&figures);
    Ok(())
}

fn show(figures: &Figures) {
    out::line(&format!("Embedding model: {}", figures.embedder));
    for decision in [&figures.workflows, &figures.topics] {
        show_decision(decision);
    }
    out::note(&format!("{:.0} s in all", figures.took_s));
}

fn show_decision(decision: &Decision) {
    out::line(&format!(
        "\nDecision: {} ({}, {} of them to be found, {} held out)",
        decision.name,
        out::plural(decision.sentences, "sentence", "sentences"),
        decision.belonging,
        decision.held_out
    ));
    for way in &decision.ways {
        out::line(&format!(
            "\n{:<22}{:<9}{:<24}{:<24}{:<24}{:>7}{:>7}",
            way.name, "half", "precision", "recall", "F1", "right", "wrong"
        ));
        lines("words alone", &way.words);
        let in_use = &way.in_use;
        lines(&format!("in use, {:.3}", in_use.threshold), &in_use.halves);
        match &way.precise {
            Some(at) => lines(&format!("precise, {:.3}", at.threshold), &at.halves),
            None => out::line("no threshold is precise on the tuning half"),
        }
        for at in &way.thresholds {
            lines(&format!("{:.3}", at.threshold), &at.halves);
        }
    }
}

fn lines(name: &str, halves: &Halves) {
    line(name, "tuning", &halves.tuning);
    line("", "held out", &halves.held_out);
}

fn line(name: &str, half: &str, one: &Measured) {
    out::line(&format!(
        "{name:<22}{half:<9}{:<24}{:<24}{:<24}{:>7}{:>7}",
        told(one.precision),
        told(one.recall),
        told(one.f1),
        one.right,
        one.wrong
    ));
}

fn told(figure: Option<Interval>) -> String {
    figure.map_or_else(
        || "-".to_owned(),
        |one| format!("{:.3} ({:.3} to {:.3})", one.value, one.low, one.high),
    )
}

//! `frontdesk eval`: measures the answers with golden questions.

mod analysis;
mod calibrate;
mod gate;
mod material;
mod meaning;
mod server;
mod show;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::config::Config;
use crate::eval::{self, Asker, Case, Comparison, Report};
use material::Subject;

/// Arguments of `frontdesk eval`.
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Args {
    #[command(flatten)]
    measure: Measure,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Choose thresholds for the rungs so that few answers are false, and store them
    Calibrate(Box<calibrate::Args>),
    /// Measure analyses of conversations: moods, summaries and scores, beside trivial ways to get them
    Analysis(analysis::Args),
    /// Measure what is decided by meaning: which workflow a message begins, which declined topic a question is about
    Meaning(meaning::Args),
    /// Ask the golden questions about changes waiting at the gate, and publish or discard these
    Gate(gate::Args),
}

/// What to ask, and what to measure.
#[derive(Debug, ClapArgs)]
pub(super) struct Measure {
    /// Questions: JSON lines, a JSON list, or CSV with the columns question,expected
    #[arg(required = true, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Workspace to ask
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Ask about these files or folders only, read into memory; no data folder is touched
    #[arg(long, value_name = "PATH")]
    docs: Vec<PathBuf>,
    /// Ask about the passages that come with the questions, read into memory
    #[arg(long, conflicts_with = "docs")]
    passages: bool,
    /// With --docs: file of questions with approved answers
    #[arg(long, value_name = "FILE")]
    faq: Option<PathBuf>,
    /// Ask only the first N questions
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Ask only questions of this kind
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Questions to ask at the same time
    #[arg(long, value_name = "N", default_value_t = 1)]
    jobs: usize,
    /// Name of the run; runs of one name are compared [default: the file's folder and name]
    #[arg(long)]
    name: Option<String>,
    /// Compare with what an earlier run printed with --json
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Show every question, not only those answered wrongly
    #[arg(long)]
    details: bool,
    /// Do not store the run
    #[arg(long)]
    no_save: bool,
    /// Fail (exit code 1) if a smaller share of the answerable questions is right, such as 0.85
    #[arg(long, value_name = "SHARE")]
    min_right: Option<f64>,
    /// Fail (exit code 1) if a larger share of all answers is false, such as 0.02
    #[arg(long, value_name = "SHARE")]
    max_false: Option<f64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    match args.what {
        None => measure(&args.measure),
        Some(What::Analysis(args)) => analysis::run(&args),
        Some(What::Calibrate(args)) => calibrate::run(&args),
        Some(What::Meaning(args)) => meaning::run(&args),
        Some(What::Gate(args)) => gate::run(&args),
    }
}

fn measure(args: &Measure) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let (name, cases) = questions(args)?;
    let against = args.against.as_ref().map(earlier).transpose()?;
    let (report, before) = block_on(carry_out(config, args, &name, cases))?;
    let before = against.or(before);
    let comparison = before
        .as_ref()
        .map(|before| Comparison::of(&before.results, &report.results));
    if args.json {
        let mut data = serde_json::to_value(&report)?;
        if let Some(fields) = data.as_object_mut() {
            fields.insert("comparison".into(), json!(comparison));
        }
        out::json(&data)?;
    } else {
        show::report(&report, comparison.as_ref(), args.details);
    }
    check_goals(args, &report)
}

/// Reads the chosen questions of the file and the run's name.
fn questions(args: &Measure) -> anyhow::Result<(String, Vec<Case>)> {
    let file = args.file.as_ref().context("name a file of questions")?;
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let mut cases =
        eval::golden::read(&text).map_err(|e| WrongCall(format!("{}: {e}", file.display())))?;
    if !args.kind.is_empty() {
        let wanted = |case: &Case| case.kind.as_ref().is_some_and(|k| args.kind.contains(k));
        cases.retain(wanted);
    }
    cases.truncate(args.limit.unwrap_or(usize::MAX));
    if cases.is_empty() {
        return Err(WrongCall("no questions are left to ask".into()).into());
    }
    let name = args.name.clone().unwrap_or_else(|| {
        // Files of questions are often all called questions.jsonl, so the folder is part of the name.
        let parts: Vec<_> = file.iter().map(|part| part.to_string_lossy()).collect();
        let from = parts.len().saturating_sub(2);
        parts.get(from..).unwrap_or(&parts).join("/")
    });
    Ok((name, cases))
}

fn earlier(file: &PathBuf) -> anyhow::Result<Report> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is not a run printed with --json", file.display()))
}

/// Asks the questions and stores the run. Returns the previous run of the same name, if one is stored.
async fn carry_out(
    config: Arc<Config>,
    args: &Measure,
    name: &str,
    cases: Vec<Case>,
) -> anyhow::Result<(Report, Option<Report>)> {
    let subject = Subject::open(config, args, &cases).await?;
    let outcome = async {
        let asker = subject.asker().await?;
        let report = ask(name, cases, asker, args.jobs).await?;
        let before = subject.previous(name).await?;
        if !args.no_save {
            subject.keep(&report).await?;
        }
        anyhow::Ok((report, before))
    };
    let outcome = outcome.await;
    subject.close().await;
    outcome
}

async fn ask(
    name: &str,
    cases: Vec<Case>,
    asker: Arc<dyn Asker>,
    jobs: usize,
) -> anyhow::Result<Report> {
    let bar = if out::watched() {
        ProgressBar::new(u64::try_from(cases.len()).unwrap_or(0))
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {bar:30} {elapsed} {msg}") {
        bar.set_style(style);
    }
    let report = eval::run::run(name, cases, asker, jobs, |progress, _| {
        bar.set_position(u64::try_from(progress.done).unwrap_or(0));
        bar.set_message(format!(
            "{} right, {} false",
            progress.right, progress.wrong
        ));
        true
    });
    let report = report.await?;
    bar.finish_and_clear();
    Ok(report)
}

fn check_goals(args: &Measure, report: &Report) -> anyhow::Result<()> {
    let right = report.figures.right.rate().unwrap_or(1.0);
    let wrong = report.figures.wrong.rate().unwrap_or(0.0);
    if let Some(least) = args.min_right
        && right < least
    {
        anyhow::bail!(
            "{:.1} % are right, but at least {:.1} % are required",
            right * 100.0,
            least * 100.0
        );
    }
    if let Some(most) = args.max_false
        && wrong > most
    {
        anyhow::bail!(
            "{:.1} % are false, but at most {:.1} % are allowed",
            wrong * 100.0,
            most * 100.0
        );
    }
    Ok(())
}

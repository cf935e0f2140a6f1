//! `frontdesk eval calibrate`.

use std::collections::HashMap;

use clap::Args as ClapArgs;
use serde_json::Map;

use super::material::Subject;
use super::{Measure, ask, questions};
use crate::cli::out;
use crate::cli::shared::{block_on, log};
use crate::eval::calibrate::{Calibration, calibrate, into_section, sample};
use crate::eval::{Case, Report};

/// Arguments of `frontdesk eval calibrate`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    measure: Measure,
    /// Share of all answers that may be false
    #[arg(long, default_value_t = 0.02)]
    target: f64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.measure.place.settings(Vec::new())?;
    log("warn")?;
    let (name, cases) = questions(&args.measure)?;
    let made = block_on(async {
        let subject = Subject::open(config, &args.measure, &cases).await?;
        let outcome = async {
            let asker = subject.asker().await?;
            let report = ask(&name, cases.clone(), asker, args.measure.jobs).await?;
            let made = from_report(&cases, &report, args.target)?;
            if !args.measure.no_save {
                let at = jiff::Timestamp::now().to_string();
                let mut section = Map::new();
                into_section(&mut section, &made, &at);
                subject.keep_answers(section).await?;
            }
            anyhow::Ok(made)
        };
        let outcome = outcome.await;
        subject.close().await;
        outcome
    })?;
    if args.measure.json {
        return out::json(&made);
    }
    show(&made);
    Ok(())
}

fn from_report(cases: &[Case], report: &Report, target: f64) -> anyhow::Result<Calibration> {
    let by_id: HashMap<(&str, &str), &Case> = cases
        .iter()
        .map(|c| ((c.id.as_str(), c.question.as_str()), c))
        .collect();
    let samples: Vec<_> = report
        .results
        .iter()
        .filter_map(|g| Some(sample(by_id.get(&(g.id.as_str(), g.question.as_str()))?, g)))
        .collect();
    calibrate(&samples, target).ok_or_else(|| {
        anyhow::anyhow!("no rung that answers by a score had anything to say; add documents or questions with answers")
    })
}

fn show(made: &Calibration) {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    out::line(&format!(
        "{}, at most {} false\n",
        out::plural(made.questions, "question", "questions"),
        percent(made.target)
    ));
    for (rung, threshold) in &made.thresholds {
        let from = if *threshold < 1e6 {
            format!("answers from {threshold:.4}")
        } else {
            "never answers".into()
        };
        out::line(&format!("{rung:<10} {from}"));
    }
    out::line(&format!(
        "\non these questions    right {:>7}   false {:>7}",
        percent(made.fitted.right),
        percent(made.fitted.wrong)
    ));
    out::line(&format!(
        "on others (5 folds)   right {:>7}   false {:>7}",
        percent(made.held_out.right),
        percent(made.held_out.wrong)
    ));
    for (rung, curve) in &made.curves {
        out::line(&format!("\n{rung}: threshold, right, false"));
        for point in curve.iter().filter(|p| p.threshold < 1e6) {
            out::line(&format!(
                "{:>9.4} {:>8} {:>8}",
                point.threshold,
                percent(point.rates.right),
                percent(point.rates.wrong)
            ));
        }
    }
}

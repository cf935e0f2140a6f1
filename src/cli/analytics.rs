//! `frontdesk analytics`: what happened in a span of days.

use std::path::Path;

use clap::Args as ClapArgs;
use serde_json::Value;

use super::api::with_api;
use super::out;
use super::shared::{DataPlace, block_on, log};
use crate::analytics::{TABLES, percent, rung, score, seconds};
use crate::app::Start;

/// Arguments of `frontdesk analytics`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// First day, such as 2026-12-01; four weeks up to the last one when left out
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Last day; today when left out
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// Only one channel: chat, voice, api, cli
    #[arg(long)]
    channel: Option<String>,
    /// Only one assistant, by its short name or id
    #[arg(long)]
    assistant: Option<String>,
    /// Workspace
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print a table as CSV: figures, outcomes, days, channels, assistants, rungs, satisfaction, hours, topics, calls
    #[arg(long, value_name = "TABLE", num_args = 0..=1, default_missing_value = "figures", value_parser = TABLES)]
    csv: Option<String>,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let fields = [
        ("from", &args.from),
        ("until", &args.until),
        ("channel", &args.channel),
        ("assistant", &args.assistant),
    ];
    let given = fields
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(given)
        .finish();
    let csv = args.csv;
    let found = block_on(with_api(
        config,
        &args.workspace,
        Start::Never,
        async |api| match &csv {
            Some(table) => {
                let path = format!("/api/v1/analytics/tables/{table}?{query}");
                api.save(&path, Path::new("-")).await?;
                Ok(None)
            }
            None => api
                .get(&format!("/api/v1/analytics?{query}"))
                .await
                .map(Some),
        },
    ))?;
    match found {
        None => Ok(()),
        Some(found) if args.json => out::json(&found),
        Some(found) => {
            show(&found);
            Ok(())
        }
    }
}

fn show(of: &Value) {
    let day = |span: &str, end: &str| text(of.get(span), end).to_owned();
    out::line(&format!(
        "{} to {} (time zone {}), in brackets {} to {}:",
        day("days", "from"),
        day("days", "until"),
        text(Some(of), "time_zone"),
        day("before", "from"),
        day("before", "until"),
    ));
    let (now, before) = (of.get("figures"), of.get("figures_before"));
    let line = |name: &str, figure: &dyn Fn(Option<&Value>) -> String| {
        out::line(&format!("  {name}: {} ({})", figure(now), figure(before)));
    };
    let count = |field: &'static str| move |of: Option<&Value>| number(of, field).to_string();
    let share = |field: &'static str| move |of: Option<&Value>| percent(real(of, field));
    let time = |field: &'static str| {
        move |of: Option<&Value>| seconds(of.and_then(|of| of.get(field)?.as_u64()))
    };
    line("Conversations", &count("conversations"));
    line("Settled without a person", &|of| {
        format!(
            "{}, {}",
            number(of, "resolved"),
            percent(real(of, "resolution"))
        )
    });
    line("Without a person, settled or not", &share("containment"));
    line(
        "Answered, and the visitor left without a word",
        &count("left"),
    );
    line("Not answered, or rated as bad", &count("unanswered"));
    line("With a person", &count("person"));
    line("Calls for a person", &count("asked"));
    line("Missed", &count("missed"));
    line("Until a person came, median", &time("take_ms_p50"));
    line("Questions answered", &share("answering"));
    line("Satisfaction, 1 to 5", &|of| {
        score(real(of, "satisfaction"))
    });
    line("Answers reported as false", &count("reported_false"));
    line("Gaps", &count("gaps"));
    line("Leads and calls to make", &count("leads"));
    line("Answer time, median", &time("answer_ms_p50"));
    line("Answer time, 95 %", &time("answer_ms_p95"));
    let answers = now.and_then(|now| now.get("answers")?.as_object());
    let answers: Vec<String> = answers
        .into_iter()
        .flatten()
        .filter(|(_, number)| number.as_u64() != Some(0))
        .map(|(name, number)| format!("{} {number}", rung(name)))
        .collect();
    if !answers.is_empty() {
        out::line(&format!("  What answered: {}", answers.join(", ")));
    }
    let topics = of.get("topics").and_then(Value::as_array);
    for topic in topics.into_iter().flatten() {
        let topic = Some(topic);
        let (questions, name) = (number(topic, "questions"), text(topic, "name"));
        out::line(&format!("  Topic, {questions} questions: {name}"));
    }
    let pending = number(Some(of), "pending");
    if pending > 0 {
        out::note(&format!(
            "{pending} conversations are not counted yet; ask again in a moment."
        ));
    }
}

fn number(of: Option<&Value>, field: &str) -> u64 {
    let found = of.and_then(|of| of.get(field)?.as_u64());
    found.unwrap_or_default()
}

fn real(of: Option<&Value>, field: &str) -> Option<f64> {
    of?.get(field)?.as_f64()
}

fn text<'a>(of: Option<&'a Value>, field: &str) -> &'a str {
    let found = of.and_then(|of| of.get(field)?.as_str());
    found.unwrap_or_default()
}

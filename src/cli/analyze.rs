//! `frontdesk analyze`: what an exported conversation says.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::analysis::import::{self, Import};
use crate::app::Start;

/// Arguments of `frontdesk analyze`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The conversation: JSON, CSV, an export of WhatsApp (.txt) or Telegram (result.json), e-mail (.eml, .mbox), subtitles
    file: PathBuf,
    /// Name of somebody who belongs to the business, as the file has it; may be given several times
    #[arg(long, value_name = "NAME")]
    staff: Vec<String>,
    /// Analyse it even if nothing has changed since the last time
    #[arg(long)]
    again: bool,
    /// Workspace to keep the result in
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let (name, imported) = read(&args)?;
    if imported.guessed {
        note_guess(&imported);
    }
    let turns =
        imported.conversation.turns.iter().map(
            |turn| json!({"who": turn.who, "name": turn.name, "at": turn.at, "text": turn.text}),
        );
    let body = json!({
        "turns": turns.collect::<Vec<_>>(), "source": "file", "about": name, "title": name,
        "again": args.again
    });
    let work = async |api: &Api| {
        api.models_settled().await;
        analyse(api, &body).await
    };
    let made = block_on(with_api(config, &args.workspace, Start::Now, work))?;
    if args.json {
        return out::json(&made);
    }
    show(&made);
    Ok(())
}

fn read(args: &Args) -> anyhow::Result<(String, Import)> {
    let unreadable = || format!("{} cannot be read", args.file.display());
    let size = std::fs::metadata(&args.file)
        .with_context(unreadable)?
        .len();
    if size > import::LARGEST as u64 {
        let told = format!(
            "{} is larger than {} MB; export a shorter period",
            args.file.display(),
            import::LARGEST >> 20
        );
        return Err(WrongCall(told).into());
    }
    let bytes = std::fs::read(&args.file).with_context(unreadable)?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().take(200).collect();
    let imported = import::read(&bytes, &name, &args.staff)
        .map_err(|error| WrongCall(format!("{name}: {error}")))?;
    Ok((name, imported))
}

fn note_guess(imported: &Import) {
    let customer = imported.speakers.first();
    let customer = customer.map_or("whoever speaks first", String::as_str);
    let others = match imported.speakers.as_slice() {
        [] | [_] => String::new(),
        [_, others @ ..] => format!(" (--staff \"{}\")", others.join("\" --staff \"")),
    };
    out::note(&format!(
        "The file does not say who is the business; {customer} is taken for the customer. Name staff to be sure{others}."
    ));
}

/// Asks for the analysis and shows how far it has come.
async fn analyse(api: &Api, body: &Value) -> anyhow::Result<Value> {
    let bar = match out::watched() {
        true => ProgressBar::new(1),
        false => ProgressBar::hidden(),
    };
    if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {bar:30} {elapsed}") {
        bar.set_style(style);
    }
    let mut made = None;
    let take = |event: &str, data: Value| {
        let count = |name: &str| data.get(name).and_then(Value::as_u64).unwrap_or_default();
        match event {
            "progress" => {
                bar.set_length(count("all"));
                bar.set_position(count("done"));
            }
            "failed" => {
                let detail = data.get("detail").and_then(Value::as_str);
                anyhow::bail!("{}", detail.unwrap_or("the analysis failed"));
            }
            "done" => made = Some(data),
            _ => {}
        }
        Ok(())
    };
    let done = api.events("/api/v1/analyses", body, take).await;
    bar.finish_and_clear();
    done?;
    made.context("the analysis was cut off; start it again")
}

fn show(made: &Value) {
    let found = made.get("found").unwrap_or(&Value::Null);
    let text = |path: &str| {
        found
            .pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let list = |path: &str| {
        let all = found.pointer(path).and_then(Value::as_array);
        all.map(Vec::as_slice).unwrap_or_default()
    };
    let number = |of: &Value, name: &str| of.get(name).and_then(Value::as_i64).unwrap_or_default();
    out::line(&format!(
        "Score {} of 100 ({}); {} without your rules",
        number(made, "score"),
        made.get("band").and_then(Value::as_str).unwrap_or_default(),
        number(made, "own_score")
    ));
    section("Summary", &[text("/summary/long").to_owned()]);
    section("Wants", &[text("/intent").to_owned()]);
    section("Next step", &[text("/next_step/what").to_owned()]);
    section("Draft", &[text("/next_step/draft").to_owned()]);
    let reasons = list("/score/reasons").iter().map(because);
    section("Reasons", &reasons.collect::<Vec<_>>());
    let rules = list("/score/by_rules").iter().map(because);
    section("Your rules", &rules.collect::<Vec<_>>());
    let objections = list("/objections").iter().map(quoted);
    section("Objections", &objections.collect::<Vec<_>>());
    let promises = list("/promises").iter().map(|one| {
        let by = one.get("by").and_then(Value::as_str).unwrap_or_default();
        let until = one.get("until").and_then(Value::as_str);
        let until = until
            .map(|day| format!(" (until {day})"))
            .unwrap_or_default();
        format!("{by}: {}{until}", quoted(one))
    });
    section("Promised", &promises.collect::<Vec<_>>());
    let fields = found.get("fields").and_then(Value::as_object);
    let fields = fields
        .into_iter()
        .flatten()
        .map(|(name, value)| match value {
            Value::Null => format!("{name}: not said"),
            Value::String(text) => format!("{name}: {text}"),
            other => format!("{name}: {other}"),
        });
    section("Your fields", &fields.collect::<Vec<_>>());
    for missing in list("/missing").iter().filter_map(Value::as_str) {
        out::note(missing);
    }
    out::note(&format!(
        "{} s, {} tokens read, {} written",
        number(made, "took_ms") / 1000,
        number(made, "tokens_read"),
        number(made, "tokens_written")
    ));
}

/// Prints lines below a heading, unless all are empty.
fn section(heading: &str, lines: &[String]) {
    let filled = lines.iter().filter(|line| !line.is_empty());
    let mut filled = filled.peekable();
    if filled.peek().is_none() {
        return;
    }
    out::line(&format!("\n{heading}"));
    for line in filled {
        for part in line.lines() {
            out::line(&format!("  {part}"));
        }
    }
}

fn quoted(one: &Value) -> String {
    let text = one.pointer("/quote/text").and_then(Value::as_str);
    let turn = one.pointer("/quote/turn").and_then(Value::as_u64);
    match (text, turn) {
        (Some(text), Some(turn)) => format!("\"{text}\" [message {turn}]"),
        _ => String::new(),
    }
}

fn because(one: &Value) -> String {
    let points = one
        .get("points")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let text = one.get("text").and_then(Value::as_str).unwrap_or_default();
    match quoted(one) {
        quote if quote.is_empty() => format!("{points:+} {text}"),
        quote => format!("{points:+} {text}: {quote}"),
    }
}

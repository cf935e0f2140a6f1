//! `frontdesk gaps`: the questions that got no good answer.

use clap::Args as ClapArgs;
use serde_json::Value;

use super::api::with_api;
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;
use crate::store::gaps::GapState;

/// Arguments of `frontdesk gaps`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Workspace whose questions are listed
    #[arg(long, default_value = "default")]
    workspace: String,
    /// open, answered or dismissed
    #[arg(long, default_value = "open")]
    state: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let Some(state) = GapState::parse(&args.state) else {
        let detail = format!(
            "--state is open, answered or dismissed, not `{}`",
            args.state
        );
        return Err(WrongCall(detail).into());
    };
    let path = format!("/api/v1/gaps?state={}", state.as_str());
    let found = block_on(with_api(
        config,
        &args.workspace,
        Start::Never,
        async |api| api.get(&path).await,
    ))?;
    if args.json {
        return out::json(&found);
    }
    let gaps = found.get("gaps").and_then(Value::as_array);
    let gaps = gaps.map(Vec::as_slice).unwrap_or_default();
    if gaps.is_empty() {
        out::note("There are no such questions.");
        return Ok(());
    }
    out::line("TIMES  LAST ASKED        QUESTION");
    for gap in gaps {
        let number = |name: &str| gap.get(name).and_then(Value::as_i64).unwrap_or(0);
        let question = gap.get("question").and_then(Value::as_str).unwrap_or("");
        let last = out::moment(number("last_at"));
        out::line(&format!("{:>5}  {last}  {question}", number("count")));
    }
    Ok(())
}

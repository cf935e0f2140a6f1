//! `frontdesk gaps`: the questions that got no good answer.

use clap::Args as ClapArgs;
use serde_json::{Value, json};

use super::out;
use super::remote::Server;
use super::shared::{Place, WrongCall, block_on, log, workspace_named};
use crate::app::DataFolder;
use crate::config::Config;
use crate::http::api::gaps::view;
use crate::knowledge::groups;
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
    place: Place,
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
    let found = block_on(fetch(&config, &args.workspace, state))?;
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

async fn fetch(config: &Config, workspace: &str, state: GapState) -> anyhow::Result<Value> {
    if let Some(server) = Server::find(&config.data_dir)? {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("workspace", workspace)
            .append_pair("state", state.as_str())
            .finish();
        return server.get(&format!("/api/gaps?{query}")).await;
    }
    let folder = DataFolder::open(config)?;
    let workspace = workspace_named(&folder.store, workspace).await?;
    let found = folder
        .store
        .read(move |conn| groups(conn, workspace, state, None))
        .await?;
    Ok(json!(view(found)))
}

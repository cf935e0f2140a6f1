//! `frontdesk sources`: web pages as knowledge.

use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::api::{Api, with_api};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};
use crate::app::Start;

/// Arguments of `frontdesk sources`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    /// Workspace that the sources belong to
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Add a page or a site, fetch it, and keep it up to date
    Add(Add),
    /// List the sources with the result of the last sync
    List,
    /// Fetch a source now and say what changed
    Sync {
        /// Id or address of the source
        source: String,
    },
    /// Stop fetching a source; its documents stay
    Pause {
        /// Id or address of the source
        source: String,
    },
    /// Resume a paused source
    Resume {
        /// Id or address of the source
        source: String,
    },
    /// Delete a source and all documents that came from it
    Remove {
        /// Id or address of the source
        source: String,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, ClapArgs)]
struct Add {
    /// Where to start, for example https://example.com
    url: String,
    /// Only this page (the default)
    #[arg(long, group = "kind")]
    page: bool,
    /// All pages that the site's sitemap names; URL is the sitemap or the site
    #[arg(long, group = "kind")]
    sitemap: bool,
    /// Follow the links from this page, within the same host
    #[arg(long, group = "kind")]
    crawl: bool,
    /// How many links deep to follow
    #[arg(long, default_value_t = 3)]
    depth: u32,
    /// Most pages, up to 5000
    #[arg(long, default_value_t = 200)]
    pages: u32,
    /// Most pages per second
    #[arg(long, default_value_t = 2.0)]
    rate: f32,
    /// How often to fetch it again
    #[arg(long, value_enum, default_value_t = Every::Day)]
    every: Every,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Every {
    Day,
    Week,
    Never,
}

impl Every {
    fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Never => "never",
        }
    }
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    if let What::Remove { source, yes: false } = &args.what
        && !confirm(source)?
    {
        out::note("Nothing was deleted.");
        return Ok(());
    }
    block_on(with_api(config, &args.workspace, Start::Now, async |api| {
        act(api, &args).await
    }))
}

async fn act(api: &Api, args: &Args) -> anyhow::Result<()> {
    match &args.what {
        What::Add(add) => {
            let kind = match (add.sitemap, add.crawl) {
                (true, _) => "sitemap",
                (_, true) => "crawl",
                _ => "page",
            };
            let body = json!({"url": add.url, "kind": kind, "depth": add.depth, "pages": add.pages,
                "per_second": add.rate, "every": add.every.name()});
            api.make_workspace().await?;
            let added = api.post("/api/v1/sources", &body).await?;
            watch(api, text(&added, "id"), args.json).await
        }
        What::List => {
            let list = api.get("/api/v1/sources").await?;
            if args.json {
                return out::json(&list);
            }
            let sources = list.get("sources").and_then(Value::as_array);
            let sources = sources.map(Vec::as_slice).unwrap_or_default();
            if sources.is_empty() {
                out::note(
                    "There are no sources yet. Add one: frontdesk sources add https://example.com --crawl",
                );
            }
            for source in sources {
                out::line(&line(source));
            }
            Ok(())
        }
        What::Sync { source } => {
            let id = find(api, source).await?;
            api.post(&format!("/api/v1/sources/{id}/sync"), &json!({}))
                .await?;
            watch(api, &id, args.json).await
        }
        What::Pause { source } => {
            let id = find(api, source).await?;
            let path = format!("/api/v1/sources/{id}");
            api.patch(&path, &json!({"paused": true})).await?;
            out::note("Paused. Its documents stay.");
            Ok(())
        }
        What::Resume { source } => {
            let id = find(api, source).await?;
            let path = format!("/api/v1/sources/{id}");
            api.patch(&path, &json!({"paused": false})).await?;
            watch(api, &id, args.json).await
        }
        What::Remove { source, .. } => {
            let id = find(api, source).await?;
            api.delete(&format!("/api/v1/sources/{id}")).await?;
            out::note("Removed, with all documents that came from it.");
            Ok(())
        }
    }
}

/// Asks for confirmation on a terminal; elsewhere `--yes` is needed.
fn confirm(source: &str) -> anyhow::Result<bool> {
    if !out::watched() {
        let call = "removing a source deletes its documents; add --yes to do it".to_owned();
        return Err(WrongCall(call).into());
    }
    out::note(&format!(
        "Delete {source} and all documents that came from it? Type yes:"
    ));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

/// Finds the id of a source by id or address.
async fn find(api: &Api, named: &str) -> anyhow::Result<String> {
    let list = api.get("/api/v1/sources").await?;
    let typed = crate::web::address::typed(named).ok();
    let sources = list.get("sources").and_then(Value::as_array);
    let found = sources.into_iter().flatten().find(|source| {
        text(source, "id") == named
            || typed
                .as_ref()
                .is_some_and(|url| text(source, "url") == url.as_str())
    });
    found
        .map(|source| text(source, "id").to_owned())
        .ok_or_else(|| {
            anyhow::anyhow!("there is no source {named}; `frontdesk sources list` shows them")
        })
}

/// Shows the progress of a sync until it ends, then its result.
async fn watch(api: &Api, id: &str, json: bool) -> anyhow::Result<()> {
    let bar = indicatif::ProgressBar::new_spinner();
    if json || !out::watched() {
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    let path = format!("/api/v1/sources/{id}");
    let source = loop {
        let source = api.get(&path).await?;
        if !matches!(text(&source, "state"), "queued" | "syncing") {
            break source;
        }
        let known = source
            .get("known")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        let documents = number(&source, "/documents");
        bar.set_message(format!(
            "{}: {}, {}",
            text(&source, "url"),
            out::plural(known, "page seen", "pages seen"),
            out::plural(documents, "document", "documents")
        ));
        tokio::time::sleep(Duration::from_millis(400)).await;
    };
    bar.finish_and_clear();
    if json {
        out::json(&source)?;
    } else {
        out::line(&line(&source));
        for page in source
            .pointer("/report/pages")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let reason = page.get("reason").and_then(Value::as_str);
            let reason = reason.map(|r| format!(": {r}")).unwrap_or_default();
            out::line(&format!(
                "  {:8} {}{reason}",
                text(page, "outcome"),
                text(page, "url")
            ));
        }
        let left_out = number(&source, "/report/left_out");
        if left_out > 0 {
            out::note(&format!(
                "{} found and left out; raise --pages to take more",
                out::plural(left_out, "more address was", "more addresses were")
            ));
        }
    }
    match text(&source, "state") {
        "failed" if number(&source, "/documents") > 0 => {
            anyhow::bail!("{}; what was fetched before stays", text(&source, "error"))
        }
        "failed" => anyhow::bail!(text(&source, "error").to_owned()),
        _ => Ok(()),
    }
}

fn line(source: &Value) -> String {
    let count = |name: &str| number(source, &format!("/report/{name}"));
    format!(
        "{}  {}  {} ({}), {}; last sync: {} added, {} changed, {} unchanged, {} removed, \
         {} failed, {} skipped",
        text(source, "id"),
        text(source, "url"),
        text(source, "state"),
        text(source, "kind"),
        out::plural(number(source, "/documents"), "document", "documents"),
        count("added"),
        count("changed"),
        count("unchanged"),
        count("removed"),
        count("failed"),
        count("skipped"),
    )
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

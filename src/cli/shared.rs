//! What several commands share: where the data is, settings, logging, the runtime.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::out;
use crate::app::{App, AppError, Start};
use crate::config::{Config, ConfigError, Overrides, load};
use crate::http::listing::ListQuery;
use crate::store::{Store, StoreError, WorkspaceId, workspaces};

/// Where data and settings are.
#[derive(Debug, Clone, Args)]
pub(super) struct DataPlace {
    /// Folder of the encrypted store
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) data: Option<PathBuf>,
    /// Settings file
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
}

/// Wrong usage: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct WrongCall(pub(super) String);

impl DataPlace {
    /// Loads the settings with this place and further values from the command line.
    pub(super) fn settings(
        &self,
        more: Vec<(&'static str, String)>,
    ) -> anyhow::Result<Arc<Config>> {
        let mut values = more;
        if let Some(data) = &self.data {
            values.push(("data", data.display().to_string()));
        }
        let overrides = Overrides {
            file: self.config.clone(),
            values,
        };
        let config = load(&overrides).map_err(|error| match error {
            ConfigError::Unreadable { .. } => anyhow::Error::from(error),
            mistake => WrongCall(mistake.to_string()).into(),
        })?;
        for note in &config.notes {
            out::note(note);
        }
        Ok(Arc::new(config))
    }
}

/// Checks the query of a list.
///
/// # Errors
/// A `WrongCall` that says what it should be.
pub(super) fn checked_query(query: &impl ListQuery) -> Result<String, WrongCall> {
    match query.filter() {
        Ok(_) => Ok(query.query()),
        Err(problem) => Err(WrongCall(problem.detail().to_owned())),
    }
}

/// Starts writing logs to standard error.
pub(super) fn log(filter: &str) -> anyhow::Result<()> {
    log_where(filter, |_| true)
}

/// The same, for events that pass `wanted`.
pub(super) fn log_where(filter: &str, wanted: fn(&Metadata<'_>) -> bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|e| WrongCall(format!("the setting `log` cannot be `{filter}`: {e}")))?;
    // Logging may already be set up when several commands run in one process, as in tests.
    let mut lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    if !out::watched() {
        lines = lines.with_ansi(false);
    }
    let wanted = filter_fn(move |event| wanted(event) && !is_chatter(event));
    let _ = lines.finish().with(wanted).try_init();
    Ok(())
}

/// Whether it is what the SDK of the Model Context Protocol tells of each request. It names clients, and below that what they
/// sent.
fn is_chatter(event: &Metadata<'_>) -> bool {
    event.target().starts_with("rmcp") && *event.level() > Level::WARN
}

/// Explains that the server must be stopped first, for a command that it cannot do.
pub(super) fn server_first(error: AppError) -> anyhow::Error {
    match error {
        AppError::Store(StoreError::InUse { pid, address }) => {
            let at = address.map(|address| format!(" at {address}"));
            anyhow::anyhow!(
                "the server{} (process {pid}) uses this data folder; stop it first",
                at.unwrap_or_default()
            )
        }
        other => other.into(),
    }
}

/// Runs a command's asynchronous part.
pub(super) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?
        .block_on(work)
}

/// Finds a workspace by its short name.
///
/// # Errors
/// A `WrongCall` if there is none.
pub(super) async fn workspace_named(store: &Store, name: &str) -> anyhow::Result<WorkspaceId> {
    let slug = name.to_owned();
    let found = store.read(move |conn| workspaces::find_by_name(conn, &slug));
    match found.await? {
        Some(workspace) => Ok(workspace.id),
        None => Err(WrongCall(format!("there is no workspace named `{name}`")).into()),
    }
}

/// Opens the data folder for one command, and releases it afterwards.
pub(super) async fn with_app<T, F, W>(config: Arc<Config>, work: F) -> anyhow::Result<T>
where
    F: FnOnce(Arc<App>) -> W,
    W: Future<Output = anyhow::Result<T>>,
{
    let app = App::open(config, Start::Now).await?;
    let outcome = work(Arc::clone(&app)).await;
    app.stop().await;
    outcome
}

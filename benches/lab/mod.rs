//! What the programs of the laboratory share: how they start, their engines, and where data and settings are.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use frontdesk::config::{Config, Overrides, PassphraseSource, load};
use tracing_subscriber::EnvFilter;

/// Where data and settings are.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// Folder of the encrypted store
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    pub(crate) fn settings(&self) -> anyhow::Result<Arc<Config>> {
        let data = self.data.iter();
        let config = load(&Overrides {
            file: self.config.clone(),
            values: data.map(|d| ("data", d.display().to_string())).collect(),
        })?;
        for note in &config.notes {
            eprintln!("{note}");
        }
        Ok(Arc::new(config))
    }
}

/// Parses the command line, does the work, and tells what went wrong.
pub(crate) fn start<A: Parser>(work: impl FnOnce(A) -> anyhow::Result<()>) -> ExitCode {
    // Engines run in processes of their own, which are this program, started again.
    if std::env::args().nth(1).is_some_and(|arg| arg == "worker") {
        return frontdesk::cli::main();
    }
    // While there is no other thread.
    PassphraseSource::take();
    // `cargo bench` gives it to every program.
    let args = A::parse_from(std::env::args_os().filter(|arg| arg != "--bench"));
    let _set_up = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("warn"))
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
    match work(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

//! `frontdesk worker …`: the child's side of the engines.

use clap::{Args as ClapArgs, ValueEnum};

/// Arguments of `frontdesk worker`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Which engine.
    engine: Engine,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Engine {
    /// Chat and embeddings.
    Llm,
    /// Transcription.
    Speech,
    /// One document.
    Extract,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match args.engine {
        Engine::Llm => crate::llm::local::run()?,
        Engine::Speech => crate::speech::local::run()?,
        Engine::Extract => crate::knowledge::reader::run()?,
    }
    Ok(())
}

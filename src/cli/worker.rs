//! `frontdesk worker …`: the child processes of the engines.

use clap::{Args as ClapArgs, ValueEnum};

use crate::worker::priority;

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
    /// Transcription of recordings.
    Speech,
    /// Live speech: hearing, ends of turns, a voice.
    Voice,
    /// One document.
    Extract,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match args.engine {
        Engine::Llm => crate::llm::local::run()?,
        Engine::Speech => {
            priority::lower();
            crate::speech::local::run()?;
        }
        Engine::Voice => crate::speech::live::run()?,
        Engine::Extract => {
            priority::lower();
            crate::knowledge::reader::run()?;
        }
    }
    Ok(())
}

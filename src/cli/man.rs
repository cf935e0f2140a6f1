//! `frontdesk man FOLDER`: a manual page for each command, for the packages.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args as ClapArgs, CommandFactory};

use super::Cli;

/// Arguments of `frontdesk man`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Folder to write the pages into; it has to be there
    folder: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    write_pages(&args.folder).with_context(|| {
        format!(
            "the manual pages cannot be written into {}",
            args.folder.display()
        )
    })
}

fn write_pages(folder: &Path) -> std::io::Result<()> {
    clap_mangen::generate_to(Cli::command(), folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_that_tells_of_it_and_hidden_ones_have_none() {
        let folder = tempfile::tempdir().unwrap();
        write_pages(folder.path()).unwrap();
        let page = |name: &str| std::fs::read_to_string(folder.path().join(name));
        let main = page("frontdesk.1").unwrap();
        assert!(main.contains("frontdesk\\-serve(1)"), "{main}");
        let key = page("frontdesk-admin-key-create.1").unwrap();
        assert!(key.contains("\\-\\-scope"), "{key}");
        for hidden in ["worker", "man", "completions"] {
            assert!(page(&format!("frontdesk-{hidden}.1")).is_err(), "{hidden}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = PathBuf::from("/nowhere/at/all");
        let error = run(&Args { folder }).unwrap_err();
        assert!(format!("{error}").contains("/nowhere/at/all"));
    }
}

//! `frontdesk man FOLDER`: a manual page for each command, for the packages.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args as ClapArgs, Command, CommandFactory};
use clap_mangen::Man;

use super::Cli;

/// Arguments of `frontdesk man`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Folder to write the pages into; it has to be there
    folder: PathBuf,
}

const SOURCE: &str = concat!("Frontdesk ", env!("CARGO_PKG_VERSION"));

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    write_all(&args.folder).with_context(|| {
        format!(
            "the manual pages cannot be written into {}",
            args.folder.display()
        )
    })
}

fn write_all(folder: &Path) -> std::io::Result<()> {
    let mut command = Cli::command().disable_help_subcommand(true);
    // Gives each command the full name that its page bears.
    command.build();
    write_pages(command, folder)
}

/// Writes the page of a command, and those of its own.
fn write_pages(command: Command, folder: &Path) -> std::io::Result<()> {
    let shown = command.get_subcommands().filter(|own| !own.is_hide_set());
    for own in shown {
        write_pages(own.clone(), folder)?;
    }
    let page = Man::new(command).source(SOURCE).manual("Frontdesk");
    page.generate_to(folder)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_that_tells_of_it_and_hidden_ones_have_none() {
        let folder = tempfile::tempdir().unwrap();
        write_all(folder.path()).unwrap();
        let page = |name: &str| std::fs::read_to_string(folder.path().join(name));
        let main = page("frontdesk.1").unwrap();
        assert!(main.contains("frontdesk\\-serve(1)"), "{main}");
        let key = page("frontdesk-admin-key-create.1").unwrap();
        assert!(key.contains("\\-\\-scope"), "{key}");
        assert!(key.contains("Frontdesk 0."), "{key}");
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

//! `frontdesk completions SHELL`: what the packages put where shells look for it.

use clap::{Args as ClapArgs, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, out};

/// Arguments of `frontdesk completions`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The shell that completes commands
    shell: Shell,
}

pub(super) fn run(args: &Args) {
    out::text(&String::from_utf8_lossy(&script(args.shell)));
}

fn script(shell: Shell) -> Vec<u8> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_packaged_shell_completes_the_commands_that_are_shown() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = String::from_utf8(script(shell)).unwrap();
            for word in ["transcribe", "setup-link", "site-key", "--listen"] {
                let word = match shell {
                    // Fish names an option without its dashes.
                    Shell::Fish => word.trim_start_matches('-'),
                    _ => word,
                };
                assert!(script.contains(word), "{shell} does not know {word}");
            }
        }
    }
}

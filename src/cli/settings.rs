//! `frontdesk config show`.

use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;

use super::out;
use super::shared::DataPlace;
use crate::config::{Config, KEYS};

/// Arguments of `frontdesk config`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print every key with its value, in the format of a settings file
    Show {
        #[command(flatten)]
        place: DataPlace,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let What::Show { place, json } = &args.command;
    let config = place.settings(Vec::new())?;
    let default = Config::default();
    let show = |config: &Config, name: &str| config.show(name).unwrap_or_default();
    if *json {
        let all: Vec<_> = KEYS
            .iter()
            .map(|key| {
                json!({"key": key.name, "value": show(&config, key.name),
                    "default": show(&default, key.name), "variable": key.variable(), "doc": key.doc})
            })
            .collect();
        return out::json(&all);
    }
    out::line("# Frontdesk's settings. Put those you change into frontdesk.toml (in this folder,");
    out::line("# ~/.config/frontdesk or /etc/frontdesk), or set the variable named beside each.");
    for key in KEYS {
        let (value, usual) = (show(&config, key.name), show(&default, key.name));
        out::line(&format!("\n# {} ({})", key.doc, key.variable()));
        let bare = value.parse::<f64>().is_ok() || value == "true" || value == "false";
        let written = if bare {
            value.clone()
        } else {
            format!("{value:?}")
        };
        let mark = if value == usual { "# " } else { "" };
        out::line(&format!("{mark}{} = {written}", key.name));
    }
    Ok(())
}

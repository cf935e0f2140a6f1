//! What a starter set means on this machine: its chat model depends on memory, speed and whether a hub answers.

use super::out;
use crate::app::doctor::memory_mb;
use crate::config::{Config, cpu_count};
use crate::models::chat::{self, Machine};
use crate::models::{self, Cache, Catalogue, Entry, Options, Pace, Role, Sources, StarterSet};

/// Threads of an engine, unless the settings name another number.
const MOST_THREADS: u16 = 8;

/// What is fetched.
pub(super) struct Plan<'c> {
    pub(super) entries: Vec<&'c Entry>,
    /// The chat model to fetch when that of the hub cannot be had.
    pub(super) instead: Option<&'c Entry>,
}

/// Chooses, and says what was chosen and why before anything is fetched.
pub(super) fn plan<'c>(
    config: &Config,
    catalogue: &'c Catalogue,
    cache: &Cache,
    set: StarterSet,
    options: &Options,
) -> Plan<'c> {
    let mut entries = catalogue.starter(set);
    let mut instead = None;
    if matches!(set, StarterSet::Default | StarterSet::Small) {
        entries.retain(|entry| entry.role != Role::Chat);
        let chat = match chat::installed(catalogue, cache, set) {
            Some(here) => {
                out::note(&format!("The chat model {} is here and stays.", here.name));
                Some(here)
            }
            None => {
                let chosen = choose(config, catalogue, set, options);
                instead = chosen.and_then(|(_, instead)| instead);
                chosen.map(|(chat, _)| chat)
            }
        };
        entries.extend(chat);
    }
    Plan { entries, instead }
}

/// The chat model, and what takes its place if it comes from a hub that then fails.
fn choose<'c>(
    config: &Config,
    catalogue: &'c Catalogue,
    set: StarterSet,
    options: &Options,
) -> Option<(&'c Entry, Option<&'c Entry>)> {
    let machine = measure(config);
    if set == StarterSet::Default && machine.is_little() {
        out::note(&format!(
            "No chat model: {} MB of memory leave too little for one. Answers are quoted from documents; to have a small \
             one write all the same: frontdesk models get --starter small",
            machine.memory_mb.unwrap_or_default()
        ));
        return None;
    }
    let hub = options.sources == Sources::Hub || does_hub_answer(catalogue, options);
    let chat = chat::choose(catalogue, set, &machine, hub)?;
    out::note(&format!(
        "The chat model will be {} ({}, {}): about {} words a second on this machine.",
        chat.name,
        models::megabytes(chat.bytes),
        chat.licence,
        round(machine.pace.words(chat))
    ));
    let instead = (hub && options.sources == Sources::Auto)
        .then(|| chat::choose(catalogue, set, &machine, false))
        .flatten();
    Some((chat, instead))
}

/// What this machine has to offer a chat model; takes about a second.
pub(super) fn measure(config: &Config) -> Machine {
    let threads = match config.threads {
        0 => cpu_count().min(MOST_THREADS),
        named => named,
    };
    Machine {
        memory_mb: memory_mb("MemTotal:"),
        pace: Pace::measure(usize::from(threads)),
    }
}

fn does_hub_answer(catalogue: &Catalogue, options: &Options) -> bool {
    let asked = chat::general(catalogue).next();
    let Some((host, answers)) = asked.and_then(|entry| models::hub_answers(entry, options)) else {
        return false;
    };
    out::note(&if answers {
        format!("{host} answers: a general chat model comes from there.")
    } else {
        format!(
            "{host} does not answer, so the chat model comes from the Python registry, which only has ones that were \
             trained for code."
        )
    });
    answers
}

/// Words a second, in no more digits than an estimate has.
pub(super) fn round(words: f64) -> String {
    if words < 10.0 {
        format!("{words:.1}")
    } else {
        format!("{words:.0}")
    }
}

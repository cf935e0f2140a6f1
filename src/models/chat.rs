//! Which chat model suits a machine.
//!
//! A general one writes better for visitors than one that was trained for code; only a hub has them. Larger ones answer
//! better and slower. Only licences without conditions for the user count.

use super::pace::Pace;
use super::{Cache, Catalogue, Entry, StarterSet, State};

/// Models that the setting `auto` takes when they are installed, best first.
pub const AUTO: [&str; 6] = [
    "qwen3-4b-instruct",
    "qwen2.5-1.5b-instruct",
    "qwen2.5-coder-1.5b-instruct",
    "qwen2.5-0.5b-instruct",
    "qwen2.5-coder-0.5b-instruct",
    "smollm2-135m-instruct",
];

/// Below this much memory in MB a chat model leaves too little for the rest. Machines sold as 3 GB show a little less. The
/// installer (`packaging/install/system.sh`) has the same limit.
pub const LITTLE_MEMORY_MB: u64 = 2900;
/// What the other engines and the server need, in MB.
const OTHERS_MB: u64 = 800;
/// Models of the set `small` have at most this many bytes.
const SMALL_BYTES: u64 = 600_000_000;

/// Models to fetch, best first, with the words a second below which the next one is better.
///
/// 8 for the largest: an engine reads a prompt about five times as fast as it writes (`BENCHMARKS.md`), so the first word
/// then comes within about 6 s. 1 for the middle one, because the smallest answers much worse.
const GENERAL: [(&str, f64); 3] = [
    ("qwen3-4b-instruct", 8.0),
    ("qwen2.5-1.5b-instruct", 1.0),
    ("qwen2.5-0.5b-instruct", 0.0),
];
/// The same for machines that reach no hub.
const WITHOUT_HUB: [(&str, f64); 2] = [
    ("qwen2.5-coder-1.5b-instruct", 1.0),
    ("qwen2.5-coder-0.5b-instruct", 0.0),
];

/// What matters of a machine.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    /// All memory; `None` if the system does not report it.
    pub memory_mb: Option<u64>,
    pub pace: Pace,
}

impl Machine {
    /// Whether it has too little memory for any chat model.
    #[must_use]
    pub fn is_little(&self) -> bool {
        self.memory_mb
            .is_some_and(|memory| memory < LITTLE_MEMORY_MB)
    }

    fn holds(&self, entry: &Entry) -> bool {
        let needed = u64::from(entry.memory_mb) + OTHERS_MB;
        self.memory_mb.is_none_or(|memory| needed <= memory)
    }
}

/// The chat model to fetch for a starter set; `None` for a set or a machine without one. Whoever names the set `small` gets
/// a model on any machine.
#[must_use]
pub fn choose<'c>(
    catalogue: &'c Catalogue,
    set: StarterSet,
    machine: &Machine,
    hub_answers: bool,
) -> Option<&'c Entry> {
    let candidates: &[(&str, f64)] = if hub_answers { &GENERAL } else { &WITHOUT_HUB };
    let mut known = candidates
        .iter()
        .filter_map(|(name, least)| Some((catalogue.find(name)?, *least)));
    match set {
        StarterSet::Small => known.map(|(entry, _)| entry).find(|entry| is_small(entry)),
        StarterSet::Default if machine.is_little() => None,
        StarterSet::Default => known
            .find(|(entry, least)| machine.holds(entry) && machine.pace.words(entry) >= *least)
            .map(|(entry, _)| entry),
        StarterSet::Lite | StarterSet::Test => None,
    }
}

/// A chat model that is here and as good as the set asks for, so that none is fetched anew.
#[must_use]
pub fn installed<'c>(
    catalogue: &'c Catalogue,
    cache: &Cache,
    set: StarterSet,
) -> Option<&'c Entry> {
    AUTO.iter()
        .filter_map(|name| catalogue.find(name))
        .filter(|entry| !entry.starter.contains(&StarterSet::Test))
        .filter(|entry| set != StarterSet::Default || !is_small(entry))
        .find(|entry| cache.state(entry) == State::Present)
}

/// The general models, best first.
pub fn general(catalogue: &Catalogue) -> impl Iterator<Item = &Entry> {
    GENERAL.iter().filter_map(|(name, _)| catalogue.find(name))
}

fn is_small(entry: &Entry) -> bool {
    entry.bytes <= SMALL_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::entry::Origin;
    use crate::models::{Convert, Role};

    fn machine(memory_mb: u64, gigabytes: f64) -> Machine {
        Machine {
            memory_mb: Some(memory_mb),
            pace: Pace::of(gigabytes * 1e9),
        }
    }

    fn chosen(set: StarterSet, machine: &Machine, hub: bool) -> Option<String> {
        let catalogue = Catalogue::embedded().unwrap();
        choose(&catalogue, set, machine, hub).map(|entry| entry.name.clone())
    }

    #[test]
    fn the_best_that_memory_holds_and_the_speed_allows_is_chosen() {
        for (memory, speed, hub, name) in [
            (16_000, 60.0, true, "qwen3-4b-instruct"),
            (16_000, 20.0, true, "qwen2.5-1.5b-instruct"),
            (4_000, 60.0, true, "qwen2.5-1.5b-instruct"),
            (16_000, 1.5, true, "qwen2.5-0.5b-instruct"),
            (16_000, 60.0, false, "qwen2.5-coder-1.5b-instruct"),
            (16_000, 1.5, false, "qwen2.5-coder-0.5b-instruct"),
        ] {
            let found = chosen(StarterSet::Default, &machine(memory, speed), hub);
            assert_eq!(
                found.as_deref(),
                Some(name),
                "{memory} MB, {speed} GB/s, {hub}"
            );
        }
    }

    #[test]
    fn little_memory_gets_none_unless_a_small_one_is_named() {
        let little = machine(2_000, 60.0);
        assert_eq!(chosen(StarterSet::Default, &little, true), None);
        let named = chosen(StarterSet::Small, &little, true);
        assert_eq!(named.as_deref(), Some("qwen2.5-0.5b-instruct"));
        let named = chosen(StarterSet::Small, &little, false);
        assert_eq!(named.as_deref(), Some("qwen2.5-coder-0.5b-instruct"));
        assert_eq!(chosen(StarterSet::Lite, &machine(16_000, 60.0), true), None);
    }

    #[test]
    fn what_is_chosen_is_found_by_auto_and_binds_to_nothing() {
        let catalogue = Catalogue::embedded().unwrap();
        for (name, _) in GENERAL.iter().chain(&WITHOUT_HUB) {
            let entry = catalogue.get(name).unwrap();
            assert!(AUTO.contains(name), "{name}");
            assert_eq!(
                (entry.role, entry.licence.as_str()),
                (Role::Chat, "Apache-2.0")
            );
        }
        for (name, _) in &WITHOUT_HUB {
            let sources = &catalogue.get(name).unwrap().sources;
            let registry = |origin: &Origin| matches!(origin, Origin::Python { .. });
            assert!(
                sources.iter().any(|source| registry(&source.origin)),
                "{name}"
            );
        }
    }

    #[test]
    fn a_model_that_is_here_stays_unless_the_set_asks_for_a_better_one() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let catalogue = Catalogue::embedded().unwrap();
        let found = |set| installed(&catalogue, &cache, set).map(|entry| entry.name.as_str());
        let put = |name: &str| {
            let entry = catalogue.get(name).unwrap();
            std::fs::write(cache.path(entry), "weights").unwrap();
            let sha256 = entry.sha256.clone().unwrap();
            cache
                .record(entry, sha256.clone(), sha256, Convert::None)
                .unwrap();
        };
        put("smollm2-135m-instruct");
        assert_eq!(found(StarterSet::Small), None);
        put("qwen2.5-coder-0.5b-instruct");
        assert_eq!(
            found(StarterSet::Small),
            Some("qwen2.5-coder-0.5b-instruct")
        );
        assert_eq!(found(StarterSet::Default), None);
        put("qwen2.5-coder-1.5b-instruct");
        assert_eq!(
            found(StarterSet::Default),
            Some("qwen2.5-coder-1.5b-instruct")
        );
    }
}

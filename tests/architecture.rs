//! The rules that keep the crate understandable, checked on every run of the tests.
//!
//! The sources are read as Rust tokens, so that imports, paths, attributes and macro bodies are
//! all seen, and comments and strings are not. Each rule is a table below; the checkers are tested
//! on small sources that break the rule, so that a rule cannot stop working unnoticed.

#[path = "architecture/checkers.rs"]
mod checkers;
#[path = "architecture/outside.rs"]
mod outside;
#[path = "architecture/paths.rs"]
mod paths;
#[path = "architecture/schemas.rs"]
mod schemas;
#[path = "architecture/serialized.rs"]
mod serialized;

use paths::{Source, sources};
use std::fmt;

/// A module may name only modules of a lower rank, and itself.
const RANKS: &[(&str, u8)] = &[
    ("config", 0),
    ("extract", 0),
    ("language", 0),
    ("reason", 0),
    ("store", 1),
    ("access", 2),
    ("worker", 2),
    ("egress", 2),
    ("jobs", 2),
    ("billing", 3),
    ("certificates", 3),
    ("contacts", 3),
    ("mail", 3),
    ("webhooks", 3),
    ("models", 3),
    ("usage", 3),
    ("web", 3),
    ("crm", 3),
    ("llm", 4),
    ("speech", 4),
    ("hours", 4),
    ("tools", 4),
    ("knowledge", 5),
    ("inbox", 5),
    ("analysis", 5),
    ("analytics", 5),
    ("privacy", 5),
    ("providers", 5),
    ("workflows", 5),
    ("agent", 6),
    ("casework", 6),
    ("voice", 7),
    ("eval", 7),
    ("app", 8),
    ("http", 9),
    ("cli", 10),
];

/// Names that belong in one place, or that some place must not know.
struct Fence {
    /// The path that is fenced, from its crate: `reqwest`, `std::env`.
    name: &'static str,
    /// The modules that must not name it; empty: all of them.
    within: &'static [&'static str],
    /// The modules or files that may.
    allowed: &'static [&'static str],
    /// Longer paths that may be named everywhere, each with its reason.
    harmless: &'static [(&'static str, &'static str)],
    /// Why, and what to do instead.
    remedy: &'static str,
}

const FENCES: &[Fence] = &[
    Fence {
        name: "std::env",
        within: &[],
        allowed: &["config"],
        harmless: &[
            (
                "std::env::current_exe",
                "the worker processes are this binary, started again",
            ),
            (
                "std::env::temp_dir",
                "a store in memory needs a file for a moment",
            ),
            (
                "std::env::consts",
                "constants of the compiler, not the environment",
            ),
        ],
        remedy: "only `config` reads the environment, so that every setting is in one place: \
                 add the setting there and take it as an argument here",
    },
    Fence {
        name: "axum",
        within: &["llm", "speech", "agent", "voice"],
        allowed: &[],
        harmless: &[],
        remedy: "engines, the agent and conversations serve pages, sockets and the API alike and know no HTTP: \
                 return a value and let `http` turn it into a response",
    },
    Fence {
        name: "symphonia",
        within: &["agent"],
        allowed: &[],
        harmless: &[],
        remedy: "the agent knows no audio: decode in `speech` and hand over text",
    },
];

/// The most lines that a source file may have, tests included.
/// What somebody can keep in mind at once; a lower limit split ideas in two.
const MOST_LINES: usize = 500;

/// Files that may be longer, each with the reason. An entry that is no longer needed fails.
const LONG_FILES: &[(&str, &str)] = &[(
    "src/store/kept.rs",
    "one list of all tables, an entry for each",
)];

/// A broken rule, told so that the reader can mend it.
#[derive(Debug, PartialEq)]
struct Violation {
    file: String,
    line: usize,
    what: String,
    remedy: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}\n    → {}",
            self.file, self.line, self.what, self.remedy
        )
    }
}

impl Source {
    fn is_root(&self) -> bool {
        matches!(self.file.as_str(), "src/lib.rs" | "src/main.rs")
    }

    fn violation(&self, line: usize, what: String, remedy: impl Into<String>) -> Violation {
        Violation {
            file: self.file.clone(),
            line,
            what,
            remedy: remedy.into(),
        }
    }
}

fn rank(module: &str) -> Option<u8> {
    RANKS
        .iter()
        .find(|(name, _)| *name == module)
        .map(|(_, rank)| *rank)
}

/// Modules name only lower ranks and themselves.
fn rank_violations(source: &Source) -> Vec<Violation> {
    if source.is_root() {
        return Vec::new();
    }
    let own = &source.module[0];
    let Some(own_rank) = rank(own) else {
        let what = format!("the module `{own}` has no rank");
        return vec![source.violation(1, what, "give it one in RANKS and in the table of lib.rs")];
    };
    let mut found = Vec::new();
    for mention in source.mentions() {
        let [root, other, ..] = mention.segments.as_slice() else {
            continue;
        };
        if root != "crate" || other == own {
            continue;
        }
        let (what, remedy) = match rank(other) {
            Some(rank) if rank < own_rank => continue,
            Some(rank) => (
                format!(
                    "`{own}` (rank {own_rank}) names `{}` (rank {rank})",
                    mention.text()
                ),
                format!(
                    "move what both need below rank {}, or pass it in from a higher rank",
                    own_rank.min(rank)
                ),
            ),
            None => (
                format!("`{}` is not a module with a rank", mention.text()),
                "lib.rs holds only the list of modules: name the module that owns the item \
                 (`crate::module::item`)"
                    .to_owned(),
            ),
        };
        found.push(source.violation(mention.line, what, remedy));
    }
    found
}

/// Fenced names stay where they belong.
fn fence_violations(source: &Source) -> Vec<Violation> {
    let mentions = source.mentions();
    let mut found = Vec::new();
    for fence in FENCES.iter().chain(outside::FENCES) {
        let inside = fence.within.is_empty() || fence.within.iter().any(|m| source.is_within(m));
        if !inside || fence.allowed.iter().any(|module| source.is_within(module)) {
            continue;
        }
        for mention in mentions
            .iter()
            .filter(|mention| mention.starts_with(fence.name))
        {
            if fence
                .harmless
                .iter()
                .any(|(path, _)| mention.starts_with(path))
            {
                continue;
            }
            let what = format!("`{}` does not belong here", mention.text());
            found.push(source.violation(mention.line, what, fence.remedy));
        }
    }
    found
}

/// Files stay short enough to read in one sitting.
fn length_violation(source: &Source, listed: &[(&str, &str)]) -> Option<Violation> {
    let lines = source.text.lines().count();
    let is_listed = listed.iter().any(|(file, _)| *file == source.file);
    let (what, remedy) = match (lines > MOST_LINES, is_listed) {
        (true, false) => (
            format!("{lines} lines; {MOST_LINES} are the most"),
            "split it by idea (its tests can move to `<name>_tests.rs`), or list it in \
             LONG_FILES with a reason",
        ),
        (false, true) => (
            format!("listed as long, and has {lines} lines"),
            "take it out of LONG_FILES",
        ),
        _ => return None,
    };
    Some(source.violation(lines, what, remedy))
}

/// A module's first line says what it is.
fn doc_violation(source: &Source) -> Option<Violation> {
    let is_module = source.file.ends_with("/mod.rs") || source.file.matches('/').count() == 1;
    let documented = source.text.trim_start().starts_with("//!");
    (is_module && !documented).then(|| {
        let what = "the module does not say what it is".to_owned();
        source.violation(
            1,
            what,
            "open the file with `//!` and what the module is for",
        )
    })
}

fn assert_none(violations: Vec<Violation>) {
    let told: Vec<String> = violations.iter().map(Violation::to_string).collect();
    assert!(
        told.is_empty(),
        "{} broken rules:\n{}",
        told.len(),
        told.join("\n")
    );
}

#[test]
fn modules_name_only_lower_ranks() {
    let sources = sources("src").unwrap();
    assert!(
        sources.len() > 10,
        "only {} sources were found",
        sources.len()
    );
    assert_none(sources.iter().flat_map(rank_violations).collect());
}

#[test]
fn fenced_names_stay_where_they_belong() {
    assert_none(
        sources("src")
            .unwrap()
            .iter()
            .flat_map(fence_violations)
            .collect(),
    );
}

#[test]
fn files_are_short() {
    let all: Vec<Source> = sources("src")
        .unwrap()
        .into_iter()
        .chain(sources("tests").unwrap())
        .chain(sources("benches").unwrap())
        .collect();
    for (file, _) in LONG_FILES {
        assert!(
            all.iter().any(|source| source.file == *file),
            "{file} is listed and not there"
        );
    }
    assert_none(
        all.iter()
            .filter_map(|source| length_violation(source, LONG_FILES))
            .collect(),
    );
}

#[test]
fn modules_say_what_they_are() {
    assert_none(
        sources("src")
            .unwrap()
            .iter()
            .filter_map(doc_violation)
            .collect(),
    );
}

//! Which types of the store may be written as JSON: none that holds a secret.

#![allow(
    clippy::unwrap_used,
    reason = "a source that cannot be read fails the test"
)]

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::{Violation, assert_none};
use crate::paths::{Source, sources};

const REMEDY: &str = "what the API shows of it is a view in `http`; only a type without secrets may be written as it is: \
                      then list it in SERIALIZED";

/// Types of the store that serialize, by module. `$name` stands for those that a macro declares.
const SERIALIZED: &[(&str, &[&str])] = &[
    ("store::api_keys", &["ApiKey"]),
    (
        "store::assistants::settings",
        &[
            "AssistantSettings",
            "Body",
            "HandOverChoice",
            "KnowledgeChoice",
            "KnowledgeView",
            "Ladder",
            "Languages",
            "OtherLanguages",
            "OwnHours",
            "Recording",
            "Tone",
            "TopicAct",
            "TopicRule",
            "VoiceChoice",
        ],
    ),
    ("store::audit", &["AuditChecked", "AuditSettings"]),
    ("store::calls", &["CallCost"]),
    ("store::due", &["Count", "Waiting"]),
    ("store::egress", &["Total"]),
    ("store::erasure", &["Traces"]),
    ("store::erasure::find", &["Subject"]),
    ("store::erasure::remote", &["Remote"]),
    ("store::evals", &["EvalRun"]),
    ("store::facts", &["HolidayRule", "Settings"]),
    ("store::golden", &["GoldenQuestion"]),
    ("store::ids", &["$name"]),
    ("store::lock", &["Holder"]),
    (
        "store::providers",
        &[
            "ProviderBudget",
            "ProviderModels",
            "ProviderPrices",
            "Redaction",
        ],
    ),
    ("store::receipts::head", &["File", "Head", "Heads"]),
    ("store::sign_on", &["Rule"]),
    ("store::sources", &["Options", "Report", "Told"]),
    ("store::storage", &["Bytes", "StorageSettings"]),
    ("store::tombstones", &["Done", "Tombstone"]),
    ("store::values", &["$name"]),
];

/// The types of a file that derive `Serialize` or implement it, those of its tests left out.
fn serialized(source: &Source) -> BTreeSet<String> {
    having(source, "Serialize")
}

/// The types of a file that derive a trait or implement it, those of its tests left out.
pub(crate) fn having(source: &Source, what: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(source.text.parse().unwrap(), what, &mut found);
    found
}

fn collect(tokens: TokenStream, what: &str, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: Option<usize>, text: &str| {
        at.and_then(|at| tokens.get(at))
            .is_some_and(|t| t.to_string() == text)
    };
    let mut derives = false;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) if is(at.checked_sub(1), "#") => {
                derives |= names(group.stream(), what, false);
            }
            TokenTree::Group(_)
                if is(at.checked_sub(2), "mod") && is(at.checked_sub(1), "tests") => {}
            TokenTree::Group(group) => collect(group.stream(), what, found),
            TokenTree::Ident(word) if word == "struct" || word == "enum" => {
                if derives {
                    found.insert(name(&tokens, at + 1));
                }
                derives = false;
            }
            TokenTree::Ident(word) if word == what && is(Some(at + 1), "for") => {
                found.insert(name(&tokens, at + 2));
            }
            _ => {}
        }
    }
}

/// Whether an attribute is a `derive` with a trait in it.
fn names(attribute: TokenStream, what: &str, in_derive: bool) -> bool {
    let mut tokens = attribute.into_iter();
    if !in_derive {
        let derive = tokens.next().is_some_and(|t| t.to_string() == "derive");
        return derive
            && matches!(tokens.next(), Some(TokenTree::Group(list)) if names(list.stream(), what, true));
    }
    tokens.any(|token| token.to_string() == what)
}

/// The name of a type at this place; `$name` in a macro.
fn name(tokens: &[TokenTree], at: usize) -> String {
    let end = match tokens.get(at) {
        Some(TokenTree::Punct(_)) => at + 2,
        _ => at + 1,
    };
    let tokens = tokens.get(at..end).unwrap_or_default();
    tokens.iter().map(ToString::to_string).collect()
}

fn violations(source: &Source, listed: &[(&str, &[&str])]) -> Vec<Violation> {
    let module = source.module.join("::");
    let entry = listed.iter().find(|(name, _)| *name == module);
    let allowed: BTreeSet<String> = entry
        .map(|(_, types)| types.iter().copied().map(String::from).collect())
        .unwrap_or_default();
    let found = serialized(source);
    let unlisted = found
        .difference(&allowed)
        .map(|name| (format!("`{name}` can be written as JSON"), REMEDY));
    let gone = allowed.difference(&found).map(|name| {
        let what = format!("`{name}` is listed in SERIALIZED and does not serialize");
        (what, "take it out of SERIALIZED")
    });
    unlisted
        .chain(gone)
        .map(|(what, remedy)| source.violation(1, what, remedy))
        .collect()
}

#[test]
fn only_listed_types_of_the_store_are_written_as_json() {
    let all = sources("src").unwrap();
    let store: Vec<&Source> = all.iter().filter(|s| s.is_within("store")).collect();
    for (module, _) in SERIALIZED {
        let there = store.iter().any(|s| s.module.join("::") == *module);
        assert!(there, "{module} is listed and not there");
    }
    assert_none(
        store
            .into_iter()
            .flat_map(|source| violations(source, SERIALIZED))
            .collect(),
    );
}

#[test]
fn a_type_that_is_not_listed_is_caught() {
    let told = |text: &str, listed| violations(&Source::new("src/store/x.rs", text), listed).len();
    let listed: &[(&str, &[&str])] = &[("store::x", &["A"])];
    let one = "#[derive(Debug, serde::Serialize)] #[serde(transparent)] pub struct A(u8);";
    assert_eq!((told(one, listed), told(one, &[])), (0, 1));
    assert_eq!(told("pub struct A;", listed), 1);
    assert_eq!(
        told("#[derive(Debug)] struct B; /// Serialize\n enum C {}", &[]),
        0
    );
    assert_eq!(told("impl<T> serde::Serialize for B<T> {}", &[]), 1);
    assert_eq!(
        told(
            "macro_rules! m { () => { #[derive(Serialize)] struct $name(u8); } }",
            &[]
        ),
        1
    );
    assert_eq!(told("mod tests { #[derive(Serialize)] struct B; }", &[]), 0);
    assert_eq!(told("mod inner { #[derive(Serialize)] enum B {} }", &[]), 1);
    assert_eq!(told("fn f<T: Serialize>(t: T) {}", &[]), 0);
}

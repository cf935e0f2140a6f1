//! Names in the API's description: two types of one name would be described as one.

#![allow(
    clippy::unwrap_used,
    reason = "a source that cannot be read fails the test"
)]

use std::collections::BTreeMap;

use super::{Violation, assert_none};
use crate::paths::{Source, sources};
use crate::serialized::having;

const REMEDY: &str =
    "schemas are listed by their name alone: give one of the two a name of its own";

/// Names that types are given in the description: `#[schema(as = NAME)]`.
fn given(text: &str) -> Vec<String> {
    let after = text.split("#[schema(as = ").skip(1);
    let names = after.filter_map(|rest| rest.split([')', ',', ':']).next());
    names.map(str::to_owned).collect()
}

fn violations<'s>(all: impl Iterator<Item = &'s Source>) -> Vec<Violation> {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for source in all {
        let types = having(source, "ToSchema");
        for name in types.into_iter().chain(given(&source.text)) {
            match first.get(&name) {
                Some(file) => {
                    let what = format!("the schema `{name}` is in {file} too");
                    found.push(source.violation(1, what, REMEDY));
                }
                None => {
                    first.insert(name, &source.file);
                }
            }
        }
    }
    found
}

#[test]
fn each_schema_has_a_name_of_its_own() {
    let all = sources("src").unwrap();
    let schemas = all.iter().map(|source| having(source, "ToSchema").len());
    assert!(
        schemas.sum::<usize>() > 100,
        "schemas are not found any more"
    );
    assert_none(violations(all.iter()));
}

#[test]
fn a_name_that_is_there_twice_is_caught() {
    let schema = |file: &str| Source::new(file, "#[derive(Debug, ToSchema)] pub struct A;");
    let two = [schema("src/http/x.rs"), schema("src/http/y.rs")];
    assert_eq!(violations(two.iter()).len(), 1);
    assert!(violations(two[..1].iter()).is_empty());
    let given = Source::new(
        "src/app/z.rs",
        "#[derive(ToSchema)] #[schema(as = A)] pub struct B;",
    );
    assert_eq!(violations([&two[0], &given].into_iter()).len(), 1);
}

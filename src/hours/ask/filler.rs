//! Filler words: words of questions that tell nothing about hours and contact data. They are in `words.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::data;

/// `words.toml`, which says what each list is for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    visitor: String,
    person: String,
    german_verbs: Vec<String>,
    filler: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(super) struct Lists {
    pub(super) visitor: Vec<String>,
    pub(super) person: Vec<String>,
    pub(super) german_verbs: Vec<String>,
    pub(super) filler: Vec<String>,
}

static FILE: &str = include_str!("words.toml");
pub(super) static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let written: Written = data::read(FILE);
    let words = |list: &String| list.split_whitespace().map(str::to_owned).collect();
    let filler: Vec<Vec<String>> = written.filler.values().map(words).collect();
    Lists {
        visitor: words(&written.visitor),
        person: words(&written.person),
        german_verbs: written.german_verbs,
        filler: filler.concat(),
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        let written: Written = data::check(FILE);
        let languages: Vec<&str> = written.filler.keys().map(String::as_str).collect();
        assert_eq!(languages, ["de", "en", "es", "fr", "it", "others"]);
        assert!(LISTS.filler.len() > 400);
    }
}

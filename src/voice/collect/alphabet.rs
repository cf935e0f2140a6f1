//! The words in which callers give names, numbers and letters, from `alphabet.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::data;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lists {
    /// Phrases that introduce a name ("my name is").
    pub around: Vec<String>,
    /// How many times the next digit counts ("double").
    pub repeats: HashMap<String, usize>,
    /// Words for digits in several languages.
    pub digits: HashMap<String, String>,
    pub tens: HashMap<String, u32>,
    /// Words that stand for a letter ("alpha").
    pub spelling: HashMap<String, char>,
}

static FILE: &str = include_str!("alphabet.toml");
pub static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        let lists: Lists = data::check(FILE);
        assert_eq!(lists.digits["nineteen"], "19");
        for letter in 'a'..='z' {
            assert!(lists.spelling.values().any(|l| *l == letter), "{letter}");
        }
    }
}

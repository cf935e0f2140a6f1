//! Words that callers give names, numbers and letters with; they are in `alphabet.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::data;

/// The file of lists.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lists {
    /// What stands around a name.
    pub around: Vec<String>,
    /// How often the next digit comes.
    pub repeats: HashMap<String, usize>,
    /// Words for digits, in several languages.
    pub digits: HashMap<String, String>,
    /// Words for tens.
    pub tens: HashMap<String, u32>,
    /// Words that stand for a letter.
    pub spelling: HashMap<String, char>,
}

static FILE: &str = include_str!("alphabet.toml");
/// The lists of the file.
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

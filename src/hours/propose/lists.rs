//! The words and phrases of `words.toml`, which says what each list is for.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::data;

/// In all languages at once, without accents.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lists {
    pub(super) since: Vec<String>,
    pub(super) hours: Vec<String>,
    pub(super) address: Vec<String>,
    pub(super) streets: Vec<String>,
    pub(super) street_endings: Vec<String>,
    pub(super) to: Vec<String>,
    pub(super) noon: Vec<String>,
    pub(super) closed: Vec<String>,
    pub(super) usual: Vec<String>,
    pub(super) between: Vec<String>,
    pub(super) through: Vec<String>,
    pub(super) and: Vec<String>,
    pub(super) further: Vec<String>,
    pub(super) generic: Vec<String>,
    pub(super) of_month: Vec<String>,
    pub(super) breaks: Vec<String>,
    pub(super) break_from: Vec<String>,
    pub(super) ordinals: Vec<Ordinal>,
}

/// Words for "first", "second" … of a month.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ordinal {
    pub(super) nth: i8,
    pub(super) words: Vec<String>,
}

static FILE: &str = include_str!("words.toml");
pub(super) static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

pub(super) fn has(list: &[String], word: &str) -> bool {
    list.iter().any(|known| known == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        let lists: Lists = data::check(FILE);
        let nths: Vec<i8> = lists.ordinals.iter().map(|o| o.nth).collect();
        assert_eq!(nths, [1, 2, 3, 4, -1]);
        assert!(has(&lists.closed, "ruhetag") && !has(&lists.closed, "open"));
    }
}

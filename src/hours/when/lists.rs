//! The words and phrases of `words.toml`, which says what each list is for.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::data;

/// In all languages at once, without accents.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lists {
    pub(super) to: Vec<String>,
    pub(super) and: Vec<String>,
    pub(super) between: Vec<String>,
    pub(super) at: Vec<String>,
    pub(super) from: Vec<String>,
    pub(super) until: Vec<String>,
    pub(crate) noon: Vec<String>,
    pub(crate) midnight: Vec<String>,
    pub(super) morning: Vec<String>,
    pub(super) evening: Vec<String>,
    pub(super) first_half: Vec<String>,
    pub(super) second_half: Vec<String>,
    pub(super) counted: Vec<String>,
    pub(super) now: Vec<String>,
    pub(super) today: Vec<String>,
    pub(super) tomorrow: Vec<String>,
    pub(super) after_tomorrow: Vec<String>,
    pub(super) yesterday: Vec<String>,
    pub(super) day_before: Vec<String>,
    pub(super) day_after: Vec<String>,
    pub(super) after: Vec<String>,
    pub(super) before: Vec<String>,
    pub(super) articles: Vec<String>,
    pub(super) this: Vec<String>,
    pub(super) next: Vec<String>,
    pub(super) upcoming: Vec<String>,
    pub(super) every: Vec<String>,
    pub(super) weekend: Vec<String>,
    pub(super) week: Vec<String>,
    pub(super) within: Vec<String>,
    pub(super) behind: Vec<String>,
    pub(super) next_week: Vec<String>,
    pub(super) day_units: Vec<String>,
    pub(super) week_units: Vec<String>,
    pub(super) of_year: Vec<String>,
    pub(super) of_month: Vec<String>,
    pub(super) date_articles: Vec<String>,
}

static FILE: &str = include_str!("words.toml");
pub(crate) static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::words::unaccented;

    #[test]
    fn the_lists_are_complete_and_without_accents() {
        let lists: Lists = data::check(FILE);
        assert!(lists.tomorrow.iter().any(|w| w == "morgen"));
        let table: toml::Table = data::check(FILE);
        for phrase in table.values().filter_map(toml::Value::as_array).flatten() {
            let phrase = phrase.as_str().unwrap();
            assert_eq!(unaccented(phrase), phrase);
        }
    }
}

//! The words and phrases of `words.toml`, which says what each list is for.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::data::{self, WordSet};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lists {
    pub(super) asking: WordSet,
    pub(super) age: Age,
    pub(super) amount: Amount,
    pub(super) cheapest: Cheapest,
    pub(super) product: Product,
    pub(super) sum: Sum,
    pub(super) until: Until,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Age {
    pub(super) years: WordSet,
    pub(super) old: WordSet,
    pub(super) aged: WordSet,
    pub(super) is: WordSet,
    pub(super) child: WordSet,
    pub(super) people: WordSet,
    pub(super) and: WordSet,
    pub(super) down: WordSet,
    pub(super) up: WordSet,
    pub(super) below: WordSet,
    pub(super) up_to: WordSet,
    pub(super) from: WordSet,
    pub(super) to: WordSet,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Amount {
    pub(super) depends: WordSet,
    pub(super) scales: WordSet,
    pub(super) codes: WordSet,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cheapest {
    pub(super) cheapest: Vec<String>,
    pub(super) dearest: Vec<String>,
    pub(super) superlative: WordSet,
    pub(super) second: WordSet,
    pub(super) second_beginnings: WordSet,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Product {
    pub(super) each: WordSet,
    pub(super) units: Vec<WordSet>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sum {
    pub(super) total: Vec<String>,
    pub(super) total_words: WordSet,
    pub(super) each: WordSet,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Until {
    pub(super) until: Vec<String>,
    pub(super) undo: Vec<String>,
    pub(super) booked: Vec<String>,
    pub(super) weeks: WordSet,
    pub(super) days: WordSet,
}

static FILE: &str = include_str!("words.toml");
pub(super) static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::words::unaccented;

    #[test]
    fn the_lists_are_complete_and_without_accents() {
        let lists: Lists = data::check(FILE);
        assert_eq!(lists.product.units.len(), 8);
        for list in [&lists.asking, &lists.age.child, &lists.sum.total_words] {
            assert!(list.iter().all(|word| unaccented(word) == word));
        }
        let phrases = [&lists.cheapest.dearest, &lists.sum.total, &lists.until.undo];
        for phrase in phrases.into_iter().flatten() {
            assert_eq!(unaccented(phrase), *phrase);
        }
    }
}

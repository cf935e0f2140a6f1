//! Numbers with a unit.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::Deserialize;

use super::{numbers, pattern};
use crate::language::data;

/// Units: as written, singular, plural.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    units: Vec<(String, String, String)>,
}

static FILE: &str = include_str!("measures.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

static MEASURE: LazyLock<Regex> = LazyLock::new(|| {
    let mut names: Vec<String> = LISTS
        .units
        .iter()
        .map(|(written, _, _)| regex::escape(written))
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    pattern(&format!(
        r"(?P<a>\b[Aa]n? )?(?P<sign>[-−])?(?P<n>\d[\d,]*(?:\.\d+)?(?:/\d+)?)(?P<range>\s?(?:[-–—−]|to)\s?\d[\d,]*(?:\.\d+)?)?[\s-]?(?P<unit>{})(?P<end>$|[^\p{{L}}\d²³/'’])",
        names.join("|")
    ))
});

/// Reads numbers with a unit: "three point five kilometers", "a twenty amp fuse".
pub(super) fn read(text: &str) -> String {
    // Twice: the character that ends one match may be the space before the next.
    read_once(&read_once(text))
}

fn read_once(text: &str) -> String {
    MEASURE
        .replace_all(text, |found: &Captures<'_>| {
            let group = |name: &str| found.name(name).map_or("", |group| group.as_str());
            let Some((_, one, many)) = LISTS
                .units
                .iter()
                .find(|(written, _, _)| written == group("unit"))
            else {
                return found[0].to_owned();
            };
            let range = group("range");
            // "1980s" are years.
            if group("unit") == "s" && found[0].trim_end_matches(group("end")).ends_with("0s") {
                return found[0].to_owned();
            }
            let number = numbers::quantity(group("n"));
            let number = match range
                .trim()
                .trim_start_matches("to")
                .trim_start_matches(['-', '–', '—', '−'])
                .trim()
            {
                "" => number,
                upper => format!("{number} to {}", numbers::quantity(upper)),
            };
            let minus = if group("sign").is_empty() {
                ""
            } else {
                "minus "
            };
            // "a 20 A fuse": singular before a noun.
            let single = numbers::is_one(group("n")) && range.is_empty()
                || !group("a").is_empty() && group("unit") != "%";
            let part = group("n").contains('/') && !group("n").is_empty();
            let unit = if part {
                format!("of a {one}")
            } else if single {
                one.clone()
            } else {
                many.clone()
            };
            format!("{}{minus}{number} {unit}{}", group("a"), group("end"))
        })
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        // Singular and plural may be the same, so the usual check for duplicates does not apply.
        let lists: Lists = toml::from_str(FILE).unwrap();
        assert!(lists.units.len() > 80);
        assert_eq!(read("3 kg"), "three kilograms");
    }
}

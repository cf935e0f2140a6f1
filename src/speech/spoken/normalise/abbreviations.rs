//! Abbreviations that are read in full.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::Deserialize;

use super::pattern;
use crate::language::data;

/// Abbreviations and their long forms.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    dotted: BTreeMap<String, String>,
    bare: BTreeMap<String, String>,
}

static FILE: &str = include_str!("abbreviations.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

static DOTS: LazyLock<Regex> = LazyLock::new(|| {
    let names: Vec<&str> = LISTS.dotted.keys().map(String::as_str).collect();
    pattern(&format!(r"\b({})\.(?P<after>\s*\S|\s*$)", names.join("|")))
});
static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    let names: Vec<&str> = LISTS.bare.keys().map(String::as_str).collect();
    pattern(&format!(r"\b({})\b\.?", names.join("|")))
});
static SAINT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\bSt\b\.?(?P<after>,|\s+[A-Z][a-z]|\s*$|\s)"));
static LATIN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(?:(e\. ?g\.?)|(i\. ?e\.?))(,?)"));
static WITH: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bw/(o\b)?\s?"));
static STREET: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b([NSEW]|NE|NW|SE|SW)\.? (\d{1,4}(?:st|nd|rd|th)|[A-Z][a-z]+ (?:Street|St|Ave|Avenue|Road|Rd|Blvd|Boulevard|Drive|Lane|Way))\b",
    )
});
static QUARTER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(24)/(7)\b"));

/// Reads abbreviations.
pub(super) fn read(text: &str) -> String {
    let text = QUARTER.replace_all(text, "twenty four seven");
    let text = LATIN.replace_all(&text, |found: &Captures<'_>| {
        if found.get(1).is_some() {
            "for example,".to_owned()
        } else {
            "that is,".to_owned()
        }
    });
    let text = WITH.replace_all(&text, |found: &Captures<'_>| {
        if found.get(1).is_some() {
            "without ".to_owned()
        } else {
            "with ".to_owned()
        }
    });
    let text = STREET.replace_all(&text, |found: &Captures<'_>| {
        let side = match &found[1] {
            "N" => "North",
            "S" => "South",
            "E" => "East",
            "W" => "West",
            "NE" => "Northeast",
            "NW" => "Northwest",
            "SE" => "Southeast",
            _ => "Southwest",
        };
        format!("{side} {}", &found[2])
    });
    let whole = text.clone();
    let text = SAINT.replace_all(&text, |found: &Captures<'_>| {
        let after = found.name("after").map_or("", |after| after.as_str());
        let before = whole[..found.get(0).map_or(0, |all| all.start())].trim_end();
        // "12 Quay St., Portland" has a street, "from St. Mary's" a saint.
        let name = after.trim().starts_with(|c: char| c.is_ascii_uppercase());
        let follows_name = before.rsplit(' ').next().is_some_and(|word| {
            word.starts_with(|c: char| c.is_uppercase())
                || word.ends_with("th")
                || word.ends_with("nd")
                || word.ends_with("rd")
                || word.ends_with("1st")
        });
        let numbered = before
            .split(' ')
            .rev()
            .skip(1)
            .take(3)
            .any(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let ends = after.trim().is_empty()
            && found[0].contains('.')
            && found.get(0).is_some_and(|all| all.end() == whole.len());
        let stop = if ends { "." } else { "" };
        if name && !(follows_name && numbered) {
            format!("Saint{after}")
        } else {
            format!("Street{stop}{after}")
        }
    });
    let text = DOTS.replace_all(&text, |found: &Captures<'_>| {
        let after = found.name("after").map_or("", |after| after.as_str());
        let full = LISTS.dotted.get(&found[1]).map_or("", String::as_str);
        let figure = after
            .trim_start()
            .starts_with(|c: char| c.is_alphanumeric() && !c.is_lowercase() || c == '#');
        match &found[1] {
            // "No." may be an answer; "min." and "p." count only before a number.
            "No" | "no" | "nr" | "Nr" | "Nos" | "p" | "pp" | "fig" | "Fig" | "vol" | "Vol"
            | "min" | "max" | "ref" | "Ref"
                if !(figure
                    && after.trim_start().starts_with(|c: char| {
                        c.is_ascii_digit()
                            || c == '#'
                            || c.is_ascii_uppercase() && !matches!(&found[1], "No" | "no")
                    })) =>
            {
                found[0].to_owned()
            }
            "Dr" if !after.trim().starts_with(|c: char| c.is_uppercase()) => {
                format!("Drive{after}")
            }
            _ if after.trim().is_empty() => format!("{full}."),
            _ => format!("{full}{after}"),
        }
    });
    WORDS
        .replace_all(&text, |found: &Captures<'_>| {
            let ends = found
                .get(0)
                .is_some_and(|all| text[all.end()..].trim().is_empty())
                && found[0].ends_with('.');
            let full = LISTS.bare.get(&found[1]).map_or("", String::as_str);
            if ends {
                format!("{full}.")
            } else {
                full.to_owned()
            }
        })
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        let lists: Lists = data::check(FILE);
        assert_eq!(lists.dotted["Dr"], lists.bare["Dr"]);
        assert_eq!(read("approx. 5 mins"), "approximately 5 minutes");
    }
}

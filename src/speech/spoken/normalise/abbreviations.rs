//! Abbreviations that are said in full.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::pattern;

/// As written without the stop, in full; a stop has to follow.
const DOTTED: &[(&str, &str)] = &[
    ("Dr", "Doctor"),
    ("Prof", "Professor"),
    ("Rev", "Reverend"),
    ("Hon", "Honorable"),
    ("Capt", "Captain"),
    ("Sgt", "Sergeant"),
    ("Gen", "General"),
    ("Lt", "Lieutenant"),
    ("approx", "approximately"),
    ("Approx", "approximately"),
    ("ca", "about"),
    ("No", "number"),
    ("no", "number"),
    ("Nos", "numbers"),
    ("nr", "number"),
    ("Nr", "number"),
    ("ref", "reference"),
    ("Ref", "reference"),
    ("tel", "telephone"),
    ("Tel", "telephone"),
    ("ext", "extension"),
    ("Ext", "extension"),
    ("incl", "including"),
    ("Incl", "including"),
    ("excl", "excluding"),
    ("dept", "department"),
    ("Dept", "Department"),
    ("est", "established"),
    ("Ave", "Avenue"),
    ("Blvd", "Boulevard"),
    ("Rd", "Road"),
    ("Ln", "Lane"),
    ("Hwy", "Highway"),
    ("Pkwy", "Parkway"),
    ("Sq", "Square"),
    ("Ct", "Court"),
    ("Pl", "Place"),
    ("Apt", "Apartment"),
    ("Ste", "Suite"),
    ("Bldg", "Building"),
    ("Mt", "Mount"),
    ("Ft", "Fort"),
    ("Jr", "Junior"),
    ("Sr", "Senior"),
    ("vs", "versus"),
    ("etc", "et cetera"),
    ("max", "maximum"),
    ("min", "minimum"),
    ("Inc", "Incorporated"),
    ("Ltd", "Limited"),
    ("Corp", "Corporation"),
    ("Co", "Company"),
    ("fig", "figure"),
    ("Fig", "Figure"),
    ("vol", "volume"),
    ("Vol", "Volume"),
    ("p", "page"),
    ("pp", "pages"),
    ("resp", "respectively"),
    ("cf", "compare"),
];
/// Said in full without a stop as well.
const BARE: &[(&str, &str)] = &[
    ("Mrs", "Missus"),
    ("Mr", "Mister"),
    ("Ms", "Miz"),
    ("Dr", "Doctor"),
    ("Ave", "Avenue"),
    ("Blvd", "Boulevard"),
    ("Rd", "Road"),
    ("approx", "approximately"),
    ("vs", "versus"),
    ("etc", "et cetera"),
    ("Apt", "Apartment"),
    ("Dept", "Department"),
    ("Hwy", "Highway"),
    ("appt", "appointment"),
    ("Appt", "Appointment"),
    ("hrs", "hours"),
    ("mins", "minutes"),
    ("Tel", "telephone"),
    ("incl", "including"),
];

static DOTS: LazyLock<Regex> = LazyLock::new(|| {
    let names: Vec<&str> = DOTTED.iter().map(|(short, _)| *short).collect();
    pattern(&format!(r"\b({})\.(?P<after>\s*\S|\s*$)", names.join("|")))
});
static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    let names: Vec<&str> = BARE.iter().map(|(short, _)| *short).collect();
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

/// Puts abbreviations into words.
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
        let full = DOTTED
            .iter()
            .find(|(short, _)| *short == &found[1])
            .map_or("", |(_, full)| *full);
        let figure = after
            .trim_start()
            .starts_with(|c: char| c.is_alphanumeric() && !c.is_lowercase() || c == '#');
        match &found[1] {
            // "No." as an answer, "min." and "p." only before a figure.
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
            let full = BARE
                .iter()
                .find(|(short, _)| *short == &found[1])
                .map_or("", |(_, full)| *full);
            if ends {
                format!("{full}.")
            } else {
                full.to_owned()
            }
        })
        .into_owned()
}

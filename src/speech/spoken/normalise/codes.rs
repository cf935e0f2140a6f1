//! Codes and identifying numbers: letter by letter and digit by digit.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::Deserialize;

use super::{mark_letters, numbers, pattern};
use crate::language::data;

/// US states by their two letters.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    states: BTreeMap<String, String>,
}

static FILE: &str = include_str!("codes.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

/// A word after which a number is an identifier. `№` and "no." have already become words.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(number|numbers|order|invoice|reference|ref|ticket|account|code|case|zip|pin|policy|claim|booking|confirmation|id|flight|serial|model number|part number)((?: (?:number|code|no|is|id))?[:#]? ?#?)(\d[\d-]{3,}\d|0\d+)\b",
    )
});
static ROOM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b([Rr]oom|[Ss]uite|[Aa]partment|[Uu]nit|[Gg]ate|[Hh]ighway|[Rr]oute|[Ii]nterstate|[Ff]light) #?(\d)(\d\d)\b",
    )
});
static ZIP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])(,? )(\d{5})(?:-(\d{4}))?\b",
    )
});
static STATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(, )(A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])\b([.,;?!\s]|$)",
    )
});
static CODE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b[A-Za-z]*\d*[A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*\b"));

/// Reads codes: "B seven X nine Q".
pub(super) fn read(text: &str) -> String {
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return STATE
            .replace_all(text, |found: &Captures<'_>| {
                format!("{}{}{}", &found[1], expand_state(&found[2]), &found[3])
            })
            .into_owned();
    }
    // ZIP codes go first, while the letters of the state still mark them.
    let text = ZIP.replace_all(text, |found: &Captures<'_>| {
        let more = found
            .get(4)
            .map(|more| format!(", {}", numbers::digits(more.as_str())))
            .unwrap_or_default();
        format!(
            "{} {}{more}",
            expand_state(&found[1]),
            numbers::digits(&found[3])
        )
    });
    let text = STATE.replace_all(&text, |found: &Captures<'_>| {
        format!("{}{}{}", &found[1], expand_state(&found[2]), &found[3])
    });
    let text = NAMED.replace_all(&text, |found: &Captures<'_>| {
        let parts: Vec<String> = found[3]
            .split('-')
            .filter(|part| !part.is_empty())
            .map(numbers::in_groups)
            .collect();
        format!("{}{}{}", &found[1], &found[2], parts.join(", "))
    });
    let text = ROOM.replace_all(&text, |found: &Captures<'_>| {
        let tail: u64 = found[3].parse().unwrap_or_default();
        let tail = match tail {
            0 => "hundred".to_owned(),
            1..=9 => format!("oh {}", numbers::cardinal(tail)),
            _ => numbers::cardinal(tail),
        };
        format!("{} {} {tail}", &found[1], numbers::digits(&found[2]))
    });
    CODE.replace_all(&text, |found: &Captures<'_>| read_code(&found[0]))
        .into_owned()
}

/// Reads a code; returns other text unchanged.
fn read_code(text: &str) -> String {
    let digit = text.contains(|c: char| c.is_ascii_digit());
    let letter = text.contains(|c: char| c.is_ascii_alphabetic());
    let ordinal = ["st", "nd", "rd", "th", "s"].iter().any(|end| {
        text.strip_suffix(end)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()))
    });
    if !digit || !letter || ordinal {
        return text.to_owned();
    }
    let runs = split_runs(text);
    let one_number = runs
        .iter()
        .filter(|run| run.starts_with(|c: char| c.is_ascii_digit()))
        .count()
        == 1;
    let mut out: Vec<String> = Vec::new();
    for run in runs {
        let alone = run.chars().count();
        out.push(match run.chars().next() {
            Some('-' | '_') => ",".to_owned(),
            Some(c) if c.is_ascii_digit() => match alone {
                1 | 2 if one_number && !run.starts_with('0') => numbers::quantity(&run),
                0..=4 => numbers::digits(&run),
                _ => numbers::in_groups(&run),
            },
            _ if alone > 3 || (alone > 2 && run.chars().any(char::is_lowercase)) => run,
            _ => mark_letters(&run),
        });
    }
    let words = out.join(" ").replace(" ,", ",");
    // "COVID-19", "24-hour": a word and a number, not a code to dictate.
    if words.contains(|c: char| c.is_lowercase()) && text.chars().any(char::is_lowercase)
        || begins_with_word(&words)
    {
        words.replace(',', "")
    } else {
        words
    }
}

fn begins_with_word(words: &str) -> bool {
    words
        .split([' ', ','])
        .next()
        .is_some_and(|first| first.chars().count() > 3 && first.chars().all(char::is_uppercase))
}

/// Splits a text into runs of letters, of digits, and of dashes.
fn split_runs(text: &str) -> Vec<String> {
    let kind = |c: char| {
        if c.is_ascii_digit() {
            0
        } else if c.is_alphabetic() {
            1
        } else {
            2
        }
    };
    let mut runs: Vec<String> = Vec::new();
    for c in text.chars() {
        match runs.last_mut() {
            Some(run) if run.chars().last().is_some_and(|last| kind(last) == kind(c)) => {
                run.push(c)
            }
            _ => runs.push(c.to_string()),
        }
    }
    runs
}

/// Name of a US state; unknown letters are returned unchanged.
fn expand_state(letters: &str) -> &str {
    LISTS.states.get(letters).map_or(letters, String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        let lists: Lists = data::check(FILE);
        assert_eq!(lists.states.len(), 51);
        assert_eq!(expand_state("TX"), "Texas");
    }
}

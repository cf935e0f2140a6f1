//! Ways of writing that need their neighbours: dates, ranges, amounts in millions, units, abbreviations.
//! Each becomes the words that are said, so that a text and what a recogniser writes for it compare equal.

use super::numbers::{cardinal, digits, ordinal, year};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const FRACTIONS: [(&str, &str); 4] = [
    ("1/2", "one half"),
    ("1/4", "one quarter"),
    ("3/4", "three quarters"),
    ("1/3", "one third"),
];
const MONEY: [(char, &str); 3] = [('$', "dollars"), ('€', "euros"), ('£', "pounds")];

/// Words of the tokens at the front, and how many tokens they are; `None` if the first one can be read
/// by itself. `before` is the token before them. All are in small letters.
pub(super) fn read(before: Option<&str>, tokens: &[&str]) -> Option<(Vec<String>, usize)> {
    let token = *tokens.first()?;
    let next = tokens.get(1).copied().unwrap_or_default();
    let bare = token.trim_end_matches([',', '.', ';', ':', '?', '!', '"']);
    let mut out = Vec::new();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let figure = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());

    if let Some((_, said)) = FRACTIONS.iter().find(|(written, _)| *written == bare) {
        return Some((words(said), 1));
    }
    if token == "no." && figure(next) {
        return Some((vec!["number".into()], 1));
    }
    // "12 Quay St.," against "St. Mary's".
    if ["st.,", "st,"].contains(&token) {
        return Some((vec!["street".into()], 1));
    }
    if let Some(unit) = unit(bare)
        && before.is_some_and(figure)
    {
        return Some((vec![unit.into()], 1));
    }
    if MONTHS.contains(&token)
        && let Ok(day @ 1..=31) = next
            .trim_matches(|c: char| !c.is_alphanumeric())
            .parse::<u64>()
    {
        out.push(token.to_owned());
        ordinal(day, &mut out);
        return Some((out, 2));
    }
    if let [month, day, of] = *bare.split('/').collect::<Vec<_>>()
        && let (Ok(month @ 1..=12), Ok(day @ 1..=31), Ok(of @ 1000..=9999)) =
            (month.parse::<usize>(), day.parse::<u64>(), of.parse())
    {
        out.push((*MONTHS.get(month - 1)?).to_owned());
        ordinal(day, &mut out);
        year(of, &mut out);
        return Some((out, 1));
    }
    // "$1.5 million" is "1.5 million dollars".
    if let Some((_, name)) = MONEY.iter().find(|(sign, _)| token.starts_with(*sign)) {
        let size = next.trim_matches(|c: char| !c.is_alphanumeric());
        let amount = token.trim_start_matches(|c: char| !c.is_ascii_digit());
        if ["thousand", "million", "billion"].contains(&size) && figure(amount) {
            super::normal::token_words(amount, &mut out);
            out.extend([size.to_owned(), (*name).to_owned()]);
            // Some recognisers write the unit twice: "$1.5 million dollars".
            let twice = tokens.get(2).is_some_and(|third| third.starts_with(name));
            return Some((out, if twice { 3 } else { 2 }));
        }
    }
    if let Some((low, high)) = bare.split_once(['-', '–'])
        && low.len() < 4
        && high.len() < 4
        && !low.starts_with('0')
        && let (Ok(low), Ok(high)) = (low.parse::<u64>(), high.parse::<u64>())
        && low < high
    {
        cardinal(low, &mut out);
        out.push("to".into());
        cardinal(high, &mut out);
        return Some((out, 1));
    }
    alone(bare, next)
}

/// Figures whose reading depends on how they are grouped.
fn alone(bare: &str, next: &str) -> Option<(Vec<String>, usize)> {
    let mut out = Vec::new();
    // "5:45 pm" is at times written "545pm".
    let end = bare
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(bare.len());
    let (figures, behind) = bare.split_at(end);
    let half = |text: &str| {
        let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
        ["am", "pm"].contains(&letters.as_str()).then_some(letters)
    };
    if (3..=4).contains(&figures.len()) {
        let (hours, minutes) = figures.split_at(figures.len() - 2);
        let at_once = half(behind);
        let apart = behind.is_empty().then(|| half(next)).flatten();
        let used = if at_once.is_some() { 1 } else { 2 };
        if let (Some(half), Ok(hours @ 1..=12), Ok(0..=59)) = (
            at_once.or(apart),
            hours.parse::<u64>(),
            minutes.parse::<u64>(),
        ) {
            super::normal::token_words(&format!("{hours}:{minutes}"), &mut out);
            out.push(half);
            return Some((out, used));
        }
    }
    // Behind a thousands comma it is a number and no year; four figures that are no year are a code.
    if bare.split(',').skip(1).all(|group| group.len() == 3)
        && bare.contains(',')
        && let Ok(number) = bare.replace(',', "").parse()
    {
        cardinal(number, &mut out);
        return Some((out, 1));
    }
    if figures.len() == 4
        && behind.is_empty()
        && let Ok(number @ 1010..1100) = figures.parse::<u64>()
    {
        cardinal(number / 100, &mut out);
        cardinal(number % 100, &mut out);
        return Some((out, 1));
    }
    if figures.len() == 4
        && behind.is_empty()
        && !(1000..2100).contains(&figures.parse::<u64>().ok()?)
    {
        digits(figures, &mut out);
        return Some((out, 1));
    }
    None
}

/// A unit that stands behind figures.
fn unit(written: &str) -> Option<&'static str> {
    Some(match written {
        "v" | "volt" | "volts" => "volts",
        "a" | "amp" | "amps" => "amp",
        _ => return None,
    })
}

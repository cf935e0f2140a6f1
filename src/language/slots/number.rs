//! Reads a number, with its unit where there is one: "4 people", "a party of six", "2,5 kg".

use super::Read;
use super::tokens::{Phrases, Text};

/// The number that a text says: beside its unit, or by itself where it was asked for and nothing else is said.
pub fn number(text: &Text<'_>, units: &Phrases, asked: bool) -> Option<Read<f64>> {
    let places = 0..text.tokens.len();
    // "a table for four": an article is a number only if nothing else is.
    let is_article = |read: &Read<f64>| {
        let token = text.token(read.tokens.start);
        token.is_some_and(|token| token.number().is_none()) && read.what <= 1.0
    };
    let mut all: Vec<Read<f64>> = places
        .clone()
        .filter_map(|at| {
            let (value, count) = value_at(text, at)?;
            let end = at + count;
            let unit = units.at(&text.tokens, end);
            // "Tisch für 4": the unit may stand before.
            let before = text.follows(units, at);
            let unit = match (unit, before) {
                (Some(unit), _) => unit,
                (None, true) => 0,
                (None, false) => return None,
            };
            Some(Read {
                what: value,
                tokens: at..end + unit,
            })
        })
        .collect();
    let chosen = all.iter().position(|read| !is_article(read)).unwrap_or(0);
    let beside = (chosen < all.len()).then(|| all.swap_remove(chosen));
    if beside.is_some() || !asked {
        return beside;
    }
    let said: Vec<Read<f64>> = places
        .filter_map(|at| {
            let (value, count) = value_at(text, at)?;
            Some(Read {
                what: value,
                tokens: at..at + count,
            })
        })
        .collect();
    let numbers: Vec<&Read<f64>> = said.iter().filter(|read| !is_article(read)).collect();
    let chosen = match (numbers.as_slice(), said.as_slice()) {
        ([one], _) => Some((*one).clone()),
        ([], [one]) => Some(one.clone()),
        // "one of the two" is no answer.
        _ => None,
    };
    chosen.filter(|_| text.left() <= 8)
}

/// A number at a token, with its decimals, and how many tokens it spans.
fn value_at(text: &Text<'_>, at: usize) -> Option<(f64, usize)> {
    let token = text.token(at)?;
    let glued_before = text.is_glued(at)
        && ['.', ',', ':', '/', '#']
            .iter()
            .any(|mark| text.before(at).is_some_and(|before| before.is_mark(*mark)));
    if glued_before {
        return None;
    }
    if token.kind != super::tokens::Kind::Number {
        let (number, count) = text.counted(at)?;
        return Some((f64::from(number), count));
    }
    if token.text.len() > 9 {
        return None;
    }
    let mut digits = token.text.clone();
    let mut end = at + 1;
    while (text.is_mark(end, ',') || text.is_mark(end, '.'))
        && text.is_glued(end)
        && text.is_glued(end + 1)
        && let Some(more) = text.token(end + 1).filter(|more| more.number().is_some())
    {
        end += 2;
        // Three digits behind a mark are thousands, others decimals.
        if more.text.len() != 3 {
            digits.push('.');
            digits.push_str(&more.text);
            break;
        }
        digits.push_str(&more.text);
    }
    Some((digits.parse().ok()?, end - at))
}

//! Multiplies a price by the number asked for, if the quotation gives one price per unit and the
//! question counts exactly that unit.

use super::amount::Amount;
use super::{LISTS, words};
use crate::language::{Language, numbers};

/// Largest count to compute with.
const MOST: i64 = 1_000;

/// "3 × $45 = $135", if `question` counts the unit that `quotation`, a table cell or a sentence, gives a price
/// for.
pub(super) fn multiply(question: &str, language: Language, quotation: &str) -> Option<String> {
    let (amount, priced) = read_price(quotation)?;
    let counted = count_units(&words(question), language)?;
    // The units must match: do not multiply a price per night by two people, nor a price per person and night
    // by people alone.
    let is_counted = |unit: &usize| counted.iter().any(|(known, _)| known == unit);
    if counted.len() != priced.len() || !priced.iter().all(is_counted) {
        return None;
    }
    let mut counts = counted.iter().map(|(_, n)| *n);
    let total = counts.try_fold(amount.cents, |total, n| total.checked_mul(n))?;
    let factors: Vec<String> = counted.iter().map(|(_, n)| n.to_string()).collect();
    Some(format!(
        "{} × {} = {}",
        factors.join(" × "),
        amount.format(amount.cents),
        amount.format(total)
    ))
}

fn find_unit(word: &str) -> Option<usize> {
    LISTS
        .product
        .units
        .iter()
        .position(|words| words.contains(word))
}

/// The only number of a quotation, if it is a price per unit: "$45 per person per day",
/// "Price per night: €90". Units are positions in the list of units.
fn read_price(quotation: &str) -> Option<(Amount, Vec<usize>)> {
    let start = quotation.find(|c: char| c.is_ascii_digit())?;
    let (before, rest) = quotation.split_at(start);
    let (amount, after) = Amount::read(before, rest)?;
    let all = words(quotation);
    if after.contains(|c: char| c.is_ascii_digit())
        || all.iter().any(|w| LISTS.amount.depends.contains(w))
    {
        return None;
    }
    // A price alone in its cell takes its unit from the header.
    let after = words(after);
    let (told, whole) = match before.split_once(':') {
        Some((header, _)) if after.is_empty() => (words(header), false),
        _ => (after, true),
    };
    let mut units = Vec::new();
    let mut at = 0;
    while let Some(word) = told.get(at) {
        let next = told.get(at + 1).and_then(|next| find_unit(next));
        match next {
            Some(unit) if LISTS.product.each.contains(word) => {
                units.push(unit);
                at += 2;
            }
            _ if word == "pp" => {
                units.push(0);
                at += 1;
            }
            // In a sentence the units follow the amount directly, or there are none.
            _ if whole => break,
            _ => at += 1,
        }
    }
    (!units.is_empty()).then_some((amount, units))
}

/// The units that a question counts, with their numbers: "4 people", "two nights". `None` if a number counts
/// an unknown unit, or a unit occurs twice.
fn count_units(asked: &[String], language: Language) -> Option<Vec<(usize, i64)>> {
    let mut found: Vec<(usize, i64)> = Vec::new();
    for (at, word) in asked.iter().enumerate() {
        let Some(number) = read_number(word, language) else {
            // "2.5", "3rd", "+2": a number that we cannot count with.
            if word.chars().any(|c| c.is_ascii_digit()) {
                return None;
            }
            continue;
        };
        let unit = asked.get(at + 1).and_then(|next| find_unit(next))?;
        if found.iter().any(|(known, _)| *known == unit) || !(2..=MOST).contains(&number) {
            return None;
        }
        found.push((unit, number));
    }
    Some(found)
}

pub(super) fn read_number(word: &str, language: Language) -> Option<i64> {
    let language = match language {
        Language::Other => Language::En,
        known => known,
    };
    // "One" doubles as an article in many languages.
    let spelled = numbers::small(language, word).filter(|number| *number > 1);
    spelled.map(i64::from).or_else(|| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_so_many_cost_is_reckoned() {
        for (question, language, quotation, expected) in [
            (
                "how much for 4 people",
                Language::En,
                "Price: $45 per person",
                "4 × $45 = $180",
            ),
            (
                "how much for 4 people",
                Language::En,
                "Price per person: $45",
                "4 × $45 = $180",
            ),
            (
                "What do three nights cost?",
                Language::En,
                "A double room is £89.50 a night.",
                "3 × £89.50 = £268.50",
            ),
            (
                "Was kosten 2 Stunden?",
                Language::De,
                "Die Hebebühne kostet 12,50 € pro Stunde.",
                "2 × 12,50 € = 25,00 €",
            ),
            (
                "two adults for 3 days please",
                Language::En,
                "EUR 20 per person per day",
                "2 × 3 × EUR 20 = EUR 120",
            ),
            (
                "price for 12 kids?",
                Language::En,
                "Party: 1,200 ₹ per child",
                "12 × 1,200 ₹ = 14,400 ₹",
            ),
            ("3 nights", Language::En, "“$90 a night", "3 × $90 = $270"),
        ] {
            assert_eq!(
                multiply(question, language, quotation).as_deref(),
                Some(expected),
                "{question}"
            );
        }
    }

    #[test]
    fn where_it_is_not_sure_nothing_is_reckoned() {
        for (question, quotation) in [
            ("how much for 4 people", "Price: $45"),
            ("how much for 4 people", "Group of 4: $45 per group"),
            ("2 people, 3 nights?", "Double room: $90 a night"),
            ("4 people", "$20 per person per day"),
            (
                "price for 4 people",
                "$45 per person, from 10 people $40 per person",
            ),
            ("3 hours?", "From $20 an hour"),
            ("3 hours?", "The first hour is $20, each hour more $10"),
            ("how much is it", "$45 per person"),
            ("4 people and 2 people", "$45 per person"),
            ("for 1 person", "$45 per person"),
            ("2 adults and 1 child", "$45 per person"),
            ("2 1/2 hours", "$20 per hour"),
            ("2 hours 30 minutes", "$20 per hour"),
            ("3-4 people", "$20 per person"),
            (
                "2 days",
                "The tour costs $80. Cancel at least a day before.",
            ),
            ("10 days", "Each guest pays $45. Open every day."),
            ("4 people", "$5 off per person"),
            ("4 people", "$45-60 per person"),
            ("4 people", "deposit $10 per person"),
            ("once people pay", "$10 per person"),
            ("on days when it rains", "$10 a day"),
            ("3 days", "$0.125 a day"),
            ("2 days", "Ships in 3 days"),
        ] {
            assert_eq!(
                multiply(question, Language::En, quotation),
                None,
                "{question} {quotation}"
            );
        }
    }
}

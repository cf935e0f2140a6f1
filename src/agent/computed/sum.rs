//! Adds up the prices of two or three table rows.

use super::product::read_number;
use super::rows::{Price, Row, Table};
use super::{Computed, LISTS, MathQuestion, are_alike, content, says, words};

/// Most rows to add.
const MOST: usize = 3;

/// Adds the rows that the question names, each by a word found in no other row.
pub(super) fn add_rows(asked: &MathQuestion<'_>, table: &Table<'_>) -> Option<Computed> {
    let said = words(asked.question);
    // "Two haircuts together" would need a multiplication.
    let counts = |w: &String| {
        w.contains(|c: char| c.is_ascii_digit())
            || read_number(w, asked.language).is_some()
            || LISTS.sum.each.contains(w)
    };
    if !says(&said, &LISTS.sum.total) || said.iter().any(counts) {
        return None;
    }
    let column = table.rows.get(table.quoted)?.price()?.column;
    let named: Vec<&str> = content(&said, asked.language)
        .into_iter()
        .filter(|w| !LISTS.sum.total_words.contains(w))
        .collect();
    let mut chosen: Vec<&Row<'_>> = Vec::new();
    for word in &named {
        let holds = |row: &&Row<'_>| {
            row.words_beside(column)
                .iter()
                .any(|own| are_alike(own, word))
        };
        let mut rows = table.rows.iter().filter(holds);
        // Every word must name a row; a word that does not asks for something else.
        let row = rows.next()?;
        if rows.next().is_none() && !chosen.iter().any(|c| c.range == row.range) {
            chosen.push(row);
        }
    }
    // A word found in several rows must also be in a chosen row: "a haircut, a beard trim and a fringe trim".
    let is_chosen = |word: &&str| {
        let holds = |row: &&Row<'_>| {
            row.words_beside(column)
                .iter()
                .any(|own| are_alike(own, word))
        };
        chosen.iter().any(holds)
    };
    if !(2..=MOST).contains(&chosen.len()) || !named.iter().all(is_chosen) {
        return None;
    }
    let mut prices: Vec<Price<'_>> = Vec::new();
    for row in &chosen {
        let price = row.price().filter(|price| price.column == column)?;
        if prices.iter().any(|other| !other.is_like(&price)) {
            return None;
        }
        prices.push(price);
    }
    let sums = prices.iter().map(|price| &price.sum);
    let total = sums
        .clone()
        .try_fold(0i64, |all, one| all.checked_add(one.cents))?;
    let shown: Vec<String> = sums.clone().map(|s| s.format(s.cents)).collect();
    // Take the format of a sum with decimals, if there is one.
    let like = sums.max_by_key(|s| s.cents % 100 != 0)?;
    Some(Computed {
        formula: format!("{} = {}", shown.join(" + "), like.format(total)),
        rows: chosen.iter().map(|row| row.range.clone()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::computed::tests::{asked, table};

    const FEES: &str = "Fees\nTreatment: Filling | Fee: $90.50\nTreatment: Crown | Fee: $900\n\
        Treatment: Root canal | Fee: $700\nEnd.";

    #[test]
    fn rows_that_are_named_are_added() {
        let table = table(FEES, "Crown", "");
        let found = add_rows(
            &asked("how much are a filling and a crown together?"),
            &table,
        )
        .unwrap();
        assert_eq!(found.formula, "$90.50 + $900 = $990.50");
        assert_eq!(found.rows.len(), 2);
        let three = add_rows(&asked("crown, filling and root canal in total?"), &table).unwrap();
        assert_eq!(three.formula, "$900 + $90.50 + $700 = $1690.50");
        for not in [
            "how much is a crown?",
            "how much is a crown in total?",
            "how much are a crown and whitening together?",
            "two crowns and a filling together",
            "a crown and 3 fillings together",
        ] {
            assert_eq!(add_rows(&asked(not), &table), None, "{not}");
        }
    }

    #[test]
    fn a_part_that_stands_in_several_rows_is_not_left_out() {
        let text = "Prices\nService: Ladies' haircut | Price: £38\nService: Men's haircut | Price: £22\n\
            Service: Beard trim | Price: £10\nService: Fringe trim | Price: £9\nEnd";
        let table = table(text, "Beard", "");
        let asks = "a haircut, a beard trim and a fringe trim altogether?";
        assert_eq!(add_rows(&asked(asks), &table), None);
        let two = add_rows(&asked("a beard trim and a fringe trim altogether?"), &table).unwrap();
        assert_eq!(two.formula, "£10 + £9 = £19");
        let both = "beard trim and fringe trim for both of us together";
        assert_eq!(add_rows(&asked(both), &table), None);
    }
}

//! Finds the cheapest or dearest row of a table.

use super::rows::{Price, Row, Table};
use super::{Computed, LISTS, MathQuestion, are_alike, content, says, words};

/// Most sums to show; above that, the formula gives the first two and the count.
const SHOWN: usize = 5;

/// Finds the row asked for. All matching rows must have one price, in the same column and currency.
pub(super) fn find_cheapest(asked: &MathQuestion<'_>, table: &Table<'_>) -> Option<Computed> {
    let said = words(asked.question);
    let (least, most) = (
        says(&said, &LISTS.cheapest.cheapest),
        says(&said, &LISTS.cheapest.dearest),
    );
    if least == most {
        return None;
    }
    let superlative = |word: &str| {
        LISTS.cheapest.superlative.contains(word)
            || says(&[word.to_owned()], &LISTS.cheapest.cheapest)
            || says(&[word.to_owned()], &LISTS.cheapest.dearest)
    };
    let column = table.rows.get(table.quoted)?.price()?.column;
    // Words of the heading, the first header or the price header apply to all rows, unless some rows contain them too.
    let first = table.rows.first()?.cells.first()?.0;
    let of_all: Vec<String> = [table.above, first, column]
        .into_iter()
        .flat_map(words)
        .collect();
    let in_rows = |w: &str| {
        let holds = |row: &Row<'_>| row.words_beside(column).iter().any(|o| are_alike(o, w));
        table.rows.iter().any(holds)
    };
    let named: Vec<&str> = content(&said, asked.language)
        .into_iter()
        .filter(|w| !superlative(w) && !ends_phrase(w))
        .filter(|w| in_rows(w) || !of_all.iter().any(|a| are_alike(a, w)))
        .collect();
    let meant: Vec<&Row<'_>> = table
        .rows
        .iter()
        .filter(|row| {
            let own = row.words_beside(column);
            named.iter().all(|w| own.iter().any(|o| are_alike(o, w)))
        })
        .collect();
    let mut priced: Vec<(&Row<'_>, Price<'_>)> = Vec::new();
    for row in meant {
        let price = row.price().filter(|price| price.column == column)?;
        if priced.iter().any(|(_, other)| !other.is_like(&price)) {
            return None;
        }
        priced.push((row, price));
    }
    let cents = |price: &Price<'_>| price.sum.cents;
    priced.sort_by_key(|(_, price)| if least { cents(price) } else { -cents(price) });
    let [(best, first), (_, second), ..] = priced.as_slice() else {
        return None;
    };
    // On a tie both rows are right: let the visitor read the table.
    if cents(first) == cents(second) {
        return None;
    }
    let sign = if least { " < " } else { " > " };
    let sums: Vec<String> = priced
        .iter()
        .map(|(_, p)| p.sum.format(p.sum.cents))
        .collect();
    let formula = if sums.len() <= SHOWN {
        let mut shown = sums;
        shown.dedup();
        shown.join(sign)
    } else {
        format!("{}{sign}{} … ({})", sums.first()?, sums.get(1)?, sums.len())
    };
    Some(Computed {
        formula,
        rows: vec![best.range.clone()],
    })
}

/// Second words of two-word superlatives: "barato", "cher".
fn ends_phrase(word: &str) -> bool {
    let lists = &LISTS.cheapest;
    lists.second.contains(word)
        || lists.second_beginnings.iter().any(|begin| {
            word.strip_prefix(begin)
                .is_some_and(|rest| rest.chars().count() <= 3)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::computed::tests::{asked, table};

    const CUTS: &str = "Prices\nService: Ladies' haircut | Price: £38\nService: Men's haircut | Price: £22\n\
        Service: Fringe trim | Price: £9\nService: Child haircut | Price: £15\nPay by card.";

    fn answer(question: &str, text: &str, at: &str) -> Option<(String, String)> {
        let table = table(text, at, "Prices");
        let computed = find_cheapest(&asked(question), &table)?;
        let row = text.get(computed.rows[0].clone())?.to_owned();
        Some((computed.formula, row))
    }

    #[test]
    fn the_cheapest_of_the_rows_that_are_meant_is_found() {
        let (formula, row) = answer("What's your cheapest haircut?", CUTS, "Men's").unwrap();
        assert_eq!(formula, "£15 < £22 < £38");
        assert_eq!(row, "Service: Child haircut | Price: £15");
        let (formula, _) = answer("which is the cheapest service", CUTS, "Men's").unwrap();
        assert_eq!(formula, "£9 < £15 < £22 < £38");
        let (formula, row) = answer("the most expensive haircut?", CUTS, "Men's").unwrap();
        assert_eq!(
            (formula.as_str(), row.contains("Ladies")),
            ("£38 > £22 > £15", true)
        );
    }

    #[test]
    fn nothing_is_found_where_it_is_not_sure() {
        for question in [
            "What's your cheapest massage?",
            "how much is a haircut",
            "cheapest fringe trim?",
            "the cheapest and the most expensive haircut",
        ] {
            assert_eq!(answer(question, CUTS, "Men's"), None, "{question}");
        }
        for text in [
            "Prices\nService: Cut | Price: £20\nService: Beard | Price: from £5\nEnd",
            "Prices\nService: Cut | Price: £20\nService: Beard | Price: €5\nEnd",
            "Prices\nService: Cut | Price: £20\nService: Beard | Price: £20\nEnd",
            "Prices\nService: Cut | Price: £20\nService: Beard | Price: ask\nEnd",
            "Prices\nService: Cut | Price: £20 per day\nService: Beard | Price: £5 per hour\nEnd",
        ] {
            assert_eq!(answer("the cheapest service", text, "Cut"), None, "{text}");
        }
    }

    #[test]
    fn what_was_asked_of_the_rows_chooses_among_them() {
        let rooms = "Rooms\nRoom: Single | Breakfast: no | Price: £50\nRoom: Double | Breakfast: yes | Price: £90\nEnd";
        assert_eq!(
            answer("cheapest room with breakfast?", rooms, "Single"),
            None
        );
        let mixed =
            "Prices\nTreatment: Threading | Price: £8\nTreatment: Back massage | Price: £40\nEnd";
        assert_eq!(answer("cheapest massage?", mixed, "Threading"), None);
        let (formula, _) = answer("¿Cuál es el más barato?", CUTS, "Men's").unwrap();
        assert_eq!(formula, "£9 < £15 < £22 < £38");
        assert_eq!(answer("¿Cuánto cuesta más carne?", CUTS, "Men's"), None);
    }
}

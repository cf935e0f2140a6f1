//! Derives the expectation of a golden question from a real answer.

use serde_json::{Value, json};

use crate::knowledge::content_words;
use crate::store::receipts::Receipt;

/// Words that belong to the number before them.
const UNITS: [&str; 16] = [
    "am", "pm", "a.m", "p.m", "uhr", "%", "€", "$", "£", "eur", "usd", "gbp", "chf", "kg", "km",
    "h",
];
/// Most facts to expect.
const MOST: usize = 4;

/// What an answer to this question must say: those numbers, prices, times and addresses that the
/// sources contain too, or its most telling words if there are none; for a refusal, that it refuses. The
/// owner can edit it.
pub fn expectation(receipt: &Receipt) -> Value {
    if receipt.rung == "refusal" {
        return json!({"answerable": false});
    }
    if receipt.rung == "talk" {
        return json!({"answerable": true, "kind": "talk", "must": []});
    }
    let cited = receipt.passages.get("cited").and_then(Value::as_array);
    let cited: Vec<&Value> = cited.into_iter().flatten().collect();
    let quotes: Vec<&str> = cited
        .iter()
        .filter_map(|raw| raw.get("quote")?.as_str())
        .collect();
    let ground = if quotes.is_empty() {
        receipt.answer.clone()
    } else {
        quotes.join("\n")
    };
    let answer = strip_marks(&receipt.answer);
    let mut facts = find_exact_facts(&answer);
    facts.retain(|fact| ground.contains(fact.as_str()));
    if facts.is_empty() {
        facts = find_telling_words(&answer, &ground, &receipt.question);
    }
    facts.truncate(MOST);
    let must: Vec<Vec<String>> = facts.into_iter().map(|fact| vec![fact]).collect();
    let mut expected = json!({"answerable": true, "must": must});
    if let (Some(fields), Some(first)) = (expected.as_object_mut(), cited.first()) {
        for (to, from) in [("source", "title"), ("quote", "quote")] {
            if let Some(value) = first.get(from).filter(|value| value.is_string()) {
                fields.insert(to.to_owned(), value.clone());
            }
        }
    }
    expected
}

fn strip_marks(answer: &str) -> String {
    let kept = answer.split('[').enumerate().map(|(n, part)| {
        let mark = part
            .split_once(']')
            .filter(|(number, _)| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()));
        match mark {
            Some((_, rest)) if n > 0 => rest.to_owned(),
            _ if n > 0 => format!("[{part}"),
            _ => part.to_owned(),
        }
    });
    kept.collect()
}

/// Words with a digit, with the unit that follows, and addresses.
fn find_exact_facts(answer: &str) -> Vec<String> {
    let bare = |word: &str| -> String {
        let outside = |c: char| !c.is_alphanumeric() && !"€$£%+".contains(c);
        word.trim_matches(outside).to_owned()
    };
    let words: Vec<String> = answer.split_whitespace().map(bare).collect();
    let mut facts: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let address = word.contains('@') || word.starts_with("www.") || word.contains("://");
        if !address && !word.chars().any(|c| c.is_ascii_digit()) {
            continue;
        }
        let unit = words
            .get(at + 1)
            .filter(|next| UNITS.contains(&next.to_lowercase().as_str()));
        let fact = match unit {
            Some(unit) => format!("{word} {unit}"),
            None => word.clone(),
        };
        if !facts.contains(&fact) {
            facts.push(fact);
        }
    }
    facts
}

/// The two longest words of the answer that its source contains and the question does not.
fn find_telling_words(answer: &str, ground: &str, question: &str) -> Vec<String> {
    let (known, asked) = (content_words(ground), content_words(question));
    let mut words: Vec<String> = content_words(answer)
        .into_iter()
        .filter(|word| known.contains(word) && !asked.contains(word))
        .collect();
    words.sort_by(|a, b| {
        let longer = b.chars().count().cmp(&a.chars().count());
        longer.then(a.cmp(b))
    });
    words.truncate(2);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_numbers_with_their_units_and_addresses() {
        for (answer, expected) in [
            ("A full service costs $89.", vec!["$89"]),
            (
                "We open at 8:30 am, and close at 6 pm.",
                vec!["8:30 am", "6 pm"],
            ),
            ("Write to desk@shop.example.", vec!["desk@shop.example"]),
            ("Call +49 30 1234 or 30.", vec!["+49", "30", "1234"]),
            ("It costs 12,50 €; 12,50 € each.", vec!["12,50 €"]),
            ("Dogs are welcome.", vec![]),
        ] {
            assert_eq!(find_exact_facts(answer), expected, "{answer}");
        }
    }

    #[test]
    fn citation_numbers_are_no_facts() {
        let answer = "It costs $5 [1]. Sizes [S] and [12] are there.";
        assert_eq!(
            strip_marks(answer),
            "It costs $5 . Sizes [S] and  are there."
        );
    }

    #[test]
    fn telling_words_are_of_the_source_and_not_of_the_question() {
        let found = find_telling_words(
            "Leashed dogs are welcome everywhere.",
            "Dogs are welcome when leashed.",
            "Are dogs allowed?",
        );
        assert_eq!(found, ["leashed", "welcome"]);
    }
}

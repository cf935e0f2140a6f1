//! Questions to try in the chat, made from the headings of the documents. No model is asked.

const MOST: usize = 4;
/// In characters; a longer heading is a sentence, not a topic.
const LONGEST_HEADING: usize = 60;

/// The usual question about a heading with one of these words.
const ASKED: [(&[&str], &str); 8] = [
    (&["opening", "hours"], "What are your opening hours?"),
    (
        &["price", "prices", "fees", "fee", "costs", "rates"],
        "What does it cost?",
    ),
    (&["pay", "payment", "payments"], "How can I pay?"),
    (
        &["cancel", "cancellation", "cancellations"],
        "What happens if I cancel?",
    ),
    (
        &["return", "returns", "refund", "refunds"],
        "Can I get my money back?",
    ),
    (
        &[
            "contact",
            "directions",
            "address",
            "parking",
            "where",
            "location",
        ],
        "How do I find and reach you?",
    ),
    (&["delivery", "shipping"], "How does delivery work?"),
    (
        &["guarantee", "guarantees", "warranty"],
        "What does the guarantee cover?",
    ),
];

/// Up to four questions, from headings in the order of the documents.
pub(super) fn suggest<'a>(headings: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut questions: Vec<String> = Vec::new();
    for heading in headings {
        let Some(question) = question(heading) else {
            continue;
        };
        if !questions.contains(&question) {
            questions.push(question);
        }
        if questions.len() == MOST {
            break;
        }
    }
    questions
}

fn question(heading: &str) -> Option<String> {
    // "2.1 Prices" is asked as "Prices".
    let topic = heading
        .trim_start_matches(|c: char| c.is_numeric() || ".)-– ".contains(c))
        .trim();
    let letters = topic.chars().filter(|c| c.is_alphabetic()).count();
    if letters < 3 || topic.chars().count() > LONGEST_HEADING {
        return None;
    }
    if topic.ends_with('?') {
        return Some(topic.to_owned());
    }
    let words: Vec<String> = topic
        .split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .collect();
    let usual = ASKED
        .iter()
        .find(|(keys, _)| keys.iter().any(|key| words.iter().any(|w| w == key)));
    Some(match usual {
        Some((_, asked)) => (*asked).to_owned(),
        None => format!("What should I know about “{topic}”?"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_become_questions_people_ask() {
        let asked = suggest([
            "1. Prices 2026",
            "Opening hours",
            "Do you repair e-bikes?",
            "Loan bikes",
        ]);
        assert_eq!(suggest(["Where we are"]), ["How do I find and reach you?"]);
        assert_eq!(
            asked,
            [
                "What does it cost?",
                "What are your opening hours?",
                "Do you repair e-bikes?",
                "What should I know about “Loan bikes”?"
            ]
        );
    }

    #[test]
    fn the_same_question_comes_once_and_at_most_four_come() {
        assert_eq!(
            suggest(["Prices", "Our fees", "12", "—"]),
            ["What does it cost?"]
        );
        let many: Vec<String> = (0..9)
            .map(|n| format!("Topic {}", "x".repeat(n + 1)))
            .collect();
        assert_eq!(suggest(many.iter().map(String::as_str)).len(), MOST);
    }

    #[test]
    fn a_sentence_is_no_topic() {
        assert!(suggest(["a".repeat(61).as_str()]).is_empty());
    }
}

use super::*;
use crate::knowledge::index::lexical::{ChunkRef, LexicalIndex, Text};

fn index() -> LexicalIndex {
    let index = LexicalIndex::new().expect("an index in memory");
    let texts = [
        "An adult cleaning costs $128. Nitrous oxide for kids is $60.",
        "A ceramic crown costs 1450 dollars. Dr. Beltrán speaks Spanish.",
        "We are open Monday to Friday from 8 to 5. Book your appointment by phone.",
        "Clear aligners take nine months.",
    ];
    for (chunk, text) in (1..).zip(texts) {
        let passage = ChunkRef {
            workspace: "w",
            document: "d",
            chunk,
        };
        let text = Text {
            language: Language::En,
            title: "Practice guide",
            heading: "",
            text,
        };
        index.add(passage, text).expect("added");
    }
    index.commit().expect("committed");
    index
}

fn terms(question: &str) -> Vec<QueryTerm> {
    let own = Synonyms {
        groups: vec![vec!["braces".into(), "aligners".into()]],
    };
    index().with_terms("w", |terms| analyse(question, &[], terms, &own).terms)
}

fn one(question: &str, text: &str) -> QueryTerm {
    terms(question)
        .into_iter()
        .find(|t| t.text == text)
        .unwrap_or_else(|| panic!("{text} is no term of {question}"))
}

#[test]
fn content_words_and_what_is_known_of_them() {
    let all = terms("How much is a gold crown?");
    let texts: Vec<&str> = all.iter().map(|t| t.text.as_str()).collect();
    assert_eq!(texts, ["gold", "crown"]);
    assert!(!one("How much is a gold crown?", "gold").known);
    assert!(one("How much is a gold crown?", "crown").known);
    assert!(one("crowns", "crowns").known);
    assert!(one("does dr beltran speak spanish", "beltran").known);
}

#[test]
fn misspelt_words_find_the_word_meant() {
    let nitrus = one("nitrus for kidz", "nitrus");
    assert_eq!(nitrus.corrected.as_deref(), Some("nitrous"));
    assert!(nitrus.known && nitrus.idf > 0.0);
    let kidz = one("nitrus for kidz", "kidz");
    assert!(kidz.known);
    assert_eq!(one("gold crown", "gold").corrected, None);
    // Words of another language are not bent into English ones.
    assert!(
        terms("¿Cuánto cuesta la limpieza para los niños?")
            .iter()
            .all(|t| t.corrected.is_none())
    );
}

#[test]
fn synonyms_make_a_word_known() {
    let braces = one("how long do braces take", "braces");
    assert!(braces.known);
    assert_eq!(braces.synonyms, ["aligners"]);
    assert!(one("appt tmrw", "appt").known);
    assert!(!one("appt tmrw", "tmrw").known);
}

#[test]
fn a_rarer_word_tells_more() {
    assert!(one("open crown", "crown").idf > one("price costs", "costs").idf);
}

#[test]
fn odd_questions_are_no_trouble() {
    for odd in [
        "",
        "?!",
        "the of and",
        "😀😀 crown 😀",
        &"crown ".repeat(20_000),
        "\u{202E}\0",
    ] {
        assert!(terms(odd).len() <= 2, "{odd:.20}");
    }
    assert!(terms("who are you").is_empty());
    assert_eq!(terms("我们 crown").len(), 2);
}

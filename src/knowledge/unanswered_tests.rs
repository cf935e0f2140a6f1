use super::*;

fn asked(at: UnixMs, question: &str, vector: Option<&[f32]>) -> GapQuestion {
    GapQuestion {
        receipt: ReceiptId::new(),
        question: question.to_owned(),
        rated_bad: false,
        at,
        vector: vector.map(<[f32]>::to_vec),
    }
}

fn shape(clusters: &[Cluster]) -> Vec<Vec<&str>> {
    clusters
        .iter()
        .map(|c| c.members.iter().map(|m| m.question.as_str()).collect())
        .collect()
}

#[test]
fn like_questions_come_together_by_words_alone() {
    let found = clusters(vec![
        asked(1, "Do you repair e-bikes?", None),
        asked(2, "Is there parking?", None),
        asked(3, "do you repair E-BIKES?", None),
        asked(4, "Can you repair my e-bike?", None),
        asked(5, "Is there free parking?", None),
        asked(6, "What does a helmet cost?", None),
    ]);
    assert_eq!(
        shape(&found),
        [
            vec![
                "Can you repair my e-bike?",
                "do you repair E-BIKES?",
                "Do you repair e-bikes?"
            ],
            vec!["Is there free parking?", "Is there parking?"],
            vec!["What does a helmet cost?"],
        ]
    );
    assert_eq!(found[0].representative.question, "Do you repair e-bikes?");
}

#[test]
fn meaning_counts_more_with_a_common_word() {
    // Unit vectors with cosines 0.8 (first and second) and 0.8 (first and third).
    let (a, b, c) = ([1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.8, 0.0, 0.6]);
    let found = clusters(vec![
        asked(1, "Do you rent bikes?", Some(&a)),
        asked(2, "Can I borrow bikes?", Some(&b)),
        asked(3, "Is hiring a cycle possible?", Some(&c)),
    ]);
    assert_eq!(
        shape(&found),
        [
            vec!["Can I borrow bikes?", "Do you rent bikes?"],
            vec!["Is hiring a cycle possible?"],
        ]
    );
    let near = [0.9, 0.0, 0.435];
    let found = clusters(vec![
        asked(1, "Do you rent bikes?", Some(&a)),
        asked(3, "Is hiring a cycle possible?", Some(&near)),
    ]);
    assert_eq!(found.len(), 1, "a cosine of 0.9 needs no common word");
}

#[test]
fn the_groups_do_not_depend_on_the_order_of_the_rows() {
    let all: Vec<GapQuestion> = [
        "Do you sell gift cards?",
        "Are gift cards sold here?",
        "Do you sell cards?",
        "Gift cards?",
        "Where can I park?",
    ]
    .iter()
    .zip(1..)
    .map(|(question, at)| asked(at, question, None))
    .collect();
    let expected = clusters(all.clone());
    for turn in 1..all.len() {
        let mut other = all.clone();
        other.rotate_left(turn);
        assert_eq!(clusters(other), expected);
    }
    assert_eq!(expected.iter().map(|c| c.members.len()).sum::<usize>(), 5);
}

#[test]
fn the_frequent_come_first_and_of_equals_the_latest() {
    let found = clusters(vec![
        asked(1, "Old and lonely parrot?", None),
        asked(9, "New and lonely canary?", None),
        asked(2, "Twice turtle?", None),
        asked(3, "Twice turtle?", None),
    ]);
    let first: Vec<_> = found
        .iter()
        .map(|c| c.representative.question.as_str())
        .collect();
    assert_eq!(
        first,
        [
            "Twice turtle?",
            "New and lonely canary?",
            "Old and lonely parrot?"
        ]
    );
    assert!(found[0].holds(found[0].members[1].receipt));
    assert!(!found[0].holds(found[1].representative.receipt));
    assert!(clusters(Vec::new()).is_empty());
}

#[test]
fn a_word_counts_as_the_beginning_of_another() {
    let words = |text: &str| content_words(text);
    for (a, b, expected) in [
        ("Where can I park?", "Is there parking?", 1.0),
        ("Do you repair bikes?", "Bike repairs", 1.0),
        ("Is it far?", "Is it fare?", 0.0),
        ("cat food", "dog food", 1.0 / 3.0),
        ("", "", 0.0),
    ] {
        let (a, b) = (words(a), words(b));
        assert!((common(&a, &b) - expected).abs() < 1e-6, "{a:?} {b:?}");
        assert!((common(&b, &a) - expected).abs() < 1e-6, "{b:?} {a:?}");
    }
}

#[test]
fn questions_without_a_word_are_alike_only_when_they_are_the_same() {
    let found = clusters(vec![
        asked(1, "???", None),
        asked(2, "🙂", None),
        asked(3, "???", None),
    ]);
    assert_eq!(shape(&found), [vec!["???", "???"], vec!["🙂"]]);
}

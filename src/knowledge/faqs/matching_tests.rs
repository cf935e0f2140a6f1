//! Which questions are the same. Vectors are made up so that their cosine is what a case says.

use super::*;
use crate::knowledge::faqs::index::FaqIndex;
use crate::knowledge::live;
use crate::store::faqs::{Faq, FaqState, Phrasing};
use crate::store::{FaqId, WorkspaceId};

/// Two vectors of length 1 with this cosine.
fn pair(cosine: f32) -> ([f32; 2], [f32; 2]) {
    ([1.0, 0.0], [cosine, (1.0 - cosine * cosine).sqrt()])
}

fn is_same(phrasing: &str, answer: &str, question: &str, cosine: Option<f32>) -> bool {
    let (a, b) = pair(cosine.unwrap_or(1.0));
    let prepared = Prepared::new(phrasing, answer, cosine.map(|_| (a.to_vec(), a.to_vec())));
    let asked = prepared.analyse(question);
    let vector = cosine.map(|_| b.as_slice());
    compare(&asked, vector, &prepared, &FaqThresholds::default()).same
}

#[test]
fn the_same_question_in_other_words() {
    for (phrasing, answer, question, cosine) in [
        (
            "Do you offer gift cards?",
            "Yes.",
            "do you have gift cards",
            0.9,
        ),
        ("Do you see walk-ins?", "No.", "are walk ins ok?", 0.9),
        (
            "Does whitening hurt?",
            "A little.",
            "is whitening painful?",
            0.9,
        ),
        (
            "Do you have free parking?",
            "Yes.",
            "hi, is parking free please",
            0.9,
        ),
        (
            "How do I reset my password?",
            "So.",
            "I need to reset my password",
            0.9,
        ),
        (
            "Are you open on public holidays?",
            "No.",
            "are you open public holidays",
            0.9,
        ),
        // The answer speaks of what the question adds.
        (
            "Do I need a referral?",
            "Not for Dr. Raman.",
            "do I need a referral to see Dr. Raman?",
            0.9,
        ),
        (
            "Do you have evening hours?",
            "Yes, Tuesday.",
            "do you have evening hours on tuesdays",
            0.87,
        ),
        // A slip of the fingers.
        (
            "Do you have a student discount?",
            "Yes.",
            "do you have a studnet discount",
            0.87,
        ),
        (
            "Wie lange dauert eine Reparatur?",
            "Drei Tage.",
            "Wie lange dauert die Reparatur?",
            0.9,
        ),
        ("¿Tienen aparcamiento?", "Sí.", "¿hay aparcamiento?", 0.9),
        // The very same words need no vector's word for it.
        ("Who are you?", "We.", "who are you", 0.1),
    ] {
        assert!(
            is_same(phrasing, answer, question, Some(cosine)),
            "{question}"
        );
    }
}

#[test]
fn near_questions_with_other_answers() {
    for (phrasing, answer, question) in [
        ("Do you see walk-ins?", "No.", "do you walk dogs?"),
        (
            "Are you taking new patients?",
            "Yes.",
            "are you taking medicare patients?",
        ),
        (
            "Are you taking new patients?",
            "Yes.",
            "are you taking new patients on Sunday?",
        ),
        (
            "Does whitening hurt?",
            "A little.",
            "How much is whitening?",
        ),
        (
            "Does whitening hurt?",
            "A little.",
            "does whitening not hurt?",
        ),
        (
            "Do you offer gift cards?",
            "Yes.",
            "Do you have gift wrapping?",
        ),
        (
            "Do you offer gift cards?",
            "From $25.",
            "do you have gift cards for $10?",
        ),
        (
            "Do you have evening appointments?",
            "Yes.",
            "do you have appointments?",
        ),
        ("Do you have free parking?", "Yes.", "how much is parking?"),
        ("Do you deliver?", "Yes.", "do you deliver to Canada?"),
        ("Do you deliver?", "Yes.", "when do you deliver?"),
        (
            "How do I reset my password?",
            "So.",
            "why was my password reset?",
        ),
        (
            "Can I return an item?",
            "Yes.",
            "can I return an item without a receipt?",
        ),
        (
            "Do you offer gift cards?",
            "Yes.",
            "do you offer gift cards and how much is a crown?",
        ),
        (
            "Wie lange dauert eine Reparatur?",
            "Drei Tage.",
            "Was kostet eine Reparatur?",
        ),
        (
            "¿Tienen aparcamiento?",
            "Sí.",
            "¿tienen aparcamiento para camiones?",
        ),
    ] {
        assert!(
            !is_same(phrasing, answer, question, Some(0.92)),
            "{question}"
        );
        assert!(!is_same(phrasing, answer, question, None), "{question}");
    }
}

#[test]
fn the_same_words_are_not_enough_if_the_meaning_is_far() {
    let (phrasing, question) = ("Can I bring my dog?", "my dog, can he bring?");
    assert!(is_same(phrasing, "Yes.", question, Some(0.9)));
    assert!(!is_same(phrasing, "Yes.", question, Some(0.8)));
    assert!(is_same(phrasing, "Yes.", question, None));
}

#[test]
fn thresholds_may_be_given_in_part() {
    let read: FaqThresholds = serde_json::from_str(r#"{"same_words": 0.75}"#).unwrap();
    assert!((read.same_words - 0.75).abs() < 1e-6);
    assert!((read.one_differs - FaqThresholds::default().one_differs).abs() < 1e-6);
}

fn faq(workspace: WorkspaceId, question: &str, answer: &str, vector: [f32; 2]) -> Faq {
    Faq {
        id: FaqId::new(),
        workspace,
        answer: answer.into(),
        state: FaqState::Approved,
        owner: String::new(),
        language: None,
        source: String::new(),
        expires_at: Some(100),
        tags: Vec::new(),
        created_at: 0,
        updated_at: 0,
        approved_at: Some(0),
        phrasings: vec![Phrasing {
            id: 1,
            question: question.into(),
            embedding: Some(live::encode(&vector)),
            embedder: Some("m".into()),
        }],
    }
}

#[test]
fn the_index_follows_state_expiry_and_workspace() {
    let (ours, theirs) = (WorkspaceId::new(), WorkspaceId::new());
    let index = FaqIndex::default();
    let mut parking = faq(ours, "Is there parking?", "Yes.", [1.0, 0.0]);
    index.put(parking.clone(), "m");
    let limits = FaqThresholds::default();
    let find = |workspace, now| {
        let found = index.find(
            workspace,
            "is there parking",
            Some(&[1.0, 0.0]),
            now,
            &limits,
            &[],
        );
        found.map(|m| m.faq.answer)
    };
    assert_eq!(find(ours, 1).as_deref(), Some("Yes."));
    assert_eq!((find(theirs, 1), find(ours, 100)), (None, None));
    parking.answer = "No.".into();
    index.put(parking.clone(), "m");
    assert_eq!(find(ours, 1).as_deref(), Some("No."));
    parking.approved_at = None;
    index.put(parking.clone(), "m");
    assert_eq!(find(ours, 1), None);
    parking.approved_at = Some(1);
    index.put(parking.clone(), "m");
    index.remove(ours, parking.id);
    assert_eq!(find(ours, 1), None);
}

#[test]
fn of_two_near_answers_neither_is_given_if_words_differ() {
    let workspace = WorkspaceId::new();
    let index = FaqIndex::default();
    let (near, nearer) = (pair(0.95).1, pair(0.96).1);
    index.put(
        faq(workspace, "Can I return a worn shoe?", "No.", near),
        "m",
    );
    index.put(
        faq(workspace, "Can I return a worn boot?", "Yes.", nearer),
        "m",
    );
    let limits = FaqThresholds::default();
    let asked = "can I return a worn sandal?";
    assert_eq!(
        index.find(workspace, asked, Some(&[1.0, 0.0]), 1, &limits, &[]),
        None
    );
    let near = index.nearest(workspace, asked, Some(&[1.0, 0.0]), 1, 5, &[]);
    assert_eq!(near.len(), 2);
}

#[test]
fn an_answer_with_other_tags_is_not_among_those_chosen() {
    let workspace = WorkspaceId::new();
    let index = FaqIndex::default();
    let mut parking = faq(workspace, "Is there parking?", "Yes.", [1.0, 0.0]);
    parking.tags = vec!["shop".into()];
    index.put(parking, "m");
    let limits = FaqThresholds::default();
    for (tags, there) in [
        (vec![], true),
        (vec!["shop"], true),
        (vec!["clinic"], false),
    ] {
        let tags: Vec<String> = tags.into_iter().map(str::to_owned).collect();
        let asked = "is there parking";
        let found = index.find(workspace, asked, Some(&[1.0, 0.0]), 1, &limits, &tags);
        assert_eq!(found.is_some(), there, "{tags:?}");
        let near = index.nearest(workspace, asked, Some(&[1.0, 0.0]), 1, 5, &tags);
        assert_eq!(near.len(), usize::from(there), "{tags:?}");
    }
}

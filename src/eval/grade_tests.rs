//! Grades a table of answers.

use serde_json::json;

use super::Comparison;
use super::figures::Figures;
use super::golden::Case;
use super::grade::{Cause, Graded, Outcome, failed, grade};
use super::run::{AskedCase, Seen};
use crate::agent::{Answer, Citation, Rung, Timings, Tokens};

fn case(line: serde_json::Value) -> Case {
    super::golden::read(&line.to_string()).unwrap().remove(0)
}

fn crown() -> Case {
    case(
        json!({"question": "What is a crown?", "must": [["1450", "1,450"], ["dollar", "$"]],
        "must_not": ["1,290"], "source": "prices.csv", "quote": "All-ceramic crown 1450 dollars each"}),
    )
}

fn refused() -> Case {
    case(
        json!({"question": "Do you sell cats?", "answerable": false, "must_not": ["we sell cats"]}),
    )
}

fn answer(rung: Rung, text: &str) -> AskedCase {
    AskedCase {
        answer: Answer {
            answer: text.into(),
            rung,
            citations: Vec::new(),
            receipt: None,
            timings_ms: Timings::default(),
            tokens: Tokens::default(),
            handoff: rung == Rung::Refusal,
            interrupted: false,
            provider: None,
            options: Vec::new(),
            stored: None,
        },
        found: Vec::new(),
        checks: json!(null),
    }
}

fn with_passage(mut asked: AskedCase, text: &str) -> AskedCase {
    asked.found.push(Seen {
        document: "d".into(),
        version: "v".into(),
        name: "prices.csv".into(),
        span: [10, 10 + text.len()],
        text: text.into(),
    });
    asked
}

fn cite(mut asked: AskedCase, quote: &str, span: [usize; 2], document: &str) -> AskedCase {
    asked.answer.citations.push(Citation {
        number: 1,
        kind: Default::default(),
        document: document.into(),
        version: "v".into(),
        title: "Prices".into(),
        section: None,
        page: None,
        span,
        quote: quote.into(),
        marked: None,
        score: 1.0,
    });
    asked
}

#[test]
fn outcomes() {
    let squad = Case::answered("Who?", &["John Mayow", "Mayow"]);
    let talk = case(json!({"question": "hey", "must": [["hello", "hi "]], "kind": "smalltalk"}));
    let person = case(json!({"question": "a human!", "must": [["call"]], "kind": "handoff"}));
    let mut handed = answer(Rung::Talk, "Someone will call you.");
    handed.answer.handoff = true;
    for (case, asked, outcome) in [
        (
            &crown(),
            answer(Rung::Read, "It is $1,450 [1]."),
            Outcome::Right,
        ),
        (&crown(), answer(Rung::Read, "It is 1450."), Outcome::False),
        (
            &crown(),
            answer(Rung::Model, "$1,450, it was $1,290"),
            Outcome::False,
        ),
        (
            &crown(),
            answer(Rung::Refusal, "I can't find that."),
            Outcome::Missed,
        ),
        (
            &crown(),
            answer(Rung::Refusal, "I can't find that: $1,450"),
            Outcome::Missed,
        ),
        (&crown(), answer(Rung::Talk, "Hello!"), Outcome::False),
        (&crown(), handed.clone(), Outcome::Missed),
        (
            &squad,
            answer(Rung::Model, "It was the chemist john mayow."),
            Outcome::Right,
        ),
        (&squad, answer(Rung::Model, "It was Boyle."), Outcome::False),
        (
            &refused(),
            answer(Rung::Refusal, "I can't find that."),
            Outcome::Right,
        ),
        (
            &refused(),
            answer(Rung::Refusal, "We sell cats."),
            Outcome::False,
        ),
        (&refused(), handed.clone(), Outcome::Right),
        (&refused(), answer(Rung::Talk, "Hello!"), Outcome::Missed),
        (
            &refused(),
            answer(Rung::Faq, "We sell dogs."),
            Outcome::False,
        ),
        (
            &refused(),
            answer(Rung::Fact, "We sell dogs."),
            Outcome::False,
        ),
        (&talk, answer(Rung::Talk, "Hello!"), Outcome::Right),
        (
            &talk,
            answer(Rung::Refusal, "Hi there, I can't find that."),
            Outcome::Right,
        ),
        (&talk, answer(Rung::Model, "High prices"), Outcome::False),
        (&person, handed.clone(), Outcome::Right),
    ] {
        let graded = grade(case, &asked);
        let told = format!("{} -> {}", case.question, asked.answer.answer);
        assert_eq!(graded.outcome, outcome, "{told}");
        assert_eq!(graded.cause.is_none(), outcome == Outcome::Right, "{told}");
    }
}

#[test]
fn a_citation_number_is_no_answer() {
    let one = Case::answered("How many?", &["1"]);
    assert_eq!(
        grade(&one, &answer(Rung::Model, "Several [1]")).outcome,
        Outcome::False
    );
    assert_eq!(
        grade(&one, &answer(Rung::Model, "Just 1 [2]")).outcome,
        Outcome::Right
    );
}

#[test]
fn causes_tell_where_the_answer_was_lost() {
    let held = "All-ceramic crown | 1450 dollars | each";
    let other = "Opening hours";
    for (rung, passage, cause) in [
        (Rung::Model, other, Cause::NotRetrieved),
        (Rung::Refusal, other, Cause::NotRetrieved),
        (Rung::Refusal, held, Cause::RefusedThoughFound),
        (Rung::Read, held, Cause::WrongSpan),
        (Rung::Model, held, Cause::WrongText),
        (Rung::Fact, held, Cause::WrongText),
    ] {
        let graded = grade(&crown(), &with_passage(answer(rung, "No idea."), passage));
        assert_eq!(graded.cause, Some(cause), "{rung:?} {passage}");
        assert_eq!(graded.retrieved, Some(cause != Cause::NotRetrieved));
    }
    let graded = grade(&refused(), &answer(Rung::Model, "Yes."));
    assert_eq!(graded.cause, Some(Cause::AnsweredUnanswerable));
    assert_eq!(failed(&crown(), "busy").cause, Some(Cause::Failed));
}

#[test]
fn a_citation_supports_by_its_words_its_passage_or_its_source() {
    let passage = "All-ceramic crown | 1450 dollars | each";
    let right = || answer(Rung::Read, "It is $1,450.");
    let inside = [12, 20];
    for (asked, supports, holds) in [
        (
            cite(right(), "crown: 1450 dollars", [0, 5], "x"),
            true,
            true,
        ),
        (cite(right(), "only 1450", [0, 5], "x"), true, false),
        (cite(right(), "hours", [0, 5], "x"), false, false),
        (
            cite(with_passage(right(), passage), "crown", inside, "x"),
            true,
            true,
        ),
        (
            cite(with_passage(right(), passage), "crown", [0, 20], "x"),
            false,
            false,
        ),
        (
            cite(with_passage(right(), "other"), "hours", [0, 5], "d"),
            true,
            false,
        ),
    ] {
        let graded = grade(&crown(), &asked);
        let quote = &asked.answer.citations[0].quote;
        assert_eq!(graded.citations[0].supports, supports, "{quote}");
        assert_eq!(graded.cites_answer, Some(holds), "{quote}");
    }
    assert_eq!(grade(&crown(), &right()).cites_answer, Some(false));
    assert_eq!(
        grade(&refused(), &answer(Rung::Refusal, "no")).cites_answer,
        None
    );
}

fn graded_set() -> Vec<Graded> {
    [
        (crown(), answer(Rung::Read, "It is $1,450.")),
        (crown(), answer(Rung::Read, "It is 9.")),
        (crown(), answer(Rung::Refusal, "no")),
        (refused(), answer(Rung::Refusal, "no")),
        (refused(), answer(Rung::Model, "yes")),
    ]
    .iter()
    .enumerate()
    .map(|(i, (case, asked))| Graded {
        id: format!("q{i}"),
        ..grade(case, asked)
    })
    .collect()
}

#[test]
fn figures_are_counted_over_the_right_questions() {
    let figures = Figures::of(&graded_set());
    for (what, share, wanted) in [
        ("right", figures.right, (1, 3)),
        ("false", figures.wrong, (2, 5)),
        ("refusal recall", figures.refusal_recall, (1, 2)),
        ("refusal precision", figures.refusal_precision, (1, 2)),
        ("citation recall", figures.citation_recall, (0, 1)),
    ] {
        assert_eq!((share.n, share.of), wanted, "{what}");
    }
    assert_eq!(figures.rungs["read"].tally.wrong, 1);
    assert_eq!(figures.causes["answered though unanswerable"], 1);
    let kept = serde_json::to_value(&figures).unwrap();
    assert_eq!(serde_json::from_value::<Figures>(kept).unwrap(), figures);
}

#[test]
fn a_comparison_names_what_got_better_and_worse() {
    let before = graded_set();
    let mut now = before.clone();
    now[0] = Graded {
        id: "q0".into(),
        ..grade(&crown(), &answer(Rung::Model, "It is 7."))
    };
    now[1] = Graded {
        id: "q1".into(),
        ..grade(&crown(), &answer(Rung::Refusal, "no"))
    };
    now[3].answer = "I do not know.".into();
    now[4].id = "new".into();
    let found = Comparison::of(&before, &now);
    assert_eq!(
        found
            .worse
            .iter()
            .map(|c| c.id.as_str())
            .collect::<Vec<_>>(),
        ["q0"]
    );
    assert_eq!(
        found
            .better
            .iter()
            .map(|c| c.id.as_str())
            .collect::<Vec<_>>(),
        ["q1"]
    );
    assert_eq!((found.reworded, found.added, found.dropped), (1, 1, 1));
    assert!(found.is_worse());
    assert!((found.right + 1.0 / 3.0).abs() < 1e-9 && found.wrong.abs() < 1e-9);
    assert!(!Comparison::of(&before, &before).is_worse());
}

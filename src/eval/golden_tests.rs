//! Reads golden questions from a table of files.

use super::EvalError;
use super::golden::read;

#[test]
fn the_three_forms_give_the_same_questions() {
    let jsonl = "{\"question\": \"Open?\", \"answers\": \"at nine\", \"extra\": [1]}\n\n\
                 {\"question\": \"Why?\", \"answerable\": false, \"answers\": []}\n";
    let array =
        r#"[{"question":"Open?","expected":"at nine"},{"question":"Why?","expected":"refuse"}]"#;
    let csv = "question;expected\nOpen?;at nine\nWhy?;must refuse\n";
    for text in [jsonl, array, csv] {
        let cases = read(text).unwrap();
        assert_eq!(cases.len(), 2, "{text}");
        assert_eq!(cases[0].answers, ["at nine"]);
        assert!(cases[0].answerable() && !cases[1].answerable());
        assert_eq!((cases[0].id.as_str(), cases[1].id.as_str()), ("q1", "q2"));
    }
}

#[test]
fn alternatives_groups_and_history_are_read() {
    let line = r#"{"id": 7, "question": "q", "answerable": true, "must": [["a", "b"], "c"],
        "history": [{"role": "visitor", "content": "hi"}], "now": "2026-12-24T10:00:00-05:00",
        "kind": ["followup", "x"]}"#
        .replace('\n', " ");
    let case = read(&line).unwrap().remove(0);
    assert_eq!(
        case.must,
        [vec!["a".to_owned(), "b".into()], vec!["c".into()]]
    );
    assert_eq!(
        (case.id.as_str(), case.kind.as_deref()),
        ("7", Some("followup"))
    );
    assert!(case.history[0].is_visitor() && case.now.is_some());
    assert_eq!(
        read("question,expected\nq,nine | 9 am").unwrap()[0].answers,
        ["nine", "9 am"]
    );
}

#[test]
fn what_cannot_be_graded_is_named_with_its_line() {
    for (text, line, part) in [
        (
            "{\"question\": \"a\", \"answers\": \"b\"}\n{\"question\": ",
            2,
            "JSON",
        ),
        ("{\"question\": \"a\"}", 1, "answerable"),
        ("{\"answers\": \"a\"}", 1, "question"),
        ("{\"question\": \"a\", \"must\": [[]]}", 1, "must"),
        ("question,reply\na,b", 1, "expected"),
        ("question,expected\na,b\n,c", 3, "question"),
        ("question,expected,now\na,b,yesterday", 2, "now"),
    ] {
        match read(text) {
            Err(EvalError::Line { line: at, what }) => {
                assert_eq!(at, line, "{text}");
                assert!(what.contains(part), "{what}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(matches!(read(" \n"), Err(EvalError::NoQuestions)));
}

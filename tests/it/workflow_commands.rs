//! `frontdesk workflows`, without a server.

use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::beside::Place;

fn fed(place: &Place, args: &[&str], lines: &str) -> Output {
    let mut command = place.frontdesk(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(lines.as_bytes()).unwrap();
    drop(input);
    process.wait_with_output().unwrap()
}

#[test]
fn a_dialogue_from_a_file_is_walked_with_both_sides() {
    let place = Place::new("data");
    let lines = "I want to order 2 pieces\nA red bicycle\ncollect\nMy name is Anna Weber, +49 30 12345678\n\
        no, I meant 3 pieces\nyes\n";
    let walked = fed(&place, &["workflows", "try", "order"], lines);
    let told = String::from_utf8(walked.stdout).unwrap();
    assert!(walked.status.success(), "{told}");
    let mut from = 0;
    for part in [
        "> I want to order 2 pieces\nWhat would you like to order?\n",
        "[collect] [deliver]\n> collect\n",
        "2 × A red bicycle, collect, Anna Weber",
        "> no, I meant 3 pieces\n3 × A red bicycle",
        "[Yes] [No]\n> yes\nThank you.",
        "(Would be done: lead; name: Anna Weber",
        "(It is done.)",
    ] {
        let at = told[from..].find(part);
        from += at.unwrap_or_else(|| panic!("{part:?} is not next in {told}"));
    }
    let german = ["workflows", "try", "order", "--language", "de"];
    let left = fed(&place, &german, "Ich möchte bestellen\n");
    let told = String::from_utf8(left.stdout).unwrap();
    assert!(told.contains("Was möchten Sie bestellen?"), "{told}");
    assert!(told.contains("(It still waits for an answer.)"), "{told}");
    let wrong = fed(
        &place,
        &["workflows", "try", "order", "--language", "xx"],
        "",
    );
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn runs_are_listed_by_workflow() {
    let place = Place::new("data");
    let taken = place
        .frontdesk(&["workflows", "import", "callback"])
        .output();
    assert!(taken.unwrap().status.success());
    let found = fed(&place, &["workflows", "runs", "--json"], "");
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(found["callback"]["runs"], serde_json::json!([]));
    let one = fed(&place, &["workflows", "runs", "callback"], "");
    assert_eq!(String::from_utf8_lossy(&one.stdout), "callback: 0 runs\n");
    let none = fed(&place, &["workflows", "runs", "nothing"], "");
    assert_eq!(none.status.code(), Some(1));
}

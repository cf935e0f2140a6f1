//! Tests of the order of events.

use super::*;
use crate::http::openai::responses::request::ResponseRequest;
use crate::llm::Usage;

fn live(background: bool) -> Live {
    let request: ResponseRequest = serde_json::from_value(json!({})).unwrap();
    let echo = request.parse().unwrap().echo;
    let number = Uuid::now_v7();
    let mut view = ResponseView::new(number, "m".into(), echo, 1);
    view.background = background;
    Live::new(view, number)
}

fn end(finish: FinishReason) -> Piece {
    Piece::End(Box::new(End {
        finish,
        usage: Usage {
            prompt_tokens: 2,
            cached_tokens: 1,
            completion_tokens: 3,
        },
        grounds: None,
    }))
}

fn call(id: &str) -> Piece {
    Piece::ToolCall(ToolCall {
        id: id.into(),
        name: "f".into(),
        arguments: "{}".into(),
    })
}

/// All events of these pieces.
fn run(live: &mut Live, pieces: Vec<Piece>) -> Vec<Value> {
    let mut events = live.begin();
    for piece in pieces {
        events.extend(live.take(piece));
    }
    let numbers: Vec<_> = events
        .iter()
        .map(|e| e["sequence_number"].as_u64())
        .collect();
    let expected: Vec<_> = (0..events.len() as u64).map(Some).collect();
    assert_eq!(numbers, expected);
    events
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().filter_map(|event| event["type"].as_str());
    kinds
        .map(|kind| kind.trim_start_matches("response."))
        .collect()
}

const MESSAGE_BEGINS: [&str; 2] = ["output_item.added", "content_part.added"];
const MESSAGE_ENDS: [&str; 3] = ["output_text.done", "content_part.done", "output_item.done"];
const CALL: [&str; 4] = [
    "output_item.added",
    "function_call_arguments.delta",
    "function_call_arguments.done",
    "output_item.done",
];

#[test]
fn a_text_is_one_message() {
    let mut live = live(false);
    let pieces = vec![
        Piece::Delta("Hello".into()),
        Piece::Delta(" there.".into()),
        end(FinishReason::Stop),
    ];
    let events = run(&mut live, pieces);
    let mut expected = vec!["created", "in_progress"];
    expected.extend(MESSAGE_BEGINS);
    expected.extend(["output_text.delta", "output_text.delta"]);
    expected.extend(MESSAGE_ENDS);
    expected.push("completed");
    assert_eq!(kinds(&events), expected);
    let last = &events.last().unwrap()["response"];
    assert_eq!(last["output"][0]["content"][0]["text"], "Hello there.");
    assert_eq!(last["usage"]["total_tokens"], 5);
    assert_eq!(last["status"], "completed");
    assert_eq!(events[0]["response"]["status"], "in_progress");
    assert_eq!(events[4]["item_id"], last["output"][0]["id"]);
}

#[test]
fn calls_are_items_of_their_own_after_the_text() {
    let mut live = live(false);
    let pieces = vec![
        Piece::Delta("Let me see.".into()),
        call("a"),
        call("b"),
        end(FinishReason::ToolCalls),
    ];
    let events = run(&mut live, pieces);
    let mut expected = vec!["created", "in_progress"];
    expected.extend(MESSAGE_BEGINS);
    expected.push("output_text.delta");
    expected.extend(MESSAGE_ENDS);
    expected.extend(CALL);
    expected.extend(CALL);
    expected.push("completed");
    assert_eq!(kinds(&events), expected);
    let output = &events.last().unwrap()["response"]["output"];
    assert_eq!(
        (&output[1]["call_id"], &output[2]["call_id"]),
        (&json!("a"), &json!("b"))
    );
    assert_eq!(output[2]["type"], "function_call");
    assert_ne!(output[1]["id"], output[2]["id"]);
}

#[test]
fn the_ends_differ() {
    let mut cut = live(false);
    let events = run(
        &mut cut,
        vec![Piece::Delta("Hel".into()), end(FinishReason::Length)],
    );
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(
        last["response"]["incomplete_details"]["reason"],
        "max_output_tokens"
    );

    let mut failed = live(false);
    let busy = Problem::from(crate::llm::LlmError::Busy { waiting: 9 });
    let events = run(
        &mut failed,
        vec![Piece::Delta("Hel".into()), Piece::Failed(busy)],
    );
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.failed");
    assert_eq!(last["response"]["error"]["code"], "rate_limit_exceeded");
    assert_eq!(last["response"]["output"][0]["status"], "incomplete");

    let mut silent = live(false);
    let events = run(&mut silent, vec![end(FinishReason::Stop)]);
    assert_eq!(
        events.last().unwrap()["response"]["output"][0]["content"][0]["text"],
        ""
    );
}

#[test]
fn one_in_the_background_is_queued_first() {
    let mut live = live(true);
    let events = run(&mut live, vec![end(FinishReason::Stop)]);
    assert_eq!(kinds(&events[..3]), ["created", "queued", "in_progress"]);
    assert_eq!(events[0]["response"]["status"], "queued");
}

#[test]
fn what_could_not_be_kept_has_failed() {
    let mut live = live(false);
    live.begin();
    let events = live.take(end(FinishReason::Stop));
    let full = Problem::turn_failed("the disk is full");
    let events = live.fail_instead(events, &full);
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.failed");
    let before = &events[events.len() - 2];
    assert_eq!(
        last["sequence_number"].as_u64(),
        before["sequence_number"].as_u64().map(|n| n + 1)
    );
}

#[test]
fn a_stored_response_has_the_same_events_again() {
    let mut live = live(false);
    let pieces = vec![
        Piece::Delta("Let me see.".into()),
        call("a"),
        end(FinishReason::ToolCalls),
    ];
    let events = run(&mut live, pieces);
    let again = replay(&live.view.as_json());
    assert_eq!(kinds(&again), kinds(&events));
    assert_eq!(again.last(), events.last());
    let end = replay_end(&live.view.as_json(), 7);
    assert_eq!((end.len(), &end[0]["sequence_number"]), (1, &json!(8)));
}

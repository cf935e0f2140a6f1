//! Tests of reading a request for a response.

use super::*;

fn parse(body: Value) -> Result<Parsed, ApiError> {
    serde_json::from_value::<ResponseRequest>(body)
        .unwrap()
        .parse()
}

fn param(body: Value) -> String {
    parse(body).unwrap_err().into_problem().param.unwrap()
}

#[test]
fn nothing_at_all_is_a_request() {
    let parsed = parse(json!({})).unwrap();
    assert_eq!(parsed.echo.model, "default");
    assert_eq!(parsed.before, Before::Nothing);
    assert!(parsed.store && !parsed.background && !parsed.stream && parsed.items.is_empty());
    assert!((parsed.echo.temperature - 0.7).abs() < f64::EPSILON);
    let ask = parsed.ask(Vec::new()).unwrap();
    assert!(!ask.custom_sampling && ask.no_truncation && !ask.one_call);
}

#[test]
fn what_is_wrong_or_not_here_is_named() {
    for (body, named) in [
        (json!({"prompt": {"id": "pmpt_1"}}), "prompt"),
        (json!({"top_logprobs": 3}), "top_logprobs"),
        (
            json!({"include": ["message.output_text.logprobs"]}),
            "include",
        ),
        (json!({"moderation": {"model": "m"}}), "moderation"),
        (json!({"input": 5}), "input"),
        (
            json!({"input": [{"role": "king", "content": "x"}]}),
            "input[0].role",
        ),
        (json!({"background": true, "store": false}), "background"),
        (
            json!({"conversation": "c", "previous_response_id": "r"}),
            "conversation",
        ),
        (json!({"conversation": {}}), "conversation"),
        (json!({"max_output_tokens": 0}), "max_output_tokens"),
        (json!({"temperature": 3}), "temperature"),
        (json!({"top_p": 0}), "top_p"),
        (json!({"truncation": "always"}), "truncation"),
        (json!({"metadata": {"a": 1}}), "metadata.a"),
        (json!({"tools": [{"type": "file_search"}]}), "tools[0].type"),
        (
            json!({"text": {"format": {"type": "xml"}}}),
            "text.format.type",
        ),
    ] {
        assert_eq!(param(body.clone()), named, "{body}");
    }
}

#[test]
fn what_changes_nothing_is_accepted() {
    let parsed = parse(json!({
        "input": "Hi", "user": "u", "service_tier": "auto", "top_logprobs": 0, "include": ["file_search_call.results"],
        "reasoning": {"effort": "none"}, "some_future_field": {}, "conversation": {"id": "conv_1"},
    }))
    .unwrap();
    assert_eq!(parsed.before, Before::Conversation("conv_1".into()));
    assert_eq!(parsed.items, [Sent::Item(input::of_user("Hi"))]);
    assert_eq!(parsed.echo.reasoning.unwrap()["effort"], "none");
}

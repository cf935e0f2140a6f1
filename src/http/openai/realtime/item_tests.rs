use serde_json::{Value, json};

use super::*;
use crate::http::openai::realtime::view::item_view;
use crate::voice::realtime::Item;

fn item(value: Value) -> Result<Item, Fault> {
    let item: ItemIn = serde_json::from_value(value).unwrap();
    Item::of(item.check("item")?, "item", &mut |_| {
        Err(Fault::invalid("no", "no sound in this test"))
    })
}

#[test]
fn items_are_shown_as_they_were_sent() {
    let call =
        json!({"id": "a", "type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"});
    let view = item_view(&item(call).unwrap());
    assert_eq!(view["call_id"], "c");
    assert_eq!(view["status"], "completed");
    let text = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]});
    let view = item_view(&item(text).unwrap());
    assert_eq!(
        view["content"][0],
        json!({"type": "input_text", "text": "hi"})
    );
    assert!(view["id"].as_str().unwrap().starts_with("item_"));
}

#[test]
fn nonsense_is_refused_with_its_place() {
    let message =
        |role: &str, part: Value| json!({"type": "message", "role": role, "content": [part]});
    for (value, param) in [
        (json!({"type": "song"}), "item.type"),
        (json!({"type": "message"}), "item.role"),
        (json!({"type": "message", "role": "user"}), "item.content"),
        (
            message("user", json!({"type": "output_text", "text": "x"})),
            "item.content[0].type",
        ),
        (
            message("user", json!({"type": "input_text"})),
            "item.content[0].text",
        ),
        (
            message("user", json!({"type": "input_audio", "audio": ""})),
            "item.content[0].audio",
        ),
        (
            message("user", json!({"type": "input_audio", "audio": "***"})),
            "item.content[0].audio",
        ),
        (
            message("user", json!({"type": "input_image"})),
            "item.content[0]",
        ),
        (
            json!({"type": "function_call_output", "output": "x"}),
            "item.call_id",
        ),
    ] {
        let fault = item(value.clone()).unwrap_err();
        assert_eq!(fault.param.as_deref(), Some(param), "{value}");
    }
}

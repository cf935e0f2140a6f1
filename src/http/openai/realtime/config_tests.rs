use serde_json::json;

use super::*;
use crate::http::openai::realtime::view::session_view;
use crate::voice::realtime::{SessionConfig, TurnDetection};

fn patch(value: Value) -> Result<SessionConfig, Fault> {
    let patch: SessionPatch = serde_json::from_value(value).unwrap();
    SessionConfig::new("m").changed(patch.check()?, &["local".to_owned()])
}

#[test]
fn what_a_patch_leaves_out_stays() {
    let config = patch(json!({"type": "realtime", "instructions": "Be brief."})).unwrap();
    assert_eq!(config.instructions, "Be brief.");
    assert_eq!(config.turn_detection, Some(TurnDetection::default()));
    let off =
        json!({"audio": {"input": {"turn_detection": null, "transcription": {"model": "w"}}}});
    let config = patch(off).unwrap();
    assert_eq!(config.turn_detection, None);
    assert!(config.transcription.is_some());
    let view = session_view(&config, "sess_1", 7);
    assert_eq!(view["audio"]["input"]["turn_detection"], Value::Null);
    assert_eq!(view["audio"]["output"]["voice"], "alloy");
    assert_eq!(view["max_output_tokens"], "inf");
}

#[test]
fn nonsense_is_refused_with_its_place() {
    for (value, param) in [
        (json!({"type": "chat"}), "session.type"),
        (
            json!({"output_modalities": ["audio", "text"]}),
            "session.output_modalities",
        ),
        (json!({"max_output_tokens": 0}), "session.max_output_tokens"),
        (
            json!({"max_output_tokens": "many"}),
            "session.max_output_tokens",
        ),
        (json!({"tools": [{"type": "function"}]}), "session.tools[0]"),
        (
            json!({"tools": [{"type": "mcp", "server_label": "x"}]}),
            "session.tools[0]",
        ),
        (json!({"tool_choice": "required"}), "session.tool_choice"),
        (
            json!({"audio": {"output": {"speed": 2}}}),
            "session.audio.output.speed",
        ),
        (
            json!({"audio": {"output": {"voice": "nobody"}}}),
            "session.audio.output.voice",
        ),
        (
            json!({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}}),
            "session.audio.input.format.rate",
        ),
        (
            json!({"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 2}}}}),
            "session.audio.input.turn_detection.threshold",
        ),
    ] {
        let fault = patch(value.clone()).unwrap_err();
        assert_eq!(fault.param.as_deref(), Some(param), "{value}");
    }
}

#[test]
fn flat_tools_become_those_of_the_chat() {
    let tools = json!([{"type": "function", "name": "f", "description": "d", "parameters": {}}]);
    let choice = json!({"type": "function", "name": "f"});
    let config = patch(json!({"tools": tools, "tool_choice": choice})).unwrap();
    let (list, required) = config.tools.for_model();
    let list: Value = serde_json::from_str(&list.unwrap()).unwrap();
    assert_eq!(list[0]["function"]["name"], "f");
    assert_eq!(list[0]["type"], "function");
    assert_eq!(required.as_deref(), Some("f"));
    assert_eq!(session_view(&config, "s", 7)["tools"], tools);
    let without = tools::read(Some(Vec::new()), None, "session").unwrap();
    let config = SessionConfig {
        tools: config.tools.changed(without, "session").unwrap(),
        ..config
    };
    assert_eq!(session_view(&config, "s", 7)["tool_choice"], "auto");
}

#[test]
fn voices_of_openai_stand_for_the_usual_one() {
    let voice = |name: &str| {
        patch(json!({"audio": {"output": {"voice": name}}}))
            .unwrap()
            .output
    };
    assert_eq!(voice("marin").local_voice(), None);
    assert_eq!(voice("local").local_voice().as_deref(), Some("local"));
}

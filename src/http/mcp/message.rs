//! What is no message of the protocol, refused in the terms of JSON-RPC 2.0. The SDK would answer it with bare text.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// Codes of JSON-RPC 2.0, section 5.1.
const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const INVALID_PARAMS: i64 = -32602;

/// A JSON-RPC error.
#[derive(Debug, PartialEq)]
pub(super) struct Refusal {
    code: i64,
    message: &'static str,
    /// Null where the message has none.
    id: Value,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { code, message, id } = self;
        let body = json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}});
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (StatusCode::BAD_REQUEST, kind, body.to_string()).into_response()
    }
}

/// Why a body is no message of the protocol; `None` if it is one.
pub(super) fn refuse(body: &[u8]) -> Option<Refusal> {
    let refusal = |code, message| Refusal {
        code,
        message,
        id: Value::Null,
    };
    match serde_json::from_slice(body) {
        Err(_) => Some(refusal(PARSE_ERROR, "the body is not valid JSON")),
        Ok(Value::Array(_)) => Some(refusal(
            INVALID_REQUEST,
            "batches are no longer part of the protocol; send one message at a time",
        )),
        Ok(Value::Object(message)) => refuse_object(&message),
        Ok(_) => Some(refusal(INVALID_REQUEST, "a message is a JSON object")),
    }
}

fn refuse_object(message: &Map<String, Value>) -> Option<Refusal> {
    let id = message.get("id");
    let is_id = |id: &Value| id.is_string() || id.is_i64() || id.is_u64();
    let refusal = |code, message| {
        let id = id.filter(|id| is_id(id)).cloned().unwrap_or_default();
        Some(Refusal { code, message, id })
    };
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return refusal(INVALID_REQUEST, "jsonrpc must be \"2.0\"");
    }
    if id.is_some_and(|id| !is_id(id)) {
        return refusal(INVALID_REQUEST, "id must be text or a whole number");
    }
    let Some(method) = message.get("method") else {
        let is_answer = message.contains_key("result") || message.contains_key("error");
        return match is_answer {
            true => None,
            false => refusal(INVALID_REQUEST, "method is missing"),
        };
    };
    let Some(method) = method.as_str() else {
        return refusal(INVALID_REQUEST, "method must be text");
    };
    let params = message.get("params");
    if params.is_some_and(|params| !params.is_object()) {
        return refusal(INVALID_PARAMS, "params must be an object");
    }
    let param = |name: &str| params.and_then(|params| params.get(name));
    let is_text = |name: &str| param(name).is_some_and(Value::is_string);
    match method {
        "tools/call" if !is_text("name") => refusal(INVALID_PARAMS, "name must name a tool"),
        "tools/call" if param("arguments").is_some_and(|given| !given.is_object()) => {
            refusal(INVALID_PARAMS, "arguments must be an object")
        }
        "resources/read" if !is_text("uri") => refusal(INVALID_PARAMS, "uri must be text"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> Option<i64> {
        refuse(body.as_bytes()).map(|refusal| refusal.code)
    }

    #[test]
    fn messages_pass() {
        for body in [
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{}}}"#,
        ] {
            assert_eq!(code(body), None, "{body}");
        }
    }

    #[test]
    fn what_is_no_message_is_told_apart() {
        for (body, expected) in [
            ("", PARSE_ERROR),
            ("{", PARSE_ERROR),
            ("7", INVALID_REQUEST),
            ("{}", INVALID_REQUEST),
            ("[]", INVALID_REQUEST),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
                INVALID_REQUEST,
            ),
            (
                r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
                INVALID_REQUEST,
            ),
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
                INVALID_REQUEST,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
                INVALID_REQUEST,
            ),
            (r#"{"jsonrpc":"2.0","id":1}"#, INVALID_REQUEST),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, INVALID_REQUEST),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#,
                INVALID_PARAMS,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
                INVALID_PARAMS,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":[]}}"#,
                INVALID_PARAMS,
            ),
        ] {
            assert_eq!(code(body), Some(expected), "{body}");
        }
        let refused = refuse(br#"{"jsonrpc":"2.0","id":9,"method":7}"#).unwrap();
        assert_eq!(refused.id, 9);
    }
}

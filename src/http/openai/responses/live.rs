//! A response while it comes: pieces become items and events, in OpenAI's order.

use serde_json::{Value, json};
use uuid::Uuid;

use super::view::{self, ItemIds, ResponseView, call_item, message_item, text_part};
use crate::http::now_ms;
use crate::http::openai::chat::piece::{End, Grounds, Piece};
use crate::http::problem::Problem;
use crate::llm::{FinishReason, ToolCall};

/// Numbers the events of a response.
#[derive(Debug, Default)]
pub(super) struct Events {
    number: u64,
    list: Vec<Value>,
}

impl Events {
    fn push(&mut self, kind: &str, fields: Value) {
        let mut event = json!({ "type": kind, "sequence_number": self.number });
        if let (Some(event), Value::Object(fields)) = (event.as_object_mut(), fields) {
            event.extend(fields);
        }
        self.number += 1;
        self.list.push(event);
    }

    fn take(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.list)
    }

    fn open_message(&mut self, id: &str, at: usize) {
        let item = message_item(id, "in_progress", Vec::new());
        self.push(
            "response.output_item.added",
            json!({ "output_index": at, "item": item }),
        );
        let part = text_part("", &[]);
        let fields = json!({ "item_id": id, "output_index": at, "content_index": 0, "part": part });
        self.push("response.content_part.added", fields);
    }

    fn add_text(&mut self, id: &str, at: usize, text: &str) {
        let fields = json!({
            "item_id": id, "output_index": at, "content_index": 0, "delta": text, "logprobs": [],
        });
        self.push("response.output_text.delta", fields);
    }

    fn close_message(&mut self, item: &Value, at: usize) {
        let (id, part) = (&item["id"], &item["content"][0]);
        let annotations = part["annotations"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        for (n, annotation) in annotations.iter().enumerate() {
            let fields = json!({
                "item_id": id, "output_index": at, "content_index": 0, "annotation_index": n,
                "annotation": annotation,
            });
            self.push("response.output_text.annotation.added", fields);
        }
        let done = json!({
            "item_id": id, "output_index": at, "content_index": 0, "text": part["text"], "logprobs": [],
        });
        self.push("response.output_text.done", done);
        let fields = json!({ "item_id": id, "output_index": at, "content_index": 0, "part": part });
        self.push("response.content_part.done", fields);
        self.push(
            "response.output_item.done",
            json!({ "output_index": at, "item": item }),
        );
    }

    fn call(&mut self, item: &Value, at: usize) {
        let mut begun = item.clone();
        begun["status"] = json!("in_progress");
        begun["arguments"] = json!("");
        self.push(
            "response.output_item.added",
            json!({ "output_index": at, "item": begun }),
        );
        let (id, arguments) = (&item["id"], &item["arguments"]);
        let delta = json!({ "item_id": id, "output_index": at, "delta": arguments });
        self.push("response.function_call_arguments.delta", delta);
        let done = json!({
            "item_id": id, "output_index": at, "name": item["name"], "arguments": arguments,
        });
        self.push("response.function_call_arguments.done", done);
        self.push(
            "response.output_item.done",
            json!({ "output_index": at, "item": item }),
        );
    }

    fn of_response(&mut self, kind: &str, response: Value) {
        self.push(kind, json!({ "response": response }));
    }
}

/// A response that is being written.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) view: ResponseView,
    ids: ItemIds,
    events: Events,
    /// The text of the message that is open, and its id.
    open: Option<(String, String)>,
    ended: bool,
}

impl Live {
    pub(super) fn new(view: ResponseView, number: Uuid) -> Self {
        Self {
            view,
            ids: ItemIds(number),
            events: Events::default(),
            open: None,
            ended: false,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The events before the first word.
    pub(super) fn begin(&mut self) -> Vec<Value> {
        if self.view.background {
            self.view.status = "queued";
        }
        self.events
            .of_response("response.created", self.view.as_json());
        if self.view.background {
            self.events
                .of_response("response.queued", self.view.as_json());
        }
        self.view.status = "in_progress";
        self.events
            .of_response("response.in_progress", self.view.as_json());
        self.events.take()
    }

    pub(super) fn take(&mut self, piece: Piece) -> Vec<Value> {
        match piece {
            Piece::Delta(text) => self.add(&text),
            Piece::ToolCall(call) => self.call(&call),
            Piece::End(end) => self.end(*end),
            Piece::Failed(problem) => return self.fail(&problem),
        }
        self.events.take()
    }

    fn add(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let at = self.view.output.len();
        let (said, id) = self.open.get_or_insert_with(|| {
            let id = self.ids.output("message", at);
            self.events.open_message(&id, at);
            (String::new(), id)
        });
        said.push_str(text);
        self.events.add_text(id, at, text);
    }

    fn close(&mut self, status: &str, grounds: Option<&Grounds>) {
        let Some((text, id)) = self.open.take() else {
            return;
        };
        let part = text_part(&text, &view::annotations(&text, grounds));
        let item = message_item(&id, status, vec![part]);
        self.events.close_message(&item, self.view.output.len());
        self.view.output.push(item);
    }

    fn call(&mut self, call: &ToolCall) {
        self.close("completed", None);
        let at = self.view.output.len();
        let id = self.ids.output("function_call", at);
        let item = call_item(&id, "completed", call, &call.arguments);
        self.events.call(&item, at);
        self.view.output.push(item);
    }

    fn end(&mut self, end: End) {
        let is_whole = end.finish != FinishReason::Length;
        let status = if is_whole { "completed" } else { "incomplete" };
        if self.view.output.is_empty() && self.open.is_none() {
            // Clients expect a message, even if there is nothing to say.
            let id = self.ids.output("message", 0);
            self.events.open_message(&id, 0);
            self.open = Some((String::new(), id));
        }
        self.close(status, end.grounds.as_ref());
        self.view.status = status;
        self.view.usage = Some(view::usage(end.usage));
        self.view.frontdesk = end.grounds;
        self.ended = true;
        if is_whole {
            self.view.completed_at = Some(now_ms() / 1000);
            self.events
                .of_response("response.completed", self.view.as_json());
        } else {
            self.view.incomplete_details = Some(json!({ "reason": "max_output_tokens" }));
            self.events
                .of_response("response.incomplete", self.view.as_json());
        }
    }

    /// Ends it with an error, also after it seemed to have ended well.
    pub(super) fn fail(&mut self, problem: &Problem) -> Vec<Value> {
        if let Some((text, id)) = self.open.take() {
            let item = message_item(&id, "incomplete", vec![text_part(&text, &[])]);
            self.view.output.push(item);
        }
        self.view.status = "failed";
        self.view.completed_at = None;
        self.view.error = Some(view::failure(problem));
        self.ended = true;
        self.events
            .of_response("response.failed", self.view.as_json());
        self.events.take()
    }

    /// Ends it because its client wants it no more.
    pub(super) fn cancel(&mut self) {
        if let Some((text, id)) = self.open.take() {
            let item = message_item(&id, "incomplete", vec![text_part(&text, &[])]);
            self.view.output.push(item);
        }
        self.view.status = "cancelled";
        self.ended = true;
    }

    /// Takes back the last event: the response did not end like that.
    pub(super) fn fail_instead(&mut self, mut events: Vec<Value>, problem: &Problem) -> Vec<Value> {
        events.pop();
        self.events.number = self.events.number.saturating_sub(1);
        events.extend(self.fail(problem));
        events
    }
}

/// The events of a stored response that is over, each text in one piece.
pub(super) fn replay(response: &Value) -> Vec<Value> {
    let mut events = Events::default();
    let mut begun = response.clone();
    begun["status"] = json!("in_progress");
    for (field, empty) in [
        ("output", json!([])),
        ("usage", Value::Null),
        ("completed_at", Value::Null),
        ("error", Value::Null),
        ("incomplete_details", Value::Null),
    ] {
        begun[field] = empty;
    }
    events.of_response("response.created", begun.clone());
    events.of_response("response.in_progress", begun);
    let output = response["output"].as_array().map_or(&[][..], Vec::as_slice);
    for (at, item) in output.iter().enumerate() {
        match item["type"].as_str() {
            Some("function_call") => events.call(item, at),
            _ => {
                let id = item["id"].as_str().unwrap_or_default();
                events.open_message(id, at);
                let text = item["content"][0]["text"].as_str().unwrap_or_default();
                if !text.is_empty() {
                    events.add_text(id, at, text);
                }
                events.close_message(item, at);
            }
        }
    }
    if let Some(kind) = last_kind(response) {
        events.of_response(kind, response.clone());
    }
    events.take()
}

/// The event that ends a response; a cancelled one just ends.
fn last_kind(response: &Value) -> Option<&'static str> {
    match response["status"].as_str() {
        Some("completed") => Some("response.completed"),
        Some("incomplete") => Some("response.incomplete"),
        Some("failed") => Some("response.failed"),
        _ => None,
    }
}

/// The end of a stored response, for a client that has seen its events up to `after`.
pub(super) fn replay_end(response: &Value, after: u64) -> Vec<Value> {
    let mut events = Events {
        number: after + 1,
        list: Vec::new(),
    };
    if let Some(kind) = last_kind(response) {
        events.of_response(kind, response.clone());
    }
    events.take()
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;

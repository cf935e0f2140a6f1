//! Reads the events of a client, as orders for the session.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::config::SessionPatch;
use super::item::{self, ItemIn};
use super::response_request::ResponseRequest;
use crate::http::body;
use crate::voice::realtime::{ClientOrder, Fault, Order};

/// OpenAI takes 15 MiB of audio at a time.
const MOST_BYTES: usize = 15 << 20;

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with a type")]
struct Head {
    r#type: Option<String>,
    event_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Update {
    session: SessionPatch,
}

#[derive(Debug, Deserialize)]
struct Append {
    audio: String,
}

#[derive(Debug, Deserialize)]
struct CreateItem {
    previous_item_id: Option<String>,
    item: ItemIn,
}

#[derive(Debug, Deserialize)]
struct Named {
    item_id: String,
}

#[derive(Debug, Deserialize)]
struct Truncate {
    item_id: String,
    content_index: usize,
    audio_end_ms: i64,
}

#[derive(Debug, Deserialize)]
struct Create {
    response: Option<ResponseRequest>,
}

#[derive(Debug, Deserialize)]
struct Cancel {
    response_id: Option<String>,
}

/// Reads an event. The client's own event id is kept even if the rest is wrong, so that the error can name it.
pub(super) fn parse(text: &str) -> ClientOrder {
    let (id, order) = read_order(text);
    ClientOrder { id, order }
}

fn read_order(text: &str) -> (Option<String>, Result<Order, Fault>) {
    if text.len() > MOST_BYTES {
        let message = format!(
            "the event has {} bytes and the limit is {MOST_BYTES}; send the audio in pieces",
            text.len()
        );
        return (None, Err(Fault::invalid("event_too_large", message)));
    }
    let head: Head = match read(text) {
        Ok(head) => head,
        Err(fault) => return (None, Err(fault)),
    };
    (head.event_id, parse_order(head.r#type.as_deref(), text))
}

fn parse_order(kind: Option<&str>, text: &str) -> Result<Order, Fault> {
    let kind = kind.ok_or_else(|| {
        Fault::invalid("missing_required_parameter", "an event needs a type").about("type")
    })?;
    Ok(match kind {
        "session.update" => Order::Configure(Box::new(read::<Update>(text)?.session.check()?)),
        "input_audio_buffer.append" => {
            Order::Append(item::decode_audio(&read::<Append>(text)?.audio, "audio")?.into())
        }
        "input_audio_buffer.commit" => Order::Commit,
        "input_audio_buffer.clear" => Order::Clear,
        "conversation.item.create" => {
            let create: CreateItem = read(text)?;
            Order::AddItem {
                item: Box::new(create.item.check("item")?),
                after: create.previous_item_id,
            }
        }
        "conversation.item.retrieve" => Order::RetrieveItem(read::<Named>(text)?.item_id),
        "conversation.item.truncate" => {
            let truncate: Truncate = read(text)?;
            Order::TruncateItem {
                id: truncate.item_id,
                content_index: truncate.content_index,
                audio_end_ms: truncate.audio_end_ms,
            }
        }
        "conversation.item.delete" => Order::DeleteItem(read::<Named>(text)?.item_id),
        "response.create" => {
            let request = read::<Create>(text)?.response.unwrap_or_default();
            Order::Respond(Box::new(request.check()?))
        }
        "response.cancel" => Order::Cancel(read::<Cancel>(text)?.response_id),
        // Clients written for WebRTC send this; tell them what to do instead.
        "output_audio_buffer.clear" => {
            return Err(Fault::invalid(
                "unsupported_event",
                "output_audio_buffer.clear is for WebRTC and SIP: over a WebSocket the client plays the \
                 audio; stop playing it, and send response.cancel and conversation.item.truncate",
            )
            .about("type"));
        }
        other => {
            let shown: String = other.chars().take(80).collect();
            let message = format!("there is no event of the type {shown:?}");
            return Err(Fault::value("type", message));
        }
    })
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    Ok(body::parse(text.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (Option<String>, Fault) {
        let ClientOrder { id, order } = parse(text);
        (id, order.unwrap_err())
    }

    #[test]
    fn what_is_wrong_is_named_with_the_id_of_the_event() {
        for (text, id, code, param) in [
            ("{", None, "invalid_json", None),
            ("[]", None, "invalid_value", None),
            (
                r#"{"event_id":"e"}"#,
                Some("e"),
                "missing_required_parameter",
                Some("type"),
            ),
            (
                r#"{"type":"x","event_id":"e"}"#,
                Some("e"),
                "invalid_value",
                Some("type"),
            ),
            (
                r#"{"type":"input_audio_buffer.append"}"#,
                None,
                "missing_required_parameter",
                Some("audio"),
            ),
            (
                r#"{"type":"session.update","session":{"type":"realtime","modalities":["text"]}}"#,
                None,
                "unknown_parameter",
                Some("session.modalities"),
            ),
            (
                r#"{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":"x"}"#,
                None,
                "invalid_value",
                Some("audio_end_ms"),
            ),
        ] {
            let (got, fault) = fault(text);
            assert_eq!(got.as_deref(), id, "{text}");
            assert_eq!(fault.code, code, "{text}");
            assert_eq!(fault.param.as_deref(), param, "{text}");
        }
    }

    #[test]
    fn an_oversized_event_is_refused_unread() {
        let text = format!("{{\"type\":\"{}\"}}", "x".repeat(MOST_BYTES));
        assert_eq!(fault(&text).1.code, "event_too_large");
    }

    #[test]
    fn a_response_may_be_asked_for_without_a_word() {
        let order = parse(r#"{"type":"response.create"}"#).order;
        assert!(matches!(order, Ok(Order::Respond(_))));
    }
}

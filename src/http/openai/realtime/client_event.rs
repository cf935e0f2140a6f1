//! What a client sends.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::super::body;
use super::config::SessionPatch;
use super::fault::Fault;
use super::item::ItemIn;
use super::response_request::ResponseRequest;

/// Most characters of an event: OpenAI takes 15 MiB of audio at a time.
pub(super) const MOST_BYTES: usize = 15 << 20;

/// An event of the client.
#[derive(Debug)]
pub(super) enum ClientEvent {
    SessionUpdate(Box<SessionPatch>),
    Append(String),
    Commit,
    Clear,
    ItemCreate(Box<CreateItem>),
    ItemRetrieve(String),
    ItemTruncate(Truncate),
    ItemDelete(String),
    ResponseCreate(Box<ResponseRequest>),
    ResponseCancel(Option<String>),
    OutputClear,
}

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
pub(super) struct CreateItem {
    /// After which item; absent for the end, `root` for the beginning.
    pub(super) previous_item_id: Option<String>,
    pub(super) item: ItemIn,
}

#[derive(Debug, Deserialize)]
struct Named {
    item_id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Truncate {
    pub(super) item_id: String,
    pub(super) content_index: usize,
    pub(super) audio_end_ms: i64,
}

#[derive(Debug, Deserialize)]
struct Create {
    response: Option<ResponseRequest>,
}

#[derive(Debug, Deserialize)]
struct Cancel {
    response_id: Option<String>,
}

/// Reads an event; the client's own id of it comes along whether or not it makes sense.
pub(super) fn parse(text: &str) -> (Option<String>, Result<ClientEvent, Fault>) {
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
    (head.event_id, event(head.r#type.as_deref(), text))
}

fn event(kind: Option<&str>, text: &str) -> Result<ClientEvent, Fault> {
    let kind = kind.ok_or_else(|| {
        Fault::invalid("missing_required_parameter", "an event needs a type").about("type")
    })?;
    Ok(match kind {
        "session.update" => ClientEvent::SessionUpdate(Box::new(read::<Update>(text)?.session)),
        "input_audio_buffer.append" => ClientEvent::Append(read::<Append>(text)?.audio),
        "input_audio_buffer.commit" => ClientEvent::Commit,
        "input_audio_buffer.clear" => ClientEvent::Clear,
        "conversation.item.create" => ClientEvent::ItemCreate(Box::new(read(text)?)),
        "conversation.item.retrieve" => ClientEvent::ItemRetrieve(read::<Named>(text)?.item_id),
        "conversation.item.truncate" => ClientEvent::ItemTruncate(read(text)?),
        "conversation.item.delete" => ClientEvent::ItemDelete(read::<Named>(text)?.item_id),
        "response.create" => ClientEvent::ResponseCreate(Box::new(
            read::<Create>(text)?.response.unwrap_or_default(),
        )),
        "response.cancel" => ClientEvent::ResponseCancel(read::<Cancel>(text)?.response_id),
        "output_audio_buffer.clear" => ClientEvent::OutputClear,
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
        let (id, event) = parse(text);
        (id, event.unwrap_err())
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
            assert_eq!(fault.code.as_deref(), Some(code), "{text}");
            assert_eq!(fault.param.as_deref(), param, "{text}");
        }
    }

    #[test]
    fn an_oversized_event_is_refused_unread() {
        let text = format!("{{\"type\":\"{}\"}}", "x".repeat(MOST_BYTES));
        assert_eq!(fault(&text).1.code.as_deref(), Some("event_too_large"));
    }

    #[test]
    fn a_response_may_be_asked_for_without_a_word() {
        let (_, event) = parse(r#"{"type":"response.create"}"#);
        assert!(matches!(event, Ok(ClientEvent::ResponseCreate(_))));
    }
}

//! A response that is being made, as the client sees it: every step becomes events in OpenAI's order.

mod view;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::view::usage_view;
use super::config::{Modality, Output};
use super::conversation::Conversation;
use super::fault::Fault;
use super::item::{Item, Kind, Part, Role, Said, Status, joined};
use super::response_request::Wanted;
use super::server_event::{Place, ServerEvent, fresh_id};
use crate::llm::{ToolCall, Usage};
use crate::speech::{Clip, Mono};

/// Sound in one event, in ms.
const PIECE_MS: u32 = 200;

/// Why a response ended.
#[derive(Debug)]
pub(super) enum Ending {
    Completed,
    /// The caller broke in (`turn_detected`) or cancelled it (`client_cancelled`).
    Cancelled(&'static str),
    /// `max_output_tokens`.
    Incomplete(&'static str),
    Failed(Fault),
}

/// A response.
pub(super) struct Active {
    pub(super) id: String,
    /// Whether it becomes part of the conversation.
    pub(super) kept: bool,
    modality: Modality,
    output: Output,
    max_tokens: Option<u32>,
    metadata: Value,
    conversation_id: String,
    items: Vec<Item>,
    filter: Option<Mono>,
    pub(super) spoken_ms: u64,
    pub(super) first_at: Option<Instant>,
    pub(super) first_sound_at: Option<Instant>,
}

impl Active {
    pub(super) fn new(wanted: &Wanted, conversation_id: &str) -> Self {
        Self {
            id: fresh_id("resp"),
            kept: wanted.kept,
            modality: wanted.modality,
            output: wanted.output.clone(),
            max_tokens: wanted.max_tokens,
            metadata: wanted.metadata.clone(),
            conversation_id: conversation_id.to_owned(),
            items: Vec::new(),
            filter: None,
            spoken_ms: 0,
            first_at: None,
            first_sound_at: None,
        }
    }

    /// The first event.
    pub(super) fn created(&self) -> ServerEvent {
        let response = self.view("in_progress", Value::Null, Value::Null, None);
        ServerEvent::ResponseCreated { response }
    }

    /// More written text.
    pub(super) fn text(&mut self, delta: String, all: &mut Conversation) -> Vec<ServerEvent> {
        let mut events = self.open_message(all);
        let place = self.place();
        if let Some(Part::Text(text)) = self.part() {
            text.push_str(&delta);
        }
        events.push(ServerEvent::TextDelta { place, delta });
        events
    }

    /// A spoken clause: its words, then its sound.
    pub(super) fn spoken(
        &mut self,
        clip: &Clip,
        all: &mut Conversation,
    ) -> Result<Vec<ServerEvent>, Fault> {
        let mut events = self.open_message(all);
        self.first_sound_at.get_or_insert_with(Instant::now);
        let samples: Vec<i16> = clip
            .pcm
            .chunks_exact(2)
            .map(|s| i16::from_le_bytes([s[0], s[1]]))
            .collect();
        let samples = self.resampled(&samples, clip.rate)?;
        let place = self.place();
        if let Some(Part::Spoken(said)) = self.part() {
            said.push(Said {
                text: clip.text.clone(),
                ms: 0,
            });
        }
        events.push(ServerEvent::TranscriptDelta {
            place,
            delta: clip.text.clone(),
        });
        self.sound(&samples, &mut events);
        Ok(events)
    }

    /// A function that the model calls.
    pub(super) fn call(&mut self, call: ToolCall, all: &mut Conversation) -> Vec<ServerEvent> {
        let mut events = self.close_message(Status::Completed, all);
        self.first_at.get_or_insert_with(Instant::now);
        let (response_id, item_id) = (self.id.clone(), fresh_id("item"));
        let output_index = self.items.len();
        let ToolCall {
            id: call_id,
            name,
            arguments,
        } = call;
        let mut item = Item {
            id: item_id.clone(),
            status: Status::InProgress,
            kind: Kind::Call {
                call_id: call_id.clone(),
                name: name.clone(),
                arguments: String::new(),
            },
        };
        events.extend(self.add(&item, all));
        events.push(ServerEvent::ArgumentsDelta {
            response_id: response_id.clone(),
            item_id: item_id.clone(),
            output_index,
            call_id: call_id.clone(),
            delta: arguments.clone(),
        });
        events.push(ServerEvent::ArgumentsDone {
            response_id,
            item_id,
            output_index,
            call_id: call_id.clone(),
            name: name.clone(),
            arguments: arguments.clone(),
        });
        item.status = Status::Completed;
        item.kind = Kind::Call {
            call_id,
            name,
            arguments,
        };
        self.items.push(item);
        events.extend(self.done(output_index, all));
        events
    }

    /// Ends it: whatever is open is closed, and the last event tells how it went.
    pub(super) fn end(
        &mut self,
        ending: Ending,
        usage: Option<Usage>,
        grounds: Option<Value>,
        all: &mut Conversation,
    ) -> Vec<ServerEvent> {
        let completed = matches!(ending, Ending::Completed);
        let status = if completed {
            Status::Completed
        } else {
            Status::Incomplete
        };
        let mut events = self.close_message(status, all);
        let (name, details) = match ending {
            Ending::Completed => ("completed", json!({"type": "completed"})),
            Ending::Cancelled(why) => ("cancelled", json!({"type": "cancelled", "reason": why})),
            Ending::Incomplete(why) => ("incomplete", json!({"type": "incomplete", "reason": why})),
            Ending::Failed(fault) => {
                let error =
                    json!({"type": fault.kind, "code": fault.code, "message": fault.message});
                ("failed", json!({"type": "failed", "error": error}))
            }
        };
        let usage = usage_view(usage.unwrap_or_default());
        let response = self.view(name, details, usage, grounds);
        events.push(ServerEvent::ResponseDone { response });
        events
    }

    /// The spoken or written words so far.
    pub(super) fn words(&self) -> String {
        let texts = self.items.iter().filter_map(|item| match &item.kind {
            Kind::Message { parts, .. } => parts.first(),
            _ => None,
        });
        let texts = texts.map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Spoken(said) => joined(said),
            Part::Heard(_) => String::new(),
        });
        texts.collect::<Vec<_>>().join(" ")
    }

    /// The id of the last message.
    pub(super) fn message_id(&self) -> Option<String> {
        let messages = self.items.iter().rev();
        let mut messages = messages.filter(|item| matches!(item.kind, Kind::Message { .. }));
        messages.next().map(|item| item.id.clone())
    }

    fn is_open(&self) -> bool {
        self.items
            .last()
            .is_some_and(|item| item.status == Status::InProgress)
    }

    fn open_message(&mut self, all: &mut Conversation) -> Vec<ServerEvent> {
        if self.is_open() {
            return Vec::new();
        }
        self.first_at.get_or_insert_with(Instant::now);
        let message = |parts| Kind::Message {
            role: Role::Assistant,
            parts,
        };
        let mut item = Item {
            id: fresh_id("item"),
            status: Status::InProgress,
            kind: message(Vec::new()),
        };
        let mut events = self.add(&item, all);
        let (part, view) = match self.modality {
            Modality::Text => (
                Part::Text(String::new()),
                json!({"type": "text", "text": ""}),
            ),
            Modality::Audio => (
                Part::Spoken(Vec::new()),
                json!({"type": "audio", "transcript": ""}),
            ),
        };
        item.kind = message(vec![part]);
        self.items.push(item);
        let place = self.place();
        events.push(ServerEvent::PartAdded { place, part: view });
        events
    }

    fn close_message(&mut self, status: Status, all: &mut Conversation) -> Vec<ServerEvent> {
        if !self.is_open() {
            return Vec::new();
        }
        let mut events = Vec::new();
        if status == Status::Completed {
            // The filter still holds back a few milliseconds.
            let rest = self.filter.as_mut().and_then(|filter| filter.rest().ok());
            if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
                self.sound(&rest, &mut events);
            }
        }
        self.filter = None;
        let place = self.place();
        let index = self.items.len() - 1;
        let part = match self.part() {
            Some(Part::Text(text)) => {
                let text = text.clone();
                events.push(ServerEvent::TextDone {
                    place: place.clone(),
                    text: text.clone(),
                });
                json!({"type": "text", "text": text})
            }
            Some(Part::Spoken(said)) => {
                let transcript = joined(said);
                events.push(ServerEvent::AudioDone {
                    place: place.clone(),
                });
                events.push(ServerEvent::TranscriptDone {
                    place: place.clone(),
                    transcript: transcript.clone(),
                });
                json!({"type": "audio", "transcript": transcript})
            }
            _ => Value::Null,
        };
        events.push(ServerEvent::PartDone { place, part });
        self.items[index].status = status;
        events.extend(self.done(index, all));
        events
    }

    /// An item appears.
    fn add(&self, item: &Item, all: &mut Conversation) -> Vec<ServerEvent> {
        let mut events = vec![ServerEvent::OutputItemAdded {
            response_id: self.id.clone(),
            output_index: self.items.len(),
            item: item.view(),
        }];
        if self.kept {
            let previous_item_id = all.push(item.clone());
            events.push(ServerEvent::ItemAdded {
                previous_item_id,
                item: item.view(),
            });
        }
        events
    }

    /// An item is complete.
    fn done(&self, index: usize, all: &mut Conversation) -> Vec<ServerEvent> {
        let item = &self.items[index];
        let mut events = vec![ServerEvent::OutputItemDone {
            response_id: self.id.clone(),
            output_index: index,
            item: item.view(),
        }];
        if self.kept {
            if let Some(kept) = all.find_mut(&item.id) {
                *kept = item.clone();
            }
            let previous_item_id = all.before(&item.id);
            events.push(ServerEvent::ItemDone {
                previous_item_id,
                item: item.view(),
            });
        }
        events
    }

    fn place(&self) -> Place {
        Place {
            response_id: self.id.clone(),
            item_id: self
                .items
                .last()
                .map(|item| item.id.clone())
                .unwrap_or_default(),
            output_index: self.items.len().saturating_sub(1),
            content_index: 0,
        }
    }

    fn part(&mut self) -> Option<&mut Part> {
        match &mut self.items.last_mut()?.kind {
            Kind::Message { parts, .. } => parts.first_mut(),
            _ => None,
        }
    }

    fn resampled(&mut self, samples: &[i16], rate: u32) -> Result<Vec<i16>, Fault> {
        let target = self.output.format.rate();
        self.filter
            .get_or_insert_with(|| Mono::live(target))
            .convert(samples, rate)
            .map_err(|error| Fault::server("voice_failed", error.to_string()))
    }

    /// Sound goes out in pieces, and its time is counted to the clause that it belongs to.
    fn sound(&mut self, samples: &[i16], events: &mut Vec<ServerEvent>) {
        let rate = self.output.format.rate();
        let ms = samples.len() as u64 * 1000 / u64::from(rate);
        self.spoken_ms += ms;
        if let Some(Part::Spoken(said)) = self.part()
            && let Some(last) = said.last_mut()
        {
            last.ms += ms;
        }
        let place = self.place();
        for piece in samples.chunks((rate * PIECE_MS / 1000) as usize) {
            let delta = STANDARD.encode(self.output.format.encode(piece));
            events.push(ServerEvent::AudioDelta {
                place: place.clone(),
                delta,
            });
        }
    }
}

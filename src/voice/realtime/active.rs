//! A response in progress, as the client sees it: turns every step into events in OpenAI's order.

use tokio::time::Instant;

use super::config::Modality;
use super::conversation::Conversation;
use super::events::{Event, ResponsePlace, ResponseState};
use super::fault::Fault;
use super::fresh_id;
use super::item::{Item, Kind, Part, Role, SaidPart, Status, joined};
use super::response_plan::ResponsePlan;
use crate::agent::Answer;
use crate::llm::{ToolCall, Usage};
use crate::speech::{Clip, Mono};

/// Length of sound per event, in ms.
const PIECE_MS: u32 = 200;

/// Who ended a response early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// The caller interrupted.
    Turn,
    Client,
}

/// How a response ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    Completed,
    Cancelled(CancelReason),
    /// It reached its token limit.
    TooLong,
    Failed(Fault),
}

pub(super) struct Active {
    state: ResponseState,
    filter: Option<Mono>,
    pub(super) spoken_ms: u64,
    pub(super) first_at: Option<Instant>,
    pub(super) first_sound_at: Option<Instant>,
}

impl Active {
    pub(super) fn new(plan: &ResponsePlan, conversation_id: &str) -> Self {
        Self {
            state: ResponseState {
                id: fresh_id("resp"),
                ending: None,
                items: Vec::new(),
                conversation_id: plan.kept.then(|| conversation_id.to_owned()),
                modality: plan.modality,
                max_tokens: plan.max_tokens,
                output: plan.output.clone(),
                metadata: plan.metadata.clone(),
                usage: Usage::default(),
                grounds: None,
            },
            filter: None,
            spoken_ms: 0,
            first_at: None,
            first_sound_at: None,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.state.id
    }

    /// Whether it becomes part of the conversation.
    pub(super) fn is_kept(&self) -> bool {
        self.state.conversation_id.is_some()
    }

    pub(super) fn announce(&self) -> Event {
        Event::ResponseCreated(Box::new(self.state.clone()))
    }

    /// Adds written text.
    pub(super) fn add_text(&mut self, delta: String, all: &mut Conversation) -> Vec<Event> {
        let mut events = self.open_message(all);
        let place = self.place();
        if let Some(Part::Text(text)) = self.part() {
            text.push_str(&delta);
        }
        events.push(Event::TextDelta { place, delta });
        events
    }

    /// Adds a spoken clause: its words, then its sound.
    pub(super) fn add_clause(
        &mut self,
        clip: &Clip,
        all: &mut Conversation,
    ) -> Result<Vec<Event>, Fault> {
        let mut events = self.open_message(all);
        self.first_sound_at.get_or_insert_with(Instant::now);
        let samples: Vec<i16> = clip
            .pcm
            .chunks_exact(2)
            .map(|s| i16::from_le_bytes([s[0], s[1]]))
            .collect();
        let samples = self.resample(&samples, clip.rate)?;
        let place = self.place();
        if let Some(Part::Spoken(said)) = self.part() {
            said.push(SaidPart {
                text: clip.text.clone(),
                ms: 0,
            });
        }
        events.push(Event::TranscriptDelta {
            place,
            delta: clip.text.clone(),
        });
        self.sound(&samples, &mut events);
        Ok(events)
    }

    /// Adds a function call of the model.
    pub(super) fn add_call(&mut self, call: ToolCall, all: &mut Conversation) -> Vec<Event> {
        // A call is an item of its own: the message before it ends here.
        let mut events = self.close_message(Status::Completed, all);
        self.first_at.get_or_insert_with(Instant::now);
        let (response_id, item_id) = (self.state.id.clone(), fresh_id("item"));
        let output_index = self.state.items.len();
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
        events.push(Event::ArgumentsDelta {
            response_id: response_id.clone(),
            item_id: item_id.clone(),
            output_index,
            call_id: call_id.clone(),
            delta: arguments.clone(),
        });
        events.push(Event::ArgumentsDone {
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
        self.state.items.push(item);
        events.extend(self.done(output_index, all));
        events
    }

    /// Ends the response: closes what is open, and reports the outcome in the last event.
    pub(super) fn end(
        &mut self,
        ending: Ending,
        usage: Option<Usage>,
        grounds: Option<Box<Answer>>,
        all: &mut Conversation,
    ) -> Vec<Event> {
        let completed = matches!(ending, Ending::Completed);
        let status = if completed {
            Status::Completed
        } else {
            Status::Incomplete
        };
        let mut events = self.close_message(status, all);
        self.state.ending = Some(ending);
        self.state.usage = usage.unwrap_or_default();
        self.state.grounds = grounds;
        events.push(Event::ResponseDone(Box::new(self.state.clone())));
        events
    }

    /// The words so far, spoken or written.
    pub(super) fn words(&self) -> String {
        let texts = self.state.items.iter().filter_map(|item| match &item.kind {
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

    /// Id of the last message.
    pub(super) fn message_id(&self) -> Option<String> {
        let messages = self.state.items.iter().rev();
        let mut messages = messages.filter(|item| matches!(item.kind, Kind::Message { .. }));
        messages.next().map(|item| item.id.clone())
    }

    fn is_open(&self) -> bool {
        self.state
            .items
            .last()
            .is_some_and(|item| item.status == Status::InProgress)
    }

    fn open_message(&mut self, all: &mut Conversation) -> Vec<Event> {
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
        let part = match self.state.modality {
            Modality::Text => Part::Text(String::new()),
            Modality::Audio => Part::Spoken(Vec::new()),
        };
        item.kind = message(vec![part.clone()]);
        self.state.items.push(item);
        let place = self.place();
        events.push(Event::PartAdded { place, part });
        events
    }

    fn close_message(&mut self, status: Status, all: &mut Conversation) -> Vec<Event> {
        if !self.is_open() {
            return Vec::new();
        }
        let mut events = Vec::new();
        if status == Status::Completed {
            // The resampling filter still holds a few milliseconds.
            let rest = self.filter.as_mut().and_then(|filter| filter.rest().ok());
            if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
                self.sound(&rest, &mut events);
            }
        }
        self.filter = None;
        let place = self.place();
        let index = self.state.items.len() - 1;
        if let Some(part) = self.part().cloned() {
            match &part {
                Part::Text(text) => events.push(Event::TextDone {
                    place: place.clone(),
                    text: text.clone(),
                }),
                Part::Spoken(said) => {
                    events.push(Event::AudioDone {
                        place: place.clone(),
                    });
                    events.push(Event::TranscriptDone {
                        place: place.clone(),
                        transcript: joined(said),
                    });
                }
                Part::Heard(_) => {}
            }
            events.push(Event::PartDone { place, part });
        }
        self.state.items[index].status = status;
        events.extend(self.done(index, all));
        events
    }

    /// Announces an item.
    fn add(&self, item: &Item, all: &mut Conversation) -> Vec<Event> {
        let mut events = vec![Event::OutputItemAdded {
            response_id: self.state.id.clone(),
            output_index: self.state.items.len(),
            item: item.clone(),
        }];
        if self.is_kept() {
            let previous_item_id = all.push(item.clone());
            events.push(Event::ItemAdded {
                previous_item_id,
                item: item.clone(),
            });
        }
        events
    }

    /// Announces that an item is complete.
    fn done(&self, index: usize, all: &mut Conversation) -> Vec<Event> {
        let item = &self.state.items[index];
        let mut events = vec![Event::OutputItemDone {
            response_id: self.state.id.clone(),
            output_index: index,
            item: item.clone(),
        }];
        if self.is_kept() {
            if let Some(kept) = all.find_mut(&item.id) {
                *kept = item.clone();
            }
            let previous_item_id = all.before(&item.id);
            events.push(Event::ItemDone {
                previous_item_id,
                item: item.clone(),
            });
        }
        events
    }

    fn place(&self) -> ResponsePlace {
        ResponsePlace {
            response_id: self.state.id.clone(),
            item_id: self
                .state
                .items
                .last()
                .map(|item| item.id.clone())
                .unwrap_or_default(),
            output_index: self.state.items.len().saturating_sub(1),
            content_index: 0,
        }
    }

    fn part(&mut self) -> Option<&mut Part> {
        match &mut self.state.items.last_mut()?.kind {
            Kind::Message { parts, .. } => parts.first_mut(),
            _ => None,
        }
    }

    fn resample(&mut self, samples: &[i16], rate: u32) -> Result<Vec<i16>, Fault> {
        let target = self.state.output.format.rate();
        self.filter
            .get_or_insert_with(|| Mono::live(target))
            .convert(samples, rate)
            .map_err(|error| Fault::server("voice_failed", error.to_string()))
    }

    /// Sends sound in pieces, and adds its length to the current clause.
    fn sound(&mut self, samples: &[i16], events: &mut Vec<Event>) {
        let rate = self.state.output.format.rate();
        let ms = samples.len() as u64 * 1000 / u64::from(rate);
        self.spoken_ms += ms;
        if let Some(Part::Spoken(said)) = self.part()
            && let Some(last) = said.last_mut()
        {
            last.ms += ms;
        }
        let place = self.place();
        for piece in samples.chunks((rate * PIECE_MS / 1000) as usize) {
            events.push(Event::AudioDelta {
                place: place.clone(),
                sound: self.state.output.format.encode(piece),
            });
        }
    }
}

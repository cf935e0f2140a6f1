//! Sessions driven by a program: it sends [`Order`]s and gets [`Event`]s, in speech and in text, like OpenAI's
//! Realtime API. The room `http` owns the JSON and the sockets of that API; this module has the rules.
//!
//! Reading order: `orders` and `events` go in and out; `session` is the loop; `handlers`, `turns` and
//! `responses` do the work; `generate` makes responses, and `active` reports them. Everything else is pure.
//!
//! A session differs from a browser call (`voice/session`): the client owns loudspeaker and microphone,
//! chooses how turns are found, and may do without sound. Both share the desk with its places, the engines, the record of
//! a call, and the times in `turn_settings`.

mod active;
mod config;
mod conversation;
mod events;
mod fault;
mod format;
mod generate;
mod handlers;
mod hearing;
mod input;
mod item;
mod orders;
mod prompt;
mod record;
mod response_plan;
mod responses;
mod session;
mod tools;
mod turn_detection;
mod turns;

use uuid::Uuid;

pub use active::{CancelReason, Ending};
pub use config::{
    ConfigChange, InputChange, Modality, OutputChange, SessionConfig, Transcription, VoiceName,
};
pub use events::{Event, ResponsePlace, ResponseState, SessionState};
pub use fault::{Fault, FaultKind};
pub use format::Format;
pub use generate::{Answerer, check_assistant};
pub use item::{Item, Kind, NewItem, NewKind, NewPart, Part, Role, Status, joined};
pub use orders::{ClientOrder, InputItem, Order, ResponseOrder};
pub use session::{LONGEST, Opening, Parts, TurnObserver, serve};
pub use tools::{Opaque, Tool, ToolChoice, ToolsChange, no_such_choice};
pub use turn_detection::{Eagerness, TurnDetection, TurnEnd};

/// A new id in OpenAI's form: `item_…`, `resp_…`.
pub fn fresh_id(kind: &str) -> String {
    format!("{kind}_{}", Uuid::now_v7().simple())
}

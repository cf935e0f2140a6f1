//! Customer relationship systems (CRMs): conversations are read there, and what was found in them is written back.
//!
//! [`Crm`] is the port: what every CRM can do for us. [`kommo`] speaks Kommo's (amoCRM's) API; [`generic`] knows any other
//! program by a webhook and a CSV file. This room knows no model and no analysis, and talks through `egress` only.
//!
//! Invariants:
//! - "Not allowed", "not paid for" and "not there" are errors ([`CrmError`]), never an empty conversation.
//! - A secret goes only to a host that was checked (`kommo::Hosts`), and what came in is kept before it is answered.
//! - What a CRM sends is text of strangers: it is parsed with limits, and ids in it are never taken for ours.
//!
//! Reading order: `port`, `error`, `inbound` (hooks), `kommo/mod.rs`, `generic/mod.rs`.
//!
//! To add a CRM: a [`Crm`] in a folder here, a `CrmKind` (`store/crm/accounts.rs`), which client speaks to it (`app/crm.rs`), and a
//! server in `tests/fakes/` that is written from its contract.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as crm;
use frontdesk_egress as egress;
use frontdesk_reason as reason;
use frontdesk_store as store;

mod error;
pub mod generic;
mod governor;
mod inbound;
pub mod kommo;
mod message;
mod port;
mod sound;

pub use self::error::CrmError;
pub use self::governor::Governor;
pub use self::inbound::{HOOK_LIMIT, Received, receive};
pub use self::port::{
    Crm, Gathered, Lead, LeadRef, NewNote, NewTask, NoteKind, Page, RemoteMessage, RemoteNote,
    Source, TagChange, Voice, VoiceLink, Who,
};

/// Milliseconds since 1970.
fn now() -> store::UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

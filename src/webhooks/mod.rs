//! What happens here, told to other programs: signed requests after the specification of Standard Webhooks, with retries, a
//! log and replay.
//!
//! Other rooms put an event into the outbox within the transaction that it tells of; it goes out afterwards.

// So that paths look the same in every room: `crate::room::…`.
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_access as access;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_egress as egress;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_reason as reason;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_store as store;

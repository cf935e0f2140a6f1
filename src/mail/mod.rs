//! E-mail: an outbox that is sent through the owner's own mail server, its log, and answers that come back by IMAP.
//!
//! Other rooms put a message into the outbox within the transaction that it tells of; it goes out afterwards.

// So that paths look the same in every room: `crate::room::…`.
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_egress as egress;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_reason as reason;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_store as store;

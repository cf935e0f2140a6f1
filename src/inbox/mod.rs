//! Conversations as staff work on them: the state machine of handing over, what is assigned to whom, who waits, and what
//! the widget and the inbox see live.

// So that paths look the same in every room: `crate::room::…`.
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_access as access;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_contacts as contacts;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_hours as hours;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_language as language;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_mail as mail;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_reason as reason;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_store as store;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_webhooks as webhooks;

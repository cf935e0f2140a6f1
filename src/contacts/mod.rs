//! People as the business knows them, across channels and visits: how they are reached, what they agreed to, and what is to
//! be done for them (leads, calls to make).

// So that paths look the same in every room: `crate::room::…`.
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_access as access;
#[expect(unused_imports, reason = "the room is being built")]
use frontdesk_store as store;

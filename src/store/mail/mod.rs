//! E-mail: the servers of each workspace (`servers`), what waits to be sent and what became of it (`outbox`), and the
//! addresses that answers come to (`replies`).

mod outbox;
mod replies;
mod servers;

pub use outbox::{
    LogFilter, MailKind, MailState, NewOutgoing, Outgoing, Sending, enqueue, fail, find, hurry,
    list, postpone, purge, requeue, sent, waiting, waiting_of, workspaces_due,
};
pub use replies::{
    Outcome, Received, ReplyAddress, find_address, note_received, open_address, purge_old,
    received, use_up,
};
pub use servers::{
    Cursor, Servers, State, Way, delete as delete_servers, find as find_servers, find_state,
    keep as keep_servers, note_failed, note_ok, set_cursor, workspaces_with_servers,
};

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;

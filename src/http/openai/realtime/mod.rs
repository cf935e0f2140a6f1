//! The Realtime API: spoken and written sessions over a WebSocket, in OpenAI's shape. The session itself is in
//! [`crate::voice::realtime`]; this module reads its orders and writes its events.
//!
//! Reading order: [`connect`] opens a session, `socket` moves messages between client and session,
//! `client_event` reads them, `view` and `server_event` write them. The other files are parts of what is read or
//! written.

mod client_event;
mod config;
mod connect;
mod fault;
mod format;
mod item;
mod response_request;
mod secrets;
mod server_event;
mod socket;
mod tools;
mod turn_detection;
mod view;

use crate::http::auth::Scope;
use crate::http::route::{Policy, Route, routes};

pub(in crate::http) use connect::__path_connect;
pub(in crate::http) use secrets::__path_create;

pub(super) fn routes() -> Vec<Route> {
    routes![
        (GET, "/v1/realtime", Policy::Realtime, connect::connect),
        (
            POST,
            "/v1/realtime/client_secrets",
            Policy::AnyOf(&[Scope::Chat, Scope::Audio]),
            secrets::create
        ),
    ]
}

//! The Realtime API: spoken and written sessions over a WebSocket, in OpenAI's shape. What a session does is
//! [`crate::voice::realtime`]'s; here its orders are read and its events written.
//!
//! Reading order: [`connect`] opens, `socket` carries what goes back and forth, `client_event` reads, `view` and
//! `server_event` write. Everything else is a part of what is read or written.

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

use super::super::auth::Scope;
use super::super::route::{Policy, Route, routes};

pub(in crate::http) use connect::__path_connect;
pub(in crate::http) use secrets::__path_create;

/// Routes of `/v1/realtime`.
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

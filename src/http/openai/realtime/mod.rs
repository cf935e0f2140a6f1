//! The Realtime API: spoken and written sessions over a WebSocket, in OpenAI's shape.
//!
//! Reading order: [`connect`] opens, `session` is the loop, `handlers`, `turns` and `responses` are what it does,
//! `generate` makes responses and `active` tells the client of them. Everything else is pure.

mod active;
mod client_event;
mod config;
mod connect;
mod conversation;
mod fault;
mod format;
mod generate;
mod handlers;
mod hearing;
mod input;
mod item;
mod prompt;
mod response_request;
mod responses;
mod secrets;
mod server_event;
mod session;
mod turn_detection;
mod turns;

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

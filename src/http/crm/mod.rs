//! What CRMs call: the end of a round trip of OAuth, hooks, and the requests of the widget in Kommo's card.
//!
//! None of these has a session or a key of ours. A round trip has a `state` for one use, a hook a secret in its path or a
//! signature, the widget a token that Kommo signed (`widget`).

mod hooks;
mod oauth;
pub mod package;
pub(super) mod widget;
mod widget_view;

use super::route::{Policy, Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![
        (GET, "/crm/kommo/return", Policy::Public, oauth::finish),
        (POST, "/crm/kommo/secrets", Policy::Public, oauth::secrets),
        (
            GET,
            "/crm/kommo/uninstall",
            Policy::Public,
            hooks::uninstall
        ),
        (POST, "/crm/hooks/{secret}", Policy::Public, hooks::receive),
        (
            POST,
            "/crm/kommo/pipeline/{secret}",
            Policy::Public,
            hooks::pipeline
        ),
        (
            GET,
            "/crm/kommo/widget/leads/{lead}",
            Policy::Public,
            widget::show
        ),
        (
            POST,
            "/crm/kommo/widget/leads/{lead}/analyse",
            Policy::Public,
            widget::analyse
        ),
        (
            POST,
            "/crm/kommo/widget/leads/{lead}/task",
            Policy::Public,
            widget::make_task
        ),
    ]
}

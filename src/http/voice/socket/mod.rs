//! `WS /api/v1/visit/voice`: a spoken conversation with a browser.
//!
//! **Opening.** The handshake names its page by `Origin`. Sites that the owner did not enter are refused with
//! 403, because browsers send no preflight for sockets. The first message must come within 5 s:
//! `{"type":"start","token":"fd_visit_…"}`, with `"assistant"` and `"conversation"` if wanted. A visitor has
//! one conversation, so naming another one is refused. People who are signed in to the console leave the token
//! out; their session counts, but only on this server's own pages. Programs with a key in the handshake and
//! commands of this installation leave it out too. All of these may name a `"workspace"` and, with the scope
//! `admin`, `"channel":"kiosk"`.
//!
//! **From the client.** Binary frames: a sequence number (u32, little-endian, counting up by one) and audio
//! (signed 16-bit samples, little-endian, one channel, 16 kHz; 20 to 100 ms). Gaps of up to 1 s are filled
//! with silence, late frames are dropped ([`ears`]). JSON messages:
//!
//! | message | meaning |
//! |---|---|
//! | `{"type":"text","text":…}` | typed instead of spoken |
//! | `{"type":"talk","on":true}` | push-to-talk: the button went down or up |
//! | `{"type":"played","answer":3,"ms":1250}` | how much of an answer was played |
//! | `{"type":"consent","yes":true}` | whether the call may be recorded |
//! | `{"type":"interrupt"}` | stop the answer |
//! | `{"type":"hangup"}` | end the call |
//!
//! **To the client.** Binary frames: number of the answer (u32), samples per second (u32), then audio as
//! above. JSON messages: `ready`, `phase`, `partial`, `heard`, `answer`, `audio_end`, `pause`, `resume`,
//! `clear`, `notice`, `ended` ([`wire`]), `busy` (no place: `{"type":"busy","message":…}`), and `error` for a
//! message that cannot be read, after which the conversation continues.
//!
//! **Ends.** A client that sends more than 3 s ahead of real time loses audio and gets a notice; if it goes on,
//! the server closes the connection. It also closes when the client reads nothing for 10 s. Pings go out every
//! 15 s, and 45 s without any frame end the call.

mod ears;
mod pump;
mod start;
mod wire;

use std::sync::Arc;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{FromRequestParts, Request, State, WebSocketUpgrade};
use axum::http::{StatusCode, header};
use axum::response::Response;

use super::origin::Site;
use super::rate::Deed;
use crate::http::Http;
use crate::http::address::address_of;
use crate::http::auth::installation;
use crate::http::auth::origin::{is_same_origin, is_this_machine};
use crate::http::problem::{Problem, ProblemView};

/// In bytes. A frame over [`ears::LARGEST`] gets an error; a message over this limit ends the connection before
/// it is held in memory.
const LARGEST_MESSAGE: usize = 1 << 20;

/// Opens a spoken conversation. The protocol is described in the source of this module and in the manual.
#[utoipa::path(get, path = "/api/v1/visit/voice", tag = "visitors", operation_id = "talk", security(()),
    responses((status = 101, description = "A WebSocket: JSON messages and binary frames of sound"),
              (status = 403, body = ProblemView<'_>), (status = 426, body = ProblemView<'_>),
              (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn open(
    State(http): State<Http>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let upgrade: WebSocketUpgrade = upgrade.map_err(refuse_plain_request)?;
    let address = address_of(&parts);
    http.visits.count(address, Deed::Dial)?;
    let site = Site::of(&parts.headers, &parts.uri);
    // A cookie counts only from a page of this server: browsers send it along from any page.
    let own_page =
        parts.headers.contains_key(header::ORIGIN) && is_same_origin(&parts.headers, &parts.uri);
    let named = parts.headers.contains_key(header::AUTHORIZATION) || installation::sent(&parts);
    let signed_in = if own_page || named {
        crate::http::auth::authenticate(&http.app, &parts)
            .await
            .ok()
    } else {
        None
    };
    let guest = start::Guest {
        app: Arc::clone(&http.app),
        visits: Arc::clone(&http.visits),
        site,
        address,
        at_machine: is_this_machine(&parts),
        signed_in,
    };
    let upgrade = upgrade
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| pump::run_call(socket, guest)))
}

fn refuse_plain_request(rejection: WebSocketUpgradeRejection) -> Problem {
    let detail = format!("this address is for WebSockets ({})", rejection.body_text());
    Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
}

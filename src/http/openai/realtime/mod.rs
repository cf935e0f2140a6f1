//! The Realtime API: spoken and written sessions over a WebSocket, in OpenAI's shape.

use super::super::route::Route;

/// Routes of `/v1/realtime`.
pub(super) fn routes() -> Vec<Route> {
    Vec::new()
}

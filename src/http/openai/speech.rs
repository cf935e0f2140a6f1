//! `POST /v1/audio/speech`: text → sound.

use super::super::route::Route;

/// Its route.
pub(super) fn routes() -> Vec<Route> {
    Vec::new()
}

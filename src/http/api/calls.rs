//! Calls: list, one call with its log, recording, export; pronunciations and voice settings.

use super::super::route::Route;

/// Routes of `/api/calls`, `/api/voice` and `/api/pronunciations`.
pub(in crate::http) fn routes() -> Vec<Route> {
    Vec::new()
}

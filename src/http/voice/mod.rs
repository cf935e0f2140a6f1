//! The public side: visitors' sessions, chat and voice in the widget and on the page to talk.

use super::route::Route;

/// Routes of visitors.
pub(super) fn routes() -> Vec<Route> {
    Vec::new()
}

//! What a state at the shop means here (<https://docs.lemonsqueezy.com/api/subscriptions>,
//! <https://docs.lemonsqueezy.com/api/license-keys>).

use crate::store::UnixMs;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long work goes on after a payment failed. The shop tries again for two weeks, and then says that it is unpaid; the
/// rest is for a message of it that was lost.
pub(super) const GRACE_MS: i64 = 21 * DAY_MS;
/// It ended long ago.
const NOT_ANY_MORE: Option<UnixMs> = Some(0);

/// What a state lets be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Until when work is done; `None` until the shop says otherwise.
    pub(super) until: Option<UnixMs>,
    /// Whether a payment is overdue.
    pub(super) overdue: bool,
}

const fn until(until: Option<UnixMs>) -> Meaning {
    Meaning {
        until,
        overdue: false,
    }
}

/// What decides about a subscription beside its state.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Terms {
    pub(super) ends_at: Option<UnixMs>,
    /// Whether it is paused and what was bought may still be used.
    pub(super) free_pause: bool,
    /// When the shop changed it.
    pub(super) changed_at: UnixMs,
}

pub(super) fn of_subscription(state: &str, terms: Terms) -> Meaning {
    match state {
        "on_trial" | "active" => until(None),
        // Nothing is charged any more, and what was paid for is given.
        "cancelled" => until(Some(terms.ends_at.unwrap_or(terms.changed_at))),
        "paused" if terms.free_pause => until(None),
        "paused" | "unpaid" | "expired" => Meaning {
            until: NOT_ANY_MORE,
            overdue: state == "unpaid",
        },
        // A state that the shop invents later does not stop a front desk at once either.
        _ => Meaning {
            until: Some(terms.changed_at.saturating_add(GRACE_MS)),
            overdue: state == "past_due",
        },
    }
}

pub(super) fn of_licence(state: &str, expires_at: Option<UnixMs>) -> Meaning {
    match state {
        "active" => until(expires_at),
        // `inactive` is a key that is activated nowhere.
        _ => until(NOT_ANY_MORE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_means_work_grace_or_none() {
        let terms = Terms {
            ends_at: Some(2_000),
            free_pause: false,
            changed_at: 1_000,
        };
        let grace = Some(1_000 + GRACE_MS);
        for (state, until, overdue) in [
            ("on_trial", None, false),
            ("active", None, false),
            ("cancelled", Some(2_000), false),
            ("past_due", grace, true),
            ("paused", Some(0), false),
            ("unpaid", Some(0), true),
            ("expired", Some(0), false),
            ("something_new", grace, false),
        ] {
            let meaning = of_subscription(state, terms);
            assert_eq!(meaning, Meaning { until, overdue }, "{state}");
        }
        let free = Terms {
            free_pause: true,
            ..terms
        };
        assert_eq!(of_subscription("paused", free).until, None);
        let open = Terms {
            ends_at: None,
            ..terms
        };
        assert_eq!(of_subscription("cancelled", open).until, Some(1_000));
        assert_eq!(of_licence("active", None).until, None);
        assert_eq!(of_licence("active", Some(9)).until, Some(9));
        for state in ["inactive", "expired", "disabled"] {
            assert_eq!(of_licence(state, Some(9)).until, Some(0), "{state}");
        }
    }
}

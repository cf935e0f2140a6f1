//! Times: when somebody can be called, and by when a lead is to be looked after.

use jiff::civil::Time;
use jiff::{Span, Zoned};

use super::Desk;
use crate::store::UnixMs;

const MINUTE_MS: i64 = 60 * 1000;
/// Length of a slot, and its distance to the next.
const SLOT_MS: i64 = 30 * MINUTE_MS;
/// Days on offer, today included.
const DAYS: i32 = 7;
/// The soonest that somebody can be called.
const NOTICE_MS: i64 = 30 * MINUTE_MS;
/// How long the desk may be open before somebody has looked after a lead.
const DUE_MS: i64 = 60 * MINUTE_MS;
/// The step in which the desk's hours are looked at; they are told in quarters of an hour.
const STEP_MS: i64 = 5 * MINUTE_MS;
/// Openings of the desk that are looked at before a lead is due.
const MOST_OPENINGS: usize = 20;

/// A time for a call, Unix ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    pub from: UnixMs,
    pub until: UnixMs,
}

/// When somebody at the desk can call in the next days, in order. Empty if the desk has no hours.
pub fn slots(desk: &Desk, now: UnixMs) -> Vec<Slot> {
    // A desk without hours never opens: it is open while somebody happens to be there.
    if desk.next_opening(now).is_none() {
        return Vec::new();
    }
    let today = desk.local(now);
    let mut all = Vec::new();
    for ahead in 0..DAYS {
        let Some(mut at) = day(&today, ahead) else {
            continue;
        };
        let Some(end) = day(&today, ahead + 1) else {
            continue;
        };
        while at < end {
            let slot = Slot {
                from: at,
                until: at + SLOT_MS,
            };
            // At the beginning, in the middle and at the end.
            let times = [slot.from, slot.from + SLOT_MS / 2, slot.until - 1];
            if slot.from >= now + NOTICE_MS && times.iter().all(|at| desk.is_open(*at)) {
                all.push(slot);
            }
            at += SLOT_MS;
        }
    }
    all
}

/// The beginning of a day, so many from `today`.
fn day(today: &Zoned, ahead: i32) -> Option<UnixMs> {
    let date = today.date().checked_add(Span::new().days(ahead)).ok()?;
    let start = date.to_datetime(Time::MIN);
    let start = start.to_zoned(today.time_zone().clone()).ok()?;
    Some(start.timestamp().as_millisecond())
}

/// By when a lead of now is due: after one hour in which the desk is open. Without known hours, in one hour.
pub(super) fn due(desk: &Desk, now: UnixMs) -> UnixMs {
    if desk.next_opening(now).is_none() {
        return now + DUE_MS;
    }
    let (mut at, mut left) = (now, DUE_MS);
    for _ in 0..MOST_OPENINGS {
        while left > 0 && desk.is_open(at) {
            let step = STEP_MS.min(left);
            at += step;
            left -= step;
        }
        if left == 0 {
            return at;
        }
        match desk.next_opening(at) {
            Some(opens) => at = opens.timestamp().as_millisecond(),
            None => break,
        }
    }
    at + left
}

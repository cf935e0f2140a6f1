//! The two clocks of a call: the wall clock, and the line clock, which counts the received sound.

use tokio::time::Instant;

use crate::voice::turn_taker::FRAME_MS;

/// Interval of the loop's timer, in ms.
pub(super) const TICK_MS: u64 = 20;
/// How far sound may run ahead of the wall clock, in ms, before it has to wait.
const AHEAD_MS: u64 = 3000;
/// After this long without sound, in ms, the line clock runs by itself.
const DEAD_LINE_MS: u64 = 400;

/// The time in a call, in ms from its beginning.
pub(super) struct CallClock {
    started: Instant,
    line_ms: u64,
    last_sound: u64,
}

impl CallClock {
    pub(super) fn start() -> Self {
        Self {
            started: Instant::now(),
            line_ms: 0,
            last_sound: 0,
        }
    }

    /// Time by the wall clock.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Time by the line clock.
    pub(super) fn line_ms(&self) -> u64 {
        self.line_ms
    }

    /// The wall-clock time at which the line clock showed `line_ms`.
    pub(super) fn wall_time_of(&self, line_ms: u64) -> u64 {
        self.now()
            .saturating_sub(self.line_ms.saturating_sub(line_ms))
    }

    /// False while sound is too far ahead of the wall clock.
    pub(super) fn has_room_for_sound(&self) -> bool {
        self.line_ms <= self.now() + AHEAD_MS
    }

    pub(super) fn note_sound(&mut self) {
        self.last_sound = self.now();
    }

    pub(super) fn count_frame(&mut self) {
        self.line_ms += FRAME_MS;
    }

    /// Advances the line clock if no sound does.
    pub(super) fn tick(&mut self) {
        let now = self.now();
        if now.saturating_sub(self.last_sound) >= DEAD_LINE_MS && self.line_ms <= now {
            self.line_ms += TICK_MS;
        }
    }
}

//! The two clocks of a call: the one on the wall, and the line's own, which counts the sound that came.

use tokio::time::Instant;

use crate::voice::turn_taker::FRAME_MS;

/// How often the loop looks at the clock, in ms.
pub(super) const TICK_MS: u64 = 20;
/// How far sound may run ahead of real time, in ms, before it has to wait.
const AHEAD_MS: u64 = 3000;
/// After this many ms without sound the line's clock runs by itself.
const DEAD_LINE_MS: u64 = 400;

/// What time it is in a call, in ms from its beginning.
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

    /// By the clock on the wall.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// By the line's clock.
    pub(super) fn line_ms(&self) -> u64 {
        self.line_ms
    }

    /// The time on the wall at which the line's clock showed this.
    pub(super) fn wall_time_of(&self, line_ms: u64) -> u64 {
        self.now()
            .saturating_sub(self.line_ms.saturating_sub(line_ms))
    }

    /// False while sound runs too far ahead of real time.
    pub(super) fn has_room_for_sound(&self) -> bool {
        self.line_ms <= self.now() + AHEAD_MS
    }

    pub(super) fn note_sound(&mut self) {
        self.last_sound = self.now();
    }

    pub(super) fn count_frame(&mut self) {
        self.line_ms += FRAME_MS;
    }

    /// Moves the line's clock on if no sound does.
    pub(super) fn tick(&mut self) {
        let now = self.now();
        if now.saturating_sub(self.last_sound) >= DEAD_LINE_MS && self.line_ms <= now {
            self.line_ms += TICK_MS;
        }
    }
}

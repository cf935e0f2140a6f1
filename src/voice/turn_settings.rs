//! The times and thresholds that decide whose turn it is, in browser calls ([`TurnSettings`]) and, where clients do not
//! set them, in Realtime sessions.

use std::time::Duration;

/// Silence that ends a turn without an end-of-turn model.
pub(super) const END_BLIND_MS: u32 = 700;
/// Silence after which a Realtime session asks the end-of-turn model. Later than in a call, which can still merge
/// a turn with what follows; a client cannot be told that an announced end was none.
pub(super) const LOOK_AFTER_MS: u32 = 240;
/// How long a Realtime session waits for the end-of-turn model.
pub(super) const JUDGE_PATIENCE: Duration = Duration::from_secs(1);
/// In a Realtime session, speech begins when out of this many frames of 16 ms …
pub(super) const WINDOW_FRAMES: u32 = 8;
/// … this many have a voice.
pub(super) const VOICED_FRAMES: u32 = 5;

/// All times in ms; probabilities 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TurnSettings {
    /// Lowest score of a voiced frame before speech has begun.
    pub enter: f32,
    /// Lowest score of a voiced frame during speech.
    pub stay: f32,
    /// Replaces `enter` while the front desk speaks, as its own voice may come back through the room.
    pub enter_speaking: f32,
    /// Voice that begins a turn.
    pub start: u64,
    /// Voice that continues the question while an answer is being prepared.
    pub start_thinking: u64,
    /// Voice that pauses the answer being spoken.
    pub start_speaking: u64,
    /// Silence after which to transcribe the words and ask whether the turn is over.
    pub consider: u64,
    /// Shortest silence that ends a turn.
    pub end: u64,
    /// Above this probability, a turn is over.
    pub sure: f32,
    /// Above this probability, a turn is over even if its last word could go on ("than he was.").
    pub certain: f32,
    /// Silence that ends a question that does not sound over.
    pub end_question: u64,
    /// Silence that ends a whole sentence that is probably not over.
    pub end_sentence: u64,
    /// Silence that ends a turn that is probably not over.
    pub end_unsure: u64,
    /// Silence that ends a whole sentence that is surely not over.
    pub end_unlikely_sentence: u64,
    /// Silence that ends a turn that is surely not over.
    pub end_unlikely: u64,
    /// Silence that ends a turn without an end-of-turn model.
    pub end_blind: u64,
    /// Shortest silence that ends a turn when digits or letters are expected, which come in groups.
    pub end_digits: u64,
    /// Silence that ends an unfinished turn when digits are expected.
    pub end_digits_unsure: u64,
    /// Speech that interrupts an answer, whatever the words are.
    pub cancel: u64,
    /// The same while all words so far only show that the caller listens.
    pub cancel_back_channel: u64,
    /// Silence after which a paused answer resumes.
    pub resume: u64,
    /// Longest turn; a longer one is answered as it is.
    pub longest: u64,
}

impl Default for TurnSettings {
    fn default() -> Self {
        Self {
            enter: 0.5,
            stay: 0.35,
            enter_speaking: 0.6,
            start: 96,
            start_thinking: 200,
            start_speaking: 160,
            consider: 120,
            end: 200,
            sure: 0.5,
            certain: 0.9,
            end_question: 600,
            end_sentence: 900,
            end_unsure: 1400,
            end_unlikely_sentence: 2000,
            end_unlikely: 3000,
            end_blind: END_BLIND_MS.into(),
            end_digits: 1200,
            end_digits_unsure: 6000,
            cancel: 700,
            cancel_back_channel: 2000,
            resume: 1500,
            longest: 28_000,
        }
    }
}

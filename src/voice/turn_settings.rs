//! The times and thresholds that decide whose turn it is: in the browser's calls ([`TurnSettings`]), and in sessions of
//! the Realtime API where their clients do not set them.

use std::time::Duration;

/// Without a judge, so much silence ends a turn.
pub(super) const END_BLIND_MS: u32 = 700;
/// A session asks a judge after so much silence whether the turn is over. Later than a call does, which can still merge
/// a turn with what follows; a client that was told of an end was told for good.
pub(super) const LOOK_AFTER_MS: u32 = 240;
/// In a session, a judge that takes longer than this is not waited for.
pub(super) const JUDGE_PATIENCE: Duration = Duration::from_secs(1);
/// In a session, speech begins when of so many frames of 16 ms …
pub(super) const WINDOW_FRAMES: u32 = 8;
/// … so many have a voice.
pub(super) const VOICED_FRAMES: u32 = 5;

/// All times in ms; probabilities 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TurnSettings {
    /// A frame that scores this much is voice while nobody spoke.
    pub enter: f32,
    /// Voice goes on while frames score this much.
    pub stay: f32,
    /// Instead of `enter` while the front desk speaks: what it says may come back through the room.
    pub enter_speaking: f32,
    /// So much voice begins a turn.
    pub start: u64,
    /// So much voice, while an answer is being found, means that the caller goes on.
    pub start_thinking: u64,
    /// So much voice holds an answer that is being spoken.
    pub start_speaking: u64,
    /// After so much silence the words are recognised, and it is asked whether the turn is over.
    pub consider: u64,
    /// The least silence that ends a turn.
    pub end: u64,
    /// More likely than this, a turn is over.
    pub sure: f32,
    /// More likely than this, a turn is over even if its last word could go on ("than he was.").
    pub certain: f32,
    /// Silence that ends a turn that asks a question but does not sound over.
    pub end_question: u64,
    /// Silence that ends a turn that is a whole sentence but probably not over.
    pub end_sentence: u64,
    /// Silence that ends a turn that is probably not over.
    pub end_unsure: u64,
    /// Silence that ends a turn that is a whole sentence and surely not over.
    pub end_unlikely_sentence: u64,
    /// Silence that ends a turn that is surely not over.
    pub end_unlikely: u64,
    /// Silence that ends a turn when nobody can tell.
    pub end_blind: u64,
    /// The least silence when digits or letters are expected: they come in groups.
    pub end_digits: u64,
    /// Silence that ends an unfinished turn when digits are expected.
    pub end_digits_unsure: u64,
    /// So much speech breaks off an answer, whatever the words are.
    pub cancel: u64,
    /// The same, while all words so far only show that the caller listens.
    pub cancel_back_channel: u64,
    /// A held answer goes on after so long without anything.
    pub resume: u64,
    /// Longest turn; more is answered as it is.
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

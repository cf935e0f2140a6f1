//! An utterance in progress, and its timings.

use serde_json::{Map, Value, json};
use tokio_util::sync::DropGuard;

use crate::agent::Rung;
use crate::store::calls::EndedReason;
use crate::store::{MessageId, ReceiptId};

/// The purpose of an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpeechKind {
    /// An answer of the agent.
    Answer,
    /// Words of the front desk's own: greeting, questions, notices.
    Own,
    /// Bridges the wait for an answer.
    Filler,
}

/// Latencies of a turn in ms; `None` where they do not apply.
#[derive(Debug, Default)]
pub struct TurnTimes {
    /// When the caller stopped speaking, by the call's clock.
    pub(super) speech_end: Option<u64>,
    end_of_turn_ms: Option<u64>,
    turn_model_ms: Option<u64>,
    stt_ms: Option<u64>,
    pub(super) retrieve_ms: Option<u64>,
    pub(super) first_token_ms: Option<u64>,
    pub(super) answer_ms: Option<u64>,
    pub(super) tts_first_ms: Option<u64>,
    pub(super) voice_to_voice_ms: Option<u64>,
    pub(super) interrupted_after_ms: Option<u64>,
    pub(super) speculated: bool,
}

impl TurnTimes {
    /// The times known at the end of a turn: the caller stopped at `end`, and we were sure of it at `now`.
    pub fn of_turn(end: u64, now: u64, turn_model_ms: Option<u64>, stt_ms: u64) -> Self {
        Self {
            speech_end: Some(end),
            end_of_turn_ms: Some(now.saturating_sub(end)),
            turn_model_ms,
            stt_ms: Some(stt_ms),
            ..Self::default()
        }
    }

    pub(super) fn to_map(&self, spoken: u64, heard: u64) -> Map<String, Value> {
        let mut map = Map::new();
        for (key, value) in [
            ("end_of_turn_ms", self.end_of_turn_ms),
            ("turn_model_ms", self.turn_model_ms),
            ("stt_ms", self.stt_ms),
            ("retrieve_ms", self.retrieve_ms),
            ("first_token_ms", self.first_token_ms),
            ("answer_ms", self.answer_ms),
            ("tts_first_ms", self.tts_first_ms),
            ("voice_to_voice_ms", self.voice_to_voice_ms),
            ("interrupted_after_ms", self.interrupted_after_ms),
            ("spoken_ms", Some(spoken)),
            ("heard_ms", Some(heard)),
        ] {
            if let Some(ms) = value {
                map.insert(key.into(), json!(ms));
            }
        }
        map.insert("speculated".into(), json!(self.speculated));
        map
    }
}

/// An utterance in progress.
pub(super) struct SpokenAnswer {
    pub(super) answer: u32,
    pub(super) job: u64,
    pub(super) kind: SpeechKind,
    pub(super) question: String,
    pub(super) asked_at: u64,
    pub(super) turn: u32,
    pub(super) rung: Option<Rung>,
    pub(super) receipt: Option<ReceiptId>,
    pub(super) message: Option<MessageId>,
    /// Whether it is in the store, or on its way there.
    pub(super) keeping: bool,
    /// Why the call ends after it, if it does.
    pub(super) ends: Option<EndedReason>,
    pub(super) times: TurnTimes,
    /// Dropping it cancels the job that speaks.
    pub(super) guard: Option<DropGuard>,
    pub(super) handed_ms: u64,
}

impl SpokenAnswer {
    pub(super) fn new(answer: u32, job: u64, kind: SpeechKind, question: String, now: u64) -> Self {
        Self {
            answer,
            job,
            kind,
            question,
            asked_at: now,
            turn: 0,
            rung: None,
            receipt: None,
            message: None,
            keeping: false,
            ends: None,
            times: TurnTimes::default(),
            guard: None,
            handed_ms: 0,
        }
    }
}

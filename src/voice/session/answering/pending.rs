//! An answer that is being prepared and has not been heard yet.

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::effect::FindOrder;
use super::spoken::TurnTimes;
use crate::agent::PreparedAnswer;
use crate::speech::Clip;
use crate::voice::words;

pub(super) struct PendingAnswer {
    pub(super) job: u64,
    pub(super) question: String,
    key: String,
    /// Since when the caller has been waiting for it; `None` while the question is a guess.
    confirmed: Option<u64>,
    pub(super) asked_at: u64,
    pub(super) turn: u32,
    pub(super) first_words: Option<u64>,
    first_clip: Option<u64>,
    answered: Option<u64>,
    pub(super) clips: Vec<Clip>,
    pub(super) all_spoken: bool,
    pub(super) prepared: Option<PreparedAnswer>,
    pub(super) rest: Vec<String>,
    times: TurnTimes,
    gate: watch::Sender<bool>,
    /// Dropping it cancels the job.
    pub(super) guard: DropGuard,
}

impl PendingAnswer {
    /// Begins an answer; returns it with the order to find it.
    pub(super) fn begin(job: u64, question: &str, now: u64) -> (Self, FindOrder) {
        let (gate, open) = watch::channel(false);
        let cancel = CancellationToken::new();
        let pending = Self {
            job,
            question: question.to_owned(),
            key: words::normalise(question),
            confirmed: None,
            asked_at: now,
            turn: 0,
            first_words: None,
            first_clip: None,
            answered: None,
            clips: Vec::new(),
            all_spoken: false,
            prepared: None,
            rest: Vec::new(),
            times: TurnTimes::default(),
            gate,
            guard: cancel.clone().drop_guard(),
        };
        let order = FindOrder {
            job,
            question: question.to_owned(),
            gate: open,
            is_desk_open: false,
            cancel,
        };
        (pending, order)
    }

    /// Whether it answers this question.
    pub(super) fn answers(&self, question: &str) -> bool {
        self.key == words::normalise(question)
    }

    /// The caller really asked the question, in these words.
    pub(super) fn confirm(&mut self, question: String, turn: u32, times: TurnTimes, now: u64) {
        self.confirmed = Some(now);
        self.turn = turn;
        self.times = times;
        self.question = question;
        self.gate.send_replace(true);
    }

    pub(super) fn unconfirm(&mut self) {
        self.confirmed = None;
    }

    /// Since when the caller has been waiting.
    pub(super) fn waiting_since(&self) -> Option<u64> {
        self.confirmed
    }

    pub(super) fn add(&mut self, clip: Clip, now: u64) {
        self.first_clip.get_or_insert(now);
        self.clips.push(clip);
    }

    pub(super) fn complete(&mut self, prepared: PreparedAnswer, now: u64) {
        self.prepared = Some(prepared);
        self.answered = Some(now);
    }

    /// Whether it can be played: the question is certain, and there is sound, or at least text
    /// if no sound will come.
    pub(super) fn is_ready(&self) -> bool {
        let is_silent = self.all_spoken && self.prepared.is_some();
        self.confirmed.is_some() && (!self.clips.is_empty() || is_silent)
    }

    /// The durations of its steps, as far as known.
    pub(super) fn take_times(&mut self) -> TurnTimes {
        let mut times = std::mem::take(&mut self.times);
        let waiting = self.confirmed.unwrap_or(self.asked_at);
        times.first_token_ms = self.first_words.map(|at| at.saturating_sub(waiting));
        let spoken_from = self.first_words.unwrap_or(self.asked_at);
        times.tts_first_ms = self.first_clip.map(|at| at.saturating_sub(spoken_from));
        if let Some(prepared) = &self.prepared {
            times.retrieve_ms = Some(prepared.retrieve_ms());
            times.answer_ms = self.answered.map(|at| at.saturating_sub(self.asked_at));
        }
        times
    }
}

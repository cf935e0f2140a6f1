//! Listens to the caller: turns sound into turns, and turns into words. Knows no answers, only how loud the
//! front desk itself is at the moment.

use bytes::Bytes;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::speech::Utterance;
use crate::voice::echo::EchoGuard;
use crate::voice::listener::{Frame, Listener};
use crate::voice::turn_settings::TurnSettings;
use crate::voice::turn_taker::{Decision, Fact, Floor, TurnTaker};
use crate::voice::words;

/// ms of new voice before asking for the words so far …
const PARTIAL_EVERY: u64 = 700;
/// … and while an answer is paused, when we must soon decide whether to interrupt it.
const PARTIAL_HELD: u64 = 250;
/// Share of common words at which a transcript counts as the front desk's own voice, 0 to 1.
const ECHO_WORDS: f32 = 0.7;

/// Transcribes the words so far.
pub(super) struct PartialOrder {
    pub(super) utterance: Utterance,
    pub(super) cancel: CancellationToken,
}

/// Transcribes the words before a pause, and judges whether the turn is over.
pub(super) struct PauseOrder {
    pub(super) number: u32,
    pub(super) utterance: Utterance,
    /// The last sound of the turn, for the end-of-turn model.
    pub(super) tail: Bytes,
    pub(super) cancel: CancellationToken,
}

/// The words so far of a turn.
#[derive(Debug, PartialEq)]
pub(super) struct WordsSoFar {
    /// Includes the earlier words of a continued question.
    pub(super) whole: String,
    /// Whether they are the same as last time.
    pub(super) steady: bool,
}

#[derive(Debug, PartialEq)]
pub(super) struct FinishedTurn {
    pub(super) text: String,
    pub(super) length_ms: u64,
}

pub(super) struct Ear {
    language: String,
    listener: Listener,
    taker: TurnTaker,
    echo: EchoGuard,
    /// The transcription of the words so far; dropping it cancels the job.
    partial_job: Option<DropGuard>,
    /// The transcription and judgement of a pause; dropping it cancels both.
    pause_jobs: Option<DropGuard>,
    /// ms of voice in the turn when its words were last requested.
    partial_at: u64,
    last_partial: String,
    /// The words before the last pause, and how long their transcription took.
    candidate: String,
    candidate_ms: u64,
    turn_model_ms: Option<u64>,
    considered_at: u64,
    /// Earlier words of a continued question.
    prefix: String,
}

impl Ear {
    pub(super) fn new(language: String, barge_in: bool, listener: Listener) -> Self {
        Self {
            language,
            listener,
            taker: TurnTaker::new(TurnSettings::default(), barge_in),
            echo: EchoGuard::default(),
            partial_job: None,
            pause_jobs: None,
            partial_at: 0,
            last_partial: String::new(),
            candidate: String::new(),
            candidate_ms: 0,
            turn_model_ms: None,
            considered_at: 0,
            prefix: String::new(),
        }
    }

    pub(super) fn language(&self) -> &str {
        &self.language
    }

    /// Whether the caller is speaking, or may not have finished.
    pub(super) fn is_open(&self) -> bool {
        self.taker.is_open()
    }

    /// When the caller last spoke, by the line clock.
    pub(super) fn last_voice(&self) -> u64 {
        self.taker.last_voice()
    }

    /// How long the end-of-turn model took for the last pause; `None` if it gave no result.
    pub(super) fn turn_model_ms(&self) -> Option<u64> {
        self.turn_model_ms
    }

    /// How long the transcription took for the last pause, in ms.
    pub(super) fn recognition_ms(&self) -> u64 {
        self.candidate_ms
    }

    /// Sets what the front desk is doing.
    pub(super) fn set_floor(&mut self, floor: Floor) {
        self.taker.set_floor(floor);
    }

    /// Sets whether digits or letters come next, which have longer pauses.
    pub(super) fn expect_digits(&mut self, digits: bool) {
        self.taker.expect_digits(digits);
    }

    /// Adds sound of any length; [`Ear::next_frame`] returns it frame by frame.
    pub(super) fn feed(&mut self, pcm: &[u8]) {
        self.listener.feed(pcm);
    }

    pub(super) fn next_frame(&mut self) -> Option<Frame> {
        self.listener.next_frame()
    }

    /// Judges a frame. `own_level` is the loudness of the front desk, if it speaks.
    pub(super) fn hear_frame(
        &mut self,
        frame: Frame,
        own_level: Option<f32>,
        line_ms: u64,
    ) -> Vec<Decision> {
        self.echo.note(frame.level, own_level.unwrap_or(0.0));
        let is_echo = own_level.is_some() && self.echo.is_echo();
        let score = if is_echo { 0.0 } else { frame.score };
        self.take(Fact::Frame(score), line_ms)
    }

    /// Handles a fact; returns the decisions that follow, in order.
    pub(super) fn take(&mut self, fact: Fact<'_>, line_ms: u64) -> Vec<Decision> {
        self.taker.take(fact, line_ms)
    }

    /// Handles the end-of-turn model's probability, and how long it took.
    pub(super) fn take_turn_end(
        &mut self,
        pause: u32,
        likely: Option<f32>,
        took_ms: u64,
        line_ms: u64,
    ) -> Vec<Decision> {
        self.turn_model_ms = likely.map(|_| took_ms);
        self.take(Fact::TurnEnd(pause, likely), line_ms)
    }

    /// Begins a turn of the caller.
    pub(super) fn begin_turn(&mut self) {
        self.listener.open();
        self.partial_at = 0;
        self.last_partial.clear();
        self.candidate.clear();
    }

    fn utterance(&self, partial: bool, hint: Option<&str>) -> Utterance {
        Utterance {
            pcm: self.listener.turn(),
            language: Some(self.language.clone()),
            prompt: hint.map(str::to_owned),
            partial,
        }
    }

    /// Requests the words so far, if there is enough new voice and no other transcription is running.
    pub(super) fn ask_for_partial(&mut self, hint: Option<&str>) -> Option<PartialOrder> {
        if !self.taker.is_open() || self.partial_job.is_some() || self.pause_jobs.is_some() {
            return None;
        }
        let wanted = if self.taker.is_held() {
            PARTIAL_HELD
        } else {
            PARTIAL_EVERY
        };
        if self.taker.speech() < self.partial_at + wanted {
            return None;
        }
        self.partial_at = self.taker.speech();
        let cancel = CancellationToken::new();
        self.partial_job = Some(cancel.clone().drop_guard());
        Some(PartialOrder {
            utterance: self.utterance(true, hint),
            cancel,
        })
    }

    /// Requests the words before a pause, and a judgement whether the turn is over.
    pub(super) fn consider(&mut self, number: u32, hint: Option<&str>, now: u64) -> PauseOrder {
        self.partial_job = None;
        self.considered_at = now;
        self.turn_model_ms = None;
        let cancel = CancellationToken::new();
        self.pause_jobs = Some(cancel.clone().drop_guard());
        PauseOrder {
            number,
            utterance: self.utterance(false, hint),
            tail: self.listener.tail(),
            cancel,
        }
    }

    /// Cancels the judgement of a pause, as the caller went on.
    pub(super) fn go_on(&mut self) {
        self.pause_jobs = None;
    }

    /// Notes that the caller typed a question.
    pub(super) fn note_typed(&mut self, now: u64) {
        self.considered_at = now;
        self.taker.set_floor(Floor::Thinking);
    }

    /// Whether a transcript is the front desk's own speech.
    pub(super) fn is_echo(text: &str, own_words: &str) -> bool {
        words::words(text).len() >= 2 && words::compare(text, own_words) >= ECHO_WORDS
    }

    /// Ends the transcription of words so far; returns whether its words still matter.
    pub(super) fn end_partial(&mut self) -> bool {
        self.partial_job = None;
        self.taker.is_open()
    }

    /// Takes the words so far; returns them if they are worth showing.
    pub(super) fn keep_partial(&mut self, text: String) -> Option<WordsSoFar> {
        if text.is_empty() || self.taker.is_held() {
            return None;
        }
        let key = words::normalise(&text);
        let steady = !key.is_empty() && key == words::normalise(&self.last_partial);
        let whole = self.join(&text);
        self.last_partial = text;
        Some(WordsSoFar { whole, steady })
    }

    /// Takes the words before a pause; returns the whole question if it is worth showing.
    pub(super) fn keep_candidate(&mut self, text: &str, now: u64) -> Option<String> {
        self.candidate_ms = now.saturating_sub(self.considered_at);
        text.clone_into(&mut self.candidate);
        (!text.is_empty() && !self.taker.is_held()).then(|| self.join(text))
    }

    /// Joins the earlier words of a continued question with these.
    fn join(&self, text: &str) -> String {
        if self.prefix.is_empty() {
            return text.to_owned();
        }
        let before = self.prefix.trim_end_matches(['.', ',', '…', ' ']);
        format!("{before} {text}").trim().to_owned()
    }

    fn close_turn(&mut self) {
        self.pause_jobs = None;
        self.partial_job = None;
        self.listener.close();
    }

    /// Ends the turn and returns it.
    pub(super) fn end_turn(&mut self) -> FinishedTurn {
        let candidate = std::mem::take(&mut self.candidate);
        let text = self.join(&candidate);
        let length_ms = self.listener.turn_ms();
        self.close_turn();
        self.prefix.clear();
        FinishedTurn { text, length_ms }
    }

    /// Drops a turn without speech. Returns the question that it seemed to continue, if any: that one was
    /// complete.
    pub(super) fn drop_turn(&mut self) -> Option<String> {
        self.close_turn();
        let before = std::mem::take(&mut self.prefix);
        (!before.is_empty()).then_some(before)
    }

    /// Ends a turn that was not an interruption; returns its words.
    pub(super) fn let_pass(&mut self) -> String {
        self.close_turn();
        std::mem::take(&mut self.candidate)
    }

    /// The caller continues a question that seemed complete.
    pub(super) fn continue_question(&mut self, question: String) {
        self.prefix = question;
    }
}

#[cfg(test)]
#[path = "ear_tests.rs"]
mod tests;

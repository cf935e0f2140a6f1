//! What the caller says: sound becomes turns, and turns become words. It knows no answers, only how loud the
//! front desk itself is just now.

use bytes::Bytes;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::speech::Utterance;
use crate::voice::echo::EchoGuard;
use crate::voice::listener::{Frame, Listener};
use crate::voice::turn_settings::TurnSettings;
use crate::voice::turn_taker::{Decision, Fact, Floor, TurnTaker};
use crate::voice::words;

/// ms of new voice after which the words so far are asked for...
const PARTIAL_EVERY: u64 = 700;
/// ... and while an answer is held, when it matters soon whether to break it off.
const PARTIAL_HELD: u64 = 250;
/// From this share of common words on, what was heard is what the front desk is saying.
const ECHO_WORDS: f32 = 0.7;

/// Have the words so far recognised.
pub(super) struct PartialOrder {
    pub(super) utterance: Utterance,
    pub(super) cancel: CancellationToken,
}

/// Have the words of a pause recognised, and ask whether the turn is over.
pub(super) struct PauseOrder {
    pub(super) number: u32,
    pub(super) utterance: Utterance,
    /// The end of the turn, for the end-of-turn model.
    pub(super) tail: Bytes,
    pub(super) cancel: CancellationToken,
}

/// The words so far of what is being said.
#[derive(Debug, PartialEq)]
pub(super) struct WordsSoFar {
    /// With the earlier words of a question that goes on.
    pub(super) whole: String,
    /// They were the same the last time.
    pub(super) steady: bool,
}

/// A turn that is over.
#[derive(Debug, PartialEq)]
pub(super) struct FinishedTurn {
    pub(super) text: String,
    pub(super) length_ms: u64,
}

/// Listens to the caller.
pub(super) struct Ear {
    language: String,
    listener: Listener,
    taker: TurnTaker,
    echo: EchoGuard,
    /// A recognition in mid-speech; dropping it cancels the job.
    partial_job: Option<DropGuard>,
    /// Recognition and end of turn of a pause.
    pause_jobs: Option<DropGuard>,
    /// ms of voice in the turn when its words were last asked for.
    partial_at: u64,
    last_partial: String,
    /// Words of the last pause, and how long they took.
    candidate: String,
    candidate_ms: u64,
    turn_model_ms: Option<u64>,
    considered_at: u64,
    /// Earlier words of a question that goes on.
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

    /// The language that the caller speaks.
    pub(super) fn language(&self) -> &str {
        &self.language
    }

    /// Whether the caller is speaking, or has not been understood to have finished.
    pub(super) fn is_open(&self) -> bool {
        self.taker.is_open()
    }

    /// When the caller last made a sound, by the line's clock.
    pub(super) fn last_voice(&self) -> u64 {
        self.taker.last_voice()
    }

    /// How long the end-of-turn model took for the last pause.
    pub(super) fn turn_model_ms(&self) -> Option<u64> {
        self.turn_model_ms
    }

    /// How long the words of the last pause took.
    pub(super) fn recognition_ms(&self) -> u64 {
        self.candidate_ms
    }

    /// Tells it what the front desk is doing.
    pub(super) fn set_floor(&mut self, floor: Floor) {
        self.taker.set_floor(floor);
    }

    /// Whether digits or letters come next: they have longer pauses.
    pub(super) fn expect_digits(&mut self, digits: bool) {
        self.taker.expect_digits(digits);
    }

    /// Takes sound as it came; [`Ear::next_frame`] gives it frame by frame.
    pub(super) fn feed(&mut self, pcm: &[u8]) {
        self.listener.feed(pcm);
    }

    pub(super) fn next_frame(&mut self) -> Option<Frame> {
        self.listener.next_frame()
    }

    /// Judges a frame. `own_level` is how loud the front desk itself is, if it speaks.
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

    /// Takes a fact; gives what follows from it, in order.
    pub(super) fn take(&mut self, fact: Fact<'_>, line_ms: u64) -> Vec<Decision> {
        self.taker.take(fact, line_ms)
    }

    /// Takes how likely a turn is over, and how long it took to tell.
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

    /// The caller begins to speak.
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

    /// Asks for the words so far, if there is enough new voice and nothing else is being recognised.
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

    /// A pause: what was said, and is the turn over?
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

    /// The speech goes on after a pause.
    pub(super) fn go_on(&mut self) {
        self.pause_jobs = None;
    }

    /// The caller typed instead of speaking, and waits for an answer.
    pub(super) fn note_typed(&mut self, now: u64) {
        self.considered_at = now;
        self.taker.set_floor(Floor::Thinking);
    }

    /// Whether recognised words are those that the front desk is saying itself.
    pub(super) fn is_echo(text: &str, own_words: &str) -> bool {
        words::words(text).len() >= 2 && words::shared(text, own_words) >= ECHO_WORDS
    }

    /// A recognition in mid-speech is done; whether its words still matter.
    pub(super) fn end_partial(&mut self) -> bool {
        self.partial_job = None;
        self.taker.is_open()
    }

    /// Takes the words of mid-speech; gives them if they are worth showing.
    pub(super) fn keep_partial(&mut self, text: String) -> Option<WordsSoFar> {
        if text.is_empty() || self.taker.is_held() {
            return None;
        }
        let key = words::normalised(&text);
        let steady = !key.is_empty() && key == words::normalised(&self.last_partial);
        let whole = self.join(&text);
        self.last_partial = text;
        Some(WordsSoFar { whole, steady })
    }

    /// Takes the words of a pause; gives the whole question if it is worth showing.
    pub(super) fn keep_candidate(&mut self, text: &str, now: u64) -> Option<String> {
        self.candidate_ms = now.saturating_sub(self.considered_at);
        text.clone_into(&mut self.candidate);
        (!text.is_empty() && !self.taker.is_held()).then(|| self.join(text))
    }

    /// What was said before this question was taken as complete, and what is said now.
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

    /// The caller has finished.
    pub(super) fn end_turn(&mut self) -> FinishedTurn {
        let candidate = std::mem::take(&mut self.candidate);
        let text = self.join(&candidate);
        let length_ms = self.listener.turn_ms();
        self.close_turn();
        self.prefix.clear();
        FinishedTurn { text, length_ms }
    }

    /// What sounded like speech was none. Gives the question that was thought to go on, if there is one: it
    /// was complete.
    pub(super) fn drop_turn(&mut self) -> Option<String> {
        self.close_turn();
        let before = std::mem::take(&mut self.prefix);
        (!before.is_empty()).then_some(before)
    }

    /// The caller did not break in after all; gives what they said.
    pub(super) fn let_pass(&mut self) -> String {
        self.close_turn();
        std::mem::take(&mut self.candidate)
    }

    /// The caller goes on with a question that was taken as complete.
    pub(super) fn continue_question(&mut self, question: String) {
        self.prefix = question;
    }
}

#[cfg(test)]
#[path = "ear_tests.rs"]
mod tests;

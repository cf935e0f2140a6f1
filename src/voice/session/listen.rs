//! What the caller does: sound, keys, text.

use serde_json::json;

use super::Session;
use super::jobs::{self, Work};
use crate::speech::{Hearing, SpeechError, Utterance};
use crate::store::calls::EndedReason;
use crate::voice::line::{Incoming, Outgoing, Phase};
use crate::voice::turn_taker::{FRAME_MS, Fact, Floor};
use crate::voice::words;

/// Words in mid-speech are asked for after so much new voice, in ms...
const PARTIAL_EVERY: u64 = 700;
/// ... and earlier when an answer is held and it matters whether it is broken off.
const PARTIAL_HELD: u64 = 250;
/// From this share of common words on, what is heard is what is being said.
const ECHO_WORDS: f32 = 0.7;
/// Faults in a row that end a call.
const FAULTS: u32 = 3;
/// Longest typed message, in characters.
const TYPED: usize = 2000;

impl Session {
    /// Takes a message of the line.
    pub(super) async fn take(&mut self, message: Incoming) {
        match message {
            Incoming::Audio(pcm) => self.sound(&pcm).await,
            Incoming::Text(text) => self.typed(text).await,
            Incoming::Talk(down) => self.fact(Fact::Key(down)).await,
            Incoming::Played { answer, ms } => self.playout.report(answer, ms, self.now()),
            Incoming::Consent(yes) => self.consent_given(yes, "button"),
            Incoming::Interrupt => {
                if self.playout.is_busy() {
                    self.break_off("stop").await;
                }
            }
            Incoming::Digit(digit) => self.event("digit", json!({"digit": digit.to_string()})),
            Incoming::Hangup => self.end(EndedReason::UserHangup),
        }
    }

    async fn sound(&mut self, pcm: &[u8]) {
        self.last_sound = self.now();
        self.note_caller(pcm);
        self.listener.feed(pcm);
        while let Some(frame) = self.listener.next_frame() {
            self.line_ms += FRAME_MS;
            let played = self.playout.level(self.now());
            self.echo.note(frame.level, played);
            let own = self.playout.is_sounding() && self.echo.is_echo();
            let score = if own { 0.0 } else { frame.score };
            self.fact(Fact::Frame(score)).await;
        }
        self.ask_for_partial();
    }

    async fn typed(&mut self, text: String) {
        let text: String = text.trim().chars().take(TYPED).collect();
        if text.is_empty() || self.ending.is_some() {
            return;
        }
        if self.playout.is_busy() {
            self.break_off("typed").await;
        }
        self.drop_pending();
        self.filler_played = false;
        self.turns += 1;
        self.out.send(Outgoing::Heard {
            turn: self.turns,
            text: text.clone(),
        });
        self.note_words(&text, self.now(), self.now());
        self.considered_at = self.now();
        self.taker.set_floor(Floor::Thinking);
        self.set_phase(Phase::Thinking);
        self.understood(text, self.now()).await;
    }

    /// The caller begins to speak.
    pub(super) fn caller_begins(&mut self) {
        self.listener.open();
        self.partial_at = 0;
        self.last_partial.clear();
        self.candidate.clear();
        self.quiet_since = self.now();
        self.prompts = 0;
        self.event("speech_started", json!({}));
        if !self.playout.is_busy() {
            self.set_phase(Phase::Hearing);
        }
    }

    fn utterance(&mut self, partial: bool) -> Utterance {
        self.cost.heard_ms += self.listener.turn_ms();
        Utterance {
            pcm: self.listener.turn(),
            language: Some(self.settings.language.clone()),
            prompt: self
                .collect
                .as_ref()
                .and_then(|c| c.hint())
                .map(str::to_owned),
            partial,
        }
    }

    fn ask_for_partial(&mut self) {
        if !self.taker.is_open() || self.partial_job.is_some() || !self.pause_jobs.is_empty() {
            return;
        }
        let wanted = if self.taker.is_held() {
            PARTIAL_HELD
        } else {
            PARTIAL_EVERY
        };
        if self.taker.speech() < self.partial_at + wanted {
            return;
        }
        self.partial_at = self.taker.speech();
        let utterance = self.utterance(true);
        self.partial_job = Some(jobs::hear(
            &self.parts.tasks,
            self.parts.ears.clone(),
            utterance,
            None,
            self.work.clone(),
        ));
    }

    /// A pause: what was said, and is the turn over?
    pub(super) fn consider(&mut self, number: u32) {
        self.partial_job = None;
        self.considered_at = self.now();
        self.turn_model_ms = None;
        let utterance = self.utterance(false);
        let (tasks, ears, work) = (&self.parts.tasks, &self.parts.ears, &self.work);
        let tail = self.listener.tail();
        let hear = jobs::hear(tasks, ears.clone(), utterance, Some(number), work.clone());
        let end = jobs::turn_end(tasks, ears.clone(), tail, number, work.clone());
        self.pause_jobs = vec![hear, end];
    }

    /// The speech goes on after a pause.
    pub(super) fn goes_on(&mut self) {
        self.pause_jobs.clear();
    }

    /// Takes what an engine found.
    pub(super) async fn found(&mut self, finding: Work) {
        match finding {
            Work::Partial(heard) => self.partial(heard).await,
            Work::Heard(number, heard) => self.heard(number, heard).await,
            Work::TurnEnd(number, likely, took) => {
                self.turn_model_ms = likely.map(|_| took);
                self.fact(Fact::TurnEnd(number, likely)).await;
            }
            Work::Clip(job, clip) => self.clip(job, clip),
            Work::Spoken(job, fault) => self.spoken(job, fault),
            Work::FirstWords(job) => self.first_words(job),
            Work::Prepared(job, prepared) => self.prepared(job, *prepared),
            Work::Rest(job, rest) => self.rest(job, rest),
            Work::Committed(job, committed) => self.committed(job, *committed).await,
        }
    }

    /// Words that are not the front desk's own.
    fn not_own(&self, text: String) -> String {
        let text = text.trim().to_owned();
        let own = self.playout.is_busy()
            && words::words(&text).len() >= 2
            && words::shared(&text, &self.playout.words()) >= ECHO_WORDS;
        if own {
            self.event("echo", json!({"text": text}));
            return String::new();
        }
        text
    }

    async fn partial(&mut self, heard: Result<Hearing, SpeechError>) {
        self.partial_job = None;
        let Ok(hearing) = heard else { return };
        if !self.taker.is_open() {
            return;
        }
        let text = self.not_own(hearing.text);
        self.fact(Fact::Partial(&text)).await;
        if text.is_empty() || self.taker.is_held() {
            return;
        }
        let whole = self.joined(&text);
        self.out.send(Outgoing::Partial(whole.clone()));
        let key = words::normalised(&text);
        if !key.is_empty() && key == words::normalised(&self.last_partial) {
            self.speculate(&whole);
        }
        self.last_partial = text;
    }

    async fn heard(&mut self, number: u32, heard: Result<Hearing, SpeechError>) {
        let text = match heard {
            Ok(hearing) => {
                self.faults = 0;
                self.not_own(hearing.text)
            }
            Err(SpeechError::Cancelled) => return,
            Err(error) => {
                self.event("speech_failed", json!({"error": error.to_string()}));
                tracing::warn!(%error, "a caller's words were not recognised");
                self.faults += 1;
                if self.faults >= FAULTS {
                    self.end(EndedReason::ErrorSpeech);
                    return;
                }
                self.out
                    .send(Outgoing::Notice(self.phrases.not_heard.into()));
                self.say_by_itself(self.phrases.not_heard);
                String::new()
            }
        };
        self.candidate_ms = self.now().saturating_sub(self.considered_at);
        self.candidate.clone_from(&text);
        if !text.is_empty() && !self.taker.is_held() {
            let whole = self.joined(&text);
            self.out.send(Outgoing::Partial(whole.clone()));
            self.speculate(&whole);
        }
        self.fact(Fact::Heard(number, &text)).await;
    }

    /// What was said before this question was taken as complete, and what is said now.
    pub(super) fn joined(&self, text: &str) -> String {
        if self.prefix.is_empty() {
            return text.to_owned();
        }
        let before = self.prefix.trim_end_matches(['.', ',', '…', ' ']);
        format!("{before} {text}").trim().to_owned()
    }

    /// The caller has finished.
    pub(super) async fn turn_ended(&mut self) {
        let end = self.last_speech();
        let candidate = std::mem::take(&mut self.candidate);
        let text = self.joined(&candidate);
        self.pause_jobs.clear();
        self.partial_job = None;
        let length = self.listener.turn_ms();
        self.listener.close();
        self.prefix.clear();
        self.quiet_since = self.now();
        self.turns += 1;
        self.out.send(Outgoing::Heard {
            turn: self.turns,
            text: text.clone(),
        });
        self.event(
            "turn_ended",
            json!({"turn": self.turns, "silence_ms": self.now().saturating_sub(end)}),
        );
        self.note_words(&text, end.saturating_sub(length), end);
        self.set_phase(Phase::Thinking);
        self.understood(text, end).await;
    }

    /// What sounded like speech was none.
    pub(super) async fn was_nothing(&mut self) {
        self.pause_jobs.clear();
        self.partial_job = None;
        self.listener.close();
        self.event("no_speech", json!({}));
        let before = std::mem::take(&mut self.prefix);
        if before.is_empty() {
            self.drop_pending();
            let speaking = self.playout.is_busy();
            self.taker.set_floor(if speaking {
                Floor::Speaking
            } else {
                Floor::Open
            });
            self.set_phase(if speaking {
                Phase::Speaking
            } else {
                Phase::Listening
            });
        } else {
            // The question that was thought to go on was complete.
            self.turns += 1;
            self.taker.set_floor(Floor::Thinking);
            self.set_phase(Phase::Thinking);
            let end = self.last_speech();
            self.understood(before, end).await;
        }
    }

    /// The caller goes on while an answer is being found.
    pub(super) fn merge(&mut self) {
        self.clear_sound();
        if let Some(pending) = &mut self.pending {
            pending.unconfirm();
            self.prefix = pending.question().to_owned();
            self.turns = self.turns.saturating_sub(1);
            self.event("merged", json!({"before": self.prefix}));
        }
        self.set_phase(Phase::Hearing);
    }
}

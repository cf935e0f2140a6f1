//! Handles what the caller does: turns sound, keys and text into turns, and turns into questions.

use serde_json::json;

use super::VoiceSession;
use super::answering::{CallerQuestion, TurnTimes};
use super::ear::{Ear, FinishedTurn, WordsSoFar};
use super::manners::Meaning;
use crate::speech::{Hearing, SpeechError};
use crate::store::call_log::{self, LineState};
use crate::store::calls::EndedReason;
use crate::voice::call_record::to_store_ms;
use crate::voice::line::{Incoming, LINE_RATE, Outgoing, Phase};
use crate::voice::turn_taker::{Fact, Floor};

/// Longest typed message, in characters; the rest is cut.
const TYPED: usize = 2000;

/// Duration of sound on the line.
fn duration_ms(pcm: &[u8]) -> u64 {
    pcm.len() as u64 / 2 * 1000 / u64::from(LINE_RATE)
}

impl VoiceSession {
    /// Handles a message from the line.
    pub(super) async fn take_message(&mut self, message: Incoming) {
        match message {
            Incoming::Audio(pcm) => self.take_sound(&pcm).await,
            Incoming::Text(text) => self.take_typed(text).await,
            Incoming::Talk(down) => self.tell_ear(Fact::Key(down)).await,
            Incoming::Played { answer, ms } => {
                self.answering.report(answer, ms, self.clock.now());
            }
            Incoming::Consent(yes) => {
                let orders = self.manners.take_consent(yes, "button");
                self.obey(orders);
            }
            Incoming::Interrupt => {
                if self.answering.is_busy() {
                    self.break_off("stop").await;
                }
            }
            Incoming::Digit(digit) => {
                self.record_event("digit", json!({"digit": digit.to_string()}))
            }
            Incoming::Hangup => self.end(EndedReason::UserHangup),
        }
    }

    async fn take_sound(&mut self, pcm: &[u8]) {
        self.clock.note_sound();
        if let Some(recorder) = &mut self.recorder {
            let began = self.clock.now().saturating_sub(duration_ms(pcm));
            recorder.caller(pcm, began);
        }
        self.ear.feed(pcm);
        while let Some(frame) = self.ear.next_frame() {
            self.clock.count_frame();
            let own_level = self.answering.own_level(self.clock.now());
            let line_ms = self.clock.line_ms();
            let decisions = self.ear.hear_frame(frame, own_level, line_ms);
            self.follow(decisions).await;
        }
        if let Some(order) = self.ear.ask_for_partial(self.manners.hint()) {
            self.cost.heard_ms += duration_ms(&order.utterance.pcm);
            self.services.hear_partial(order);
        }
    }

    async fn take_typed(&mut self, text: String) {
        let text: String = text.trim().chars().take(TYPED).collect();
        if text.is_empty() || self.manners.is_ending() {
            return;
        }
        if self.answering.is_busy() {
            self.break_off("typed").await;
        }
        self.drop_pending();
        self.manners.await_answer();
        self.turns += 1;
        self.out.send(Outgoing::Heard {
            turn: self.turns,
            text: text.clone(),
        });
        let now = self.clock.now();
        self.note_words(&text, now, now);
        self.ear.note_typed(now);
        self.set_phase(Phase::Thinking);
        self.understand(text, now).await;
    }

    /// Records a line of the caller.
    fn note_words(&self, text: &str, from: u64, to: u64) {
        self.record.line(call_log::Line {
            speaker: call_log::Speaker::Caller,
            text: text.to_owned(),
            start_ms: to_store_ms(from),
            end_ms: to_store_ms(to),
            state: LineState::Complete,
            receipt: None,
        });
    }

    /// Begins a turn of the caller.
    pub(super) fn begin_turn(&mut self) {
        self.ear.begin_turn();
        self.manners.note_speech(self.clock.now());
        self.record_event("speech_started", json!({}));
        if !self.answering.is_busy() {
            self.set_phase(Phase::Hearing);
        }
    }

    /// Requests the words before a pause, and a judgement whether the turn is over.
    pub(super) fn consider(&mut self, number: u32) {
        let hint = self.manners.hint();
        let order = self.ear.consider(number, hint, self.clock.now());
        self.cost.heard_ms += duration_ms(&order.utterance.pcm);
        self.services.judge_pause(order);
    }

    /// Returns the text, or an empty one if it is the front desk's own speech.
    fn drop_own_words(&self, text: &str) -> String {
        let text = text.trim().to_owned();
        let own = self.answering.own_words();
        if own.is_some_and(|own| Ear::is_echo(&text, &own)) {
            self.record_event("echo", json!({"text": text}));
            return String::new();
        }
        text
    }

    /// Handles the words so far.
    pub(super) async fn take_partial(&mut self, heard: Result<Hearing, SpeechError>) {
        let is_wanted = self.ear.end_partial();
        let Ok(hearing) = heard else { return };
        if !is_wanted {
            return;
        }
        let text = self.drop_own_words(&hearing.text);
        self.tell_ear(Fact::Partial(&text)).await;
        if let Some(WordsSoFar { whole, steady }) = self.ear.keep_partial(text) {
            self.out.send(Outgoing::Partial(whole.clone()));
            if steady {
                self.speculate(&whole);
            }
        }
    }

    /// Handles the words before a pause.
    pub(super) async fn take_pause_words(
        &mut self,
        number: u32,
        heard: Result<Hearing, SpeechError>,
    ) {
        let text = match heard {
            Ok(hearing) => {
                self.manners.note_success();
                self.drop_own_words(&hearing.text)
            }
            Err(SpeechError::Cancelled) => return,
            Err(error) => {
                self.record_event("speech_failed", json!({"error": error.to_string()}));
                tracing::warn!(%error, "a caller's words were not recognised");
                if self.manners.note_fault() {
                    self.end(EndedReason::ErrorSpeech);
                    return;
                }
                let sorry = self.services.phrases.not_heard;
                self.out.send(Outgoing::Notice(sorry.to_owned()));
                self.say_by_itself(sorry);
                String::new()
            }
        };
        if let Some(whole) = self.ear.keep_candidate(&text, self.clock.now()) {
            self.out.send(Outgoing::Partial(whole.clone()));
            self.speculate(&whole);
        }
        self.tell_ear(Fact::Heard(number, &text)).await;
    }

    /// Starts to prepare an answer to the probable question.
    fn speculate(&mut self, question: &str) {
        if self.on_the_line.is_nobody() && !self.manners.expects_reply() {
            let effects = self.answering.speculate(question, self.clock.now());
            self.carry_out(effects);
        }
    }

    /// Ends the caller's turn.
    pub(super) async fn end_turn(&mut self) {
        let (now, end) = (self.clock.now(), self.last_speech());
        let FinishedTurn { text, length_ms } = self.ear.end_turn();
        self.manners.count_silence_from(now);
        self.turns += 1;
        self.out.send(Outgoing::Heard {
            turn: self.turns,
            text: text.clone(),
        });
        self.record_event(
            "turn_ended",
            json!({"turn": self.turns, "silence_ms": now.saturating_sub(end)}),
        );
        self.note_words(&text, end.saturating_sub(length_ms), end);
        self.set_phase(Phase::Thinking);
        self.understand(text, end).await;
    }

    /// Drops a turn without speech.
    pub(super) async fn drop_turn(&mut self) {
        let before = self.ear.drop_turn();
        self.record_event("no_speech", json!({}));
        if let Some(question) = before {
            // The question that this turn seemed to continue was complete after all.
            self.turns += 1;
            self.ear.set_floor(Floor::Thinking);
            self.set_phase(Phase::Thinking);
            self.understand(question, self.last_speech()).await;
            return;
        }
        self.drop_pending();
        let (floor, phase) = if self.answering.is_busy() {
            (Floor::Speaking, Phase::Speaking)
        } else {
            (Floor::Open, Phase::Listening)
        };
        self.ear.set_floor(floor);
        self.set_phase(phase);
    }

    /// The caller went on speaking while an answer was being prepared: continues the question.
    pub(super) fn merge(&mut self) {
        self.clear_sound();
        if let Some(before) = self.answering.unconfirm() {
            self.record_event("merged", json!({"before": before}));
            self.ear.continue_question(before);
            self.turns = self.turns.saturating_sub(1);
        }
        self.set_phase(Phase::Hearing);
    }

    /// Pauses the answer, as somebody may be interrupting.
    pub(super) fn hold(&mut self) {
        let held = self.answering.hold(self.clock.now());
        self.out.send(Outgoing::Pause);
        self.record_event("held", json!({"answer": held}));
    }

    /// Resumes the answer, as nobody interrupted.
    pub(super) fn resume(&mut self) {
        let heard = self.ear.let_pass();
        self.answering.go_on(self.clock.now());
        self.out.send(Outgoing::Resume);
        self.record_event("resumed", json!({"heard": heard}));
        self.ear.set_floor(if self.answering.is_busy() {
            Floor::Speaking
        } else {
            Floor::Open
        });
    }

    /// Handles the caller's words: a reply to what was asked last, or a question for the agent. They
    /// ended at `end`.
    async fn understand(&mut self, text: String, end: u64) {
        if !self.on_the_line.is_nobody() {
            self.pass_on(text).await;
            return;
        }
        let meaning = self.manners.understand(&text);
        if let Meaning::Callback { name, contact } = &meaning {
            self.request_callback(name, contact).await;
        }
        self.ear.expect_digits(self.manners.wants_digits());
        match meaning {
            Meaning::Reply(orders) => self.obey(orders),
            Meaning::Callback { .. } => self.say_by_itself(self.services.phrases.noted),
            Meaning::Question => {
                let reply = self.answering.reply_to_more(&text, self.clock.now());
                match reply {
                    Some(effects) => self.carry_out(effects),
                    None => self.ask(text, end),
                }
            }
        }
    }

    async fn request_callback(&mut self, name: &str, contact: &str) {
        self.record_event(
            "callback_requested",
            json!({"name": name, "contact": contact}),
        );
        if let Err(error) = self.services.request_callback(name, contact).await {
            self.record_event("callback_not_kept", json!({"error": error.to_string()}));
            self.out.send(Outgoing::Notice(
                "Your request could not be saved; please write to us in the chat.".into(),
            ));
        }
    }

    fn ask(&mut self, text: String, end: u64) {
        let now = self.clock.now();
        let (turn_model_ms, stt_ms) = (self.ear.turn_model_ms(), self.ear.recognition_ms());
        let times = TurnTimes::of_turn(end, now, turn_model_ms, stt_ms);
        let turn = self.turns;
        self.manners.await_answer();
        let effects = self
            .answering
            .ask(CallerQuestion { text, turn, times }, now);
        self.carry_out(effects);
    }
}

//! Carries out what answering and the manners ask for.

use serde_json::json;

use super::VoiceSession;
use super::answering::{Effect, Finished, SpeechKind};
use super::manners::Order;
use crate::agent::{AgentError, Committed};
use crate::speech::SpeechError;
use crate::store::calls::{EndedReason, RecordingState};
use crate::voice::line::{Outgoing, Phase};
use crate::voice::turn_taker::Floor;

impl VoiceSession {
    /// Sends the sound that is due and notes what was heard.
    pub(super) fn pump(&mut self) {
        self.out.flush();
        let now = self.clock.now();
        while !self.out.is_stuck() {
            let Some(effects) = self.answering.next_sound(now) else {
                break;
            };
            self.carry_out(effects);
        }
    }

    /// Carries out the effects of answering, in order.
    pub(super) fn carry_out(&mut self, effects: impl IntoIterator<Item = Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(message) => self.out.send(message),
                Effect::Sound(piece) => {
                    if let Some(recorder) = &mut self.recorder {
                        recorder.agent(&piece.pcm, piece.rate, piece.at);
                    }
                    self.out.send(Outgoing::Audio {
                        answer: piece.answer,
                        pcm: piece.pcm,
                        rate: piece.rate,
                    });
                }
                Effect::Clear(answer) => {
                    self.out.forget(answer);
                    self.out.send(Outgoing::Clear { answer });
                }
                Effect::Event(kind, detail) => self.record_event(kind, detail),
                Effect::Line(line) => self.record.line(line),
                Effect::Turn {
                    number,
                    at,
                    rung,
                    times,
                } => self.record.turn(number, at, rung, times),
                Effect::Find(order) => self.services.find_answer(order),
                Effect::Say(order) => self.services.say(order),
                Effect::Keep(job, prepared) => self.services.keep(job, *prepared),
                Effect::TakeFloor => self.ear.set_floor(Floor::Speaking),
                Effect::BeginToSound => self.set_phase(Phase::Speaking),
                Effect::Finished(finished) => self.finish_saying(&finished),
                Effect::OfferCallback => {
                    if self.manners.offer_callback() {
                        self.record_event("callback_offered", json!({}));
                    }
                }
                Effect::CallPerson => {
                    self.record_event("person_called", json!({}));
                    self.services.call_person();
                }
                Effect::Kept(tokens) => {
                    self.manners.note_success();
                    self.cost.prompt_tokens += u64::from(tokens.prompt);
                    self.cost.completion_tokens += u64::from(tokens.completion);
                }
                Effect::Failed => self.apologise(),
            }
        }
    }

    /// Carries out the orders of the manners, in order.
    pub(super) fn obey(&mut self, orders: Vec<Order>) {
        for order in orders {
            match order {
                Order::Event(kind, detail) => self.record_event(kind, detail),
                Order::Say(text) => self.say_by_itself(&text),
                Order::SayFarewell(text, reason) => {
                    let (answer, effects) = self.answering.say_by_itself(&text, self.clock.now());
                    self.carry_out(effects);
                    self.manners.end_after(answer, reason);
                    self.record_event("farewell", json!({"reason": reason.as_str()}));
                }
                Order::Fill(words) => {
                    let effects = self.answering.fill(&words, self.clock.now());
                    self.carry_out(effects);
                }
                Order::ClearSound => self.clear_sound(),
                Order::DropAnswer => self.drop_pending(),
                Order::Record(state) => self.set_recording(state),
                Order::End(reason) => self.end(reason),
            }
        }
    }

    /// Says something on the front desk's own account.
    pub(super) fn say_by_itself(&mut self, text: &str) {
        let (_, effects) = self.answering.say_by_itself(text, self.clock.now());
        self.carry_out(effects);
    }

    /// Cancels the answer that is being prepared.
    pub(super) fn drop_pending(&mut self) {
        let effect = self.answering.drop_pending();
        self.carry_out(effect);
    }

    /// Drops all queued sound.
    pub(super) fn clear_sound(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.cut(self.clock.now());
        }
        let effects = self.answering.clear();
        self.carry_out(effects);
    }

    /// Interrupts the current utterance, and stores what was heard of it.
    pub(super) async fn break_off(&mut self, why: &str) {
        let now = self.clock.now();
        let Some(broken_off) = self.answering.break_off(why, now) else {
            return;
        };
        self.carry_out(broken_off.effects);
        for remember in broken_off.remember {
            self.services.remember(remember).await;
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.cut(now);
        }
        if self.manners.call_off_ending() {
            self.record_event("end_called_off", json!({}));
        }
        self.manners.count_silence_from(now);
        let is_open = self.ear.is_open();
        self.ear.set_floor(Floor::Open);
        self.set_phase(if is_open {
            Phase::Hearing
        } else {
            Phase::Listening
        });
    }

    /// An utterance was heard to its end: gives the caller the floor, unless something else is said or awaited.
    fn finish_saying(&mut self, finished: &Finished) {
        if finished.kind == SpeechKind::Answer {
            self.manners.note_success();
        }
        if finished.is_followed {
            return;
        }
        self.manners.count_silence_from(self.clock.now());
        let awaits_answer = finished.kind == SpeechKind::Filler && finished.is_pending;
        if self.ear.is_open() || awaits_answer {
            return;
        }
        self.ear.set_floor(Floor::Open);
        self.set_phase(Phase::Listening);
        let farewell = self.manners.ends_with(finished.answer);
        if let Some(reason) = finished.ends.or(farewell) {
            self.end(reason);
        }
    }

    /// Apologises for a passing fault, or ends the call after too many.
    fn apologise(&mut self) {
        if self.manners.note_fault() {
            self.end(EndedReason::ErrorAgent);
            return;
        }
        let sorry = self.services.phrases.failed;
        self.out.send(Outgoing::Notice(sorry.to_owned()));
        self.say_by_itself(sorry);
    }

    /// Handles the end of a speech job, or its failure.
    pub(super) fn complete_speech(&mut self, job: u64, fault: Option<SpeechError>) {
        if let Some(error) = fault.filter(|e| !matches!(e, SpeechError::Cancelled)) {
            self.record_event("voice_failed", json!({"error": error.to_string()}));
            tracing::warn!(%error, "something could not be said");
            self.out.send(Outgoing::Notice(
                "Our voice is not available right now; please read the answer.".into(),
            ));
            if self.manners.note_fault() {
                self.end(EndedReason::ErrorSpeech);
            }
        }
        let effects = self.answering.complete(job, self.clock.now());
        self.carry_out(effects);
    }

    /// Handles a stored answer, or its failure.
    pub(super) async fn take_committed(
        &mut self,
        job: u64,
        committed: Result<Option<Committed>, AgentError>,
    ) {
        let (effects, remember) = self.answering.take_committed(job, committed, self.turns);
        self.carry_out(effects);
        if let Some(remember) = remember {
            self.services.remember(remember).await;
        }
    }

    /// Records the state of the recording, and starts it after a yes.
    fn set_recording(&mut self, state: RecordingState) {
        let now = jiff::Timestamp::now().as_millisecond();
        let is_on = state == RecordingState::On;
        self.record.recording(state, is_on.then_some(now));
        if is_on {
            let call = self.record.call().clone();
            self.recorder = Some(self.services.start_recording(call, now));
        }
    }
}

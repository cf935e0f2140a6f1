//! One voice session: a single loop that handles messages from the line, the engines and the
//! clock. Three values decide what to do, and none knows the others: [`Ear`] understands what the caller
//! says, [`Answering`] finds answers and says them, and [`Manners`] looks after greeting, consent,
//! silence and the end. The loop feeds them facts and carries out their decisions.
//!
//! `hearing` brings sound and words into the loop, `effects` carries out what follows.

mod answering;
mod begin;
mod clock;
mod ear;
mod effects;
mod hearing;
mod jobs;
mod manners;
mod person;
mod services;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use self::answering::{Answering, Remember};
use self::clock::{CallClock, TICK_MS};
use self::ear::Ear;
use self::jobs::Work;
use self::manners::{Manners, Scene};
use self::person::OnTheLine;
use self::services::Services;
use super::call_record::CallRecord;
use super::desk::{Caller, Parts};
use super::line::{Incoming, Outgoing, Phase, VoiceLine};
use super::listener::Listener;
use super::outbox::Outbox;
use super::recorder::Recorder;
use super::turn_taker::{Decision, Fact};
use crate::store::calls::{CallCost, CallStatus, EndedReason};
use crate::store::closures;
use crate::worker::Live;

/// Most results of engines that may wait.
const FINDINGS: usize = 64;
/// How long the end of a call waits for an answer on its way into the store.
const KEEPING: Duration = Duration::from_secs(3);

pub(super) struct VoiceSession {
    clock: CallClock,
    record: CallRecord,
    out: Outbox,
    services: Services,

    ear: Ear,
    answering: Answering,
    manners: Manners,
    on_the_line: OnTheLine,

    phase: Phase,
    /// Holds background work back while somebody speaks or waits.
    live: Option<Live>,
    recorder: Option<Recorder>,
    /// Number of the caller's turns so far.
    turns: u32,
    cost: CallCost,
    over: Option<EndedReason>,
}

/// Runs a session, from the first message to the last.
/// `spent` fires when the workspace has no minutes left.
pub(super) async fn run(
    parts: Arc<Parts>,
    caller: Caller,
    line: VoiceLine,
    spent: CancellationToken,
) {
    run_with(parts, caller, line, spent, Listener::default()).await;
}

async fn run_with(
    parts: Arc<Parts>,
    caller: Caller,
    line: VoiceLine,
    spent: CancellationToken,
    listener: Listener,
) {
    let VoiceLine {
        mut incoming,
        outgoing,
    } = line;
    let (work, mut findings) = mpsc::channel(FINDINGS);
    let closed = closures::until_closed(parts.store.clone(), caller.workspace);
    let (to_caller, shutdown) = (outgoing.clone(), parts.shutdown.clone());
    let begun = VoiceSession::begin(parts, caller, to_caller, work, listener).await;
    let mut session = match begun {
        Ok(session) => session,
        Err(error) => {
            tracing::warn!(%error, "a call could not be taken");
            let ended = Outgoing::Ended {
                reason: EndedReason::ErrorAgent,
                message: "Sorry, we cannot take your call right now. Please try again.".into(),
            };
            // Fails only if the caller has left.
            let _ = outgoing.try_send(ended);
            return;
        }
    };
    drop(outgoing);
    let mut clock = tokio::time::interval(Duration::from_millis(TICK_MS));
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    tokio::pin!(closed);
    session.greet();
    while session.over.is_none() {
        let patient = session.clock.has_room_for_sound();
        tokio::select! {
            // Shutdown and results of the engines must not wait behind sound, which arrives all the time.
            biased;
            () = shutdown.cancelled() => session.end(EndedReason::ErrorStopped),
            () = &mut closed => session.end(EndedReason::AgentHangup),
            () = spent.cancelled(), if !session.manners.is_cut() => session.cut_off(),
            Some(finding) = findings.recv() => session.take_finding(finding).await,
            came = incoming.recv(), if patient => match came {
                Some(Incoming::Hangup) => session.end(EndedReason::UserHangup),
                Some(message) => session.take_message(message).await,
                None => session.end(EndedReason::ErrorTransport),
            },
            () = session.on_the_line.following.changed() => session.look_at_conversation().await,
            _ = clock.tick() => session.tick().await,
        }
        session.pump();
    }
    session.close(findings).await;
}

impl VoiceSession {
    /// Announces the session and says the first words.
    fn greet(&mut self) {
        self.out.send(Outgoing::Ready {
            call: self.record.call().id,
            conversation: self.services.conversation,
            asks_consent: self.manners.asks_consent(),
        });
        let channel = self.services.caller.channel.as_str();
        self.record_event(
            "answered_call",
            json!({"channel": channel, "language": self.ear.language()}),
        );
        let orders = self.manners.greet();
        self.obey(orders);
    }

    /// When the caller last spoke, by the wall clock.
    fn last_speech(&self) -> u64 {
        self.clock.wall_time_of(self.ear.last_voice())
    }

    fn set_phase(&mut self, phase: Phase) {
        if self.phase != phase {
            self.phase = phase;
            self.live = match phase {
                Phase::Hearing | Phase::Thinking => {
                    self.live.take().or_else(|| Some(self.services.hold_back()))
                }
                Phase::Listening | Phase::Speaking => None,
            };
            self.out.send(Outgoing::Phase(phase));
        }
    }

    fn record_event(&self, kind: &str, detail: serde_json::Value) {
        self.record.event(self.clock.now(), kind, detail);
    }

    /// Handles a tick of the clock: time without sound, fillers, silence, the end.
    async fn tick(&mut self) {
        self.clock.tick();
        self.tell_ear(Fact::Tick).await;
        self.keep_time();
        if self.out.is_gone(self.clock.now()) {
            self.record_event("line_lost", json!({}));
            self.end(EndedReason::ErrorTransport);
        }
    }

    /// Says goodbye, as the workspace has no minutes left.
    fn cut_off(&mut self) {
        self.record_event("minutes_used_up", json!({}));
        self.manners.cut(self.clock.now());
        self.keep_time();
    }

    fn keep_time(&mut self) {
        if self.over.is_some() {
            return;
        }
        if !self.on_the_line.is_nobody() {
            // Nobody is asked whether they are still there while they wait for a person's word.
            self.manners.count_silence_from(self.clock.now());
        }
        let scene = Scene {
            now: self.clock.now(),
            waiting_since: self.answering.waiting_since(),
            is_speaking: self.answering.is_busy(),
            is_hearing: self.ear.is_open(),
            is_listening: self.phase == Phase::Listening,
        };
        let orders = self.manners.keep_time(&scene);
        self.obey(orders);
    }

    /// Tells the ear a fact, and carries out its decisions.
    async fn tell_ear(&mut self, fact: Fact<'_>) {
        let decisions = self.ear.take(fact, self.clock.line_ms());
        self.follow(decisions).await;
    }

    async fn follow(&mut self, decisions: Vec<Decision>) {
        for decision in decisions {
            match decision {
                Decision::Started => self.begin_turn(),
                Decision::Consider(number) => self.consider(number),
                Decision::GoesOn => self.ear.go_on(),
                Decision::Ended(_) => self.end_turn().await,
                Decision::Nothing => self.drop_turn().await,
                Decision::Pause => self.hold(),
                Decision::Resume => self.resume(),
                Decision::Cancel => self.break_off("barge_in").await,
                Decision::Merge => self.merge(),
            }
        }
    }

    /// Handles a result of an engine.
    async fn take_finding(&mut self, finding: Work) {
        let now = self.clock.now();
        match finding {
            Work::Partial(heard) => self.take_partial(heard).await,
            Work::Heard(number, heard) => self.take_pause_words(number, heard).await,
            Work::TurnEnd(number, likely, took) => {
                let line_ms = self.clock.line_ms();
                let decisions = self.ear.take_turn_end(number, likely, took, line_ms);
                self.follow(decisions).await;
            }
            Work::Clip(job, clip) => {
                self.cost.spoken_ms += clip.duration_ms();
                let effects = self.answering.add_clip(job, clip, now);
                self.carry_out(effects);
            }
            Work::Spoken(job, fault) => self.complete_speech(job, fault),
            Work::FirstWords(job) => self.answering.note_first_words(job, now),
            Work::Prepared(job, prepared) => {
                let effects = self.answering.take_prepared(job, *prepared, now);
                self.carry_out(effects);
            }
            Work::Rest(job, rest) => self.answering.keep_rest(job, rest),
            Work::Committed(job, committed) => self.take_committed(job, *committed).await,
        }
    }

    /// Ends the call; the first reason counts.
    fn end(&mut self, reason: EndedReason) {
        self.over.get_or_insert(reason);
    }

    /// Stores what is left, sends the last message and ends the record.
    async fn close(mut self, mut findings: mpsc::Receiver<Work>) {
        let reason = self.over.unwrap_or(EndedReason::ErrorAgent);
        if self.answering.is_busy() {
            self.break_off("ended").await;
        }
        if let Some(question) = self.answering.open_question() {
            let (question, heard) = (question.to_owned(), String::new());
            let unanswered = Remember::Keep { question, heard };
            self.services.remember(unanswered).await;
        }
        self.drop_pending();
        // Wait for answers on their way into the store: they may still have to be shortened to what was heard.
        while self.answering.is_keeping() {
            match tokio::time::timeout(KEEPING, findings.recv()).await {
                Ok(Some(Work::Committed(job, committed))) => {
                    self.take_committed(job, *committed).await
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        if let Some(recorder) = self.recorder.take() {
            recorder.finish().await;
        }
        let status = match reason {
            EndedReason::ErrorSpeech
            | EndedReason::ErrorAgent
            | EndedReason::ErrorStopped
            | EndedReason::ErrorTransport => CallStatus::Failed,
            _ => CallStatus::Completed,
        };
        self.record_event("ended", json!({"reason": reason.as_str()}));
        let message = Manners::last_words(reason).to_owned();
        self.out.send(Outgoing::Ended { reason, message });
        self.record.finish(status, reason, self.cost).await;
    }
}

#[cfg(test)]
mod closed_tests;
#[cfg(test)]
mod fakes;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod workflow_tests;

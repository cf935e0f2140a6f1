//! One voice session: a single loop that takes what comes from the line, from the engines and from the
//! clock, and decides nothing by itself: turns are decided in `turn_taker`, sound is paced in `playout`.
//!
//! `listen` has what the caller does, `answer` finds and keeps answers, `say` speaks, `course` is the frame
//! around it: greeting, consent, silence, the end.

mod answer;
mod course;
mod jobs;
mod listen;
mod say;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::task::AbortOnDropHandle;

use self::answer::Pending;
use self::course::{Consent, Ending};
use self::jobs::Work;
use self::say::Said;
use super::call_record::CallRecord;
use super::desk::{Caller, Parts};
use super::echo::EchoGuard;
use super::line::{Incoming, Outgoing, Phase, VoiceLine};
use super::listener::Listener;
use super::outbox::Outbox;
use super::phrases::{Phrases, phrases};
use super::playout::Playout;
use super::recorder::Recorder;
use super::settings::VoiceSettings;
use super::turn_settings::TurnSettings;
use super::turn_taker::{Decision, Fact, TurnTaker};
use crate::speech::Pronunciation;
use crate::store::calls::{self, CallCost, CallStatus, EndedReason, NewCall};
use crate::store::conversations::{self, Channel, NewConversation};
use crate::store::{ConversationId, StoreError, closures, pronunciations, workspaces};
use crate::worker::Live;

/// The loop's own clock, in ms.
const TICK_MS: u64 = 20;
/// Findings of the engines that may wait.
const FINDINGS: usize = 64;
/// Sound may come so much faster than real time, in ms, before it has to wait.
const AHEAD_MS: u64 = 3000;
/// Without sound for so long, in ms, the line's clock goes on by itself.
const DEAD_LINE_MS: u64 = 400;

/// A running session.
pub(super) struct Session {
    parts: Arc<Parts>,
    caller: Caller,
    settings: VoiceSettings,
    phrases: &'static Phrases,
    lexicon: Vec<Pronunciation>,
    conversation: ConversationId,
    record: CallRecord,
    out: Outbox,
    work: mpsc::Sender<Work>,
    started: Instant,
    /// The line's clock: ms of sound that came.
    line_ms: u64,
    /// When sound last came, by the clock on the wall.
    last_sound: u64,

    listener: Listener,
    taker: TurnTaker,
    echo: EchoGuard,
    playout: Playout,
    phase: Phase,
    /// Running recognitions; dropping one cancels it.
    partial_job: Option<AbortOnDropHandle<()>>,
    pause_jobs: Vec<AbortOnDropHandle<()>>,
    /// ms of voice in the turn when its words were last asked for.
    partial_at: u64,
    last_partial: String,
    /// Words of the last pause.
    candidate: String,
    candidate_ms: u64,
    turn_model_ms: Option<u64>,
    considered_at: u64,
    /// Earlier words of a question that goes on.
    prefix: String,

    pending: Option<Pending>,
    jobs: u64,
    answers: u32,
    turns: u32,
    said: HashMap<u32, Said>,
    /// Answers that are being kept, with what was heard of them if they were broken off meanwhile.
    cuts: HashMap<u64, Option<String>>,
    /// Sentences of the last answer that wait for a yes.
    more: Vec<String>,
    consent: Consent,
    collect: Option<super::collect::Collect>,
    recorder: Option<Recorder>,
    /// Holds background work back while somebody speaks or waits.
    live: Option<Live>,

    quiet_since: u64,
    prompts: u32,
    warned: bool,
    filler_played: bool,
    faults: u32,
    ending: Option<Ending>,
    over: Option<(EndedReason, String)>,
    cost: CallCost,
}

/// Carries a session out, from the first message to the last.
pub(super) async fn run(parts: Arc<Parts>, caller: Caller, line: VoiceLine) {
    run_with(parts, caller, line, Listener::default()).await;
}

async fn run_with(parts: Arc<Parts>, caller: Caller, line: VoiceLine, listener: Listener) {
    let VoiceLine {
        mut incoming,
        outgoing,
    } = line;
    let (work, mut findings) = mpsc::channel(FINDINGS);
    let begun = Session::begin(Arc::clone(&parts), caller, outgoing.clone(), work).await;
    let mut session = match begun {
        Ok(session) => session,
        Err(error) => {
            tracing::warn!(%error, "a call could not be taken");
            let ended = Outgoing::Ended {
                reason: EndedReason::ErrorAgent,
                message: "Sorry, we cannot take your call right now. Please try again.".into(),
            };
            // Whoever called may have left already.
            let _ = outgoing.try_send(ended);
            return;
        }
    };
    drop(outgoing);
    session.listener = listener;
    let mut clock = tokio::time::interval(Duration::from_millis(TICK_MS));
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let closed = closures::until_closed(parts.store.clone(), session.caller.workspace);
    tokio::pin!(closed);
    session.greet();
    while session.over.is_none() {
        let patient = session.line_ms <= session.now() + AHEAD_MS;
        tokio::select! {
            biased;
            () = parts.shutdown.cancelled() => session.end(EndedReason::ErrorStopped),
            () = &mut closed => session.end(EndedReason::AgentHangup),
            Some(finding) = findings.recv() => session.found(finding).await,
            came = incoming.recv(), if patient => match came {
                Some(Incoming::Hangup) => session.end(EndedReason::UserHangup),
                Some(message) => session.take(message).await,
                None => session.end(EndedReason::ErrorTransport),
            },
            _ = clock.tick() => session.tick().await,
        }
        session.pump().await;
    }
    session.close(findings).await;
}

impl Session {
    async fn begin(
        parts: Arc<Parts>,
        caller: Caller,
        outgoing: mpsc::Sender<Outgoing>,
        work: mpsc::Sender<Work>,
    ) -> Result<Self, StoreError> {
        let (workspace, assistant) = (caller.workspace, caller.assistant.id);
        let (channel, name, known) = (caller.channel, caller.name.clone(), caller.conversation);
        let begun_by = caller.begun_by;
        let now = jiff::Timestamp::now().as_millisecond();
        let (settings, lexicon, conversation, call) = parts
            .store
            .write(move |tx| {
                let settings: VoiceSettings =
                    workspaces::section(tx, workspace, VoiceSettings::SECTION)?;
                let lexicon = pronunciations::list(tx, workspace)?;
                let conversation = match known {
                    Some(id) => conversations::get(tx, workspace, id)?.id,
                    None => {
                        let new = NewConversation {
                            assistant: Some(assistant),
                            channel: Channel::Voice,
                            visitor: name.as_deref(),
                            title: "",
                            begun_by,
                        };
                        conversations::create(tx, workspace, &new, now)?.id
                    }
                };
                let new = NewCall {
                    assistant: Some(assistant),
                    conversation: Some(conversation),
                    channel,
                    caller: name.as_deref(),
                    status: CallStatus::InProgress,
                };
                let call = calls::create(tx, workspace, &new, now)?;
                Ok((settings, lexicon, conversation, call))
            })
            .await?;
        let record = CallRecord::new(parts.store.clone(), call, &parts.tasks);
        Ok(Self {
            phrases: phrases(&settings.language),
            taker: TurnTaker::new(TurnSettings::default(), settings.barge_in),
            consent: Consent::of(settings.recording),
            parts,
            caller,
            settings,
            lexicon: lexicon
                .into_iter()
                .map(|p| Pronunciation {
                    word: p.word,
                    say: p.say,
                })
                .collect(),
            conversation,
            record,
            out: Outbox::new(outgoing),
            work,
            started: Instant::now(),
            line_ms: 0,
            last_sound: 0,
            listener: Listener::default(),
            echo: EchoGuard::default(),
            playout: Playout::default(),
            phase: Phase::Listening,
            partial_job: None,
            pause_jobs: Vec::new(),
            partial_at: 0,
            last_partial: String::new(),
            candidate: String::new(),
            candidate_ms: 0,
            turn_model_ms: None,
            considered_at: 0,
            prefix: String::new(),
            pending: None,
            jobs: 0,
            answers: 0,
            turns: 0,
            said: HashMap::new(),
            cuts: HashMap::new(),
            more: Vec::new(),
            collect: None,
            recorder: None,
            live: None,
            quiet_since: 0,
            prompts: 0,
            warned: false,
            filler_played: false,
            faults: 0,
            ending: None,
            over: None,
            cost: CallCost::default(),
        })
    }

    /// ms since the call began.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// When the caller last made a sound, by the clock on the wall.
    fn last_speech(&self) -> u64 {
        self.now()
            .saturating_sub(self.line_ms.saturating_sub(self.taker.last_voice()))
    }

    fn set_phase(&mut self, phase: Phase) {
        if self.phase != phase {
            self.phase = phase;
            self.live = match phase {
                Phase::Hearing | Phase::Thinking => self
                    .live
                    .take()
                    .or_else(|| Some(self.parts.governor.live())),
                Phase::Listening | Phase::Speaking => None,
            };
            self.out.send(Outgoing::Phase(phase));
        }
    }

    fn event(&self, kind: &str, detail: serde_json::Value) {
        self.record.event(self.now(), kind, detail);
    }

    /// The clock: time without sound, fillers, silence, the end.
    async fn tick(&mut self) {
        let now = self.now();
        if now.saturating_sub(self.last_sound) >= DEAD_LINE_MS && self.line_ms <= now {
            self.line_ms += TICK_MS;
        }
        self.fact(Fact::Tick).await;
        self.keep_time();
        if self.out.is_gone(now) {
            self.event("line_lost", json!({}));
            self.end(EndedReason::ErrorTransport);
        }
    }

    /// Tells the turn taker something, and carries out what it decides.
    async fn fact(&mut self, fact: Fact<'_>) {
        let decisions = self.taker.take(fact, self.line_ms);
        for decision in decisions {
            self.decided(decision).await;
        }
    }

    async fn decided(&mut self, decision: Decision) {
        match decision {
            Decision::Started => self.caller_begins(),
            Decision::Consider(number) => self.consider(number),
            Decision::GoesOn => self.goes_on(),
            Decision::Ended(_) => self.turn_ended().await,
            Decision::Nothing => self.was_nothing().await,
            Decision::Pause => self.hold(),
            Decision::Resume => self.resume(),
            Decision::Cancel => self.break_off("barge_in").await,
            Decision::Merge => self.merge(),
        }
    }

    /// What the session is over by; the first reason counts.
    fn end(&mut self, reason: EndedReason) {
        if self.over.is_none() {
            self.over = Some((reason, self.last_words(reason)));
        }
    }
}

#[cfg(test)]
mod closed_tests;
#[cfg(test)]
mod fakes;
#[cfg(test)]
mod tests;

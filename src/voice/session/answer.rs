//! Finding an answer, before and after it is sure what was asked, and keeping it.

use serde_json::json;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::Session;
use super::jobs;
use super::say::{Kind, Said, Times};
use crate::agent::{AgentError, Committed, PreparedAnswer, Talk, Turn};
use crate::knowledge::Audience;
use crate::llm::{Claim, Priority};
use crate::speech::{Clip, SpeechError};
use crate::store::calls::EndedReason;
use crate::voice::line::Outgoing;
use crate::voice::turn_taker::Floor;
use crate::voice::words;

/// Shorter questions are not worth preparing for, in characters.
const SHORT: usize = 4;

/// An answer that is being found, and not heard yet.
pub(super) struct Pending {
    job: u64,
    question: String,
    key: String,
    /// Since when the caller waits for it; none while it is only likely that they will.
    confirmed: Option<u64>,
    speculated: bool,
    asked_at: u64,
    first_words: Option<u64>,
    first_clip: Option<u64>,
    answered: Option<u64>,
    clips: Vec<Clip>,
    all_spoken: bool,
    prepared: Option<PreparedAnswer>,
    rest: Vec<String>,
    times: Times,
    gate: watch::Sender<bool>,
    work: AbortOnDropHandle<()>,
}

impl Pending {
    pub(super) fn unconfirm(&mut self) {
        self.confirmed = None;
    }

    pub(super) fn question(&self) -> &str {
        &self.question
    }

    /// Since when the caller waits.
    pub(super) fn waiting_since(&self) -> Option<u64> {
        self.confirmed
    }
}

impl Session {
    fn turn(&self, question: String) -> Turn {
        Turn {
            workspace: self.caller.workspace,
            assistant: self.caller.assistant.clone(),
            conversation: Some(self.conversation),
            history: Vec::new(),
            question,
            client_id: None,
            claim: Claim::new(Priority::Voice, self.caller.flow),
            sampling: None,
            now: None,
            audience: Audience::Visitors,
            evaluation: false,
        }
    }

    /// Begins to find the answer to what is probably asked. Nothing is kept of it unless it is.
    pub(super) fn speculate(&mut self, question: &str) {
        let special = self.collect.is_some()
            || self.consent.is_waiting()
            || self.ending.is_some()
            || !self.more.is_empty();
        // While an answer is heard, the next one would rest on what was not.
        if special || self.playout.is_busy() || !self.cuts.is_empty() || question.len() < SHORT {
            return;
        }
        self.find_answer(question);
    }

    fn find_answer(&mut self, question: &str) {
        let key = words::normalised(question);
        if self.pending.as_ref().is_some_and(|p| p.key == key) {
            return;
        }
        self.jobs += 1;
        let job = self.jobs;
        let (gate, open) = watch::channel(false);
        let work = jobs::answer(
            &self.parts.tasks,
            self.parts.agent.clone(),
            self.turn(question.to_owned()),
            self.phrases,
            self.mouth(job),
            open,
        );
        self.pending = Some(Pending {
            job,
            question: question.to_owned(),
            key,
            confirmed: None,
            speculated: true,
            asked_at: self.now(),
            first_words: None,
            first_clip: None,
            answered: None,
            clips: Vec::new(),
            all_spoken: false,
            prepared: None,
            rest: Vec::new(),
            times: Times::default(),
            gate,
            work,
        });
    }

    pub(super) fn drop_pending(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.event(
                "answer_dropped",
                json!({"question": pending.question, "confirmed": pending.confirmed.is_some()}),
            );
        }
    }

    /// The caller asked this; their speech ended at `end`.
    pub(super) fn ask(&mut self, question: String, end: u64) {
        let key = words::normalised(&question);
        let known = self.pending.as_ref().is_some_and(|p| p.key == key);
        self.find_answer(&question);
        let now = self.now();
        let times = Times {
            speech_end: Some(end),
            end_of_turn_ms: Some(now.saturating_sub(end)),
            turn_model_ms: self.turn_model_ms,
            stt_ms: Some(self.candidate_ms),
            ..Times::default()
        };
        if let Some(pending) = &mut self.pending {
            pending.confirmed = Some(now);
            pending.speculated = known;
            pending.times = times;
            pending.question = question;
            pending.gate.send_replace(true);
        }
        self.filler_played = false;
        self.event("asked", json!({"turn": self.turns, "speculated": known}));
        self.begin_answer();
    }

    pub(super) fn first_words(&mut self, job: u64) {
        let now = self.now();
        if let Some(pending) = self.pending.as_mut().filter(|p| p.job == job) {
            pending.first_words = Some(now);
        } else if let Some(said) = self.said_of(job) {
            said.times.first_token_ms.get_or_insert(0);
        }
    }

    pub(super) fn rest(&mut self, job: u64, rest: Vec<String>) {
        if let Some(pending) = self.pending.as_mut().filter(|p| p.job == job) {
            pending.rest = rest;
        } else if self.said_of(job).is_some() {
            self.more = rest;
        }
    }

    pub(super) fn clip(&mut self, job: u64, clip: Clip) {
        self.cost.spoken_ms += clip.duration_ms();
        let now = self.now();
        if let Some(pending) = self.pending.as_mut().filter(|p| p.job == job) {
            pending.first_clip.get_or_insert(now);
            pending.clips.push(clip);
            self.begin_answer();
        } else if let Some(answer) = self.said_of(job).map(|said| said.answer) {
            self.playout.add(answer, clip);
        }
    }

    pub(super) fn prepared(&mut self, job: u64, prepared: Result<PreparedAnswer, AgentError>) {
        let now = self.now();
        match prepared {
            Ok(prepared) => {
                if let Some(pending) = self.pending.as_mut().filter(|p| p.job == job) {
                    pending.prepared = Some(prepared);
                    pending.answered = Some(now);
                    self.begin_answer();
                } else if let Some(said) = self.said_of(job) {
                    let since = said.asked_at;
                    said.times.retrieve_ms = Some(prepared.retrieve_ms());
                    said.times.answer_ms = Some(now.saturating_sub(since));
                    self.keep(job, prepared);
                }
            }
            Err(error) => {
                self.event("answer_failed", json!({"error": error.to_string()}));
                tracing::warn!(%error, "a caller's question was not answered");
                let waited = self
                    .pending
                    .as_ref()
                    .is_some_and(|p| p.job == job && p.confirmed.is_some());
                if self.pending.as_ref().is_some_and(|p| p.job == job) {
                    self.pending = None;
                }
                if waited {
                    self.apologise(EndedReason::ErrorAgent);
                }
            }
        }
    }

    /// A fault that passed: one spoken apology, and the end if there are too many.
    pub(super) fn apologise(&mut self, reason: EndedReason) {
        self.faults += 1;
        if self.faults >= 3 {
            self.end(reason);
            return;
        }
        self.out.send(Outgoing::Notice(self.phrases.failed.into()));
        self.say_by_itself(self.phrases.failed);
    }

    pub(super) fn spoken(&mut self, job: u64, fault: Option<SpeechError>) {
        if let Some(error) = fault.filter(|e| !matches!(e, SpeechError::Cancelled)) {
            self.event("voice_failed", json!({"error": error.to_string()}));
            tracing::warn!(%error, "something could not be said");
            self.out.send(Outgoing::Notice(
                "Our voice is not available right now; please read the answer.".into(),
            ));
            self.faults += 1;
            if self.faults >= 3 {
                self.end(EndedReason::ErrorSpeech);
            }
        }
        if let Some(pending) = self.pending.as_mut().filter(|p| p.job == job) {
            pending.all_spoken = true;
            self.begin_answer();
        } else if let Some(answer) = self.said_of(job).map(|said| said.answer) {
            self.playout.complete(answer);
        }
    }

    /// Begins to play what was found, once it is sure that it was asked for and there is sound of it; or
    /// at least text, when no sound comes.
    fn begin_answer(&mut self) {
        let Some(pending) = &self.pending else { return };
        let silent = pending.all_spoken && pending.prepared.is_some();
        let Some(waiting) = pending.confirmed else {
            return;
        };
        if pending.clips.is_empty() && !silent {
            return;
        }
        let Some(mut pending) = self.pending.take() else {
            return;
        };
        self.answers += 1;
        let answer = self.answers;
        let now = self.now();
        pending.times.first_token_ms = pending.first_words.map(|at| at.saturating_sub(waiting));
        pending.times.tts_first_ms = pending
            .first_clip
            .map(|at| at.saturating_sub(pending.first_words.unwrap_or(pending.asked_at)));
        pending.times.speculated = pending.speculated;
        if let Some(prepared) = &pending.prepared {
            pending.times.retrieve_ms = Some(prepared.retrieve_ms());
            pending.times.answer_ms = pending
                .answered
                .map(|at| at.saturating_sub(pending.asked_at));
        }
        self.playout.begin(answer);
        for clip in pending.clips {
            self.playout.add(answer, clip);
        }
        if pending.all_spoken {
            self.playout.complete(answer);
        }
        self.more = pending.rest;
        let mut said = Said::new(answer, pending.job, Kind::Answer, pending.question, now);
        said.turn = self.turns;
        said.asked_at = pending.asked_at;
        said.times = pending.times;
        said.work = Some(pending.work);
        self.said.insert(answer, said);
        self.taker.set_floor(Floor::Speaking);
        if let Some(prepared) = pending.prepared {
            self.keep(pending.job, prepared);
        }
    }

    /// Keeps an answer that is being heard.
    fn keep(&mut self, job: u64, prepared: PreparedAnswer) {
        if let Some(said) = self.said_of(job) {
            said.rung = Some(prepared.rung());
            said.keeping = true;
            let farewell =
                prepared.talk() == Some(Talk::Goodbye) || words::is_farewell(&said.question);
            let small_talk = prepared.talk().is_some();
            let (person, contact) = (prepared.handoff(), prepared.talk() == Some(Talk::Contact));
            if farewell && small_talk {
                said.ends = Some(EndedReason::AgentHangup);
            }
            if person && !contact {
                self.offer_callback();
            }
        }
        self.cuts.insert(job, None);
        // It goes on even if the call ends meanwhile: what was said is kept.
        drop(jobs::commit(
            &self.parts.tasks,
            self.parts.agent.clone(),
            prepared,
            job,
            self.work.clone(),
        ));
    }

    /// An answer was kept.
    pub(super) async fn committed(&mut self, job: u64, committed: Result<Committed, AgentError>) {
        let cut = self.cuts.remove(&job).flatten();
        let Committed { answer, message } = match committed {
            Ok(committed) => committed,
            Err(error) => {
                self.event("answer_not_kept", json!({"error": error.to_string()}));
                self.out.send(Outgoing::Notice(error.to_string()));
                return;
            }
        };
        self.faults = 0;
        self.cost.prompt_tokens += u64::from(answer.tokens.prompt);
        self.cost.completion_tokens += u64::from(answer.tokens.completion);
        let receipt = answer.receipt.as_deref().and_then(|r| r.parse().ok());
        self.event(
            "answered",
            json!({"rung": answer.rung.as_str(), "receipt": answer.receipt, "handoff": answer.handoff}),
        );
        let mut turn = self.turns;
        if let Some(said) = self.said_of(job) {
            (said.receipt, said.message) = (receipt, message);
            turn = said.turn;
        }
        self.out.send(Outgoing::Answer {
            turn,
            text: answer.answer,
            rung: Some(answer.rung),
            citations: answer.citations,
            receipt,
            handoff: answer.handoff,
        });
        if let (Some(heard), Some(message)) = (cut, message) {
            self.shorten(message, heard).await;
        }
    }

    /// Shortens a kept answer to what was heard of it.
    pub(super) async fn shorten(&mut self, message: crate::store::MessageId, heard: String) {
        let agent = self.parts.agent.clone();
        let done = agent.shorten(self.caller.workspace, message, heard).await;
        if let Err(error) = done {
            tracing::warn!(%error, "an interrupted answer could not be shortened");
        }
    }

    /// Keeps a question whose answer was broken off before it was complete.
    pub(super) async fn keep_broken(&mut self, question: String, heard: String) {
        let turn = self.turn(question);
        if let Err(error) = self.parts.agent.keep_broken(turn, heard).await {
            tracing::warn!(%error, "an interrupted answer could not be kept");
        }
    }
}

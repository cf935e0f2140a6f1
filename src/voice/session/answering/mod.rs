//! Finds answers, before and after the question is certain, and says them. [`speaking`] tracks what is spoken and how
//! much of it was heard. Knows neither the caller's sound nor the manners around a turn.

mod effect;
mod pending;
mod speaking;
mod spoken;

use std::collections::HashMap;

use serde_json::json;

pub(super) use self::effect::{Effect, FindOrder, Finished, Remember, SayOrder};
use self::pending::PendingAnswer;
use self::spoken::SpokenAnswer;
pub(super) use self::spoken::{SpeechKind, TurnTimes};
use crate::agent::{AgentError, Committed, PreparedAnswer, Talk};
use crate::speech::Clip;
use crate::store::calls::EndedReason;
use crate::voice::line::Outgoing;
use crate::voice::phrases::Phrases;
use crate::voice::playout::Playout;
use crate::voice::words;

/// Questions below this length in bytes are not worth preparing for.
const SHORT: usize = 4;

pub(super) struct CallerQuestion {
    pub(super) text: String,
    pub(super) turn: u32,
    /// The times known so far.
    pub(super) times: TurnTimes,
}

/// Finds answers, says them, and tracks what was heard of them.
pub(super) struct Answering {
    phrases: &'static Phrases,
    playout: Playout,
    pending: Option<PendingAnswer>,
    /// Utterances in progress, by answer number.
    said: HashMap<u32, SpokenAnswer>,
    /// Answers on their way into the store, by job, with the part that was heard if they were interrupted since.
    cuts: HashMap<u64, Option<String>>,
    /// Sentences of the last answer that wait for the caller's yes.
    more: Vec<String>,
    jobs: u64,
    answers: u32,
    /// Whether somebody is at the desk, who can be called.
    is_desk_open: bool,
}

impl Answering {
    pub(super) fn new(phrases: &'static Phrases) -> Self {
        Self {
            phrases,
            playout: Playout::default(),
            pending: None,
            said: HashMap::new(),
            cuts: HashMap::new(),
            more: Vec::new(),
            jobs: 0,
            answers: 0,
            is_desk_open: false,
        }
    }

    pub(super) fn set_desk_open(&mut self, is_open: bool) {
        self.is_desk_open = is_open;
    }

    /// Since when the caller has been waiting for an answer.
    pub(super) fn waiting_since(&self) -> Option<u64> {
        self.pending.as_ref().and_then(PendingAnswer::waiting_since)
    }

    /// Whether answers are on their way into the store.
    pub(super) fn is_keeping(&self) -> bool {
        !self.cuts.is_empty()
    }

    fn find_pending(&mut self, job: u64) -> Option<&mut PendingAnswer> {
        self.pending.as_mut().filter(|p| p.job == job)
    }

    fn find_said(&mut self, job: u64) -> Option<&mut SpokenAnswer> {
        self.said.values_mut().find(|said| said.job == job)
    }

    /// Starts to prepare an answer to the probable question. Nothing is stored unless the caller really asks it.
    pub(super) fn speculate(&mut self, question: &str, now: u64) -> Option<Effect> {
        // A question asked while an answer plays would rest on words that the caller has not heard yet.
        let must_wait = self.is_busy() || self.is_keeping() || !self.more.is_empty();
        if must_wait || question.len() < SHORT {
            return None;
        }
        self.find(question, now)
    }

    fn find(&mut self, question: &str, now: u64) -> Option<Effect> {
        if self.pending.as_ref().is_some_and(|p| p.answers(question)) {
            return None;
        }
        self.jobs += 1;
        let (pending, order) = PendingAnswer::begin(self.jobs, question, now);
        self.pending = Some(pending);
        let is_desk_open = self.is_desk_open;
        Some(Effect::Find(FindOrder {
            is_desk_open,
            ..order
        }))
    }

    /// Handles a question of the caller.
    pub(super) fn ask(&mut self, question: CallerQuestion, now: u64) -> Vec<Effect> {
        let CallerQuestion {
            text,
            turn,
            mut times,
        } = question;
        let mut effects = Vec::from_iter(self.find(&text, now));
        // No effect means that this answer was already being prepared.
        times.speculated = effects.is_empty();
        let detail = json!({"turn": turn, "speculated": times.speculated});
        if let Some(pending) = &mut self.pending {
            pending.confirm(text, turn, times, now);
        }
        effects.push(Effect::Event("asked", detail));
        effects.extend(self.begin_answer(now));
        effects
    }

    /// The caller continues a question that seemed complete; returns the question so far.
    pub(super) fn unconfirm(&mut self) -> Option<String> {
        let pending = self.pending.as_mut()?;
        pending.unconfirm();
        Some(pending.question.clone())
    }

    /// Cancels the answer that is being prepared.
    pub(super) fn drop_pending(&mut self) -> Option<Effect> {
        let pending = self.pending.take()?;
        let confirmed = pending.waiting_since().is_some();
        let detail = json!({"question": pending.question, "confirmed": confirmed});
        Some(Effect::Event("answer_dropped", detail))
    }

    /// The question that the caller is waiting to have answered.
    pub(super) fn open_question(&self) -> Option<&str> {
        let pending = self.pending.as_ref()?;
        pending.waiting_since().map(|_| pending.question.as_str())
    }

    /// Handles the caller's reply to whether they want more of a long answer; `None` if that was not the
    /// question, or they ask something else.
    pub(super) fn reply_to_more(&mut self, text: &str, now: u64) -> Option<Vec<Effect>> {
        let more = std::mem::take(&mut self.more);
        if more.is_empty() {
            return None;
        }
        Some(if words::yes_or_no(text)? {
            self.say_more(more, now)
        } else {
            self.say_by_itself(self.phrases.anything_else, now).1
        })
    }

    /// Says the next sentences of a long answer.
    fn say_more(&mut self, mut more: Vec<String>, now: u64) -> Vec<Effect> {
        let mut effects = vec![Effect::Event("goes_on", json!({"sentences": more.len()}))];
        let later = if more.len() > 4 {
            more.split_off(3)
        } else {
            Vec::new()
        };
        let text = more.join(" ");
        if !later.is_empty() {
            more.push(self.phrases.more.into());
        }
        effects.extend(self.say(SpeechKind::Own, &text, more, now).1);
        self.more = later;
        effects
    }

    pub(super) fn note_first_words(&mut self, job: u64, now: u64) {
        if let Some(pending) = self.find_pending(job) {
            pending.first_words = Some(now);
        } else if let Some(said) = self.find_said(job) {
            said.times.first_token_ms.get_or_insert(0);
        }
    }

    /// Keeps the sentences that are left for later.
    pub(super) fn keep_rest(&mut self, job: u64, rest: Vec<String>) {
        if let Some(pending) = self.find_pending(job) {
            pending.rest = rest;
        } else if self.find_said(job).is_some() {
            self.more = rest;
        }
    }

    /// Adds a spoken clause.
    pub(super) fn add_clip(&mut self, job: u64, clip: Clip, now: u64) -> Vec<Effect> {
        if let Some(pending) = self.find_pending(job) {
            pending.add(clip, now);
            return self.begin_answer(now);
        }
        if let Some(answer) = self.find_said(job).map(|said| said.answer) {
            self.playout.add(answer, clip);
        }
        Vec::new()
    }

    /// Notes that all clauses of a job are spoken.
    pub(super) fn complete(&mut self, job: u64, now: u64) -> Vec<Effect> {
        if let Some(pending) = self.find_pending(job) {
            pending.all_spoken = true;
            return self.begin_answer(now);
        }
        if let Some(answer) = self.find_said(job).map(|said| said.answer) {
            self.playout.complete(answer);
        }
        Vec::new()
    }

    /// Handles a prepared answer, or its failure.
    pub(super) fn take_prepared(
        &mut self,
        job: u64,
        prepared: Result<PreparedAnswer, AgentError>,
        now: u64,
    ) -> Vec<Effect> {
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return self.fail(job, &error),
        };
        if let Some(pending) = self.find_pending(job) {
            pending.complete(prepared, now);
            self.begin_answer(now)
        } else if let Some(said) = self.find_said(job) {
            said.times.retrieve_ms = Some(prepared.retrieve_ms());
            said.times.answer_ms = Some(now.saturating_sub(said.asked_at));
            self.keep(job, prepared)
        } else {
            Vec::new()
        }
    }

    fn fail(&mut self, job: u64, error: &AgentError) -> Vec<Effect> {
        tracing::warn!(%error, "a caller's question was not answered");
        let detail = json!({"error": error.to_string()});
        let mut effects = vec![Effect::Event("answer_failed", detail)];
        let failed = self.pending.take_if(|p| p.job == job);
        if failed.is_some_and(|p| p.waiting_since().is_some()) {
            effects.push(Effect::Failed);
        }
        effects
    }

    /// Starts to play the prepared answer, once it is ready.
    fn begin_answer(&mut self, now: u64) -> Vec<Effect> {
        let Some(mut pending) = self.pending.take_if(|p| p.is_ready()) else {
            return Vec::new();
        };
        let times = pending.take_times();
        self.answers += 1;
        let answer = self.answers;
        self.playout.begin(answer);
        for clip in pending.clips {
            self.playout.add(answer, clip);
        }
        if pending.all_spoken {
            self.playout.complete(answer);
        }
        self.more = pending.rest;
        let (job, question) = (pending.job, pending.question);
        let mut said = SpokenAnswer::new(answer, job, SpeechKind::Answer, question, now);
        said.turn = pending.turn;
        said.asked_at = pending.asked_at;
        said.times = times;
        said.guard = Some(pending.guard);
        self.said.insert(answer, said);
        let mut effects = vec![Effect::TakeFloor];
        if let Some(prepared) = pending.prepared {
            effects.extend(self.keep(job, prepared));
        }
        effects
    }

    /// Stores an answer that is being played.
    fn keep(&mut self, job: u64, prepared: PreparedAnswer) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(said) = self.find_said(job) {
            said.rung = Some(prepared.rung());
            said.keeping = true;
            let farewell =
                prepared.talk() == Some(Talk::Goodbye) || words::is_farewell(&said.question);
            let small_talk = prepared.talk().is_some();
            let (person, contact) = (prepared.handoff(), prepared.talk() == Some(Talk::Contact));
            if farewell && small_talk {
                said.ends = Some(EndedReason::AgentHangup);
            }
            let wish = prepared.talk() == Some(Talk::Person);
            if wish && self.is_desk_open {
                effects.push(Effect::CallPerson);
            } else if person && !contact {
                effects.push(Effect::OfferCallback);
            }
        }
        self.cuts.insert(job, None);
        effects.push(Effect::Keep(job, Box::new(prepared)));
        effects
    }

    /// Handles a stored answer, or its failure. `turn` is the number of the caller's last turn.
    pub(super) fn take_committed(
        &mut self,
        job: u64,
        committed: Result<Option<Committed>, AgentError>,
        turn: u32,
    ) -> (Vec<Effect>, Option<Remember>) {
        // The caller may have interrupted while the answer was being stored.
        let cut = self.cuts.remove(&job).flatten();
        let Committed { answer, message } = match committed {
            Ok(Some(committed)) => committed,
            Ok(None) => {
                let mut effects = vec![Effect::Event("gave_way", json!({}))];
                effects.extend(self.clear());
                return (effects, None);
            }
            Err(error) => {
                let detail = json!({"error": error.to_string()});
                let notice = Outgoing::Notice(error.to_string());
                let effects = vec![
                    Effect::Event("answer_not_kept", detail),
                    Effect::Send(notice),
                ];
                return (effects, None);
            }
        };
        let receipt = answer.receipt.as_deref().and_then(|r| r.parse().ok());
        let mut answered = turn;
        if let Some(said) = self.find_said(job) {
            (said.receipt, said.message) = (receipt, message);
            answered = said.turn;
        }
        let effects = vec![
            Effect::Kept(answer.tokens),
            Effect::Event(
                "answered",
                json!({"rung": answer.rung.as_str(), "receipt": answer.receipt, "handoff": answer.handoff}),
            ),
            Effect::Send(Outgoing::Answer {
                turn: answered,
                text: answer.answer,
                rung: Some(answer.rung),
                citations: answer.citations,
                receipt,
                handoff: answer.handoff,
            }),
        ];
        let remember = cut
            .zip(message)
            .map(|(heard, message)| Remember::Shorten(message, heard));
        (effects, remember)
    }
}

#[cfg(test)]
mod tests;

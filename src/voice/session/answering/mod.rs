//! Finding answers, before and after it is sure what was asked, and saying them. What is spoken and how much
//! of it was heard is in [`speaking`]; it knows neither the caller's sound nor the manners around a turn.

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

/// Shorter questions are not worth preparing for, in characters.
const SHORT: usize = 4;

/// What the caller asked.
pub(super) struct CallerQuestion {
    pub(super) text: String,
    pub(super) turn: u32,
    /// What is known of its times.
    pub(super) times: TurnTimes,
}

/// Finds answers, says them, and knows what was heard of them.
pub(super) struct Answering {
    phrases: &'static Phrases,
    playout: Playout,
    pending: Option<PendingAnswer>,
    /// What is being said, by its number.
    said: HashMap<u32, SpokenAnswer>,
    /// Answers that are being kept, with what was heard of them if they were broken off meanwhile.
    cuts: HashMap<u64, Option<String>>,
    /// Sentences of the last answer that wait for a yes.
    more: Vec<String>,
    jobs: u64,
    answers: u32,
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
        }
    }

    /// Since when the caller waits for an answer.
    pub(super) fn waiting_since(&self) -> Option<u64> {
        self.pending.as_ref().and_then(PendingAnswer::waiting_since)
    }

    /// Whether answers are on their way into the store.
    pub(super) fn is_keeping(&self) -> bool {
        !self.cuts.is_empty()
    }

    fn pending_of(&mut self, job: u64) -> Option<&mut PendingAnswer> {
        self.pending.as_mut().filter(|p| p.job == job)
    }

    fn said_of(&mut self, job: u64) -> Option<&mut SpokenAnswer> {
        self.said.values_mut().find(|said| said.job == job)
    }

    /// Begins to find the answer to what is probably asked. Nothing is kept of it unless it is.
    pub(super) fn speculate(&mut self, question: &str, now: u64) -> Option<Effect> {
        // While an answer is heard, the next one would rest on what was not.
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
        Some(Effect::Find(order))
    }

    /// The caller asked this.
    pub(super) fn ask(&mut self, question: CallerQuestion, now: u64) -> Vec<Effect> {
        let CallerQuestion {
            text,
            turn,
            mut times,
        } = question;
        let mut effects = Vec::from_iter(self.find(&text, now));
        // What was found already was guessed.
        times.speculated = effects.is_empty();
        let detail = json!({"turn": turn, "speculated": times.speculated});
        if let Some(pending) = &mut self.pending {
            pending.confirm(text, turn, times, now);
        }
        effects.push(Effect::Event("asked", detail));
        effects.extend(self.begin_answer(now));
        effects
    }

    /// The caller goes on with what was taken as complete; gives the question so far.
    pub(super) fn unconfirm(&mut self) -> Option<String> {
        let pending = self.pending.as_mut()?;
        pending.unconfirm();
        Some(pending.question.clone())
    }

    /// Lets go of the answer that is being found.
    pub(super) fn drop_pending(&mut self) -> Option<Effect> {
        let pending = self.pending.take()?;
        let confirmed = pending.waiting_since().is_some();
        let detail = json!({"question": pending.question, "confirmed": confirmed});
        Some(Effect::Event("answer_dropped", detail))
    }

    /// The question whose answer the caller still waits for.
    pub(super) fn open_question(&self) -> Option<&str> {
        let pending = self.pending.as_ref()?;
        pending.waiting_since().map(|_| pending.question.as_str())
    }

    /// What the caller says to whether there should be more of a long answer; none if that was not the
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

    /// The next sentences of a long answer.
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

    /// The first words of an answer came.
    pub(super) fn note_first_words(&mut self, job: u64, now: u64) {
        if let Some(pending) = self.pending_of(job) {
            pending.first_words = Some(now);
        } else if let Some(said) = self.said_of(job) {
            said.times.first_token_ms.get_or_insert(0);
        }
    }

    /// Sentences are left for later.
    pub(super) fn keep_rest(&mut self, job: u64, rest: Vec<String>) {
        if let Some(pending) = self.pending_of(job) {
            pending.rest = rest;
        } else if self.said_of(job).is_some() {
            self.more = rest;
        }
    }

    /// A clause was spoken.
    pub(super) fn add_clip(&mut self, job: u64, clip: Clip, now: u64) -> Vec<Effect> {
        if let Some(pending) = self.pending_of(job) {
            pending.add(clip, now);
            return self.begin_answer(now);
        }
        if let Some(answer) = self.said_of(job).map(|said| said.answer) {
            self.playout.add(answer, clip);
        }
        Vec::new()
    }

    /// All clauses were spoken.
    pub(super) fn complete(&mut self, job: u64, now: u64) -> Vec<Effect> {
        if let Some(pending) = self.pending_of(job) {
            pending.all_spoken = true;
            return self.begin_answer(now);
        }
        if let Some(answer) = self.said_of(job).map(|said| said.answer) {
            self.playout.complete(answer);
        }
        Vec::new()
    }

    /// An answer is complete; or there is none.
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
        if let Some(pending) = self.pending_of(job) {
            pending.complete(prepared, now);
            self.begin_answer(now)
        } else if let Some(said) = self.said_of(job) {
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

    /// Begins to play what was found, once it can be heard.
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

    /// Keeps an answer that is being heard.
    fn keep(&mut self, job: u64, prepared: PreparedAnswer) -> Vec<Effect> {
        let mut effects = Vec::new();
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
                effects.push(Effect::OfferCallback);
            }
        }
        self.cuts.insert(job, None);
        effects.push(Effect::Keep(job, Box::new(prepared)));
        effects
    }

    /// An answer was kept, or could not be. `turn` is the number of the caller's last turn.
    pub(super) fn take_committed(
        &mut self,
        job: u64,
        committed: Result<Committed, AgentError>,
        turn: u32,
    ) -> (Vec<Effect>, Option<Remember>) {
        let cut = self.cuts.remove(&job).flatten();
        let Committed { answer, message } = match committed {
            Ok(committed) => committed,
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
        if let Some(said) = self.said_of(job) {
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

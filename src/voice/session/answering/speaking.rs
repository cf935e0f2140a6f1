//! Speaking: what is said, how much of it was heard, pausing it and interrupting it.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Answering;
use super::effect::{Effect, Finished, Remember, SayOrder};
use super::spoken::{SpeechKind, SpokenAnswer};
use crate::store::call_log::{self, LineState};
use crate::voice::call_record::to_store_ms;
use crate::voice::line::Outgoing;
use crate::voice::playout::{Piece, Played};
use crate::voice::sentences::Sentences;
use crate::voice::tone;

/// The result of interrupting.
pub struct BrokenOff {
    pub effects: Vec<Effect>,
    pub remember: Vec<Remember>,
}

impl Answering {
    /// Whether anything is being said, or about to be.
    pub fn is_busy(&self) -> bool {
        self.playout.is_busy()
    }

    /// The current loudness of the front desk, 0 to 1; `None` without sound.
    pub fn own_level(&self, now: u64) -> Option<f32> {
        let sounds = self.playout.is_sounding();
        sounds.then(|| self.playout.level(now))
    }

    /// The queued words, heard or not, if anything is being said.
    pub fn own_words(&self) -> Option<String> {
        self.is_busy().then(|| self.playout.words())
    }

    /// Handles the transport's report of what it has played.
    pub fn report(&mut self, answer: u32, ms: u64, now: u64) {
        self.playout.report(answer, ms, now);
    }

    /// Numbers for a new utterance and its job.
    fn count(&mut self) -> (u32, u64) {
        self.answers += 1;
        self.jobs += 1;
        (self.answers, self.jobs)
    }

    /// Says something other than an answer; returns its number.
    pub fn say(
        &mut self,
        kind: SpeechKind,
        text: &str,
        sentences: Vec<String>,
        now: u64,
    ) -> (u32, Vec<Effect>) {
        let (answer, job) = self.count();
        self.playout.begin(answer);
        let mut effects = Vec::new();
        if kind == SpeechKind::Own {
            effects.push(Effect::Send(Outgoing::Answer {
                turn: 0,
                text: text.to_owned(),
                rung: None,
                citations: Vec::new(),
                receipt: None,
                handoff: false,
            }));
            effects.push(Effect::TakeFloor);
        }
        let cancel = CancellationToken::new();
        let mut said = SpokenAnswer::new(answer, job, kind, String::new(), now);
        said.guard = Some(cancel.clone().drop_guard());
        self.said.insert(answer, said);
        effects.push(Effect::Say(SayOrder {
            job,
            sentences,
            cancel,
        }));
        (answer, effects)
    }

    /// Says something on the front desk's own account; returns its number.
    pub fn say_by_itself(&mut self, text: &str, now: u64) -> (u32, Vec<Effect>) {
        self.say(SpeechKind::Own, text, Sentences::of(text), now)
    }

    /// Bridges the wait for an answer: with the owner's words, or with a soft tone.
    pub fn fill(&mut self, words: &str, now: u64) -> Vec<Effect> {
        if !words.is_empty() {
            return self
                .say(SpeechKind::Filler, words, vec![words.to_owned()], now)
                .1;
        }
        let (answer, job) = self.count();
        self.playout.begin(answer);
        self.playout.add(answer, tone::make_earcon());
        self.playout.complete(answer);
        let said = SpokenAnswer::new(answer, job, SpeechKind::Filler, String::new(), now);
        self.said.insert(answer, said);
        Vec::new()
    }

    /// Sends the sound that is due and notes what was heard; call until it returns `None`.
    pub fn next_sound(&mut self, now: u64) -> Option<Vec<Effect>> {
        let played = self.playout.next(now)?;
        Some(match played {
            Played::Piece(piece) => self.hand_over(piece, now),
            Played::Handed(answer) => vec![Effect::Send(Outgoing::AudioEnd { answer })],
            Played::Over(answer, text) => self.finish(answer, text, now),
        })
    }

    fn hand_over(&mut self, piece: Piece, now: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(said) = self.said.get_mut(&piece.answer) {
            if said.handed_ms == 0 {
                let times = &mut said.times;
                times.voice_to_voice_ms = times.speech_end.map(|end| now.saturating_sub(end));
                said.asked_at = said.asked_at.min(now);
                if said.kind != SpeechKind::Filler {
                    effects.push(Effect::BeginToSound);
                }
                if said.kind == SpeechKind::Answer {
                    let waited = said.times.voice_to_voice_ms;
                    let detail = json!({"turn": said.turn, "voice_to_voice_ms": waited});
                    effects.push(Effect::Event("first_audio", detail));
                }
            }
            said.handed_ms += piece.pcm.len() as u64 / 2 * 1000 / u64::from(piece.rate.max(1));
        }
        effects.push(Effect::Sound(piece));
        effects
    }

    /// Handles an utterance that was heard to its end.
    fn finish(&mut self, answer: u32, text: String, now: u64) -> Vec<Effect> {
        let Some(said) = self.said.remove(&answer) else {
            return Vec::new();
        };
        let length = said.handed_ms;
        let from = now.saturating_sub(length);
        let mut effects = record(&said, &text, from, now, LineState::Complete, length);
        effects.push(Effect::Finished(Finished {
            answer,
            kind: said.kind,
            ends: said.ends,
            is_followed: self.is_busy(),
            is_pending: self.pending.is_some(),
        }));
        effects
    }

    /// Pauses the current utterance, as somebody may be interrupting; returns its number.
    pub fn hold(&mut self, now: u64) -> Option<u32> {
        self.playout.hold(now);
        self.playout.current()
    }

    /// Resumes the paused utterance.
    pub fn go_on(&mut self, now: u64) {
        self.playout.go_on(now);
    }

    /// Drops all queued sound without a record: it was not an answer.
    pub fn clear(&mut self) -> Vec<Effect> {
        let cleared = self.playout.clear();
        for answer in &cleared {
            self.said.remove(answer);
        }
        cleared.into_iter().map(Effect::Clear).collect()
    }

    /// Interrupts the current utterance and drops those behind it; `None` if nothing is being said.
    pub fn break_off(&mut self, why: &str, now: u64) -> Option<BrokenOff> {
        let current = self.playout.current()?;
        let heard = self.playout.heard_text(current, now);
        let heard_ms = self.playout.heard_ms(current, now);
        let (mut effects, mut remember) = (Vec::new(), Vec::new());
        for answer in self.playout.clear() {
            effects.push(Effect::Clear(answer));
            let Some(mut said) = self.said.remove(&answer) else {
                continue;
            };
            let (text, ms) = if answer == current {
                (heard.clone(), heard_ms)
            } else {
                (String::new(), 0)
            };
            said.times.interrupted_after_ms = Some(ms);
            effects.push(Effect::Event(
                "interrupted",
                json!({"answer": answer, "why": why, "heard_ms": ms, "heard": text}),
            ));
            let from = now.saturating_sub(ms);
            effects.extend(record(&said, &text, from, now, LineState::Interrupted, ms));
            if said.kind == SpeechKind::Answer {
                remember.extend(self.remember(said, text));
            }
        }
        self.more.clear();
        Some(BrokenOff { effects, remember })
    }

    /// Decides what to store of an interrupted answer. If the answer is on its way into the store, waits until it is there.
    fn remember(&mut self, said: SpokenAnswer, heard: String) -> Option<Remember> {
        match (said.message, said.keeping) {
            (Some(message), _) => Some(Remember::Shorten(message, heard)),
            (None, true) => {
                self.cuts.insert(said.job, Some(heard));
                None
            }
            (None, false) => Some(Remember::Keep {
                question: said.question,
                heard,
            }),
        }
    }
}

/// The transcript line and the timings of an utterance.
fn record(
    said: &SpokenAnswer,
    text: &str,
    from: u64,
    to: u64,
    state: LineState,
    heard_ms: u64,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    if !text.trim().is_empty() {
        effects.push(Effect::Line(call_log::Line {
            speaker: call_log::Speaker::Agent,
            text: text.trim().to_owned(),
            start_ms: to_store_ms(from),
            end_ms: to_store_ms(to),
            state,
            receipt: said.receipt,
        }));
    }
    if said.kind == SpeechKind::Answer {
        effects.push(Effect::Turn {
            number: said.turn,
            at: from,
            rung: said.rung.map(|r| r.as_str()),
            times: said.times.to_map(said.handed_ms.max(heard_ms), heard_ms),
        });
    }
    effects
}

//! Speaking: what is said, what was heard of it, holding it and breaking it off.

use serde_json::{Map, Value, json};
use tokio_util::task::AbortOnDropHandle;

use super::Session;
use super::jobs::{self, Mouth};
use crate::agent::Rung;
use crate::speech::SpeakRequest;
use crate::store::call_log::{self, LineState};
use crate::store::calls::EndedReason;
use crate::store::{MessageId, ReceiptId};
use crate::voice::call_record::signed;
use crate::voice::line::{Outgoing, Phase};
use crate::voice::playout::Played;
use crate::voice::sentences::Sentences;
use crate::voice::tone;
use crate::voice::turn_taker::Floor;

/// What something that is said is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An answer of the agent.
    Answer,
    /// The front desk by itself: greeting, questions, notices.
    Own,
    /// That an answer takes a moment.
    Filler,
}

/// Latencies of a turn in ms; absent where they do not apply.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// When the caller last spoke.
    pub(super) speech_end: Option<u64>,
    pub(super) end_of_turn_ms: Option<u64>,
    pub(super) turn_model_ms: Option<u64>,
    pub(super) stt_ms: Option<u64>,
    pub(super) retrieve_ms: Option<u64>,
    pub(super) first_token_ms: Option<u64>,
    pub(super) answer_ms: Option<u64>,
    pub(super) tts_first_ms: Option<u64>,
    pub(super) voice_to_voice_ms: Option<u64>,
    pub(super) interrupted_after_ms: Option<u64>,
    pub(super) speculated: bool,
}

impl Times {
    fn to_map(&self, spoken: u64, heard: u64) -> Map<String, Value> {
        let mut map = Map::new();
        for (key, value) in [
            ("end_of_turn_ms", self.end_of_turn_ms),
            ("turn_model_ms", self.turn_model_ms),
            ("stt_ms", self.stt_ms),
            ("retrieve_ms", self.retrieve_ms),
            ("first_token_ms", self.first_token_ms),
            ("answer_ms", self.answer_ms),
            ("tts_first_ms", self.tts_first_ms),
            ("voice_to_voice_ms", self.voice_to_voice_ms),
            ("interrupted_after_ms", self.interrupted_after_ms),
            ("spoken_ms", Some(spoken)),
            ("heard_ms", Some(heard)),
        ] {
            if let Some(ms) = value {
                map.insert(key.into(), json!(ms));
            }
        }
        map.insert("speculated".into(), json!(self.speculated));
        map
    }
}

/// Something that is being said.
pub(super) struct Said {
    pub(super) answer: u32,
    pub(super) job: u64,
    pub(super) kind: Kind,
    pub(super) question: String,
    pub(super) asked_at: u64,
    pub(super) turn: u32,
    pub(super) rung: Option<Rung>,
    pub(super) receipt: Option<ReceiptId>,
    pub(super) message: Option<MessageId>,
    /// It is in the store, or on its way there.
    pub(super) keeping: bool,
    /// The call ends when it was said.
    pub(super) ends: Option<EndedReason>,
    pub(super) times: Times,
    pub(super) work: Option<AbortOnDropHandle<()>>,
    handed_ms: u64,
}

impl Said {
    pub(super) fn new(answer: u32, job: u64, kind: Kind, question: String, now: u64) -> Self {
        Self {
            answer,
            job,
            kind,
            question,
            asked_at: now,
            turn: 0,
            rung: None,
            receipt: None,
            message: None,
            keeping: false,
            ends: None,
            times: Times::default(),
            work: None,
            handed_ms: 0,
        }
    }
}

impl Session {
    pub(super) fn mouth(&self, job: u64) -> Mouth {
        Mouth {
            synthesizer: self.parts.synthesizer.clone(),
            manner: SpeakRequest {
                text: String::new(),
                voice: self.settings.voice.clone(),
                speed: self.settings.speed,
                lexicon: self.lexicon.clone(),
            },
            job,
            work: self.work.clone(),
        }
    }

    pub(super) fn said_of(&mut self, job: u64) -> Option<&mut Said> {
        self.said.values_mut().find(|said| said.job == job)
    }

    /// Says something that is no answer; gives its number.
    pub(super) fn say(&mut self, kind: Kind, text: &str, sentences: Vec<String>) -> u32 {
        self.answers += 1;
        self.jobs += 1;
        let (answer, job) = (self.answers, self.jobs);
        self.playout.begin(answer);
        let mut said = Said::new(answer, job, kind, String::new(), self.now());
        if kind == Kind::Own {
            self.out.send(Outgoing::Answer {
                turn: 0,
                text: text.to_owned(),
                rung: None,
                citations: Vec::new(),
                receipt: None,
                handoff: false,
            });
            self.taker.set_floor(Floor::Speaking);
        }
        said.work = Some(jobs::say(&self.parts.tasks, self.mouth(job), sentences));
        self.said.insert(answer, said);
        answer
    }

    /// The front desk says something by itself.
    pub(super) fn say_by_itself(&mut self, text: &str) -> u32 {
        self.say(Kind::Own, text, Sentences::of(text))
    }

    /// That the answer takes a moment: the owner's words, or a soft tone.
    pub(super) fn fill(&mut self) {
        self.filler_played = true;
        self.event("filler", json!({}));
        let words = self.settings.filler.trim().to_owned();
        if words.is_empty() {
            self.answers += 1;
            self.jobs += 1;
            let (answer, job) = (self.answers, self.jobs);
            self.playout.begin(answer);
            self.playout.add(answer, tone::earcon());
            self.playout.complete(answer);
            let said = Said::new(answer, job, Kind::Filler, String::new(), self.now());
            self.said.insert(answer, said);
        } else {
            self.say(Kind::Filler, &words, vec![words.clone()]);
        }
    }

    /// Hands over what is due, and follows what was heard.
    pub(super) async fn pump(&mut self) {
        self.out.flush();
        let now = self.now();
        while !self.out.is_stuck() {
            let Some(played) = self.playout.next(now) else {
                break;
            };
            match played {
                Played::Piece(piece) => {
                    self.note_agent(&piece.pcm, piece.rate, piece.at);
                    self.piece_goes_out(piece.answer, &piece.pcm, piece.rate, now);
                    self.out.send(Outgoing::Audio {
                        answer: piece.answer,
                        pcm: piece.pcm,
                        rate: piece.rate,
                    });
                }
                Played::Handed(answer) => self.out.send(Outgoing::AudioEnd { answer }),
                Played::Over(answer, text) => self.was_heard(answer, text),
            }
        }
    }

    fn piece_goes_out(&mut self, answer: u32, pcm: &[u8], rate: u32, now: u64) {
        let Some(said) = self.said.get_mut(&answer) else {
            return;
        };
        if said.handed_ms == 0 {
            said.times.voice_to_voice_ms = said.times.speech_end.map(|end| now.saturating_sub(end));
            said.asked_at = said.asked_at.min(now);
            let (kind, turn, times) = (said.kind, said.turn, said.times.voice_to_voice_ms);
            if kind != Kind::Filler {
                self.set_phase(Phase::Speaking);
            }
            if kind == Kind::Answer {
                self.event(
                    "first_audio",
                    json!({"turn": turn, "voice_to_voice_ms": times}),
                );
            }
        }
        if let Some(said) = self.said.get_mut(&answer) {
            said.handed_ms += pcm.len() as u64 / 2 * 1000 / u64::from(rate.max(1));
        }
    }

    /// Something was heard to its end.
    fn was_heard(&mut self, answer: u32, text: String) {
        let Some(said) = self.said.remove(&answer) else {
            return;
        };
        let now = self.now();
        let length = said.handed_ms;
        self.finish_line(
            &said,
            text,
            now.saturating_sub(length),
            now,
            LineState::Complete,
            length,
        );
        if said.kind == Kind::Answer {
            self.faults = 0;
        }
        if self.playout.is_busy() {
            return;
        }
        self.quiet_since = now;
        if self.taker.is_open() {
            return;
        }
        if said.kind == Kind::Filler && self.pending.is_some() {
            return;
        }
        self.taker.set_floor(Floor::Open);
        self.set_phase(Phase::Listening);
        if let Some(reason) = said.ends {
            self.end(reason);
        }
        self.was_said(answer);
    }

    /// Line and latencies of what was said.
    fn finish_line(
        &mut self,
        said: &Said,
        text: String,
        from: u64,
        to: u64,
        state: LineState,
        heard_ms: u64,
    ) {
        if !text.trim().is_empty() {
            self.record.line(call_log::Line {
                speaker: call_log::Speaker::Agent,
                text: text.trim().to_owned(),
                start_ms: signed(from),
                end_ms: signed(to),
                state,
                receipt: said.receipt,
            });
        }
        if said.kind == Kind::Answer {
            let times = said.times.to_map(said.handed_ms.max(heard_ms), heard_ms);
            let rung = said.rung.map(|r| r.as_str());
            self.record.turn(said.turn, from, rung, times);
        }
    }

    /// Holds what is being said: somebody may be breaking in.
    pub(super) fn hold(&mut self) {
        self.playout.hold(self.now());
        self.out.send(Outgoing::Pause);
        self.event("held", json!({"answer": self.playout.current()}));
    }

    /// Goes on with what was held.
    pub(super) fn resume(&mut self) {
        self.pause_jobs.clear();
        self.partial_job = None;
        self.listener.close();
        self.playout.go_on(self.now());
        self.out.send(Outgoing::Resume);
        self.event("resumed", json!({"heard": self.candidate}));
        self.candidate.clear();
        let floor = if self.playout.is_busy() {
            Floor::Speaking
        } else {
            Floor::Open
        };
        self.taker.set_floor(floor);
    }

    /// Forgets all sound that waits, without a word about it: it was no answer.
    pub(super) fn clear_sound(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.cut(
                self.started
                    .elapsed()
                    .as_millis()
                    .try_into()
                    .unwrap_or(u64::MAX),
            );
        }
        for answer in self.playout.clear() {
            self.out.forget(answer);
            self.out.send(Outgoing::Clear { answer });
            self.said.remove(&answer);
        }
    }

    /// Breaks off what is being said, and keeps what was heard of it.
    pub(super) async fn break_off(&mut self, why: &str) {
        let now = self.now();
        let Some(current) = self.playout.current() else {
            return;
        };
        let heard = self.playout.heard_text(current, now);
        let heard_ms = self.playout.heard_ms(current, now);
        for answer in self.playout.clear() {
            self.out.forget(answer);
            self.out.send(Outgoing::Clear { answer });
            let Some(mut said) = self.said.remove(&answer) else {
                continue;
            };
            let (text, ms) = if answer == current {
                (heard.clone(), heard_ms)
            } else {
                (String::new(), 0)
            };
            said.times.interrupted_after_ms = Some(ms);
            self.event(
                "interrupted",
                json!({"answer": answer, "why": why, "heard_ms": ms, "heard": text}),
            );
            let from = now.saturating_sub(ms);
            self.finish_line(&said, text.clone(), from, now, LineState::Interrupted, ms);
            if said.kind == Kind::Answer {
                self.keep_heard(said, text).await;
            }
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.cut(now);
        }
        self.more.clear();
        if self.ending.take().is_some() {
            self.event("end_called_off", json!({}));
        }
        let open = self.taker.is_open();
        self.taker.set_floor(Floor::Open);
        self.quiet_since = now;
        self.set_phase(if open {
            Phase::Hearing
        } else {
            Phase::Listening
        });
    }

    /// What enters the conversation is what was heard.
    async fn keep_heard(&mut self, said: Said, heard: String) {
        match (said.message, said.keeping) {
            (Some(message), _) => self.shorten(message, heard).await,
            (None, true) => {
                self.cuts.insert(said.job, Some(heard));
            }
            (None, false) => self.keep_broken(said.question, heard).await,
        }
    }

    /// The call is over: what is still being said is broken off.
    pub(super) async fn stop_speaking(&mut self) {
        if self.playout.is_busy() {
            self.break_off("ended").await;
        }
    }
}

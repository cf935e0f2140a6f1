//! Decides whose turn it is. A pure state machine: facts and times go in, decisions come out. It knows no sound,
//! no engine and no clock; times are ms of the line clock and never go back.

use super::turn_settings::TurnSettings;
use super::words::{Overlap, ends_sentence, is_unfinished, overlap};

/// Length of a frame.
pub const FRAME_MS: u64 = 16;

/// What the front desk is doing, as far as turns are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floor {
    Open,
    /// It is preparing an answer.
    Thinking,
    Speaking,
}

/// An input of the state machine.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact<'a> {
    /// The score of the next frame of sound, 0 to 1.
    Frame(f32),
    /// Time passed without sound.
    Tick,
    /// The words so far of the open turn.
    Partial(&'a str),
    /// The words before the pause of this number.
    Heard(u32, &'a str),
    /// Probability that the turn ended with the pause of this number; `None` without an end-of-turn model.
    TurnEnd(u32, Option<f32>),
    /// Push-to-talk: the key went down (`true`) or up.
    Key(bool),
}

/// An output of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The caller began to speak.
    Started,
    /// Transcribe the words before this pause, and ask whether the turn is over.
    Consider(u32),
    /// The caller went on: the last `Consider` is obsolete.
    GoesOn,
    /// The turn is over; its last pause had this number.
    Ended(u32),
    /// The turn had no speech.
    Nothing,
    /// Pause the answer being spoken.
    Pause,
    /// Resume the answer.
    Resume,
    /// Interrupt the answer: the caller has the floor.
    Cancel,
    /// The caller continues a turn that seemed over: the answer in preparation is obsolete.
    Merge,
}

/// A pause that may end the turn.
#[derive(Debug, Clone, PartialEq)]
struct Pause {
    number: u32,
    heard: Option<String>,
    /// Outer `None`: no result yet. Inner `None`: no end-of-turn model.
    end: Option<Option<f32>>,
}

#[derive(Debug, Clone)]
pub struct TurnTaker {
    settings: TurnSettings,
    floor: Floor,
    /// Whether callers can interrupt an answer.
    barge_in: bool,
    digits: bool,
    /// Whether the key is down; `None` until it is first used.
    key: Option<bool>,
    /// ms of voice, minus ms without: grows as somebody begins to speak.
    run: u64,
    in_voice: bool,
    /// When the caller's turn began, if one is open.
    open: Option<u64>,
    last_voice: u64,
    /// ms of voice in the open turn.
    speech: u64,
    pause: Option<Pause>,
    numbers: u32,
    /// ms of voice since the pause.
    again: u64,
    /// Since when the answer is paused.
    held: Option<u64>,
    partial: String,
}

impl TurnTaker {
    pub fn new(settings: TurnSettings, barge_in: bool) -> Self {
        Self {
            settings,
            floor: Floor::Open,
            barge_in,
            digits: false,
            key: None,
            run: 0,
            in_voice: false,
            open: None,
            last_voice: 0,
            speech: 0,
            pause: None,
            numbers: 0,
            again: 0,
            held: None,
            partial: String::new(),
        }
    }

    /// Sets what the front desk is doing.
    pub fn set_floor(&mut self, floor: Floor) {
        if floor != self.floor {
            self.floor = floor;
            self.held = None;
            if self.open.is_none() {
                self.run = 0;
            }
        }
    }

    /// Sets whether digits or letters are expected.
    pub fn expect_digits(&mut self, digits: bool) {
        self.digits = digits;
    }

    /// Whether the caller is speaking, or may not have finished.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether the answer is paused.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    pub fn last_voice(&self) -> u64 {
        self.last_voice
    }

    /// ms of voice in the open turn.
    pub fn speech(&self) -> u64 {
        self.speech
    }

    /// Handles a fact; returns the decisions that follow, in order.
    pub fn take(&mut self, fact: Fact<'_>, now: u64) -> Vec<Decision> {
        let mut out = Vec::new();
        match fact {
            Fact::Frame(score) => self.take_frame(score, now, &mut out),
            Fact::Tick => {}
            Fact::Partial(text) => text.clone_into(&mut self.partial),
            Fact::Heard(number, text) => {
                if let Some(pause) = self.pause.as_mut().filter(|p| p.number == number) {
                    pause.heard = Some(text.to_owned());
                }
            }
            Fact::TurnEnd(number, likely) => {
                if let Some(pause) = self.pause.as_mut().filter(|p| p.number == number) {
                    pause.end = Some(likely);
                }
            }
            Fact::Key(down) => self.take_key(down, now, &mut out),
        }
        if self.held.is_some() {
            self.judge_overlap(now, &mut out);
        }
        if self.open.is_some() && self.held.is_none() {
            self.judge_end(now, &mut out);
        }
        out
    }

    fn take_frame(&mut self, score: f32, now: u64, out: &mut Vec<Decision>) {
        let enter = match self.floor {
            Floor::Speaking => self.settings.enter_speaking,
            Floor::Open | Floor::Thinking => self.settings.enter,
        };
        let voice = score
            >= if self.in_voice {
                self.settings.stay
            } else {
                enter
            };
        self.in_voice = voice;
        // Without interruptions, the caller is ignored while the front desk speaks, unless the key is down.
        let deaf = self.floor == Floor::Speaking && !self.barge_in && self.key != Some(true);
        if self.key == Some(false) || deaf {
            self.run = 0;
            return;
        }
        if voice {
            self.run += FRAME_MS;
        } else {
            self.run = self.run.saturating_sub(FRAME_MS);
        }
        if self.open.is_some() {
            if voice {
                self.last_voice = now;
                self.speech += FRAME_MS;
                let too_long = self
                    .open
                    .is_some_and(|since| now.saturating_sub(since) >= self.settings.longest);
                if self.pause.is_some() && !too_long {
                    self.again += FRAME_MS;
                    if self.again >= 3 * FRAME_MS {
                        self.pause = None;
                        out.push(Decision::GoesOn);
                    }
                }
            } else {
                self.again = 0;
            }
            return;
        }
        let needed = match self.floor {
            Floor::Open => self.settings.start,
            Floor::Thinking => self.settings.start_thinking,
            Floor::Speaking => self.settings.start_speaking,
        };
        if self.run >= needed {
            self.begin(now, needed, out);
        }
    }

    fn begin(&mut self, now: u64, speech: u64, out: &mut Vec<Decision>) {
        self.open = Some(now.saturating_sub(speech));
        self.last_voice = now;
        self.speech = speech;
        self.pause = None;
        self.again = 0;
        self.partial.clear();
        out.push(Decision::Started);
        match self.floor {
            Floor::Open => {}
            Floor::Thinking => {
                self.floor = Floor::Open;
                out.push(Decision::Merge);
            }
            Floor::Speaking => {
                self.held = Some(now);
                out.push(Decision::Pause);
            }
        }
    }

    fn take_key(&mut self, down: bool, now: u64, out: &mut Vec<Decision>) {
        self.key = Some(down);
        if down {
            if self.open.is_none() {
                self.begin(now, 0, out);
            }
            if self.held.take().is_some() {
                self.floor = Floor::Open;
                out.push(Decision::Cancel);
            }
        } else if self.open.is_some() {
            self.consider(out);
        }
    }

    fn consider(&mut self, out: &mut Vec<Decision>) {
        self.numbers += 1;
        self.again = 0;
        self.pause = Some(Pause {
            number: self.numbers,
            heard: None,
            end: None,
        });
        out.push(Decision::Consider(self.numbers));
    }

    fn close(&mut self) {
        self.open = None;
        self.pause = None;
        self.held = None;
        self.run = 0;
        self.speech = 0;
        self.partial.clear();
    }

    /// While an answer is paused: who gets the floor?
    fn judge_overlap(&mut self, now: u64, out: &mut Vec<Decision>) {
        let final_words = self.pause.as_ref().and_then(|p| p.heard.as_deref());
        let said = overlap(final_words.unwrap_or(&self.partial));
        let silence = now.saturating_sub(self.last_voice);
        let limit = match said {
            Overlap::BackChannel => self.settings.cancel_back_channel,
            _ => self.settings.cancel,
        };
        if said == Overlap::Floor || self.speech >= limit {
            self.held = None;
            self.floor = Floor::Open;
            out.push(Decision::Cancel);
            return;
        }
        let since_held = now.saturating_sub(self.held.unwrap_or(now));
        if final_words.is_some() || silence >= self.settings.resume {
            self.close();
            out.push(Decision::Resume);
        } else if silence >= self.settings.consider && self.pause.is_none() && since_held > 0 {
            self.consider(out);
        }
    }

    /// While the caller has the floor: is the turn over?
    fn judge_end(&mut self, now: u64, out: &mut Vec<Decision>) {
        if self.key == Some(true) {
            return;
        }
        let silence = now.saturating_sub(self.last_voice);
        let too_long = self
            .open
            .is_some_and(|since| now - since >= self.settings.longest);
        let Some(pause) = &self.pause else {
            if silence >= self.settings.consider || too_long {
                self.consider(out);
            }
            return;
        };
        let number = pause.number;
        if self.key == Some(false) || too_long {
            if let Some(heard) = &pause.heard {
                let nothing = heard.trim().is_empty();
                self.finish(nothing, number, out);
            }
            return;
        }
        let Some(heard) = &pause.heard else { return };
        if heard.trim().is_empty() {
            // Probably a noise; but somebody may just be taking a breath.
            if silence >= self.settings.end_blind {
                self.finish(true, number, out);
            }
            return;
        }
        let Some(likely) = pause.end else { return };
        let needed = self.needed_silence(likely, heard);
        if silence >= needed {
            self.finish(false, number, out);
        }
    }

    /// The silence that ends a turn with these words. Longer if it sounds unfinished, or its words do not form a whole
    /// sentence.
    fn needed_silence(&self, likely: Option<f32>, heard: &str) -> u64 {
        let settings = &self.settings;
        let unfinished = is_unfinished(heard);
        let whole = ends_sentence(heard);
        let over = likely
            .is_some_and(|p| p > settings.sure && (!unfinished || (whole && p > settings.certain)));
        if self.digits {
            return if over {
                settings.end_digits
            } else {
                settings.end_digits_unsure
            };
        }
        let unlikely = likely.is_some_and(|p| p <= settings.sure / 4.0);
        match (over, likely) {
            (true, _) => settings.end,
            (_, None) if unfinished => settings.end_unsure,
            (_, None) => settings.end_blind,
            _ if unlikely && whole => settings.end_unlikely_sentence,
            _ if unlikely => settings.end_unlikely,
            _ if unfinished => settings.end_unsure,
            _ if heard.trim_end().ends_with('?') => settings.end_question,
            _ if whole => settings.end_sentence,
            _ => settings.end_unsure,
        }
    }

    fn finish(&mut self, nothing: bool, number: u32, out: &mut Vec<Decision>) {
        self.close();
        if nothing {
            out.push(Decision::Nothing);
        } else {
            self.floor = Floor::Thinking;
            out.push(Decision::Ended(number));
        }
    }
}

#[cfg(test)]
#[path = "turn_taker_tests.rs"]
mod tests;

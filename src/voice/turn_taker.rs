//! Whose turn it is. A pure state machine: facts and times go in, decisions come out. It knows no sound,
//! no engine and no clock; times are ms of the line's own clock and never go back.

use super::turn_settings::TurnSettings;
use super::words::{Overlap, ends_sentence, is_unfinished, overlap};

/// ms of sound that one frame holds.
pub const FRAME_MS: u64 = 16;

/// What the front desk is doing, as far as turns are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floor {
    /// It listens.
    Open,
    /// It looks for an answer.
    Thinking,
    /// It speaks.
    Speaking,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact<'a> {
    /// The next frame of sound scored this much.
    Frame(f32),
    /// Time went by without sound.
    Tick,
    /// The words so far of what is being said.
    Partial(&'a str),
    /// The words of a pause that was considered.
    Heard(u32, &'a str),
    /// How likely the turn is over, of a pause that was considered; `None` when nobody can tell.
    TurnEnd(u32, Option<f32>),
    /// Push-to-talk: the key went down or up.
    Key(bool),
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The caller began to speak.
    Started,
    /// Have the words of this pause recognised, and ask whether the turn is over.
    Consider(u32),
    /// The speech went on: what was asked for is not needed.
    GoesOn,
    /// The turn is over; its last pause had this number.
    Ended(u32),
    /// What sounded like speech was none.
    Nothing,
    /// Hold what is being spoken.
    Pause,
    /// Go on speaking.
    Resume,
    /// Break off what is being spoken: the caller has the floor.
    Cancel,
    /// The caller goes on although the turn was taken as over: the answer is not needed as it is.
    Merge,
}

/// A pause that may end the turn.
#[derive(Debug, Clone, PartialEq)]
struct Pause {
    number: u32,
    heard: Option<String>,
    /// Outer `None`: not told yet.
    end: Option<Option<f32>>,
}

/// The state machine.
#[derive(Debug, Clone)]
pub struct TurnTaker {
    settings: TurnSettings,
    floor: Floor,
    /// Whether callers can break in.
    barge_in: bool,
    digits: bool,
    /// `Some` from the first use of the key on: whether it is down.
    key: Option<bool>,
    /// Grows with voice, shrinks without: how surely somebody has begun.
    run: u64,
    in_voice: bool,
    /// The caller's turn is open since this time.
    open: Option<u64>,
    last_voice: u64,
    /// ms of voice in the open turn.
    speech: u64,
    pause: Option<Pause>,
    numbers: u32,
    /// Voice since the pause was considered, ms.
    again: u64,
    /// What is spoken is held since this time.
    held: Option<u64>,
    partial: String,
}

impl TurnTaker {
    /// Nobody speaks yet.
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

    /// Tells what the front desk is doing.
    pub fn set_floor(&mut self, floor: Floor) {
        if floor != self.floor {
            self.floor = floor;
            self.held = None;
            if self.open.is_none() {
                self.run = 0;
            }
        }
    }

    /// Whether digits or letters are expected.
    pub fn expect_digits(&mut self, digits: bool) {
        self.digits = digits;
    }

    /// Whether the caller is speaking, or has not been understood to have finished.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether what is spoken is held.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// When the caller last made a sound.
    pub fn last_voice(&self) -> u64 {
        self.last_voice
    }

    /// ms of voice in the open turn.
    pub fn speech(&self) -> u64 {
        self.speech
    }

    /// Takes a fact; gives what follows from it, in order.
    pub fn take(&mut self, fact: Fact<'_>, now: u64) -> Vec<Decision> {
        let mut out = Vec::new();
        match fact {
            Fact::Frame(score) => self.frame(score, now, &mut out),
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
            Fact::Key(down) => self.key(down, now, &mut out),
        }
        if self.held.is_some() {
            self.judge_overlap(now, &mut out);
        }
        if self.open.is_some() && self.held.is_none() {
            self.judge_end(now, &mut out);
        }
        out
    }

    fn frame(&mut self, score: f32, now: u64, out: &mut Vec<Decision>) {
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

    fn key(&mut self, down: bool, now: u64, out: &mut Vec<Decision>) {
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

    /// While an answer is held: who goes on?
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
            // A noise; but somebody may just take breath.
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

    /// Silence that ends a turn with these words: the less it sounds over, and the less its words are whole, the
    /// longer.
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

//! How the end of a turn is found: not at all, by the length of a pause, or by what was said.

use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::Fault;

/// A pause this long, in ms, is looked at by whoever judges whether a speaker has finished.
const LOOK_AFTER_MS: u32 = 240;
/// Without a judge, this pause in ms ends a turn.
const UNJUDGED_MS: u32 = 700;

/// What a client sends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TurnDetectionIn {
    r#type: String,
    threshold: Option<f32>,
    prefix_padding_ms: Option<u32>,
    silence_duration_ms: Option<u32>,
    idle_timeout_ms: Option<u32>,
    eagerness: Option<String>,
    create_response: Option<bool>,
    interrupt_response: Option<bool>,
}

/// How eager semantic detection is to take its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eagerness {
    Low,
    Medium,
    High,
    Auto,
}

impl Eagerness {
    fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Auto => "auto",
        }
    }

    /// The longest wait in ms, as at OpenAI.
    fn longest_ms(self) -> u32 {
        match self {
            Self::Low => 8000,
            Self::Medium | Self::Auto => 4000,
            Self::High => 2000,
        }
    }

    /// From this probability on, the speaker has finished.
    pub(super) fn sure(self) -> f32 {
        match self {
            Self::Low => 0.7,
            Self::Medium | Self::Auto => 0.5,
            Self::High => 0.35,
        }
    }
}

/// What ends a turn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum End {
    /// A pause of so many ms; and how long the caller may stay silent after an answer.
    Pause { ms: u32, idle_ms: Option<u32> },
    /// A judgement of what was said.
    Meaning(Eagerness),
}

/// Turn detection that is on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TurnDetection {
    /// Probability of a voice, 0 to 1, that counts as speech.
    pub(super) threshold: f32,
    /// Sound before the first speech that belongs to the turn, in ms.
    pub(super) prefix_ms: u32,
    pub(super) end: End,
    pub(super) create_response: bool,
    pub(super) interrupt_response: bool,
}

impl Default for TurnDetection {
    fn default() -> Self {
        Self {
            threshold: 0.5,
            prefix_ms: 300,
            end: End::Pause {
                ms: 500,
                idle_ms: None,
            },
            create_response: true,
            interrupt_response: true,
        }
    }
}

impl TurnDetectionIn {
    pub(super) fn checked(self) -> Result<TurnDetection, Fault> {
        let at = |field: &str| format!("session.audio.input.turn_detection.{field}");
        let within = |field: &str, value: Option<u32>, default: u32, least: u32, most: u32| {
            let value = value.unwrap_or(default);
            if (least..=most).contains(&value) {
                return Ok(value);
            }
            let message = format!("{field} must be {least} to {most}");
            Err(Fault::value(at(field), message))
        };
        let new = TurnDetection {
            create_response: self.create_response.unwrap_or(true),
            interrupt_response: self.interrupt_response.unwrap_or(true),
            ..TurnDetection::default()
        };
        match self.r#type.as_str() {
            "server_vad" => {
                let threshold = self.threshold.unwrap_or(0.5);
                if !(0.0..=1.0).contains(&threshold) {
                    return Err(Fault::value(at("threshold"), "threshold must be 0 to 1"));
                }
                let ms = within(
                    "silence_duration_ms",
                    self.silence_duration_ms,
                    500,
                    50,
                    10_000,
                )?;
                let idle_ms = match self.idle_timeout_ms {
                    None => None,
                    some => Some(within("idle_timeout_ms", some, 0, 500, 60_000)?),
                };
                Ok(TurnDetection {
                    threshold,
                    prefix_ms: within("prefix_padding_ms", self.prefix_padding_ms, 300, 0, 5000)?,
                    end: End::Pause { ms, idle_ms },
                    ..new
                })
            }
            "semantic_vad" => {
                let eagerness = match self.eagerness.as_deref() {
                    None | Some("auto") => Eagerness::Auto,
                    Some("low") => Eagerness::Low,
                    Some("medium") => Eagerness::Medium,
                    Some("high") => Eagerness::High,
                    Some(_) => {
                        let message = "eagerness must be low, medium, high or auto";
                        return Err(Fault::value(at("eagerness"), message));
                    }
                };
                let end = End::Meaning(eagerness);
                Ok(TurnDetection { end, ..new })
            }
            other => Err(Fault::value(
                at("type"),
                format!("turn_detection is null, server_vad or semantic_vad, not {other:?}"),
            )),
        }
    }
}

impl TurnDetection {
    /// As the API shows it.
    pub(super) fn view(&self) -> Value {
        match self.end {
            End::Pause { ms, idle_ms } => json!({
                "type": "server_vad", "threshold": self.threshold,
                "prefix_padding_ms": self.prefix_ms, "silence_duration_ms": ms,
                "idle_timeout_ms": idle_ms, "create_response": self.create_response,
                "interrupt_response": self.interrupt_response,
            }),
            End::Meaning(eagerness) => json!({
                "type": "semantic_vad", "eagerness": eagerness.as_str(),
                "create_response": self.create_response,
                "interrupt_response": self.interrupt_response,
            }),
        }
    }

    /// A pause of so many ms ends the turn, whatever was said.
    fn pause_ms(&self) -> u32 {
        match self.end {
            End::Pause { ms, .. } => ms,
            End::Meaning(eagerness) => eagerness.longest_ms(),
        }
    }
}

/// What frames of sound tell about turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Speech began this many frames ago.
    Began { frames_ago: u32 },
    /// A pause is long enough to be judged.
    Pause,
    /// The turn is over.
    Ended,
}

/// Finds turns in the scores of frames of 16 ms. Pure: no clock, only frames.
#[derive(Debug, Clone, Default)]
pub(super) struct TurnFinder {
    speaking: bool,
    /// The last frames, newest in the lowest bit: which had a voice.
    recent: u16,
    /// Frames without a voice since the last with one.
    silent: u32,
    /// No judge is there: pauses decide.
    unjudged: bool,
}

/// Frames of the window in which speech begins (about 130 ms) and how many of them have a voice.
const WINDOW: u32 = 8;
const VOICED: u32 = 5;

fn frames(ms: u32) -> u32 {
    (ms / 16).max(1)
}

impl TurnFinder {
    /// Whether somebody speaks.
    pub(super) fn speaking(&self) -> bool {
        self.speaking
    }

    /// The judge could not judge: pauses decide for the rest of this turn.
    pub(super) fn without_judge(&mut self) {
        self.unjudged = true;
    }

    /// The turn is over by other means.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Takes the next frame's score.
    pub(super) fn push(&mut self, score: f32, detection: &TurnDetection) -> Option<Sign> {
        // Speech is entered at the threshold and left somewhat below it.
        let needed = if self.speaking {
            (detection.threshold - 0.15).max(0.05)
        } else {
            detection.threshold
        };
        let voiced = score >= needed;
        self.recent = (self.recent << 1 | u16::from(voiced)) & ((1 << WINDOW) - 1);
        if !self.speaking {
            if self.recent.count_ones() < VOICED {
                return None;
            }
            let frames_ago = 16 - self.recent.leading_zeros();
            (self.speaking, self.silent) = (true, 0);
            return Some(Sign::Began { frames_ago });
        }
        self.silent = if voiced { 0 } else { self.silent + 1 };
        let meaning = matches!(detection.end, End::Meaning(_));
        let enough = if self.unjudged && meaning {
            UNJUDGED_MS
        } else {
            detection.pause_ms()
        };
        if self.silent >= frames(enough) {
            self.reset();
            return Some(Sign::Ended);
        }
        // Looked at again every half a second: a longer pause may change the judgement.
        let look = frames(LOOK_AFTER_MS);
        let due =
            self.silent == look || (self.silent > look && (self.silent - look).is_multiple_of(32));
        (meaning && !self.unjudged && due).then_some(Sign::Pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(scores: &[(f32, u32)], detection: &TurnDetection) -> Vec<(u32, Sign)> {
        let mut finder = TurnFinder::default();
        let mut found = Vec::new();
        let mut at = 0;
        for (score, count) in scores {
            for _ in 0..*count {
                at += 1;
                found.extend(finder.push(*score, detection).map(|sign| (at, sign)));
            }
        }
        found
    }

    #[test]
    fn a_turn_begins_with_voice_and_ends_with_a_pause() {
        let found = signs(
            &[(0.0, 20), (0.9, 30), (0.1, 40)],
            &TurnDetection::default(),
        );
        let began = Sign::Began { frames_ago: 5 };
        assert_eq!(found, [(25, began), (81, Sign::Ended)]);
    }

    #[test]
    fn clicks_begin_nothing_and_short_pauses_end_nothing() {
        let detection = TurnDetection::default();
        assert!(signs(&[(0.0, 9), (0.9, 4), (0.0, 50)], &detection).is_empty());
        let found = signs(&[(0.9, 20), (0.0, 25), (0.9, 20), (0.0, 31)], &detection);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], (96, Sign::Ended));
    }

    #[test]
    fn a_judged_pause_is_looked_at_more_than_once() {
        let asked = r#"{"type":"semantic_vad","eagerness":"high"}"#;
        let asked: TurnDetectionIn = serde_json::from_str(asked).unwrap();
        let detection = asked.checked().unwrap();
        let found = signs(&[(0.9, 20), (0.0, 130)], &detection);
        let kinds: Vec<_> = found.iter().map(|(_, sign)| *sign).collect();
        assert_eq!(
            kinds[1..],
            [
                Sign::Pause,
                Sign::Pause,
                Sign::Pause,
                Sign::Pause,
                Sign::Ended
            ]
        );
        assert_eq!(found[1].0, 35);
        assert_eq!(found.last().unwrap().0, 145);
    }
}

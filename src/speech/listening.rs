//! Turns windows into segments. Silence is already cut away. Each window goes through the model with
//! no more encoder context than it needs; if its text does not look like speech, it is retried with
//! full context.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::SpeechError;
use super::hearing::{Ear, FULL_CONTEXT, Heard, Pass, context_for};
use super::judge::{self, Evidence};
use super::lines::{self, SubtitleLine};
use super::types::{Segment, TranscribeOptions, Transcript, Word};
use super::windows::{Edge, MAX_WINDOW, Window, samples_to_ms};

/// If the model stops more than this many ms before the end of a window, the rest is heard
/// separately.
const UNHEARD_MS: u64 = 2_000;
/// Tokens of the text so far that the next window gets as its prompt: about three sentences.
const MAX_EARLIER: usize = 64;
/// Temperatures at which a window that loops is retried, so that the guesses differ.
const RETRY_TEMPERATURES: [f32; 2] = [0.4, 0.8];

/// One transcription in progress.
pub(super) struct Job<'a> {
    pub(super) ear: &'a mut Ear,
    pub(super) pcm: &'a [f32],
    pub(super) options: &'a TranscribeOptions,
    /// Never retry a window.
    pub(super) quick: bool,
    pub(super) cancel: &'a AtomicBool,
    pub(super) language: &'static str,
    /// Tokens of the caller's prompt.
    pub(super) hints: Vec<i32>,
    /// The last tokens of the trusted text so far; cleared when a window is dropped.
    pub(super) earlier: Vec<i32>,
    pub(super) on_segment: &'a mut dyn FnMut(&Segment),
    pub(super) transcript: Transcript,
}

impl Job<'_> {
    pub(super) fn run(
        mut self,
        windows: Vec<Window>,
        on_progress: &mut dyn FnMut(f32),
    ) -> Result<Transcript, SpeechError> {
        let mut queue = VecDeque::from(windows);
        while let Some(window) = queue.pop_front() {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(SpeechError::Cancelled);
            }
            let samples = window.samples(self.pcm);
            let heard = self.listen(&samples, &window)?;
            let heard_until = self.take(heard, &window);
            let end_ms = samples_to_ms(window.len());
            // At least a second must have been heard, or the same rest could come back forever.
            if let Some(until) = heard_until
                && until >= 1_000
                && until + UNHEARD_MS < end_ms
                && !self.options.full_context
            {
                queue.push_front(window.after_ms(until));
            }
            on_progress((window.end() as f32 / self.pcm.len().max(1) as f32).min(1.0));
        }
        on_progress(1.0);
        self.transcript.text = join_text(&self.transcript.segments);
        self.transcript.no_speech = self.transcript.segments.is_empty();
        Ok(self.transcript)
    }

    /// Hears a window, and retries with more care if the text looks wrong. `None` drops the window.
    fn listen(&mut self, samples: &[f32], window: &Window) -> Result<Option<Heard>, SpeechError> {
        let prompt: Vec<i32> = self.hints.iter().chain(&self.earlier).copied().collect();
        let first = Pass {
            language: self.language,
            translate: self.options.translate,
            prompt: &prompt,
            temperature: self.options.temperature,
            context: context_for(samples.len()),
            threads: self.options.threads,
        };
        if self.options.full_context {
            return self
                .ear
                .hear_as_whisper_does(samples, &first, self.cancel)
                .map(Some);
        }
        let mut best = self.ear.hear(samples, &first, self.cancel)?;
        let mut trouble = Trouble::of(&best, window);
        if trouble == Trouble::Nothing && self.echoes(&best) {
            trouble = Trouble::Unsure;
        }
        if trouble == Trouble::Nothing {
            return Ok(Some(best));
        }
        if self.quick {
            let keep = trouble == Trouble::Unsure && !judge::is_invented(&evidence(&best, window));
            return Ok(keep.then_some(best));
        }
        if !judge::is_surely_voice(&evidence(&best, window)) {
            // Noise mistaken for a voice would be retried for nothing.
            return Ok(None);
        }
        let slow = Pass {
            prompt: &self.hints,
            context: FULL_CONTEXT,
            ..first.clone()
        };
        let guesses = RETRY_TEMPERATURES.map(|temperature| Pass {
            temperature,
            ..slow.clone()
        });
        for (index, pass) in std::iter::once(&slow).chain(&guesses).enumerate() {
            // A higher temperature only helps against loops: an unsure text stays unsure.
            if index > 0 && trouble != Trouble::Loop {
                break;
            }
            let again = self.ear.hear(samples, pass, self.cancel)?;
            let now = Trouble::of(&again, window);
            if now < trouble || (now == trouble && again.avg_logprob() > best.avg_logprob()) {
                (best, trouble) = (again, now);
            }
            if trouble == Trouble::Nothing {
                break;
            }
        }
        tracing::debug!(?trouble, seconds = window.seconds(), "heard a window again");
        let keep = trouble != Trouble::Loop && !judge::is_invented(&evidence(&best, window));
        Ok(keep.then_some(best))
    }

    /// Whether the text repeats the segment before it. People do say things twice, but so does a model
    /// that was prompted with the earlier text, so the window is retried without it.
    fn echoes(&self, heard: &Heard) -> bool {
        let last = self.transcript.segments.last();
        !self.earlier.is_empty() && last.is_some_and(|last| last.text == heard.text())
    }

    /// Adds what was heard to the transcript; returns where it ended, in ms of the window.
    fn take(&mut self, heard: Option<Heard>, window: &Window) -> Option<u64> {
        let Some(heard) = heard else {
            self.earlier.clear();
            return None;
        };
        let window_ms = samples_to_ms(window.len());
        let lines = lines::lines(&heard.tokens, window_ms);
        self.earlier.extend(heard.words().map(|token| token.id));
        let old = self.earlier.len().saturating_sub(MAX_EARLIER);
        self.earlier.drain(..old);
        for (index, line) in lines.iter().enumerate() {
            let limit_ms = lines.get(index + 1).map_or(window_ms, |next| next.start_ms);
            let segment = self.segment(line, limit_ms, &heard, window);
            (self.on_segment)(&segment);
            self.transcript.segments.push(segment);
        }
        lines.last().map(|line| line.end_ms)
    }

    fn segment(
        &self,
        line: &SubtitleLine,
        limit_ms: u64,
        heard: &Heard,
        window: &Window,
    ) -> Segment {
        let text = line.text();
        let words = if self.options.words {
            lines::words(line, limit_ms)
        } else {
            Vec::new()
        };
        let start_ms = window.to_recording_ms(line.start_ms, Edge::Start);
        Segment {
            id: u32::try_from(self.transcript.segments.len()).unwrap_or(u32::MAX),
            start_ms,
            end_ms: window.to_recording_ms(line.end_ms, Edge::End).max(start_ms),
            avg_logprob: line.avg_logprob(),
            no_speech_prob: heard.no_speech_prob,
            temperature: heard.temperature,
            compression_ratio: judge::compression_ratio(&text),
            tokens: line.tokens.iter().map(|token| token.id).collect(),
            words: words
                .into_iter()
                .map(|word| {
                    let start_ms = window.to_recording_ms(word.start_ms, Edge::Inside);
                    Word {
                        start_ms,
                        end_ms: window
                            .to_recording_ms(word.end_ms, Edge::Inside)
                            .max(start_ms),
                        text: word.text,
                        probability: word.probability,
                    }
                })
                .collect(),
            text,
        }
    }

    /// Detects the language from one window.
    pub(super) fn detect_language(&mut self, window: &Window) -> Result<&'static str, SpeechError> {
        let mut samples = window.samples(self.pcm);
        samples.truncate(MAX_WINDOW);
        let pass = Pass {
            language: "en",
            translate: false,
            prompt: &[],
            temperature: 0.0,
            context: context_for(samples.len()),
            threads: self.options.threads,
        };
        let (language, sure) = self.ear.detect_language(&samples, &pass, self.cancel)?;
        tracing::debug!(language, sure, "recognised the language");
        Ok(language)
    }
}

/// What is wrong with a text, in rising order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    Nothing,
    /// A guess, or silence where a voice was heard.
    Unsure,
    Loop,
}

impl Trouble {
    fn of(heard: &Heard, window: &Window) -> Self {
        let text = heard.text();
        if !text.contains(char::is_alphanumeric) {
            return Self::Unsure;
        }
        if heard.overran || judge::is_loop(&text, window.seconds()) {
            Self::Loop
        } else if judge::is_invented(&evidence(heard, window))
            || heard.avg_logprob() < judge::MIN_LOGPROB
        {
            Self::Unsure
        } else {
            Self::Nothing
        }
    }
}

fn evidence(heard: &Heard, window: &Window) -> Evidence {
    Evidence {
        avg_logprob: heard.avg_logprob(),
        no_speech_prob: heard.no_speech_prob,
        voice: window.confidence(),
    }
}

/// Joins the text of all segments, with spaces except in scripts that use none.
fn join_text(segments: &[Segment]) -> String {
    let mut text = String::new();
    for segment in segments {
        let glued = text.chars().next_back().is_some_and(lines::is_unspaced)
            || segment.text.chars().next().is_some_and(lines::is_unspaced);
        if !text.is_empty() && !glued {
            text.push(' ');
        }
        text.push_str(&segment.text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::hearing::Token;
    use crate::speech::vad::SpeechSpan;

    fn window(confidence: f32) -> Window {
        Window::of(vec![SpeechSpan {
            start: 0,
            end: 3 * 16_000,
            confidence,
        }])
    }

    fn heard(text: &str, logprob: f32, no_speech_prob: f32) -> Heard {
        let token = Token {
            id: 5,
            logprob,
            bytes: text.into(),
            ..Token::default()
        };
        Heard {
            tokens: vec![token],
            no_speech_prob,
            ..Heard::default()
        }
    }

    #[test]
    fn a_confident_sentence_is_no_trouble() {
        let heard = heard(" We open at nine.", -0.3, 0.1);
        assert_eq!(Trouble::of(&heard, &window(0.9)), Trouble::Nothing);
    }

    #[test]
    fn repetition_and_overrun_are_loops() {
        let repeated = heard(&" and so on".repeat(30), -0.1, 0.0);
        assert_eq!(Trouble::of(&repeated, &window(0.9)), Trouble::Loop);
        let overrun = Heard {
            overran: true,
            ..heard(" Yes.", -0.1, 0.0)
        };
        assert_eq!(Trouble::of(&overrun, &window(0.9)), Trouble::Loop);
    }

    #[test]
    fn guesses_and_sounds_without_words_are_unsure() {
        let window = window(0.9);
        assert_eq!(
            Trouble::of(&heard(" Thanks.", -1.4, 0.1), &window),
            Trouble::Unsure
        );
        assert_eq!(
            Trouble::of(&heard(" \u{266a}", -0.1, 0.1), &window),
            Trouble::Unsure
        );
        assert_eq!(Trouble::of(&heard("", 0.0, 0.1), &window), Trouble::Unsure);
    }

    #[test]
    fn segments_are_joined_by_spaces_where_the_script_has_them() {
        let segments = |texts: [&str; 2]| {
            texts.map(|text| Segment {
                text: text.into(),
                ..Segment::default()
            })
        };
        assert_eq!(join_text(&segments(["One.", "Two."])), "One. Two.");
        assert_eq!(join_text(&segments(["今日は", "雨です"])), "今日は雨です");
    }
}

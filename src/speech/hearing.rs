//! One pass of whisper.cpp over one window: parameters in, tokens out. Silence and retries are the
//! caller's business.

use std::collections::HashMap;
use std::ffi::c_void;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use whisper_rs::{
    DtwMode, DtwParameters, FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters,
    WhisperState, WhisperToken,
};

use super::decode::SAMPLE_RATE;
use super::engine_log;
use super::error::SpeechError;
use crate::reason::Reason;

/// Encoder positions of a full 30 s window: 50 per second.
pub(super) const FULL_CONTEXT: usize = 1500;
/// Shortest encoder context, in positions. Below it the decoder begins to loop.
const MIN_CONTEXT: usize = 384;
/// Encoder positions beyond the sound: 1.28 s.
const CONTEXT_MARGIN: usize = 64;
/// whisper.cpp refuses shorter sound, so it is padded with silence.
const MIN_SAMPLES: usize = SAMPLE_RATE as usize / 2;
/// The most tokens of earlier text that a window gets as its prompt.
const MAX_PROMPT: usize = 200;

#[derive(Debug, Clone)]
pub(super) struct Pass<'a> {
    /// Whisper's code of the language.
    pub(super) language: &'static str,
    pub(super) translate: bool,
    /// Tokens of earlier text.
    pub(super) prompt: &'a [i32],
    pub(super) temperature: f32,
    pub(super) context: usize,
    pub(super) threads: u16,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Token {
    pub(super) id: i32,
    pub(super) logprob: f32,
    pub(super) probability: f32,
    /// Its part of the text; may end in the middle of a UTF-8 character.
    pub(super) bytes: Vec<u8>,
    /// For a timestamp: the time in ms from the start of the window.
    pub(super) stamp_ms: Option<u64>,
    /// When it ended, in ms from the start of the window; `None` without alignment.
    pub(super) aligned_ms: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Heard {
    pub(super) tokens: Vec<Token>,
    pub(super) no_speech_prob: f32,
    pub(super) temperature: f32,
    /// Stopped at the limit: real speech does not have that many tokens.
    pub(super) overran: bool,
}

impl Heard {
    pub(super) fn words(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter().filter(|token| token.stamp_ms.is_none())
    }

    pub(super) fn text(&self) -> String {
        let bytes: Vec<u8> = self
            .words()
            .flat_map(|token| token.bytes.iter().copied())
            .collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    /// Mean log-probability of the text; 0 if there is none.
    pub(super) fn avg_logprob(&self) -> f32 {
        let count = self.words().count().max(1) as f32;
        self.words().map(|token| token.logprob).sum::<f32>() / count
    }
}

/// Encoder positions for a window of this many samples: its sound plus a margin, rounded up to a
/// multiple of 64. More cost more time; too few make the decoder repeat itself.
pub(super) fn context_for(samples: usize) -> usize {
    let needed = (samples * 50).div_ceil(SAMPLE_RATE as usize) + CONTEXT_MARGIN;
    needed.next_multiple_of(64).clamp(MIN_CONTEXT, FULL_CONTEXT)
}

/// A loaded model and its working memory.
pub(super) struct Ear {
    context: WhisperContext,
    state: WhisperState,
    /// Parameters per language: whisper-rs leaks the language's name each time it is set.
    languages: HashMap<&'static str, FullParams<'static, 'static>>,
}

impl Ear {
    /// Loads a model. With `alignment`, tokens get the time at which they were spoken, at the cost of
    /// a second run of the decoder.
    pub(super) fn load(path: &Path, alignment: Option<DtwMode<'_>>) -> Result<Self, SpeechError> {
        engine_log::redirect();
        let mut parameters = WhisperContextParameters::new();
        // On CPUs it is 10% slower than plain attention, and it rules out alignment.
        parameters.flash_attn(false);
        if let Some(mode) = alignment {
            parameters.dtw_parameters(DtwParameters {
                mode,
                ..DtwParameters::default()
            });
        }
        let context = WhisperContext::new_with_params(path, parameters).map_err(|error| {
            SpeechError::ModelInvalid {
                path: path.to_path_buf(),
                reason: engine_reason(error),
            }
        })?;
        let state = context.create_state().map_err(engine_error)?;
        Ok(Self {
            context,
            state,
            languages: HashMap::new(),
        })
    }

    pub(super) fn is_multilingual(&self) -> bool {
        self.context.is_multilingual()
    }

    /// Makes the tokens for [`Pass::prompt`]; empty if the text cannot be tokenized.
    pub(super) fn tokenize(&self, text: &str) -> Vec<i32> {
        // whisper-rs fails without room for all tokens; each has at least one byte.
        let text = text.replace('\0', " ");
        self.context
            .tokenize(&text, text.len() + 8)
            .unwrap_or_default()
    }

    /// Hears a window as one segment.
    pub(super) fn hear(
        &mut self,
        samples: &[f32],
        pass: &Pass<'_>,
        cancel: &AtomicBool,
    ) -> Result<Heard, SpeechError> {
        let seconds = samples.len() as f32 / SAMPLE_RATE as f32;
        let max_tokens = token_limit(seconds, self.is_multilingual());
        let mut params = self.params(pass, cancel);
        params.set_single_segment(true);
        params.set_temperature_inc(0.0);
        params.set_max_tokens(max_tokens);
        params.set_audio_ctx(pass.context as i32);
        self.run(params, samples, cancel)?;
        let mut heard = Heard {
            temperature: pass.temperature,
            ..Heard::default()
        };
        self.collect(&mut heard, seconds);
        heard.overran = heard.tokens.len() as i32 >= max_tokens;
        Ok(heard)
    }

    /// Hears a whole recording the way Whisper itself does: the baseline for the fast path.
    pub(super) fn hear_as_whisper_does(
        &mut self,
        samples: &[f32],
        pass: &Pass<'_>,
        cancel: &AtomicBool,
    ) -> Result<Heard, SpeechError> {
        let mut params = self.params(pass, cancel);
        params.set_suppress_nst(false);
        self.run(params, samples, cancel)?;
        let mut heard = Heard {
            temperature: pass.temperature,
            ..Heard::default()
        };
        self.collect_segments(&mut heard);
        Ok(heard)
    }

    /// Returns the language spoken in a window and its probability (0 to 1).
    pub(super) fn detect_language(
        &mut self,
        samples: &[f32],
        pass: &Pass<'_>,
        cancel: &AtomicBool,
    ) -> Result<(&'static str, f32), SpeechError> {
        // Detection uses the encoder length of the last run. This run sets it and stops before its
        // encoder does any work, so a failure is expected.
        let stop_at_once = AtomicBool::new(true);
        let mut params = self.params(pass, &stop_at_once);
        params.set_audio_ctx(pass.context as i32);
        let _ = self.state.full(params, &pad(samples));
        engine_log::take_complaint();
        if cancel.load(Ordering::Relaxed) {
            return Err(SpeechError::Cancelled);
        }
        let (id, probabilities) = self
            .state
            .lang_detect(0, usize::from(pass.threads.max(1)))
            .map_err(engine_error)?;
        let language = whisper_rs::get_lang_str(id).unwrap_or("en");
        let sure = usize::try_from(id)
            .ok()
            .and_then(|id| probabilities.get(id).copied());
        Ok((language, sure.unwrap_or(0.0)))
    }

    fn params<'p>(&mut self, pass: &Pass<'p>, cancel: &AtomicBool) -> FullParams<'p, 'p> {
        let language = pass.language;
        let base = self.languages.entry(language).or_insert_with(|| {
            let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 3 });
            params.set_language(Some(language));
            params.set_print_special(false);
            params.set_print_progress(false);
            params.set_print_realtime(false);
            params.set_print_timestamps(false);
            params.set_suppress_blank(true);
            params.set_suppress_nst(true);
            params.set_no_context(true);
            params
        });
        let mut params: FullParams<'p, 'p> = base.clone();
        params.set_n_threads(i32::from(pass.threads.max(1)));
        params.set_translate(pass.translate);
        params.set_temperature(pass.temperature);
        params.set_tokens(&pass.prompt[pass.prompt.len().saturating_sub(MAX_PROMPT)..]);
        let flag: *mut c_void = ptr::from_ref(cancel).cast_mut().cast();
        #[expect(
            unsafe_code,
            reason = "the safe variant of whisper-rs leaks its closure and casts it to another type"
        )]
        // SAFETY: `cancel` outlives every run with these parameters, all of which end within the
        // method that borrowed it, and `stop_requested` only reads the flag.
        unsafe {
            params.set_abort_callback(Some(stop_requested));
            params.set_abort_callback_user_data(flag);
        }
        params
    }

    fn run(
        &mut self,
        params: FullParams<'_, '_>,
        samples: &[f32],
        cancel: &AtomicBool,
    ) -> Result<(), SpeechError> {
        let result = self.state.full(params, &pad(samples));
        if cancel.load(Ordering::Relaxed) {
            return Err(SpeechError::Cancelled);
        }
        result.map_err(engine_error)
    }

    /// Like [`Ear::collect`], for a recording that Whisper heard in several steps: times in its tokens
    /// count from the step, those of its segments from the start.
    fn collect_segments(&self, heard: &mut Heard) {
        let first_special = self.context.token_eot();
        for segment in self.state.as_iter() {
            heard.no_speech_prob = heard.no_speech_prob.max(segment.no_speech_probability());
            let stamp = |hundredths: i64| Token {
                stamp_ms: Some(u64::try_from(hundredths).unwrap_or(0) * 10),
                ..Token::default()
            };
            heard.tokens.push(stamp(segment.start_timestamp()));
            let tokens = (0..segment.n_tokens()).filter_map(|index| segment.get_token(index));
            for token in tokens.filter(|token| token.token_id() < first_special) {
                heard
                    .tokens
                    .push(read_token(&token, token.token_id(), None));
            }
            heard.tokens.push(stamp(segment.end_timestamp()));
        }
    }

    fn collect(&self, heard: &mut Heard, seconds: f32) {
        let (end, first_stamp) = (self.context.token_eot(), self.context.token_beg());
        let limit_ms = (seconds * 1000.0) as u64;
        for segment in self.state.as_iter() {
            heard.no_speech_prob = heard.no_speech_prob.max(segment.no_speech_probability());
            let tokens = (0..segment.n_tokens()).filter_map(|index| segment.get_token(index));
            for token in tokens {
                let id = token.token_id();
                if id >= end && id < first_stamp {
                    continue;
                }
                // Timestamp tokens follow each other in steps of 20 ms.
                let stamp_ms = (id >= first_stamp)
                    .then(|| u64::try_from(id - first_stamp).unwrap_or(0) * 20)
                    .map(|ms| ms.min(limit_ms));
                heard.tokens.push(read_token(&token, id, stamp_ms));
            }
        }
    }
}

fn read_token(token: &WhisperToken<'_, '_>, id: i32, stamp_ms: Option<u64>) -> Token {
    let data = token.token_data();
    Token {
        id,
        logprob: data.plog,
        probability: data.p,
        bytes: token.to_bytes().map(<[u8]>::to_vec).unwrap_or_default(),
        stamp_ms,
        aligned_ms: u64::try_from(data.t_dtw)
            .ok()
            .map(|hundredths| hundredths * 10),
    }
}

/// More tokens than anybody can say in that time. English takes about one token a syllable, other
/// languages up to three.
fn token_limit(seconds: f32, multilingual: bool) -> i32 {
    let per_second = if multilingual { 16.0 } else { 9.0 };
    (20.0 + seconds * per_second) as i32
}

fn pad(samples: &[f32]) -> std::borrow::Cow<'_, [f32]> {
    if samples.len() >= MIN_SAMPLES {
        return samples.into();
    }
    let mut longer = samples.to_vec();
    longer.resize(MIN_SAMPLES, 0.0);
    longer.into()
}

fn engine_error(error: whisper_rs::WhisperError) -> SpeechError {
    SpeechError::Engine {
        reason: engine_reason(error),
    }
}

/// Prefers the last line of whisper.cpp's log, which says more than its error code.
fn engine_reason(error: whisper_rs::WhisperError) -> Reason {
    match engine_log::take_complaint() {
        Some(complaint) => Reason::told(complaint, error),
        None => Reason::of(error),
    }
}

#[expect(
    unsafe_code,
    reason = "whisper.cpp hands the flag back as a bare pointer"
)]
unsafe extern "C" fn stop_requested(flag: *mut c_void) -> bool {
    // SAFETY: `flag` is the `AtomicBool` that `Ear::params` was given, alive during the run.
    unsafe { (*flag.cast::<AtomicBool>()).load(Ordering::Relaxed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoder_context_follows_the_length() {
        let second = SAMPLE_RATE as usize;
        assert_eq!(context_for(second), MIN_CONTEXT);
        assert_eq!(context_for(10 * second), 576);
        assert_eq!(context_for(28 * second), 1472);
        assert_eq!(context_for(60 * second), FULL_CONTEXT);
        for seconds in 1..28 {
            assert!(context_for(seconds * second) >= seconds * 50 + CONTEXT_MARGIN);
        }
    }

    #[test]
    fn short_sounds_are_completed() {
        assert_eq!(pad(&[0.1; 10]).len(), MIN_SAMPLES);
        assert_eq!(pad(&vec![0.1; 20_000]).len(), 20_000);
    }

    #[test]
    fn text_is_put_together_from_parts_of_characters() {
        let token = |bytes: &[u8], stamp_ms| Token {
            id: 1,
            logprob: -0.5,
            probability: 0.6,
            bytes: bytes.to_vec(),
            stamp_ms,
            aligned_ms: None,
        };
        let tokens = vec![
            token(b"[_BEG_]", Some(0)),
            token(b" caf\xc3", None),
            token(b"\xa9", None),
        ];
        let heard = Heard {
            tokens,
            ..Heard::default()
        };
        assert_eq!(heard.text(), "café");
        assert_eq!(heard.avg_logprob(), -0.5);
    }
}

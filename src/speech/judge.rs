//! Decides whether to believe a decoded text. Whisper fails in two ways that show in its output: it
//! repeats itself, and it writes stock phrases where nobody speaks.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::vad::CLEAR;

/// Above this compression ratio a text repeats itself; the reference implementation's threshold.
const MAX_COMPRESSION: f32 = 2.4;
/// Nobody speaks more characters per second: fast speech has about 20.
const MAX_CHARS_PER_SECOND: f32 = 32.0;
/// Below this mean log-probability a text is a guess; the reference implementation's threshold.
pub(super) const MIN_LOGPROB: f32 = -1.0;
/// Above this probability the model says that nobody spoke; the reference implementation's threshold.
const NO_SPEECH: f32 = 0.6;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Evidence {
    pub(super) avg_logprob: f32,
    /// The model's probability that nobody spoke.
    pub(super) no_speech_prob: f32,
    /// Score of the voice detector, 0 to 1.
    pub(super) voice: f32,
}

/// Length of the text divided by its length after zlib; 0 if there is none.
pub(super) fn compression_ratio(text: &str) -> f32 {
    if text.is_empty() {
        return 0.0;
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let packed = encoder
        .write_all(text.as_bytes())
        .and_then(|()| encoder.finish());
    packed.map_or(0.0, |packed| text.len() as f32 / packed.len().max(1) as f32)
}

/// Whether the text repeats itself, or is longer than anybody can say in that time.
pub(super) fn is_loop(text: &str, seconds: f32) -> bool {
    let chars = text.chars().count() as f32;
    compression_ratio(text) > MAX_COMPRESSION || chars > 40.0 + seconds * MAX_CHARS_PER_SECOND
}

/// Whether the model probably made the text up from noise. The less sure the voice detector, the
/// surer the model has to be.
pub(super) fn is_invented(evidence: &Evidence) -> bool {
    let Evidence {
        avg_logprob,
        no_speech_prob,
        ..
    } = *evidence;
    if no_speech_prob > NO_SPEECH && avg_logprob < MIN_LOGPROB {
        return true;
    }
    !is_surely_voice(evidence) && (no_speech_prob > NO_SPEECH || avg_logprob < -0.8)
}

/// Whether the voice detector was sure that somebody speaks.
pub(super) fn is_surely_voice(evidence: &Evidence) -> bool {
    evidence.voice >= CLEAR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(voice: f32, no_speech_prob: f32, avg_logprob: f32) -> Evidence {
        Evidence {
            avg_logprob,
            no_speech_prob,
            voice,
        }
    }

    #[test]
    fn ordinary_sentences_do_not_loop() {
        let text = "Please enter a new extension, followed by pound. No, no, no, that was wrong.";
        assert!(!is_loop(text, 5.0));
        assert!(!is_loop("yes yes yes yes", 2.0));
        assert!(!is_loop("", 2.0));
    }

    #[test]
    fn repetition_is_a_loop() {
        assert!(is_loop(&"thank you very much ".repeat(20), 28.0));
    }

    #[test]
    fn more_text_than_time_is_a_loop() {
        let text = "One can hardly say all of this within the blink of an eye, whoever one is, \
                    because the tongue needs its time and so do lips and breath.";
        assert!(is_loop(text, 0.8));
        assert!(!is_loop(text, 8.0));
    }

    #[test]
    fn confident_text_on_a_voice_is_kept() {
        assert!(!is_invented(&evidence(0.9, 0.1, -0.3)));
        assert!(!is_invented(&evidence(0.9, 0.7, -0.3)));
        assert!(!is_invented(&evidence(0.4, 0.1, -0.5)));
    }

    #[test]
    fn guesses_on_noise_are_dropped() {
        assert!(is_invented(&evidence(0.9, 0.7, -1.2)));
        assert!(is_invented(&evidence(0.5, 0.7, -0.3)));
        assert!(is_invented(&evidence(0.5, 0.1, -1.0)));
    }
}

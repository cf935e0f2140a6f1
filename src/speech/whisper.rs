//! A loaded model: checks options against it and turns samples into a transcript.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::error::SpeechError;
use super::hearing::{Ear, Pass, context_for};
use super::listening::Job;
use super::model_file::{ModelShape, check_model_file};
use super::types::{Segment, TranscribeOptions, Transcript};
use super::vad::{SpeechSpan, VadSettings, find_speech};
use super::whisper_language::{language_code, language_name};
use super::windows::{Window, cut, samples_to_ms};

/// A loaded Whisper model; loading takes about a second.
pub struct Whisper {
    ear: Ear,
    /// A second copy of the model, loaded on the first request for word times.
    aligning: Option<Ear>,
    path: PathBuf,
    shape: ModelShape,
}

impl Whisper {
    /// Loads a model in ggml format. `threads` is for the warm-up only; each transcription brings its
    /// own number.
    ///
    /// # Errors
    /// [`SpeechError::ModelUnreadable`], or [`SpeechError::ModelInvalid`] for anything but a
    /// complete model.
    pub fn load(path: &Path, threads: u16) -> Result<Self, SpeechError> {
        let shape = check_model_file(path)?;
        let mut ear = Ear::load(path, None)?;
        // The first run allocates memory and pages in the weights; do that before a caller waits.
        let pass = Pass {
            language: "en",
            translate: false,
            prompt: &[],
            temperature: 0.0,
            context: context_for(0),
            threads,
        };
        ear.hear(&[0.0; 16_000], &pass, &AtomicBool::new(false))?;
        Ok(Self {
            ear,
            aligning: None,
            path: path.to_path_buf(),
            shape,
        })
    }

    pub fn is_multilingual(&self) -> bool {
        self.ear.is_multilingual()
    }

    pub fn shape(&self) -> ModelShape {
        self.shape
    }

    /// Transcribes mono samples at 16 kHz. `on_segment` gets each segment as soon as its window is
    /// done, `on_progress` the completed share (0 to 1).
    ///
    /// # Errors
    /// [`SpeechError::Cancelled`] soon after `cancel` was set; also options that do not fit the model,
    /// and engine failures.
    pub fn transcribe(
        &mut self,
        pcm: &[f32],
        options: &TranscribeOptions,
        cancel: &AtomicBool,
        on_segment: &mut dyn FnMut(&Segment),
        on_progress: &mut dyn FnMut(f32),
    ) -> Result<Transcript, SpeechError> {
        self.listen(pcm, options, false, cancel, on_segment, on_progress)
    }

    /// Hears an utterance. With `quick`, windows are not retried; text that looks invented is dropped.
    pub(super) fn hear_live(
        &mut self,
        pcm: &[f32],
        options: &TranscribeOptions,
        quick: bool,
        cancel: &AtomicBool,
    ) -> Result<Transcript, SpeechError> {
        self.listen(pcm, options, quick, cancel, &mut |_| {}, &mut |_| {})
    }

    fn listen(
        &mut self,
        pcm: &[f32],
        options: &TranscribeOptions,
        quick: bool,
        cancel: &AtomicBool,
        on_segment: &mut dyn FnMut(&Segment),
        on_progress: &mut dyn FnMut(f32),
    ) -> Result<Transcript, SpeechError> {
        let asked = self.check(options)?;
        let whole = SpeechSpan {
            start: 0,
            end: pcm.len(),
            confidence: 1.0,
        };
        let windows = if options.full_context {
            if pcm.is_empty() {
                Vec::new()
            } else {
                vec![Window::of(vec![whole])]
            }
        } else {
            cut(pcm, &find_speech(pcm, &VadSettings::default()))
        };
        let ear = match &mut self.aligning {
            _ if !options.words || windows.is_empty() => &mut self.ear,
            Some(aligning) => aligning,
            none => none.insert(Ear::load(&self.path, Some(self.shape.alignment()))?),
        };
        let mut job = Job {
            ear,
            pcm,
            options,
            quick,
            cancel,
            // Replaced below if there is a window to hear.
            language: "en",
            hints: Vec::new(),
            earlier: Vec::new(),
            on_segment,
            transcript: Transcript {
                language: asked.unwrap_or_default().to_owned(),
                translated: options.translate,
                duration_ms: samples_to_ms(pcm.len()),
                ..Transcript::default()
            },
        };
        if let Some(first) = windows.first() {
            job.language = match asked {
                Some(language) => language,
                None => job.detect_language(first)?,
            };
            job.transcript.language = job.language.to_owned();
            job.hints = options.prompt.as_deref().map_or(Vec::new(), |text| {
                let text = text.trim();
                if text.is_empty() {
                    Vec::new()
                } else {
                    job.ear.tokenize(&format!(" {text}"))
                }
            });
        }
        job.run(windows, on_progress)
    }

    /// Checks the options; returns the language, or `None` if it has to be detected.
    fn check(&self, options: &TranscribeOptions) -> Result<Option<&'static str>, SpeechError> {
        if options.threads == 0 {
            let reason = "must be at least 1".to_owned();
            return Err(SpeechError::InvalidOption {
                option: "threads",
                reason,
            });
        }
        if !(0.0..=1.0).contains(&options.temperature) {
            let reason = format!("must be from 0 to 1 and is {}", options.temperature);
            return Err(SpeechError::InvalidOption {
                option: "temperature",
                reason,
            });
        }
        let asked = options.language.as_deref().map(language_code).transpose()?;
        if self.is_multilingual() {
            return Ok(asked);
        }
        match asked {
            None | Some("en") if !options.translate => Ok(Some("en")),
            None | Some("en") => Err(SpeechError::EnglishOnly {
                wanted: "a translation".into(),
            }),
            Some(other) => Err(SpeechError::EnglishOnly {
                wanted: language_name(other).to_owned(),
            }),
        }
    }
}

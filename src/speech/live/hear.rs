//! The hearing thread.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::process::Answers;
use super::protocol::Event;
use super::queue::{Fate, Job, Queue};
use super::{Hearing, sound};
use crate::reason::Reason;
use crate::speech::types::Transcript;
use crate::speech::{SAMPLE_RATE, SpeechError, TranscribeOptions, Whisper};

/// Longest utterance in samples: 30 s. Only the end of a longer one is heard.
const LONGEST: usize = 30 * SAMPLE_RATE as usize;

/// The queue of the hearing thread, with the condition variable that wakes it.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    queue: Mutex<Queue>,
    bell: Condvar,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an utterance; returns the ids of those that it supersedes.
    pub(super) fn push(&self, job: Job) -> Vec<u64> {
        let superseded = self.lock().push(job);
        self.bell.notify_one();
        superseded
    }

    /// Cancels an utterance; true if it was still waiting.
    pub(super) fn cancel(&self, id: u64) -> bool {
        self.lock().cancel(id)
    }

    fn next(&self) -> Job {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.begin() {
                return job;
            }
            queue = self
                .bell
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The models, loaded on first use.
pub(super) struct Shelf {
    models: Vec<(String, PathBuf)>,
    threads: u16,
    loaded: HashMap<String, Whisper>,
}

impl Shelf {
    /// Loads the first model; the others follow on first use.
    pub(super) fn load(models: Vec<(String, PathBuf)>, threads: u16) -> Result<Self, Reason> {
        let first = models.first().map(|(name, _)| name.clone());
        let mut shelf = Self {
            models,
            threads,
            loaded: HashMap::new(),
        };
        let first = first.ok_or("there is no speech model")?;
        shelf.get(&first).map_err(Reason::of)?;
        Ok(shelf)
    }

    fn get(&mut self, name: &str) -> Result<&mut Whisper, SpeechError> {
        let missing =
            || SpeechError::Unavailable(format!("there is no speech model named `{name}`").into());
        if !self.loaded.contains_key(name) {
            let path = self.models.iter().find(|(n, _)| n == name);
            let (_, path) = path.ok_or_else(missing)?;
            let whisper = Whisper::load(path, self.threads)?;
            self.loaded.insert(name.to_owned(), whisper);
        }
        self.loaded.get_mut(name).ok_or_else(missing)
    }

    fn hear(&mut self, job: &Job) -> Result<Hearing, SpeechError> {
        let since = Instant::now();
        let threads = self.threads;
        let whisper = self.get(&job.model)?;
        let options = TranscribeOptions {
            language: job.utterance.language.clone(),
            prompt: job.utterance.prompt.clone(),
            threads,
            ..TranscribeOptions::default()
        };
        let samples = sound::samples(&job.utterance.pcm, LONGEST);
        let heard = whisper.hear_live(&samples, &options, job.utterance.partial, &job.stop)?;
        Ok(Hearing {
            avg_logprob: mean_logprob(&heard),
            text: heard.text,
            language: heard.language,
            took_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// Mean log-probability over all tokens.
fn mean_logprob(heard: &Transcript) -> f32 {
    let tokens: usize = heard.segments.iter().map(|s| s.tokens.len()).sum();
    let sum: f32 = heard
        .segments
        .iter()
        .map(|s| s.avg_logprob * s.tokens.len() as f32)
        .sum();
    sum / tokens.max(1) as f32
}

/// Hears until the process ends.
pub(super) fn run(inbox: &Inbox, mut shelf: Shelf, answers: &Answers) -> std::io::Result<()> {
    loop {
        let job = inbox.next();
        let id = job.id;
        let heard = catch_unwind(AssertUnwindSafe(|| shelf.hear(&job))).unwrap_or_else(|_| {
            // The panic may have left the model in a bad state, so it is reloaded.
            shelf.loaded.clear();
            let reason = "it cannot compute this sound".into();
            Err(SpeechError::Engine { reason })
        });
        let finished = !matches!(heard, Err(SpeechError::Cancelled));
        match inbox.lock().end(job, finished) {
            Fate::GaveWay => {}
            Fate::Dropped => answers.end(id)?,
            Fate::Wanted => answers.send_last(id, &to_event(heard))?,
        }
    }
}

fn to_event(heard: Result<Hearing, SpeechError>) -> Event {
    match heard {
        Ok(hearing) => Event::Heard(hearing),
        Err(SpeechError::Engine { reason }) => Event::Broken(reason),
        Err(error @ SpeechError::ModelInvalid { .. }) => Event::Broken(Reason::of(error)),
        Err(error) => Event::Rejected(Reason::of(error)),
    }
}

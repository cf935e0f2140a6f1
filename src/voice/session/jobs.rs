//! Background work of the engines. Each job is a task of its own that ends when its token is cancelled, and
//! reports its result to the session's loop.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::{Agent, AgentError, Committed, PreparedAnswer, Rung, Talk, Turn};
use crate::speech::{Clip, Ears, Hearing, SpeakRequest, SpeechError, Synthesizer, Utterance};
use crate::voice::phrases::Phrases;
use crate::voice::sentences::{Portion, Sentences};

/// The result of a job. A leading `u64` is the number of the job, a leading `u32` that of the pause.
pub(super) enum Work {
    /// The words so far.
    Partial(Result<Hearing, SpeechError>),
    /// The words before a pause.
    Heard(u32, Result<Hearing, SpeechError>),
    /// Probability that the turn is over, and how long the model took, in ms.
    TurnEnd(u32, Option<f32>, u64),
    /// A spoken clause.
    Clip(u64, Clip),
    /// All clauses are spoken, or speaking failed.
    Spoken(u64, Option<SpeechError>),
    /// An answer is ready.
    Prepared(u64, Box<Result<PreparedAnswer, AgentError>>),
    /// The first words of an answer arrived.
    FirstWords(u64),
    /// Sentences left for later.
    Rest(u64, Vec<String>),
    /// An answer was stored; `None` if a person speaks now, and it must not be heard.
    Committed(u64, Box<Result<Option<Committed>, AgentError>>),
}

/// Runs a job on the tracker until it is done or cancelled.
fn start(
    tasks: &TaskTracker,
    cancel: CancellationToken,
    job: impl Future<Output = ()> + Send + 'static,
) {
    tasks.spawn(async move { cancel.run_until_cancelled(job).await });
}

async fn tell(work: &mpsc::Sender<Work>, finding: Work) {
    // If the loop has ended, nobody needs the result.
    let _ = work.send(finding).await;
}

/// Transcribes an utterance; `pause` is the number of the pause at its end, `None` for words so far.
pub(super) fn hear(
    tasks: &TaskTracker,
    cancel: CancellationToken,
    ears: Arc<dyn Ears>,
    utterance: Utterance,
    pause: Option<u32>,
    work: mpsc::Sender<Work>,
) {
    start(tasks, cancel, async move {
        let heard = ears.hear(utterance).await;
        let finding = match pause {
            Some(number) => Work::Heard(number, heard),
            None => Work::Partial(heard),
        };
        tell(&work, finding).await;
    })
}

/// Asks the end-of-turn model whether a turn is over.
pub(super) fn judge_turn_end(
    tasks: &TaskTracker,
    cancel: CancellationToken,
    ears: Arc<dyn Ears>,
    pcm: Bytes,
    number: u32,
    work: mpsc::Sender<Work>,
) {
    start(tasks, cancel, async move {
        let since = Instant::now();
        let likely = ears.turn_end(pcm).await.ok();
        let took = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        tell(&work, Work::TurnEnd(number, likely, took)).await;
    })
}

/// The voice for one job.
#[derive(Clone)]
pub(super) struct Mouth {
    pub(super) synthesizer: Arc<dyn Synthesizer>,
    /// The request without its text.
    pub(super) manner: SpeakRequest,
    pub(super) job: u64,
    pub(super) work: mpsc::Sender<Work>,
}

impl Mouth {
    /// Speaks a text; after its first clause, waits until `gate` opens.
    async fn speak(
        &self,
        text: String,
        gate: Option<&mut watch::Receiver<bool>>,
    ) -> Result<(), SpeechError> {
        let request = SpeakRequest {
            text,
            ..self.manner.clone()
        };
        let mut clips = self.synthesizer.speak(request).await?;
        let mut gate = gate;
        while let Some(clip) = clips.next().await {
            tell(&self.work, Work::Clip(self.job, clip?)).await;
            if let Some(gate) = gate.as_deref_mut()
                && gate.wait_for(|open| *open).await.is_err()
            {
                return Err(SpeechError::Cancelled);
            }
        }
        Ok(())
    }
}

pub(super) fn say(
    tasks: &TaskTracker,
    cancel: CancellationToken,
    mouth: Mouth,
    sentences: Vec<String>,
) {
    start(tasks, cancel, async move {
        let mut fault = None;
        for sentence in sentences {
            if let Err(error) = mouth.speak(sentence, None).await {
                fault = Some(error);
                break;
            }
        }
        tell(&mouth.work, Work::Spoken(mouth.job, fault)).await;
    })
}

/// Finds an answer and speaks it; after its first clause, waits until `gate` opens.
pub(super) fn answer(
    tasks: &TaskTracker,
    cancel: CancellationToken,
    agent: Agent,
    turn: Turn,
    (phrases, is_desk_open): (&'static Phrases, bool),
    mouth: Mouth,
    mut gate: watch::Receiver<bool>,
) {
    start(tasks, cancel, async move {
        let prepared = agent.prepare(turn).await;
        let found = prepared
            .as_ref()
            .ok()
            .map(|p| split_portion(p, phrases, is_desk_open));
        tell(&mouth.work, Work::Prepared(mouth.job, Box::new(prepared))).await;
        let mut fault = None;
        if let Some((sentences, rest)) = found {
            tell(&mouth.work, Work::FirstWords(mouth.job)).await;
            if !rest.is_empty() {
                tell(&mouth.work, Work::Rest(mouth.job, rest)).await;
            }
            for mut sentence in sentences {
                sentence.push(' ');
                if let Err(error) = mouth.speak(sentence, Some(&mut gate)).await {
                    fault = Some(error);
                    break;
                }
            }
        }
        tell(&mouth.work, Work::Spoken(mouth.job, fault)).await;
    })
}

/// The words to say instead of an answer's text, where speech must differ.
fn replace_text(
    prepared: &PreparedAnswer,
    phrases: &Phrases,
    is_desk_open: bool,
) -> Option<String> {
    if prepared.talk() == Some(Talk::Person) && is_desk_open {
        return Some(phrases.connecting.into());
    }
    if !prepared.handoff() {
        return None;
    }
    if let Some(why) = prepared.failure() {
        return Some(format!("{why} {}", phrases.offer));
    }
    match (prepared.rung(), prepared.talk()) {
        (Rung::Refusal, _) => Some(phrases.offer_after_refusal.into()),
        (Rung::Talk, Some(Talk::Person | Talk::Abuse)) => Some(phrases.offer_person.into()),
        (Rung::Faq, Some(Talk::Person)) => Some(format!("{} {}", prepared.text(), phrases.offer)),
        _ => None,
    }
}

/// Splits an answer into the sentences to speak now and those for later.
fn split_portion(
    prepared: &PreparedAnswer,
    phrases: &Phrases,
    is_desk_open: bool,
) -> (Vec<String>, Vec<String>) {
    if let Some(text) = replace_text(prepared, phrases, is_desk_open) {
        return (Sentences::of(&text), Vec::new());
    }
    let mut portion = Portion::default();
    let sentences = Sentences::of(prepared.text());
    let mut now: Vec<String> = sentences
        .into_iter()
        .filter_map(|sentence| portion.take(sentence))
        .collect();
    now.extend(portion.finish());
    if !portion.rest.is_empty() {
        now.push(phrases.more.into());
    }
    (now, portion.rest)
}

/// Stores an answer. Not cancelled with the session: what was said must be stored.
pub(super) fn commit(
    tasks: &TaskTracker,
    agent: Agent,
    prepared: PreparedAnswer,
    job: u64,
    work: mpsc::Sender<Work>,
) {
    tasks.spawn(async move {
        let committed = agent.commit(prepared).await;
        tell(&work, Work::Committed(job, Box::new(committed))).await;
    });
}

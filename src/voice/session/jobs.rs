//! What the engines do meanwhile: each job is a task of its own that ends when its token is cancelled, and
//! tells the session's loop what it found.

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

/// What a job found.
pub(super) enum Work {
    /// The words so far.
    Partial(Result<Hearing, SpeechError>),
    /// The words of a pause.
    Heard(u32, Result<Hearing, SpeechError>),
    /// How likely the turn is over, and how long that took.
    TurnEnd(u32, Option<f32>, u64),
    /// A spoken clause.
    Clip(u64, Clip),
    /// All clauses were given; or why not.
    Spoken(u64, Option<SpeechError>),
    /// An answer is complete.
    Prepared(u64, Box<Result<PreparedAnswer, AgentError>>),
    /// The first words of an answer came.
    FirstWords(u64),
    /// Sentences that are left for later.
    Rest(u64, Vec<String>),
    /// An answer was kept.
    Committed(u64, Box<Result<Committed, AgentError>>),
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
    // The loop may have ended; then nobody is interested.
    let _ = work.send(finding).await;
}

/// Has words recognised; `pause` numbers the pause they end in, none for words in mid-speech.
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

/// Asks whether a turn is over.
pub(super) fn turn_end(
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

/// Who speaks, and how.
#[derive(Clone)]
pub(super) struct Mouth {
    pub(super) synthesizer: Arc<dyn Synthesizer>,
    /// The request, but for its text.
    pub(super) manner: SpeakRequest,
    pub(super) job: u64,
    pub(super) work: mpsc::Sender<Work>,
}

impl Mouth {
    /// Speaks a text; waits behind its first clause until `gate` is open.
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

/// Says sentences.
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

/// Finds an answer and speaks it; behind its first clause only once `gate` is open.
pub(super) fn answer(
    tasks: &TaskTracker,
    cancel: CancellationToken,
    agent: Agent,
    turn: Turn,
    phrases: &'static Phrases,
    mouth: Mouth,
    mut gate: watch::Receiver<bool>,
) {
    start(tasks, cancel, async move {
        let prepared = agent.prepare(turn).await;
        let found = prepared.as_ref().ok().map(|p| cut(p, phrases));
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

/// What is said instead of the text of an answer, where spoken words must differ.
fn said_instead(prepared: &PreparedAnswer, phrases: &Phrases) -> Option<String> {
    if !prepared.handoff() {
        return None;
    }
    match (prepared.rung(), prepared.talk()) {
        (Rung::Refusal, _) => Some(phrases.offer_after_refusal.into()),
        (Rung::Talk, Some(Talk::Person | Talk::Abuse)) => Some(phrases.offer_person.into()),
        (Rung::Faq, Some(Talk::Person)) => Some(format!("{} {}", prepared.text(), phrases.offer)),
        _ => None,
    }
}

/// The sentences of an answer that are spoken now, and those that are left for later.
fn cut(prepared: &PreparedAnswer, phrases: &Phrases) -> (Vec<String>, Vec<String>) {
    if let Some(text) = said_instead(prepared, phrases) {
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

/// Keeps an answer. Not cancelled with the session: what was said is kept.
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

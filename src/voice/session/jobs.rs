//! What the engines do meanwhile: each job is a task of its own that ends when its token is cancelled, and
//! tells the session's loop what it found.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::{Agent, AgentError, Committed, Prepared, Rung, Turn, TurnEvent};
use crate::speech::{Clip, Ears, Hearing, SpeakRequest, SpeechError, Synthesizer, Utterance};
use crate::voice::phrases::Phrases;
use crate::voice::sentences::{Portion, Sentences};

/// Text that comes so late after its beginning is written by the model as it comes; until then it may
/// turn out to be a whole that is said otherwise.
const WHOLE: Duration = Duration::from_millis(100);
/// Sentences or events that may wait.
const QUEUE: usize = 64;

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
    Prepared(u64, Box<Result<Prepared, AgentError>>),
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

/// Finds an answer and speaks it as it comes; behind its first clause only once `gate` is open.
pub(super) fn answer(
    tasks: &TaskTracker,
    cancel: CancellationToken,
    agent: Agent,
    turn: Turn,
    phrases: &'static Phrases,
    mouth: Mouth,
    gate: watch::Receiver<bool>,
) {
    start(tasks, cancel, async move {
        let (events, coming) = mpsc::channel(QUEUE);
        let (to_mouth, to_say) = mpsc::channel(QUEUE);
        let (instead, otherwise) = oneshot::channel();
        let prepare = async {
            let prepared = agent.prepare(turn, events).await;
            // The one that waits for it may have begun to speak already.
            let _ = instead.send(
                prepared
                    .as_ref()
                    .ok()
                    .and_then(|p| said_instead(p, phrases)),
            );
            tell(&mouth.work, Work::Prepared(mouth.job, Box::new(prepared))).await;
        };
        let cut = cut(coming, otherwise, to_mouth, phrases, &mouth);
        let speak = speak_all(to_say, gate, &mouth);
        tokio::join!(prepare, cut, speak);
    })
}

/// What is said instead of the text of an answer, where spoken words must differ.
fn said_instead(prepared: &Prepared, phrases: &Phrases) -> Option<String> {
    if !prepared.handoff() {
        return None;
    }
    match (prepared.rung(), prepared.talk()) {
        (Rung::Refusal, _) => Some(phrases.offer_after_refusal.into()),
        (Rung::Talk, Some("person" | "abuse")) => Some(phrases.offer_person.into()),
        (Rung::Faq, Some("person")) => Some(format!("{} {}", prepared.text(), phrases.offer)),
        _ => None,
    }
}

/// From text that comes to sentences that are spoken.
async fn cut(
    mut coming: mpsc::Receiver<TurnEvent>,
    otherwise: oneshot::Receiver<Option<String>>,
    to_mouth: mpsc::Sender<String>,
    phrases: &Phrases,
    mouth: &Mouth,
) {
    let mut sentences = Sentences::default();
    let mut portion = Portion::default();
    let mut held: Vec<String> = Vec::new();
    let mut whole_by = None;
    let mut streaming = false;
    loop {
        let event = match (streaming, whole_by) {
            (false, Some(by)) => match tokio::time::timeout_at(by, coming.recv()).await {
                Ok(event) => event,
                Err(_) => {
                    streaming = true;
                    for sentence in held.drain(..) {
                        hand_over(&to_mouth, sentence).await;
                    }
                    continue;
                }
            },
            _ => coming.recv().await,
        };
        let Some(event) = event else { break };
        let TurnEvent::Delta(text) = event else {
            continue;
        };
        if whole_by.is_none() {
            whole_by = Some(Instant::now() + WHOLE);
            tell(&mouth.work, Work::FirstWords(mouth.job)).await;
        }
        for sentence in sentences.push(&text) {
            if let Some(sentence) = portion.take(sentence) {
                if streaming {
                    hand_over(&to_mouth, sentence).await;
                } else {
                    held.push(sentence);
                }
            }
        }
    }
    if !streaming && let Ok(Some(text)) = otherwise.await {
        for sentence in Sentences::of(&text) {
            hand_over(&to_mouth, sentence).await;
        }
        return;
    }
    held.extend(sentences.finish().and_then(|last| portion.take(last)));
    held.extend(portion.finish());
    if !portion.rest.is_empty() {
        held.push(phrases.more.into());
        let rest = std::mem::take(&mut portion.rest);
        tell(&mouth.work, Work::Rest(mouth.job, rest)).await;
    }
    for sentence in held {
        hand_over(&to_mouth, sentence).await;
    }
}

async fn hand_over(to_mouth: &mpsc::Sender<String>, sentence: String) {
    // A voice that failed takes no more; its fault is told by itself.
    let _ = to_mouth.send(sentence).await;
}

async fn speak_all(
    mut to_say: mpsc::Receiver<String>,
    mut gate: watch::Receiver<bool>,
    mouth: &Mouth,
) {
    let mut fault = None;
    while let Some(mut sentence) = to_say.recv().await {
        sentence.push(' ');
        if let Err(error) = mouth.speak(sentence, Some(&mut gate)).await {
            fault = Some(error);
            break;
        }
    }
    drop(to_say);
    tell(&mouth.work, Work::Spoken(mouth.job, fault)).await;
}

/// Keeps an answer. Not cancelled with the session: what was said is kept.
pub(super) fn commit(
    tasks: &TaskTracker,
    agent: Agent,
    prepared: Prepared,
    job: u64,
    work: mpsc::Sender<Work>,
) {
    tasks.spawn(async move {
        let committed = agent.commit(prepared).await;
        tell(&work, Work::Committed(job, Box::new(committed))).await;
    });
}

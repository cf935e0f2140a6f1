//! The parent's side of the voice process.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::protocol::{Detail, Event, Request};
use super::{ClipStream, Ears, Hearing, SpeakRequest, Synthesizer, Utterance, Voice};
use crate::reason::Reason;
use crate::speech::SpeechError;
use crate::worker::{Engine, EngineError, EngineKind, EngineWorker, Exchange, Spec, Status};

/// Longest text of one request, in bytes: two hours of speech.
const LONGEST_TEXT: usize = 100_000;
const PACES: std::ops::RangeInclusive<f32> = 0.25..=4.0;

#[derive(Debug, Clone)]
pub struct PreparedVoice {
    pub spec: Spec,
    /// Names of the speech models; the first is for English.
    pub models: Vec<String>,
    /// The one of `models` for other languages.
    pub multilingual: Option<String>,
    /// The installed voices, the default one first.
    pub voices: Vec<Voice>,
    /// Why there is no speech model.
    pub no_ears: Option<Reason>,
    /// Why there is no end-of-turn model.
    pub no_turns: Option<Reason>,
    /// Why there is no voice.
    pub no_voices: Option<Reason>,
    /// Those of the reasons above that the owner chose, so they are no trouble.
    pub chosen: Vec<Reason>,
}

enum VoiceEngine {}

impl EngineKind for VoiceEngine {
    type Request = Request;
    type Event = Event;
    type Prepared = PreparedVoice;
    type Detail = Detail;
    const CHECKING: &'static str = "the voice models are being checked";
    const LOADING: &'static str = "the voice models are being loaded";

    fn spec(prepared: &PreparedVoice) -> Spec {
        prepared.spec.clone()
    }
}

/// Ears and voice of this machine, as seen from the main process. Clones share one process.
#[derive(Clone)]
pub struct LiveEngine {
    engine: Engine<VoiceEngine>,
}

/// A service of the process; each can be missing without the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Ears,
    Turns,
    Voices,
}

impl Part {
    /// Why the part is missing. A reason from before the start explains more than the process's own.
    fn trouble(self, prepared: &PreparedVoice, detail: &Detail) -> Option<Reason> {
        let (before, found) = match self {
            Self::Ears => (&prepared.no_ears, &detail.hear),
            Self::Turns => (&prepared.no_turns, &detail.turn),
            Self::Voices => (&prepared.no_voices, &detail.say),
        };
        before.clone().or_else(|| found.clone())
    }
}

fn unexpected_event() -> SpeechError {
    SpeechError::Engine {
        reason: "the voice process sent an unexpected answer".into(),
    }
}

impl LiveEngine {
    /// Runs `prepare`, then starts the process. Must be called inside a tokio runtime. The error of
    /// `prepare` is a sentence for the owner.
    pub fn start(
        prepare: BoxFuture<'static, Result<PreparedVoice, Reason>>,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            engine: Engine::start(prepare, shutdown),
        }
    }

    /// State and figures of the process, or why there is none; `None` while it is being prepared.
    pub fn status(&self) -> Option<Result<Status, Reason>> {
        self.engine.status()
    }

    /// What does not work although the process runs, each with a remedy.
    pub fn troubles(&self) -> Vec<Reason> {
        let Some(prepared) = self.engine.prepared() else {
            return Vec::new();
        };
        let detail = match self.engine.ready() {
            Ok(detail) => detail,
            Err(error @ EngineError::Detail { .. }) => return vec![Reason::of(error)],
            Err(_) => return Vec::new(),
        };
        let parts = [Part::Ears, Part::Turns, Part::Voices];
        let troubles = parts.iter().filter_map(|p| p.trouble(&prepared, &detail));
        troubles.filter(|t| !prepared.chosen.contains(t)).collect()
    }

    /// Waits until the models are loaded or have failed to load.
    pub async fn settled(&self) {
        self.engine.settled().await;
    }

    /// Waits for the worker; fails if it does not serve this part.
    async fn worker_for(
        &self,
        part: Part,
    ) -> Result<(EngineWorker<VoiceEngine>, Arc<PreparedVoice>), SpeechError> {
        let (worker, prepared) = self.engine.serving().await?;
        let detail = self.engine.detail(&worker.ready().await?)?;
        match part.trouble(&prepared, &detail) {
            Some(reason) => Err(SpeechError::Unavailable(reason)),
            None => Ok((worker, prepared)),
        }
    }

    fn ready_for(&self, part: Part) -> Result<(), SpeechError> {
        let Some(prepared) = self.engine.prepared() else {
            self.engine.ready()?;
            return Ok(());
        };
        // A part known to be missing needs no worker to say so.
        let trouble = match part.trouble(&prepared, &Detail::default()) {
            None => part.trouble(&prepared, &self.engine.ready()?),
            found => found,
        };
        trouble.map_or(Ok(()), |reason| Err(SpeechError::Unavailable(reason)))
    }
}

/// Waits for the next event of an exchange that must have one.
async fn next_event(exchange: &mut Exchange<Event>) -> Result<Event, SpeechError> {
    match exchange.next().await {
        Some(Ok(Event::Rejected(reason))) => Err(SpeechError::Rejected(reason)),
        Some(Ok(Event::Broken(reason))) => Err(SpeechError::Engine { reason }),
        Some(Ok(event)) => Ok(event),
        Some(Err(error)) => Err(error.into()),
        None => Err(SpeechError::Cancelled),
    }
}

#[async_trait]
impl Ears for LiveEngine {
    fn ready(&self) -> Result<(), SpeechError> {
        self.ready_for(Part::Ears)
    }

    async fn hear(&self, utterance: Utterance) -> Result<Hearing, SpeechError> {
        let (worker, prepared) = self.worker_for(Part::Ears).await?;
        let model = choose_model(&prepared, utterance.language.as_deref())?;
        let request = Request::Hear { utterance, model };
        let mut exchange = worker.call(request).await?;
        match next_event(&mut exchange).await? {
            Event::Heard(hearing) => Ok(hearing),
            _ => Err(unexpected_event()),
        }
    }

    async fn turn_end(&self, pcm: Bytes) -> Result<f32, SpeechError> {
        let (worker, _) = self.worker_for(Part::Turns).await?;
        let mut exchange = worker.call(Request::Turn(pcm)).await?;
        match next_event(&mut exchange).await? {
            Event::Turn(probability) => Ok(probability),
            _ => Err(unexpected_event()),
        }
    }
}

/// Takes the English model for English, otherwise the multilingual one if there is any.
fn choose_model(prepared: &PreparedVoice, language: Option<&str>) -> Result<String, SpeechError> {
    let first = prepared.models.first();
    let chosen = match language {
        None | Some("en") => first,
        Some(_) => prepared.multilingual.as_ref().or(first),
    };
    chosen.cloned().ok_or_else(|| {
        let missing = "there is no speech model; get one with `frontdesk models get`";
        SpeechError::Unavailable(missing.into())
    })
}

#[async_trait]
impl Synthesizer for LiveEngine {
    fn ready(&self) -> Result<(), SpeechError> {
        self.ready_for(Part::Voices)
    }

    fn voices(&self) -> Vec<Voice> {
        let prepared = self.engine.prepared();
        prepared.map_or_else(Vec::new, |prepared| prepared.voices.clone())
    }

    async fn speak(&self, request: SpeakRequest) -> Result<ClipStream, SpeechError> {
        check(&request)?;
        let (worker, prepared) = self.worker_for(Part::Voices).await?;
        let voice = Some(choose_voice(&prepared.voices, request.voice.as_deref())?);
        let request = SpeakRequest { voice, ..request };
        let exchange = worker.call(Request::Say(request)).await?;
        Ok(Box::pin(exchange.map(|event| match event {
            Ok(Event::Clip(clip)) => Ok(clip),
            Ok(Event::Rejected(reason)) => Err(SpeechError::Rejected(reason)),
            Ok(Event::Broken(reason)) => Err(SpeechError::Engine { reason }),
            Ok(_) => Err(unexpected_event()),
            Err(error) => Err(error.into()),
        })))
    }
}

fn check(request: &SpeakRequest) -> Result<(), SpeechError> {
    let invalid = |option, reason| Err(SpeechError::InvalidOption { option, reason });
    if !PACES.contains(&request.speed) {
        let reason = format!("must be from 0.25 to 4 and is {}", request.speed);
        return invalid("speed", reason);
    }
    if request.text.len() > LONGEST_TEXT {
        let reason = format!(
            "has {} bytes and the limit is {LONGEST_TEXT}: cut it into parts",
            request.text.len()
        );
        return invalid("text", reason);
    }
    Ok(())
}

fn choose_voice(voices: &[Voice], asked: Option<&str>) -> Result<String, SpeechError> {
    let found = match asked {
        Some(name) => voices.iter().find(|v| v.name == name),
        None => voices.first(),
    };
    found.map(|v| v.name.clone()).ok_or_else(|| {
        let known: Vec<&str> = voices.iter().map(|v| v.name.as_str()).collect();
        let reason = format!(
            "cannot be `{}`; there are: {}",
            asked.unwrap_or_default(),
            known.join(", ")
        );
        SpeechError::InvalidOption {
            option: "voice",
            reason,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(name: &str) -> Voice {
        Voice {
            name: name.into(),
            title: name.into(),
            language: "en".into(),
            licence: "CC0-1.0".into(),
            rate: 22_050,
        }
    }

    #[test]
    fn the_usual_voice_is_the_first_and_an_unknown_one_is_refused_by_name() {
        let voices = [voice("joe"), voice("amy")];
        assert_eq!(choose_voice(&voices, None).unwrap(), "joe");
        assert_eq!(choose_voice(&voices, Some("amy")).unwrap(), "amy");
        let message = choose_voice(&voices, Some("eve")).unwrap_err().to_string();
        assert!(
            message.contains("`eve`") && message.contains("joe, amy"),
            "{message}"
        );
    }

    #[test]
    fn a_pace_or_a_text_beyond_measure_is_refused() {
        let request = |speed, length| SpeakRequest {
            text: "a".repeat(length),
            speed,
            ..SpeakRequest::default()
        };
        for speed in [0.0, 0.2, 4.1, -1.0, f32::NAN, f32::INFINITY] {
            let message = check(&request(speed, 1)).unwrap_err().to_string();
            assert!(message.starts_with("speed"), "{message}");
        }
        assert!(check(&request(0.25, 1)).is_ok() && check(&request(4.0, LONGEST_TEXT)).is_ok());
        assert!(check(&request(1.0, LONGEST_TEXT + 1)).is_err());
    }

    #[test]
    fn what_was_missing_before_the_start_explains_more_than_what_the_process_says() {
        let prepared = PreparedVoice {
            spec: Spec {
                name: "voice".into(),
                program: Default::default(),
                args: Vec::new(),
                env: Vec::new(),
                init: String::new(),
                start_deadline: Default::default(),
                memory_cap: None,
            },
            models: vec!["tiny.en".into(), "base".into()],
            multilingual: Some("base".into()),
            voices: Vec::new(),
            no_ears: None,
            no_turns: Some("get it".into()),
            no_voices: None,
            chosen: Vec::new(),
        };
        let detail = Detail {
            hear: Some("it is damaged".into()),
            turn: Some("there is none".into()),
            ..Detail::default()
        };
        assert_eq!(
            Part::Ears.trouble(&prepared, &detail),
            Some("it is damaged".into())
        );
        assert_eq!(
            Part::Turns.trouble(&prepared, &detail),
            Some("get it".into())
        );
        assert_eq!(Part::Voices.trouble(&prepared, &detail), None);
        let model = |language| choose_model(&prepared, language).unwrap();
        assert_eq!(
            [model(None), model(Some("en")), model(Some("de"))],
            ["tiny.en", "tiny.en", "base"]
        );
    }
}

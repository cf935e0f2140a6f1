//! Hearing and speaking for a workspace: here or at its provider.

mod deepgram;
mod live;
mod openai;
mod speaking;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

pub use self::live::DeepgramEars;
pub use self::speaking::SpeakingFor;
pub(crate) use self::speaking::elsewhere as say;

use super::budget::Amount;
use super::error::ProviderError;
use super::line::Line;
use super::policy::Plan;
use super::{Providers, now};
use crate::egress::Class;
use crate::speech::{SpeechError, TranscribeOptions, Transcriber, Transcript};
use crate::store::WorkspaceId;
use crate::store::providers::{Mode, ProviderKind, Use};

/// How long a call waits for a provider before this machine goes on.
const IN_A_CALL: Duration = Duration::from_secs(3);
/// The kinds of data in what people said.
const SAID: &[Class] = &[Class::Customer];
/// No recording of speech has fewer bytes in a second: Opus at 6 kbit/s (RFC 6716, section 2.1.1).
const FEWEST_BYTES: u64 = 750;

/// Transcribes for a workspace.
pub struct TranscribingFor {
    providers: Providers,
    workspace: WorkspaceId,
    local: Arc<dyn Transcriber>,
}

impl TranscribingFor {
    pub(super) fn new(
        providers: Providers,
        workspace: WorkspaceId,
        local: Arc<dyn Transcriber>,
    ) -> Self {
        Self {
            providers,
            workspace,
            local,
        }
    }

    /// This machine. It counts as busy meanwhile, but nobody who has nowhere else to go waits for that.
    async fn here(&self, recording: Recording) -> Result<Transcript, SpeechError> {
        let _busy = self.providers.inner.hearing.try_acquire().ok();
        self.work(recording).await
    }

    async fn work(&self, recording: Recording) -> Result<Transcript, SpeechError> {
        let Recording {
            audio,
            name,
            model,
            options,
        } = recording;
        self.local.transcribe(audio, name, model, options).await
    }

    async fn elsewhere_first(
        &self,
        plan: Plan,
        recording: Recording,
    ) -> Result<Transcript, SpeechError> {
        match elsewhere(&plan.line, &recording).await {
            Ok(transcript) => Ok(transcript),
            Err(error) => {
                tracing::warn!(error = %error.for_log(), "a provider did not transcribe, so this machine does");
                match self.local.ready() {
                    Ok(()) => self.here(recording).await,
                    Err(_) => Err(error.of_speech()),
                }
            }
        }
    }

    async fn here_first(
        &self,
        plan: Plan,
        recording: Recording,
    ) -> Result<Transcript, SpeechError> {
        let hearing = &self.providers.inner.hearing;
        let turn = match self.local.ready() {
            Ok(()) => tokio::time::timeout(plan.wait, hearing.acquire())
                .await
                .ok(),
            Err(_) => None,
        };
        if turn.is_some() {
            return self.work(recording).await;
        }
        match elsewhere(&plan.line, &recording).await {
            Ok(transcript) => Ok(transcript),
            Err(error) => {
                tracing::warn!(error = %error.for_log(), "a provider did not help out");
                self.here(recording).await
            }
        }
    }
}

/// What is to be transcribed.
pub(crate) struct Recording {
    pub(crate) audio: Bytes,
    pub(crate) name: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) options: TranscribeOptions,
}

#[async_trait]
impl Transcriber for TranscribingFor {
    fn ready(&self) -> Result<(), SpeechError> {
        self.local.ready()
    }

    fn models(&self) -> Vec<String> {
        self.local.models()
    }

    async fn transcribe(
        &self,
        audio: Bytes,
        file_name: Option<String>,
        model: Option<String>,
        options: TranscribeOptions,
    ) -> Result<Transcript, SpeechError> {
        let recording = Recording {
            audio,
            name: file_name,
            model,
            options,
        };
        let plan = self
            .providers
            .plan_for(Use::Transcribe, self.workspace)
            .await;
        match plan {
            Ok(Some(plan)) => match plan.mode {
                Mode::Provider => self.elsewhere_first(plan, recording).await,
                Mode::Overflow => self.here_first(plan, recording).await,
                Mode::Local => self.here(recording).await,
            },
            Ok(None) => self.here(recording).await,
            Err(error) => {
                tracing::error!(%error, "the policy of providers cannot be read, so the work stays here");
                self.here(recording).await
            }
        }
    }
}

/// Has a recording transcribed by the provider.
pub(crate) async fn elsewhere(
    line: &Line,
    recording: &Recording,
) -> Result<Transcript, ProviderError> {
    line.admit()?;
    let heard = hear(line, recording).await;
    line.note(&heard);
    heard
}

async fn hear(line: &Line, recording: &Recording) -> Result<Transcript, ProviderError> {
    line.check_classes(SAID)?;
    let model =
        line.provider.models.transcribe.as_deref().ok_or_else(|| {
            ProviderError::unfit(line.name(), "no model for transcribing is named")
        })?;
    if recording.options.translate {
        let told = "translations are made on this machine only";
        return Err(ProviderError::unfit(line.name(), told));
    }
    let prices = &line.provider.prices;
    let bytes = u64::try_from(recording.audio.len()).unwrap_or(u64::MAX);
    let most_seconds = (bytes / FEWEST_BYTES + 1).min(
        recording
            .options
            .max_seconds
            .unwrap_or(u64::MAX)
            .saturating_add(1),
    );
    let most = Amount::of_hearing(prices, most_seconds.saturating_mul(1_000));
    let purse = &line.providers.inner.purse;
    let mut reservation = purse.reserve(&line.provider, most, now()).await?;
    reservation.owe(most);
    let heard = match line.provider.kind {
        ProviderKind::Deepgram => deepgram::transcribe(line, model, recording).await,
        ProviderKind::OpenAi => openai::transcribe(line, model, recording).await,
        ProviderKind::Anthropic | ProviderKind::Gemini => Err(ProviderError::unfit(
            line.name(),
            "it does not transcribe recordings",
        )),
    };
    match heard {
        Ok(transcript) => {
            let used = Amount::of_hearing(prices, transcript.duration_ms);
            reservation.settle(used).await?;
            Ok(transcript)
        }
        Err(error) => {
            if !error.may_cost() {
                reservation.forget();
            }
            Err(error)
        }
    }
}

/// Seconds as a provider writes them, in ms.
pub(crate) fn ms(seconds: Option<f64>) -> u64 {
    let ms = seconds.unwrap_or(0.0).max(0.0) * 1_000.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and a cast stays within bounds"
    )]
    let whole = ms.round() as u64;
    whole
}

#[expect(clippy::cast_possible_truncation, reason = "a probability or the like")]
pub(crate) fn float(value: &serde_json::Value) -> f32 {
    value.as_f64().unwrap_or(0.0) as f32
}

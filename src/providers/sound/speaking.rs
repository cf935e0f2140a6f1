//! Speaking for a workspace: here or at its provider.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};

use super::super::budget::Amount;
use super::super::error::ProviderError;
use super::super::line::Line;
use super::super::policy::Plan;
use super::super::redact::Redactor;
use super::super::{Providers, now};
use super::{IN_A_CALL, deepgram, openai};
use crate::egress::Class;
use crate::speech::{Clip, ClipStream, SpeakRequest, SpeechError, Synthesizer, Voice};
use crate::store::WorkspaceId;
use crate::store::providers::{Mode, ProviderKind, Use};

/// Samples per second: what OpenAI's `pcm` has, and what others are asked for.
pub(super) const RATE: u32 = 24_000;
/// Of a text that is spoken at once, in bytes: below every provider's limit.
const PIECE: usize = 1_500;

/// Speaks for a workspace.
pub struct SpeakingFor {
    providers: Providers,
    workspace: WorkspaceId,
    local: Arc<dyn Synthesizer>,
    /// How long to wait for a provider's first sound.
    patience: Option<Duration>,
}

impl SpeakingFor {
    pub(crate) fn new(
        providers: Providers,
        workspace: WorkspaceId,
        local: Arc<dyn Synthesizer>,
    ) -> Self {
        Self {
            providers,
            workspace,
            local,
            patience: None,
        }
    }

    pub(crate) fn in_a_call(self) -> Self {
        Self {
            patience: Some(IN_A_CALL),
            ..self
        }
    }

    async fn elsewhere_first(
        &self,
        plan: Plan,
        request: SpeakRequest,
    ) -> Result<ClipStream, SpeechError> {
        let asked = elsewhere(&plan.line, &request);
        let came = match self.patience {
            Some(patience) => tokio::time::timeout(patience, asked)
                .await
                .unwrap_or_else(|_| {
                    let late = Err(plan.line.stalled(patience));
                    plan.line.note(&late);
                    late
                }),
            None => asked.await,
        };
        match came {
            Ok(clips) => Ok(clips),
            Err(error) => {
                tracing::warn!(error = %error.for_log(), "a provider did not speak, so this machine does");
                match self.local.ready() {
                    Ok(()) => self.local.speak(request).await,
                    Err(_) => Err(error.of_speech()),
                }
            }
        }
    }

    async fn here_first(
        &self,
        plan: Plan,
        request: SpeakRequest,
    ) -> Result<ClipStream, SpeechError> {
        let begin = async {
            let mut rest = self.local.speak(request.clone()).await?;
            let first = rest.next().await.transpose()?;
            let clips: ClipStream = stream::iter(first.map(Ok)).chain(rest).boxed();
            Ok::<ClipStream, SpeechError>(clips)
        };
        let failed = match tokio::time::timeout(plan.wait, begin).await {
            Ok(Ok(clips)) => return Ok(clips),
            Ok(Err(error @ SpeechError::InvalidOption { .. })) => return Err(error),
            Ok(Err(error)) => Some(error),
            Err(_) => None,
        };
        match elsewhere(&plan.line, &request).await {
            Ok(clips) => Ok(clips),
            Err(error) => {
                tracing::warn!(error = %error.for_log(), "a provider did not help out");
                match failed {
                    Some(failed) => Err(failed),
                    None => self.local.speak(request).await,
                }
            }
        }
    }
}

#[async_trait]
impl Synthesizer for SpeakingFor {
    fn ready(&self) -> Result<(), SpeechError> {
        self.local.ready()
    }

    fn voices(&self) -> Vec<Voice> {
        self.local.voices()
    }

    async fn speak(&self, request: SpeakRequest) -> Result<ClipStream, SpeechError> {
        match self.providers.plan_for(Use::Speak, self.workspace).await {
            Ok(Some(plan)) => match plan.mode {
                Mode::Provider => self.elsewhere_first(plan, request).await,
                Mode::Overflow => self.here_first(plan, request).await,
                Mode::Local => self.local.speak(request).await,
            },
            Ok(None) => self.local.speak(request).await,
            Err(error) => {
                tracing::error!(%error, "the policy of providers cannot be read, so the work stays here");
                self.local.speak(request).await
            }
        }
    }
}

/// What is left to be spoken.
struct Left {
    line: Line,
    pieces: VecDeque<String>,
    speed: f32,
}

/// Has a text spoken by the provider; returns once the first piece of sound is there.
pub(crate) async fn elsewhere(
    line: &Line,
    request: &SpeakRequest,
) -> Result<ClipStream, ProviderError> {
    line.admit()?;
    line.check_classes(&[Class::Customer, Class::Business])?;
    // A placeholder would be read out, and what it stands for is not to be sent.
    let mut redactor = Redactor::new(&line.provider.redaction, [request.text.as_str()]);
    let _replaced = redactor.redact(&request.text);
    if redactor.has_replaced() {
        let told = "the text holds what is to be left out, so it is spoken here";
        return Err(ProviderError::unfit(line.name(), told));
    }
    let mut left = Left {
        line: line.clone(),
        pieces: pieces(&request.text).into(),
        speed: request.speed,
    };
    let first = left.next().await.transpose();
    line.note(&first);
    let first = first?;
    let rest = stream::unfold(left, |mut left| async move {
        let next = left.next().await?;
        if next.is_err() {
            left.line.note(&next);
            left.pieces.clear();
        }
        Some((next.map_err(ProviderError::of_speech), left))
    });
    Ok(stream::iter(first.map(Ok)).chain(rest).boxed())
}

impl Left {
    /// The next clip; `None` at the end.
    async fn next(&mut self) -> Option<Result<Clip, ProviderError>> {
        let text = self.pieces.pop_front()?;
        let spoken = say(&self.line, &text, self.speed).await;
        Some(spoken.map(|pcm| Clip {
            text,
            pcm,
            rate: RATE,
        }))
    }
}

async fn say(line: &Line, text: &str, speed: f32) -> Result<Bytes, ProviderError> {
    let models = &line.provider.models;
    let model = models
        .speak
        .as_deref()
        .ok_or_else(|| ProviderError::unfit(line.name(), "no model for speaking is named"))?;
    let characters = text.chars().count() as u64;
    let amount = Amount::of_speaking(&line.provider.prices, characters);
    let purse = &line.providers.inner.purse;
    let mut reservation = purse.reserve(&line.provider, amount, now()).await?;
    reservation.owe(amount);
    let spoken = match line.provider.kind {
        ProviderKind::Deepgram => deepgram::speak(line, model, text).await,
        ProviderKind::OpenAi => {
            let voice = models.voice.as_deref().unwrap_or("alloy");
            openai::speak(line, model, voice, text, speed).await
        }
        ProviderKind::Anthropic | ProviderKind::Gemini => {
            Err(ProviderError::unfit(line.name(), "it does not speak"))
        }
    };
    match spoken {
        // A sample has two bytes.
        Ok(pcm) if pcm.len().is_multiple_of(2) => {
            reservation.settle(amount).await?;
            Ok(pcm)
        }
        Ok(_) => Err(ProviderError::broken(line.name(), "its sound breaks off")),
        Err(error) => {
            if !error.may_cost() {
                reservation.forget();
            }
            Err(error)
        }
    }
}

/// The text in pieces, which end with a sentence where that is possible.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(PIECE);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let window = rest.get(..end).unwrap_or(rest);
        let cut = match end == rest.len() {
            true => end,
            false => window
                .rfind(['.', '!', '?', '\n'])
                .or_else(|| window.rfind(' '))
                .map_or(end, |at| at + 1),
        };
        let (piece, after) = rest.split_at(cut);
        if !piece.trim().is_empty() {
            pieces.push(piece.to_owned());
        }
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_sentences_and_nothing_is_lost() {
        let text = "Grüße aus Köln. ".repeat(300);
        let cut = pieces(&text);
        assert!(cut.len() > 2 && cut.iter().all(|piece| piece.len() <= PIECE));
        assert_eq!(cut.concat(), text);
        let ends = |piece: &&String| !piece.trim_end().ends_with('.');
        assert!(cut.iter().find(ends).is_none());
        let long = "ä".repeat(2_000);
        assert_eq!(pieces(&long).concat(), long);
        assert!(pieces(" \n ").is_empty());
    }
}

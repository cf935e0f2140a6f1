//! Ears over Deepgram's WebSocket, for whole utterances of live speech.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::HeaderValue;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::super::budget::Amount;
use super::super::error::ProviderError;
use super::super::line::Line;
use super::super::{Providers, now};
use super::deepgram::{KEEP_NOTHING, only_letters};
use super::{IN_A_CALL, SAID, float};
use crate::egress::{Purpose, StreamLimits, TlsPlace};
use crate::reason::Reason;
use crate::speech::{Ears, Hearing, SpeechError, Utterance};
use crate::store::WorkspaceId;
use crate::store::providers::{Mode, ProviderKind, Use};

/// Of one message, in bytes: a tenth of a second.
const PIECE: usize = 3_200;
/// Bytes in a second: 16 kHz, 16 bits.
const SECOND: u64 = 32_000;
const LIMITS: StreamLimits = StreamLimits {
    sent: 4 << 20,
    received: 4 << 20,
    time: Duration::from_secs(60),
};

/// Hears for a workspace, at its Deepgram if it wants that, else here. Guesses in mid-speech and ends of turns are heard
/// here in any case.
pub struct DeepgramEars {
    providers: Providers,
    workspace: WorkspaceId,
    local: Arc<dyn Ears>,
}

impl DeepgramEars {
    pub(crate) fn new(providers: Providers, workspace: WorkspaceId, local: Arc<dyn Ears>) -> Self {
        Self {
            providers,
            workspace,
            local,
        }
    }
}

#[async_trait]
impl Ears for DeepgramEars {
    fn ready(&self) -> Result<(), SpeechError> {
        self.local.ready()
    }

    async fn hear(&self, utterance: Utterance) -> Result<Hearing, SpeechError> {
        if utterance.partial {
            return self.local.hear(utterance).await;
        }
        let plan = self
            .providers
            .plan_for(Use::Transcribe, self.workspace)
            .await;
        let line = match plan {
            Ok(Some(plan))
                if plan.mode == Mode::Provider
                    && plan.line.provider.kind == ProviderKind::Deepgram =>
            {
                plan.line
            }
            _ => return self.local.hear(utterance).await,
        };
        let heard = tokio::time::timeout(IN_A_CALL, hear(&line, &utterance));
        let heard = heard.await.unwrap_or_else(|_| {
            let late = Err(line.stalled(IN_A_CALL));
            line.note(&late);
            late
        });
        match heard {
            Ok(hearing) => Ok(hearing),
            Err(error) => {
                tracing::warn!(error = %error.for_log(), "a provider did not hear, so this machine does");
                self.local.hear(utterance).await
            }
        }
    }

    async fn turn_end(&self, pcm: Bytes) -> Result<f32, SpeechError> {
        self.local.turn_end(pcm).await
    }
}

/// Has an utterance heard by the provider.
pub(crate) async fn hear(line: &Line, utterance: &Utterance) -> Result<Hearing, ProviderError> {
    line.admit()?;
    let heard = hear_paid(line, utterance).await;
    line.note(&heard);
    heard
}

async fn hear_paid(line: &Line, utterance: &Utterance) -> Result<Hearing, ProviderError> {
    line.check_classes(SAID)?;
    let model =
        line.provider.models.transcribe.as_deref().ok_or_else(|| {
            ProviderError::unfit(line.name(), "no model for transcribing is named")
        })?;
    let length = u64::try_from(utterance.pcm.len()).unwrap_or(u64::MAX);
    let amount = Amount::of_hearing(&line.provider.prices, length * 1_000 / SECOND);
    let purse = &line.providers.inner.purse;
    let mut reservation = purse.reserve(&line.provider, amount, now()).await?;
    reservation.owe(amount);
    let heard = connect(line, model, utterance).await;
    match heard {
        Ok(hearing) => {
            reservation.settle(amount).await?;
            Ok(hearing)
        }
        Err(error) => {
            if matches!(
                error,
                ProviderError::Egress(_) | ProviderError::Unfit { .. }
            ) {
                reservation.forget();
            }
            Err(error)
        }
    }
}

async fn connect(
    line: &Line,
    model: &str,
    utterance: &Utterance,
) -> Result<Hearing, ProviderError> {
    let language = match &utterance.language {
        Some(code) => only_letters(code),
        None => "multi".to_owned(),
    };
    let mut url = line.url(&format!(
        "/listen?model={model}&language={language}&encoding=linear16&sample_rate=16000&channels=1\
         &interim_results=true&endpointing=300&punctuate=true&{KEEP_NOTHING}"
    ))?;
    let is_secret = url.scheme() == "https";
    let scheme = if is_secret { "wss" } else { "ws" };
    let place = TlsPlace {
        workspace: Some(line.provider.workspace),
        purpose: Purpose::SpeechProvider,
        provider: Some(line.name().to_owned()),
        host: url.host_str().unwrap_or_default().to_owned(),
        port: url.port_or_known_default().unwrap_or(443),
        authority: None,
    };
    if url.set_scheme(scheme).is_err() {
        return Err(ProviderError::unfit(
            line.name(),
            "its address is none of the web",
        ));
    }
    let gateway = &line.providers.inner.gateway;
    let data: BTreeSet<_> = SAID
        .iter()
        .copied()
        .chain(
            line.authorization()
                .map(|_| crate::egress::Class::Credential),
        )
        .collect();
    match is_secret {
        true => {
            let stream = gateway.tls(&place, data, LIMITS).await?;
            talk(line, url.as_str(), stream, utterance).await
        }
        false => {
            let stream = gateway.own(&place, data, LIMITS).await?;
            talk(line, url.as_str(), stream, utterance).await
        }
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    line: &Line,
    url: &str,
    stream: S,
    utterance: &Utterance,
) -> Result<Hearing, ProviderError> {
    let since = Instant::now();
    let broken = |error: tokio_tungstenite::tungstenite::Error| {
        let told = Reason::told("its live connection failed", error);
        ProviderError::broken(line.name(), told)
    };
    let mut request = url.into_client_request().map_err(broken)?;
    if let Some((name, secret)) = line.authorization() {
        let mut value = HeaderValue::from_str(secret.reveal()).map_err(|_| {
            ProviderError::unfit(line.name(), "its key has letters that no header holds")
        })?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
    let shaken = tokio::time::timeout(line.patience(), client_async(request, stream));
    let (socket, _) = shaken
        .await
        .map_err(|_| line.stalled(line.patience()))?
        .map_err(broken)?;
    let (mut to, mut from) = socket.split();
    let send = async {
        let mut rest = utterance.pcm.clone();
        while !rest.is_empty() {
            let piece = rest.split_to(rest.len().min(PIECE));
            to.send(Message::Binary(piece)).await?;
        }
        to.send(Message::text(r#"{"type":"CloseStream"}"#)).await
    };
    let read = take(line, &mut from);
    // Both at once: a provider may answer while it is still being sent to.
    let (sent, heard) = tokio::join!(send, read);
    let (text, confidence, language) = heard?;
    sent.map_err(broken)?;
    Ok(Hearing {
        text,
        language: language
            .or_else(|| utterance.language.clone())
            .unwrap_or_default(),
        avg_logprob: confidence.clamp(0.001, 1.0).ln(),
        took_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

/// The words that are final, how sure they are, and their language. `Metadata` is the last message.
async fn take<S: AsyncRead + AsyncWrite + Unpin>(
    line: &Line,
    from: &mut futures::stream::SplitStream<WebSocketStream<S>>,
) -> Result<(String, f32, Option<String>), ProviderError> {
    let (mut words, mut confidence, mut language) = (Vec::new(), 1.0_f32, None);
    loop {
        let next = tokio::time::timeout(line.patience(), from.next());
        let next = next.await.map_err(|_| line.stalled(line.patience()))?;
        let message = match next {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(_))) | None => {
                return Err(ProviderError::broken(
                    line.name(),
                    "it closed the connection too early",
                ));
            }
            Some(Ok(_)) => continue,
            Some(Err(error)) => {
                let told = Reason::told("its live connection failed", error);
                return Err(ProviderError::broken(line.name(), told));
            }
        };
        let read: Value = serde_json::from_str(message.as_str())
            .map_err(|_| ProviderError::broken(line.name(), "a message is not JSON"))?;
        match read["type"].as_str().unwrap_or_default() {
            "Results" if read["is_final"].as_bool() == Some(true) => {
                let best = &read["channel"]["alternatives"][0];
                let text = best["transcript"].as_str().unwrap_or_default().trim();
                if !text.is_empty() {
                    words.push(text.to_owned());
                    confidence = confidence.min(float(&best["confidence"]));
                }
                if let Some(code) = best["languages"][0].as_str() {
                    language = Some(code.to_owned());
                }
            }
            "Metadata" => return Ok((words.join(" "), confidence, language)),
            "Error" => {
                return Err(ProviderError::broken(line.name(), "it told of an error"));
            }
            // Interim words, `UtteranceEnd`, `SpeechStarted`, and what later versions add.
            _ => {}
        }
    }
}

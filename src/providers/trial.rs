//! A test call: a small request that holds nothing of anybody.

use bytes::Bytes;
use futures::StreamExt;

use super::line::Line;
use super::sound::{self, Recording};
use super::{ProviderError, chat};
use crate::llm::{ChatEvent, ChatMessage, ChatRequest, Priority, Role};
use crate::speech::{SpeakRequest, TranscribeOptions};
use crate::store::providers::Use;

/// A small request without anything of anybody.
pub(super) async fn try_out(line: &Line, purpose: Use) -> Result<String, ProviderError> {
    match purpose {
        Use::Chat => {
            let messages = vec![ChatMessage::new(
                Role::System,
                "Answer with the word ready and nothing else.",
            )];
            let mut request = ChatRequest::new(messages, Priority::Api);
            request.sampling.max_tokens = Some(256);
            let mut stream = chat::ask(line, &request).await?;
            let (mut text, mut tokens) = (String::new(), 0);
            while let Some(event) = stream.next().await {
                match event {
                    Ok(ChatEvent::Delta(more)) => text.push_str(&more),
                    Ok(ChatEvent::Done { usage, .. }) => {
                        tokens = usage.prompt_tokens.saturating_add(usage.completion_tokens);
                    }
                    Ok(_) => {}
                    Err(error) => {
                        return Err(ProviderError::broken(line.name(), error.to_string()));
                    }
                }
            }
            let text: String = text.trim().chars().take(100).collect();
            Ok(format!("It answered \"{text}\" ({tokens} tokens)."))
        }
        Use::Transcribe => {
            let recording = Recording {
                audio: silence(),
                name: Some("silence.wav".to_owned()),
                model: None,
                options: TranscribeOptions::default(),
            };
            let transcript = sound::elsewhere(line, &recording).await?;
            Ok(format!(
                "It heard {} ms of silence as \"{}\".",
                transcript.duration_ms, transcript.text
            ))
        }
        Use::Speak => {
            let request = SpeakRequest {
                text: "Ready.".to_owned(),
                speed: 1.0,
                ..SpeakRequest::default()
            };
            let mut clips = sound::say(line, &request).await?;
            let mut ms = 0;
            while let Some(clip) = clips.next().await {
                match clip {
                    Ok(clip) => ms += clip.duration_ms(),
                    Err(error) => {
                        return Err(ProviderError::broken(line.name(), error.to_string()));
                    }
                }
            }
            Ok(format!("It spoke for {ms} ms."))
        }
    }
}

/// Half a second of nothing, as WAV: 8 kHz, 16 bits, one channel.
fn silence() -> Bytes {
    const SAMPLES: u32 = 4_000;
    const RATE: u32 = 8_000;
    let data = SAMPLES * 2;
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + data).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    // PCM, one channel.
    wav.extend_from_slice(&1_u16.to_le_bytes());
    wav.extend_from_slice(&1_u16.to_le_bytes());
    wav.extend_from_slice(&RATE.to_le_bytes());
    wav.extend_from_slice(&(RATE * 2).to_le_bytes());
    wav.extend_from_slice(&2_u16.to_le_bytes());
    wav.extend_from_slice(&16_u16.to_le_bytes());
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&data.to_le_bytes());
    wav.resize(wav.len() + data as usize, 0);
    wav.into()
}

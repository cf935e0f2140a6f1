//! What a session does with the client's events.

use super::client_event::{ClientEvent, CreateItem, Truncate};
use super::config::Config;
use super::config::SessionPatch;
use super::conversation::absent;
use super::fault::Fault;
use super::generate::Answerer;
use super::hearing;
use super::input::{Input, bytes_of};
use super::item::{Item, Kind, Part, Sound, joined};
use super::server_event::{ServerEvent, fresh_id};
use super::session::{Session, Trouble};
use super::turns::NOT_UNDERSTOOD;
use crate::speech::Mono;
use crate::store::calls::CallChannel;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

/// Takes sound that comes with an item.
pub(super) fn listener(session: &Session) -> impl FnMut(&str) -> Result<Sound, Fault> + use<> {
    let (ears, format) = (Arc::clone(&session.app.ears), session.config.input);
    let how = session.config.transcription.clone().unwrap_or_default();
    move |audio: &str| {
        let turn = Input::listen(format, audio)?;
        Ok(Sound {
            heard: hearing::hear(Arc::clone(&ears), turn.pcm.clone(), &how),
            pcm: turn.pcm,
            transcript: None,
        })
    }
}

/// What an assistant of the workspace does not take from clients.
pub(super) fn check_assistant(answerer: &Answerer, config: &Config) -> Result<(), Fault> {
    if matches!(answerer, Answerer::Assistant { .. }) && !config.tools.list.is_empty() {
        let message = "an assistant takes no tools of the client; use another model for them";
        return Err(Fault::invalid("unsupported_parameter", message).about("session.tools"));
    }
    Ok(())
}

impl Session {
    /// Carries an event of the client out.
    pub(super) async fn carry_out(&mut self, event: ClientEvent) -> Result<(), Trouble> {
        match event {
            ClientEvent::SessionUpdate(patch) => self.update(*patch).await,
            ClientEvent::Append(audio) => self.append(&audio).await,
            ClientEvent::Commit => self.commit().await,
            ClientEvent::Clear => {
                self.input.clear();
                self.turn_item = None;
                Ok(self.send(ServerEvent::Cleared {}).await?)
            }
            ClientEvent::ItemCreate(create) => self.create_item(*create).await,
            ClientEvent::ItemRetrieve(id) => self.retrieve(&id).await,
            ClientEvent::ItemTruncate(truncate) => self.truncate(truncate).await,
            ClientEvent::ItemDelete(item_id) => {
                self.conversation.delete(&item_id)?;
                Ok(self.send(ServerEvent::ItemDeleted { item_id }).await?)
            }
            ClientEvent::ResponseCreate(request) => {
                self.idle_at = None;
                self.respond(*request, NOT_UNDERSTOOD).await
            }
            ClientEvent::ResponseCancel(id) => self.cancel(id.as_deref()).await,
            ClientEvent::OutputClear => Err(Fault::invalid(
                "unsupported_event",
                "output_audio_buffer.clear is for WebRTC and SIP: over a WebSocket the client plays the \
                 audio; stop playing it, and send response.cancel and conversation.item.truncate",
            )
            .about("type")
            .into()),
        }
    }

    async fn update(&mut self, patch: SessionPatch) -> Result<(), Trouble> {
        if patch
            .model
            .as_ref()
            .is_some_and(|model| *model != self.config.model)
        {
            let message = "the model of a session cannot be changed; open another session";
            return Err(Fault::invalid("cannot_update_model", message)
                .about("session.model")
                .into());
        }
        let new = self.config.patched(patch, &self.voices)?;
        check_assistant(&self.answerer, &new)?;
        if self.spoke && new.output.local_voice() != self.config.output.local_voice() {
            let message = "the voice cannot be changed after the assistant has spoken";
            let fault = Fault::invalid("cannot_update_voice", message);
            return Err(fault.about("session.audio.output.voice").into());
        }
        let heard_otherwise =
            new.input != self.config.input || new.turn_detection != self.config.turn_detection;
        self.config = new;
        if heard_otherwise {
            let changed = self.input.reconfigure(self.config.input);
            changed.map_err(|error| Fault::server("audio_failed", error.to_string()))?;
            (self.turn_item, self.idle_at) = (None, None);
        }
        let session = self.config.view(&self.id, self.expires_at);
        Ok(self.send(ServerEvent::SessionUpdated { session }).await?)
    }

    async fn append(&mut self, audio: &str) -> Result<(), Trouble> {
        if self.place.is_none()
            && let Err(fault) = self.admit().await
        {
            // Sound comes many times a second; being told so once in a while is enough.
            let now = tokio::time::Instant::now();
            let told = self
                .refused_at
                .is_some_and(|at| now - at < std::time::Duration::from_secs(5));
            if told {
                return Ok(());
            }
            self.refused_at = Some(now);
            return Err(fault.into());
        }
        self.input.append(audio)?;
        self.look_for_turns().await
    }

    /// Takes a place among the sessions with sound, if this one has none yet.
    pub(super) async fn admit(&mut self) -> Result<(), Fault> {
        if self.place.is_some() {
            return Ok(());
        }
        let place = self
            .app
            .voice
            .admit(self.workspace, CallChannel::Realtime)
            .await
            .map_err(|busy| Fault {
                kind: "rate_limit_error",
                ..Fault::invalid("at_capacity", busy.to_string())
            })?;
        self.place = Some(place);
        Ok(())
    }

    async fn create_item(&mut self, create: CreateItem) -> Result<(), Trouble> {
        let item = create.item.checked("item", &mut listener(self))?;
        let sounds: Vec<_> = match &item.kind {
            Kind::Message { parts, .. } => parts
                .iter()
                .enumerate()
                .filter_map(|(at, part)| match part {
                    Part::Heard(sound) => Some((at, sound.clone())),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        if !sounds.is_empty() {
            self.admit().await?;
        }
        let (id, view) = (item.id.clone(), item.view());
        let typed = typed_words(&item);
        let after = create.previous_item_id;
        let previous_item_id = self.conversation.insert(item, after.as_deref())?;
        let item = view.clone();
        self.send(ServerEvent::ItemAdded {
            previous_item_id: previous_item_id.clone(),
            item,
        })
        .await?;
        self.send(ServerEvent::ItemDone {
            previous_item_id,
            item: view,
        })
        .await?;
        if let Some(words) = typed {
            self.record
                .heard(words, tokio::time::Instant::now(), 0)
                .await;
        }
        for (part, sound) in sounds {
            let ms = sound.pcm.len() as u64 / 32;
            self.listen_to(id.clone(), part, sound.heard, ms);
        }
        Ok(())
    }

    async fn retrieve(&mut self, id: &str) -> Result<(), Trouble> {
        let item = self
            .conversation
            .find(id)
            .ok_or_else(|| absent("retrieve", id))?;
        let mut view = item.view();
        if let Kind::Message { parts, .. } = &item.kind {
            for (at, part) in parts.iter().enumerate() {
                if let Part::Heard(sound) = part {
                    view["content"][at]["audio"] = self.sound_of(sound)?;
                }
            }
        }
        Ok(self.send(ServerEvent::ItemRetrieved { item: view }).await?)
    }

    /// Sound that was heard, in the session's input format; `null` when it is no longer kept.
    fn sound_of(&self, sound: &Sound) -> Result<Value, Fault> {
        if sound.pcm.is_empty() {
            return Ok(Value::Null);
        }
        let format = self.config.input;
        let failed =
            |error: crate::speech::AudioError| Fault::server("audio_failed", error.to_string());
        let samples: Vec<i16> = sound
            .pcm
            .chunks_exact(2)
            .map(|s| i16::from_le_bytes([s[0], s[1]]))
            .collect();
        let mut mono = Mono::live(format.rate());
        let mut out = mono.convert(&samples, hearing::EAR_RATE).map_err(failed)?;
        out.extend(mono.rest().map_err(failed)?);
        Ok(json!(STANDARD.encode(format.encode(&out))))
    }

    async fn truncate(&mut self, truncate: Truncate) -> Result<(), Trouble> {
        let Truncate {
            item_id,
            content_index,
            audio_end_ms,
        } = truncate;
        self.conversation
            .truncate(&item_id, content_index, audio_end_ms)?;
        if let Some(Item {
            kind: Kind::Message { parts, .. },
            ..
        }) = self.conversation.find(&item_id)
            && let Some(Part::Spoken(said)) = parts.get(content_index)
        {
            self.record.cut(&item_id, &joined(said), Some(audio_end_ms));
        }
        let event = ServerEvent::ItemTruncated {
            item_id,
            content_index,
            audio_end_ms,
        };
        Ok(self.send(event).await?)
    }

    async fn commit(&mut self) -> Result<(), Trouble> {
        let turn = self.input.take_all()?;
        let id = self.turn_item.take().unwrap_or_else(|| fresh_id("item"));
        Ok(self.commit_turn(id, turn).await?)
    }
}

/// What a user typed.
fn typed_words(item: &Item) -> Option<String> {
    let Kind::Message {
        role: super::item::Role::User,
        parts,
    } = &item.kind
    else {
        return None;
    };
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let words = texts.collect::<Vec<_>>().join("\n");
    (!words.trim().is_empty()).then_some(words)
}

/// A turn in which nobody spoke.
pub(super) fn nothing() -> super::input::Turn {
    super::input::Turn {
        pcm: bytes_of(&[]),
        ms: 0,
    }
}

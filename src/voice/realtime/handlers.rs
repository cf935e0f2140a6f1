//! Carries out the client's orders.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::config::ConfigChange;
use super::conversation::absent;
use super::events::Event;
use super::fault::Fault;
use super::fresh_id;
use super::generate::check_assistant;
use super::hearing;
use super::input::Input;
use super::item::{Item, Kind, NewItem, Part, Role, Sound, joined};
use super::orders::Order;
use super::session::{RealtimeSession, Trouble};
use super::turns::NOT_UNDERSTOOD;
use crate::speech::Mono;
use crate::store::calls::CallChannel;

/// How often to tell a client that its sound is refused: sound arrives many times a second.
const REFUSED_EVERY: Duration = Duration::from_secs(5);

impl RealtimeSession {
    /// Returns the function that transcribes sound inside an item.
    pub(super) fn listener(&self) -> impl FnMut(&[u8]) -> Result<Sound, Fault> + use<> {
        let (ears, format) = (Arc::clone(&self.parts.ears), self.config.input);
        let how = self.config.transcription.clone().unwrap_or_default();
        move |audio: &[u8]| {
            let turn = Input::listen(format, audio)?;
            Ok(Sound {
                heard: hearing::hear(Arc::clone(&ears), turn.pcm.clone(), &how),
                pcm: turn.pcm,
                transcript: None,
            })
        }
    }

    pub(super) async fn carry_out(&mut self, order: Order) -> Result<(), Trouble> {
        match order {
            Order::Configure(change) => self.configure(*change).await,
            Order::Append(audio) => self.append(&audio).await,
            Order::Commit => self.commit().await,
            Order::Clear => {
                self.input.clear();
                self.turn_item = None;
                Ok(self.send(Event::Cleared).await?)
            }
            Order::AddItem { item, after } => self.add_item(*item, after.as_deref()).await,
            Order::RetrieveItem(id) => self.retrieve(&id).await,
            Order::TruncateItem {
                id,
                content_index,
                audio_end_ms,
            } => self.truncate(id, content_index, audio_end_ms).await,
            Order::DeleteItem(item_id) => {
                self.conversation.delete(&item_id)?;
                Ok(self.send(Event::ItemDeleted { item_id }).await?)
            }
            Order::Respond(order) => {
                self.idle_at = None;
                self.respond(*order, NOT_UNDERSTOOD).await
            }
            Order::Cancel(id) => self.cancel(id.as_deref()).await,
            // The session's loop handles it before this.
            Order::HangUp => Err(Trouble::Gone),
        }
    }

    async fn configure(&mut self, change: ConfigChange) -> Result<(), Trouble> {
        if change
            .model
            .as_ref()
            .is_some_and(|model| *model != self.config.model)
        {
            let message = "the model of a session cannot be changed; open another session";
            return Err(Fault::invalid("cannot_update_model", message)
                .about("session.model")
                .into());
        }
        let new = self.config.changed(change, &self.voices)?;
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
        Ok(self.send(Event::Updated(self.state())).await?)
    }

    async fn append(&mut self, audio: &[u8]) -> Result<(), Trouble> {
        if self.place.is_none()
            && let Err(fault) = self.admit().await
        {
            let now = Instant::now();
            let told = self.refused_at.is_some_and(|at| now - at < REFUSED_EVERY);
            if told {
                return Ok(());
            }
            self.refused_at = Some(now);
            return Err(fault.into());
        }
        self.input.append(audio)?;
        self.look_for_turns().await
    }

    /// Takes a place among the sessions with sound, unless this one has a place.
    pub(super) async fn admit(&mut self) -> Result<(), Fault> {
        if self.place.is_some() {
            return Ok(());
        }
        let place = self
            .parts
            .desk
            .admit(self.workspace, CallChannel::Realtime)
            .await
            .map_err(|busy| Fault::busy("at_capacity", busy.to_string()))?;
        self.place = Some(place);
        Ok(())
    }

    async fn add_item(&mut self, new: NewItem, after: Option<&str>) -> Result<(), Trouble> {
        let item = Item::of(new, "item", &mut self.listener())?;
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
        let id = item.id.clone();
        let typed = typed_words(&item);
        let shown = item.clone();
        let previous_item_id = self.conversation.insert(item, after)?;
        self.send(Event::ItemAdded {
            previous_item_id: previous_item_id.clone(),
            item: shown.clone(),
        })
        .await?;
        self.send(Event::ItemDone {
            previous_item_id,
            item: shown,
        })
        .await?;
        if let Some(words) = typed {
            self.record.note_caller(words, Instant::now(), 0).await;
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
        let mut sounds = Vec::new();
        if let Kind::Message { parts, .. } = &item.kind {
            for (at, part) in parts.iter().enumerate() {
                if let Part::Heard(sound) = part {
                    sounds.push((at, self.sound_of(sound)?));
                }
            }
        }
        let item = item.clone();
        Ok(self.send(Event::ItemRetrieved { item, sounds }).await?)
    }

    /// Sound that was heard, in the session's input format; `None` if it was dropped.
    fn sound_of(&self, sound: &Sound) -> Result<Option<Vec<u8>>, Fault> {
        if sound.pcm.is_empty() {
            return Ok(None);
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
        Ok(Some(format.encode(&out)))
    }

    async fn truncate(
        &mut self,
        item_id: String,
        content_index: usize,
        audio_end_ms: i64,
    ) -> Result<(), Trouble> {
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
        let event = Event::ItemTruncated {
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

/// What the user typed.
fn typed_words(item: &Item) -> Option<String> {
    let Kind::Message {
        role: Role::User,
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

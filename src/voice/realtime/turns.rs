//! Turns of a session: when somebody spoke, what was understood, whether to answer.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::active::{CancelReason, Ending};
use super::events::Event;
use super::fresh_id;
use super::hearing::{self, Heard};
use super::input::HeardTurn;
use super::item::{Item, Kind, Part, Role, Sound, Status};
use super::orders::ResponseOrder;
use super::session::{Gone, HeardPart, RealtimeSession, Trouble};
use super::turn_detection::{Sign, TurnEnd};
use crate::voice::turn_settings::JUDGE_PATIENCE;

/// An assistant's words when nothing was understood, and after a long silence.
pub(super) const NOT_UNDERSTOOD: &str = "Sorry, I did not catch that.";
const STILL_THERE: &str = "Are you still there?";

impl RealtimeSession {
    /// Finds turns in the sound that arrived.
    pub(super) async fn look_for_turns(&mut self) -> Result<(), Trouble> {
        while let Some(detection) = self.config.turn_detection
            && let Some(sign) = self.input.next_sign(&detection)
        {
            match sign {
                Sign::Began { .. } => {
                    self.idle_at = None;
                    let item_id = fresh_id("item");
                    self.turn_item = Some(item_id.clone());
                    let audio_start_ms = self.input.start_ms();
                    self.send(Event::SpeechStarted {
                        audio_start_ms,
                        item_id,
                    })
                    .await?;
                    if detection.interrupt_response {
                        self.break_in().await?;
                    }
                }
                Sign::Pause => {
                    let TurnEnd::Meaning(eagerness) = detection.end else {
                        continue;
                    };
                    let judged = self.parts.ears.turn_end(self.input.sound_to_judge());
                    match tokio::time::timeout(JUDGE_PATIENCE, judged).await {
                        Ok(Ok(sure)) if sure >= eagerness.sure() => self.end_turn().await?,
                        Ok(Ok(_)) => {}
                        Ok(Err(_)) | Err(_) => self.input.without_judge(),
                    }
                }
                Sign::Ended => self.end_turn().await?,
            }
        }
        Ok(())
    }

    /// Cancels the response when the caller speaks. Browser calls would pause it and let words or silence
    /// decide; here `interrupt_response` promises that it is cancelled.
    async fn break_in(&mut self) -> Result<(), Gone> {
        self.owed = false;
        if let Some(at) = self
            .running
            .iter()
            .position(|running| running.active.is_kept())
        {
            self.record.event("barge_in", json!({})).await;
            self.finish(at, Ending::Cancelled(CancelReason::Turn), None, None)
                .await?;
        }
        Ok(())
    }

    async fn end_turn(&mut self) -> Result<(), Trouble> {
        let id = self.turn_item.take().unwrap_or_else(|| fresh_id("item"));
        let audio_end_ms = self.input.scored_ms();
        let turn = self.input.take_turn();
        self.send(Event::SpeechStopped {
            audio_end_ms,
            item_id: id.clone(),
        })
        .await?;
        self.commit_turn(id, turn).await?;
        self.answer_turn(NOT_UNDERSTOOD).await
    }

    /// Answers the committed turn, if the session answers by itself.
    async fn answer_turn(&mut self, to_silence: &'static str) -> Result<(), Trouble> {
        let answers = self
            .config
            .turn_detection
            .is_some_and(|detection| detection.create_response);
        if !answers || self.config.transcribes_only {
            return Ok(());
        }
        if self.is_answering() {
            self.owed = true;
            return Ok(());
        }
        self.respond(ResponseOrder::default(), to_silence).await
    }

    /// Makes a turn an item of the conversation, and transcribes it.
    pub(super) async fn commit_turn(&mut self, id: String, turn: HeardTurn) -> Result<(), Gone> {
        self.turn_ended = Some(Instant::now());
        let how = self.config.transcription.clone().unwrap_or_default();
        let heard = if turn.pcm.is_empty() {
            hearing::known("")
        } else {
            hearing::hear(Arc::clone(&self.parts.ears), turn.pcm.clone(), &how)
        };
        let sound = Sound {
            pcm: turn.pcm,
            heard: heard.clone(),
            transcript: None,
        };
        let item = Item {
            id: id.clone(),
            status: Status::Completed,
            kind: Kind::Message {
                role: Role::User,
                parts: vec![Part::Heard(sound)],
            },
        };
        let shown = item.clone();
        let previous_item_id = self.conversation.push(item);
        let before = previous_item_id.clone();
        self.send(Event::Committed {
            previous_item_id: before.clone(),
            item_id: id.clone(),
        })
        .await?;
        self.send(Event::ItemAdded {
            previous_item_id: before,
            item: shown.clone(),
        })
        .await?;
        self.send(Event::ItemDone {
            previous_item_id,
            item: shown,
        })
        .await?;
        if turn.ms > 0 {
            self.listen_to(id, 0, heard, turn.ms);
        }
        Ok(())
    }

    /// Waits in the background for the transcript of an item's part.
    pub(super) fn listen_to(&mut self, item: String, part: usize, heard: Heard, ms: u64) {
        self.record.cost.heard_ms += ms;
        self.parts.observer.heard(Duration::from_millis(ms));
        let ended = Instant::now();
        let listen = async move {
            let words = heard.await;
            HeardPart {
                item,
                part,
                words,
                ended,
                ms,
            }
        };
        self.hearing.spawn(listen);
    }

    /// Handles a transcript.
    pub(super) async fn note_heard(&mut self, heard: HeardPart) -> Result<(), Gone> {
        let HeardPart {
            item: item_id,
            part: content_index,
            words,
            ended,
            ms,
        } = heard;
        // Every turn is transcribed, for the record and the model; clients see transcripts only if they asked.
        let told = self.config.transcribes_only || self.config.transcription.is_some();
        let text = match words {
            Ok(text) => text,
            Err(why) => {
                self.record.event("not_heard", json!({"why": &*why})).await;
                if told {
                    let event = Event::TranscriptionFailed {
                        item_id,
                        content_index,
                        why: why.to_string(),
                    };
                    self.send(event).await?;
                }
                return Ok(());
            }
        };
        if let Some(Item {
            kind: Kind::Message { parts, .. },
            ..
        }) = self.conversation.find_mut(&item_id)
            && let Some(Part::Heard(sound)) = parts.get_mut(content_index)
        {
            sound.transcript = Some(text.to_string());
        }
        if !text.is_empty() {
            self.record.note_caller(text.to_string(), ended, ms).await;
        }
        if !told {
            return Ok(());
        }
        if !text.is_empty() {
            let (item_id, delta) = (item_id.clone(), text.to_string());
            self.send(Event::TranscriptionDelta {
                item_id,
                content_index,
                delta,
            })
            .await?;
        }
        let transcript = text.to_string();
        self.send(Event::TranscriptionCompleted {
            item_id,
            content_index,
            transcript,
            ms,
        })
        .await
    }

    /// Handles too long a silence after an answer.
    pub(super) async fn idle(&mut self) -> Result<(), Gone> {
        self.idle_at = None;
        let (id, now) = (fresh_id("item"), self.input.length_ms());
        self.send(Event::TimeoutTriggered {
            audio_start_ms: self.input.scored_ms().min(now),
            audio_end_ms: now,
            item_id: id.clone(),
        })
        .await?;
        self.input.clear();
        self.commit_turn(id, HeardTurn::silent()).await?;
        match self.answer_turn(STILL_THERE).await {
            Err(Trouble::Gone) => Err(Gone),
            Err(Trouble::Fault(fault)) => self.tell(fault).await,
            Ok(()) => Ok(()),
        }
    }
}

//! Turns and responses of a session: when somebody spoke, what was understood, what is answered.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::active::{Active, Ending};
use super::config::Modality;
use super::fault::Fault;
use super::generate::{self, Answerer, Job, Speaking, Step};
use super::handlers::{listener, nothing};
use super::hearing::{self, Heard};
use super::input::Turn;
use super::item::{Item, Kind, Part, Role, Sound, Status};
use super::prompt;
use super::record::timings;
use super::response_request::ResponseRequest;
use super::server_event::{ServerEvent, fresh_id};
use super::session::{AbortOnDrop, Gone, HeardPart, Running, Session, Trouble};
use super::turn_detection::{End, Sign};
use crate::llm::{FinishReason, Usage};

/// Responses that may be made at a time: one of the conversation and some beside it.
const MOST_RESPONSES: usize = 4;
/// A judge of turns that takes longer than this is not waited for.
const JUDGE: Duration = Duration::from_secs(1);
/// What an assistant says to a turn of which nothing was understood, and to long silence.
const NOT_UNDERSTOOD: &str = "Sorry, I did not catch that.";
const STILL_THERE: &str = "Are you still there?";

impl Session {
    /// Finds turns in the sound that came.
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
                    self.send(ServerEvent::SpeechStarted {
                        audio_start_ms,
                        item_id,
                    })
                    .await?;
                    if detection.interrupt_response {
                        self.break_in().await?;
                    }
                }
                Sign::Pause => {
                    let End::Meaning(eagerness) = detection.end else {
                        continue;
                    };
                    let judged = self.app.ears.turn_end(self.input.judged());
                    match tokio::time::timeout(JUDGE, judged).await {
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

    /// The caller speaks while a response is being made.
    async fn break_in(&mut self) -> Result<(), Gone> {
        self.owed = false;
        if let Some(at) = self.running.iter().position(|running| running.active.kept) {
            self.record.event("barge_in", json!({})).await;
            self.finish(at, Ending::Cancelled("turn_detected"), None, None)
                .await?;
        }
        Ok(())
    }

    async fn end_turn(&mut self) -> Result<(), Trouble> {
        let id = self.turn_item.take().unwrap_or_else(|| fresh_id("item"));
        let audio_end_ms = self.input.scored_ms();
        let turn = self.input.take_turn();
        self.send(ServerEvent::SpeechStopped {
            audio_end_ms,
            item_id: id.clone(),
        })
        .await?;
        self.commit_turn(id, turn).await?;
        self.answer_turn(NOT_UNDERSTOOD).await
    }

    /// Answers the turn that was committed, if the session answers by itself.
    async fn answer_turn(&mut self, to_silence: &'static str) -> Result<(), Trouble> {
        let answers = self
            .config
            .turn_detection
            .is_some_and(|detection| detection.create_response);
        if !answers || self.config.transcribes_only {
            return Ok(());
        }
        if self.running.iter().any(|running| running.active.kept) {
            self.owed = true;
            return Ok(());
        }
        self.respond(ResponseRequest::default(), to_silence).await
    }

    /// A turn becomes an item of the conversation, and is heard.
    pub(super) async fn commit_turn(&mut self, id: String, turn: Turn) -> Result<(), Gone> {
        self.turn_ended = Some(Instant::now());
        let how = self.config.transcription.clone().unwrap_or_default();
        let heard = if turn.pcm.is_empty() {
            hearing::known("")
        } else {
            hearing::hear(Arc::clone(&self.app.ears), turn.pcm.clone(), &how)
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
        let view = item.view();
        let previous_item_id = self.conversation.push(item);
        let before = previous_item_id.clone();
        self.send(ServerEvent::Committed {
            previous_item_id: before.clone(),
            item_id: id.clone(),
        })
        .await?;
        self.send(ServerEvent::ItemAdded {
            previous_item_id: before,
            item: view.clone(),
        })
        .await?;
        self.send(ServerEvent::ItemDone {
            previous_item_id,
            item: view,
        })
        .await?;
        if turn.ms > 0 {
            self.listen_to(id, 0, heard, turn.ms);
        }
        Ok(())
    }

    /// Waits for what is understood of a part of an item.
    pub(super) fn listen_to(&mut self, item: String, part: usize, heard: Heard, ms: u64) {
        self.record.cost.heard_ms += ms;
        self.metrics.count_audio(Duration::from_millis(ms));
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

    /// Something was understood.
    pub(super) async fn heard(&mut self, heard: HeardPart) -> Result<(), Gone> {
        let HeardPart {
            item: item_id,
            part: content_index,
            words,
            ended,
            ms,
        } = heard;
        let told = self.config.transcribes_only || self.config.transcription.is_some();
        let text = match words {
            Ok(text) => text,
            Err(why) => {
                self.record.event("not_heard", json!({"why": &*why})).await;
                if told {
                    let error = json!({"type": "server_error", "code": "transcription_failed",
                                       "message": &*why, "param": null});
                    let event = ServerEvent::TranscriptionFailed {
                        item_id,
                        content_index,
                        error,
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
            self.record.heard(text.to_string(), ended, ms).await;
        }
        if !told {
            return Ok(());
        }
        if !text.is_empty() {
            let (item_id, delta) = (item_id.clone(), text.to_string());
            self.send(ServerEvent::TranscriptionDelta {
                item_id,
                content_index,
                delta,
            })
            .await?;
        }
        #[expect(clippy::cast_precision_loss, reason = "minutes in ms")]
        let usage = json!({"type": "duration", "seconds": ms as f64 / 1000.0});
        let transcript = text.to_string();
        self.send(ServerEvent::TranscriptionCompleted {
            item_id,
            content_index,
            transcript,
            usage,
        })
        .await
    }

    /// The caller was silent for too long after an answer.
    pub(super) async fn idle(&mut self) -> Result<(), Gone> {
        self.idle_at = None;
        let (id, now) = (fresh_id("item"), self.input.length_ms());
        self.send(ServerEvent::TimeoutTriggered {
            audio_start_ms: self.input.scored_ms().min(now),
            audio_end_ms: now,
            item_id: id.clone(),
        })
        .await?;
        self.input.clear();
        self.commit_turn(id, nothing()).await?;
        match self.answer_turn(STILL_THERE).await {
            Err(Trouble::Gone) => Err(Gone),
            Err(Trouble::Fault(fault)) => self.tell(fault).await,
            Ok(()) => Ok(()),
        }
    }

    /// Starts a response.
    pub(super) async fn respond(
        &mut self,
        request: ResponseRequest,
        to_silence: &'static str,
    ) -> Result<(), Trouble> {
        if self.config.transcribes_only {
            let message =
                "a transcription session makes no responses; open one of the type realtime";
            return Err(Fault::invalid("response_not_supported", message).into());
        }
        let wanted = request.checked(
            &self.config,
            &self.conversation,
            &self.voices,
            &mut listener(self),
        )?;
        let busy = wanted.kept && self.running.iter().any(|running| running.active.kept);
        if busy || self.running.len() >= MOST_RESPONSES {
            let message = "a response is being made already; wait for response.done or cancel it";
            return Err(Fault::invalid("conversation_already_has_active_response", message).into());
        }
        if matches!(self.answerer, Answerer::Assistant { .. }) && !wanted.tools.list.is_empty() {
            let message = "an assistant takes no tools of the client";
            return Err(Fault::invalid("unsupported_parameter", message)
                .about("response.tools")
                .into());
        }
        let speaks = wanted.modality == Modality::Audio;
        if speaks {
            self.admit().await?;
            self.spoke = true;
        }
        let lines = match &wanted.input {
            Some(items) => prompt::lines(items.iter()),
            None => prompt::lines(self.conversation.items().iter()),
        };
        let job = Job {
            answerer: self.answerer.clone(),
            instructions: wanted.instructions.clone(),
            lines,
            tools: wanted.tools.for_model()?,
            max_tokens: wanted.max_tokens,
            may_truncate: self.config.may_truncate(),
            speaking: speaks.then(|| Speaking {
                synthesizer: Arc::clone(&self.app.synthesizer),
                voice: wanted.output.local_voice(),
                speed: wanted.output.speed,
                lexicon: self.lexicon.clone(),
            }),
            to_silence,
        };
        let active = Active::new(&wanted, &self.conversation_id);
        let created = active.created();
        let work = generate::carry_out(job, active.id.clone(), self.steps.clone());
        self.running.push(Running {
            active,
            asked: self.turn_ended.take().unwrap_or_else(Instant::now),
            _work: AbortOnDrop(tokio::spawn(work)),
        });
        self.send(created).await?;
        Ok(self
            .send(ServerEvent::RateLimits {
                rate_limits: Vec::new(),
            })
            .await?)
    }

    /// A part of a response was made.
    pub(super) async fn step(&mut self, id: &str, step: Step) -> Result<(), Gone> {
        // Steps of a response that was cancelled may still be on their way.
        let Some(at) = self
            .running
            .iter()
            .position(|running| running.active.id == id)
        else {
            return Ok(());
        };
        let active = &mut self.running[at].active;
        let events = match step {
            Step::Text(text) => active.text(text, &mut self.conversation),
            Step::Call(call) => active.call(call, &mut self.conversation),
            Step::Spoken(clip) => match active.spoken(&clip, &mut self.conversation) {
                Ok(events) => events,
                Err(fault) => return self.finish(at, Ending::Failed(fault), None, None).await,
            },
            Step::Failed(fault) => return self.finish(at, Ending::Failed(fault), None, None).await,
            Step::End {
                finish,
                usage,
                grounds,
            } => {
                let ending = match (finish, &grounds) {
                    (FinishReason::Length, None) => Ending::Incomplete("max_output_tokens"),
                    (FinishReason::Length, Some(_)) => {
                        let message = "the answer broke off; ask again";
                        Ending::Failed(Fault::server("interrupted", message))
                    }
                    _ => Ending::Completed,
                };
                return self.finish(at, ending, Some(usage), grounds).await;
            }
        };
        self.send_all(events).await
    }

    /// The client wants no more of a response.
    pub(super) async fn cancel(&mut self, id: Option<&str>) -> Result<(), Trouble> {
        let at = self.running.iter().position(|running| match id {
            Some(id) => running.active.id == id,
            None => running.active.kept,
        });
        let Some(at) = at else {
            let message = "there is no response to cancel: it is done, or was never asked for";
            return Err(Fault::invalid("response_cancel_not_active", message).into());
        };
        Ok(self
            .finish(at, Ending::Cancelled("client_cancelled"), None, None)
            .await?)
    }

    /// A response is over.
    async fn finish(
        &mut self,
        at: usize,
        ending: Ending,
        usage: Option<Usage>,
        grounds: Option<serde_json::Value>,
    ) -> Result<(), Gone> {
        let Running {
            mut active,
            asked,
            _work,
        } = self.running.swap_remove(at);
        drop(_work);
        let cancelled = matches!(ending, Ending::Cancelled(_));
        let failed = matches!(ending, Ending::Failed(_));
        if let Ending::Failed(fault) = &ending {
            let detail = json!({"code": fault.code, "message": fault.message});
            self.record.event("response_failed", detail).await;
        }
        let receipt = grounds
            .as_ref()
            .and_then(|grounds| grounds["receipt"].as_str()?.parse().ok());
        let rung = grounds
            .as_ref()
            .and_then(|grounds| Some(grounds["rung"].as_str()?.to_owned()));
        let events = active.end(ending, usage, grounds, &mut self.conversation);
        self.note(&active, asked, usage.unwrap_or_default(), rung, receipt)
            .await;
        if cancelled && let Some(item) = active.message_id() {
            self.record.cut(&item, &active.words(), None);
        }
        self.send_all(events).await?;
        if !active.kept {
            return Ok(());
        }
        if std::mem::take(&mut self.owed) {
            return match self
                .respond(ResponseRequest::default(), NOT_UNDERSTOOD)
                .await
            {
                Err(Trouble::Gone) => Err(Gone),
                Err(Trouble::Fault(fault)) => self.tell(fault).await,
                Ok(()) => Ok(()),
            };
        }
        let detection = self.config.turn_detection.filter(|_| !cancelled && !failed);
        if let Some(End::Pause {
            idle_ms: Some(ms), ..
        }) = detection.map(|detection| detection.end)
        {
            let played = active.first_sound_at.map_or_else(Instant::now, |since| {
                since + Duration::from_millis(active.spoken_ms)
            });
            let silence = Duration::from_millis(ms.into());
            self.idle_at = Some(played.max(Instant::now()) + silence);
        }
        Ok(())
    }

    /// Keeps what a response was and cost.
    async fn note(
        &mut self,
        active: &Active,
        asked: Instant,
        usage: Usage,
        rung: Option<String>,
        receipt: Option<crate::store::ReceiptId>,
    ) {
        self.metrics.count_tokens(
            usage.prompt_tokens,
            usage.cached_tokens,
            usage.completion_tokens,
        );
        let cost = &mut self.record.cost;
        cost.prompt_tokens += u64::from(usage.prompt_tokens);
        cost.completion_tokens += u64::from(usage.completion_tokens);
        cost.spoken_ms += active.spoken_ms;
        if !active.kept {
            return;
        }
        let times = timings(asked, active.first_at, active.first_sound_at);
        self.record.turn(rung, times).await;
        if let Some(item) = active.message_id() {
            let from = active.first_sound_at.or(active.first_at).unwrap_or(asked);
            self.record
                .said(item, active.words(), from, active.spoken_ms, receipt)
                .await;
        }
    }
}

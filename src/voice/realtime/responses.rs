//! Responses of a session: how they begin, continue and end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::active::{Active, CancelReason, Ending};
use super::config::Modality;
use super::events::Event;
use super::fault::Fault;
use super::generate::{self, Answerer, End, Job, Speaking, Step};
use super::orders::ResponseOrder;
use super::prompt;
use super::record::timings;
use super::session::{Gone, RealtimeSession, Running, Trouble};
use super::turn_detection::TurnEnd;
use super::turns::NOT_UNDERSTOOD;
use crate::agent::Answer;
use crate::llm::{Claim, FinishReason, Priority, Usage};
use crate::usage::{MESSAGE_TOKENS, Work};

/// Most responses in progress: one of the conversation, and some outside it.
const MOST_RESPONSES: usize = 4;

impl RealtimeSession {
    pub(super) async fn respond(
        &mut self,
        order: ResponseOrder,
        to_silence: &'static str,
    ) -> Result<(), Trouble> {
        if self.config.transcribes_only {
            let message =
                "a transcription session makes no responses; open one of the type realtime";
            return Err(Fault::invalid("response_not_supported", message).into());
        }
        let plan = order.plan(
            &self.config,
            &self.conversation,
            &self.voices,
            &mut self.listener(),
        )?;
        let busy = plan.kept && self.is_answering();
        if busy || self.running.len() >= MOST_RESPONSES {
            let message = "another response is in progress; wait for response.done or cancel it";
            return Err(Fault::invalid("conversation_already_has_active_response", message).into());
        }
        if matches!(self.answerer, Answerer::Assistant { .. }) && !plan.tools.list.is_empty() {
            let message = "an assistant does not accept tools from the client";
            return Err(Fault::invalid("unsupported_parameter", message)
                .about("response.tools")
                .into());
        }
        let speaks = plan.modality == Modality::Audio;
        if speaks {
            self.admit().await?;
            self.spoke = true;
        }
        let lines = match &plan.input {
            Some(items) => prompt::lines(items.iter()),
            None => prompt::lines(self.conversation.items().iter()),
        };
        // Charge a fixed price before the work, so that many small requests cannot escape the budget.
        let budgets = &self.parts.budgets;
        budgets
            .admit(self.flow, Work::Tokens)
            .map_err(Fault::from)?;
        budgets.charge(self.flow, Work::Tokens, MESSAGE_TOKENS);
        let job = Job {
            claim: Claim::new(Priority::Voice, self.flow),
            answerer: self.answerer.clone(),
            instructions: plan.instructions.clone(),
            lines,
            tools: plan.tools.for_model(),
            max_tokens: plan.max_tokens,
            may_truncate: self.config.may_truncate,
            speaking: speaks.then(|| Speaking {
                synthesizer: Arc::clone(&self.parts.synthesizer),
                voice: plan.output.local_voice(),
                speed: plan.output.speed,
                lexicon: self.lexicon.clone(),
            }),
            to_silence,
        };
        let active = Active::new(&plan, &self.conversation_id);
        let created = active.announce();
        let work = generate::carry_out(job, active.id().to_owned(), self.steps.clone());
        self.running.push(Running {
            active,
            asked: self.turn_ended.take().unwrap_or_else(Instant::now),
            _work: AbortOnDropHandle::new(tokio::spawn(work)),
        });
        self.send(created).await?;
        Ok(self
            .send(Event::Responses {
                most: MOST_RESPONSES,
                remaining: MOST_RESPONSES - self.running.len(),
            })
            .await?)
    }

    /// Handles one step of a response.
    pub(super) async fn step(&mut self, id: &str, step: Step) -> Result<(), Gone> {
        // A step of a cancelled response may still arrive.
        let Some(at) = self
            .running
            .iter()
            .position(|running| running.active.id() == id)
        else {
            return Ok(());
        };
        let active = &mut self.running[at].active;
        let events = match step {
            Step::Text(text) => active.add_text(text, &mut self.conversation),
            Step::Call(call) => active.add_call(call, &mut self.conversation),
            Step::Spoken(clip) => match active.add_clause(&clip, &mut self.conversation) {
                Ok(events) => events,
                Err(fault) => return self.finish(at, Ending::Failed(fault), None, None).await,
            },
            Step::Failed(fault) => return self.finish(at, Ending::Failed(fault), None, None).await,
            Step::End(End {
                finish,
                usage,
                grounds,
            }) => {
                let ending = match (finish, &grounds) {
                    (FinishReason::Length, None) => Ending::TooLong,
                    (FinishReason::Length, Some(_)) => {
                        let message = "the answer was interrupted; ask again";
                        Ending::Failed(Fault::server("interrupted", message))
                    }
                    _ => Ending::Completed,
                };
                return self.finish(at, ending, Some(usage), grounds).await;
            }
        };
        self.send_all(events).await
    }

    /// Cancels a response for the client.
    pub(super) async fn cancel(&mut self, id: Option<&str>) -> Result<(), Trouble> {
        let at = self.running.iter().position(|running| match id {
            Some(id) => running.active.id() == id,
            None => running.active.is_kept(),
        });
        let Some(at) = at else {
            let message = "there is no response to cancel: it is done, or was never asked for";
            return Err(Fault::invalid("response_cancel_not_active", message).into());
        };
        Ok(self
            .finish(at, Ending::Cancelled(CancelReason::Client), None, None)
            .await?)
    }

    /// Ends a response, and starts the next one if a turn waits for it.
    pub(super) async fn finish(
        &mut self,
        at: usize,
        ending: Ending,
        usage: Option<Usage>,
        grounds: Option<Box<Answer>>,
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
            .and_then(|answer| answer.receipt.as_deref()?.parse().ok());
        let rung = grounds.as_ref().map(|answer| answer.rung.as_str());
        let events = active.end(ending, usage, grounds, &mut self.conversation);
        self.note(&active, asked, usage.unwrap_or_default(), rung, receipt)
            .await;
        if cancelled && let Some(item) = active.message_id() {
            self.record.cut(&item, &active.words(), None);
        }
        self.send_all(events).await?;
        if !active.is_kept() {
            return Ok(());
        }
        if std::mem::take(&mut self.owed) {
            return match self.respond(ResponseOrder::default(), NOT_UNDERSTOOD).await {
                Err(Trouble::Gone) => Err(Gone),
                Err(Trouble::Fault(fault)) => self.tell(fault).await,
                Ok(()) => Ok(()),
            };
        }
        let detection = self.config.turn_detection.filter(|_| !cancelled && !failed);
        if let Some(TurnEnd::Pause {
            idle_ms: Some(ms), ..
        }) = detection.map(|detection| detection.end)
        {
            // Sound is sent faster than it plays: the silence begins when the client has played it all.
            let played = active.first_sound_at.map_or_else(Instant::now, |since| {
                since + Duration::from_millis(active.spoken_ms)
            });
            let silence = Duration::from_millis(ms.into());
            self.idle_at = Some(played.max(Instant::now()) + silence);
        }
        Ok(())
    }

    /// Records a response and its cost.
    async fn note(
        &mut self,
        active: &Active,
        asked: Instant,
        usage: Usage,
        rung: Option<&'static str>,
        receipt: Option<crate::store::ReceiptId>,
    ) {
        self.parts.observer.answered(usage);
        let cost = &mut self.record.cost;
        cost.prompt_tokens += u64::from(usage.prompt_tokens);
        cost.completion_tokens += u64::from(usage.completion_tokens);
        cost.spoken_ms += active.spoken_ms;
        if !active.is_kept() {
            return;
        }
        let times = timings(asked, active.first_at, active.first_sound_at);
        self.record.turn(rung, times).await;
        if let Some(item) = active.message_id() {
            let from = active.first_sound_at.or(active.first_at).unwrap_or(asked);
            self.record
                .note_answer(item, active.words(), from, active.spoken_ms, receipt)
                .await;
        }
    }
}

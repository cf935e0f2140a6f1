//! An errand within a turn: what a step of it says, the call when nothing is missing, and what came of it.

use tokio::time::timeout;

use super::call::{self, Call, Came};
use super::choose::{self, Chosen};
use super::note::{ChosenBy, Outcome, ToolTrace};
use super::plan::Plan;
use super::tell::Telling;
use super::{Before, Errands};
use crate::agent::AgentError;
use crate::agent::flow::{self, FlowTrace};
use crate::agent::phrases::phrases;
use crate::agent::rungs::Draft;
use crate::agent::trace::Trace;
use crate::tools::Consent;
use crate::workflows::{Act, Deed, Run, State, Stepped, Value as Filled};

/// An errand within a turn.
pub(super) struct Errand<'a> {
    pub(super) errands: Errands<'a>,
    pub(super) telling: Telling<'a>,
}

/// What the model makes of a question.
pub(super) enum Choice<'p> {
    /// With the arguments that it found.
    Tool(&'p Plan, Vec<(String, Filled)>),
    NoneFits,
    /// It did not choose.
    Failed,
}

impl Errand<'_> {
    pub(super) async fn ask_model<'p>(
        &self,
        plans: &'p [Plan],
        said: &[&str],
        trace: &mut Trace,
    ) -> Choice<'p> {
        let (climb, settings) = (self.telling.climb, self.telling.settings);
        let language = self.telling.language;
        let choosing = choose::choose(climb.model, plans, said, language, climb.claim);
        let left = climb.time_left(settings.deadline_seconds);
        let Chosen {
            plan,
            known,
            served,
        } = match timeout(left, choosing).await {
            Ok(Ok(chosen)) => chosen,
            Ok(Err(error)) => {
                tracing::info!(%error, "the model chose no tool");
                return Choice::Failed;
            }
            Err(_) => {
                trace.deadline_seconds = Some(settings.deadline_seconds);
                return Choice::Failed;
            }
        };
        trace.served = served.or(trace.served.take());
        match plan.and_then(|at| plans.get(at)) {
            Some(plan) => Choice::Tool(plan, known),
            None => Choice::NoneFits,
        }
    }

    /// The answer that a step gives: a question, or what came of the call.
    pub(super) async fn go(
        &self,
        plan: &Plan,
        mut stepped: Stepped,
        before: Before,
        by: ChosenBy,
        trace: &mut Trace,
    ) -> Result<Option<Draft>, AgentError> {
        let acts = std::mem::take(&mut stepped.acts);
        let run = stepped.run.clone();
        let noted = |outcome, call| ToolTrace {
            name: plan.tool.name.clone(),
            chosen_by: by,
            outcome,
            call,
            why: None,
        };
        if stepped.state != State::Done {
            let outcome = match stepped.state {
                State::Asking => Outcome::Asks,
                _ => Outcome::Ended,
            };
            let said = self.say(stepped, before, trace);
            trace.tool = said.as_ref().map(|_| noted(outcome, None));
            return Ok(said);
        }
        let act = acts.into_iter().next();
        let number = act.as_ref().map_or(run.acts, |act| act.number);
        let acts_now = before.filter(|_| !self.errands.acts_later);
        let key = match (plan.consent, acts_now) {
            (Consent::AtOnce, _) => {
                call::key_of_look(self.telling.climb, &self.errands, plan, &run)
            }
            (Consent::Visitor, Some((id, _))) => call::key_of_act(id, number),
            // Done once the turn is kept, as what workflows order.
            (Consent::Visitor | Consent::Staff, _) => {
                stepped.acts.extend(act.map(|act| plan.order(&run, act)));
                let said = self.say(stepped, before, trace);
                trace.tool = said.as_ref().map(|_| noted(Outcome::Ordered, None));
                return Ok(said);
            }
        };
        let agreed = plan.consent != Consent::AtOnce;
        let (climb, errands) = (self.telling.climb, &self.errands);
        let left = climb.time_left(self.telling.settings.deadline_seconds);
        let call = Call {
            plan,
            run: &run,
            key: key.clone(),
            agreed,
            longest: call::longest_wait(errands.acts_later, left),
        };
        let came = call::call(climb, errands, call).await?;
        let (mut draft, outcome, why) = self.tell(plan, &run, &came, agreed, trace).await;
        trace.tool = Some(ToolTrace {
            why,
            ..noted(outcome, Some(key))
        });
        if let Some(before) = before {
            let is_to_check = agreed && matches!(outcome, Outcome::Failed | Outcome::Unknown);
            stepped
                .acts
                .extend(is_to_check.then(|| to_check(plan, &run, number)));
            stepped.says.clear();
            draft.flow = Some(flow::change(stepped, Some(before)).0);
        }
        Ok(Some(draft))
    }

    /// The outcome of a call in words, and the reason if it gave no answer.
    async fn tell(
        &self,
        plan: &Plan,
        run: &Run,
        came: &Came,
        agreed: bool,
        trace: &mut Trace,
    ) -> (Draft, Outcome, Option<&'static str>) {
        let (telling, ours) = (&self.telling, phrases(self.telling.language));
        let (why, outcome) = match came {
            Came::Answer(answer) => {
                let shown = telling.answer(plan, run, answer, trace).await;
                let done = ours.tool_done.replace("{}", &plan.tool.title);
                let draft = match (shown, agreed) {
                    (Some(mut draft), true) => {
                        draft.text = format!("{done}\n\n{}", draft.text);
                        Some(draft)
                    }
                    (None, true) => Some(telling.draft(done)),
                    (shown, false) => shown,
                };
                if let Some(draft) = draft {
                    return (draft, Outcome::Answered, None);
                }
                (ours.tool_nothing, Outcome::Nothing)
            }
            Came::Nothing => (ours.tool_nothing, Outcome::Nothing),
            // Staff get a task.
            Came::Failed if agreed => (ours.tool_unsure, Outcome::Failed),
            Came::Failed => (ours.tool_failed, Outcome::Failed),
            Came::Unknown => (ours.tool_unsure, Outcome::Unknown),
        };
        (telling.without_answer(why), outcome, Some(why))
    }

    /// Says what a step says, and keeps its run where something is kept. `None` where it would wait for an answer beside a
    /// workflow.
    fn say(&self, stepped: Stepped, before: Before, trace: &mut Trace) -> Option<Draft> {
        let is_kept = self.errands.conversation.is_some();
        if is_kept && before.is_none() && !self.errands.may_wait {
            return None;
        }
        trace.workflow = Some(FlowTrace::of(&stepped));
        let (change, says) = flow::change(stepped, before);
        let mut draft = self.telling.draft(says);
        draft.flow = is_kept.then_some(change);
        Some(draft)
    }
}

/// A task for staff to see whether a call that the visitor agreed to was done.
fn to_check(plan: &Plan, run: &Run, number: u32) -> Act {
    let wish = format!(
        "The visitor agreed to this, and the tool did not say that it was done: {} ({}). Check whether it was, and do it if not.",
        plan.tool.title,
        plan.shown(run)
    );
    Act {
        number,
        deed: Deed {
            act: "task".to_owned(),
            with: [("wish".to_owned(), wish)].into(),
        },
        agreed: None,
    }
}

//! Errands: the assistant calls a tool for a visitor where no workflow orders it ("where is my order 1234?").
//!
//! What a tool needs is asked for, confirmed and cancelled as in a workflow: [`plan`] writes a tool down as one.
//!
//! Invariants:
//! - Approved answers, computed facts and workflows come first. Documents come first too, unless the question is like an example
//!   of the tool and says all that it needs.
//! - At most one call in a turn, and none because of what a tool, a document or the assistant said: only the visitor's own words
//!   choose a tool and fill its arguments. What they did not say is asked for.
//! - A call that does more than read waits for the visitor's yes, and for that of staff where its owner wants it.
//! - What a tool answered is text of others: it is shown or quoted, and its orders are left out.
//!
//! Reading order: `plan`, `near` and `words` (what fits), `choose` (the model), `call`, `tell`.

mod call;
mod choose;
mod near;
mod plan;
mod tell;
mod words;

pub(crate) use plan::tool_of;

use serde::Serialize;
use tokio::time::timeout;

use self::call::Came;
use self::choose::Chosen;
use self::plan::{Plan, Sought};
use self::tell::Telling;
use super::AgentError;
use super::climb::Climb;
use super::flow::{self, FlowTrace};
use super::phrases::phrases;
use super::rungs::Draft;
use super::settings::AnswerSettings;
use super::trace::Trace;
use crate::language::Language;
use crate::language::slots::{self, Text, is_question, wants_to_stop};
use crate::store::{ConversationId, WorkflowRunId};
use crate::tools::{Consent, Tools};
use crate::workflows::{self, Act, Deed, Run, Said, State, Stepped, Value as Filled, World};

/// Tools that the model chooses from.
const MOST_CHOICES: usize = 3;
/// Longest answer to a question for a text, in words; longer messages speak of something else.
const LONGEST_ANSWER: usize = 4;

/// What errands need of a turn.
#[derive(Clone, Copy)]
pub(crate) struct Errands<'a> {
    pub(crate) tools: &'a Tools,
    /// `None` where nothing is kept: then nothing waits for an answer, and nothing but reading is done.
    pub(crate) conversation: Option<ConversationId>,
    /// Whether what acts waits until the turn is kept, because the visitor may still go on talking.
    pub(crate) acts_later: bool,
    /// Whether one may begin that waits for an answer; not beside a workflow.
    pub(crate) may_wait: bool,
}

/// How far the ladder was climbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Documents were not asked yet.
    BeforeDocuments,
    /// Nothing answered.
    Unanswered,
}

/// What the receipt says of a tool.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ToolTrace {
    name: String,
    chosen_by: ChosenBy,
    pub(crate) outcome: Outcome,
    /// The key of its call in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum ChosenBy {
    /// The question is like an example.
    Likeness,
    Model,
    /// It was chosen before, and this message goes on with it.
    Before,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The visitor is asked for an argument or a yes.
    Asks,
    Answered,
    Nothing,
    Failed,
    Unknown,
    /// It is done after the turn, perhaps when staff allow it.
    Ordered,
    /// The visitor wants no more, or it was given up.
    Ended,
}

impl ToolTrace {
    /// Whether the tool failed, so that no document is missing.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(
            self.outcome,
            Outcome::Nothing | Outcome::Failed | Outcome::Unknown
        )
    }
}

/// The run that a message goes on with, and the revision that it was at.
type Before = Option<(WorkflowRunId, i64)>;

/// Answers by a tool, or passes.
///
/// # Errors
/// When the store fails.
pub(crate) async fn answer(
    climb: &Climb<'_>,
    language: Language,
    settings: &AnswerSettings,
    stage: Stage,
    trace: &mut Trace,
) -> Result<Option<Draft>, AgentError> {
    let Some(errands) = climb.errands else {
        return Ok(None);
    };
    let tools = errands.tools.in_talk(climb.workspace, climb.own).await?;
    if tools.is_empty() {
        return Ok(None);
    }
    let asked = match errands.conversation {
        Some(_) => climb.question.to_owned(),
        None => words::asked(climb.history, climb.question),
    };
    let mut plans = Vec::new();
    let mut close = 0;
    for near in near::rank(tools, climb, &asked).await {
        let Some(plan) = Plan::new(near.tool, language) else {
            continue;
        };
        if plan.consent == Consent::AtOnce || errands.may_wait {
            close += usize::from(near.is_close);
            plans.push(plan);
        }
    }
    // Those that are close come first.
    plans.truncate(MOST_CHOICES);
    let close = close.min(plans.len());
    if plans.is_empty() || (stage == Stage::BeforeDocuments && close == 0) {
        return Ok(None);
    }
    let world = world(climb, language).await?;
    let of = Errand {
        errands,
        telling: Telling {
            climb,
            language,
            settings,
            in_form: world.consent.is_some(),
        },
    };
    let said = words::said(climb.history, &asked);
    // A code of an earlier message may be of something else; only the model reads those.
    let last = said.get(..1).unwrap_or_default();
    let mut incomplete = None;
    for plan in plans.iter().take(close) {
        let stepped = begin(plan, &asked, codes(plan, last), &world);
        if is_complete(&stepped) {
            return of.go(plan, stepped, None, ChosenBy::Likeness, trace).await;
        }
        if incomplete.is_none() {
            incomplete = Some((plan, stepped));
        }
    }
    if stage == Stage::BeforeDocuments {
        return Ok(None);
    }
    if of.telling.may_ask_model() {
        return match of.ask_model(&plans, &said, trace).await {
            Some((plan, mut known)) => {
                for (name, value) in codes(plan, last) {
                    if !known.iter().any(|(one, _)| *one == name) {
                        known.push((name, value));
                    }
                }
                let stepped = begin(plan, &asked, known, &world);
                of.go(plan, stepped, None, ChosenBy::Model, trace).await
            }
            None => Ok(None),
        };
    }
    match incomplete {
        Some((plan, stepped)) => of.go(plan, stepped, None, ChosenBy::Likeness, trace).await,
        None => Ok(None),
    }
}

/// A run that is about a tool, and waits for an answer.
pub(crate) struct Waiting<'a> {
    /// The tool's name.
    pub(crate) name: &'a str,
    pub(crate) run: &'a Run,
    pub(crate) before: Before,
}

/// What a message means to a run that is about a tool.
pub(crate) enum Heard {
    /// A step, and the answer that it gives.
    Answered(Box<Draft>),
    /// A question in between: it is answered first, and then this is said.
    Aside(Box<Stepped>),
    /// It is about something else, or the tool is gone: the run is over.
    Left,
}

/// Goes on with a run that is about a tool.
///
/// # Errors
/// When the store fails.
pub(crate) async fn hear(
    climb: &Climb<'_>,
    waiting: Waiting<'_>,
    message: &str,
    language: Language,
    settings: &AnswerSettings,
    trace: &mut Trace,
) -> Result<Heard, AgentError> {
    let Waiting { name, run, before } = waiting;
    let Some(errands) = climb.errands else {
        return Ok(Heard::Left);
    };
    let tools = errands.tools.in_talk(climb.workspace, climb.own).await?;
    let tool = tools.into_iter().find(|tool| tool.name == name);
    let Some(plan) = tool.and_then(|tool| Plan::new(tool, language)) else {
        return Ok(Heard::Left);
    };
    let Some(text) = answer_in(&plan, run, message, language) else {
        return Ok(Heard::Left);
    };
    let world = world(climb, language).await?;
    let said = Said {
        text: &text,
        ..Said::default()
    };
    let stepped = workflows::step(&plan.definition, run.clone(), &said, &world);
    if stepped.aside.is_some() && stepped.state == State::Asking {
        return Ok(Heard::Aside(Box::new(stepped)));
    }
    let of = Errand {
        errands,
        telling: Telling {
            climb,
            language,
            settings,
            in_form: world.consent.is_some(),
        },
    };
    let draft = of
        .go(&plan, stepped, before, ChosenBy::Before, trace)
        .await?;
    Ok(draft.map_or(Heard::Left, |draft| Heard::Answered(Box::new(draft))))
}

/// The part of a message that answers what the run waits for; `None` if it speaks of something else.
fn answer_in(plan: &Plan, run: &Run, message: &str, language: Language) -> Option<String> {
    let whole = || Some(message.to_owned());
    let Some(Sought::Text(form)) = plan.asked(run).map(|argument| &argument.sought) else {
        return whole();
    };
    if let Some(code) = words::code(message, form.as_ref(), true) {
        return Some(code);
    }
    let text = Text::new(message, language);
    if wants_to_stop(&text) || is_question(&text) {
        return whole();
    }
    // "No", "I don't know": nothing that could be sent.
    let is_answer = form.is_none()
        && slots::answer(&text).is_none()
        && message.split_whitespace().count() <= LONGEST_ANSWER;
    is_answer.then(|| message.trim().to_owned())
}

async fn world(climb: &Climb<'_>, language: Language) -> Result<World, AgentError> {
    let (workspace, now) = (climb.workspace, climb.now);
    let world = climb
        .store
        .read(move |conn| flow::world_of(conn, workspace, now));
    let world = world.await?;
    Ok(World { language, ..world })
}

fn begin(plan: &Plan, asked: &str, known: Vec<(String, Filled)>, world: &World) -> Stepped {
    let said = Said {
        text: asked,
        known: &known,
        ..Said::default()
    };
    workflows::begin(&plan.definition, 1, &said, world)
}

/// Whether nothing is missing: it can be called, or confirmed.
fn is_complete(stepped: &Stepped) -> bool {
    stepped.state == State::Done || stepped.run.phase == workflows::Phase::Confirming
}

/// Codes in what the visitor wrote: for an argument of a given form, and for the only one without any.
fn codes(plan: &Plan, said: &[&str]) -> Vec<(String, Filled)> {
    let needed = plan.arguments.iter().filter(|one| one.is_needed);
    let is_only = needed
        .filter(|one| matches!(one.sought, Sought::Text(None)))
        .count()
        == 1;
    let read = plan.arguments.iter().filter_map(|argument| {
        let form = match &argument.sought {
            Sought::Text(Some(form)) => Some(form),
            Sought::Text(None) if is_only && argument.is_needed => None,
            _ => return None,
        };
        let code = said
            .iter()
            .find_map(|text| words::code(text, form, false))?;
        Some((argument.name.clone(), Filled::Text(code)))
    });
    read.collect()
}

/// An errand within a turn.
struct Errand<'a> {
    errands: Errands<'a>,
    telling: Telling<'a>,
}

impl Errand<'_> {
    /// The tool that the model chose, with the arguments that it found; `None` if none fits, or it failed.
    async fn ask_model<'p>(
        &self,
        plans: &'p [Plan],
        said: &[&str],
        trace: &mut Trace,
    ) -> Option<(&'p Plan, Vec<(String, Filled)>)> {
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
                return None;
            }
            Err(_) => {
                trace.deadline_seconds = Some(settings.deadline_seconds);
                return None;
            }
        };
        trace.served = served.or(trace.served.take());
        Some((plans.get(plan?)?, known))
    }

    /// The answer that a step gives: a question, or what came of the call.
    async fn go(
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
        };
        if stepped.state != State::Done {
            let outcome = match stepped.state {
                State::Asking => Outcome::Asks,
                _ => Outcome::Ended,
            };
            trace.tool = Some(noted(outcome, None));
            return Ok(self.say(stepped, before, trace));
        }
        let act = acts.into_iter().next();
        let number = act.as_ref().map_or(0, |act| act.number);
        let acts_now = before.filter(|_| !self.errands.acts_later);
        let key = match (plan.consent, acts_now) {
            (Consent::AtOnce, _) => {
                call::key_of_look(self.telling.climb, &self.errands, plan, &run)
            }
            (Consent::Visitor, Some((id, _))) => format!("{id}-{number}"),
            // Done once the turn is kept, as what workflows order.
            (Consent::Visitor | Consent::Staff, _) => {
                stepped.acts.extend(act.map(|act| plan.order(&run, act)));
                trace.tool = Some(noted(Outcome::Ordered, None));
                return Ok(self.say(stepped, before, trace));
            }
        };
        let agreed = plan.consent != Consent::AtOnce;
        let (climb, errands) = (self.telling.climb, &self.errands);
        let came = call::call(climb, errands, plan, &run, key.clone(), agreed).await?;
        let (mut draft, outcome) = self.tell(plan, &run, &came, agreed, trace).await;
        trace.tool = Some(noted(outcome, Some(key)));
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

    /// What came of a call, in words.
    async fn tell(
        &self,
        plan: &Plan,
        run: &Run,
        came: &Came,
        agreed: bool,
        trace: &mut Trace,
    ) -> (Draft, Outcome) {
        let (telling, ours) = (&self.telling, phrases(self.telling.language));
        let done = ours.tool_done.replace("{}", &plan.tool.title);
        match came {
            Came::Answer(answer) => match telling.answer(plan, run, answer, trace).await {
                Some(mut draft) => {
                    if agreed {
                        draft.text = format!("{done}\n\n{}", draft.text);
                    }
                    (draft, Outcome::Answered)
                }
                None if agreed => (telling.draft(done), Outcome::Answered),
                None => (telling.without_answer(ours.tool_nothing), Outcome::Nothing),
            },
            Came::Nothing => (telling.without_answer(ours.tool_nothing), Outcome::Nothing),
            Came::Failed => (telling.without_answer(ours.tool_failed), Outcome::Failed),
            Came::Unknown => (telling.without_answer(ours.tool_unsure), Outcome::Unknown),
        }
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

#[cfg(test)]
#[path = "errands_tests.rs"]
mod tests;

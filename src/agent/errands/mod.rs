//! Errands: the assistant calls a tool for a visitor where no workflow orders it ("where is my order 1234?").
//!
//! What a tool needs is asked for, confirmed and cancelled as in a workflow: [`plan`] writes a tool down as one.
//!
//! Invariants:
//! - Approved answers, computed facts and workflows come first. Documents come first too, unless the question is like an example
//!   of the tool and says all that it needs.
//! - At most one call in a turn, and none because of what a tool, a document or the assistant said: only the visitor's own words
//!   choose a tool and fill its arguments. What they did not say is asked for.
//! - A call that does more than read waits for the visitor's yes, and for that of staff where its owner wants it. After a yes it is
//!   made once and told truly, whether the visitor leaves or the server ends meanwhile.
//! - What a tool answered is text of others: it is shown or quoted, and its orders are left out.
//!
//! Reading order: `plan`, `near` and `words` (what fits), `choose` (the model), `turn` (a step of it), `call`, `tell`.

mod call;
mod choose;
mod near;
mod note;
mod plan;
mod tell;
mod turn;
mod words;

pub(crate) use self::note::ToolTrace;
pub(crate) use self::plan::tool_of;

use std::sync::atomic::AtomicBool;

use self::note::ChosenBy;
use self::plan::{Plan, Sought};
use self::tell::Telling;
use self::turn::{Choice, Errand};
use super::AgentError;
use super::climb::Climb;
use super::flow;
use super::rungs::Draft;
use super::settings::AnswerSettings;
use super::trace::Trace;
use crate::language::Language;
use crate::language::slots::{self, Text, is_question, wants_to_stop};
use crate::store::{ConversationId, WorkflowRunId};
use crate::tools::{Consent, Tools};
use crate::workflows::{self, Phase, Run, Said, State, Stepped, Value as Filled, World};

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
    /// Set before something is done that was agreed to: then the turn goes on, even if its reader leaves.
    pub(crate) acting: &'a AtomicBool,
}

/// How far the ladder was climbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Documents were not asked yet.
    BeforeDocuments,
    /// Nothing answered.
    Unanswered,
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
    for near in near::rank(tools, climb, &asked, language).await {
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
        match of.ask_model(&plans, &said, trace).await {
            Choice::Tool(plan, mut known) => {
                for (name, value) in codes(plan, last) {
                    if !known.iter().any(|(one, _)| *one == name) {
                        known.push((name, value));
                    }
                }
                let stepped = begin(plan, &asked, known, &world);
                return of.go(plan, stepped, None, ChosenBy::Model, trace).await;
            }
            Choice::NoneFits => return Ok(None),
            // As without a model.
            Choice::Failed => {}
        }
    }
    match incomplete {
        Some((plan, stepped)) => of.go(plan, stepped, None, ChosenBy::Likeness, trace).await,
        None => Ok(None),
    }
}

/// A run that is about a tool, and waits for an answer.
#[derive(Clone, Copy)]
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
    let known = corrected(&plan, run, message, language);
    let said = Said {
        text: &text,
        known: &known,
        ..Said::default()
    };
    let stepped = match was_agreed(climb, &errands, &plan, &waiting).await? {
        true => done(run),
        false => workflows::step(&plan.definition, run.clone(), &said, &world),
    };
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

/// Whether the call that a run waits for a yes to was made already: the turn of that yes ended before its answer was kept, as
/// when the server stopped. Nobody is told then that nothing was done, whatever they say.
async fn was_agreed(
    climb: &Climb<'_>,
    errands: &Errands<'_>,
    plan: &Plan,
    waiting: &Waiting<'_>,
) -> Result<bool, AgentError> {
    let may = plan.consent == Consent::Visitor && !errands.acts_later;
    let confirms = waiting.run.phase == Phase::Confirming;
    let Some((id, _)) = waiting.before.filter(|_| may && confirms) else {
        return Ok(false);
    };
    let key = call::key_of_act(id, waiting.run.acts);
    let noted = errands.tools.find_call(climb.workspace, &key).await?;
    Ok(noted.is_some())
}

/// A run whose act was given.
fn done(run: &Run) -> Stepped {
    Stepped {
        run: Run {
            phase: Phase::Ended(State::Done),
            confirmed: true,
            ..run.clone()
        },
        says: Vec::new(),
        acts: Vec::new(),
        state: State::Done,
        aside: None,
        options: Vec::new(),
    }
}

/// Another code in place of the one that is to be confirmed: "no, order 5678".
fn corrected(plan: &Plan, run: &Run, message: &str, language: Language) -> Vec<(String, Filled)> {
    match run.phase {
        Phase::Confirming if !is_question(&Text::new(message, language)) => codes(plan, &[message]),
        _ => Vec::new(),
    }
}

/// The part of a message that answers what the run waits for; `None` if it speaks of something else.
fn answer_in(plan: &Plan, run: &Run, message: &str, language: Language) -> Option<String> {
    let whole = || Some(message.to_owned());
    let form = match plan.asked(run).map(|argument| &argument.sought) {
        Some(Sought::Text(form)) => form,
        Some(Sought::Number { .. }) => return Some(without_hash(message)),
        _ => return whole(),
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

/// "#1234" as the number that it is: the parser takes it for a name, and here it names what a tool knows.
fn without_hash(text: &str) -> String {
    text.replace('#', " ")
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
        text: &without_hash(asked),
        known: &known,
        ..Said::default()
    };
    workflows::begin(&plan.definition, 1, &said, world)
}

/// Whether nothing is missing: it can be called, or confirmed.
fn is_complete(stepped: &Stepped) -> bool {
    stepped.state == State::Done || stepped.run.phase == Phase::Confirming
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

#[cfg(test)]
#[path = "errands_tests.rs"]
mod tests;

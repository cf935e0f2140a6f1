//! Workflows within a turn: a message begins one, goes on with it, or asks something in between, which the ladder answers, or else
//! a tool (`errands`).
//! Nothing is written here; the run is written in the transaction that stores the answer.

use serde::Serialize;
use serde_json::json;

use super::AgentError;
use super::climb::{Climb, Climbed};
use super::errands::{self, Errands, Heard, Stage, ToolTrace, Waiting};
use super::meaning;
use super::reply::Turn;
use super::rungs::{Draft, elapsed};
use super::settings::AnswerSettings;
use super::talk::{self, Talk};
use super::trace::Trace;
use super::types::{Rung, Tokens};
use crate::contacts;
use crate::hours::Book;
use crate::inbox::leads::LeadSettings;
use crate::knowledge::Found;
use crate::language::{self, Language};
use crate::llm::Role;
use crate::store::facts::FactState;
use crate::store::workflow_runs::RESTS;
use crate::store::workflows::{self as stored, RunChange, RunState, StoredRun};
use crate::store::{
    Connection, ConversationId, StoreError, WorkflowRunId, WorkspaceId, conversations,
};
use crate::workflows::{self, Definition, Run, Said, State, Stepped, World};

/// Messages before the one that begins a workflow that are read too.
const EARLIER: usize = 3;
/// Shorter messages do not reveal a language, in words.
const TELLING: usize = 3;

/// What the receipt says of a workflow.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FlowTrace {
    name: String,
    version: u32,
    state: State,
    /// Answers that the visitor is offered as buttons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) options: Vec<String>,
}

impl FlowTrace {
    pub(super) fn of(stepped: &Stepped) -> Self {
        Self {
            name: stepped.run.workflow.clone(),
            version: stepped.run.version,
            state: stepped.state,
            options: stepped.options.clone(),
        }
    }
}

/// What a workspace has for the workflows of a conversation.
struct Ground {
    definitions: Vec<(Definition, u32)>,
    run: Option<Going>,
    settings: AnswerSettings,
    world: World,
    /// The language that the conversation is known to be in.
    known: Option<Language>,
}

/// A run that waits for this message.
struct Going {
    stored: StoredRun,
    run: Run,
    /// `None` if its workflow was deleted, the run rested too long, or the assistant may not begin it any more; and for a tool.
    definition: Option<Definition>,
    /// It cannot be read, or rested too long.
    is_over: bool,
}

impl Going {
    fn before(&self) -> (WorkflowRunId, i64) {
        (self.stored.id, self.stored.revision)
    }
}

/// Answers a turn: by a workflow if the conversation is in one or the message begins one, else by the ladder.
pub(super) async fn answer(climb: &Climb<'_>, turn: &Turn) -> Result<Climbed, AgentError> {
    let Some(conversation) = turn.conversation.filter(|_| !turn.evaluation) else {
        return or_tool(climb, climb.answer().await?).await;
    };
    let Some(ground) = load(climb, conversation).await? else {
        return or_tool(climb, climb.answer().await?).await;
    };
    let message = turn.question.as_str();
    match &ground.run {
        Some(going) => go_on(climb, &ground, going, message).await,
        None => begin(climb, &ground, message).await,
    }
}

/// What the ladder does not answer may be one for a tool.
async fn or_tool(climb: &Climb<'_>, mut climbed: Climbed) -> Result<Climbed, AgentError> {
    let may = is_unanswered(&climbed) && climbed.trace.tool.is_none();
    if !may || climbed.trace.declined.is_some() {
        return Ok(climbed);
    }
    let (language, settings) = (climbed.language, climbed.settings.clone());
    let (stage, trace) = (Stage::Unanswered, &mut climbed.trace);
    if let Some(draft) = errands::answer(climb, language, &settings, stage, trace).await? {
        let tool = climbed.trace.tool.as_ref();
        climbed.asked_model |=
            draft.prompt_hash.is_some() || tool.is_some_and(ToolTrace::is_by_model);
        climbed.draft = draft;
    }
    Ok(climbed)
}

fn is_unanswered(climbed: &Climbed) -> bool {
    matches!(climbed.draft.rung, Rung::Refusal | Rung::Related)
}

/// What workflows know of a business; nobody speaks a language yet.
pub(super) fn world_of(
    conn: &Connection,
    workspace: WorkspaceId,
    now: jiff::Timestamp,
) -> Result<World, StoreError> {
    let book = Book::open(conn, workspace)?;
    let local = now.to_zoned(book.zone()).datetime();
    let (hours, ..) = book.hours(FactState::Confirmed, None);
    let leads = LeadSettings::load(conn, workspace)?;
    Ok(World {
        now: local,
        language: Language::En,
        open: World::hours_of(&book, &hours, local.date()),
        country: contacts::country(conn, workspace)?,
        consent: Some(leads.consent_text).filter(|_| leads.consent_required),
    })
}

async fn load(climb: &Climb<'_>, id: ConversationId) -> Result<Option<Ground>, StoreError> {
    let (workspace, now, own) = (climb.workspace, climb.now, climb.own.clone());
    let ground = climb.store.read(move |conn| {
        let listed = stored::list(conn, workspace)?;
        let run = stored::open_run(conn, workspace, id)?;
        if listed.is_empty() && run.is_none() {
            return Ok(None);
        }
        let active = listed
            .into_iter()
            .filter(|workflow| workflow.active && own.may_begin(&workflow.name));
        let definitions = active
            .filter_map(|workflow| {
                Some((Definition::parse(&workflow.text).ok()?, workflow.version))
            })
            .collect();
        let run = match run {
            None => None,
            Some(stored) => {
                let text = stored::text_of(conn, workspace, &stored.workflow, stored.version)?;
                let rested = now.as_millisecond().saturating_sub(stored.changed_at) > RESTS;
                let read: Option<Run> = serde_json::from_value(stored.body.clone()).ok();
                let definition = text.and_then(|text| Definition::parse(&text).ok());
                let usable = read.is_some() && !rested && own.may_begin(&stored.workflow);
                Some(Going {
                    is_over: read.is_none() || rested,
                    run: read.unwrap_or_else(|| Run::new(&stored.workflow, stored.version)),
                    definition: definition.filter(|_| usable),
                    stored,
                })
            }
        };
        let conversation = conversations::get(conn, workspace, id)?;
        Ok(Some(Ground {
            definitions,
            run,
            settings: AnswerSettings::of(conn, workspace)?,
            known: conversation.language.as_deref().and_then(Language::of_code),
            world: world_of(conn, workspace, now)?,
        }))
    });
    ground.await
}

impl Ground {
    fn language(&self, message: &str) -> Language {
        match self.known {
            Some(known) => known,
            None if message.split_whitespace().count() >= TELLING => language::of_question(message),
            None => Language::En,
        }
    }

    fn world(&self, language: Language) -> World {
        World {
            language,
            ..self.world.clone()
        }
    }
}

async fn begin(climb: &Climb<'_>, ground: &Ground, message: &str) -> Result<Climbed, AgentError> {
    let language = ground.language(message);
    let mut definitions = ground.definitions.iter();
    let found =
        definitions.find(|(definition, _)| workflows::begins(definition, message, language));
    let (definition, version) = match found {
        Some(found) => found,
        None => {
            let climbed = climb.answer().await?;
            // What the documents answer is a question, not a wish.
            let near = match is_unanswered(&climbed) && climbed.trace.tool.is_none() {
                true => begins_by_meaning(climb, ground, message, language).await,
                false => None,
            };
            match near {
                Some(near) => near,
                None => return or_tool(climb, climbed).await,
            }
        }
    };
    let visitor = climb
        .history
        .iter()
        .rev()
        .filter(|said| said.role == Role::User);
    let earlier: Vec<String> = visitor
        .take(EARLIER)
        .map(|said| said.content.clone())
        .collect();
    let said = Said {
        text: message,
        earlier: &earlier,
        ..Said::default()
    };
    let stepped = workflows::begin(definition, *version, &said, &ground.world(language));
    Ok(speak(climb, ground, stepped, None, language))
}

/// The workflow with phrases that mean about the same as a message; none without the embedder.
async fn begins_by_meaning<'g>(
    climb: &Climb<'_>,
    ground: &'g Ground,
    message: &str,
    language: Language,
) -> Option<&'g (Definition, u32)> {
    let search = climb.knowledge.search();
    let is_measured = search.embedder_name() == meaning::MEASURED_WITH;
    if !is_measured || !meaning::may_begin(message, language) {
        return None;
    }
    let likeness = climb.meanings.likeness(search, climb.claim).await?;
    let wanted = search.question_vector(message, climb.claim).await?;
    let mut candidates = Vec::new();
    for (definition, _) in &ground.definitions {
        let phrases = meaning::phrases(definition);
        let phrases = climb.meanings.vectors(phrases, search, climb.claim).await;
        candidates.push((likeness.closeness(&wanted, &phrases), meaning::NEAR));
    }
    ground.definitions.get(meaning::nearest(candidates)?)
}

async fn go_on(
    climb: &Climb<'_>,
    ground: &Ground,
    going: &Going,
    message: &str,
) -> Result<Climbed, AgentError> {
    let language = ground.language(message);
    let before = Some(going.before());
    let wish = talk::of_message(message, language, "").map(|(talk, _)| talk);
    let wants_person = matches!(wish, Some(Talk::Person | Talk::Abuse));
    if let Some(name) = errands::tool_of(&going.stored.workflow)
        && !wants_person
        && !going.is_over
    {
        return go_on_with_tool(climb, ground, going, name, message).await;
    }
    let Some(definition) = going.definition.as_ref().filter(|_| !wants_person) else {
        return leave(climb, going).await;
    };
    let world = ground.world(language);
    let mut said = Said {
        text: message,
        ..Said::default()
    };
    let stepped = workflows::step(definition, going.run.clone(), &said, &world);
    let Some(question) = stepped.aside.clone() else {
        return Ok(speak(climb, ground, stepped, before, language));
    };
    let mut climbed = in_between(climb, &question).await?;
    if is_unanswered(&climbed) && question == message {
        // Nothing answers it, so it was meant as an answer, or the procedure asks again in other words.
        said.insists = true;
        let stepped = workflows::step(definition, going.run.clone(), &said, &world);
        return Ok(speak(climb, ground, stepped, before, language));
    }
    resume(&mut climbed, stepped, before);
    Ok(climbed)
}

/// Answers a question between two steps; nothing else that waits for an answer begins.
async fn in_between(climb: &Climb<'_>, question: &str) -> Result<Climbed, AgentError> {
    let asks = Climb {
        question,
        ..without_waiting(climb)
    };
    asks.answer().await
}

/// The same, but nothing begins that waits for an answer.
fn without_waiting<'c>(climb: &Climb<'c>) -> Climb<'c> {
    let errands = climb.errands.map(|errands| Errands {
        may_wait: false,
        ..errands
    });
    Climb { errands, ..*climb }
}

/// Adds the next step to what answers the question in between.
fn resume(climbed: &mut Climbed, stepped: Stepped, before: Option<(WorkflowRunId, i64)>) {
    let trace = FlowTrace::of(&stepped);
    let (flow, says) = change(stepped, before);
    climbed.draft.text = format!("{}\n\n{says}", climbed.draft.text);
    climbed.draft.flow = Some(flow);
    climbed.trace.workflow = Some(trace);
}

/// Ends a run, and answers what was said instead.
async fn leave(climb: &Climb<'_>, going: &Going) -> Result<Climbed, AgentError> {
    let mut climbed = without_waiting(climb).answer().await?;
    climbed.draft.flow = Some(RunChange {
        before: Some(going.before()),
        workflow: going.stored.workflow.clone(),
        version: going.stored.version,
        body: going.stored.body.clone(),
        state: RunState::Cancelled,
        acts: Vec::new(),
    });
    Ok(climbed)
}

/// Goes on with what a tool needs.
async fn go_on_with_tool(
    climb: &Climb<'_>,
    ground: &Ground,
    going: &Going,
    name: &str,
    message: &str,
) -> Result<Climbed, AgentError> {
    let language = ground.language(message);
    let waiting = Waiting {
        name,
        run: &going.run,
        before: Some(going.before()),
    };
    let mut trace = Trace::default();
    let settings = &ground.settings;
    match errands::hear(climb, waiting, message, language, settings, &mut trace).await? {
        Heard::Left => leave(climb, going).await,
        Heard::Aside(stepped) => {
            let question = stepped.aside.clone().unwrap_or_default();
            let mut climbed = in_between(climb, &question).await?;
            resume(&mut climbed, *stepped, Some(going.before()));
            Ok(climbed)
        }
        Heard::Answered(draft) => Ok(Climbed {
            asked_model: draft.prompt_hash.is_some(),
            draft: *draft,
            ..without_search(climb, ground, trace, language)
        }),
    }
}

/// What is to be written of a step, and what is said.
pub(super) fn change(
    stepped: Stepped,
    before: Option<(crate::store::WorkflowRunId, i64)>,
) -> (RunChange, String) {
    let acts = stepped.acts.iter().map(|act| (act.number, json!(act)));
    let change = RunChange {
        before,
        workflow: stepped.run.workflow.clone(),
        version: stepped.run.version,
        body: json!(stepped.run),
        state: match stepped.state {
            State::Asking => RunState::Asking,
            State::Done => RunState::Done,
            State::Cancelled => RunState::Cancelled,
            State::GivenUp => RunState::GivenUp,
        },
        acts: acts.collect(),
    };
    (change, stepped.says.join("\n\n"))
}

/// The answer that a step gives.
fn speak(
    climb: &Climb<'_>,
    ground: &Ground,
    stepped: Stepped,
    before: Option<(crate::store::WorkflowRunId, i64)>,
    language: Language,
) -> Climbed {
    let trace = Trace {
        workflow: Some(FlowTrace::of(&stepped)),
        ..Trace::default()
    };
    let (flow, text) = change(stepped, before);
    let mut climbed = without_search(climb, ground, trace, language);
    climbed.draft.text = text;
    climbed.draft.flow = Some(flow);
    climbed
}

/// An answer of a workflow, still without words.
fn without_search(climb: &Climb<'_>, ground: &Ground, trace: Trace, language: Language) -> Climbed {
    Climbed {
        draft: Draft {
            rung: Rung::Workflow,
            text: String::new(),
            citations: Vec::new(),
            handoff: false,
            tokens: Tokens::default(),
            first_token: elapsed(climb.since),
            prompt_hash: None,
            open: None,
            flow: None,
        },
        trace,
        found: Found::default(),
        retrieve: 0,
        asked_model: false,
        language,
        settings: ground.settings.clone(),
        tone: climb.own.tone,
    }
}

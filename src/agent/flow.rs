//! Workflows within a turn: a message begins one, goes on with it, or asks something in between, which the ladder answers.
//! Nothing is written here; the run is written in the transaction that stores the answer.

use serde::Serialize;
use serde_json::json;

use super::AgentError;
use super::climb::{Climb, Climbed};
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
use crate::store::{ConversationId, StoreError, conversations};
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
    fn of(stepped: &Stepped) -> Self {
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
    /// `None` if its workflow was deleted, the run rested too long, or the assistant may not begin it any more.
    definition: Option<Definition>,
}

/// Answers a turn: by a workflow if the conversation is in one or the message begins one, else by the ladder.
pub(super) async fn answer(climb: &Climb<'_>, turn: &Turn) -> Result<Climbed, AgentError> {
    let Some(conversation) = turn.conversation.filter(|_| !turn.evaluation) else {
        return climb.answer().await;
    };
    let Some(ground) = load(climb, conversation).await? else {
        return climb.answer().await;
    };
    let message = turn.question.as_str();
    match &ground.run {
        Some(going) => go_on(climb, &ground, going, message).await,
        None => begin(climb, &ground, message).await,
    }
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
                    run: read.unwrap_or_else(|| Run::new(&stored.workflow, stored.version)),
                    definition: definition.filter(|_| usable),
                    stored,
                })
            }
        };
        let book = Book::open(conn, workspace)?;
        let local = now.to_zoned(book.zone()).datetime();
        let (hours, ..) = book.hours(FactState::Confirmed, None);
        let leads = LeadSettings::load(conn, workspace)?;
        let conversation = conversations::get(conn, workspace, id)?;
        Ok(Some(Ground {
            definitions,
            run,
            settings: AnswerSettings::of(conn, workspace)?,
            known: conversation.language.as_deref().and_then(Language::of_code),
            world: World {
                now: local,
                language: Language::En,
                open: World::hours_of(&book, &hours, local.date()),
                country: contacts::country(conn, workspace)?,
                consent: Some(leads.consent_text).filter(|_| leads.consent_required),
            },
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
            let unanswered = matches!(climbed.draft.rung, Rung::Refusal | Rung::Related);
            let near = match unanswered {
                true => begins_by_meaning(climb, ground, message, language).await,
                false => None,
            };
            match near {
                Some(near) => near,
                None => return Ok(climbed),
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
    let before = Some((going.stored.id, going.stored.revision));
    let wish = talk::of_message(message, language, "").map(|(talk, _)| talk);
    let wants_person = matches!(wish, Some(Talk::Person | Talk::Abuse));
    let Some(definition) = going.definition.as_ref().filter(|_| !wants_person) else {
        let mut climbed = climb.answer().await?;
        climbed.draft.flow = Some(RunChange {
            before,
            workflow: going.stored.workflow.clone(),
            version: going.stored.version,
            body: going.stored.body.clone(),
            state: RunState::Cancelled,
            acts: Vec::new(),
        });
        return Ok(climbed);
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
    let asks = Climb {
        question: &question,
        ..*climb
    };
    let mut climbed = asks.answer().await?;
    let unanswered = matches!(climbed.draft.rung, Rung::Refusal | Rung::Related);
    if unanswered && question == message {
        // Nothing answers it, so it was meant as an answer, or the procedure asks again in other words.
        said.insists = true;
        let stepped = workflows::step(definition, going.run.clone(), &said, &world);
        return Ok(speak(climb, ground, stepped, before, language));
    }
    let trace = FlowTrace::of(&stepped);
    let (flow, says) = change(stepped, before);
    climbed.draft.text = format!("{}\n\n{says}", climbed.draft.text);
    climbed.draft.flow = Some(flow);
    climbed.trace.workflow = Some(trace);
    Ok(climbed)
}

/// What is to be written of a step, and what is said.
fn change(
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
    Climbed {
        draft: Draft {
            rung: Rung::Workflow,
            text,
            citations: Vec::new(),
            handoff: false,
            tokens: Tokens::default(),
            first_token: elapsed(climb.since),
            prompt_hash: None,
            open: None,
            flow: Some(flow),
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

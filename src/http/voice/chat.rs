//! A visitor's chat: its transcript, new messages, and voice notes.

use axum::extract::{Request, State};
use axum::response::Response;
use axum::response::sse::Event;
use futures::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use std::sync::Arc;

use super::assistant::for_visitors;
use super::rate::Deed;
use super::said::{self, VisitMessageView};
use super::{Guest, note};
use crate::agent::{Agent, Answer, Citation, Display, Turn, TurnEvent, TurnStream};
use crate::http::api::turn::StoredView;
use crate::http::api::{check_client_id, check_text};
use crate::http::body::Json;
use crate::http::metrics::Metrics;
use crate::http::problem::{Problem, ProblemView};
use crate::http::sse;
use crate::knowledge::Audience;
use crate::llm::{Claim, Priority};
use crate::store::conversations::{Channel, Conversation, ConversationState};
use crate::store::messages;
use crate::store::{Connection, Scoped, StoreError, assistants, visitors};
use crate::usage::{QueuePlace, Ticket};

/// In messages, the latest.
const LONGEST_TRANSCRIPT: u32 = 200;
/// In characters.
const LONGEST_MESSAGE: usize = 4000;

/// A message to send.
#[derive(Debug, Deserialize, ToSchema)]
pub struct VisitMessageRequest {
    /// What is said.
    text: String,
    /// The sender's own id, so that a message sent twice is kept once.
    client_id: Option<String>,
    /// Short name of the assistant, for the first message of a visit.
    assistant: Option<String>,
    /// Address of the page that the visitor is on; kept without its query.
    page: Option<String>,
}

/// What was said in a visit.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitTranscript {
    /// Oldest first.
    messages: Vec<VisitMessageView>,
}

/// What an answer rests on, without ids.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::http) struct VisitCitation {
    /// Number as it stands in the answer: `[1]` is 1.
    pub(in crate::http) number: u32,
    /// Title of the document, or the question.
    pub(in crate::http) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u32>,
    /// The words, verbatim.
    quote: String,
}

impl From<Citation> for VisitCitation {
    fn from(citation: Citation) -> Self {
        Self {
            number: citation.number,
            title: citation.title,
            section: citation.section,
            page: citation.page,
            quote: citation.quote,
        }
    }
}

/// What was said in the visitor's own conversation.
#[utoipa::path(get, path = "/api/v1/visit/messages", tag = "visitors", operation_id = "readVisit",
    responses((status = 200, body = VisitTranscript), (status = 401, body = ProblemView<'_>)))]
pub(in crate::http) async fn list(guest: Guest) -> Result<axum::Json<VisitTranscript>, Problem> {
    let visitor = guest.visitor.clone();
    let said =
        guest.app.store.read(
            move |conn| match visitors::find_conversation(conn, &visitor)? {
                Some(own) => read_transcript(conn, &own),
                None => Ok(VisitTranscript {
                    messages: Vec::new(),
                }),
            },
        );
    Ok(axum::Json(said.await?))
}

/// What was said in a conversation, as its visitor may see it.
pub(super) fn read_transcript(
    conn: &Connection,
    own: &Scoped<Conversation>,
) -> Result<VisitTranscript, StoreError> {
    let said = messages::list(conn, own, LONGEST_TRANSCRIPT)?;
    let first = said.first().map_or(0, |message| message.seq);
    let mut reader = said::Reader::new(conn, own, first)?;
    let shown = said.into_iter().filter(said::is_shown);
    let messages: Result<_, StoreError> = shown.map(|message| reader.view(message)).collect();
    Ok(VisitTranscript {
        messages: messages?,
    })
}

/// Sends a message in the visitor's own conversation. The answer comes as the events `citations`, `delta`,
/// `done` and `failed`. While other turns go first, `waiting` says how many, and about how many seconds they take.
#[utoipa::path(post, path = "/api/v1/visit/messages", tag = "visitors", operation_id = "writeInVisit",
    request_body = VisitMessageRequest,
    responses((status = 200, description = "Events of the answer", content_type = "text/event-stream",
               body = String),
              (status = 400, body = ProblemView<'_>), (status = 401, body = ProblemView<'_>),
              (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn append(
    guest: Guest,
    Json(request): Json<VisitMessageRequest>,
) -> Result<Response, Problem> {
    let question = check_text("text", request.text)?;
    if question.chars().count() > LONGEST_MESSAGE {
        let detail = format!("text may have at most {LONGEST_MESSAGE} characters");
        return Err(Problem::invalid("text", detail));
    }
    let id = check_client_id(request.client_id)?;
    let (assistant, page) = (request.assistant, request.page);
    let (turn, state) = build_turn(&guest, question, id, assistant, page).await?;
    answer(&guest, turn, state, stream::iter([]))
}

/// Streams a turn after these events. A message to a person waits behind no turn of the assistant.
fn answer(
    guest: &Guest,
    turn: Turn,
    state: ConversationState,
    first: impl Stream<Item = Event> + Send + 'static,
) -> Result<Response, Problem> {
    let agent = guest.app.agent.clone();
    if matches!(state, ConversationState::Waiting | ConversationState::Human) {
        guest.pay_words(&turn.question)?;
        return Ok(sse::respond(
            first.chain(agent.reply(turn).map(write_event)),
        ));
    }
    guest.pay_message(&turn.question)?;
    let ticket = guest.join_turns(&turn.question)?;
    Ok(sse::respond(
        first.chain(stream_answer(agent, turn, ticket)),
    ))
}

/// Transcribes a recording of at most two minutes and 5 MiB, and answers it. The event `heard` holds the
/// words; the events of an answer follow.
#[utoipa::path(post, path = "/api/v1/visit/voice-note", tag = "visitors", operation_id = "speakInVisit",
    request_body(content = String, content_type = "application/octet-stream",
                 description = "The recording, in any common format"),
    responses((status = 200, description = "Events of the answer", content_type = "text/event-stream",
               body = String),
              (status = 400, body = ProblemView<'_>), (status = 401, body = ProblemView<'_>),
              (status = 413, body = ProblemView<'_>), (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn speak(
    State(metrics): State<Arc<Metrics>>,
    guest: Guest,
    request: Request,
) -> Result<Response, Problem> {
    guest.count(Deed::Note)?;
    let place = guest.wait_for_recordings().await?;
    let workspace = guest.visitor.workspace;
    let pay = |length| guest.pay_recording(length);
    let heard = note::hear(&guest.app, &metrics, workspace, request, pay).await;
    // What the business bought is no matter of its visitors; the widget says it in their language.
    let text = heard.map_err(|problem| match problem.is_spent() {
        true => Problem::spent("voice notes are not possible at the moment; please write to us"),
        false => problem,
    })?;
    drop(place);
    let (turn, state) = build_turn(&guest, text.clone(), None, None, None).await?;
    answer(
        &guest,
        turn,
        state,
        stream::iter([note::heard_event(&text)]),
    )
}

/// In seconds; the visitor is not told about shorter waits.
const WORTH_TELLING: u64 = 2;

/// A turn on its way through the queue.
enum Stage {
    Joins(Agent, Box<Turn>),
    Waits(Agent, Box<Turn>),
    Answers(TurnStream),
}

/// Streams `waiting` events while the turn is in the queue, then the answer. Holds the place in the queue until the last
/// event.
fn stream_answer(agent: Agent, turn: Turn, ticket: Ticket) -> impl Stream<Item = Event> + Send {
    let joins = Stage::Joins(agent, Box::new(turn));
    stream::unfold((joins, ticket), |(mut stage, mut ticket)| async move {
        // Loops through the queue until there is an event to send; short waits send none.
        loop {
            let (place, agent, turn) = match stage {
                Stage::Joins(agent, turn) => (ticket.place(), agent, turn),
                Stage::Waits(agent, turn) => (ticket.changed().await, agent, turn),
                Stage::Answers(mut answer) => {
                    let step = answer.next().await?;
                    return Some((write_event(step), (Stage::Answers(answer), ticket)));
                }
            };
            stage = match place {
                QueuePlace::Runs => Stage::Answers(agent.reply(*turn)),
                QueuePlace::Waits { .. } => Stage::Waits(agent, turn),
            };
            if let QueuePlace::Waits { ahead, about } = place
                && about.as_secs() >= WORTH_TELLING
            {
                let seconds = about.as_secs();
                let waiting = sse::event(&Waiting { ahead, seconds }).event("waiting");
                return Some((waiting, (stage, ticket)));
            }
        }
    })
}

#[derive(Serialize)]
struct Waiting {
    /// Turns that go first.
    ahead: usize,
    /// An estimate.
    seconds: u64,
}

async fn build_turn(
    guest: &Guest,
    question: String,
    client_id: Option<String>,
    assistant: Option<String>,
    page: Option<String>,
) -> Result<(Turn, ConversationState), Problem> {
    let (app, visitor) = (&guest.app, &guest.visitor);
    let workspace = visitor.workspace;
    let named = for_visitors(app, workspace, assistant, visitor.assistant).await?;
    let own = Guest::conversation(app, visitor, named.id, Channel::Chat, page.as_deref()).await?;
    // What the visitor typed has come.
    app.inbox
        .presence()
        .type_as_visitor(workspace, own.id, false);
    let assistant = match own.assistant {
        Some(id) if id != named.id => {
            let find = move |conn: &_| assistants::find(conn, workspace, id);
            match app.store.read(find).await? {
                // The owner may have taken it from visitors since the conversation began.
                Some(begun) => {
                    let name = Some(begun.name.clone());
                    let begun = for_visitors(app, workspace, name, visitor.assistant).await;
                    begun.unwrap_or(named)
                }
                None => named,
            }
        }
        _ => named,
    };
    let turn = Turn {
        workspace,
        assistant,
        conversation: Some(own.id),
        client_id,
        history: Vec::new(),
        question,
        claim: Claim::new(Priority::Chat, guest.flow()),
        sampling: None,
        now: None,
        audience: Audience::Visitors,
        display: Display::AsItComes,
        evaluation: false,
        // Whoever follows the visit reads the answer there, even after a break of the connection.
        stays: app.inbox.presence().is_online(own.id),
    };
    Ok((turn, own.state))
}

#[derive(Serialize)]
struct Delta {
    text: String,
}

#[derive(Serialize)]
struct Failed {
    detail: String,
}

#[derive(Serialize)]
struct Done {
    answer: String,
    rung: &'static str,
    citations: Vec<VisitCitation>,
    /// The visitor is offered a person.
    handoff: bool,
    interrupted: bool,
    /// The provider that wrote, where the owner wants visitors to be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// Answers to its question that can be chosen, to be sent as they stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<String>,
    /// Its message, as in the events of the visit.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    stored: Option<StoredView>,
}

fn write_event(event: TurnEvent) -> Event {
    match event {
        TurnEvent::Citations(found) => sse::event(&citations(found)).event("citations"),
        TurnEvent::Delta(text) => sse::event(&Delta { text }).event("delta"),
        TurnEvent::Done(answer) => sse::event(&view_done(*answer)).event("done"),
        TurnEvent::Stored(stored) => sse::event(&StoredView::from(stored)).event("stored"),
        TurnEvent::Failed(detail) => {
            let detail = detail.into();
            sse::event(&Failed { detail }).event("failed")
        }
    }
}

fn view_done(answer: Answer) -> Done {
    Done {
        answer: answer.answer,
        rung: answer.rung.as_str(),
        citations: citations(answer.citations),
        handoff: answer.handoff,
        interrupted: answer.interrupted,
        provider: answer.provider,
        options: answer.options,
        stored: answer.stored.map(StoredView::from),
    }
}

/// Citations without ids, as visitors may see them.
pub(in crate::http) fn citations(found: Vec<Citation>) -> Vec<VisitCitation> {
    found.into_iter().map(VisitCitation::from).collect()
}

//! `POST /api/v1/analyses`: a conversation by its id, its turns, or a file.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use utoipa::ToSchema;

use super::AnalysisView;
use crate::analysis::import::{self, ImportError, LARGEST};
use crate::analysis::work::{About, Kept};
use crate::analysis::{Analyst, Conversation, Progress, Turn, Who, WorkError};
use crate::http::api::place::{self, ApiPlace};
use crate::http::auth::OfCredential;
use crate::http::body::read_json;
use crate::http::listing::{parse_name, trim_field};
use crate::http::problem::{Problem, ProblemView};
use crate::http::{multipart, sse};
use crate::llm::{Claim, Priority};
use crate::store::analyses::Source;
use crate::store::{ConversationId, WorkspaceId};

/// Of turns in a body, in bytes: as much as a file with what JSON adds.
const TURNS_LIMIT: usize = 24 << 20;
/// Of a field of the form beside the file, in bytes.
const FIELD_LIMIT: u64 = 1024;
/// Names of staff in a form.
const MOST_STAFF: usize = 50;
/// Of what a conversation is called, in characters.
const LONGEST_NAME: usize = 200;

/// A turn of a conversation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TurnRequest {
    /// `customer`, `staff` or `assistant`.
    who: String,
    /// The speaker's name.
    name: Option<String>,
    /// Unix milliseconds.
    at: Option<i64>,
    text: String,
}

/// What to analyse: either `conversation` or `turns`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct AnalysisRequest {
    /// Id of a conversation of the inbox.
    conversation: Option<String>,
    /// A conversation from elsewhere, oldest turn first. Its text is not kept unless the owner wants that.
    turns: Option<Vec<TurnRequest>>,
    /// What it is called elsewhere, such as the id of a lead.
    about: Option<String>,
    /// Where turns come from: `turns` (when absent), `file` or `crm`.
    source: Option<String>,
    /// For lists.
    title: Option<String>,
    /// Analyse again even if nothing has changed.
    again: bool,
}

/// Something to analyse.
enum Subject {
    Inbox(ConversationId),
    Given(About, Conversation),
}

struct Order {
    subject: Subject,
    again: bool,
    /// That who is staff was guessed.
    guessed: bool,
}

/// How far an analysis has come, as the event `progress`.
#[derive(Serialize)]
struct ProgressView {
    done: u32,
    all: u32,
}

/// Analyses a conversation and keeps the result: JSON with `conversation` or `turns`, or a form with an exported file as `file`
/// and the names of staff as `staff`. With `Accept: text/event-stream` the events `progress`, `done` and `failed` come.
#[utoipa::path(post, path = "/api/v1/analyses", tag = "analyses", operation_id = "analyse",
    request_body = AnalysisRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = AnalysisView),
              (status = 200, description = "Nothing has changed since an earlier analysis, which this is", body = AnalysisView),
              (status = 400, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>),
              (status = 422, description = "Nobody says anything", body = ProblemView<'_>),
              (status = 429, description = "The quota is used up", body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let order = match has(&headers, header::CONTENT_TYPE, "multipart/") {
        true => read_form(request).await?,
        false => read_order(request).await?,
    };
    let workspace = place.id();
    let flow = place.principal().credential().flow(workspace);
    let claim = Claim::new(Priority::Api, flow);
    let analyst = place.app.analyst.clone();
    if has(&headers, header::ACCEPT, "text/event-stream") {
        return Ok(stream_events(analyst, workspace, order, claim));
    }
    let guessed = order.guessed;
    let kept = carry_out(&analyst, workspace, order, claim, &|_| {}).await?;
    let status = match kept.known {
        true => StatusCode::OK,
        false => StatusCode::CREATED,
    };
    Ok((status, axum::Json(view(kept, guessed))).into_response())
}

fn has(headers: &HeaderMap, name: header::HeaderName, part: &str) -> bool {
    let values = headers.get_all(name);
    let mut texts = values.iter().filter_map(|value| value.to_str().ok());
    texts.any(|text| text.to_ascii_lowercase().contains(part))
}

/// An analysis that was just made.
#[derive(Serialize)]
struct MadeView {
    #[serde(flatten)]
    analysis: AnalysisView,
    /// That the file does not say who is staff, so the first speaker was taken for the customer.
    guessed: bool,
}

fn view(kept: Kept, guessed: bool) -> MadeView {
    let mut analysis = AnalysisView::from(kept.analysis);
    analysis.known = kept.known;
    MadeView { analysis, guessed }
}

async fn carry_out(
    analyst: &Analyst,
    workspace: WorkspaceId,
    order: Order,
    claim: Claim,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Kept, WorkError> {
    match order.subject {
        Subject::Inbox(id) => {
            analyst
                .analyse_conversation(workspace, id, order.again, claim, tell)
                .await
        }
        Subject::Given(about, conversation) => {
            analyst
                .analyse(workspace, about, conversation, order.again, claim, tell)
                .await
        }
    }
}

/// Tells how far it has come. Who leaves ends the work.
fn stream_events(analyst: Analyst, workspace: WorkspaceId, order: Order, claim: Claim) -> Response {
    let (sender, receiver) = mpsc::unbounded_channel::<Event>();
    let guessed = order.guessed;
    let work = async move {
        let tell = |progress: Progress| {
            let Progress { done, all } = progress;
            let event = sse::event(&ProgressView { done, all }).event("progress");
            // Nobody listens any more.
            let _gone = sender.send(event);
        };
        match carry_out(&analyst, workspace, order, claim, &tell).await {
            Ok(kept) => sse::event(&view(kept, guessed)).event("done"),
            Err(error) => {
                let problem = Problem::from(error);
                sse::event(&problem.view()).event("failed")
            }
        }
    };
    let progress = UnboundedReceiverStream::new(receiver);
    sse::respond(stream::select(progress, stream::once(work).boxed()))
}

async fn read_order(request: Request) -> Result<Order, Problem> {
    let request: AnalysisRequest = read_json(request, TURNS_LIMIT).await?;
    let subject = match (request.conversation, request.turns) {
        (Some(id), None) => Subject::Inbox(place::parse_id(&id, "conversation")?),
        (None, Some(turns)) => {
            let turns = turns.into_iter().enumerate().map(|(at, turn)| {
                let who = parse_who(&turn.who).ok_or_else(|| {
                    Problem::invalid(
                        format!("turns[{at}].who"),
                        "who must be one of customer, staff, assistant",
                    )
                })?;
                Ok(Turn {
                    who,
                    name: turn.name,
                    at: turn.at,
                    text: turn.text,
                })
            });
            let conversation = Conversation {
                turns: turns.collect::<Result<_, Problem>>()?,
            };
            let source = parse_name(
                "source",
                &request.source.unwrap_or_default(),
                Source::parse,
                || vec!["turns", "file", "crm"],
            )?;
            let source = source.unwrap_or(Source::Turns);
            if source == Source::Conversation {
                let detail = "source must be one of turns, file, crm";
                return Err(Problem::invalid("source", detail));
            }
            let about = About {
                source,
                conversation: None,
                name: name("about", request.about)?,
                title: name("title", request.title)?,
            };
            Subject::Given(about, conversation)
        }
        _ => {
            let detail = "name either a conversation of the inbox or the turns of another one";
            return Err(Problem::invalid("conversation", detail));
        }
    };
    Ok(Order {
        subject,
        again: request.again,
        guessed: false,
    })
}

fn parse_who(who: &str) -> Option<Who> {
    Some(match who {
        "customer" => Who::Customer,
        "staff" => Who::Staff,
        "assistant" => Who::Assistant,
        _ => return None,
    })
}

fn name(param: &'static str, text: Option<String>) -> Result<String, Problem> {
    let text = trim_field(&text.unwrap_or_default()).unwrap_or_default();
    match text.chars().count() > LONGEST_NAME {
        true => Err(Problem::invalid(
            param,
            format!("{param} may have at most {LONGEST_NAME} characters"),
        )),
        false => Ok(text),
    }
}

/// A form: names of staff, then the file.
async fn read_form(request: Request) -> Result<Order, Problem> {
    let most = LARGEST as u64;
    let mut form = multipart::open(request, most).await?;
    let (mut staff, mut again, mut file) = (Vec::new(), false, None);
    while let Some(mut field) = multipart::next(&mut form).await? {
        let named = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let limit = match named.as_str() {
            "file" => most,
            _ => FIELD_LIMIT,
        };
        let bytes = multipart::collect(&mut field, limit).await??;
        match named.as_str() {
            "file" => file = Some((file_name.unwrap_or_default(), bytes)),
            "staff" => staff.push(String::from_utf8_lossy(&bytes).trim().to_owned()),
            "again" => again = matches!(&bytes[..], b"true" | b"1" | b"on"),
            _ => {}
        }
        if staff.len() > MOST_STAFF {
            return Err(Problem::invalid("staff", "name at most 50 people"));
        }
    }
    staff.retain(|name| !name.is_empty());
    let Some((file_name, bytes)) = file else {
        return Err(Problem::invalid(
            "file",
            "send the exported conversation as the field `file`",
        ));
    };
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let title: String = base.chars().take(LONGEST_NAME).collect();
    let file_name = title.clone();
    // Long exports take a moment to read.
    let read = tokio::task::spawn_blocking(move || import::read(&bytes, &file_name, &staff));
    let imported = read
        .await
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| refuse(&error))?;
    let about = About {
        source: Source::File,
        conversation: None,
        name: title.clone(),
        title,
    };
    Ok(Order {
        subject: Subject::Given(about, imported.conversation),
        again,
        guessed: imported.guessed,
    })
}

/// Says what is wrong with a file.
fn refuse(error: &ImportError) -> Problem {
    let param = match error {
        ImportError::NoSuchStaff { .. } => "staff",
        _ => "file",
    };
    Problem::invalid(param, error.to_string())
}

/// Analyses the file of a form, for a page.
pub(in crate::http) async fn of_form(
    analyst: &Analyst,
    workspace: WorkspaceId,
    request: Request,
    claim: Claim,
) -> Result<Kept, Problem> {
    let order = read_form(request).await?;
    Ok(carry_out(analyst, workspace, order, claim, &|_| {}).await?)
}

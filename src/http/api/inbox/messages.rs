//! What staff write: to the visitor, with files, and to each other.

use axum::extract::{Path, Request};
use axum::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::{NoteView, RowView, SaidView};
use super::{ApiPlace, parse_conversation, row};
use crate::http::api::check_client_id;
use crate::http::body::{self, BodyError, JSON_LIMIT, Json};
use crate::http::multipart;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::acts::{self, Reply};
use crate::inbox::files::{self, Sent};
use crate::inbox::staff::notes;
use crate::store::inbox::attachments;
use crate::store::inbox::transcript::Said;

/// Of a text field in a form, in bytes; longer texts are refused by their characters.
const TEXT_LIMIT: u64 = 256 << 10;

/// A message to the visitor.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct WriteRequest {
    /// What you say.
    text: String,
    /// The sender's own id, so that a message sent twice is kept once.
    client_id: Option<String>,
    /// The revision of the conversation that you saw; it lets you take the conversation from a colleague.
    revision: Option<i64>,
}

/// A message to the visitor, with files.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub struct WriteForm {
    /// What you say; may be absent with files.
    text: Option<String>,
    /// The sender's own id, so that a message sent twice is kept once.
    client_id: Option<String>,
    /// The revision of the conversation that you saw.
    revision: Option<i64>,
    /// Up to five files of at most 10 MB.
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<u8>,
}

/// A note for colleagues.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NoteRequest {
    /// What you note; `@name` tells a colleague.
    text: String,
}

/// What was written, and the conversation after it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrittenView {
    message: SaidView,
    conversation: RowView,
}

/// Writes to the visitor, and takes the conversation with that. As JSON, or as a form with files.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/messages", tag = "inbox", operation_id = "writeToVisitor",
    request_body(content((WriteRequest = "application/json"), (WriteForm = "multipart/form-data"))),
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = WrittenView), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>), (status = 413, body = ProblemView<'_>)))]
pub(super) async fn write(
    place: ApiPlace,
    Path(id): Path<String>,
    request: Request,
) -> Result<(StatusCode, axum::Json<WrittenView>), Problem> {
    let id = parse_conversation(&id)?;
    // Before anything large is read.
    place.member.need(crate::inbox::staff::DAILY)?;
    let (reply, sent) = match is_form(&request) {
        true => read_form(request).await?,
        false => {
            let asked: WriteRequest = body::read_json(request, JSON_LIMIT).await?;
            (reply(asked)?, Vec::new())
        }
    };
    if !sent.is_empty() {
        place.app.store.has_room()?;
    }
    let written = acts::write(
        &place.app.inbox,
        &place.member,
        id,
        reply,
        move |tx, message| {
            for file in &sent {
                attachments::add(tx, message, &file.name, file.media_type, &file.content)?;
            }
            Ok(())
        },
    );
    let (_, message) = written.await?;
    let of = message.conversation;
    let files = place
        .app
        .store
        .read(move |conn| attachments::of(conn, of))
        .await?;
    let said = Said {
        attachments: files
            .into_iter()
            .filter(|file| file.message == message.id)
            .collect(),
        author: Some(acts::person(&place.member)?.name),
        message: message.into_inner(),
    };
    let written = WrittenView {
        message: said.into(),
        conversation: row(&place, id).await?.0,
    };
    Ok((StatusCode::CREATED, axum::Json(written)))
}

fn reply(asked: WriteRequest) -> Result<Reply, Problem> {
    Ok(Reply {
        text: asked.text,
        client_id: check_client_id(asked.client_id)?,
        revision: asked.revision,
        ..Reply::default()
    })
}

fn is_form(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"))
}

async fn read_form(request: Request) -> Result<(Reply, Vec<Sent>), Problem> {
    let most = (files::LARGEST * files::MOST) as u64;
    let mut form = multipart::open(request, most).await?;
    let (mut asked, mut sent) = (WriteRequest::default(), Vec::new());
    while let Some(mut field) = multipart::next(&mut form).await? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" | "attachments" => {
                if sent.len() == files::MOST {
                    let detail = format!("a message takes at most {} files", files::MOST);
                    return Err(Problem::invalid("file", detail));
                }
                let content = multipart::collect(&mut field, files::LARGEST as u64).await??;
                sent.push(Sent::new(&file_name, content.to_vec()));
            }
            "text" | "client_id" | "revision" => {
                let bytes = multipart::collect(&mut field, TEXT_LIMIT).await?;
                let bytes = bytes.map_err(|problem| problem.with_param(name.clone()))?;
                let text = String::from_utf8(bytes.to_vec())
                    .map_err(|_| Problem::invalid(name.clone(), "send text in UTF-8"))?;
                match name.as_str() {
                    "text" => asked.text = text,
                    "client_id" => asked.client_id = Some(text),
                    _ => asked.revision = Some(parse_revision(&text)?),
                }
            }
            _ => return Err(unknown(name)),
        }
    }
    if asked.text.trim().is_empty() && !sent.is_empty() {
        // A message of files alone says which.
        let names: Vec<&str> = sent.iter().map(|file| file.name.as_str()).collect();
        asked.text = names.join(", ");
    }
    Ok((reply(asked)?, sent))
}

fn parse_revision(text: &str) -> Result<i64, Problem> {
    text.trim()
        .parse()
        .map_err(|_| Problem::invalid("revision", "revision must be a number"))
}

fn unknown(path: String) -> Problem {
    let reason = "there is no such field; the form has text, client_id, revision and file".into();
    BodyError::Field { path, reason }.into()
}

/// Notes something for colleagues; no visitor sees it. Whoever is named as `@name` is told.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/notes", tag = "inbox", operation_id = "writeNote",
    request_body = NoteRequest,
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = NoteView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn note(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<NoteRequest>,
) -> Result<(StatusCode, axum::Json<NoteView>), Problem> {
    let id = parse_conversation(&id)?;
    let (store, by) = (&place.app.store, &place.member);
    let note = notes::write(store, by, id, &request.text, now_ms()).await?;
    Ok((StatusCode::CREATED, axum::Json(note.into())))
}

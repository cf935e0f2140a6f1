//! Files that a visitor sends to a person. The assistant reads none, so they are taken only while a person is asked for or
//! answers. What a file is, its bytes say; nothing but raster pictures is ever shown in a browser.

use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::Guest;
use super::rate::Deed;
use super::settings::WidgetSettings;
use crate::http::api::check_client_id;
use crate::http::attachment::serve;
use crate::http::multipart;
use crate::http::problem::{Problem, ProblemView};
use crate::http::{now_ms, parse_id};
use crate::inbox::files::{LARGEST, MOST, Sent};
use crate::store::conversations::ConversationState;
use crate::store::inbox::attachments;
use crate::store::messages::{self, Appended, MessageState, NewMessage, Speaker};
use crate::store::{AttachmentId, StoreError, storage, visitors, workspaces};

/// In characters.
const LONGEST_TEXT: usize = 4000;

/// The form, as the OpenAPI document describes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the form")]
pub struct VisitFilesForm {
    /// One to five files of at most 10 MB.
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<Vec<u8>>,
    /// Words that go with them.
    text: Option<String>,
    /// The sender's own id of the message, so that one that is sent twice is kept once.
    client_id: Option<String>,
}

/// The message that the files belong to.
#[derive(Debug, Serialize, ToSchema)]
pub struct FilesSent {
    id: String,
    /// Its place in the conversation.
    seq: i64,
}

#[derive(Debug, Default)]
struct Form {
    files: Vec<Sent>,
    text: String,
    client_id: Option<String>,
}

/// Sends files to the person who answers, or will.
#[utoipa::path(post, path = "/api/v1/visit/files", tag = "visitors", operation_id = "sendFiles",
    request_body(content = VisitFilesForm, content_type = "multipart/form-data"),
    responses((status = 200, body = FilesSent), (status = 400, body = ProblemView<'_>),
              (status = 401, body = ProblemView<'_>), (status = 403, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>), (status = 413, body = ProblemView<'_>),
              (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn send(
    guest: Guest,
    request: Request,
) -> Result<axum::Json<FilesSent>, Problem> {
    let visitor = guest.visitor.clone();
    // Before a byte is read.
    let may = guest.app.store.read(move |conn| {
        let widget: WidgetSettings =
            workspaces::section(conn, visitor.workspace, WidgetSettings::SECTION)?;
        let own = visitors::find_conversation(conn, &visitor)?;
        let state = own.map(|own| own.state);
        Ok((widget.options.files, state))
    });
    let (wanted, state) = may.await?;
    if !wanted {
        let detail = "this front desk takes no files; write instead";
        return Err(Problem::new(StatusCode::FORBIDDEN, "no_files", detail));
    }
    if !matches!(
        state,
        Some(ConversationState::Waiting | ConversationState::Human)
    ) {
        return Err(refuse_without_person());
    }
    guest.count(Deed::Files)?;
    let place = guest.take_upload()?;
    let form = read(request).await?;
    let visitor = guest.visitor.clone();
    let kept = guest.app.store.write(move |tx| {
        let missing = || StoreError::NotFound("the conversation");
        let own = visitors::find_conversation(tx, &visitor)?.ok_or_else(missing)?;
        if !matches!(
            own.state,
            ConversationState::Waiting | ConversationState::Human
        ) {
            return Ok(None);
        }
        storage::has_room(tx, own.workspace(), now_ms())?;
        let names: Vec<_> = form.files.iter().map(|file| file.name.as_str()).collect();
        let text = match form.text.as_str() {
            "" => names.join(", "),
            text => text.to_owned(),
        };
        let new = NewMessage {
            role: Speaker::User,
            text: &text,
            state: MessageState::Complete,
            client_id: form.client_id.as_deref(),
            author: None,
        };
        let message = match messages::append(tx, &own, &new, now_ms())? {
            Appended::Known(message) => return Ok(Some(message)),
            Appended::Stored(message) => message,
        };
        for file in &form.files {
            attachments::add(tx, &message, &file.name, file.media_type, &file.content)?;
        }
        Ok(Some(message))
    });
    let message = kept.await?.ok_or_else(refuse_without_person)?;
    drop(place);
    Ok(axum::Json(FilesSent {
        id: message.id.to_string(),
        seq: message.seq,
    }))
}

fn refuse_without_person() -> Problem {
    let detail = "files go to a person, and none is asked for; ask for a person first";
    Problem::new(StatusCode::CONFLICT, "no_person", detail)
}

async fn read(request: Request) -> Result<Form, Problem> {
    let largest = LARGEST as u64;
    let mut incoming = multipart::open_limited(request, largest * MOST as u64).await?;
    let mut form = Form::default();
    while let Some(mut field) = multipart::next(&mut incoming).await? {
        let of_file = field.name() == Some("file");
        let name = field.file_name().unwrap_or_default().to_owned();
        let field_name = field.name().unwrap_or_default().to_owned();
        if of_file && form.files.len() == MOST {
            let wrong = format!("send at most {MOST} files at once");
            return Err(Problem::invalid("file", wrong));
        }
        let most = if of_file {
            largest
        } else {
            multipart::OVERHEAD
        };
        let bytes = multipart::collect(&mut field, most).await??;
        if of_file {
            form.files.push(Sent::new(&name, bytes.to_vec()));
            continue;
        }
        let text = String::from_utf8_lossy(&bytes).trim().to_owned();
        match field_name.as_str() {
            "text" if text.chars().count() > LONGEST_TEXT => {
                let wrong = format!("text may have at most {LONGEST_TEXT} characters");
                return Err(Problem::invalid("text", wrong));
            }
            "text" => form.text = text,
            "client_id" => form.client_id = check_client_id(Some(text))?,
            _ => {}
        }
    }
    if form.files.is_empty() || form.files.iter().any(|file| file.content.is_empty()) {
        let wrong = "there is no file, or an empty one; choose it again";
        return Err(Problem::invalid("file", wrong));
    }
    Ok(form)
}

/// A file of the visitor's own conversation.
#[utoipa::path(get, path = "/api/v1/visit/files/{id}", tag = "visitors", operation_id = "readFile",
    params(("id" = String, Path, description = "File")),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
              (status = 401, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(in crate::http) async fn get(
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: AttachmentId = parse_id(&id, "file")?;
    let visitor = guest.visitor.clone();
    let found = guest.app.store.read(move |conn| {
        let missing = || StoreError::NotFound("the file");
        let own = visitors::find_conversation(conn, &visitor)?.ok_or_else(missing)?;
        let file = attachments::get(conn, own.workspace(), id)?;
        if file.conversation != own.id {
            return Err(missing());
        }
        let content = attachments::content(conn, &file)?;
        Ok((file.into_inner(), content))
    });
    let (file, content) = found.await?;
    Ok(serve(&file, content))
}

//! What belongs to the visitor: a text of their conversation, a copy of everything that is kept of it, and its erasure.

use axum::extract::Query;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Guest;
use super::rate::Deed;
use super::transcript;
use crate::app::privacy;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::acts;
use crate::mail::{self, Enqueued, NewMail};
use crate::store::erasure::{self, Subject};
use crate::store::mail::MailKind;
use crate::store::{StoreError, visitors};

/// A copy of what is kept of a visit.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitCopy {
    /// Unix ms.
    made_at: i64,
    /// What it is kept for.
    purpose: &'static str,
    /// Where there may be more.
    note: &'static str,
    /// The rows of each table; nothing before something was said.
    kept: Vec<Value>,
}

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitErased {
    /// Unix ms.
    erased_at: i64,
    conversations: u64,
    messages: u64,
    calls: u64,
    recordings: u64,
    /// Whether old pages of the database are gone too; if not, they are overwritten later.
    copies_erased: bool,
}

/// How the text is written.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TranscriptQuery {
    /// Language of the headings, by ISO 639-1; else the one that the visitor writes in.
    language: Option<String>,
}

/// What was said in the visitor's own conversation, as a text to keep.
#[utoipa::path(get, path = "/api/v1/visit/transcript", tag = "visitors", operation_id = "readVisitTranscript", params(TranscriptQuery),
    responses((status = 200, description = "The text", body = String, content_type = "text/plain"),
              (status = 401, body = ProblemView<'_>)))]
pub(in crate::http) async fn transcript(
    guest: Guest,
    Query(query): Query<TranscriptQuery>,
) -> Result<Response, Problem> {
    let visitor = guest.visitor.clone();
    let read = guest
        .app
        .store
        .read(move |conn| transcript::write(conn, &visitor, query.language.as_deref(), now_ms()));
    let written = read.await?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_LANGUAGE, written.language),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"conversation.txt\"",
        ),
    ];
    Ok((headers, written.text).into_response())
}

/// Where to send the conversation.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TranscriptRequest {
    /// One address.
    email: String,
    /// Language of the headings, by ISO 639-1; else the one that the visitor writes in.
    language: Option<String>,
}

/// Sends what was said to an address, as a text.
#[utoipa::path(post, path = "/api/v1/visit/transcript", tag = "visitors", operation_id = "mailVisitTranscript",
    request_body = TranscriptRequest,
    responses((status = 204, description = "It will be sent"), (status = 400, body = ProblemView<'_>),
              (status = 401, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>), (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn mail_transcript(
    guest: Guest,
    Json(request): Json<TranscriptRequest>,
) -> Result<StatusCode, Problem> {
    // Anybody's address can be entered, so few are written to.
    guest.count(Deed::Mail)?;
    let visitor = guest.visitor.clone();
    let queued = guest.app.store.write(move |tx| {
        let missing = || StoreError::NotFound("the conversation");
        let own = visitors::find_conversation(tx, &visitor)?.ok_or_else(missing)?;
        let now = now_ms();
        let said = transcript::write(tx, &visitor, request.language.as_deref(), now)?;
        let about = own.id.to_string();
        let text = format!("{}\n\n{}", said.note, said.text);
        let new = NewMail {
            kind: MailKind::Transcript,
            about: Some(&about),
            recipient: &request.email,
            title: &said.title,
            text: &text,
            reply_to: None,
        };
        mail::enqueue(tx, own.workspace(), &new, now)
    });
    match queued.await? {
        Enqueued::Queued(_) => Ok(StatusCode::NO_CONTENT),
        Enqueued::BadRecipient(told) => Err(Problem::invalid("email", told)),
        Enqueued::NotSetUp => {
            let detail = "this front desk sends no e-mail; save the conversation instead";
            Err(Problem::new(StatusCode::CONFLICT, "no_mail", detail))
        }
    }
}

/// A copy of everything that is kept of the visit: what was said, what answers rested on, and what belongs to it.
#[utoipa::path(get, path = "/api/v1/visit/export", tag = "visitors", operation_id = "exportVisit",
    responses((status = 200, body = VisitCopy), (status = 401, body = ProblemView<'_>)))]
pub(in crate::http) async fn export(guest: Guest) -> Result<axum::Json<VisitCopy>, Problem> {
    let visitor = guest.visitor.clone();
    let kept = guest.app.store.read(move |conn| {
        let own = visitors::all_conversations(conn, &visitor)?;
        if own.is_empty() {
            return Ok(Vec::new());
        }
        let subjects: Vec<Subject> = own.into_iter().map(Subject::Conversation).collect();
        let mut kept = erasure::copy(conn, visitor.workspace, &subjects)?.finds;
        kept.iter_mut().for_each(leave_staff_out);
        Ok(kept)
    });
    Ok(axum::Json(VisitCopy {
        made_at: now_ms(),
        purpose: "answering questions to the business, and showing what its answers are based on",
        note: "this is what belongs to this conversation; ask the business for what else it keeps about you",
        kept: kept.await?,
    }))
}

/// A token shows no more than was said in its visit: what staff wrote to each other, and what the business knows of the person
/// (whoever writes somebody's address into a form is not that somebody), comes with the copy that the business gives.
fn leave_staff_out(kept: &mut Value) {
    const VISITORS: &[&str] = &[
        "conversations",
        "visitors",
        "messages",
        "attachments",
        "ratings",
        "satisfaction",
        "calls",
        "call_lines",
        "recordings",
        "tasks",
    ];
    const HIDDEN: &[&str] = &[
        "token_hash",
        "receipt",
        "author",
        "assigned_to",
        "team",
        "spam",
    ];
    let Some(tables) = kept.as_object_mut() else {
        return;
    };
    tables.retain(|table, _| VISITORS.contains(&table.as_str()));
    for rows in tables.values_mut().filter_map(Value::as_array_mut) {
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            row.retain(|field, _| !HIDDEN.contains(&field.as_str()));
        }
    }
}

/// Erases the visitor's conversation and everything derived from it, and ends the visit.
#[utoipa::path(delete, path = "/api/v1/visit", tag = "visitors", operation_id = "eraseVisit",
    responses((status = 200, body = VisitErased), (status = 401, body = ProblemView<'_>)))]
pub(in crate::http) async fn erase(guest: Guest) -> Result<axum::Json<VisitErased>, Problem> {
    let done = privacy::erase_visit(&guest.app.store, &guest.visitor).await?;
    Ok(axum::Json(VisitErased {
        erased_at: done.erased_at,
        conversations: done.erased.conversations,
        messages: done.erased.messages,
        calls: done.erased.calls,
        recordings: done.erased.recordings,
        copies_erased: done.copies_erased,
    }))
}

/// Closes the conversation and ends the visit: its token opens nothing any more. What was said stays with the business.
#[utoipa::path(post, path = "/api/v1/visit/end", tag = "visitors", operation_id = "endVisit",
    responses((status = 204, description = "Ended"), (status = 401, body = ProblemView<'_>)))]
pub(in crate::http) async fn end(guest: Guest) -> Result<StatusCode, Problem> {
    acts::end(&guest.app.inbox, &guest.visitor).await?;
    let id = guest.visitor.id;
    let end = guest.app.store.write(move |tx| visitors::remove(tx, id));
    end.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the visit without closing the conversation, as when somebody signs out on the website: its token opens nothing any more,
/// and whoever they are goes on when they sign in again.
#[utoipa::path(post, path = "/api/v1/visit/sign-out", tag = "visitors", operation_id = "leaveVisit",
    responses((status = 204, description = "Left"), (status = 401, body = ProblemView<'_>)))]
pub(in crate::http) async fn sign_out(guest: Guest) -> Result<StatusCode, Problem> {
    let id = guest.visitor.id;
    let end = guest.app.store.write(move |tx| visitors::remove(tx, id));
    end.await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_shows_nothing_that_staff_wrote_to_each_other() {
        let mut kept = json!({
            "notes": [{"text": "difficult"}],
            "receipts": [{"checks": {}}],
            "visitors": [{"id": "v", "token_hash": "x"}],
            "messages": [{"text": "Hello", "author": "u", "receipt": "r"}],
        });
        leave_staff_out(&mut kept);
        let left = json!({"visitors": [{"id": "v"}], "messages": [{"text": "Hello"}]});
        assert_eq!(kept, left);
    }
}

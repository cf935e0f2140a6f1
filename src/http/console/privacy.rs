//! Data kept about visitors: how long, searching it, and erasing it.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Failure;
use super::format::{Moment, moment, plural};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use crate::app::App;
use crate::app::privacy::{self, ErasureError};
use crate::app::retention::{self, RetentionError};
use crate::http::api::people::{name_subject, parse_subject, send_copy};
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::store::due::Count;
use crate::store::erasure::{Match, Remote, RemoteKey, Subject, Traces};

#[derive(Template)]
#[template(path = "privacy.html")]
struct PrivacyPage {
    shell: Shell,
    /// Days that conversations, call records and recordings are kept.
    conversation_days: u32,
    record_days: u32,
    recording_days: u32,
    /// What is hidden, in words, and when the first and the last of it will be deleted.
    waiting: Option<(String, Moment, Moment)>,
    /// Until when nothing is hidden.
    respite: Option<Moment>,
    who: String,
    /// Matches, if there was a search.
    found: Option<Vec<Row>>,
    more: bool,
    /// Whether any of them is a copy of what lies in a CRM.
    from_crm: bool,
    /// What was erased just now, and whether the copies that Frontdesk keeps are gone too.
    erased: Option<(Moment, String, bool)>,
    error: Option<&'static str>,
    saved: bool,
}

struct Row {
    /// Kind and id, as the form sends them.
    kind: &'static str,
    id: String,
    what: &'static str,
    at: Moment,
    excerpt: String,
    /// What erasing it deletes, in words.
    erases: String,
    due: Option<Moment>,
}

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    who: String,
    /// Whether the days were just saved.
    #[serde(default)]
    saved: bool,
}

/// `GET /privacy?who=`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let mut page = page(&app, &person).await?;
    let who = shown.who.trim();
    page.saved = shown.saved;
    if !who.is_empty() {
        match privacy::find(&app.store, person.member(), who.to_owned()).await {
            Ok(found) => {
                page.more = found.more;
                page.from_crm = found
                    .matches
                    .iter()
                    .any(|found| matches!(found.subject, Subject::Crm(_)));
                page.found = Some(found.matches.into_iter().map(row).collect());
            }
            Err(ErasureError::TooShort) => {
                page.error = Some("Give at least three characters to search for.");
            }
            Err(other) => return Err(other.into()),
        }
    }
    page.who = who.to_owned();
    Ok(view::page(StatusCode::OK, &page))
}

/// `GET /privacy/copy?who=`: everything found, as a file for the person.
pub(super) async fn copy(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    Ok(send_copy(&app, person.member(), shown.who).await?)
}

#[derive(Deserialize)]
pub(super) struct Days {
    conversation_days: u32,
}

/// `POST /privacy/retention`
pub(super) async fn keep_for(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Days>,
) -> Result<Response, Failure> {
    let by = person.member();
    match retention::keep_for(&app.store, by, form.conversation_days).await {
        Ok(()) => Ok(Redirect::to("/privacy?saved=true").into_response()),
        Err(RetentionError::Days) => {
            let mut page = page(&app, &person).await?;
            page.error = Some("Give a number of days from 1 to 3650.");
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /privacy/take-back`: shows hidden data again.
pub(super) async fn take_back(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    retention::take_back(&app.store, person.member(), now_ms()).await?;
    Ok(Redirect::to("/privacy").into_response())
}

/// `POST /privacy/erase`: one field per ticked row, named after its kind.
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(ticked): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let subjects: Option<Vec<Subject>> = ticked
        .iter()
        .map(|(kind, id)| parse_subject(kind, id))
        .collect();
    let subjects = subjects.ok_or_else(|| Problem::not_found("conversation"))?;
    let mut page = page(&app, &person).await?;
    if subjects.is_empty() {
        page.error = Some("Tick what you want to erase.");
        return Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page));
    }
    page.from_crm = subjects
        .iter()
        .any(|subject| matches!(subject, Subject::Crm(_)));
    let done = privacy::erase(&app.store, person.member(), subjects).await?;
    page.erased = Some((
        moment(done.erased_at),
        in_words(&done.erased),
        done.copies_erased,
    ));
    Ok(view::page(StatusCode::OK, &page))
}

async fn page(app: &App, person: &SignedIn) -> Result<PrivacyPage, Failure> {
    let kept = retention::kept(&app.store, person.member()).await?;
    let days = kept.waiting.first_at.zip(kept.waiting.last_at);
    let respite = kept.settings.respite_until.filter(|at| *at > now_ms());
    Ok(PrivacyPage {
        shell: person.shell(Section::Status, "Privacy"),
        conversation_days: kept.settings.conversation_days,
        record_days: kept.record_days,
        recording_days: kept.recording_days,
        waiting: days.map(|(first, last)| {
            let what = hidden_in_words(&kept.waiting.count);
            (what, moment(first), moment(last))
        }),
        respite: respite.map(moment),
        who: String::new(),
        found: None,
        more: false,
        from_crm: false,
        erased: None,
        error: None,
        saved: false,
    })
}

fn row(found: Match) -> Row {
    let (kind, id) = name_subject(&found.subject);
    Row {
        kind,
        id,
        what: match &found.subject {
            Subject::Conversation(_) => "Conversation",
            Subject::Call(_) => "Call",
            Subject::Receipt(_) => "Question of a program",
            Subject::Golden(_) => "Golden question",
            Subject::Contact(_) => "Contact",
            Subject::Task(_) => "Task",
            Subject::Analysis(_) => "Analysis",
            Subject::Crm(Remote {
                key: RemoteKey::Lead(_),
                ..
            }) => "Lead of a CRM",
            Subject::Crm(_) => "Messages of a CRM",
        },
        at: moment(found.at),
        excerpt: found.excerpt,
        erases: in_words(&found.traces),
        due: found.due_at.map(moment),
    }
}

/// "12 messages, 3 answers with their receipts"
fn in_words(traces: &Traces) -> String {
    let parts = [
        (traces.conversations, "conversation", "conversations"),
        (traces.messages, "message", "messages"),
        (traces.receipts, "receipt", "receipts"),
        (traces.calls, "call", "calls"),
        (traces.recordings, "recording", "recordings"),
        (
            traces.golden_questions,
            "golden question",
            "golden questions",
        ),
        (traces.visitors, "visitor", "visitors"),
        (traces.notes, "note", "notes"),
        (traces.attachments, "file", "files"),
        (traces.contacts, "contact", "contacts"),
        (traces.tasks, "task", "tasks"),
        (traces.analyses, "analysis", "analyses"),
        (traces.leads, "lead", "leads"),
        (traces.crm_messages, "message of a CRM", "messages of a CRM"),
        (
            traces.transcripts,
            "voice message as text",
            "voice messages as text",
        ),
    ];
    join_counts(&parts)
}

/// "2 conversations, 1 recording"
fn hidden_in_words(count: &Count) -> String {
    join_counts(&[
        (count.conversations, "conversation", "conversations"),
        (
            count.receipts,
            "question of a program",
            "questions of programs",
        ),
        (count.calls, "call", "calls"),
        (count.recordings, "recording", "recordings"),
        (count.contacts, "contact", "contacts"),
    ])
}

fn join_counts(parts: &[(u64, &str, &str)]) -> String {
    let some = parts.iter().filter(|(n, ..)| *n > 0);
    let words: Vec<String> = some.map(|(n, one, many)| plural(*n, one, many)).collect();
    words.join(", ")
}

//! Questions and answers: list, editor, import.

mod import;
mod pages;

pub(super) use import::import;

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::format::{moment, plural};
use super::guard::SignedIn;
use super::view::{self, Section};
use super::{Failure, sentence};
use crate::app::App;
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::knowledge::KnowledgeError;
use crate::reason::Reason;
use crate::store::faqs::{self, Faq, FaqState, NewFaq};
use crate::store::{FaqId, ReceiptId, Scoped, WorkspaceId};
use pages::{FaqForm, FaqRow};

/// Questions on one page; the search finds the others.
const SHOWN: usize = 200;

/// What a link to the list asks for.
#[derive(Default, Deserialize)]
pub(super) struct Wanted {
    /// Words to search for.
    q: Option<String>,
    /// A question to write the answer of.
    question: Option<String>,
    /// Ids of the receipts whose gaps it closes, parted by commas.
    gap: Option<String>,
}

/// The editor. Boxes that are not ticked are not sent.
#[derive(Deserialize)]
pub(super) struct Written {
    questions: String,
    answer: String,
    approved: Option<String>,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    gap: String,
}

impl Written {
    fn form(&self) -> FaqForm {
        FaqForm {
            questions: self.questions.clone(),
            answer: self.answer.clone(),
            approved: self.approved.is_some(),
            owner: self.owner.clone(),
            expires: self.expires.clone(),
            gap: self.gap.clone(),
        }
    }

    fn to_new(&self, source: &str) -> Result<NewFaq, Reason> {
        Ok(NewFaq {
            answer: self.answer.clone(),
            state: if self.approved.is_some() {
                FaqState::Approved
            } else {
                FaqState::Draft
            },
            owner: self.owner.trim().chars().take(200).collect(),
            language: None,
            source: source.to_owned(),
            expires_at: expiry(&self.expires)?,
            phrasings: self.questions.lines().map(str::to_owned).collect(),
        })
    }

    fn gaps(&self) -> Vec<ReceiptId> {
        self.gap
            .split(',')
            .filter_map(|id| id.trim().parse().ok())
            .collect()
    }
}

/// The end of the last day on which the answer holds, in UTC.
fn expiry(day: &str) -> Result<Option<i64>, Reason> {
    if day.trim().is_empty() {
        return Ok(None);
    }
    let end = day
        .trim()
        .parse::<jiff::civil::Date>()
        .and_then(|day| day.tomorrow())
        .and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC));
    match end {
        Ok(end) => Ok(Some(end.timestamp().as_millisecond())),
        Err(error) => Err(Reason::told(
            "the last day must be a date such as 2026-12-31",
            error,
        )),
    }
}

/// The last day on which an answer holds, as the form has it.
fn last_day(expires_at: i64) -> String {
    jiff::Timestamp::from_millisecond(expires_at - 1)
        .map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
        .unwrap_or_default()
}

/// `GET /faq?q=&question=&gap=`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let form = wanted.question.is_some().then(|| FaqForm {
        questions: wanted.question.clone().unwrap_or_default(),
        approved: true,
        gap: wanted.gap.clone().unwrap_or_default(),
        ..FaqForm::default()
    });
    let show = Show {
        form,
        ..Show::default()
    };
    let search = wanted.q.unwrap_or_default();
    render(&app, &person, StatusCode::OK, &search, show).await
}

/// `POST /faq`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(written): Form<Written>,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let made = match written.to_new("") {
        Ok(new) => app.knowledge.create_faq(person.workspace.id, new).await,
        Err(wrong) => Err(KnowledgeError::Faq(wrong)),
    };
    match made {
        Ok(faq) => {
            app.knowledge.close_gaps(&faq, written.gaps()).await?;
            Ok(Redirect::to("/faq").into_response())
        }
        Err(KnowledgeError::Faq(wrong)) => {
            let show = Show {
                form: Some(written.form()),
                error: Some(sentence(&wrong)),
                ..Show::default()
            };
            render(&app, &person, StatusCode::UNPROCESSABLE_ENTITY, "", show).await
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /faq/{id}`
pub(super) async fn edit(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let faq = find(&app, person.workspace.id, &id).await?;
    let questions: Vec<&str> = faq.phrasings.iter().map(|p| p.question.as_str()).collect();
    let form = FaqForm {
        questions: questions.join("\n"),
        answer: faq.answer.clone(),
        approved: faq.state == FaqState::Approved,
        owner: faq.owner.clone(),
        expires: faq.expires_at.map(last_day).unwrap_or_default(),
        gap: String::new(),
    };
    Ok(editor(&person, StatusCode::OK, id, form, None))
}

/// `POST /faq/{id}`
pub(super) async fn update(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(written): Form<Written>,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let faq = find(&app, person.workspace.id, &id).await?;
    let changed = match written.to_new(&faq.source) {
        Ok(new) => app.knowledge.update_faq(faq, new).await.map(|_| ()),
        Err(wrong) => Err(KnowledgeError::Faq(wrong)),
    };
    match changed {
        Ok(()) => Ok(Redirect::to("/faq").into_response()),
        Err(KnowledgeError::Faq(wrong)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let error = Some(sentence(&wrong));
            Ok(editor(&person, status, id, written.form(), error))
        }
        Err(other) => Err(other.into()),
    }
}

/// What a button beside a question does.
#[derive(Deserialize)]
pub(super) struct NewState {
    state: String,
}

/// `POST /faq/{id}/state`
pub(super) async fn set_state(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(new): Form<NewState>,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let faq = find(&app, person.workspace.id, &id).await?;
    let state = FaqState::parse(&new.state)
        .ok_or_else(|| Problem::invalid("state", "state must be `draft` or `approved`"))?;
    app.knowledge.set_faq_state(faq, state).await?;
    Ok(Redirect::to("/faq").into_response())
}

/// `POST /faq/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let faq = find(&app, person.workspace.id, &id).await?;
    app.knowledge.delete_faq(faq).await?;
    Ok(Redirect::to("/faq").into_response())
}

/// What the page shows beside the list.
#[derive(Default)]
struct Show {
    form: Option<FaqForm>,
    error: Option<String>,
    import_error: Option<String>,
    done: Option<String>,
    left_out: Vec<String>,
}

async fn render(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    search: &str,
    show: Show,
) -> Result<Response, Failure> {
    let workspace = person.workspace.id;
    let found = app.store.read(move |conn| {
        Ok((
            faqs::list(conn, workspace)?,
            faqs::answered(conn, workspace)?,
        ))
    });
    let (all, answered) = found.await?;
    let total = all.len();
    let sought = search.trim().to_lowercase();
    let now = now_ms();
    let matching: Vec<Faq> = all.into_iter().filter(|faq| holds(faq, &sought)).collect();
    let more = matching.len().saturating_sub(SHOWN);
    let rows = matching.into_iter().take(SHOWN).map(|faq| {
        let count = answered.get(&faq.id).copied().unwrap_or(0);
        row(faq, count, now)
    });
    let page = pages::Faqs {
        shell: person.shell(Section::Documents, "Questions & answers"),
        rows: rows.collect(),
        total,
        more,
        search: search.trim().to_owned(),
        open: show.form.is_some(),
        form: show.form.unwrap_or_else(|| FaqForm {
            approved: true,
            ..FaqForm::default()
        }),
        error: show.error,
        import_error: show.import_error,
        done: show.done,
        left_out: show.left_out,
    };
    Ok(view::page(status, &page))
}

fn holds(faq: &Faq, sought: &str) -> bool {
    sought.is_empty()
        || [&faq.answer, &faq.owner, &faq.source]
            .into_iter()
            .chain(faq.phrasings.iter().map(|p| &p.question))
            .any(|text| text.to_lowercase().contains(sought))
}

fn row(faq: Faq, answered: u64, now: i64) -> FaqRow {
    let expired = faq.expires_at.is_some_and(|end| end <= now);
    let (state, label) = match faq.state {
        FaqState::Draft => ("queued", "Draft"),
        FaqState::Approved if expired => ("failed", "Expired"),
        FaqState::Approved => ("ready", "Approved"),
    };
    let mut questions = faq.phrasings.into_iter().map(|p| p.question);
    let question = questions.next().unwrap_or_default();
    let others = u64::try_from(questions.len()).unwrap_or(0);
    FaqRow {
        id: faq.id.to_string(),
        question,
        phrasings: (others > 0)
            .then(|| format!("{} more", plural(others, "phrasing", "phrasings"))),
        answer: faq.answer,
        state,
        label,
        approved: faq.state == FaqState::Approved,
        owner: faq.owner,
        source: faq.source,
        until: faq.expires_at.map(last_day),
        answered: match answered {
            0 => "never answered".to_owned(),
            1 => "answered once".to_owned(),
            n => format!("answered {n} times"),
        },
        updated: moment(faq.updated_at),
    }
}

fn editor(
    person: &SignedIn,
    status: StatusCode,
    id: String,
    form: FaqForm,
    error: Option<String>,
) -> Response {
    let page = pages::FaqEditor {
        shell: person.shell(Section::Documents, "Change an answer"),
        id,
        form,
        error,
    };
    view::page(status, &page)
}

async fn find(app: &App, workspace: WorkspaceId, id: &str) -> Result<Scoped<Faq>, Problem> {
    let id: FaqId = id.parse().map_err(|_| Problem::not_found("question"))?;
    Ok(app
        .store
        .read(move |conn| faqs::get(conn, workspace, id))
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_to_the_end_of_its_last_day() {
        let end = expiry(" 2026-12-31 ").unwrap().unwrap();
        assert_eq!(end, 1_798_761_600_000);
        assert_eq!(last_day(end), "2026-12-31");
        assert_eq!(expiry(""), Ok(None));
        assert!(expiry("31.12.2026").is_err());
    }
}

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
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::knowledge::{FaqDraft, KnowledgeError};
use crate::reason::Reason;
use crate::store::FaqId;
use crate::store::faqs::{Faq, FaqState};
use pages::{FaqForm, FaqRow};

/// Questions on one page; the search finds the others.
const SHOWN: usize = 200;

/// Query parameters of the list.
#[derive(Default, Deserialize)]
pub(super) struct FaqsQuery {
    q: Option<String>,
    /// Question to prefill the editor with.
    question: Option<String>,
    /// Ids of the receipts whose gaps it closes, separated by commas.
    gap: Option<String>,
}

/// The editor. Browsers do not send unticked checkboxes.
#[derive(Deserialize)]
pub(super) struct FaqEditForm {
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

impl FaqEditForm {
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

    fn to_draft(&self) -> Result<FaqDraft, Reason> {
        let gaps = self.gap.split(',');
        Ok(FaqDraft {
            questions: self.questions.lines().map(str::to_owned).collect(),
            answer: self.answer.clone(),
            state: if self.approved.is_some() {
                FaqState::Approved
            } else {
                FaqState::Draft
            },
            owner: self.owner.clone(),
            language: None,
            expires_at: expiry(&self.expires)?,
            gaps: gaps.filter_map(|id| id.trim().parse().ok()).collect(),
        })
    }
}

/// The end of an answer's last valid day, in UTC.
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

/// The last valid day as `2026-12-31`.
fn last_day(expires_at: i64) -> String {
    jiff::Timestamp::from_millisecond(expires_at - 1)
        .map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
        .unwrap_or_default()
}

/// The same for people: `31 Dec 2026`.
fn show_last_day(expires_at: i64) -> String {
    jiff::Timestamp::from_millisecond(expires_at - 1)
        .map(|at| {
            let day = at.to_zoned(jiff::tz::TimeZone::UTC);
            day.strftime("%-d %b %Y").to_string()
        })
        .unwrap_or_default()
}

/// `GET /faq?q=&question=&gap=`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(query): Query<FaqsQuery>,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let form = query.question.is_some().then(|| FaqForm {
        questions: query.question.clone().unwrap_or_default(),
        approved: true,
        gap: query.gap.clone().unwrap_or_default(),
        ..FaqForm::default()
    });
    let show = Show {
        form,
        ..Show::default()
    };
    let search = query.q.unwrap_or_default();
    render(&app, &person, StatusCode::OK, &search, show).await
}

/// `POST /faq`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(written): Form<FaqEditForm>,
) -> Result<Response, Failure> {
    match write(&app, &person, None, &written).await? {
        None => Ok(Redirect::to("/faq").into_response()),
        Some(wrong) => {
            let show = Show {
                form: Some(written.form()),
                error: Some(wrong),
                ..Show::default()
            };
            render(&app, &person, StatusCode::UNPROCESSABLE_ENTITY, "", show).await
        }
    }
}

/// Saves the form, or returns what is wrong with it.
async fn write(
    app: &App,
    person: &SignedIn,
    replaces: Option<FaqId>,
    written: &FaqEditForm,
) -> Result<Option<String>, Failure> {
    let draft = match written.to_draft() {
        Ok(draft) => draft,
        Err(wrong) => return Ok(Some(sentence(&wrong))),
    };
    let kept = app.knowledge.faqs().write(person.member(), replaces, draft);
    match kept.await {
        Ok(_) => Ok(None),
        Err(wrong @ (KnowledgeError::Faq(_) | KnowledgeError::FaqOwner)) => {
            Ok(Some(sentence(&wrong.to_string())))
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
    let (by, faq) = (person.member(), parse_id(&id, "question")?);
    let (faq, _) = app.knowledge.faqs().find(by, faq).await?;
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
    Form(written): Form<FaqEditForm>,
) -> Result<Response, Failure> {
    match write(&app, &person, Some(parse_id(&id, "question")?), &written).await? {
        None => Ok(Redirect::to("/faq").into_response()),
        error => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(editor(&person, status, id, written.form(), error))
        }
    }
}

/// The state that a button sets.
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
    let (by, id) = (person.member(), parse_id(&id, "question")?);
    let state = FaqState::parse(&new.state)
        .ok_or_else(|| Problem::invalid("state", "state must be `draft` or `approved`"))?;
    app.knowledge.faqs().decide(by, id, state).await?;
    Ok(Redirect::to("/faq").into_response())
}

/// `POST /faq/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (by, id) = (person.member(), parse_id(&id, "question")?);
    app.knowledge.faqs().remove(by, id).await?;
    Ok(Redirect::to("/faq").into_response())
}

/// What the page shows besides the list.
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
    let all = app.knowledge.faqs().list(person.member()).await?;
    let total = all.len();
    let sought = search.trim().to_lowercase();
    let now = now_ms();
    let mut matching = all;
    matching.retain(|(faq, _)| holds(faq, &sought));
    let more = matching.len().saturating_sub(SHOWN);
    let rows = matching.into_iter().take(SHOWN);
    let rows = rows.map(|(faq, answered)| row(faq, answered, now));
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
        until: faq.expires_at.map(show_last_day),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_to_the_end_of_its_last_day() {
        let end = expiry(" 2026-12-31 ").unwrap().unwrap();
        assert_eq!(end, 1_798_761_600_000);
        assert_eq!(last_day(end), "2026-12-31");
        assert_eq!(show_last_day(end), "31 Dec 2026");
        assert_eq!(expiry(""), Ok(None));
        assert!(expiry("31.12.2026").is_err());
    }
}

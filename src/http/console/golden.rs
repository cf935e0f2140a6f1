//! Golden questions: questions that must keep getting good answers.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::format::plural;
use super::golden_form::{GoldenForm, row};
use super::guard::SignedIn;
use super::quality_pages::{self as pages, GoldenRow};
use super::view::{self, Section};
use super::{Failure, sentence};
use crate::app::App;
use crate::eval::questions::{self, GoldenDraft};
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::http::parse_id;
use crate::http::problem::Problem;

#[derive(Deserialize)]
pub(super) struct Shown {
    /// The question whose form is open.
    open: Option<String>,
    /// How many questions an import added, and how many were already here.
    imported: Option<u32>,
    known: Option<u32>,
}

/// `GET /golden?open=`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    let done = shown.imported.map(|imported| {
        let done = plural(
            imported.into(),
            "question was imported",
            "questions were imported",
        );
        match shown.known {
            Some(known) if known > 0 => {
                let known = plural(known.into(), "was", "were");
                format!("{done}; {known} already here.")
            }
            _ => format!("{done}."),
        }
    });
    render(&app, &person, StatusCode::OK, shown.open, done, None, None).await
}

/// `POST /golden`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<GoldenForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    let (question, expectation) = match form.read(&json!({})) {
        Ok(read) => read,
        Err(wrong) => return refuse(&app, &person, "", form, wrong).await,
    };
    let draft = GoldenDraft {
        question: Some(question),
        expectation: Some(expectation),
    };
    let made = questions::keep(&app.store, person.member(), draft, now_ms());
    let made = made.await?.id;
    Ok(Redirect::to(&format!("/golden#golden-{made}")).into_response())
}

/// `POST /golden/{id}`
pub(super) async fn update(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<GoldenForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    let (store, by) = (&app.store, person.member());
    let golden_id = parse_id(&id, "golden question")?;
    let kept = questions::find(store, by, golden_id).await?;
    let (question, expectation) = match form.read(&kept.expectation) {
        Ok(read) => read,
        Err(wrong) => return refuse(&app, &person, &id, form, wrong).await,
    };
    let draft = GoldenDraft {
        question: Some(question),
        expectation: Some(expectation),
    };
    questions::change(store, by, golden_id, draft).await?;
    Ok(Redirect::to(&format!("/golden#golden-{golden_id}")).into_response())
}

/// `POST /golden/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = parse_id(&id, "golden question")?;
    questions::remove(&app.store, person.member(), id).await?;
    Ok(Redirect::to("/golden").into_response())
}

/// `POST /golden/import`: a file of JSON lines.
pub(super) async fn import(
    State(app): State<Arc<App>>,
    person: SignedIn,
    mut form: Multipart,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    let mut text = String::new();
    let unreadable = || Problem::invalid("file", "the file must be text of at most 2 MB");
    while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
        text.push_str(&field.text().await.map_err(|_| unreadable())?);
        text.push('\n');
    }
    let taken = match lines(&text) {
        Ok(found) => {
            let taken = questions::import(&app.store, person.member(), found, now_ms());
            taken.await.map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    match taken {
        Ok(taken) => {
            let to = format!("/golden?imported={}&known={}", taken.new, taken.known);
            Ok(Redirect::to(&to).into_response())
        }
        Err(problem) if problem.status == StatusCode::BAD_REQUEST => {
            let (status, error) = (StatusCode::UNPROCESSABLE_ENTITY, sentence(&problem.detail));
            render(&app, &person, status, None, None, None, Some(error)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

fn lines(text: &str) -> Result<Vec<Value>, Problem> {
    let mut questions = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let question = serde_json::from_str(line).map_err(|error| {
            let detail =
                format!("line {number} of the file is not JSON ({error}); nothing was imported");
            Problem::invalid("file", detail)
        })?;
        questions.push(question);
    }
    if questions.is_empty() {
        let detail = "there are no questions in the file; choose one with a JSON object per line";
        return Err(Problem::invalid("file", detail));
    }
    Ok(questions)
}

/// Shows the form again with its error.
async fn refuse(
    app: &App,
    person: &SignedIn,
    id: &str,
    form: GoldenForm,
    wrong: &str,
) -> Result<Response, Failure> {
    let typed = GoldenRow {
        id: id.to_owned(),
        question: form.question,
        answerable: form.answerable != "no",
        must: form.must,
        must_not: form.must_not,
        source: form.source,
        open: true,
        ..GoldenRow::default()
    };
    let (status, wrong) = (StatusCode::UNPROCESSABLE_ENTITY, Some(wrong.to_owned()));
    render(app, person, status, None, None, Some(typed), wrong).await
}

async fn render(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    open: Option<String>,
    done: Option<String>,
    typed: Option<GoldenRow>,
    error: Option<String>,
) -> Result<Response, Failure> {
    let found = questions::list(&app.store, person.member()).await?;
    let mut rows: Vec<GoldenRow> = found.into_iter().map(row).collect();
    rows.reverse();
    let mut fresh = GoldenRow {
        answerable: true,
        ..GoldenRow::default()
    };
    for row in &mut rows {
        row.open = open.as_ref() == Some(&row.id);
    }
    if let Some(typed) = typed {
        match rows.iter_mut().find(|row| row.id == typed.id) {
            Some(row) => {
                let (summary, receipt) = (row.summary.clone(), row.receipt.clone());
                *row = GoldenRow {
                    summary,
                    receipt,
                    ..typed
                };
            }
            None => fresh = typed,
        }
    }
    let page = pages::Golden {
        shell: person.shell(Section::Quality, "Golden questions"),
        rows,
        fresh,
        done,
        error,
    };
    Ok(view::page(status, &page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_a_bad_line_is_refused_as_a_whole() {
        assert_eq!(
            lines("{\"question\": \"a\"}\n\n{\"question\": \"b\"}\n")
                .unwrap()
                .len(),
            2
        );
        let wrong = lines("{\"question\": \"a\"}\nnonsense").unwrap_err();
        assert!(wrong.detail.contains("line 2"), "{}", wrong.detail);
        assert!(lines("\n").is_err());
    }
}

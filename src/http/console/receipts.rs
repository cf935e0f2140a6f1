//! Receipts: the list, one with its sources, rating, replay, golden question.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::format::moment;
use super::guard::SignedIn;
use super::quality_pages::{self as pages, RUNGS, ReceiptRow, rung};
use super::view::{self, Section};
use super::{Failure, receipt_parts, sentence};
use crate::app::receipts::{ask_again, open};
use crate::app::{App, ratings};
use crate::eval::questions::{self, GoldenDraft};
use crate::http::api::receipts::{ListedView, ReceiptQuery};
use crate::http::auth::Scope;
use crate::http::listing::{self, ListQuery};
use crate::http::now_ms;
use crate::http::parse_id;
use crate::store::{Connection, StoreError, WorkspaceId, documents};

/// Characters of a question or answer in the list.
const FIRST_WORDS: usize = 200;

/// `GET /receipts`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(query): Query<ReceiptQuery>,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    let (found, wrong) = listing::page_or_all(&app.store, person.member(), &query).await?;
    let workspace = person.workspace.id;
    let documents = app.store.read(move |conn| titles(conn, workspace)).await?;
    let links = query.links(found.next.as_ref());
    let page = pages::Receipts {
        shell: person.shell(Section::Quality, "Receipts"),
        filtered: links.is_filtered,
        next: links.next,
        query: links.query,
        wanted: query,
        error: wrong.map(|problem| sentence(&problem.detail)),
        rungs: RUNGS,
        documents,
        rows: found
            .rows
            .into_iter()
            .map(ListedView::from)
            .map(row)
            .collect(),
    };
    Ok(view::page(StatusCode::OK, &page))
}

fn titles(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<(String, String)>, StoreError> {
    let all = documents::list(conn, workspace)?;
    let pair = |d: documents::DocumentSummary| (d.document.id.to_string(), d.document.title);
    Ok(all.into_iter().map(pair).collect())
}

fn row(listed: ListedView) -> ReceiptRow {
    ReceiptRow {
        id: listed.id,
        question: first_words(&listed.question),
        answer: first_words(&listed.answer),
        rung: rung(&listed.rung),
        at: moment(listed.created_at),
        documents: listed.documents.join(", "),
        took: listed.total_ms.map(receipt_parts::took).unwrap_or_default(),
        rating: listed.rating.unwrap_or(0),
        evaluation: listed.evaluation,
    }
}

/// The beginning of a text on one line, cut at a word.
pub(super) fn first_words(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= FIRST_WORDS {
        return line;
    }
    let cut: String = line.chars().take(FIRST_WORDS).collect();
    let whole = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(whole, _)| whole);
    format!("{whole} …")
}

/// `GET /receipts/{id}`: for everybody who may ask, because answers link here.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Chat)?;
    render(&app, &person, &id, false).await
}

/// `POST /receipts/{id}/replay`
pub(super) async fn replay(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    render(&app, &person, &id, true).await
}

async fn render(app: &App, person: &SignedIn, id: &str, again: bool) -> Result<Response, Failure> {
    let (by, id) = (person.member(), parse_id(id, "receipt")?);
    let (opened, again) = match again {
        true => {
            let (opened, replay) = ask_again(app, by, id).await?;
            (opened, Some(replay))
        }
        false => (open(&app.store, by, id).await?, None),
    };
    let shell = person.shell(Section::Quality, "Receipt");
    let mut page = receipt_parts::page(app, shell, opened, again).await?;
    page.may_all = person.need(Scope::Evaluate).is_ok();
    Ok(view::page(StatusCode::OK, &page))
}

/// A rating as the form sends it; 0 removes it.
#[derive(Deserialize)]
pub(super) struct RatingForm {
    value: i8,
    #[serde(default)]
    comment: String,
}

/// `POST /receipts/{id}/rating`
pub(super) async fn rate(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<RatingForm>,
) -> Result<Response, Failure> {
    let (store, by, receipt) = (&app.store, person.member(), parse_id(&id, "receipt")?);
    if form.value == 0 {
        ratings::unrate(store, by, receipt).await?;
    } else {
        let rated = ratings::rate(store, by, receipt, form.value, &form.comment, now_ms());
        rated.await?;
    }
    Ok(Redirect::to(&format!("/receipts/{receipt}#rating")).into_response())
}

/// `POST /receipts/{id}/golden`: one golden question per receipt; the second time leads to the first.
pub(super) async fn make_golden(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (by, receipt) = (person.member(), parse_id(&id, "receipt")?);
    let plain = GoldenDraft::default();
    let made = questions::keep_receipt(&app.store, by, receipt, plain, now_ms());
    let made = made.await?.id;
    Ok(Redirect::to(&format!("/golden?open={made}#golden-{made}")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_answer_is_cut_at_a_word() {
        assert_eq!(first_words("One\n two."), "One two.");
        let cut = first_words(&"word ".repeat(100));
        assert!(cut.ends_with("word …") && cut.chars().count() <= FIRST_WORDS + 2);
    }
}

//! Questions that got no good answer.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Failure;
use super::format::{moment, plural};
use super::guard::SignedIn;
use super::quality_pages::{self as pages, GapRow};
use super::receipts::first_words;
use super::view::{self, Section};
use crate::app::App;
use crate::http::auth::Scope;
use crate::http::parse_id;
use crate::knowledge::Cluster;
use crate::store::ReceiptId;
use crate::store::gaps::GapState;

/// Questions listed per group.
const EXAMPLES: usize = 30;

#[derive(Deserialize)]
pub(super) struct Shown {
    /// The group that was just dismissed.
    dismissed: Option<String>,
}

/// `GET /gaps?dismissed=`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    person.need(Scope::Evaluate)?;
    let rows = async |state| -> Result<Vec<GapRow>, Failure> {
        let found = app.knowledge.gaps().list(person.member(), state).await?;
        Ok(found.into_iter().map(row).collect())
    };
    let dismissed = rows(GapState::Dismissed).await?;
    let undo = shown.dismissed.and_then(|id| {
        let row = dismissed.iter().find(|row| row.holds(&id))?;
        Some((id, row.question.clone()))
    });
    let page = pages::Gaps {
        shell: person.shell(Section::Quality, "Gaps"),
        rows: rows(GapState::Open).await?,
        dismissed,
        undo,
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// `POST /gaps/{id}/dismiss`
pub(super) async fn dismiss(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = settle(&app, &person, &id, GapState::Open, GapState::Dismissed).await?;
    Ok(Redirect::to(&format!("/gaps?dismissed={id}")).into_response())
}

/// `POST /gaps/{id}/reopen`
pub(super) async fn reopen(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = settle(&app, &person, &id, GapState::Dismissed, GapState::Open).await?;
    Ok(Redirect::to(&format!("/gaps#gap-{id}")).into_response())
}

async fn settle(
    app: &App,
    person: &SignedIn,
    id: &str,
    from: GapState,
    to: GapState,
) -> Result<ReceiptId, Failure> {
    let id: ReceiptId = parse_id(id, "gap")?;
    let settled = app
        .knowledge
        .gaps()
        .settle(person.member(), id, from, to, None);
    settled.await?;
    Ok(id)
}

impl GapRow {
    fn holds(&self, receipt: &str) -> bool {
        self.id == receipt || self.examples.iter().any(|example| example.0 == receipt)
    }
}

fn row(cluster: Cluster) -> GapRow {
    let count = u64::try_from(cluster.members.len()).unwrap_or(u64::MAX);
    let (last, id) = (
        cluster.last_at(),
        cluster.representative.receipt.to_string(),
    );
    let question = first_words(&cluster.representative.question);
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("question", &question)
        .append_pair("gap", &id)
        .finish();
    GapRow {
        times: match count {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            more => plural(more, "time", "times"),
        },
        last: moment(last),
        rated_bad: cluster.members.iter().any(|asked| asked.rated_bad),
        write: format!("/faq?{query}"),
        examples: cluster
            .members
            .into_iter()
            .take(EXAMPLES)
            .map(|asked| {
                let words = first_words(&asked.question);
                (asked.receipt.to_string(), words, moment(asked.at))
            })
            .collect(),
        id,
        question,
    }
}

//! The runs of a workflow.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::Failure;
use super::format::{Moment, moment};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use crate::app::App;
use crate::app::workflow_runs as acts;
use crate::app::workflows::get;
use crate::http::listing::parse_id;
use crate::http::now_ms;
use crate::store::workflow_runs::{ActCounts, ListedRun};

/// Runs on a page.
const SHOWN: u32 = 50;

pub struct RunRow {
    pub conversation: String,
    pub begun: Moment,
    pub version: u32,
    pub state: &'static str,
    pub label: &'static str,
    /// Where it stands, or was left; empty when it is done.
    pub step: String,
    pub acts: String,
}

#[derive(Template)]
#[template(path = "workflow_runs.html")]
pub struct RunsPage {
    pub shell: Shell,
    pub name: String,
    pub title: String,
    /// Counts by state, in words.
    pub states: Vec<(&'static str, u32)>,
    /// Where people left, and how many.
    pub leaves: Vec<(String, u32)>,
    pub rows: Vec<RunRow>,
    pub next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    before: String,
}

/// `GET /workflows/{name}/runs`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let (store, by, now) = (&app.store, person.member(), now_ms());
    let (workflow, _) = get(store, by, name.clone()).await?;
    let before = parse_id("before", &wanted.before)?;
    let found = acts::list(store, by, name.clone(), before, SHOWN, now).await?;
    let title = super::workflows::row_of(&workflow).title;
    let page = RunsPage {
        shell: person.shell(Section::Documents, format!("Runs of {title}")),
        title,
        name,
        states: found
            .states
            .iter()
            .map(|(state, count)| (label(state), *count))
            .collect(),
        leaves: found
            .leaves
            .into_iter()
            .map(|(place, count)| (place.title, count))
            .collect(),
        next: found.next.map(|next| next.to_string()),
        rows: found
            .runs
            .into_iter()
            .map(|(run, place)| row(run, place, now))
            .collect(),
    };
    Ok(view::page(StatusCode::OK, &page))
}

fn row(run: ListedRun, place: Option<acts::Place>, now: i64) -> RunRow {
    let state = match run.is_left(now) {
        true => "left",
        false => run.state.as_str(),
    };
    RunRow {
        conversation: run.conversation.to_string(),
        begun: moment(run.started_at),
        version: run.version,
        state,
        label: label(state),
        step: place.map(|place| place.title).unwrap_or_default(),
        acts: told(run.acts),
    }
}

fn label(state: &str) -> &'static str {
    match state {
        "asking" => "Asking",
        "left" => "No answer for a day",
        "done" => "Done",
        "cancelled" => "Cancelled by the visitor",
        _ => "Stopped: not understood",
    }
}

fn told(acts: ActCounts) -> String {
    let all = [
        (acts.done, "done"),
        (acts.failed, "failed"),
        (acts.unknown, "not known, see the tasks"),
        (acts.staff, "waiting for staff"),
        (acts.waiting, "to be done"),
    ];
    let some = all.into_iter().filter(|(count, _)| *count > 0);
    let some: Vec<String> = some
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    some.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_told_in_words() {
        let acts = ActCounts {
            done: 2,
            staff: 1,
            ..ActCounts::default()
        };
        assert_eq!(told(acts), "2 done, 1 waiting for staff");
        assert_eq!(told(ActCounts::default()), "");
    }
}

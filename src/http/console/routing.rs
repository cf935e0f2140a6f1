//! The log of the ways of conversations: which channel, page, assistant, rule and person each went through.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::format::{Moment, moment};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::http::api::inbox::RoutingQuery;
use crate::http::listing::{self, ListQuery};
use crate::inbox::staff::reading::{self, Step};
use crate::store::{assistants, members};

/// Kinds of steps with their names.
const KINDS: [(&str, &str); 16] = [
    ("conversation_started", "Began"),
    ("conversation_waiting", "Waited for a person"),
    ("conversation_taken", "Taken over"),
    ("conversation_assigned", "Assigned"),
    ("conversation_returned", "Given back"),
    ("conversation_requeued", "Person was away"),
    ("conversation_expired", "Nobody came"),
    ("conversation_closed", "Closed"),
    ("conversation_reopened", "Opened again"),
    ("conversation_merged", "Merged"),
    ("conversation_spam", "Spam"),
    ("conversation_snoozed", "Put aside"),
    ("conversation_tagged", "Tagged"),
    ("conversation_rated", "Rated"),
    ("answer_rated", "Answer rated"),
    ("note_written", "Note"),
];
const CHANNELS: [(&str, &str); 4] = [
    ("chat", "Chat"),
    ("voice", "Voice"),
    ("api", "API"),
    ("cli", "Command line"),
];

#[derive(Template)]
#[template(path = "routing.html")]
struct RoutingPage {
    shell: Shell,
    wanted: RoutingQuery,
    rows: Vec<Row>,
    filtered: bool,
    /// Query string of the whole list, for the export.
    query: String,
    /// Query string of the next page.
    next: Option<String>,
    kinds: [(&'static str, &'static str); 16],
    channels: [(&'static str, &'static str); 4],
    people: Vec<(String, String)>,
    assistants: Vec<(String, String)>,
    error: Option<String>,
}

struct Row {
    at: Moment,
    conversation: String,
    kind: &'static str,
    text: String,
}

impl From<Step> for Row {
    fn from(step: Step) -> Self {
        let event = step.event;
        let known = KINDS.iter().find(|(name, _)| *name == event.kind);
        Self {
            at: moment(event.at),
            conversation: event.subject,
            kind: known.map_or("", |(_, label)| *label),
            text: step.text,
        }
    }
}

/// `GET /routing`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(query): Query<RoutingQuery>,
) -> Result<Response, Failure> {
    let (found, wrong) = listing::page_or_all(&app.store, person.member(), &query).await?;
    let (workspace, rows) = (person.workspace.id, found.rows);
    let read = app.store.read(move |conn| {
        let people = members::staff(conn, workspace)?.into_iter();
        let assistants = assistants::names(conn, workspace)?.into_iter();
        Ok((
            reading::steps(conn, workspace, rows)?,
            people
                .map(|one| (one.id.to_string(), one.name))
                .collect::<Vec<_>>(),
            assistants
                .map(|(id, _, title)| (id.to_string(), title))
                .collect::<Vec<_>>(),
        ))
    });
    let (steps, people, assistants) = read.await?;
    let links = query.links(found.next.as_ref());
    let page = RoutingPage {
        shell: person.shell(Section::Inbox, "Log"),
        filtered: links.is_filtered,
        query: links.query,
        next: links.next,
        rows: steps.into_iter().map(Row::from).collect(),
        kinds: KINDS,
        channels: CHANNELS,
        people,
        assistants,
        wanted: query,
        error: wrong.map(|problem| sentence(&problem.detail)),
    };
    Ok(view::page(StatusCode::OK, &page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_a_name() {
        let names = KINDS.map(|(name, _)| name);
        assert_eq!(names, crate::store::inbox::routing::KINDS);
    }
}

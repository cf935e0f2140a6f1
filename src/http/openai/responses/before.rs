//! What a response goes on from: stored responses, a conversation, items that are referred to.

use axum::http::StatusCode;
use serde_json::Value;

use super::input::Sent;
use super::request::Before;
use super::view;
use crate::app::App;
use crate::http::openai::{ApiError, conversations};
use crate::http::problem::Problem;
use crate::store::api_answers::{self, Kind, Reach};
use crate::store::api_threads::{self, ApiThread};
use crate::store::{Connection, Scoped, StoreError};

/// Most responses that go on from each other.
const LONGEST_CHAIN: usize = 500;
/// Most items of a conversation that are read for an answer: the latest.
const MOST_ITEMS: u32 = 2000;

/// Everything said so far.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Oldest first.
    pub(super) before: Vec<Value>,
    /// Of this request; references are what they stand for.
    pub(super) now: Vec<Value>,
    pub(super) thread: Option<Scoped<ApiThread>>,
}

/// Why something that was named is of no use.
enum Unusable {
    Previous(String),
    Running(String),
    TooLong,
    Conversation,
    Reference(String),
}

/// Reads what the request names.
///
/// # Errors
/// 400 and 404 for what is not there (any more), was asked by another key, or is not finished.
pub(super) async fn read(
    app: &App,
    reach: Reach,
    before: Before,
    items: Vec<Sent>,
) -> Result<Said, ApiError> {
    let read = app
        .store
        .read(move |conn| gather(conn, reach, &before, items));
    read.await?.map_err(Unusable::into_error)
}

fn gather(
    conn: &Connection,
    reach: Reach,
    before: &Before,
    items: Vec<Sent>,
) -> Result<Result<Said, Unusable>, StoreError> {
    let mut said = Said::default();
    match before {
        Before::Nothing => {}
        Before::Response(id) => match read_chain(conn, reach, id)? {
            Ok(items) => said.before = items,
            Err(unusable) => return Ok(Err(unusable)),
        },
        Before::Conversation(id) => {
            let Some(thread) = api_threads::find(conn, reach, id)? else {
                return Ok(Err(Unusable::Conversation));
            };
            let latest = api_threads::items(conn, &thread, None, true, MOST_ITEMS)?;
            said.before = latest.into_iter().rev().map(|one| one.item).collect();
            said.thread = Some(thread);
        }
    }
    for item in items {
        match item {
            Sent::Item(item) => said.now.push(item),
            Sent::Nothing => {}
            Sent::Reference(id) => {
                // What is part of the conversation already needs no repeating.
                if said.before.iter().any(|known| known["id"] == id.as_str()) {
                    continue;
                }
                match find_item(conn, reach, &id)? {
                    Some(item) => said.now.push(item),
                    None => return Ok(Err(Unusable::Reference(id))),
                }
            }
        }
    }
    Ok(Ok(said))
}

fn read_chain(
    conn: &Connection,
    reach: Reach,
    id: &str,
) -> Result<Result<Vec<Value>, Unusable>, StoreError> {
    let mut chain = Vec::new();
    let mut next = Some(id.to_owned());
    while let Some(id) = next {
        if chain.len() == LONGEST_CHAIN {
            return Ok(Err(Unusable::TooLong));
        }
        let Some(answer) = api_answers::find(conn, reach, Kind::Response, &id)? else {
            return Ok(Err(Unusable::Previous(id)));
        };
        let answer = answer.into_inner();
        if matches!(
            answer.body["status"].as_str(),
            Some("queued" | "in_progress")
        ) {
            return Ok(Err(Unusable::Running(id)));
        }
        next = answer.previous.clone();
        chain.push(answer);
    }
    let mut items = Vec::new();
    for answer in chain.into_iter().rev() {
        items.extend(answer.input);
        items.extend(
            answer.body["output"]
                .as_array()
                .cloned()
                .unwrap_or_default(),
        );
    }
    Ok(Ok(items))
}

fn find_item(conn: &Connection, reach: Reach, id: &str) -> Result<Option<Value>, StoreError> {
    let Some(response) = view::response_of(id) else {
        return Ok(None);
    };
    let Some(answer) = api_answers::find(conn, reach, Kind::Response, &response)? else {
        return Ok(None);
    };
    let answer = answer.into_inner();
    let output = answer.body["output"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut all = output.into_iter().chain(answer.input);
    Ok(all.find(|item| item["id"] == id))
}

impl Unusable {
    fn into_error(self) -> ApiError {
        let bad = |code, detail: String, param: &str| {
            Problem::new(StatusCode::BAD_REQUEST, code, detail).with_param(param)
        };
        let before = "previous_response_id";
        let problem = match self {
            Self::Previous(id) => {
                let detail = format!(
                    "there is no stored response {id:?} to go on from: it was not stored, was deleted, or its time is over"
                );
                bad("previous_response_not_found", detail, before)
            }
            Self::Running(id) => {
                let detail =
                    format!("the response {id:?} is not finished yet; wait for it, or cancel it");
                bad("previous_response_not_finished", detail, before)
            }
            Self::TooLong => {
                let detail = format!(
                    "more than {LONGEST_CHAIN} responses go on from each other; begin anew, or use a conversation"
                );
                bad("previous_response_too_long", detail, before)
            }
            Self::Conversation => return conversations::nothing(),
            Self::Reference(id) => {
                let detail = format!(
                    "there is no stored item {id:?}: its response was not stored, was deleted, or its time is over; send \
                     the item itself"
                );
                bad("item_not_found", detail, "input")
            }
        };
        problem.into()
    }
}

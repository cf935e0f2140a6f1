//! What clients had kept: who may read it, how long it is there, and how lists of it look.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::ApiError;
use crate::app::App;
use crate::http::auth::{Credential, OfPrincipal, Principal};
use crate::http::now_ms;
use crate::store::api_answers::Reach;
use crate::store::{ApiKeyId, UnixMs};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Of a list, when the client names no other number.
const USUAL: u32 = 20;
/// OpenAI's limit.
const MOST: u32 = 100;

/// What the caller finds: a key its own, whoever may read all conversations those of the workspace.
pub(super) async fn reach(app: &App, principal: &Principal) -> Result<Reach, ApiError> {
    Ok(Reach {
        workspace: principal.workspace(app, None).await?.id,
        key: principal.own_conversations(),
        now: now_ms(),
    })
}

/// The key that asks, if one does.
pub(super) fn key_of(principal: &Principal) -> Option<ApiKeyId> {
    match principal.credential() {
        Credential::Key(id) => Some(id),
        _ => None,
    }
}

/// Until when something is kept that is used at `now`.
pub(super) fn kept_until(app: &App, now: UnixMs) -> UnixMs {
    now.saturating_add(i64::from(app.config.openai_stored_days).saturating_mul(DAY_MS))
}

/// A new id in OpenAI's form.
pub(super) fn new_id(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::now_v7().simple())
}

/// A part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CursorQuery {
    /// Begin after the one with this id.
    after: Option<String>,
    /// Most of them, up to 100; 20 when absent.
    limit: Option<u32>,
    /// `asc` or `desc`, by time.
    order: Option<String>,
}

/// A checked [`CursorQuery`].
pub(super) struct Cursor {
    pub(super) after: Option<String>,
    pub(super) limit: u32,
    pub(super) newest_first: bool,
}

impl CursorQuery {
    /// # Errors
    /// 400 for another order than `asc` and `desc`.
    pub(super) fn check(self, newest_first: bool) -> Result<Cursor, ApiError> {
        let newest_first = match self.order.as_deref() {
            None => newest_first,
            Some("asc") => false,
            Some("desc") => true,
            Some(other) => {
                let message = format!("order is asc or desc, not {other:?}");
                return Err(ApiError::invalid("order", message));
            }
        };
        Ok(Cursor {
            after: self.after,
            limit: self.limit.unwrap_or(USUAL).clamp(1, MOST),
            newest_first,
        })
    }
}

impl Cursor {
    /// Enough to see whether there is more.
    pub(super) fn one_more(&self) -> u32 {
        self.limit + 1
    }

    /// The part of a list that is already in memory, in its order, and whether more follows.
    pub(super) fn cut(&self, mut all: Vec<Value>) -> CursorList {
        if self.newest_first {
            all.reverse();
        }
        let begin = match &self.after {
            None => 0,
            Some(after) => all
                .iter()
                .position(|one| one["id"] == after.as_str())
                .map_or(all.len(), |at| at + 1),
        };
        self.list(all.into_iter().skip(begin).collect())
    }

    /// A page of which one more was read than the client wants.
    pub(super) fn list(&self, mut found: Vec<Value>) -> CursorList {
        let has_more = found.len() > self.limit as usize;
        found.truncate(self.limit as usize);
        let id = |one: Option<&Value>| Some(one?["id"].as_str()?.to_owned());
        CursorList {
            object: "list",
            first_id: id(found.first()),
            last_id: id(found.last()),
            has_more,
            data: found,
        }
    }
}

/// A part of a list, in OpenAI's form.
#[derive(Debug, Serialize, ToSchema)]
pub struct CursorList {
    /// Always `list`.
    object: &'static str,
    #[schema(value_type = Vec<Object>)]
    data: Vec<Value>,
    first_id: Option<String>,
    last_id: Option<String>,
    /// Whether more follows the last one.
    has_more: bool,
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeletedView {
    id: String,
    /// `response`, `chat.completion.deleted` or `conversation.deleted`.
    object: &'static str,
    /// Always true.
    deleted: bool,
}

impl DeletedView {
    pub(super) fn new(id: String, object: &'static str) -> Self {
        Self {
            id,
            object,
            deleted: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ids(list: &CursorList) -> Vec<&str> {
        list.data
            .iter()
            .filter_map(|one| one["id"].as_str())
            .collect()
    }

    #[test]
    fn a_list_is_cut_in_either_order() {
        let all = || ["a", "b", "c"].map(|id| json!({ "id": id })).to_vec();
        let query = |after: Option<&str>, limit, order: &str| CursorQuery {
            after: after.map(str::to_owned),
            limit: Some(limit),
            order: Some(order.to_owned()),
        };
        let cut = |query: CursorQuery| query.check(true).unwrap().cut(all());
        let first = cut(query(None, 2, "asc"));
        assert_eq!((ids(&first), first.has_more), (vec!["a", "b"], true));
        let rest = cut(query(Some("b"), 2, "asc"));
        assert_eq!((ids(&rest), rest.has_more), (vec!["c"], false));
        assert_eq!(ids(&cut(query(None, 2, "desc"))), ["c", "b"]);
        assert!(ids(&cut(query(Some("nothing"), 0, "asc"))).is_empty());
        assert!(query(None, 2, "sideways").check(true).is_err());
    }
}

//! Responses and chat completions that programs had kept. Only the key that asked for one finds it, or whoever may read all
//! conversations of the workspace; after its time nobody does.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{ApiKeyId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    pub enum Kind {
        Response = "response",
        Completion = "completion",
    }
}

/// Whose rows are found, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    pub workspace: WorkspaceId,
    /// Only those of this key; `None`: all of the workspace.
    pub key: Option<ApiKeyId>,
    pub now: UnixMs,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ApiAnswer {
    /// As the client knows it.
    pub id: String,
    pub kind: Kind,
    /// `None` if a person or a command asked.
    pub key: Option<ApiKeyId>,
    pub model: String,
    /// What the request itself sent: a list of items or messages.
    pub input: Vec<Value>,
    /// The answer as the client got it.
    pub body: Value,
    /// The response that this one goes on from.
    pub previous: Option<String>,
    pub created_at: UnixMs,
    pub expires_at: UnixMs,
}

columns! {
    COLUMNS of ApiAnswer {
        id, kind, key, model, input: json, body: json, previous, created_at, expires_at
    }
}

/// What `Reach` allows, as a condition on ?1 to ?3.
const REACHED: &str = "workspace = ?1 AND (?2 IS NULL OR key = ?2) AND expires_at > ?3";

/// `Conflict` if there is one with this id.
pub fn keep(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    answer: &ApiAnswer,
) -> Result<(), StoreError> {
    insert!(tx into api_answers {
        id: answer.id, workspace, kind: answer.kind, key: answer.key, model: answer.model,
        input: Json(&answer.input), body: Json(&answer.body), previous: answer.previous,
        created_at: answer.created_at, expires_at: answer.expires_at
    })?;
    Ok(())
}

pub fn find(
    conn: &Connection,
    reach: Reach,
    kind: Kind,
    id: &str,
) -> Result<Option<Scoped<ApiAnswer>>, StoreError> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM api_answers WHERE {REACHED} AND kind = ?4 AND id = ?5"
        ))?
        .query_row(
            (reach.workspace, reach.key, reach.now, kind, id),
            ApiAnswer::from_row,
        )
        .optional()?;
    Ok(found.map(|answer| Scoped::proven(reach.workspace, answer)))
}

/// Replaces the answer; nothing happens if it was deleted meanwhile.
pub fn set_body(
    tx: &Transaction<'_>,
    answer: &Scoped<ApiAnswer>,
    body: &Value,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE api_answers SET body = ? WHERE workspace = ? AND id = ?")?
        .execute((Json(body), answer.workspace(), &answer.id))?;
    Ok(())
}

pub fn delete(tx: &Transaction<'_>, answer: &Scoped<ApiAnswer>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM api_answers WHERE workspace = ? AND id = ?")?
        .execute((answer.workspace(), &answer.id))?;
    Ok(())
}

/// Deletes what is past its time; returns how many.
pub fn purge_expired(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM api_answers WHERE expires_at <= ?")?
        .execute([now])?)
}

/// Which answers to list.
#[derive(Debug, Clone)]
pub struct Page {
    /// Begin after the one with this id; nothing follows one that is not there.
    pub after: Option<String>,
    /// The newest first.
    pub newest_first: bool,
    pub limit: u32,
    pub model: Option<String>,
    /// Pairs that an answer's metadata must hold, as a JSON object.
    pub metadata: Value,
}

pub fn list(
    conn: &Connection,
    reach: Reach,
    kind: Kind,
    page: &Page,
) -> Result<Vec<ApiAnswer>, StoreError> {
    let (beyond, order) = match page.newest_first {
        true => ("<", "DESC"),
        false => (">", "ASC"),
    };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM api_answers
         WHERE {REACHED} AND kind = ?4 AND (?5 IS NULL OR model = ?5)
           AND (?6 IS NULL OR seq {beyond} (SELECT a.seq FROM api_answers a WHERE a.id = ?6 AND a.workspace = ?1))
           AND NOT EXISTS (SELECT 1 FROM json_each(?7) wanted WHERE NOT EXISTS (
               SELECT 1 FROM json_each(api_answers.body, '$.metadata') has
               WHERE has.key = wanted.key AND has.value = wanted.value))
         ORDER BY seq {order} LIMIT ?8"
    ))?;
    let rows = statement.query_map(
        (
            reach.workspace,
            reach.key,
            reach.now,
            kind,
            &page.model,
            &page.after,
            Json(&page.metadata),
            page.limit,
        ),
        ApiAnswer::from_row,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, workspaces};
    use serde_json::json;

    fn answer(id: &str, key: Option<ApiKeyId>) -> ApiAnswer {
        ApiAnswer {
            id: id.into(),
            kind: Kind::Completion,
            key,
            model: "m".into(),
            input: vec![json!({"role": "user"})],
            body: json!({"id": id, "metadata": {"team": id}}),
            previous: None,
            created_at: 1,
            expires_at: 100,
        }
    }

    #[tokio::test]
    async fn only_its_key_finds_an_answer_and_only_in_time() {
        let store = Store::open_in_memory().unwrap();
        let (mine, other) = (ApiKeyId::new(), ApiKeyId::new());
        let seen = store.write(move |tx| {
            let workspace = workspaces::get_or_create(tx, "w", "W", 1)?.id;
            let elsewhere = workspaces::get_or_create(tx, "v", "V", 1)?.id;
            keep(tx, workspace, &answer("a", Some(mine)))?;
            let at = |workspace, key, now| {
                let reach = Reach {
                    workspace,
                    key,
                    now,
                };
                find(tx, reach, Kind::Completion, "a").map(|found| found.is_some())
            };
            Ok([
                at(workspace, Some(mine), 50)?,
                at(workspace, None, 50)?,
                !at(workspace, Some(other), 50)?,
                !at(elsewhere, None, 50)?,
                !at(workspace, None, 100)?,
            ])
        });
        assert_eq!(seen.await.unwrap(), [true; 5]);
    }

    #[tokio::test]
    async fn a_list_goes_on_after_one_and_keeps_to_the_metadata() {
        let store = Store::open_in_memory().unwrap();
        let listed = store.write(move |tx| {
            let workspace = workspaces::get_or_create(tx, "w", "W", 1)?.id;
            for id in ["a", "b", "c"] {
                keep(tx, workspace, &answer(id, None))?;
            }
            let reach = Reach {
                workspace,
                key: None,
                now: 2,
            };
            let ids = |after: Option<&str>, newest_first, metadata| {
                let page = Page {
                    after: after.map(str::to_owned),
                    newest_first,
                    limit: 2,
                    model: Some("m".into()),
                    metadata,
                };
                let found = list(tx, reach, Kind::Completion, &page)?.into_iter();
                Ok::<_, StoreError>(found.map(|one| one.id).collect::<Vec<_>>().concat())
            };
            let purged = purge_expired(tx, 99)?;
            Ok((
                ids(None, false, json!({}))?,
                ids(Some("b"), false, json!({}))?,
                ids(None, true, json!({}))?,
                ids(Some("nothing"), true, json!({}))?,
                ids(None, true, json!({"team": "b"}))?,
                purged,
                purge_expired(tx, 100)?,
            ))
        });
        let texts = |s: &str| s.to_owned();
        let (first, next, newest, none, team, early, late) = listed.await.unwrap();
        assert_eq!(
            [first, next, newest, none, team],
            ["ab", "c", "cb", "", "b"].map(texts)
        );
        assert_eq!((early, late), (0, 3));
    }
}

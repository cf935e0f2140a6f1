//! Lists of runs of a workflow: what became of them, and where people left.

use rusqlite::{Connection, Row};

use super::listing::{Conditions, ListFilter};
use super::workflows::RunState;
use super::{ConversationId, StoreError, UnixMs, WorkflowRunId, WorkspaceId};

/// A run that rested for longer than this is over, in ms.
pub const RESTS: UnixMs = 24 * 60 * 60 * 1000;

/// Which runs to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    pub workflow: String,
    /// Only those that began before this one.
    pub before: Option<WorkflowRunId>,
}

/// What the acts of a run came to, as counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ActCounts {
    pub done: u32,
    pub failed: u32,
    /// Nobody knows whether they were done.
    pub unknown: u32,
    /// They are done next.
    pub waiting: u32,
    /// They wait until staff allow them.
    pub staff: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRun {
    pub id: WorkflowRunId,
    pub conversation: ConversationId,
    pub version: u32,
    /// The step where it stands, or stood when it ended.
    pub at: Option<u32>,
    pub state: RunState,
    pub started_at: UnixMs,
    pub changed_at: UnixMs,
    pub acts: ActCounts,
}

impl ListedRun {
    /// Nobody answered for so long that it is over.
    pub fn is_left(&self, now: UnixMs) -> bool {
        self.state == RunState::Asking && now.saturating_sub(self.changed_at) > RESTS
    }
}

impl ListFilter for RunFilter {
    type Row = ListedRun;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<ListedRun>, StoreError> {
        let mut wanted = Conditions::default();
        wanted.add("workspace = ?", &workspace);
        wanted.add("workflow = ?", &self.workflow);
        // Ids are in the order in which they were made.
        wanted.add_if_some("id < ?", self.before.as_ref());
        let (conditions, values) = wanted.limited(&limit);
        let sql = select(&conditions);
        let mut statement = conn.prepare_cached(&sql)?;
        let rows = statement.query_map(values.as_slice(), listed)?;
        let mut rows: Vec<ListedRun> = rows.collect::<Result<_, _>>()?;
        for run in &mut rows {
            run.acts = acts(conn, run.id)?;
        }
        Ok(rows)
    }

    fn after(&self, page: &[ListedRun]) -> Self {
        Self {
            before: page.last().map(|run| run.id).or(self.before),
            ..self.clone()
        }
    }
}

fn select(conditions: &str) -> String {
    format!(
        "SELECT id, conversation, version, json_extract(body, '$.at'), state, started_at, changed_at
         FROM workflow_runs WHERE {conditions} ORDER BY id DESC LIMIT ?"
    )
}

fn listed(row: &Row<'_>) -> rusqlite::Result<ListedRun> {
    Ok(ListedRun {
        id: row.get(0)?,
        conversation: row.get(1)?,
        version: row.get(2)?,
        at: row.get(3)?,
        state: row.get(4)?,
        started_at: row.get(5)?,
        changed_at: row.get(6)?,
        acts: ActCounts::default(),
    })
}

/// A tool that asks staff first is done with for its run; what became of it since stands in the log of tools.
fn acts(conn: &Connection, run: WorkflowRunId) -> Result<ActCounts, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT CASE WHEN a.state <> 'done' THEN a.state
                     WHEN c.state IN ('visitor', 'staff', 'allowed', 'running') THEN 'staff'
                     WHEN c.state IN ('failed', 'declined', 'expired') THEN 'failed'
                     WHEN c.state = 'unknown' THEN 'unknown'
                     ELSE 'done' END, count(*)
         FROM workflow_acts a
         LEFT JOIN tool_calls c ON c.workspace = a.workspace AND c.key = a.run || '-' || a.number
         WHERE a.run = ? GROUP BY 1",
    )?;
    let mut rows = statement.query([run])?;
    let mut counts = ActCounts::default();
    while let Some(row) = rows.next()? {
        let (state, count): (String, u32) = (row.get(0)?, row.get(1)?);
        match state.as_str() {
            "done" => counts.done = count,
            "failed" => counts.failed = count,
            "unknown" => counts.unknown = count,
            "staff" => counts.staff = count,
            // What has begun is not over either.
            _ => counts.waiting += count,
        }
    }
    Ok(counts)
}

/// How many runs a workflow has in each state; `left` are those that wait for an answer no more.
pub fn states(
    conn: &Connection,
    workspace: WorkspaceId,
    workflow: &str,
    now: UnixMs,
) -> Result<Vec<(String, u32)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT CASE WHEN state = 'asking' AND changed_at < ? THEN 'left' ELSE state END, count(*)
         FROM workflow_runs WHERE workspace = ? AND workflow = ? GROUP BY 1 ORDER BY 1",
    )?;
    let since = now.saturating_sub(RESTS);
    let rows = statement.query_map((since, workspace, workflow), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many runs ended unfinished at each step of each version.
pub fn leaves(
    conn: &Connection,
    workspace: WorkspaceId,
    workflow: &str,
    now: UnixMs,
) -> Result<Vec<(u32, u32, u32)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT version, json_extract(body, '$.at'), count(*) FROM workflow_runs
         WHERE workspace = ? AND workflow = ? AND json_extract(body, '$.at') IS NOT NULL
           AND (state IN ('cancelled', 'given_up') OR (state = 'asking' AND changed_at < ?))
         GROUP BY 1, 2",
    )?;
    let since = now.saturating_sub(RESTS);
    let rows = statement.query_map((workspace, workflow, since), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conversations::{self, Channel, NewConversation};
    use crate::store::listing::Listing;
    use crate::store::workflows::{ActState, RunChange, acts_in, move_act, write_run};
    use crate::store::{Store, workspaces};
    use serde_json::json;

    #[test]
    fn a_page_reads_only_the_runs_that_it_shows() {
        let store = Store::open_in_memory().unwrap();
        let plan = store.read_blocking(|conn| {
            let sql = select("workspace = ? AND workflow = ? AND id < ?");
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let rows = statement.query_map(("a", "b", "c", 2), |row| row.get("detail"))?;
            Ok(rows.collect::<Result<Vec<String>, _>>()?.join("; "))
        });
        let plan = plan.unwrap();
        assert!(plan.contains("workflow_runs_listed"), "{plan}");
        assert!(!plan.contains("B-TREE"), "{plan}");
    }

    #[test]
    fn runs_are_listed_in_pages_with_what_became_of_them() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let us = workspaces::get_or_create(tx, "us", "Us", 1)?.id;
            let now = 10 * RESTS;
            let begun = [
                (RunState::Done, now, 4),
                (RunState::Cancelled, now, 1),
                (RunState::Asking, now, 1),
                (RunState::Asking, now - RESTS - 1, 1),
                (RunState::GivenUp, now, 0),
            ];
            for (state, at, step) in begun {
                let new = NewConversation {
                    assistant: None,
                    channel: Channel::Chat,
                    visitor: None,
                    title: "",
                    begun_by: None,
                    page: None,
                };
                let conversation = conversations::create(tx, us, &new, at)?;
                let acts = match state {
                    RunState::Done => vec![(0, json!({})), (1, json!({}))],
                    _ => Vec::new(),
                };
                let change = RunChange {
                    before: None,
                    workflow: "a".into(),
                    version: 1,
                    body: json!({ "at": step }),
                    state,
                    acts,
                };
                write_run(tx, &conversation, &change, at)?;
            }
            let act = acts_in(tx, ActState::Waiting, 1)?.remove(0);
            move_act(tx, &act, ActState::Failed, "no", now)?;
            let mut listing = Listing {
                workspace: us,
                filter: RunFilter {
                    workflow: "a".into(),
                    before: None,
                },
                limit: 2,
            };
            let mut seen = Vec::new();
            loop {
                let page = listing.page(tx)?;
                seen.extend(page.rows);
                match page.next {
                    Some(next) => listing = listing.resume_at(next),
                    None => break,
                }
            }
            assert_eq!(seen.len(), 5);
            let last = seen.last().unwrap();
            assert_eq!((last.state, last.at), (RunState::Done, Some(4)));
            assert_eq!((last.acts.failed, last.acts.waiting), (1, 1));
            assert_eq!(seen.iter().filter(|run| run.is_left(now)).count(), 1);
            assert_eq!(leaves(tx, us, "a", now)?, [(1, 0, 1), (1, 1, 2)]);
            let states = states(tx, us, "a", now)?;
            let count = |name: &str| states.iter().find(|(known, _)| known == name).map(|s| s.1);
            assert_eq!(
                (count("asking"), count("left"), count("done")),
                (Some(1), Some(1), Some(1))
            );
            Ok(())
        });
        done.unwrap();
    }
}

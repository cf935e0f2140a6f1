//! Acts of workflows whose tool waits for staff: what becomes of the call in the log of tools is the outcome of the act.

use super::doing::{fail, not_known, now};
use crate::store::tools::calls::{self, CallState};
use crate::store::workflows::{self, ActState, StoredAct};
use crate::store::{Connection, Store, StoreError, UnixMs};
use crate::tools::Answer;

/// The outcome of an act meanwhile; by it, one that waits is told from one that is being done.
pub(super) const WAITS: &str = "It waits until staff allow it.";

const EXPIRED: &str = "Nobody allowed the call of the tool in time.";

/// How a call ended, in words for staff.
enum Ended {
    Done(String),
    Failed(String),
    Unknown(String),
}

/// Notes how calls ended that staff allowed, declined or let expire, and tells staff of those that did nothing.
pub(super) async fn follow(store: &Store) -> Result<(), StoreError> {
    let read = store.read(|conn| {
        let mut ended = Vec::new();
        for act in workflows::acts_in(conn, ActState::Begun, u32::MAX)? {
            if act.outcome != WAITS {
                continue;
            }
            if let Some(how) = look(conn, &act, now())? {
                ended.push((act, how));
            }
        }
        Ok(ended)
    });
    let ended = read.await?;
    if ended.is_empty() {
        return Ok(());
    }
    let noted = store.write(move |tx| {
        // What is overdue here must not be allowed later.
        calls::expire(tx, now())?;
        for (act, how) in &ended {
            match how {
                Ended::Done(told) => {
                    workflows::move_act(tx, act, ActState::Done, told, now())?;
                }
                Ended::Failed(told) => fail(tx, act, told)?,
                Ended::Unknown(told) => not_known(tx, act, told)?,
            }
        }
        Ok(())
    });
    noted.await
}

/// Whether the call of an act still waits for staff.
pub(super) fn waits(conn: &Connection, act: &StoredAct) -> Result<bool, StoreError> {
    let call = calls::find(conn, act.workspace, &act.key())?;
    Ok(call.is_some_and(|call| call.state == CallState::Staff))
}

/// How the call of an act ended; `None` while it waits or runs.
fn look(conn: &Connection, act: &StoredAct, now: UnixMs) -> Result<Option<Ended>, StoreError> {
    let Some(call) = calls::find(conn, act.workspace, &act.key())? else {
        let told = "The log of tools does not hold the call any more.".to_owned();
        return Ok(Some(Ended::Unknown(told)));
    };
    let is_overdue = call.expires_at.is_some_and(|at| at <= now);
    let why = || {
        let why = call.error.clone();
        why.unwrap_or_else(|| "It ended without a reason.".to_owned())
    };
    Ok(match call.state {
        CallState::Visitor | CallState::Staff | CallState::Allowed if is_overdue => {
            Some(Ended::Failed(EXPIRED.to_owned()))
        }
        CallState::Visitor | CallState::Staff | CallState::Allowed | CallState::Running => None,
        CallState::Done => {
            let answer = call.answer.as_deref();
            let answer = answer.and_then(|text| serde_json::from_str::<Answer>(text).ok());
            Some(Ended::Done(answer.unwrap_or_default().text))
        }
        CallState::Failed => Some(Ended::Failed(why())),
        CallState::Unknown => Some(Ended::Unknown(why())),
        CallState::Declined => Some(Ended::Failed(match call.error {
            None => "Staff declined the call of the tool.".to_owned(),
            Some(_) => format!("Nobody allowed the call of the tool: {}.", why()),
        })),
        CallState::Expired => Some(Ended::Failed(EXPIRED.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::conversations::{self, Channel, NewConversation};
    use crate::store::tasks::{self, TaskFilter};
    use crate::store::tools::calls::{AskedBy, NewCall, Outcome};
    use crate::store::tools::{self as stored, Approval, ToolKind, Wanted};
    use crate::store::workflows::{RunChange, RunState};
    use crate::store::{Transaction, WorkspaceId, workspaces};

    /// An act whose call waits for staff until `expires_at`.
    fn waiting(tx: &Transaction<'_>, expires_at: UnixMs) -> Result<StoredAct, StoreError> {
        let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: None,
            title: "",
            begun_by: None,
            page: None,
        };
        let conversation = conversations::create(tx, shop, &new, 1)?;
        let deed = json!({ "act": "tool", "with": { "tool": "order" } });
        let change = RunChange {
            before: None,
            workflow: "a".into(),
            version: 1,
            body: json!({}),
            state: RunState::Done,
            acts: vec![(0, json!({ "number": 0, "deed": deed, "agreed": null }))],
        };
        workflows::write_run(tx, &conversation, &change, 2)?;
        let mut acts = workflows::acts_in(tx, ActState::Waiting, 1)?;
        let mut act = acts.remove(0);
        workflows::move_act(tx, &act, ActState::Begun, WAITS, 3)?;
        act.state = ActState::Begun;
        let tool = match stored::get_by_name(tx, shop, "order") {
            Ok(tool) => tool,
            Err(_) => stored::create(tx, shop, &wanted(), None, 1)?,
        };
        let arguments = json!({});
        let key = act.key();
        let call = NewCall {
            conversation: Some(act.conversation),
            key: &key,
            asked_by: AskedBy::Workflow,
            arguments: &arguments,
            state: CallState::Staff,
            decided_by: None,
            expires_at: Some(expires_at),
        };
        calls::create(tx, &tool, &call, 3)?;
        Ok(act)
    }

    fn wanted() -> Wanted {
        Wanted {
            kind: ToolKind::Http,
            name: "order".to_owned(),
            title: "Order".to_owned(),
            about: String::new(),
            arguments: json!({}),
            settings: json!({}),
            approval: Approval::Staff,
            timeout_ms: 1000,
            most_bytes: 1000,
            active: true,
        }
    }

    fn states(store: &Store) -> Vec<(ActState, usize)> {
        let all = [
            ActState::Begun,
            ActState::Done,
            ActState::Failed,
            ActState::Unknown,
        ];
        let count = |state| {
            let acts = store.read_blocking(|conn| workflows::acts_in(conn, state, 50));
            (state, acts.unwrap().len())
        };
        let counted = all.into_iter().map(count);
        counted.filter(|(_, count)| *count > 0).collect()
    }

    fn outcome_in(store: &Store, state: ActState) -> String {
        let acts = store.read_blocking(|conn| workflows::acts_in(conn, state, 1));
        acts.unwrap().remove(0).outcome
    }

    fn count_tasks(store: &Store) -> usize {
        let listed = store.read_blocking(|conn| {
            let shop: WorkspaceId = workspaces::find_by_name(conn, "shop")?.unwrap().id;
            tasks::list(conn, shop, &TaskFilter::default(), 50)
        });
        listed.unwrap().len()
    }

    #[tokio::test]
    async fn an_act_ends_as_its_call_did_and_staff_are_told_of_what_was_not_done() {
        let store = Store::open_in_memory().unwrap();
        let later = now() + 3_600_000;
        let act = store.write_blocking(|tx| waiting(tx, later)).unwrap();
        follow(&store).await.unwrap();
        assert_eq!(states(&store), [(ActState::Begun, 1)], "it waits");
        let allow = store.write_blocking(|tx| {
            let call = calls::find(tx, act.workspace, &act.key())?.unwrap();
            calls::decide(tx, &call, true, "Ann", 5)?;
            calls::start(tx, &call, 5)?;
            let answer = json!({ "status": 200, "json": null, "text": "order 7" });
            let outcome = Outcome {
                answer: Some(answer.to_string()),
                ..Outcome::default()
            };
            calls::settle(tx, call.id, CallState::Done, &outcome, 6)
        });
        allow.unwrap();
        follow(&store).await.unwrap();
        assert_eq!(outcome_in(&store, ActState::Done), "order 7");
        assert_eq!(count_tasks(&store), 0);

        let act = store.write_blocking(|tx| waiting(tx, later)).unwrap();
        let decline = store.write_blocking(|tx| {
            let call = calls::find(tx, act.workspace, &act.key())?.unwrap();
            calls::decide(tx, &call, false, "Ann", 7)
        });
        decline.unwrap();
        for _ in 0..2 {
            follow(&store).await.unwrap();
        }
        assert_eq!(count_tasks(&store), 1, "staff are told once");
        let told = outcome_in(&store, ActState::Failed);
        assert!(told.contains("declined"), "{told}");

        store.write_blocking(|tx| waiting(tx, 8)).unwrap();
        follow(&store).await.unwrap();
        assert_eq!(states(&store), [(ActState::Done, 1), (ActState::Failed, 2)]);
        assert_eq!(count_tasks(&store), 2);
    }
}

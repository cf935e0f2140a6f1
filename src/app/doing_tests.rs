//! What is done once, and what is told to staff after a crash.

use serde_json::json;

use super::*;
use crate::store::WorkspaceId;
use crate::store::conversations::NewConversation;
use crate::store::tasks::TaskFilter;
use crate::store::workflows::{RunChange, RunState};
use crate::store::{tasks, workspaces};

#[derive(Default)]
struct Keys(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Doer for Keys {
    async fn call(&self, order: Order) -> Result<String, NotDone> {
        self.0.lock().unwrap().push(order.key);
        Ok("done".into())
    }
}

/// Has no tools.
struct Nobody;

#[async_trait::async_trait]
impl Doer for Nobody {
    async fn call(&self, _: Order) -> Result<String, NotDone> {
        Err(NotDone::Failed("There is no tool of this name.".into()))
    }
}

/// Staff have to allow it.
struct Asks;

#[async_trait::async_trait]
impl Doer for Asks {
    async fn call(&self, _: Order) -> Result<String, NotDone> {
        Err(NotDone::Waits)
    }
}

/// Never answers.
struct Hangs;

#[async_trait::async_trait]
impl Doer for Hangs {
    async fn call(&self, _: Order) -> Result<String, NotDone> {
        std::future::pending().await
    }
}

/// Does what waits now, to its end.
async fn work_off(store: &Store, doer: Arc<dyn Doer>) {
    let lines = Lines::new(TaskTracker::new());
    work(store, &doer, &lines).await.unwrap();
    lines.tasks.close();
    lines.tasks.wait().await;
    assert!(lines.busy().is_empty());
}

fn ordered(acts: Vec<serde_json::Value>) -> (Store, WorkspaceId) {
    let store = Store::open_in_memory().unwrap();
    let workspace = order_in(&store, acts);
    (store, workspace)
}

/// In a conversation of its own.
fn order_in(store: &Store, acts: Vec<serde_json::Value>) -> WorkspaceId {
    let acts: Vec<(u32, serde_json::Value)> = (0..).zip(acts).collect();
    let workspace = store.write_blocking(|tx| {
        let workspace = workspaces::get_or_create(tx, "us", "Us", 1)?.id;
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: None,
            title: "",
            begun_by: None,
            page: None,
        };
        let conversation = conversations::create(tx, workspace, &new, 1)?;
        let change = RunChange {
            before: None,
            workflow: "a".into(),
            version: 1,
            body: json!({}),
            state: RunState::Done,
            acts,
        };
        workflows::write_run(tx, &conversation, &change, 2)?;
        Ok(workspace)
    });
    workspace.unwrap()
}

fn act(number: u32, act: &str) -> serde_json::Value {
    let with = json!({ "wish": "Call Anna", "tool": "book" });
    json!({ "number": number, "deed": { "act": act, "with": with }, "agreed": null })
}

fn count_tasks(store: &Store, workspace: WorkspaceId) -> usize {
    let listed =
        store.read_blocking(|conn| tasks::list(conn, workspace, &TaskFilter::default(), 50));
    listed.unwrap().len()
}

fn count_in(store: &Store, state: ActState) -> usize {
    let acts = store.read_blocking(|conn| workflows::acts_in(conn, state, 50));
    acts.unwrap().len()
}

#[tokio::test]
async fn an_act_is_done_once() {
    let (store, workspace) = ordered(vec![act(0, "task"), act(1, "tool")]);
    let tools = Arc::new(Keys::default());
    for _ in 0..3 {
        work_off(&store, tools.clone()).await;
    }
    assert_eq!(count_tasks(&store, workspace), 1);
    assert_eq!(tools.0.lock().unwrap().len(), 1);
    assert_eq!(count_in(&store, ActState::Done), 2);
}

#[tokio::test]
async fn what_had_begun_before_a_crash_is_told_to_staff_and_not_done_again() {
    let (store, workspace) = ordered(vec![act(0, "tool")]);
    store
        .write_blocking(|tx| {
            let act = workflows::acts_in(tx, ActState::Waiting, 1)?.remove(0);
            workflows::move_act(tx, &act, ActState::Begun, "", 3).map(drop)
        })
        .unwrap();
    let tools = Arc::new(Keys::default());
    settle(&store).await.unwrap();
    settle(&store).await.unwrap();
    work_off(&store, tools.clone()).await;
    assert!(tools.0.lock().unwrap().is_empty());
    assert_eq!(
        (
            count_in(&store, ActState::Unknown),
            count_tasks(&store, workspace)
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn a_lead_that_is_refused_and_a_tool_that_is_not_there_are_told_to_staff() {
    let (store, workspace) = ordered(vec![act(0, "lead"), act(1, "tool")]);
    work_off(&store, Arc::new(Nobody)).await;
    assert_eq!(count_in(&store, ActState::Failed), 2);
    assert_eq!(count_tasks(&store, workspace), 2);
}

#[tokio::test]
async fn a_tool_that_hangs_holds_up_its_own_conversation_only() {
    let (store, workspace) = ordered(vec![act(0, "tool"), act(1, "task")]);
    let doer: Arc<dyn Doer> = Arc::new(Hangs);
    let lines = Lines::new(TaskTracker::new());
    work(&store, &doer, &lines).await.unwrap();
    assert_eq!(order_in(&store, vec![act(0, "task")]), workspace);
    work(&store, &doer, &lines).await.unwrap();
    for _ in 0..500 {
        if count_in(&store, ActState::Done) > 0 && count_in(&store, ActState::Begun) > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let counts = [ActState::Begun, ActState::Done, ActState::Waiting];
    assert_eq!(counts.map(|state| count_in(&store, state)), [1, 1, 1]);
    assert_eq!(count_tasks(&store, workspace), 1);
}

#[tokio::test]
async fn what_waits_for_staff_is_neither_done_nor_lost_by_a_restart() {
    let (store, workspace) = ordered(vec![act(0, "tool")]);
    work_off(&store, Arc::new(Asks)).await;
    settle(&store).await.unwrap();
    let begun = store
        .read_blocking(|conn| workflows::acts_in(conn, ActState::Begun, 5))
        .unwrap();
    assert_eq!(begun.len(), 1);
    assert_eq!(begun[0].outcome, WAITS);
    assert_eq!(count_tasks(&store, workspace), 0);
}

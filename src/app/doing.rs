//! Does what workflows ordered: leads, tasks, e-mails, calls for a person, and calls of tools.
//!
//! What stays in the database is done in the transaction that notes it as done, so it is done once. A tool is noted as begun
//! before it is called: if Frontdesk ends in between, nobody knows whether it was, and staff are told instead of doing it again.
//!
//! What one conversation ordered is done one after the other, and conversations do not wait for each other's tools.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::following::{self, WAITS};
use super::lost;
use crate::inbox::leads::{self, Agreed, LeadError, NewLead};
use crate::inbox::turns::{self, Why};
use crate::mail::{self, Enqueued, MailKind, NewMail};
use crate::store::conversations::{self, Channel};
use crate::store::tasks::{self, NewTask, TaskKind};
use crate::store::workflows::{self, ActState, StoredAct};
use crate::store::{ConversationId, Store, StoreError, Transaction, UnixMs};
use crate::tools::{Order, ToolError, Tools};
use crate::workflows::Act;

/// Time between looks at what waits.
const EVERY: Duration = Duration::from_secs(1);
/// Acts of one look.
const AT_ONCE: u32 = 200;
/// Conversations at a time.
const MOST: usize = 32;
/// For the log.
const LATER: &str = "what a workflow ordered could not be done yet; it is tried again";
/// The longest that a tool may take. A call ends after a minute at most, and a booking may wait for another one.
const LONGEST: Duration = Duration::from_secs(90);

/// Who does outside of this machine what a workflow ordered.
#[async_trait::async_trait]
trait Doer: Send + Sync {
    /// Does it, at most once for the key of the order; returns what came of it.
    async fn call(&self, order: Order) -> Result<String, NotDone>;
}

/// Why a tool did not do it, in words for staff.
enum NotDone {
    Failed(String),
    /// Nobody knows whether it did.
    Unknown(String),
    /// Staff are asked, and the tool runs when they allow it.
    Waits,
}

#[async_trait::async_trait]
impl Doer for Tools {
    async fn call(&self, order: Order) -> Result<String, NotDone> {
        match self.call_ordered(order).await {
            Ok(answer) => Ok(answer.text),
            Err(ToolError::AsksStaff(_)) => Err(NotDone::Waits),
            Err(error @ ToolError::Unknown(_)) => Err(NotDone::Unknown(error.to_string())),
            Err(ToolError::Store(StoreError::NotFound(_))) => {
                let told = "There is no tool of this name.";
                Err(NotDone::Failed(told.to_owned()))
            }
            Err(error) => Err(NotDone::Failed(error.to_string())),
        }
    }
}

/// The conversations whose orders are being done.
#[derive(Clone)]
struct Lines {
    tasks: TaskTracker,
    busy: Arc<Mutex<HashSet<ConversationId>>>,
}

/// A conversation whose orders are being done; until it is dropped.
struct Line {
    conversation: ConversationId,
    lines: Lines,
}

impl Lines {
    fn new(tasks: TaskTracker) -> Self {
        Self {
            tasks,
            busy: Arc::default(),
        }
    }

    fn busy(&self) -> MutexGuard<'_, HashSet<ConversationId>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` if it has one already, or too many others have.
    fn take(&self, conversation: ConversationId) -> Option<Line> {
        let mut busy = self.busy();
        let may = busy.len() < MOST && busy.insert(conversation);
        may.then(|| Line {
            conversation,
            lines: self.clone(),
        })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.lines.busy().remove(&self.conversation);
    }
}

pub(super) fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

/// Begins to do what waits.
pub(super) fn start(store: Store, tools: Tools, tasks: &TaskTracker, shutdown: CancellationToken) {
    let doer: Arc<dyn Doer> = Arc::new(tools);
    let lines = Lines::new(tasks.clone());
    tasks.spawn(async move {
        if let Err(error) = settle(&store).await {
            tracing::error!(%error, "what workflows had begun before the restart could not be settled");
        }
        loop {
            if let Err(error) = work(&store, &doer, &lines).await {
                tracing::warn!(%error, "{LATER}");
            }
            if let Err(error) = following::follow(&store).await {
                tracing::warn!(%error, "what staff decided about tools could not be noted yet; it is tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = shutdown.cancelled() => return,
            }
        }
    });
}

/// What had begun when Frontdesk ended: nobody knows whether it was done, so staff are told.
async fn settle(store: &Store) -> Result<(), StoreError> {
    let settled = store.write(|tx| {
        for act in workflows::acts_in(tx, ActState::Begun, u32::MAX)? {
            if act.outcome == WAITS {
                continue;
            }
            if following::waits(tx, &act)? {
                workflows::move_act(tx, &act, ActState::Begun, WAITS, now())?;
                continue;
            }
            let told = "Frontdesk ended while this was being done. Check whether it was, and do it if not.";
            if workflows::move_act(tx, &act, ActState::Unknown, told, now())? {
                tell_staff(tx, &act, told)?;
            }
        }
        lost::settle(tx, now())
    });
    settled.await
}

/// Begins to do what waits now.
async fn work(store: &Store, doer: &Arc<dyn Doer>, lines: &Lines) -> Result<(), StoreError> {
    // Looked at before what waits is read: what a line ends meanwhile must not begin again.
    let busy = lines.busy().clone();
    let waiting = store
        .read(|conn| workflows::acts_in(conn, ActState::Waiting, AT_ONCE))
        .await?;
    let mut ordered: Vec<(ConversationId, Vec<StoredAct>)> = Vec::new();
    for act in waiting {
        let conversation = act.conversation;
        match ordered.iter_mut().find(|(id, _)| *id == conversation) {
            Some((_, acts)) => acts.push(act),
            None => ordered.push((conversation, vec![act])),
        }
    }
    ordered.retain(|(conversation, _)| !busy.contains(conversation));
    for (conversation, acts) in ordered {
        let Some(line) = lines.take(conversation) else {
            continue;
        };
        let (store, doer) = (store.clone(), Arc::clone(doer));
        lines.tasks.spawn(async move {
            for act in acts {
                if let Err(error) = perform(&store, &*doer, act).await {
                    tracing::warn!(%error, "{LATER}");
                    break;
                }
            }
            drop(line);
        });
    }
    Ok(())
}

async fn perform(store: &Store, doer: &dyn Doer, act: StoredAct) -> Result<(), StoreError> {
    let read: Option<Act> = serde_json::from_value(act.body.clone()).ok();
    match read {
        Some(read) if read.deed.act == "tool" => call(store, doer, act, &read).await,
        Some(read) => {
            let ordered = act.clone();
            let done = store.write(move |tx| do_here(tx, &ordered, &read).map_err(in_store));
            match done.await {
                // Nothing of it was written, and trying again would not help.
                Err(StoreError::NotFound(_) | StoreError::Conflict(_)) => {
                    let told = "It does not fit with what is stored.";
                    store.write(move |tx| fail(tx, &act, told)).await
                }
                done => done,
            }
        }
        None => {
            let told = "It was written by another version of Frontdesk.";
            store.write(move |tx| fail(tx, &act, told)).await
        }
    }
}

fn in_store(error: LeadError) -> StoreError {
    match error {
        LeadError::Store(error) => error,
        other => StoreError::Conflict(crate::reason::Reason::of(other)),
    }
}

/// Notes that nobody knows whether an act was done, and tells staff.
pub(super) fn not_known(
    tx: &Transaction<'_>,
    act: &StoredAct,
    told: &str,
) -> Result<(), StoreError> {
    let told = format!("{told} Check whether it was done, and do it if not.");
    if workflows::move_act(tx, act, ActState::Unknown, &told, now())? {
        tell_staff(tx, act, &told)?;
    }
    Ok(())
}

/// Notes that an act was not done, and tells staff.
pub(super) fn fail(tx: &Transaction<'_>, act: &StoredAct, told: &str) -> Result<(), StoreError> {
    if workflows::move_act(tx, act, ActState::Failed, told, now())? {
        tell_staff(tx, act, told)?;
    }
    Ok(())
}

/// A task for staff, with what was ordered.
fn tell_staff(tx: &Transaction<'_>, act: &StoredAct, told: &str) -> Result<(), StoreError> {
    let read: Option<Act> = serde_json::from_value(act.body.clone()).ok();
    let lines = read.map(|read| {
        let lines = read
            .deed
            .with
            .iter()
            .map(|(field, text)| format!("{field}: {text}"));
        format!(
            "{}\n{}",
            read.deed.act,
            lines.collect::<Vec<_>>().join("\n")
        )
    });
    let wish = format!("{told}\n{}", lines.unwrap_or_default());
    create_task(tx, act, "", &wish)
}

fn create_task(
    tx: &Transaction<'_>,
    act: &StoredAct,
    name: &str,
    wish: &str,
) -> Result<(), StoreError> {
    let task = NewTask {
        kind: TaskKind::Todo,
        contact: None,
        conversation: Some(act.conversation),
        name,
        wish,
        page: None,
        due_at: now(),
        call: None,
        assigned_to: None,
    };
    tasks::create(tx, act.workspace, &task, now()).map(drop)
}

/// Does an act that stays in the database, and notes that it is done.
fn do_here(tx: &Transaction<'_>, act: &StoredAct, read: &Act) -> Result<(), LeadError> {
    let with = |field: &str| read.deed.with.get(field).map(|text| text.trim().to_owned());
    let filled = |field: &str| with(field).filter(|text| !text.is_empty() && text != "–");
    let conversation = conversations::get(tx, act.workspace, act.conversation)?;
    let mut outcome = String::new();
    match read.deed.act.as_str() {
        "lead" => {
            let lead = NewLead {
                conversation: Some(act.conversation),
                name: filled("name"),
                email: filled("email"),
                phone: filled("phone"),
                wish: with("wish").unwrap_or_default(),
                page: conversation.page.clone(),
                consent: read.agreed.clone().map(|text| Agreed { text, given: true }),
                callback: None,
            };
            match leads::leave(tx, act.workspace, &lead, now()) {
                Ok(_) => {}
                Err(LeadError::Store(error)) => return Err(error.into()),
                // It was refused before anything was written.
                Err(refused) => return Ok(fail(tx, act, &refused.to_string())?),
            }
        }
        "task" => {
            let name = filled("name").unwrap_or_default();
            create_task(tx, act, &name, &with("wish").unwrap_or_default())?;
        }
        "email" => {
            let (to, title, text) = (with("to"), with("title"), with("text"));
            let about = act.conversation.to_string();
            let mail = NewMail {
                kind: MailKind::Notice,
                about: Some(&about),
                recipient: to.as_deref().unwrap_or_default(),
                title: title.as_deref().unwrap_or_default(),
                text: text.as_deref().unwrap_or_default(),
                reply_to: None,
            };
            match mail::enqueue(tx, act.workspace, &mail, now())? {
                Enqueued::Queued(id) => outcome = format!("e-mail {id}"),
                Enqueued::NotSetUp => {
                    return Ok(fail(
                        tx,
                        act,
                        "The e-mail was not sent: this workspace has no mail server.",
                    )?);
                }
                Enqueued::BadRecipient(told) => return Ok(fail(tx, act, &told)?),
            }
        }
        "hand_over" if conversation.channel == Channel::Chat => {
            turns::ask(tx, &conversation, Why::Visitor, now())?;
        }
        // Nobody can be called into a call; staff see that somebody waits.
        _ => create_task(tx, act, "", "A visitor wishes to speak with a person.")?,
    }
    workflows::move_act(tx, act, ActState::Done, &outcome, now())?;
    Ok(())
}

async fn call(
    store: &Store,
    doer: &dyn Doer,
    mut act: StoredAct,
    read: &Act,
) -> Result<(), StoreError> {
    let begun = act.clone();
    let may = store.write(move |tx| workflows::move_act(tx, &begun, ActState::Begun, "", now()));
    if !may.await? {
        return Ok(());
    }
    act.state = ActState::Begun;
    let mut texts = read.deed.with.clone();
    let order = Order {
        workspace: act.workspace,
        conversation: act.conversation,
        tool: texts.remove("tool").unwrap_or_default(),
        texts,
        key: act.key(),
    };
    let outcome = tokio::time::timeout(LONGEST, doer.call(order)).await;
    let outcome = outcome.unwrap_or_else(|_| {
        let told = "The tool did not answer in time.";
        Err(NotDone::Unknown(told.to_owned()))
    });
    let ended = store.write(move |tx| match &outcome {
        Ok(told) => workflows::move_act(tx, &act, ActState::Done, told, now()).map(drop),
        Err(NotDone::Failed(told)) => fail(tx, &act, told),
        Err(NotDone::Unknown(told)) => not_known(tx, &act, told),
        // It stays begun; `following` notes what becomes of it.
        Err(NotDone::Waits) => {
            workflows::move_act(tx, &act, ActState::Begun, WAITS, now()).map(drop)
        }
    });
    ended.await
}

#[cfg(test)]
#[path = "doing_tests.rs"]
mod tests;

//! What changes in the inbox, live.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use axum::response::Response;
use axum::response::sse::Event;
use futures::{StreamExt, stream};
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::ApiPlace;
use super::view::{CountsView, PresenceView, RowView};
use crate::http::problem::Problem;
use crate::http::{now_ms, sse};
use crate::inbox::Inbox;
use crate::inbox::attendance::Attending;
use crate::inbox::live::Change;
use crate::inbox::notify::{Notice, notices_since};
use crate::inbox::staff::{DAILY, me};
use crate::store::conversations::ConversationState;
use crate::store::inbox::{Counts, InboxRow, count, list};
use crate::store::{ConversationId, EventId, StoreError, UserId, WorkspaceId, events};

/// Changes that come faster than this are told together.
const TOGETHER: Duration = Duration::from_millis(40);
/// Counting walks all that is open, for each person who watches: this long between two counts.
const COUNT_EVERY: Duration = Duration::from_millis(250);

/// Something that wants the attention of a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeView {
    /// Such as `conversation_waiting`, `message_received`, `note_written`, `lead_created`.
    kind: String,
    /// Id.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
    /// Id.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    title: String,
    text: String,
}

/// A conversation that is no longer there.
#[derive(Debug, Serialize)]
struct Gone {
    id: String,
}

impl From<Notice> for NoticeView {
    fn from(notice: Notice) -> Self {
        Self {
            kind: notice.kind,
            conversation: notice.conversation.map(|id| id.to_string()),
            task: notice.task.map(|id| id.to_string()),
            title: notice.title,
            text: notice.text,
        }
    }
}

/// Changes in the inbox until you leave, as the events `row` (a conversation that changed), `gone` (`id`), `presence`,
/// `counts` and `notice`. If the stream ends, reconnect and reload the list. While a person follows it, the conversations that they
/// have stay with them; a page that also says `/api/v1/inbox/here` is there as long as it says so.
#[utoipa::path(get, path = "/api/v1/inbox/events", tag = "inbox", operation_id = "watchInbox",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, content_type = "text/event-stream", body = RowView)))]
pub(super) async fn watch(place: ApiPlace) -> Result<Response, Problem> {
    let workspace = place.member.need(DAILY)?;
    let inbox = place.app.inbox.clone();
    // First follow, then read, so that nothing falls between.
    let changes = inbox.live().workspace(workspace);
    let me = me(&place.member);
    let found = inbox
        .store()
        .read(move |conn| Ok((events::last(conn)?, count(conn, workspace, me, now_ms())?)));
    let (seen, counts) = found.await?;
    let watch = Watch {
        workspace,
        me,
        // Who only looks on answers nobody.
        _here: me
            .filter(|_| !place.principal().only_looks())
            .map(|me| inbox.attendance().follow(workspace, me)),
        inbox,
        changes,
        seen,
        told: Some(counts),
        owes_counts: false,
        counted: None,
        queue: VecDeque::from([counts_event(counts)]),
        last: Instant::now(),
    };
    let events = stream::unfold(watch, |mut watch| async move {
        loop {
            if let Some(event) = watch.queue.pop_front() {
                return Some((event, watch));
            }
            if !watch.wait().await {
                return None;
            }
        }
    });
    let shutdown = place.app.cancel();
    Ok(sse::respond(
        events.take_until(shutdown.cancelled_owned()).boxed(),
    ))
}

fn counts_event(counts: Counts) -> Event {
    sse::event(&CountsView::from(counts)).event("counts")
}

/// One person who watches.
struct Watch {
    workspace: WorkspaceId,
    me: Option<UserId>,
    /// They are there as long as they watch.
    _here: Option<Attending>,
    inbox: Inbox,
    changes: Receiver<Change>,
    /// The last event of the log that was looked at.
    seen: EventId,
    /// The counts that were told last.
    told: Option<Counts>,
    /// Something changed that was not counted yet.
    owes_counts: bool,
    /// When it was counted last because of a change.
    counted: Option<Instant>,
    queue: VecDeque<Event>,
    /// When something was told last.
    last: Instant,
}

/// What to reload.
#[derive(Default)]
struct Stale {
    rows: BTreeMap<ConversationId, bool>,
    presence: Vec<ConversationId>,
    counts: bool,
    log: bool,
}

impl Stale {
    fn add(&mut self, change: Change) {
        self.log |= change.log;
        self.counts |= change.state || change.log || change.notes;
        let Some(id) = change.conversation else {
            return;
        };
        if change.presence && !self.presence.contains(&id) {
            self.presence.push(id);
        }
        if change.messages || change.state || change.notes || change.log || change.erased {
            *self.rows.entry(id).or_default() |= change.erased;
        }
    }
}

/// What was reloaded.
struct Fresh {
    rows: Vec<(ConversationId, Option<InboxRow>)>,
    counts: Option<Counts>,
    notices: Vec<Notice>,
    seen: EventId,
}

impl Watch {
    /// Waits for changes and queues what is to be told; `false` if the reader must reconnect.
    async fn wait(&mut self) -> bool {
        let mut stale = Stale::default();
        let count_at = self.count_at();
        tokio::select! {
            change = self.changes.recv() => match change {
                Ok(change) if !change.all => stale.add(change),
                // Too much was missed to tell it one by one.
                Ok(_) | Err(RecvError::Lagged(_) | RecvError::Closed) => return false,
            },
            () = tokio::time::sleep_until(count_at), if self.owes_counts => {}
        }
        // The first change is told at once; those that follow closely come together.
        tokio::time::sleep_until(self.last + TOGETHER).await;
        loop {
            match self.changes.try_recv() {
                Ok(change) if !change.all => stale.add(change),
                Err(TryRecvError::Empty) => break,
                Ok(_) | Err(TryRecvError::Lagged(_) | TryRecvError::Closed) => return false,
            }
        }
        self.owes_counts |= stale.counts;
        stale.counts = self.owes_counts && Instant::now() >= count_at;
        if stale.counts {
            (self.owes_counts, self.counted) = (false, Some(Instant::now()));
        }
        let read = reload(&self.inbox, self.workspace, self.me, self.seen, &stale);
        match read.await {
            Ok(fresh) => self.tell(&stale, fresh),
            Err(error) => {
                tracing::warn!(%error, "the inbox could not be followed");
                return false;
            }
        }
        self.last = Instant::now();
        true
    }

    /// The earliest time of the next count.
    fn count_at(&self) -> Instant {
        match self.counted {
            Some(at) => at + COUNT_EVERY,
            None => self.last,
        }
    }

    fn tell(&mut self, stale: &Stale, fresh: Fresh) {
        self.seen = fresh.seen;
        let presence = self.inbox.presence();
        for (id, row) in fresh.rows {
            let event = match row.filter(is_listed) {
                Some(row) => sse::event(&RowView::new(row, presence)).event("row"),
                None => sse::event(&Gone { id: id.to_string() }).event("gone"),
            };
            self.queue.push_back(event);
        }
        for id in &stale.presence {
            let around = PresenceView::new(*id, presence);
            self.queue.push_back(sse::event(&around).event("presence"));
        }
        for notice in fresh.notices {
            let event = sse::event(&NoticeView::from(notice)).event("notice");
            self.queue.push_back(event);
        }
        if fresh.counts.is_some() && fresh.counts != self.told {
            self.queue.extend(fresh.counts.map(counts_event));
            self.told = fresh.counts;
        }
    }
}

/// Reads in one go what changed, as one person sees it.
async fn reload(
    inbox: &Inbox,
    workspace: WorkspaceId,
    me: Option<UserId>,
    seen: EventId,
    stale: &Stale,
) -> Result<Fresh, StoreError> {
    let ids: Vec<(ConversationId, bool)> = stale
        .rows
        .iter()
        .map(|(id, erased)| (*id, *erased))
        .collect();
    let (log, counts) = (stale.log, stale.counts);
    if ids.is_empty() && !log && !counts {
        return Ok(Fresh {
            rows: Vec::new(),
            counts: None,
            notices: Vec::new(),
            seen,
        });
    }
    let read = inbox.store().read(move |conn| {
        let mut rows = Vec::new();
        for (id, erased) in ids {
            let found = match erased {
                true => None,
                false => list::find(conn, workspace, id, me)?,
            };
            rows.push((id, found));
        }
        let (notices, seen) = match log {
            true => notices_since(conn, workspace, me, seen)?,
            false => (Vec::new(), seen),
        };
        Ok(Fresh {
            rows,
            counts: match counts {
                true => Some(count(conn, workspace, me, now_ms())?),
                false => None,
            },
            notices,
            seen,
        })
    });
    read.await
}

/// A conversation that was merged into another is shown there.
fn is_listed(row: &InboxRow) -> bool {
    let of = &row.conversation;
    of.merged_into.is_none() || of.state != ConversationState::Closed
}

//! `GET /api/v1/visit/events`: what a visitor's page shows, as it happens, whoever says it.
//!
//! A stream says what changed since a place in the conversation, so that a page which lost its connection misses nothing. It
//! waits on one entry of [`Live`](crate::inbox::Live); an idle one holds neither a task nor a timer of its own.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event;
use futures::{Stream, stream};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Guest;
use super::said::{self, VisitMessageView};
use crate::app::App;
use crate::http::problem::{Problem, ProblemView};
use crate::http::sse;
use crate::inbox::live::Following;
use crate::inbox::presence::Connected;
use crate::inbox::turns::first_name;
use crate::store::conversations::{Conversation, ConversationState};
use crate::store::messages::{self, Message};
use crate::store::visitors::{self, Visitor};
use crate::store::{Connection, ConversationId, Scoped, StoreError, UserId, handover, users};

/// Messages read in one go.
const AT_ONCE: u32 = 200;
/// Messages that may still change, such as an answer that is being written.
const RECENT: usize = 10;
/// Earlier messages that are sent again after a break: they may have changed meanwhile.
const AGAIN: u32 = 5;

/// Where to go on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// The `seq` of the last message that is known; the header `Last-Event-ID` counts before it.
    after: Option<i64>,
}

/// Who answers the visitor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct VisitStateView {
    /// `open` (the assistant), `waiting` (a person is called), `human` (a person) or `closed`.
    state: &'static str,
    /// First name of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<VisitWaitView>,
}

/// The queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VisitWaitView {
    /// From 1.
    position: u32,
}

#[derive(Serialize)]
struct Typing {
    who: &'static str,
    on: bool,
}

#[derive(Serialize)]
struct SeenUpTo {
    seq: i64,
}

/// Streams what happens in the visit: `state` first, then every `message` after a place, and so on as they come. A `message` with
/// an id that was sent before replaces it. `typing` says that somebody writes (`who` is `agent` or `assistant`) or has stopped, `seen`
/// how far staff have read.
#[utoipa::path(get, path = "/api/v1/visit/events", tag = "visitors", operation_id = "followVisit",
    params(EventsQuery, ("last-event-id" = Option<String>, Header, description = "As `after`")),
    responses((status = 200, description = "Events `state`, `message`, `typing`, `seen`",
               content_type = "text/event-stream", body = String),
              (status = 401, body = ProblemView<'_>), (status = 403, body = ProblemView<'_>)))]
pub(in crate::http) async fn follow(
    guest: Guest,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after = last.and_then(|id| id.trim().parse().ok()).or(query.after);
    let feed = Feed::new(guest.app, guest.visitor, after.unwrap_or(0).max(0));
    Ok(sse::respond(events(feed)))
}

fn events(feed: Feed) -> impl Stream<Item = Event> + Send {
    stream::unfold(feed, |mut feed| async move {
        loop {
            if let Some(event) = feed.queue.pop_front() {
                return Some((event, feed));
            }
            if feed.is_up_to_date {
                feed.wait().await?;
            }
            // Boxed, so that an idle stream does not keep room for it.
            match Box::pin(feed.read()).await {
                Ok(again) => feed.is_up_to_date = !again,
                Err(error) => {
                    tracing::warn!(%error, "a visitor's events broke off");
                    return None;
                }
            }
        }
    })
}

/// What a page knows, and what it follows.
struct Feed {
    app: Arc<App>,
    visitor: Visitor,
    /// Until the conversation begins.
    of_visitor: Option<Following>,
    own: Option<Own>,
    /// The last message that was sent.
    after: i64,
    /// Of the last messages: place, and a print of what was sent, 0 for nothing.
    recent: VecDeque<(i64, u64)>,
    state: Option<VisitStateView>,
    typing: bool,
    composing: bool,
    seen: i64,
    queue: VecDeque<Event>,
    is_new: bool,
    is_up_to_date: bool,
}

struct Own {
    id: ConversationId,
    following: Following,
    _connected: Connected,
}

/// What the store says of a visit.
#[derive(Default)]
struct Snapshot {
    conversation: Option<Scoped<Conversation>>,
    messages: Vec<(VisitMessageView, u64)>,
    /// Places of messages that have no word yet.
    hidden: Vec<i64>,
    state: VisitStateView,
    holder: Option<UserId>,
    seen: i64,
    more: bool,
    /// The place to go on from is none of this conversation: of another one, or of a message that is gone.
    is_lost: bool,
}

impl Feed {
    fn new(app: Arc<App>, visitor: Visitor, after: i64) -> Self {
        // Before the first look, so that nothing falls between.
        let of_visitor = Some(app.inbox.live().visitor(visitor.id));
        Self {
            app,
            visitor,
            of_visitor,
            own: None,
            after,
            recent: VecDeque::new(),
            state: None,
            typing: false,
            composing: false,
            seen: 0,
            queue: VecDeque::new(),
            is_new: true,
            is_up_to_date: false,
        }
    }

    /// Waits for a change; `None` at the end of the process.
    async fn wait(&mut self) -> Option<()> {
        let stop = self.app.cancel();
        let changed = async {
            match (&mut self.own, &mut self.of_visitor) {
                (Some(own), _) => own.following.changed().await,
                (None, Some(visitor)) => visitor.changed().await,
                (None, None) => std::future::pending().await,
            }
        };
        stop.run_until_cancelled(changed).await
    }

    /// Reads what changed into the queue; returns whether to look again at once.
    async fn read(&mut self) -> Result<bool, StoreError> {
        let (visitor, after) = (self.visitor.clone(), self.after);
        let first = self.recent.iter().map(|(seq, _)| *seq).min();
        let from = first.map_or(after, |first| after.min(first - 1));
        let again = self.is_new && after > 0;
        let load = move |conn: &Connection| Snapshot::load(conn, &visitor, from, again);
        let found = self.app.store.read(load).await?;
        let began = self.follow_own(found.conversation.as_ref());
        if began && !self.is_new {
            // It may have changed between the look and the entry.
            return Ok(true);
        }
        self.is_new = false;
        if found.is_lost {
            // The page gets everything, and replaces what it knows already.
            self.after = 0;
        }
        if self.state.as_ref() != Some(&found.state) {
            self.queue
                .push_back(sse::event(&found.state).event("state"));
            self.state = Some(found.state);
        }
        for (message, print) in found.messages {
            self.send(&message, print, again);
        }
        for seq in found.hidden {
            self.note(seq, 0);
        }
        if found.seen > self.seen {
            self.seen = found.seen;
            let seen = SeenUpTo { seq: found.seen };
            self.queue.push_back(sse::event(&seen).event("seen"));
        }
        self.tell_typing(found.holder);
        Ok(found.more || began)
    }

    /// Follows the conversation once it has begun; returns whether that is new.
    fn follow_own(&mut self, conversation: Option<&Scoped<Conversation>>) -> bool {
        let Some(conversation) = conversation else {
            return false;
        };
        if self
            .own
            .as_ref()
            .is_some_and(|own| own.id == conversation.id)
        {
            return false;
        }
        let inbox = &self.app.inbox;
        let connected = inbox
            .presence()
            .connect(conversation.workspace(), conversation.id);
        self.own = Some(Own {
            id: conversation.id,
            following: inbox.live().conversation(conversation.id),
            _connected: connected,
        });
        self.of_visitor = None;
        true
    }

    /// Sends a message unless the page knows it as it is. With `again`, it may have changed while the page was away.
    fn send(&mut self, message: &VisitMessageView, print: u64, again: bool) {
        let seq = message.seq();
        let is_recent = self.recent.iter().any(|(known, _)| *known == seq);
        let was_sent = seq <= self.after && !is_recent && !again;
        if was_sent || !self.note(seq, print) {
            return;
        }
        let event = sse::event(message).event("message");
        // The id of the stream only rises, so that nothing is sent twice after a break.
        self.queue.push_back(match seq > self.after {
            true => event.id(seq.to_string()),
            false => event,
        });
        self.after = self.after.max(seq);
    }

    /// Remembers what was sent of a message; returns whether that is news.
    fn note(&mut self, seq: i64, print: u64) -> bool {
        if let Some((_, known)) = self.recent.iter_mut().find(|(known, _)| *known == seq) {
            return std::mem::replace(known, print) != print;
        }
        self.recent.push_back((seq, print));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        true
    }

    fn tell_typing(&mut self, holder: Option<UserId>) {
        let Some(own) = &self.own else { return };
        let around = self.app.inbox.presence().of(own.id);
        let types = |id: UserId| around.viewers.iter().any(|one| one.id == id && one.typing);
        let typing = holder.is_some_and(types);
        // What it writes while a person speaks is thrown away.
        let answers = self
            .state
            .as_ref()
            .is_some_and(|view| view.state == ConversationState::Open.as_str());
        let composing = around.composing && answers;
        for (who, told, on) in [
            ("assistant", &mut self.composing, composing),
            ("agent", &mut self.typing, typing),
        ] {
            if std::mem::replace(told, on) != on {
                let event = sse::event(&Typing { who, on }).event("typing");
                self.queue.push_back(event);
            }
        }
    }
}

impl Snapshot {
    /// What is there after a place; with `again`, also a few messages before it.
    fn load(
        conn: &Connection,
        visitor: &Visitor,
        from: i64,
        again: bool,
    ) -> Result<Self, StoreError> {
        let Some(own) = visitors::find_conversation(conn, visitor)? else {
            return Ok(Self {
                state: VisitStateView::of(ConversationState::Open),
                is_lost: again,
                ..Self::default()
            });
        };
        let is_lost = again && !messages::is_place(conn, &own, from)?;
        let from = if is_lost { 0 } else { from };
        let found: Vec<Message> = match (from, again) {
            (0, _) => messages::list(conn, &own, AT_ONCE)?,
            (_, false) => messages::list_after(conn, &own, from, AT_ONCE)?,
            (_, true) => {
                let mut found = messages::list_before(conn, &own, from.saturating_add(1), AGAIN)?;
                found.extend(messages::list_after(conn, &own, from, AT_ONCE)?);
                found
            }
        };
        let more = from > 0 && found.len() >= AT_ONCE as usize;
        let first = found.first().map_or(from, |message| message.seq);
        let mut reader = said::Reader::new(conn, &own, first)?;
        let (mut messages, mut hidden) = (Vec::new(), Vec::new());
        for message in found {
            if !said::is_shown(&message) {
                hidden.push(message.seq);
                continue;
            }
            let print = print(&message);
            messages.push((reader.view(message)?, print));
        }
        let holder = own
            .assigned_to
            .filter(|_| own.state == ConversationState::Human);
        let mut state = VisitStateView::of(own.state);
        if let Some(holder) = holder {
            let name = users::get(conn, holder)?.name;
            state.person = Some(first_name(&name).to_owned());
        }
        if own.state == ConversationState::Waiting {
            let position = handover::count_ahead(conn, &own)? + 1;
            state.wait = Some(VisitWaitView { position });
        }
        Ok(Self {
            messages,
            hidden,
            state,
            holder,
            seen: messages::read_up_to(conn, &own)?,
            more,
            is_lost,
            conversation: Some(own),
        })
    }
}

impl VisitStateView {
    fn of(state: ConversationState) -> Self {
        Self {
            state: state.as_str(),
            ..Self::default()
        }
    }
}

/// Tells a message that changed from one that did not.
fn print(message: &Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&message.text, message.state, message.receipt).hash(&mut hasher);
    // 0 is a message without a word.
    hasher.finish().max(1)
}

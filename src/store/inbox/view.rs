//! The views of the inbox, and the filters within them, as SQL. Each names the index that it walks, so that no guess of
//! SQLite's makes a list of a hundred thousand conversations slow.

use rusqlite::{Connection, ToSql};

use crate::store::conversations::{Channel, Conversation, ConversationState};
use crate::store::listing::Conditions;
use crate::store::values::text_enum;
use crate::store::{ContactId, ConversationId, StoreError, TeamId, UnixMs, UserId, WorkspaceId};

text_enum! {
    #[derive(Default, PartialOrd, Ord)]
    pub enum View {
        /// Neither closed, nor snoozed, nor spam.
        #[default]
        All = "all",
        /// Closed and snoozed ones too.
        Everything = "everything",
        /// Those assigned to the person who asks.
        Mine = "mine",
        /// Somebody waits, or waited, for a person, and it is assigned to none.
        Unassigned = "unassigned",
        /// A visitor waits for a person; who waits longest comes first.
        Waiting = "waiting",
        /// With a note that names the person who asks and that they have not seen.
        Mentions = "mentions",
        /// What comes back first comes first.
        Snoozed = "snoozed",
        Spam = "spam",
        Closed = "closed",
    }
}

/// Where a page ended: the last row's place in the order of its view, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The time, or for a search the number of the message.
    pub at: i64,
    pub id: ConversationId,
}

/// Which conversations to list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InboxFilter {
    pub view: View,
    /// The person who asks; a program is nobody.
    pub me: Option<UserId>,
    pub state: Option<ConversationState>,
    pub channel: Option<Channel>,
    pub tag: Option<String>,
    pub team: Option<TeamId>,
    pub assigned: Option<UserId>,
    pub contact: Option<ContactId>,
    /// Words in messages. With them, the view `All` shows everything.
    pub text: Option<String>,
    pub before: Option<Cursor>,
    /// Decides which are snoozed.
    pub now: UnixMs,
}

/// Conditions of the partial indexes (migration 14); a query must state them word for word.
const LIVE: &str = "c.due_at IS NULL AND c.spam = 0 AND c.state <> 'closed'";
const CLOSED: &str = "c.due_at IS NULL AND c.spam = 0 AND c.state = 'closed'";
const UNASSIGNED: &str =
    "c.due_at IS NULL AND c.spam = 0 AND c.state IN ('waiting', 'human') AND c.assigned_to IS NULL";
const WAITING: &str = "c.due_at IS NULL AND c.spam = 0 AND c.state = 'waiting'";
const SNOOZED: &str = "c.due_at IS NULL AND c.snoozed_until IS NOT NULL";
const SPAM: &str = "c.due_at IS NULL AND c.spam = 1";
const ANY: &str = "c.due_at IS NULL AND c.spam = 0";
const AWAKE: &str = "(c.snoozed_until IS NULL OR c.snoozed_until <= ?)";
const MENTIONED: &str =
    "(SELECT DISTINCT n.conversation FROM mentions m CROSS JOIN notes n ON n.id = m.note
     WHERE m.user = ? AND m.seen_at IS NULL)";

/// A tag that more conversations have is so common that walking the view meets enough of them.
const RARE: u32 = 1000;

/// In which order, and which column counts for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Latest,
    LongestWait,
    NextAwake,
}

impl Order {
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::Latest => "c.last_at",
            Self::LongestWait => "c.waiting_since",
            Self::NextAwake => "c.snoozed_until",
        }
    }

    /// A conversation's place.
    pub(super) fn place(self, conversation: &Conversation) -> i64 {
        match self {
            Self::Latest => Some(conversation.last_at),
            Self::LongestWait => conversation.waiting_since,
            Self::NextAwake => conversation.snoozed_until,
        }
        .unwrap_or_default()
    }

    fn sql(self) -> &'static str {
        match self {
            Self::Latest => "c.last_at DESC, c.id DESC",
            Self::LongestWait => "c.waiting_since, c.id",
            Self::NextAwake => "c.snoozed_until, c.id",
        }
    }

    fn past(self) -> &'static str {
        match self {
            Self::Latest => "(c.last_at, c.id) < (?, ?)",
            Self::LongestWait => "(c.waiting_since, c.id) > (?, ?)",
            Self::NextAwake => "(c.snoozed_until, c.id) > (?, ?)",
        }
    }
}

impl InboxFilter {
    /// The view that is really shown.
    fn shown(&self) -> View {
        match (self.view, self.state) {
            (View::All | View::Mine, Some(ConversationState::Closed)) => View::Everything,
            (View::All, _) if self.text.is_some() => View::Everything,
            (view, _) => view,
        }
    }

    pub(super) fn order(&self) -> Order {
        match self.shown() {
            View::Waiting => Order::LongestWait,
            View::Snoozed => Order::NextAwake,
            _ => Order::Latest,
        }
    }

    /// Whose conversations are wanted; `Err` for nobody's.
    fn holder(&self) -> Result<Option<&UserId>, ()> {
        match (self.view, &self.me, &self.assigned) {
            (View::Mine, None, _) => Err(()),
            (View::Mine, Some(me), Some(other)) if me != other => Err(()),
            (View::Mine, Some(me), _) => Ok(Some(me)),
            (_, _, assigned) => Ok(assigned.as_ref()),
        }
    }

    /// Adds what the filter asks of `conversations c`, without its place. `false` if nothing can fit.
    pub(super) fn add_to<'a>(
        &'a self,
        wanted: &mut Conditions<'a>,
        workspace: &'a WorkspaceId,
    ) -> bool {
        let view = self.shown();
        let Ok(holder) = self.holder() else {
            return false;
        };
        wanted.add("c.workspace = ?", workspace);
        wanted.add_with(
            match view {
                View::All | View::Mine => LIVE,
                View::Everything | View::Mentions => ANY,
                View::Unassigned => UNASSIGNED,
                View::Waiting => WAITING,
                View::Snoozed => SNOOZED,
                View::Spam => SPAM,
                View::Closed => CLOSED,
            },
            [],
        );
        match view {
            View::Everything | View::Closed => {
                // One that was merged into another is shown there, unless its visitor wrote again.
                wanted.add_with("(c.merged_into IS NULL OR c.state <> 'closed')", []);
            }
            View::Snoozed => wanted.add("c.snoozed_until > ?", &self.now),
            View::All | View::Mine | View::Unassigned | View::Waiting if self.text.is_none() => {
                wanted.add(AWAKE, &self.now);
            }
            _ => {}
        }
        wanted.add_if_some("c.state = ?", self.state.as_ref());
        wanted.add_if_some("c.assigned_to = ?", holder);
        wanted.add_if_some("c.contact = ?", self.contact.as_ref());
        wanted.add_if_some("c.team = ?", self.team.as_ref());
        wanted.add_if_some("c.channel = ?", self.channel.as_ref());
        true
    }

    /// The name of the index that is walked; `None` if the ids come from elsewhere.
    fn index(&self, holder: Option<&UserId>) -> &'static str {
        let view = self.shown();
        let live = matches!(view, View::All | View::Mine);
        match view {
            _ if self.contact.is_some() => "conversations_contact",
            _ if holder.is_some() && live => "inbox_mine",
            _ if holder.is_some() && matches!(view, View::Everything | View::Closed) => {
                "conversations_assigned"
            }
            View::Unassigned => "inbox_unassigned",
            View::Waiting => "inbox_waiting",
            View::Snoozed => "inbox_snoozed",
            View::Spam => "inbox_spam",
            _ if self.team.is_some() => "conversations_team",
            View::All if self.channel.is_some() => "inbox_channel",
            View::All | View::Mine => "inbox_all",
            View::Closed => "inbox_closed",
            View::Everything if self.channel.is_some() => "inbox_channel_ever",
            View::Everything if self.state.is_some() => "conversations_state",
            View::Everything | View::Mentions => "conversations_recent",
        }
    }

    /// The ids of a page and their place in the order.
    pub(super) fn page(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Cursor>, StoreError> {
        let rare = match &self.tag {
            Some(tag) => is_rare(conn, workspace, tag)?,
            None => false,
        };
        self.with_query(
            &workspace,
            rare,
            &limit,
            |sql, values| -> Result<_, StoreError> {
                let mut statement = conn.prepare_cached(sql)?;
                let rows = statement.query_map(values, |row| {
                    Ok(Cursor {
                        id: row.get(0)?,
                        at: row.get(1)?,
                    })
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            },
        )
        .unwrap_or_else(|| Ok(Vec::new()))
    }

    /// Builds the query; `None` if nothing can fit.
    pub(super) fn with_query<T>(
        &self,
        workspace: &WorkspaceId,
        rare: bool,
        limit: &u32,
        run: impl FnOnce(&str, &[&dyn ToSql]) -> T,
    ) -> Option<T> {
        let order = self.order();
        let mut wanted = Conditions::default();
        let mentions = self.view == View::Mentions;
        let from = match (mentions, rare) {
            (true, _) => {
                format!("{MENTIONED} t CROSS JOIN conversations c ON c.id = t.conversation")
            }
            (false, true) => {
                "conversation_tags t CROSS JOIN conversations c ON c.id = t.conversation".to_owned()
            }
            (false, false) => {
                let index = self.index(self.holder().ok()?);
                format!("conversations c INDEXED BY {index}")
            }
        };
        // Its mark stands first, in the FROM clause.
        let mut values: Vec<&dyn ToSql> = Vec::new();
        if mentions {
            values.push(self.me.as_ref()?);
        }
        if !self.add_to(&mut wanted, workspace) {
            return None;
        }
        if let Some(tag) = &self.tag {
            match rare && !mentions {
                true => wanted.add_with("t.workspace = ? AND t.tag = ?", [workspace as &dyn ToSql, tag]),
                false => wanted.add(
                    "EXISTS (SELECT 1 FROM conversation_tags g WHERE g.conversation = c.id AND g.tag = ?)",
                    tag,
                ),
            }
        }
        if let Some(before) = &self.before {
            wanted.add_with(order.past(), [&before.at as &dyn ToSql, &before.id]);
        }
        let (conditions, rest) = wanted.limited(limit);
        values.extend(rest);
        let sql = format!(
            "SELECT c.id, {} FROM {from} WHERE {conditions} ORDER BY {} LIMIT ?",
            order.column(),
            order.sql()
        );
        Some(run(&sql, &values))
    }
}

fn is_rare(conn: &Connection, workspace: WorkspaceId, tag: &str) -> Result<bool, StoreError> {
    let count: u32 = conn
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM conversation_tags WHERE workspace = ? AND tag = ? LIMIT ?)",
        )?
        .query_row((workspace, tag, RARE), |row| row.get(0))?;
    Ok(count < RARE)
}

/// How many conversations ask for somebody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub waiting: u32,
    /// Assigned to the person who asks.
    pub mine: u32,
    pub unassigned: u32,
    /// With a note that names the person who asks and that they have not seen.
    pub mentions: u32,
}

pub fn count(
    conn: &Connection,
    workspace: WorkspaceId,
    me: Option<UserId>,
    now: UnixMs,
) -> Result<Counts, StoreError> {
    let of = |index: &str, conditions: &str| -> Result<u32, StoreError> {
        let sql = format!(
            "SELECT count(*) FROM conversations c INDEXED BY {index}
             WHERE c.workspace = ? AND {conditions} AND {AWAKE}"
        );
        let mut statement = conn.prepare_cached(&sql)?;
        Ok(statement.query_row((workspace, now), |row| row.get(0))?)
    };
    let mut counts = Counts {
        waiting: of("inbox_waiting", WAITING)?,
        unassigned: of("inbox_unassigned", UNASSIGNED)?,
        ..Counts::default()
    };
    if let Some(me) = me {
        counts.mine = conn
            .prepare_cached(&format!(
                "SELECT count(*) FROM conversations c INDEXED BY inbox_mine
                 WHERE c.workspace = ? AND c.assigned_to = ? AND {LIVE} AND {AWAKE}"
            ))?
            .query_row((workspace, me, now), |row| row.get(0))?;
        counts.mentions = conn
            .prepare_cached(&format!(
                "SELECT count(*) FROM {MENTIONED} t CROSS JOIN conversations c ON c.id = t.conversation
                 WHERE c.workspace = ? AND {ANY}"
            ))?
            .query_row((me, workspace), |row| row.get(0))?;
    }
    Ok(counts)
}

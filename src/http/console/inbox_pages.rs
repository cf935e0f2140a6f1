//! The inbox's pages, as data, and the words for what the store names. `assets/console/js/inbox/words.js` says the same live.

use askama::Template;

use super::format::{Moment, moment, uptime};
use super::tool_pages::CallRow;
use super::view::{Fact, Shell, filters};
use crate::http::api::inbox::InboxQuery;
use crate::inbox::staff::reading::Detail;
use crate::store::conversations::{Channel, Conversation, ConversationState};
use crate::store::inbox::notes::Note;
use crate::store::inbox::transcript::{Said, Transcript};
use crate::store::inbox::{Counts, InboxRow, View};
use crate::store::messages::Speaker;
use crate::store::{ConversationId, MessageId, UserId};

const MINUTE_MS: i64 = 60_000;
/// In a day.
const MOST_MINUTES: i64 = 24 * 60;

/// Something to choose, by its id or name.
#[derive(Debug, Clone)]
pub struct Choice {
    pub id: String,
    pub name: String,
}

impl Choice {
    pub fn new(id: impl ToString, name: impl Into<String>) -> Self {
        Self {
            id: id.to_string(),
            name: name.into(),
        }
    }
}

pub struct ViewLink {
    pub name: &'static str,
    pub label: &'static str,
    pub href: String,
    pub current: bool,
    pub counted: bool,
    pub count: u32,
}

pub struct RowLine {
    pub id: String,
    pub href: String,
    pub name: String,
    pub unread: bool,
    pub online: bool,
    pub at: Moment,
    /// Who said the preview, in words.
    pub said_by: &'static str,
    pub preview: String,
    /// Level and words.
    pub late: Option<(&'static str, String)>,
    pub marks: Vec<String>,
    pub tags: Vec<String>,
    /// Whether it is the open one.
    pub current: bool,
}

pub struct EntryLine {
    /// `user`, `assistant`, `agent`, `system` or `note`.
    pub kind: &'static str,
    pub who: String,
    pub text: String,
    pub at: Moment,
    pub receipt: Option<String>,
    /// Id and name.
    pub files: Vec<(String, String)>,
}

pub struct OpenPage {
    pub id: String,
    pub name: String,
    /// Words and the state of their badge.
    pub standing: (String, &'static str),
    pub revision: i64,
    /// Of the reply that is written on this page, so that one that is sent twice is kept once.
    pub reply_id: String,
    /// What can be done with it: the end of the address and the words.
    pub acts: Vec<(&'static str, &'static str)>,
    pub entries: Vec<EntryLine>,
    pub facts: Vec<Fact>,
    /// What happened to it, and when.
    pub log: Vec<(String, Moment)>,
}

#[derive(Template)]
#[template(path = "inbox.html")]
pub struct InboxPage {
    pub shell: Shell,
    pub me: Choice,
    /// Minutes after which a conversation is due and overdue, with a comma between.
    pub sla: String,
    pub wanted: InboxQuery,
    pub views: Vec<ViewLink>,
    pub channels: Vec<Choice>,
    pub tags: Vec<String>,
    pub teams: Vec<Choice>,
    pub people: Vec<Choice>,
    /// Whether a filter beside the view is set.
    pub filtered: bool,
    pub rows: Vec<RowLine>,
    /// Query string of the next page.
    pub next: Option<String>,
    /// Heading and text where there are no rows.
    pub empty: (&'static str, &'static str),
    pub error: Option<String>,
    pub open: Option<OpenPage>,
    /// Tools that wait for a yes in the open conversation.
    pub(super) asks: Vec<CallRow>,
}

/// The views in the order of the page.
pub fn views(counts: Counts, wanted: &InboxQuery) -> Vec<ViewLink> {
    let link = |view: View, label, count: Option<u32>| {
        let name = view.as_str();
        ViewLink {
            name,
            label,
            href: format!("/inbox?view={name}"),
            current: wanted.view == name || (wanted.view.is_empty() && view == View::All),
            counted: count.is_some(),
            count: count.unwrap_or_default(),
        }
    };
    vec![
        link(View::All, "All", None),
        link(View::Waiting, "Waiting", Some(counts.waiting)),
        link(View::Mine, "Mine", Some(counts.mine)),
        link(View::Unassigned, "Unassigned", Some(counts.unassigned)),
        link(View::Mentions, "Mentions", Some(counts.mentions)),
        link(View::Snoozed, "Snoozed", None),
        link(View::Closed, "Closed", None),
        link(View::Spam, "Spam", None),
    ]
}

pub fn channels() -> Vec<Choice> {
    let choice = |channel: &Channel| Choice::new(channel.as_str(), channel_name(*channel));
    Channel::ALL.iter().map(choice).collect()
}

fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Chat => "Website",
        Channel::Voice => "Call",
        Channel::Api => "Program or test",
        Channel::Cli => "Command line",
    }
}

pub fn empty(wanted: &InboxQuery, filtered: bool) -> (&'static str, &'static str) {
    if filtered || !wanted.q.is_empty() || !wanted.contact.is_empty() {
        return (
            "No conversation matches",
            "Try fewer words, or take a filter away.",
        );
    }
    match View::parse(&wanted.view).unwrap_or_default() {
        View::Waiting => (
            "Nobody waits",
            "When a visitor asks for a person, the conversation appears here.",
        ),
        View::Mine => (
            "You have no conversation",
            "Open one and press “Take over”. It stays here until you give it back or close it.",
        ),
        View::Unassigned => (
            "Everything is assigned",
            "Conversations that nobody looks after appear here.",
        ),
        View::Mentions => (
            "Nobody has mentioned you",
            "A colleague who writes @ and your name in a private note calls you here.",
        ),
        View::Snoozed => (
            "Nothing is snoozed",
            "Snooze a conversation that can wait. It comes back at the time that you choose, or when the visitor writes.",
        ),
        View::Closed => (
            "No closed conversations",
            "Conversations that are done appear here. They open again when the visitor writes.",
        ),
        View::Spam => (
            "No spam",
            "Conversations that you mark as spam are kept here, out of the way.",
        ),
        View::All | View::Everything => (
            "No open conversations",
            "When somebody writes or calls, the conversation appears here at once. Try it yourself: open the page for \
             visitors and ask something.",
        ),
    }
}

/// The visitor's name, or the title of the conversation.
fn name_of(row: &InboxRow) -> String {
    let contact = row.contact.clone().filter(|name| !name.is_empty());
    let title = Some(row.conversation.title.clone()).filter(|title| !title.is_empty());
    contact.or(title).unwrap_or_else(|| "Visitor".to_owned())
}

/// How long somebody has waited; the level is in the words too.
fn late(of: &Conversation, sla: [u32; 2], now: i64) -> Option<(&'static str, String)> {
    let minutes = (now - of.waiting_since?).max(0) / MINUTE_MS;
    let span = match minutes {
        0..120 => format!("{minutes} min"),
        _ => uptime(u64::try_from(minutes.min(365 * MOST_MINUTES) * 60).unwrap_or_default()),
    };
    let [due, over] = sla.map(i64::from);
    Some(if minutes >= over {
        ("over", format!("Waiting {span}, overdue"))
    } else if minutes >= due {
        ("due", format!("Waiting {span}, due"))
    } else {
        ("fresh", format!("Waiting {span}"))
    })
}

fn standing(row: &InboxRow, me: UserId) -> (String, &'static str) {
    let of = &row.conversation;
    if of.spam {
        return ("Spam".to_owned(), "failed");
    }
    match of.state {
        ConversationState::Open => ("The assistant answers".to_owned(), ""),
        ConversationState::Waiting => ("Waiting for a person".to_owned(), "degraded"),
        ConversationState::Closed => ("Closed".to_owned(), ""),
        ConversationState::Human if of.assigned_to == Some(me) => {
            ("You have it".to_owned(), "ready")
        }
        ConversationState::Human => {
            let who = row.assignee.as_deref().unwrap_or("A colleague");
            (format!("{who} has it"), "ready")
        }
    }
}

/// What a row is drawn with.
pub struct Drawing<'a> {
    pub me: UserId,
    pub sla: [u32; 2],
    pub now: i64,
    /// Of the list, so that an opened conversation stays in its view.
    pub query: &'a str,
    pub open: Option<ConversationId>,
}

impl Drawing<'_> {
    pub fn row(&self, row: InboxRow, online: bool) -> RowLine {
        let (id, name) = (row.conversation.id.to_string(), name_of(&row));
        let mut marks = Vec::new();
        if row.conversation.state == ConversationState::Human || row.assignee.is_some() {
            marks.push(match row.conversation.assigned_to == Some(self.me) {
                true => "You".to_owned(),
                false => row
                    .assignee
                    .clone()
                    .unwrap_or_else(|| "A colleague".to_owned()),
            });
        }
        marks.extend(row.team.clone());
        if row.conversation.channel != Channel::Chat {
            marks.push(channel_name(row.conversation.channel).to_owned());
        }
        let (speaker, preview) = row.preview.unzip();
        let mark = if self.query.is_empty() { "" } else { "?" };
        RowLine {
            href: format!("/inbox/{id}{mark}{}", self.query),
            name,
            unread: row.unread > 0,
            online,
            at: moment(row.conversation.last_at),
            said_by: match speaker {
                Some(Speaker::Assistant) => "Assistant: ",
                Some(Speaker::Agent) => "Staff: ",
                _ => "",
            },
            preview: preview.unwrap_or_else(|| "Nothing was said yet".to_owned()),
            late: late(&row.conversation, self.sla, self.now),
            marks,
            tags: row.tags,
            current: self.open == Some(row.conversation.id),
            id,
        }
    }

    pub fn open(&self, detail: Detail) -> OpenPage {
        let row = &detail.row;
        let of = &row.conversation;
        let mine = of.assigned_to == Some(self.me);
        let acts = match of.state {
            ConversationState::Closed => vec![("reopen", "Reopen")],
            ConversationState::Human if mine => vec![("return", "Give back"), ("close", "Close")],
            _ => vec![("take", "Take over"), ("close", "Close")],
        };
        let mut facts = vec![
            Fact::new("Came by", channel_name(of.channel)),
            Fact::new("Since", moment(of.started_at).shown),
        ];
        facts.extend(
            detail
                .assistant
                .as_ref()
                .map(|(_, title)| Fact::new("Assistant", title)),
        );
        facts.extend(of.page.as_ref().map(|page| Fact::new("Page", page)));
        facts.extend(of.language.as_ref().map(|code| Fact::new("Language", code)));
        OpenPage {
            id: of.id.to_string(),
            name: name_of(row),
            standing: standing(row, self.me),
            revision: of.revision,
            reply_id: MessageId::new().to_string(),
            acts,
            facts,
            log: detail
                .log
                .into_iter()
                .map(|(event, text)| (text, moment(event.at)))
                .collect(),
            entries: self.entries(name_of(row), detail.transcript, detail.notes),
        }
    }

    fn entries(&self, visitor: String, transcript: Transcript, notes: Vec<Note>) -> Vec<EntryLine> {
        let said = transcript.said.into_iter().map(|said| {
            let at = said.message.created_at;
            (at, self.entry(&visitor, said))
        });
        let noted = notes.into_iter().map(|note| {
            let own = note.author == Some(self.me);
            let author = note
                .author_name
                .unwrap_or_else(|| "a former colleague".to_owned());
            let entry = EntryLine {
                kind: "note",
                who: match own {
                    true => "Your private note".to_owned(),
                    false => format!("Private note of {author}"),
                },
                text: note.text,
                at: moment(note.created_at),
                receipt: None,
                files: Vec::new(),
            };
            (note.created_at, entry)
        });
        let mut all: Vec<_> = said.chain(noted).collect();
        // Stable: messages of one moment keep their order.
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, entry)| entry).collect()
    }

    fn entry(&self, visitor: &str, said: Said) -> EntryLine {
        let message = said.message;
        let who = match message.role {
            Speaker::User => visitor.to_owned(),
            Speaker::Assistant => "Assistant".to_owned(),
            Speaker::System => String::new(),
            Speaker::Agent if message.author == Some(self.me) => "You".to_owned(),
            Speaker::Agent => said
                .author
                .unwrap_or_else(|| "A former colleague".to_owned()),
        };
        let files = said.attachments.into_iter();
        EntryLine {
            kind: message.role.as_str(),
            who,
            text: message.text,
            at: moment(message.created_at),
            receipt: message.receipt.map(|id| id.to_string()),
            files: files.map(|file| (file.id.to_string(), file.name)).collect(),
        }
    }
}

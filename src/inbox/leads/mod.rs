//! Leads: what visitors leave so that somebody gets back to them, by a form or in the chat. Each is a contact, a task with a due
//! time, a consent and an event, in one transaction.

mod introduced;
mod settings;
mod slots;
mod texts;

use serde_json::json;

use super::desk::Desk;
use crate::contacts::{self as people, Given, InText, PointError, from_text};
use crate::language::{self, Language};
use crate::store::contacts::{self, Contact, NewConsent};
use crate::store::conversations::{self, Conversation};
use crate::store::listing::ListFilter;
use crate::store::messages::{self, MessageState, NewMessage, Speaker};
use crate::store::tasks::{self, NewTask, Task, TaskFilter, TaskKind, TaskState};
use crate::store::{
    Connection, ConversationId, Scoped, StoreError, Transaction, UnixMs, WorkspaceId, events,
};

pub use introduced::introduce;
pub use settings::{LeadSettings, LeadSettingsError};
pub use slots::{Slot, slots};

/// What the consent that comes with a lead is for.
pub const PURPOSE: &str = "contact";

/// In characters.
const LONGEST_NAME: usize = 120;
const LONGEST_WISH: usize = 4000;
const LONGEST_CONSENT: usize = 2000;
const LONGEST_PAGE: usize = 500;
/// The same wish of the same person within this time was sent twice.
const TWICE_MS: i64 = 10 * 60 * 1000;
/// Messages of a conversation in which the question is looked for.
const RECENT: u32 = 12;

/// Why a lead was not taken, for the visitor.
#[derive(Debug, thiserror::Error)]
pub enum LeadError {
    #[error(transparent)]
    Point(#[from] PointError),
    #[error("leave an e-mail address or a telephone number, so that somebody can get back to you")]
    Unreachable,
    #[error("leave the telephone number that you want to be called at")]
    NoPhone,
    #[error("say what it is about")]
    NoWish,
    #[error("{field} may have at most {most} characters")]
    TooLong { field: &'static str, most: usize },
    #[error("agree to the text beside the form, so that we may keep what you leave")]
    NoConsent,
    #[error("the text to agree to has changed meanwhile; read it again, and agree to that one")]
    OtherConsent,
    #[error("nobody can call at that time; choose another of the times on offer")]
    NoSlot,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LeadError {
    /// The field that it is about.
    pub fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Point(error) => error.field(),
            Self::Unreachable => "email",
            Self::NoPhone => "phone",
            Self::NoWish => "wish",
            Self::TooLong { field, .. } => *field,
            Self::NoConsent | Self::OtherConsent => "consent",
            Self::NoSlot => "callback",
            Self::Store(_) => return None,
        })
    }
}

/// What a visitor agreed to, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The text that they saw.
    pub text: String,
    pub given: bool,
}

/// What a visitor left, as they wrote it.
#[derive(Debug, Clone, Default)]
pub struct NewLead {
    pub conversation: Option<ConversationId>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub wish: String,
    /// The page that they wrote from.
    pub page: Option<String>,
    pub consent: Option<Agreed>,
    /// When they want to be called, from and until.
    pub callback: Option<Slot>,
}

/// A lead that was taken.
#[derive(Debug, Clone)]
pub struct Lead {
    pub task: Scoped<Task>,
    pub contact: Scoped<Contact>,
    /// What the visitor is told, in their language.
    pub text: String,
}

/// Says whether a lead would be taken.
///
/// # Errors
/// A sentence for the visitor.
pub fn check(
    conn: &Connection,
    workspace: WorkspaceId,
    new: &NewLead,
    now: UnixMs,
) -> Result<(), LeadError> {
    let desk = Desk::load(conn, workspace, now)?;
    Checked::of(conn, workspace, new, &desk, now).map(drop)
}

/// Takes a lead. One that is sent twice within minutes is kept once.
///
/// # Errors
/// A sentence for the visitor; nothing is written then.
pub fn leave(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewLead,
    now: UnixMs,
) -> Result<Lead, LeadError> {
    let desk = Desk::load(tx, workspace, now)?;
    let checked = Checked::of(tx, workspace, new, &desk, now)?;
    let conversation = match new.conversation {
        Some(id) => Some(conversations::get(tx, workspace, id)?),
        None => None,
    };
    let language = language_of(conversation.as_deref(), &new.wish);
    let given = Given {
        language: Some(language.code().to_owned()).filter(|_| language != Language::Other),
        ..checked.given.clone()
    };
    let contact = find_contact(tx, workspace, conversation.as_ref(), &given, now)?;
    let text = texts::noted(new.callback, &desk, language, now);
    let known = find_sent(tx, &contact, new, &checked.wish, now)?;
    let is_new = known.is_none();
    let task = match known {
        Some(task) => task,
        None => {
            let due_at = match new.callback {
                Some(slot) => slot.from,
                None => slots::due(&desk, now),
            };
            let task = NewTask {
                kind: kind(new),
                contact: Some(contact.id),
                conversation: new.conversation,
                name: checked.given.name.as_deref().unwrap_or_default(),
                wish: &checked.wish,
                page: checked.page.as_deref(),
                due_at,
                call: new.callback.map(|slot| (slot.from, slot.until)),
                assigned_to: None,
            };
            tell_created(tx, tasks::create(tx, workspace, &task, now)?, now)?
        }
    };
    if is_new && let Some(consent) = &new.consent {
        let consent = NewConsent {
            purpose: PURPOSE,
            given: consent.given,
            text: consent.text.trim(),
            page: checked.page.as_deref(),
        };
        contacts::add_consent(tx, &contact, &consent, now)?;
    }
    if is_new && let Some(conversation) = &conversation {
        let told = NewMessage {
            role: Speaker::System,
            text: &text,
            state: MessageState::Complete,
            client_id: None,
            author: None,
        };
        messages::append(tx, conversation, &told, now)?;
    }
    Ok(Lead {
        task,
        contact,
        text,
    })
}

fn kind(new: &NewLead) -> TaskKind {
    match new.callback {
        Some(_) => TaskKind::Callback,
        None => TaskKind::Lead,
    }
}

/// What is left of a form after all checks.
struct Checked {
    given: Given,
    wish: String,
    page: Option<String>,
}

impl Checked {
    fn of(
        conn: &Connection,
        workspace: WorkspaceId,
        new: &NewLead,
        desk: &Desk,
        now: UnixMs,
    ) -> Result<Self, LeadError> {
        let filled = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let home = people::country(conn, workspace)?;
        let email = filled(&new.email).map(|text| people::parse_email(&text));
        let phone = filled(&new.phone).map(|text| people::parse_phone(&text, home.as_deref()));
        let (email, phone) = (email.transpose()?, phone.transpose()?);
        if email.is_none() && phone.is_none() {
            return Err(LeadError::Unreachable);
        }
        if new.callback.is_some() && phone.is_none() {
            return Err(LeadError::NoPhone);
        }
        let wish = new.wish.trim().to_owned();
        if wish.is_empty() && new.callback.is_none() {
            return Err(LeadError::NoWish);
        }
        let name = filled(&new.name);
        let name = name.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
        let consent = new.consent.as_ref();
        for (field, text, most) in [
            ("name", name.as_deref(), LONGEST_NAME),
            ("wish", Some(wish.as_str()), LONGEST_WISH),
            ("consent", consent.map(|c| c.text.as_str()), LONGEST_CONSENT),
        ] {
            if text.is_some_and(|text| text.chars().count() > most) {
                return Err(LeadError::TooLong { field, most });
            }
        }
        let settings = LeadSettings::load(conn, workspace)?;
        let agreed = consent.filter(|c| c.given && !c.text.trim().is_empty());
        if settings.consent_required && agreed.is_none() {
            return Err(LeadError::NoConsent);
        }
        // The history says what somebody agreed to, so it must be what the owner asked at that time.
        let asked = settings.consent_text.as_str();
        if !asked.is_empty() && agreed.is_some_and(|c| !is_same_text(&c.text, asked)) {
            return Err(LeadError::OtherConsent);
        }
        if let Some(wanted) = new.callback
            && !slots(desk, now).contains(&wanted)
        {
            return Err(LeadError::NoSlot);
        }
        Ok(Self {
            given: Given {
                name,
                email,
                phone,
                ..Given::default()
            },
            wish,
            page: filled(&new.page).map(|page| page.chars().take(LONGEST_PAGE).collect()),
        })
    }
}

/// Whether two texts differ in white space at most.
fn is_same_text(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

fn language_of(conversation: Option<&Conversation>, wish: &str) -> Language {
    let known = conversation.and_then(|conversation| conversation.language.as_deref());
    known
        .and_then(Language::of_code)
        .unwrap_or_else(|| language::of_question(wish))
}

/// The contact of the conversation, or else whose address or number it is; the conversation is theirs from now on.
fn find_contact(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    conversation: Option<&Scoped<Conversation>>,
    given: &Given,
    now: UnixMs,
) -> Result<Scoped<Contact>, StoreError> {
    let Some(conversation) = conversation else {
        return people::find_or_create(tx, workspace, given, now);
    };
    match contacts::of_conversation(tx, workspace, conversation.id)? {
        Some(contact) => {
            people::note_given(tx, &contact, given, now)?;
            contacts::get(tx, workspace, contact.id)
        }
        None => {
            let contact = people::find_or_create(tx, workspace, given, now)?;
            contacts::join(tx, &contact, conversation.id)?;
            Ok(contact)
        }
    }
}

/// The same lead, if it was sent a moment ago.
fn find_sent(
    conn: &Connection,
    contact: &Scoped<Contact>,
    new: &NewLead,
    wish: &str,
    now: UnixMs,
) -> Result<Option<Scoped<Task>>, StoreError> {
    let filter = TaskFilter {
        state: Some(TaskState::Open),
        kind: Some(kind(new)),
        contact: Some(contact.id),
        ..TaskFilter::default()
    };
    let open = filter.list(conn, contact.workspace(), RECENT)?;
    let same = |task: &Task| {
        task.wish == wish
            && task.call_from == new.callback.map(|slot| slot.from)
            && (now - TWICE_MS..=now).contains(&task.created_at)
    };
    let found = open.into_iter().find(|listed| same(&listed.task));
    found
        .map(|listed| tasks::get(conn, contact.workspace(), listed.task.id))
        .transpose()
}

fn tell_created(
    tx: &Transaction<'_>,
    task: Scoped<Task>,
    now: UnixMs,
) -> Result<Scoped<Task>, StoreError> {
    let subject = match task.conversation {
        Some(conversation) => conversation.to_string(),
        None => task.id.to_string(),
    };
    let (id, contact) = (task.id, task.contact);
    let (kind, data) = match task.kind {
        TaskKind::Callback => (
            "callback_requested",
            json!({ "task": id, "contact": contact, "from": task.call_from, "until": task.call_until }),
        ),
        _ => ("lead_created", json!({ "task": id, "contact": contact })),
    };
    events::append(tx, task.workspace(), kind, &subject, &data, now)?;
    Ok(task)
}

/// Takes a message in a chat as a lead: the visitor wrote how to reach them, and the assistant says that it is noted. Without
/// an address or a number in it, it is one only if it `is_answer` to the offer of a person.
pub fn of_message(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    message: &str,
    is_answer: bool,
    now: UnixMs,
) -> Result<Option<Scoped<Task>>, StoreError> {
    let workspace = conversation.workspace();
    let home = people::country(tx, workspace)?;
    let InText { email, phone, name } = from_text(message, home.as_deref());
    if !is_answer && email.is_none() && phone.is_none() {
        return Ok(None);
    }
    let language = language_of(Some(&**conversation), message);
    let given = Given {
        name,
        email,
        phone,
        language: Some(language.code().to_owned()).filter(|_| language != Language::Other),
        ..Given::default()
    };
    let contact = find_contact(tx, workspace, Some(conversation), &given, now)?;
    let open = TaskFilter {
        state: Some(TaskState::Open),
        conversation: Some(conversation.id),
        ..TaskFilter::default()
    };
    let open = open.list(tx, workspace, RECENT)?;
    if open.iter().any(|listed| listed.task.kind != TaskKind::Todo) {
        // They add to what they left before.
        return Ok(None);
    }
    let wish = find_question(tx, conversation, message)?;
    let desk = Desk::of_conversation(tx, conversation, now)?;
    let task = NewTask {
        kind: TaskKind::Lead,
        contact: Some(contact.id),
        conversation: Some(conversation.id),
        name: given.name.as_deref().unwrap_or_default(),
        wish: &wish,
        page: conversation.page.as_deref(),
        due_at: slots::due(&desk, now),
        call: None,
        assigned_to: None,
    };
    let task = tasks::create(tx, workspace, &task, now)?;
    tell_created(tx, task, now).map(Some)
}

/// The same for a chat, where nobody can agree to anything: nothing is taken if the owner wants that.
pub fn of_chat(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    message: &str,
    is_answer: bool,
    now: UnixMs,
) -> Result<Option<Scoped<Task>>, StoreError> {
    if LeadSettings::load(tx, conversation.workspace())?.consent_required {
        return Ok(None);
    }
    of_message(tx, conversation, message, is_answer, now)
}

/// What the visitor asked before they left how to reach them, and their message itself.
fn find_question(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    message: &str,
) -> Result<String, StoreError> {
    let recent = messages::list(conn, conversation, RECENT)?;
    let asked = recent
        .iter()
        .rev()
        .filter(|said| said.role == Speaker::User && said.text != message)
        .find(|said| from_text(&said.text, None).email.is_none());
    let whole = match asked {
        Some(asked) => format!("{}\n{message}", asked.text),
        None => message.to_owned(),
    };
    Ok(whole.chars().take(LONGEST_WISH).collect())
}

#[cfg(test)]
#[path = "leads_tests.rs"]
mod tests;

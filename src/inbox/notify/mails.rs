//! E-mails to whom the settings of the desk name: a visitor waits, a new lead, a mention, an assignment.

use super::super::desk::{DeskSettings, time_zone};
use super::about::{About, find_user, id_in, people_in};
use super::payload::{conversation_link, tasks_link};
use crate::mail::{self, MailKind, NewMail, ReplyTo};
use crate::store::events::Event;
use crate::store::notices::{self, ToldTask};
use crate::store::users::User;
use crate::store::{
    Connection, NoteId, StoreError, TeamId, Transaction, UnixMs, UserId, WorkspaceId, members,
    workspaces,
};

const MINUTE: i64 = 60 * 1000;
/// A person gets no second e-mail about a conversation within this time, unless somebody came back to it.
const QUIET: i64 = 5 * MINUTE;
/// What makes a second e-mail right: staff were there and left again, or the visitor returned.
const CAME_BACK: &[&str] = &[
    "conversation_taken",
    "message_sent",
    "conversation_returned",
    "conversation_reopened",
];
/// After a pause of the server it is no longer worth telling that somebody waits.
const STALE: i64 = 30 * MINUTE;
/// Most characters of the visitor's words.
const LONGEST_QUOTE: usize = 1_000;

/// An e-mail, before it is known to whom.
struct Draft {
    title: String,
    /// Paragraphs.
    text: Vec<String>,
    link: String,
    to: Vec<Recipient>,
    /// Whether it goes out although the recipient was told of something else a moment ago.
    always: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Recipient {
    email: String,
    /// Who may answer by e-mail.
    user: Option<UserId>,
}

/// Queues the e-mails that an event is told by.
pub(super) fn queue(
    tx: &Transaction<'_>,
    event: &Event,
    address: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let settings = DeskSettings::load(tx, event.workspace)?;
    let told = &settings.notify;
    let is_wanted = match event.kind.as_str() {
        "conversation_waiting" | "conversation_requeued" => told.waiting,
        "lead_created" | "callback_requested" => told.new_lead,
        "note_written" => told.mention,
        "conversation_assigned" => told.assignment,
        _ => return Ok(()),
    };
    if !is_wanted || !mail::is_set_up(tx, event.workspace)? {
        return Ok(());
    }
    let about = About::load(tx, event)?;
    if about.conversation.as_ref().is_some_and(|one| one.spam) {
        return Ok(());
    }
    let draft = match event.kind.as_str() {
        "conversation_waiting" | "conversation_requeued" => {
            waiting(tx, event, &about, &settings, address, now)?
        }
        "note_written" => mention(tx, event, &about, &settings, address)?,
        "conversation_assigned" => assignment(tx, event, &about, address)?,
        _ => lead(tx, event, &about, &settings, address)?,
    };
    let Some(draft) = draft else {
        return Ok(());
    };
    let subject = about.id(event);
    for to in &draft.to {
        if !draft.always && is_too_soon(tx, event, &subject, &to.email)? {
            continue;
        }
        let reply_to = match (&about.conversation, to.user) {
            (Some(conversation), Some(user)) => Some(ReplyTo {
                conversation: conversation.id,
                user,
            }),
            _ => None,
        };
        let text = format!(
            "{}\n\n{}\n\nYou get this because of the settings of the desk: {address}/desk\n",
            draft.text.join("\n\n"),
            draft.link
        );
        let new = NewMail {
            kind: MailKind::Notice,
            about: Some(&subject),
            recipient: &to.email,
            title: &draft.title,
            text: &text,
            reply_to,
        };
        // Without a server, or to an address that is none, there is nobody to tell; the page of e-mail says so.
        mail::enqueue(tx, event.workspace, &new, now)?;
    }
    Ok(())
}

fn waiting(
    conn: &Connection,
    event: &Event,
    about: &About,
    settings: &DeskSettings,
    address: &str,
    now: UnixMs,
) -> Result<Option<Draft>, StoreError> {
    let Some(conversation) = &about.conversation else {
        return Ok(None);
    };
    if now.saturating_sub(event.at) > STALE {
        return Ok(None);
    }
    let why = match event.data.get("reason").and_then(|reason| reason.as_str()) {
        _ if event.kind == "conversation_requeued" => {
            "The person who had the conversation is away."
        }
        Some("risky") => "The assistant had no sure answer, and a wrong one could do harm.",
        Some("topic") => "The assistant leaves this topic or language to people.",
        Some("refusals") => "The assistant had no answer several times in a row.",
        Some("rating") => "They rated an answer of the assistant as bad.",
        Some("lost") => "The person who had the conversation is away.",
        _ => "They asked for a person.",
    };
    let mut text = vec![format!(
        "Somebody waits for a person at the front desk of {}. {why}",
        title(conn, event)?
    )];
    if let Some(page) = &conversation.page {
        text.push(format!("They write from {page}"));
    }
    if settings.notify.words
        && let Some(said) = notices::last_words(conn, conversation.id)?
    {
        text.push(quote(&said));
    }
    Ok(Some(Draft {
        title: "A visitor waits for a person".into(),
        text,
        link: format!("Answer here: {}", conversation_link(address, conversation)),
        to: recipients(conn, event.workspace, settings)?,
        always: false,
    }))
}

fn lead(
    conn: &Connection,
    event: &Event,
    about: &About,
    settings: &DeskSettings,
    address: &str,
) -> Result<Option<Draft>, StoreError> {
    let Some(task) = &about.task else {
        return Ok(None);
    };
    let is_call = event.kind == "callback_requested";
    let business = title(conn, event)?;
    let mut text = vec![match is_call {
        true => format!("Somebody asked {business} to be called."),
        false => format!("Somebody left {business} how to reach them."),
    }];
    if let Some(time) = call_time(conn, event, task)? {
        text.push(format!("Time: {time}"));
    }
    if settings.notify.words {
        if let Some(contact) = &about.contact {
            let name = Some(&contact.name).filter(|name| !name.is_empty());
            let reached = contact.emails.iter().chain(&contact.phones);
            let who: Vec<&str> = name
                .into_iter()
                .chain(reached)
                .map(String::as_str)
                .collect();
            text.push(who.join("\n"));
        }
        if !task.wish.is_empty() {
            text.push(quote(&task.wish));
        }
    }
    let link = match &about.conversation {
        Some(conversation) => format!(
            "The conversation: {}\nAll leads and calls: {}",
            conversation_link(address, conversation),
            tasks_link(address)
        ),
        None => format!("All leads and calls: {}", tasks_link(address)),
    };
    Ok(Some(Draft {
        title: match is_call {
            true => "Somebody asks for a call".into(),
            false => "A new lead".into(),
        },
        text,
        link,
        to: recipients(conn, event.workspace, settings)?,
        // Each is told once, whatever else was told about its conversation.
        always: true,
    }))
}

fn mention(
    conn: &Connection,
    event: &Event,
    about: &About,
    settings: &DeskSettings,
    address: &str,
) -> Result<Option<Draft>, StoreError> {
    let by: Option<UserId> = id_in(event, "by");
    let named = people_in(event, "mentions");
    let named = named.into_iter().filter(|user| Some(*user) != by);
    let to = active(conn, named)?;
    let Some(conversation) = about.conversation.as_ref().filter(|_| !to.is_empty()) else {
        return Ok(None);
    };
    let who = name(conn, by)?;
    let mut text = vec![format!("{who} mentioned you in a note on a conversation.")];
    if settings.notify.words
        && let Some(id) = id_in::<NoteId>(event, "note")
        && let Some(note) = notices::note_text(conn, event.workspace, id)?
    {
        text.push(quote(&note));
    }
    Ok(Some(Draft {
        title: format!("{who} mentioned you"),
        text,
        link: format!("Read it here: {}", conversation_link(address, conversation)),
        to,
        always: false,
    }))
}

fn assignment(
    conn: &Connection,
    event: &Event,
    about: &About,
    address: &str,
) -> Result<Option<Draft>, StoreError> {
    let by: Option<UserId> = id_in(event, "by");
    let person: Option<UserId> = id_in(event, "to");
    let team: Option<TeamId> = id_in(event, "team");
    let (people, whom) = match (person, team) {
        (Some(person), _) => (vec![person], "you".to_owned()),
        (None, Some(team)) => {
            let name = notices::team_name(conn, team)?.unwrap_or_default();
            (
                notices::team_people(conn, team)?,
                format!("your team {name}"),
            )
        }
        (None, None) => return Ok(None),
    };
    let others = people.into_iter().filter(|user| Some(*user) != by);
    let to = active(conn, others)?;
    let Some(conversation) = about.conversation.as_ref().filter(|_| !to.is_empty()) else {
        return Ok(None);
    };
    let who = name(conn, by)?;
    Ok(Some(Draft {
        title: format!("A conversation for {whom}"),
        text: vec![format!("{who} assigned a conversation to {whom}.")],
        link: format!("It is here: {}", conversation_link(address, conversation)),
        to,
        always: false,
    }))
}

/// Whether this person had an e-mail about the conversation a moment ago, and nobody came back to it since.
fn is_too_soon(
    conn: &Connection,
    event: &Event,
    subject: &str,
    email: &str,
) -> Result<bool, StoreError> {
    // As the outbox writes it.
    let email = mail::parse_address(email).unwrap_or_else(|_| email.to_owned());
    let Some(last) = notices::last_mail(conn, event.workspace, subject, &email)? else {
        return Ok(false);
    };
    let is_quiet = (last..last.saturating_add(QUIET)).contains(&event.at.max(last));
    Ok(is_quiet && !notices::happened_since(conn, subject, CAME_BACK, last, event.id)?)
}

/// Whom the settings name; without any, the staff of the workspace.
fn recipients(
    conn: &Connection,
    workspace: WorkspaceId,
    settings: &DeskSettings,
) -> Result<Vec<Recipient>, StoreError> {
    let people = members::staff(conn, workspace)?;
    let named = &settings.notify.email;
    if named.is_empty() {
        let active = people
            .into_iter()
            .filter(|user| user.suspended_at.is_none());
        return Ok(active.map(Recipient::from).collect());
    }
    let recipient = |email: &String| Recipient {
        email: email.clone(),
        user: (people.iter())
            .find(|user| user.suspended_at.is_none() && user.email.eq_ignore_ascii_case(email))
            .map(|user| user.id),
    };
    Ok(named.iter().map(recipient).collect())
}

/// Those who may still sign in.
fn active(
    conn: &Connection,
    people: impl IntoIterator<Item = UserId>,
) -> Result<Vec<Recipient>, StoreError> {
    let mut found = Vec::new();
    for id in people {
        let user = find_user(conn, id)?.filter(|user| user.suspended_at.is_none());
        found.extend(user.map(Recipient::from));
    }
    Ok(found)
}

impl From<User> for Recipient {
    fn from(user: User) -> Self {
        Self {
            email: user.email,
            user: Some(user.id),
        }
    }
}

fn name(conn: &Connection, user: Option<UserId>) -> Result<String, StoreError> {
    let user = match user {
        Some(user) => find_user(conn, user)?,
        None => None,
    };
    Ok(user.map_or_else(|| "Somebody".into(), |user| user.name))
}

fn title(conn: &Connection, event: &Event) -> Result<String, StoreError> {
    Ok(workspaces::get(conn, event.workspace)?.title)
}

/// The time that somebody chose for a call, where the business is.
fn call_time(
    conn: &Connection,
    event: &Event,
    task: &ToldTask,
) -> Result<Option<String>, StoreError> {
    let (Some(from), Some(until)) = (task.call_from, task.call_until) else {
        return Ok(None);
    };
    let zone = time_zone(conn, event.workspace)?;
    let local = |at: UnixMs| {
        let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
        at.to_zoned(zone.clone())
    };
    Ok(Some(format!(
        "{} to {}",
        local(from).strftime("%A, %-d %B %Y, %H:%M"),
        local(until).strftime("%H:%M %Z")
    )))
}

/// Words as a quotation in plain text.
fn quote(text: &str) -> String {
    let shown: String = text.chars().take(LONGEST_QUOTE).collect();
    let end = match shown.len() < text.len() {
        true => "\n> […]",
        false => "",
    };
    let lines: Vec<String> = shown.lines().map(|line| format!("> {line}")).collect();
    format!("{}{end}", lines.join("\n"))
}

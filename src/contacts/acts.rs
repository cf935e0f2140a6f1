//! What staff do with contacts: each act checks the member's scopes and is told in the log.

use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::{ContactError, country, parse_email, parse_phone};
use crate::access::{Caller, Member, Scope};
use crate::store::contacts::{
    self, Card, Consent, Contact, NewConsent, Point, PointKind, TimelineFilter,
};
use crate::store::listing::{Listing, Page};
use crate::store::{
    Connection, ContactId, Scoped, Store, StoreError, Transaction, UnixMs, WorkspaceId, events,
    workspaces,
};

/// Who may read and change contacts and tasks.
pub const MAY: &[Scope] = &[Scope::Conversations];
/// In characters.
const LONGEST_NAME: usize = 120;
const LONGEST_TEXT: usize = 2000;
const LONGEST_PURPOSE: usize = 60;
/// Addresses, and numbers, of one contact.
const MOST_POINTS: usize = 10;

/// A contact with all that is known of it.
#[derive(Debug, Clone)]
pub struct Whole {
    pub contact: Scoped<Contact>,
    pub points: Vec<Point>,
    /// Newest first.
    pub consents: Vec<Consent>,
    /// The fields that the owner defined, whether it has values for them or not.
    pub fields: Fields,
    /// Contacts that may be the same person, by what somebody claimed.
    pub maybe: Vec<(ContactId, String)>,
}

/// What staff write into a contact; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    pub name: Option<String>,
    /// ISO 639-1; empty for none.
    pub language: Option<String>,
    /// All e-mail addresses: those that are not named are removed.
    pub emails: Option<Vec<String>>,
    /// All telephone numbers: those that are not named are removed.
    pub phones: Option<Vec<String>>,
    /// Values by the name of the field; an empty one removes what was there.
    pub fields: Map<String, Value>,
    pub pinned: Option<bool>,
}

/// The acting user's id, for the log.
pub fn actor(by: &Member) -> String {
    match by.principal().caller() {
        Caller::User(user) => user.id.to_string(),
        Caller::Key(key) => key.to_string(),
        Caller::Secret => "secret".to_owned(),
        Caller::Installation => "installation".to_owned(),
    }
}

pub async fn get(store: &Store, by: &Member, id: ContactId) -> Result<Whole, ContactError> {
    let workspace = by.need(MAY)?;
    Ok(store.read(move |conn| load(conn, workspace, id)).await?)
}

/// A contact with everything known about it.
pub fn load(conn: &Connection, workspace: WorkspaceId, id: ContactId) -> Result<Whole, StoreError> {
    let contact = contacts::get(conn, workspace, id)?;
    let mut maybe = Vec::new();
    for other in contacts::maybe_same(conn, &contact)? {
        match contacts::get(conn, workspace, other) {
            Ok(other) => maybe.push((other.id, other.name.clone())),
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Whole {
        points: contacts::points(conn, &contact)?,
        consents: contacts::consents(conn, &contact)?,
        fields: workspaces::section(conn, workspace, Fields::SECTION)?,
        maybe,
        contact,
    })
}

/// Makes a contact by hand. It is pinned unless the change says otherwise: nothing else would keep it.
///
/// # Errors
/// When something of it makes no sense, or another contact has an address or a number already.
pub async fn create(
    store: &Store,
    by: &Member,
    change: Change,
    now: UnixMs,
) -> Result<Whole, ContactError> {
    let workspace = by.need(MAY)?;
    let by = actor(by);
    let done = store
        .write(move |tx| ContactError::in_transaction(create_in(tx, workspace, &by, change, now)));
    done.await?
}

fn create_in(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    by: &str,
    change: Change,
    now: UnixMs,
) -> Result<Whole, ContactError> {
    let pinned = Some(change.pinned.unwrap_or(true));
    let new = Checked::of(tx, workspace, None, Change { pinned, ..change })?;
    if new.card.name.is_empty() && new.points.is_empty() {
        let detail = "give a name, an e-mail address or a telephone number";
        return Err(ContactError::wrong("name", detail));
    }
    let contact = contacts::create(tx, workspace, &new.card, now)?;
    for (kind, value) in &new.points {
        contacts::add_point(tx, &contact, *kind, value, false, now)?;
    }
    let (id, data) = (contact.id.to_string(), json!({ "by": by }));
    events::append(tx, workspace, "contact_created", &id, &data, now)?;
    Ok(load(tx, workspace, contact.id)?)
}

/// Corrects a contact.
///
/// # Errors
/// When something of it makes no sense, or another contact has an address or a number already.
pub async fn change(
    store: &Store,
    by: &Member,
    id: ContactId,
    change: Change,
    now: UnixMs,
) -> Result<Whole, ContactError> {
    let workspace = by.need(MAY)?;
    let by = actor(by);
    let done = store.write(move |tx| {
        ContactError::in_transaction(change_in(tx, workspace, &by, id, change, now))
    });
    done.await?
}

fn change_in(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    by: &str,
    id: ContactId,
    change: Change,
    now: UnixMs,
) -> Result<Whole, ContactError> {
    let contact = contacts::get(tx, workspace, id)?;
    let kinds = [
        (PointKind::Email, change.emails.is_some()),
        (PointKind::Phone, change.phones.is_some()),
    ];
    let new = Checked::of(tx, workspace, Some(&contact), change)?;
    contacts::update(tx, &contact, &new.card, now)?;
    let before = contacts::points(tx, &contact)?;
    for point in before {
        let is_named = new.points.contains(&(point.kind, point.value.clone()));
        if kinds.contains(&(point.kind, true)) && !is_named {
            contacts::remove_point(tx, &contact, point.kind, &point.value)?;
        }
    }
    for (kind, value) in &new.points {
        contacts::add_point(tx, &contact, *kind, value, false, now)?;
    }
    let (id, data) = (contact.id.to_string(), json!({ "by": by }));
    events::append(tx, workspace, "contact_changed", &id, &data, now)?;
    Ok(load(tx, workspace, contact.id)?)
}

/// What a change makes of a contact, checked before anything is written.
struct Checked {
    card: Card,
    /// The points that it names.
    points: Vec<(PointKind, String)>,
}

impl Checked {
    fn of(
        conn: &Connection,
        workspace: WorkspaceId,
        contact: Option<&Scoped<Contact>>,
        change: Change,
    ) -> Result<Self, ContactError> {
        let before = contact.map(|contact| Contact::clone(contact));
        let name = match change.name {
            Some(name) => tidy(&name, "name", LONGEST_NAME)?,
            None => before.as_ref().map(|c| c.name.clone()).unwrap_or_default(),
        };
        let language = match change.language.as_deref().map(str::trim) {
            Some("") => None,
            Some(code) if code.len() == 2 && code.chars().all(|c| c.is_ascii_alphabetic()) => {
                Some(code.to_ascii_lowercase())
            }
            Some(_) => {
                let detail = "a language is written as two letters, such as en";
                return Err(ContactError::wrong("language", detail));
            }
            None => before.as_ref().and_then(|c| c.language.clone()),
        };
        let fields: Fields = workspaces::section(conn, workspace, Fields::SECTION)?;
        let values = before.as_ref().map(|c| c.fields.clone());
        let values = fields.fill(&values.unwrap_or_default(), &change.fields)?;
        let mut points = Vec::new();
        for email in filled(change.emails, "emails")? {
            points.push((PointKind::Email, parse_email(&email)?));
        }
        let home = country(conn, workspace)?;
        for phone in filled(change.phones, "phones")? {
            points.push((PointKind::Phone, parse_phone(&phone, home.as_deref())?));
        }
        for (kind, value) in &points {
            let other = contacts::find_by_point(conn, workspace, *kind, value)?;
            let has = contact.map_or(Ok(false), |contact| {
                let known = contacts::points(conn, contact)?;
                Ok::<_, StoreError>(known.iter().any(|p| p.kind == *kind && p.value == *value))
            });
            // A claim may have put it into both; a correction keeps it there.
            if other.is_some_and(|other| contact.is_none_or(|own| own.id != other.id)) && !has? {
                let value = value.clone();
                return Err(ContactError::Taken { value });
            }
        }
        Ok(Self {
            card: Card {
                name,
                language,
                fields: values,
                pinned: change
                    .pinned
                    .unwrap_or_else(|| before.is_some_and(|c| c.pinned)),
            },
            points,
        })
    }
}

/// The entries that are not empty.
fn filled(all: Option<Vec<String>>, field: &'static str) -> Result<Vec<String>, ContactError> {
    let mut all = all.unwrap_or_default();
    all.retain(|one| !one.trim().is_empty());
    if all.len() > MOST_POINTS {
        let detail = format!("a contact may have at most {MOST_POINTS} of these");
        return Err(ContactError::wrong(field, detail));
    }
    Ok(all)
}

/// A text on one line, trimmed.
pub(super) fn tidy(text: &str, field: &'static str, most: usize) -> Result<String, ContactError> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.chars().count() <= most {
        true => Ok(text),
        false => {
            let detail = format!("{field} may have at most {most} characters");
            Err(ContactError::wrong(field, detail))
        }
    }
}

/// Makes one contact of two: everything of `from` moves to `into`, which keeps what it knows itself. It cannot be undone.
///
/// # Errors
/// For a contact with itself.
pub async fn merge(
    store: &Store,
    by: &Member,
    from: ContactId,
    into: ContactId,
    now: UnixMs,
) -> Result<Whole, ContactError> {
    let workspace = by.need(MAY)?;
    if from == into {
        let detail = "a contact cannot be merged with itself; choose another";
        return Err(ContactError::wrong("into", detail));
    }
    let by = actor(by);
    let done = store.write(move |tx| {
        let from = contacts::get(tx, workspace, from)?;
        let target = contacts::get(tx, workspace, into)?;
        contacts::merge(tx, &from, &target, &by, now)?;
        load(tx, workspace, into)
    });
    Ok(done.await?)
}

/// Notes that somebody agreed to something or took it back, as they told staff.
///
/// # Errors
/// Without a purpose or a text.
pub async fn note_consent(
    store: &Store,
    by: &Member,
    id: ContactId,
    purpose: String,
    given: bool,
    text: String,
    now: UnixMs,
) -> Result<Whole, ContactError> {
    let workspace = by.need(MAY)?;
    let purpose = tidy(&purpose, "purpose", LONGEST_PURPOSE)?;
    let text = tidy(&text, "text", LONGEST_TEXT)?;
    for (field, value) in [("purpose", &purpose), ("text", &text)] {
        if value.is_empty() {
            let detail = format!("{field} must not be empty");
            return Err(ContactError::wrong(field, detail));
        }
    }
    let done = store.write(move |tx| {
        let contact = contacts::get(tx, workspace, id)?;
        let new = NewConsent {
            purpose: &purpose,
            given,
            text: &text,
            page: None,
        };
        contacts::add_consent(tx, &contact, &new, now)?;
        contacts::touch(tx, &contact, now)?;
        load(tx, workspace, id)
    });
    Ok(done.await?)
}

/// A page of what happened with a contact, newest first. `before` is where the page before ended.
pub async fn timeline(
    store: &Store,
    by: &Member,
    id: ContactId,
    before: Option<(UnixMs, String, String)>,
    limit: u32,
) -> Result<Page<TimelineFilter>, ContactError> {
    let workspace = by.need(MAY)?;
    let listing = Listing {
        workspace,
        filter: TimelineFilter {
            contact: Some(id),
            before,
        },
        limit,
    };
    let page: Page<TimelineFilter> = store.read(move |conn| listing.page(conn)).await?;
    Ok(page)
}

#[cfg(test)]
#[path = "acts_tests.rs"]
mod tests;

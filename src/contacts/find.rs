//! Whose contact it is: the same e-mail address or telephone number is the same person.

use serde_json::{Value, json};

use crate::store::contacts::{self, Card, Contact, Point, PointKind};
use crate::store::{ContactId, Scoped, StoreError, Transaction, UnixMs, WorkspaceId, events};

/// Most ways to reach one contact; what is more is somebody playing.
const MOST_POINTS: usize = 20;

/// What somebody said of themselves, or what a site said of its signed-in visitor. Addresses and numbers as
/// [`parse_email`](super::parse_email) and [`parse_phone`](super::parse_phone) give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// The id that the business's own site gave them; counts only if it is proved.
    pub external: Option<String>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// Whether they proved it, as by a signed identity.
    pub verified: bool,
}

impl Given {
    /// The points, the one that tells most first.
    fn points(&self) -> Vec<(PointKind, &str)> {
        let external = self.external.as_deref().filter(|_| self.verified);
        let all = [
            (PointKind::External, external),
            (PointKind::Email, self.email.as_deref()),
            (PointKind::Phone, self.phone.as_deref()),
        ];
        all.into_iter()
            .filter_map(|(kind, value)| Some((kind, value?)))
            .collect()
    }
}

/// The contact with one of these points, or a new one. What is given and not known is added to it.
///
/// Where the points lead to two contacts, the first of external id, e-mail and telephone number counts. The two stay two, and
/// the log notes that they may be one: only staff merge contacts.
pub fn find_or_create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    given: &Given,
    now: UnixMs,
) -> Result<Scoped<Contact>, StoreError> {
    for (kind, value) in given.points() {
        let Some(known) = contacts::find_by_point(tx, workspace, kind, value)? else {
            continue;
        };
        if has_room(tx, &known, given)? {
            note_given(tx, &known, given, now)?;
            return contacts::get(tx, workspace, known.id);
        }
    }
    let card = Card {
        name: given.name.clone().unwrap_or_default(),
        language: given.language.clone(),
        ..Card::default()
    };
    let contact = contacts::create(tx, workspace, &card, now)?;
    let id = contact.id.to_string();
    events::append(tx, workspace, "contact_created", &id, &json!({}), now)?;
    let others = add_points(tx, &contact, given, now)?.1;
    note_change(tx, &contact, &[], &others, now)?;
    Ok(contact)
}

/// Adds what is given to a contact that is known by other means, such as that of the conversation.
pub fn note_given(
    tx: &Transaction<'_>,
    contact: &Scoped<Contact>,
    given: &Given,
    now: UnixMs,
) -> Result<(), StoreError> {
    contacts::touch(tx, contact, now)?;
    let mut added: Vec<&str> = Vec::new();
    let name = given.name.as_ref().filter(|_| contact.name.is_empty());
    let language = given
        .language
        .as_ref()
        .filter(|_| contact.language.is_none());
    if name.is_some() || language.is_some() {
        added.extend(name.map(|_| "name"));
        let card = Card {
            name: name.unwrap_or(&contact.name).clone(),
            language: language.or(contact.language.as_ref()).cloned(),
            fields: contact.fields.clone(),
            pinned: contact.pinned,
        };
        contacts::update(tx, contact, &card, now)?;
    }
    let (points, others) = match has_room(tx, contact, given)? {
        true => add_points(tx, contact, given, now)?,
        false => (Vec::new(), Vec::new()),
    };
    added.extend(points);
    note_change(tx, contact, &added, &others, now)
}

/// Whether a contact has all of the points, or is not full.
fn has_room(
    tx: &Transaction<'_>,
    contact: &Scoped<Contact>,
    given: &Given,
) -> Result<bool, StoreError> {
    let known = contacts::points(tx, contact)?;
    let has = |(kind, value): &(PointKind, &str)| known.iter().any(|point| is(point, *kind, value));
    Ok(known.len() + 3 <= MOST_POINTS || given.points().iter().all(has))
}

fn is(point: &Point, kind: PointKind, value: &str) -> bool {
    point.kind == kind && point.value == value
}

/// Adds points; returns the kinds of those that are new, and the other contacts that have one of them.
fn add_points(
    tx: &Transaction<'_>,
    contact: &Scoped<Contact>,
    given: &Given,
    now: UnixMs,
) -> Result<(Vec<&'static str>, Vec<ContactId>), StoreError> {
    let (mut added, mut others) = (Vec::new(), Vec::new());
    for (kind, value) in given.points() {
        let other = contacts::find_by_point(tx, contact.workspace(), kind, value)?;
        if contacts::add_point(tx, contact, kind, value, given.verified, now)? {
            added.push(kind.as_str());
            let other = other.map(|other| other.id);
            let new = other.filter(|id| *id != contact.id && !others.contains(id));
            others.extend(new);
        }
    }
    Ok((added, others))
}

/// Notes in the log what changed, and which contacts may be the same person.
fn note_change(
    tx: &Transaction<'_>,
    contact: &Scoped<Contact>,
    added: &[&str],
    others: &[ContactId],
    now: UnixMs,
) -> Result<(), StoreError> {
    let workspace = contact.workspace();
    let id = contact.id.to_string();
    let note =
        |data: Value| events::append(tx, workspace, "contact_changed", &id, &data, now).map(drop);
    if !added.is_empty() {
        note(json!({ "by": "visitor", "added": added }))?;
    }
    for other in others {
        note(json!({ "maybe": other.to_string() }))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "find_tests.rs"]
pub(crate) mod tests;

//! Whom the business's own website vouches for.

use serde_json::json;

use super::find::{Given, note_given};
use crate::store::contacts::{self, Card, Contact, PointKind};
use crate::store::{Scoped, StoreError, Transaction, UnixMs, WorkspaceId, events};

/// Somebody who is signed in on the business's website. Address and number as [`parse_email`](super::parse_email) and
/// [`parse_phone`](super::parse_phone) give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vouched {
    /// The website's own id of them.
    pub id: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// Whether the website vouches for name, address and number too; else the visitor's browser says so.
    pub whole: bool,
}

/// The contact with this id. If nobody has it, it is added to the contact with the address or number that the website vouches
/// for, unless that contact has another id; else to a new one.
pub fn recognise(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    vouched: &Vouched,
    now: UnixMs,
) -> Result<Scoped<Contact>, StoreError> {
    let known = contacts::find_by_point(tx, workspace, PointKind::External, &vouched.id)?;
    let is_new = known.is_none();
    let known = match known {
        None if vouched.whole => find_unnamed(tx, workspace, vouched)?,
        known => known,
    };
    let contact = match known {
        Some(known) => known,
        None => {
            let made = contacts::create(tx, workspace, &Card::default(), now)?;
            let id = made.id.to_string();
            events::append(tx, workspace, "contact_created", &id, &json!({}), now)?;
            made
        }
    };
    contacts::add_point(tx, &contact, PointKind::External, &vouched.id, true, now)?;
    // What somebody had claimed gives way to what the website knows.
    if let Some(name) = vouched.name.as_ref().filter(|_| vouched.whole && is_new) {
        let card = Card {
            name: name.clone(),
            language: contact.language.clone(),
            fields: contact.fields.clone(),
            pinned: contact.pinned,
        };
        contacts::update(tx, &contact, &card, now)?;
    }
    let contact = contacts::get_even_due(tx, workspace, contact.id)?;
    let given = Given {
        name: vouched.name.clone(),
        email: vouched.email.clone(),
        phone: vouched.phone.clone(),
        verified: vouched.whole,
        ..Given::default()
    };
    note_given(tx, &contact, &given, now)?;
    contacts::get(tx, workspace, contact.id)
}

/// A contact with the address or the number that no website's id belongs to yet.
fn find_unnamed(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    vouched: &Vouched,
) -> Result<Option<Scoped<Contact>>, StoreError> {
    let points = [
        (PointKind::Email, &vouched.email),
        (PointKind::Phone, &vouched.phone),
    ];
    for (kind, value) in points {
        let Some(value) = value else { continue };
        let Some(found) = contacts::find_by_point(tx, workspace, kind, value)? else {
            continue;
        };
        let known = contacts::points(tx, &found)?;
        if known.iter().all(|point| point.kind != PointKind::External) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contacts::find::tests::in_a_shop;
    use crate::store::workspaces;

    fn vouched(id: &str, name: &str, email: &str, whole: bool) -> Vouched {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Vouched {
            id: id.into(),
            name: some(name),
            email: some(email),
            phone: None,
            whole,
        }
    }

    fn claimed(email: &str) -> Given {
        Given {
            name: Some("Who knows".into()),
            email: Some(email.into()),
            ..Given::default()
        }
    }

    #[test]
    fn an_id_is_one_person_whatever_they_are_called() {
        in_a_shop(|tx, shop| {
            let ann = recognise(tx, shop, &vouched("1", "Ann", "ann@example.com", true), 5)?;
            assert_eq!(ann.name, "Ann");
            let points = contacts::points(tx, &ann)?;
            assert!(points.iter().all(|point| point.verified), "{points:?}");
            let again = recognise(tx, shop, &vouched("1", "", "new@example.com", true), 6)?;
            assert_eq!((again.id, again.name.as_str()), (ann.id, "Ann"));
            assert_eq!(contacts::points(tx, &again)?.len(), 3);
            let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
            let there = recognise(tx, other, &vouched("1", "", "", true), 7)?;
            assert_ne!(there.id, ann.id);
            Ok(())
        });
    }

    #[test]
    fn what_was_claimed_is_taken_over_only_by_the_websites_word() {
        in_a_shop(|tx, shop| {
            let lead = super::super::find_or_create(tx, shop, &claimed("ann@example.com"), 5)?;
            // The browser alone says so.
            let said = vouched("1", "Ann", "ann@example.com", false);
            let other = recognise(tx, shop, &said, 6)?;
            assert_ne!(other.id, lead.id);
            let points = contacts::points(tx, &other)?;
            let email = points.iter().find(|point| point.kind == PointKind::Email);
            assert_eq!(email.map(|point| point.verified), Some(false));
            // The website does.
            let ann = recognise(tx, shop, &vouched("2", "Ann", "ann@example.com", true), 7)?;
            assert_eq!((ann.id, ann.name.as_str()), (lead.id, "Ann"));
            // Two ids stay two people, even with one address.
            let ben = recognise(tx, shop, &vouched("3", "Ben", "ann@example.com", true), 8)?;
            assert!(ben.id != ann.id && ben.id != other.id);
            Ok(())
        });
    }
}

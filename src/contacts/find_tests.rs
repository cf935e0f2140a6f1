use super::*;
use crate::store::contacts::ContactFilter;
use crate::store::listing::ListFilter;
use crate::store::{EventId, Store, workspaces};

pub(crate) fn in_a_shop(
    test: impl FnOnce(&Transaction<'_>, WorkspaceId) -> Result<(), StoreError> + Send + 'static,
) {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            test(tx, shop)
        })
        .unwrap();
}

fn given(name: &str, email: &str, phone: &str) -> Given {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Given {
        name: some(name),
        email: some(email),
        phone: some(phone),
        ..Given::default()
    }
}

fn all(tx: &Transaction<'_>, shop: WorkspaceId) -> usize {
    ContactFilter::default().list(tx, shop, 99).unwrap().len()
}

#[test]
fn the_same_address_or_number_is_the_same_contact() {
    in_a_shop(|tx, shop| {
        let ann = find_or_create(tx, shop, &given("Ann", "ann@example.com", ""), 1)?;
        let again = find_or_create(
            tx,
            shop,
            &given("A. Smith", "ann@example.com", "+4930123456"),
            2,
        )?;
        let third = find_or_create(tx, shop, &given("", "", "+4930123456"), 3)?;
        assert_eq!((again.id, third.id, all(tx, shop)), (ann.id, ann.id, 1));
        // What is known already stays.
        assert_eq!(third.name, "Ann");
        assert_eq!(contacts::points(tx, &third)?.len(), 2);
        let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
        let elsewhere = find_or_create(tx, other, &given("", "ann@example.com", ""), 4)?;
        assert_ne!(elsewhere.id, ann.id);
        let kinds: Vec<_> = events::list(tx, shop, EventId(0), 9)?
            .into_iter()
            .map(|event| event.kind)
            .collect();
        assert_eq!(kinds, ["contact_created", "contact_changed"]);
        Ok(())
    });
}

#[test]
fn who_gives_nothing_is_somebody_new_each_time() {
    in_a_shop(|tx, shop| {
        let one = find_or_create(tx, shop, &Given::default(), 1)?;
        let two = find_or_create(tx, shop, &given("Ann", "", ""), 1)?;
        let three = find_or_create(tx, shop, &given("Ann", "", ""), 1)?;
        assert!(one.id != two.id && two.id != three.id);
        Ok(())
    });
}

#[test]
fn a_claim_never_makes_one_contact_of_two() {
    in_a_shop(|tx, shop| {
        let ann = find_or_create(tx, shop, &given("Ann", "ann@example.com", ""), 1)?;
        let ben = find_or_create(tx, shop, &given("Ben", "", "+4930123456"), 1)?;
        let claim = find_or_create(tx, shop, &given("Eve", "ann@example.com", "+4930123456"), 2)?;
        assert_eq!((claim.id, all(tx, shop)), (ann.id, 2));
        assert_eq!(contacts::points(tx, &ben)?.len(), 1);
        let told = events::list(tx, shop, EventId(0), 9)?;
        let maybe = told.iter().find(|event| event.data.get("maybe").is_some());
        let maybe = maybe.map(|event| (event.subject.clone(), event.data["maybe"].clone()));
        assert_eq!(maybe, Some((ann.id.to_string(), json!(ben.id.to_string()))));
        // The id of a site counts only with its signature.
        let mut claimed = given("", "", "");
        claimed.external = Some("42".into());
        let stranger = find_or_create(tx, shop, &claimed, 3)?;
        assert!(contacts::points(tx, &stranger)?.is_empty());
        claimed.verified = true;
        let signed = find_or_create(tx, shop, &claimed, 3)?;
        assert!(contacts::points(tx, &signed)?[0].verified);
        assert_eq!(find_or_create(tx, shop, &claimed, 4)?.id, signed.id);
        Ok(())
    });
}

#[test]
fn a_contact_that_was_hidden_is_shown_again_and_a_full_one_is_left_alone() {
    in_a_shop(|tx, shop| {
        let ann = find_or_create(tx, shop, &given("Ann", "ann@example.com", ""), 1)?;
        tx.execute("UPDATE contacts SET due_at = 9", ())?;
        assert!(contacts::get(tx, shop, ann.id).is_err());
        find_or_create(tx, shop, &given("", "ann@example.com", ""), 2)?;
        assert!(contacts::get(tx, shop, ann.id).is_ok());
        for at in 0..30 {
            let phone = format!("+49301234{at:02}");
            find_or_create(tx, shop, &given("", "ann@example.com", &phone), 3)?;
        }
        assert!(contacts::points(tx, &ann)?.len() <= MOST_POINTS);
        let known = find_or_create(tx, shop, &given("", "ann@example.com", ""), 4)?;
        assert_eq!(known.id, ann.id);
        Ok(())
    });
}

use super::*;
use crate::store::{Store, workspaces};
use jiff::civil::date;

#[test]
fn what_people_type_is_read() {
    for (text, expected) in [
        ("08:00-12:00, 13:30-17:00", "08:00-12:00, 13:30-17:00"),
        ("8am-5pm", "08:00-17:00"),
        ("9-13", "09:00-13:00"),
        ("closed", "closed"),
        ("", "closed"),
        ("22:00-02:00", "22:00-02:00"),
        ("00:00-24:00", "00:00-00:00"),
    ] {
        assert_eq!(show_spans(&read_spans(text).unwrap()), expected, "{text}");
    }
    for text in ["maybe", "8", "25:00-26:00", "8-"] {
        assert!(read_spans(text).is_err(), "{text}");
    }
    assert_eq!(read_which("1, 3").unwrap(), [1, 3]);
    assert_eq!(read_which("1st and last").unwrap(), [1, -1]);
    assert!(read_which("first-ish").is_err());
}

#[test]
fn facts_are_entered_in_words() {
    let today = date(2026, 11, 23);
    let told = |kind: &str, text: &str| -> Vec<String> {
        read(kind, text, today).unwrap().iter().map(show).collect()
    };
    assert_eq!(
        told("hours", "Mon-Fri 8-17, Sat 9-13"),
        ["mon tue wed thu fri: 08:00-17:00", "sat: 09:00-13:00"]
    );
    assert_eq!(
        told("holiday", "Dec 24: 8 to noon"),
        ["2026-12-24: 08:00-12:00"]
    );
    assert_eq!(
        told("phone", "Urgent line: (207) 555-0177"),
        ["Urgent line: (207) 555-0177"]
    );
    assert_eq!(told("price", "Crown = 1,450 USD"), ["Crown: 1,450 USD"]);
    for (kind, text) in [
        ("hours", "whenever"),
        ("hours", "Dec 24: closed"),
        ("holiday", "soon"),
        ("price", "Crown"),
        ("colour", "red"),
        ("phone", ""),
    ] {
        assert!(read(kind, text, today).is_err(), "{kind} {text}");
    }
}

#[test]
fn zones_and_countries_are_checked() {
    let settings = |zone: &str, country: &str| Settings {
        time_zone: Some(zone.into()),
        country: Some(country.into()),
        ..Settings::default()
    };
    let good = checked(settings("Europe/Berlin", "de")).unwrap();
    assert_eq!(good.country.as_deref(), Some("DE"));
    assert_eq!(checked(settings(" ", "")).unwrap(), Settings::default());
    assert!(checked(settings("Mars/Base", "DE")).is_err());
    assert!(checked(settings("Europe/Berlin", "Germany")).is_err());
}

#[tokio::test]
async fn a_week_replaces_the_week_before_and_keeps_what_stays() {
    let store = Store::open_in_memory().unwrap();
    store
        .write(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let row = |days: &[Day], open: &str| Weekly {
                label: None,
                days: days.to_vec(),
                which: Vec::new(),
                open: read_spans(open).unwrap(),
                note: String::new(),
                from: None,
                until: None,
            };
            let told = |tx: &Transaction<'_>| -> Result<Vec<String>, StoreError> {
                let mut told: Vec<String> = Book::open(tx, shop)?
                    .entries
                    .iter()
                    .map(|e| show(&e.data.what))
                    .collect();
                told.sort();
                Ok(told)
            };
            let kept = enter(
                tx,
                shop,
                What::Weekly(row(&[Day::Mon, Day::Tue], "8-17")),
                1,
            )?;
            let gone = enter(tx, shop, What::Weekly(row(&[Day::Wed], "8-17")), 1)?;
            let week = [
                row(&[Day::Mon], "8-17"),
                row(&[Day::Tue], "8-17"),
                row(&[Day::Wed], "closed"),
            ];
            set_week(tx, shop, &week, 2)?;
            assert_eq!(told(tx)?, ["mon tue: 08:00-17:00", "wed: closed"]);
            assert!(facts::get(tx, shop, kept).is_ok());
            assert!(facts::get(tx, shop, gone).is_err());
            set_week(tx, shop, &week, 3)?;
            assert_eq!(told(tx)?.len(), 2);
            Ok(())
        })
        .await
        .unwrap();
}

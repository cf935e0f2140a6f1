use super::*;
use crate::hours::edit;
use crate::hours::opening::{Day, Special, Weekly};
use crate::hours::{Data, StatedPlace};
use crate::store::facts::{FactState, HolidayRule, NewFact, Settings};
use crate::store::{self, Store, Transaction, WorkspaceId, workspaces};
use jiff::civil::date;

fn weekly(days: &[Day], which: &[i8], open: &str, note: &str) -> What {
    What::Weekly(Weekly {
        label: None,
        days: days.to_vec(),
        which: which.to_vec(),
        open: edit::read_spans(open).unwrap(),
        note: note.into(),
        from: None,
        until: None,
    })
}

fn special(month: i8, day: i8, open: &str, note: &str) -> What {
    let on = date(2026, month, day);
    What::Special(Special {
        label: None,
        from: on,
        until: on,
        open: Some(edit::read_spans(open).unwrap()),
        note: note.into(),
    })
}

fn week() -> Vec<(What, &'static str)> {
    use Day::*;
    vec![
        (weekly(&[Mon, Tue, Wed], &[], "8-17", ""), "Mon-Wed 8-17"),
        (weekly(&[Thu], &[], "10-19", ""), "Thu 10-19"),
        (weekly(&[Fri], &[], "8-14", ""), "Fri 8-14"),
        (
            weekly(&[Sat], &[1, 3], "9-13", ""),
            "Sat 9-13, first and third only",
        ),
        (weekly(&[Sun], &[], "closed", ""), "Sunday closed"),
        (
            special(12, 24, "8-12", "urgent visits only"),
            "Thu Dec 24: open 8 to noon, urgent visits only",
        ),
        (special(12, 25, "closed", ""), "Fri Dec 25: closed"),
        (special(11, 27, "closed", ""), "Fri Nov 27: closed"),
    ]
}

fn insert_facts(
    tx: &Transaction<'_>,
    shop: WorkspaceId,
    facts: Vec<(What, &'static str)>,
    state: FactState,
) {
    for (what, quote) in facts {
        let data = Data {
            what,
            place: Some(StatedPlace::default()),
            changed: false,
        };
        let new = NewFact {
            kind: data.what.kind().into(),
            data: data.write(),
            state,
            document: None,
            version: None,
            quote: quote.into(),
        };
        store::facts::insert(tx, shop, &new, 1).unwrap();
    }
}

/// A book of these facts, in New York.
async fn book(confirmed: Vec<(What, &'static str)>, proposed: Vec<(What, &'static str)>) -> Book {
    let store = Store::open_in_memory().unwrap();
    store
        .write(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Harbor Shop", 1)?.id;
            insert_facts(tx, shop, confirmed, FactState::Confirmed);
            insert_facts(tx, shop, proposed, FactState::Proposed);
            let settings = Settings {
                time_zone: Some("America/New_York".into()),
                ..Settings::default()
            };
            store::facts::set_settings(tx, shop, &settings)?;
            Book::open(tx, shop)
        })
        .await
        .unwrap()
}

fn ask_at(book: &Book, question: &str, now: &str) -> Option<String> {
    preview(book, question, "Harbor Shop", now.parse().unwrap())
}

// A Monday, 10:00 in New York.
const NOW: &str = "2026-11-23T10:00:00-05:00";

#[tokio::test]
async fn confirmed_hours_are_computed() {
    let book = book(week(), Vec::new()).await;
    for (question, now, expected) in [
        (
            "u guys open tmrw?",
            "2026-12-23T15:20:00-05:00",
            "On Thursday, 24 December we are open from 8:00 am to 12:00 pm (urgent visits only).",
        ),
        (
            "are you open now?",
            NOW,
            "Right now (Monday, 10:00 am) we are open, until 5:00 pm.",
        ),
        (
            "are you open now?",
            "2026-11-22T10:00:00-05:00",
            "Right now (Sunday, 10:00 am) we are closed. We open again on Monday, 23 November at 8:00 am.",
        ),
        (
            "are you open this saturday",
            "2026-12-10T09:00:00-05:00",
            "On Saturday, 12 December we are closed. We open again on Monday, 14 December at 8:00 am.",
        ),
        (
            "do you work saturdays?",
            NOW,
            "On Saturdays (only the first and third of the month) we are open from 9:00 am to 1:00 pm.",
        ),
        (
            "Could I come in on thursdays, around 8 in the morning?",
            NOW,
            "On Thursdays we are open from 10:00 am to 7:00 pm; at 8:00 am we are closed.",
        ),
        (
            "Are you open tomorrow at 6pm?",
            NOW,
            "On Tuesday, 24 November we are open from 8:00 am to 5:00 pm; at 6:00 pm we are closed.",
        ),
        (
            "When do you close on Friday?",
            NOW,
            "On Friday, 27 November we are closed. We open again on Monday, 30 November at 8:00 am. In a usual week: On Fridays we are open from 8:00 am to 2:00 pm.",
        ),
        (
            "Habt ihr am Dienstag offen?",
            NOW,
            "Am Dienstag, 24. November haben wir von 8:00 bis 17:00 Uhr geöffnet.",
        ),
        (
            "¿Abren mañana?",
            NOW,
            "El martes, 24 de noviembre abrimos de 8:00 a 17:00.",
        ),
        (
            "Siete aperti domani?",
            NOW,
            "Martedì 24 novembre siamo aperti dalle 8:00 alle 17:00.",
        ),
        (
            "Are you open on Christmas Day?",
            NOW,
            "On Friday, 25 December we are closed. We open again on Monday, 28 December at 8:00 am.",
        ),
    ] {
        assert_eq!(
            ask_at(&book, question, now).as_deref(),
            Some(expected),
            "{question}"
        );
    }
    let week = ask_at(&book, "What are your hours?", NOW).unwrap();
    assert!(
        week.contains("Saturday (only the first and third of the month) from 9:00 am to 1:00 pm"),
        "{week}"
    );
    assert!(week.contains("Sunday closed"), "{week}");
}

#[tokio::test]
async fn what_the_facts_do_not_know_is_passed_on() {
    let book = book(week(), Vec::new()).await;
    for question in [
        "Are you open on Presidents' Day?",
        "open on mlk day?",
        "Are you open on 15 February?",
        "Are you open on New Year's Eve?",
        "Is Dr Raman in tomorrow?",
        "When does the garage close?",
        "Are you open in August?",
        "do you have an appointment tomorrow?",
        "Were you open before Christmas?",
    ] {
        assert_eq!(ask_at(&book, question, NOW), None, "{question}");
    }
}

#[tokio::test]
async fn the_owner_may_say_what_holds_on_public_holidays() {
    let mut book = book(week(), Vec::new()).await;
    book.settings.holidays = HolidayRule::Closed;
    let closed = ask_at(&book, "Are you open on Presidents' Day?", NOW).unwrap();
    assert!(
        closed.starts_with("On Monday, 15 February 2027 we are closed (Presidents' Day)"),
        "{closed}"
    );
    book.settings.holidays = HolidayRule::Usual;
    let open = ask_at(&book, "Are you open on Presidents' Day?", NOW).unwrap();
    assert!(open.contains("open from 8:00 am to 5:00 pm"), "{open}");
}

#[tokio::test]
async fn what_nobody_confirmed_is_only_quoted() {
    let book = book(Vec::new(), week()).await;
    let answer = ask_at(&book, "u guys open tmrw?", "2026-12-23T15:20:00-05:00").unwrap();
    assert_eq!(
        answer,
        "Thursday, 24 December 2026 – according to our documents: “Thu Dec 24: open 8 to noon, urgent visits only”"
    );
    let answer = ask_at(&book, "do you work saturdays?", NOW).unwrap();
    assert_eq!(
        answer,
        "Saturday – according to our documents: “Sat 9-13, first and third only”"
    );
    assert_eq!(ask_at(&book, "Are you open on Presidents' Day?", NOW), None);
    assert_eq!(
        ask_at(&book, "do you have an appointment tomorrow?", NOW),
        None
    );
    let closed = ask_at(&book, "appointment on dec 25 possible?", NOW).unwrap();
    assert!(closed.contains("Fri Dec 25: closed"), "{closed}");
}

#[tokio::test]
async fn an_exception_that_nobody_confirmed_keeps_the_week_from_answering() {
    let (exceptions, rows): (Vec<_>, Vec<_>) = week()
        .into_iter()
        .partition(|(w, _)| matches!(w, What::Special(_)));
    let book = book(rows, exceptions).await;
    let answer = ask_at(&book, "Are you open on 27 November?", NOW).unwrap();
    assert!(answer.contains("“Fri Nov 27: closed”"), "{answer}");
    let answer = ask_at(&book, "Are you open tomorrow?", NOW).unwrap();
    assert!(
        answer.starts_with("On Tuesday, 24 November we are open"),
        "{answer}"
    );
}

#[tokio::test]
async fn two_documents_that_contradict_are_not_guessed_between() {
    let mut facts = week();
    facts.push((special(12, 24, "closed", ""), "Thu Dec 24: closed all day"));
    let store = Store::open_in_memory().unwrap();
    let book = store
        .write(move |tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let new = |name| store::documents::NewDocument {
                name,
                title: name,
                media_type: "text/plain",
                original: b"x",
            };
            let a = store::documents::insert(tx, shop, &new("a.txt"), 1)?;
            let b = store::documents::insert(tx, shop, &new("b.txt"), 1)?;
            for (at, (what, quote)) in facts.into_iter().enumerate() {
                let from = if at == 8 { b } else { a };
                let data = Data {
                    what,
                    place: Some(StatedPlace::default()),
                    changed: false,
                };
                let new = NewFact {
                    kind: data.what.kind().into(),
                    data: data.write(),
                    state: FactState::Proposed,
                    document: Some(from.document()),
                    version: Some(from.version()),
                    quote: quote.into(),
                };
                store::facts::insert(tx, shop, &new, 1)?;
            }
            Book::open(tx, shop)
        })
        .await
        .unwrap();
    assert_eq!(ask_at(&book, "Are you open on 24 December?", NOW), None);
    assert!(ask_at(&book, "Are you open on 25 December?", NOW).is_some());
}

#[tokio::test]
async fn contact_data_is_told() {
    let phone = |label: &str, number: &str| What::Phone {
        label: label.into(),
        number: number.into(),
    };
    let facts = vec![
        (
            What::Address {
                text: "1 Pier Road, Portland, ME 04101".into(),
            },
            "1 Pier Road, Portland, ME 04101",
        ),
        (phone("Urgent line", "555-0177"), "Urgent line: 555-0177"),
        (phone("Phone", "555-0142"), "Phone: 555-0142"),
    ];
    let book = book(facts, Vec::new()).await;
    assert_eq!(
        ask_at(&book, "adress & fone nr pls", NOW).as_deref(),
        Some("1 Pier Road, Portland, ME 04101\nPhone: 555-0142")
    );
    assert_eq!(ask_at(&book, "what is your email?", NOW), None);
    assert_eq!(
        ask_at(&book, "what is the phone number of the pharmacy?", NOW),
        None
    );
}

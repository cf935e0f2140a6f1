use super::*;
use crate::hours::data::What;
use jiff::civil::date;

fn read(text: &str, language: &str) -> Vec<Proposal> {
    let mut start = 0;
    let lines: Vec<DocumentLine<'_>> = text
        .split('\n')
        .map(|line| {
            let heading = line.starts_with("# ");
            let skip = if heading { 2 } else { 0 };
            let found = DocumentLine {
                text: &line[skip..],
                start: start + skip,
                heading,
            };
            start += line.len() + 1;
            found
        })
        .collect();
    let source = Source {
        lines: &lines,
        title: "",
        language,
        dated: None,
        today: date(2026, 11, 16),
    };
    let found = propose(&source);
    for p in &found {
        assert_eq!(&text[p.place.span[0]..p.place.span[1]], p.quote);
    }
    found
}

fn spans(open: &[crate::hours::opening::Span]) -> String {
    let open: Vec<String> = open
        .iter()
        .map(|s| format!("{}-{}", s.from.strftime("%H:%M"), s.to.strftime("%H:%M")))
        .collect();
    if open.is_empty() {
        "closed".into()
    } else {
        open.join("+")
    }
}

fn told(text: &str, language: &str) -> Vec<String> {
    read(text, language)
        .into_iter()
        .map(|p| match p.what {
            What::Weekly(w) => {
                let days: Vec<&str> = w.days.iter().map(|d| d.code()).collect();
                let which = if w.which.is_empty() {
                    String::new()
                } else {
                    format!(" {:?}", w.which)
                };
                let label = w.label.map(|l| format!("{l}: ")).unwrap_or_default();
                let note = if w.note.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", w.note)
                };
                format!("{label}{}{which} {}{note}", days.join(","), spans(&w.open))
            }
            What::Special(s) => {
                let open = s.open.as_deref().map_or("usual".into(), spans);
                let note = if s.note.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", s.note)
                };
                format!("{}..{} {open}{note}", s.from, s.until)
            }
            What::Address { text } => format!("address {text}"),
            What::Phone { label, number } => format!("phone {label}={number}"),
            What::Email { label, address } => format!("email {label}={address}"),
            What::Price { .. } => "price".into(),
        })
        .collect()
}

#[test]
fn weeks_are_read_from_tables_and_prose() {
    for (text, language, expected) in [
        (
            "# Hours\nDay: Monday | Open: 8:00 am – 5:00 pm",
            "en",
            vec!["mon 08:00-17:00"],
        ),
        (
            "# Hours\nDay: Wednesday | Open: 8:00 am – 5:00 pm | Notes: Closed 12:30 – 1:30 pm for training",
            "en",
            vec!["wed 08:00-12:30+13:30-17:00 (Closed 12:30 – 1:30 pm for training)"],
        ),
        (
            "# Hours\nDay: Saturday | Open: 9:00 am – 1:00 pm | Notes: First and third Saturday of the month only",
            "en",
            vec!["sat [1, 3] 09:00-13:00 (First and third Saturday of the month only)"],
        ),
        (
            "# Hours\nDay: Sunday | Open: Closed",
            "en",
            vec!["sun closed"],
        ),
        ("# Hours\nMonday | 10–14", "en", vec!["mon 10:00-14:00"]),
        (
            "Office hours: Mon-Fri 8-5, every Saturday 9-3. Missed visit: $40",
            "en",
            vec![
                "mon,tue,wed,thu,fri 08:00-17:00",
                "sat 09:00-15:00 (Missed visit: $40)",
            ],
        ),
        (
            "Öffnungszeiten: Mo–Fr 8–18 Uhr, Sa 9–13 Uhr",
            "de",
            vec!["mon,tue,wed,thu,fri 08:00-18:00", "sat 09:00-13:00"],
        ),
        (
            "# Sprechzeiten\nMo, Di, Do 8–12 und 14–18 Uhr",
            "de",
            vec!["mon,tue,thu 08:00-12:00+14:00-18:00"],
        ),
        (
            "Abierto de lunes a viernes de 9:00 a 14:00 y de 17:00 a 20:30",
            "es",
            vec!["mon,tue,wed,thu,fri 09:00-14:00+17:00-20:30"],
        ),
        (
            "Ouvert du mardi au samedi de 9h à 19h, fermé le lundi",
            "fr",
            vec!["tue,wed,thu,fri,sat 09:00-19:00 (fermé le lundi)"],
        ),
        (
            "Orari: lunedì - sabato 9.00 - 19.30",
            "it",
            vec!["mon,tue,wed,thu,fri,sat 09:00-19:30"],
        ),
        (
            "# Opening hours\nFriday and Saturday 6 pm – 2 am",
            "en",
            vec!["fri,sat 18:00-02:00"],
        ),
        (
            "Pharmacy hours: Mon-Fri 9 to 6",
            "en",
            vec!["Pharmacy hours: mon,tue,wed,thu,fri 09:00-18:00"],
        ),
        // Nothing of this is about the doors.
        ("# Courses\nYoga\nTuesday 18-19", "en", vec![]),
        (
            "Tuesday and Thursday evenings, and Saturdays.",
            "en",
            vec![],
        ),
        (
            "Given on the second Friday of each month. Do not eat for 8 hours.",
            "en",
            vec![],
        ),
        (
            "# Hours\nPhones are answered from 7:45 am Monday to Friday.",
            "en",
            vec![],
        ),
    ] {
        assert_eq!(told(text, language), expected, "{text}");
    }
}

#[test]
fn exceptions_are_read_with_their_dates_and_notes() {
    for (line, language, expected) in [
        (
            "Wed Nov 25: 8 to 3 (two hours shorter than usual)",
            "en",
            vec!["2026-11-25..2026-11-25 08:00-15:00 (two hours shorter than usual)"],
        ),
        (
            "Thu Nov 26 and Fri Nov 27: closed",
            "en",
            vec![
                "2026-11-26..2026-11-26 closed",
                "2026-11-27..2026-11-27 closed",
            ],
        ),
        (
            "Sat Dec 5 and Sat Dec 19: open 9 to 1 as usual",
            "en",
            vec![
                "2026-12-05..2026-12-05 09:00-13:00 (as usual)",
                "2026-12-19..2026-12-19 09:00-13:00 (as usual)",
            ],
        ),
        (
            "Thu Dec 24: open 8 to noon, Dr. Ames only, urgent visits",
            "en",
            vec!["2026-12-24..2026-12-24 08:00-12:00 (Dr. Ames only, urgent visits)"],
        ),
        (
            "Fri Dec 25 to Sun Dec 27: closed",
            "en",
            vec!["2026-12-25..2026-12-27 closed"],
        ),
        (
            "Mon Dec 28 to Wed Dec 30: open 9 to 3",
            "en",
            vec!["2026-12-28..2026-12-30 09:00-15:00"],
        ),
        (
            "Thu Dec 31 and Fri Jan 1: closed",
            "en",
            vec![
                "2026-12-31..2026-12-31 closed",
                "2027-01-01..2027-01-01 closed",
            ],
        ),
        (
            "Sat Jan 2: closed - this first-Saturday moves to Jan 9, 9 to 1",
            "en",
            vec![
                "2027-01-02..2027-01-02 closed (this first-Saturday moves to Jan 9, 9 to 1)",
                "2027-01-09..2027-01-09 09:00-13:00",
            ],
        ),
        (
            "Mon Jan 4: back to regular hours",
            "en",
            vec!["2027-01-04..2027-01-04 usual"],
        ),
        (
            "24.12.: 8–12 Uhr",
            "de",
            vec!["2026-12-24..2026-12-24 08:00-12:00"],
        ),
        (
            "Heiligabend: geschlossen",
            "de",
            vec!["2026-12-24..2026-12-24 closed"],
        ),
        (
            "Christmas Day (December 25): closed",
            "en",
            vec!["2026-12-25..2026-12-25 closed"],
        ),
        (
            "On Dec 25 and 26 the covering dentist is Dr. Weiss.",
            "en",
            vec![],
        ),
        (
            "visits have to happen (not just be booked) by Dec 30.",
            "en",
            vec![],
        ),
        ("> Wed Nov 25: 8 to 5", "en", vec![]),
    ] {
        assert_eq!(
            told(&format!("# Holiday hours\n{line}"), language),
            expected,
            "{line}"
        );
    }
}

#[test]
fn ways_to_reach_the_house_are_read() {
    for (line, expected) in [
        (
            "Bluebird Dental, 48 Harbor Street, Suite 2, Portland, ME 04101",
            vec!["address Bluebird Dental, 48 Harbor Street, Suite 2, Portland, ME 04101"],
        ),
        (
            "Hauptstraße 12, 10115 Berlin",
            vec!["address Hauptstraße 12, 10115 Berlin"],
        ),
        (
            "Address: Via Roma 3, Torino",
            vec!["address Via Roma 3, Torino"],
        ),
        ("Phone: (207) 555-0142", vec!["phone Phone=(207) 555-0142"]),
        (
            "After-hours urgent line: (207) 555-0177",
            vec!["phone After-hours urgent line=(207) 555-0177"],
        ),
        ("Tel. +49 30 1234567", vec!["phone Tel=+49 30 1234567"]),
        (
            "E-mail: hello@shop.example",
            vec!["email E-mail=hello@shop.example"],
        ),
        ("Order 26-0817 of 24.12.2026 costs $1,450", vec![]),
        (
            "We moved in 2015 from the old street to the new one.",
            vec![],
        ),
    ] {
        assert_eq!(told(line, "en"), expected, "{line}");
    }
}

#[test]
fn the_date_from_which_it_holds_is_read() {
    let dated = |text: &str| read(text, "en").first().and_then(|p| p.place.dated);
    assert_eq!(
        dated("# Hours\nRegular hours, in effect since September 8, 2026\nMonday 8-5"),
        Some(date(2026, 9, 8))
    );
    assert_eq!(
        dated("# Fees\nEffective January 15, 2024 (printed)\nOffice hours: Mon-Fri 8-5"),
        Some(date(2024, 1, 15))
    );
    assert_eq!(
        dated("# Holiday hours\nFrom: Ann (a@b.example) | Date: 2026-11-10\nThu Dec 24: closed"),
        Some(date(2026, 11, 10))
    );
    assert_eq!(dated("# Hours\nMonday 8-5"), None);
}

use super::*;
use jiff::civil::{date, time};

fn span(text: &str) -> Span {
    let (from, to) = text.split_once('-').unwrap();
    Span {
        from: clock(from).unwrap(),
        to: clock(to).unwrap(),
    }
}

fn weekly(days: &[Day], which: &[i8], open: &[&str]) -> Weekly {
    Weekly {
        label: None,
        days: days.to_vec(),
        which: which.to_vec(),
        open: open.iter().map(|s| span(s)).collect(),
        note: String::new(),
        from: None,
        until: None,
    }
}

fn special(from: Date, until: Date, open: Option<&[&str]>) -> Special {
    Special {
        label: None,
        from,
        until,
        open: open.map(|o| o.iter().map(|s| span(s)).collect()),
        note: String::new(),
    }
}

fn shop() -> Hours {
    use Day::*;
    let mut summer = weekly(&[Mon, Tue, Wed, Thu, Fri], &[], &["07:00-15:00"]);
    summer.from = Some(date(2026, 7, 1));
    summer.until = Some(date(2026, 8, 31));
    Hours {
        weekly: vec![
            weekly(&[Mon, Tue, Thu], &[], &["08:00-12:30", "13:30-17:00"]),
            weekly(&[Wed], &[], &["08:00-17:00"]),
            weekly(&[Fri], &[], &["18:00-02:00"]),
            weekly(&[Sat], &[1, 3], &["09:00-13:00"]),
            weekly(&[Sun], &[], &[]),
            summer,
        ],
        special: vec![
            special(date(2026, 12, 20), date(2027, 1, 3), Some(&[])),
            special(
                date(2026, 12, 24),
                date(2026, 12, 24),
                Some(&["08:00-12:00"]),
            ),
            special(date(2026, 12, 22), date(2026, 12, 22), None),
        ],
    }
}

#[test]
fn a_date_has_its_hours() {
    let told = |d: Date| {
        let day = shop().on(d);
        let open: Vec<String> = day
            .open
            .iter()
            .map(|s| format!("{}-{}", s.from.strftime("%H:%M"), s.to.strftime("%H:%M")))
            .collect();
        open.join(",")
    };
    for (on, expected) in [
        (date(2026, 11, 23), "08:00-12:30,13:30-17:00"),
        (date(2026, 11, 27), "18:00-02:00"),
        (date(2026, 11, 21), "09:00-13:00"), // third Saturday
        (date(2026, 11, 28), ""),            // fourth
        (date(2026, 12, 5), "09:00-13:00"),  // first
        (date(2026, 11, 29), ""),
        (date(2026, 7, 15), "07:00-15:00"),
        (date(2026, 12, 21), ""),
        (date(2026, 12, 24), "08:00-12:00"),
        (date(2026, 12, 22), "08:00-12:30,13:30-17:00"),
    ] {
        assert_eq!(told(on), expected, "{on}");
    }
    assert_eq!(shop().on(date(2026, 11, 28)).basis, Basis::Weekly(vec![3]));
    assert_eq!(shop().on(date(2026, 12, 24)).basis, Basis::Special(1));
    let gap = Hours {
        weekly: vec![weekly(&[Day::Mon], &[], &["08:00-12:00"])],
        special: vec![],
    };
    assert_eq!(gap.on(date(2026, 11, 24)).basis, Basis::Unstated);
}

#[test]
fn the_last_friday_of_a_month() {
    let hours = Hours {
        weekly: vec![weekly(&[Day::Fri], &[-1], &["08:00-12:00"])],
        special: vec![],
    };
    assert!(hours.on(date(2026, 11, 20)).open.is_empty());
    assert!(!hours.on(date(2026, 11, 27)).open.is_empty());
    assert!(!hours.on(date(2026, 2, 27)).open.is_empty());
}

fn at(text: &str) -> Zoned {
    format!("{text}[Europe/Berlin]").parse().unwrap()
}

#[test]
fn open_or_closed_at_a_moment() {
    for (moment, open) in [
        ("2026-11-23T08:00", true),
        ("2026-11-23T12:29", true),
        ("2026-11-23T12:30", false),
        ("2026-11-23T17:00", false),
        ("2026-11-28T01:59", true), // Friday night
        ("2026-11-28T02:00", false),
        ("2026-11-27T17:59", false),
        ("2026-12-24T11:00", true),
        ("2026-12-24T12:00", false),
    ] {
        assert_eq!(shop().is_open(&at(moment)), open, "{moment}");
    }
    assert_eq!(
        shop().next_close(&at("2026-11-28T01:00")),
        Some(at("2026-11-28T02:00"))
    );
}

#[test]
fn the_next_opening_is_found_over_closed_days_and_stops_at_doubt() {
    let none = |_: Date| false;
    assert_eq!(
        shop().next_open(&at("2026-11-23T12:45"), &none),
        Some(at("2026-11-23T13:30"))
    );
    assert_eq!(
        shop().next_open(&at("2026-11-28T03:00"), &none),
        Some(at("2026-11-30T08:00"))
    );
    assert_eq!(
        shop().next_open(&at("2026-12-24T13:00"), &none),
        Some(at("2027-01-04T08:00"))
    );
    let doubt = |d: Date| d == date(2026, 11, 30);
    assert_eq!(shop().next_open(&at("2026-11-28T03:00"), &doubt), None);
    assert_eq!(
        Hours::default().next_open(&at("2026-11-28T03:00"), &none),
        None
    );
}

#[test]
fn the_clocks_change_and_the_hours_do_not() {
    // On 29 March 2026 the clock goes from 2:00 to 3:00, on 25 October from 3:00 to 2:00.
    let hours = Hours {
        weekly: vec![weekly(&Day::ALL, &[], &["22:00-03:00"])],
        special: vec![],
    };
    assert!(hours.is_open(&at("2026-03-29T01:30")));
    assert!(!hours.is_open(&at("2026-03-29T03:00")));
    let late: Zoned = "2026-10-25T02:30:00+01:00[Europe/Berlin]".parse().unwrap();
    assert!(hours.is_open(&late), "the second 2:30 of that night");
    assert_eq!(hours.next_close(&late).unwrap().time(), time(3, 0, 0, 0));
}

#[test]
fn hours_that_begin_while_the_clocks_leap_begin_with_the_leap() {
    let hours = |open| Hours {
        weekly: vec![weekly(&Day::ALL, &[], &[open])],
        special: vec![],
    };
    let night = hours("02:30-03:15");
    for (moment, open) in [
        ("01:59", false),
        ("03:00", true),
        ("03:14", true),
        ("03:15", false),
    ] {
        let moment = at(&format!("2026-03-29T{moment}"));
        assert_eq!(night.is_open(&moment), open, "{moment}");
    }
    let none = |_: Date| false;
    let evening = at("2026-03-28T12:00");
    assert_eq!(
        night.next_open(&evening, &none),
        Some(at("2026-03-29T03:00"))
    );
    // There is no such time that night.
    assert_eq!(
        hours("02:15-02:45").next_open(&evening, &none),
        Some(at("2026-03-30T02:15"))
    );
    assert!(!hours("22:00-02:30").is_open(&at("2026-03-29T03:00")));
}

#[test]
fn json_is_what_people_write() {
    let row: Weekly = serde_json::from_str(
        r#"{"days":["sat"],"which":[1,3],"open":[{"from":"09:00","to":"13:00"}]}"#,
    )
    .unwrap();
    assert_eq!(row, weekly(&[Day::Sat], &[1, 3], &["09:00-13:00"]));
    assert_eq!(
        serde_json::to_value(&row).unwrap()["open"][0]["from"],
        "09:00"
    );
    assert!(serde_json::from_str::<Span>(r#"{"from":"9 o'clock","to":"13:00"}"#).is_err());
}

#[test]
fn hours_between_two_times_leave_out_what_is_doubtful() {
    let hours = Hours {
        weekly: vec![weekly(&Day::ALL, &[], &["09:00-12:00", "22:00-01:00"])],
        special: vec![],
    };
    let christmas: Date = "2026-12-25".parse().unwrap();
    let holiday = |date: Date| date == christmas;
    let (from, until) = (at("2026-12-24T00:30"), at("2026-12-26T10:00"));
    let expected = [
        ("2026-12-23T22:00", "2026-12-24T01:00"),
        ("2026-12-24T09:00", "2026-12-24T12:00"),
        ("2026-12-24T22:00", "2026-12-25T01:00"),
        ("2026-12-26T09:00", "2026-12-26T12:00"),
    ];
    let expected = expected.map(|(from, until)| (at(from), at(until)));
    assert_eq!(hours.open_between(&from, &until, &holiday), expected);
    let unstated = Hours::default().open_between(&from, &until, &holiday);
    assert!(unstated.is_empty());
}

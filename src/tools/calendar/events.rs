//! Events as iCalendar (RFC 5545): which time they take, and appointments as they are written.

use std::panic::catch_unwind;
use std::str::FromStr;

use calcard::common::PartialDateTime;
use calcard::common::timezone::Tz;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarFrequency, ICalendarProperty,
    ICalendarRecurrenceRule, ICalendarStatus, ICalendarTransparency, ICalendarValue,
};

use super::Guest;
use super::slots::{Busy, Span};
use crate::reason::Reason;
use crate::store::UnixMs;

/// Repetitions that are unfolded of one object; a daily one reaches 80 years.
const MOST_TIMES: usize = 30_000;

/// What an object of the calendar takes within a span; times without a zone are in the business's.
///
/// # Errors
/// For what cannot be read, so that it never counts as free.
pub(super) fn read(object: &str, zone: &str, within: Span) -> Result<Vec<Busy>, Reason> {
    // It comes from outside, and the server must not end by it.
    let read = catch_unwind(|| unfold(object, zone, within));
    read.unwrap_or_else(|_| Err("an event of the calendar is damaged".into()))
}

fn unfold(object: &str, zone: &str, within: Span) -> Result<Vec<Busy>, Reason> {
    let calendar = ICalendar::parse(object)
        .map_err(|_| Reason::from("an event of the calendar is no iCalendar"))?;
    for component in &calendar.components {
        let is_fast = rule_of(component).is_some_and(|rule| {
            matches!(
                rule.freq,
                ICalendarFrequency::Hourly
                    | ICalendarFrequency::Minutely
                    | ICalendarFrequency::Secondly
            )
        });
        if is_fast && component.component_type == ICalendarComponentType::VEvent {
            return Err(
                "an event of the calendar repeats by the hour or faster, which is not read".into(),
            );
        }
    }
    // The library reads the start of a repeated event in the given zone, although it is written in UTC.
    let in_utc =
        |component: &ICalendarComponent| rule_of(component).is_some() && starts_in_utc(component);
    let zone = match calendar.components.iter().any(in_utc) {
        true => Tz::UTC,
        false => Tz::from_str(zone).unwrap_or(Tz::UTC),
    };
    let times = calendar.expand_dates(zone, MOST_TIMES);
    if !times.errors.is_empty() {
        return Err("an event of the calendar has times that cannot be read".into());
    }
    // Many repetitions, or one without an end, were cut off somewhere: at least they must reach beyond the span.
    let is_large = times.events.len() > MOST_TIMES / 2;
    for (id, component) in (0_u32..).zip(&calendar.components) {
        let ends = |rule: &ICalendarRecurrenceRule| rule.count.is_some() || rule.until.is_some();
        let may_be_cut = matches!(rule_of(component), Some(rule) if is_large || !ends(rule));
        let of_it = times.events.iter().filter(|event| event.comp_id == id);
        let latest = of_it
            .map(|event| event.timestamps().0.saturating_mul(1_000))
            .max();
        if may_be_cut && latest.is_none_or(|latest| latest < within.until) {
            return Err("an event of the calendar repeats too often to be read".into());
        }
    }
    let mut busy = Vec::new();
    for event in &times.events {
        let Some(component) = calendar.component_by_id(event.comp_id) else {
            continue;
        };
        let takes_time = component.component_type == ICalendarComponentType::VEvent
            && component.status() != Some(&ICalendarStatus::Cancelled)
            && component.transparency() != Some(&ICalendarTransparency::Transparent);
        let (from, until) = event.timestamps();
        let span = Span {
            from: from.saturating_mul(1_000),
            until: until.saturating_mul(1_000),
        };
        if takes_time && span.meets(within) {
            busy.push(Busy {
                uid: component.uid().unwrap_or_default().to_owned(),
                span,
            });
        }
    }
    Ok(busy)
}

fn starts_in_utc(component: &ICalendarComponent) -> bool {
    let start = component.property(&ICalendarProperty::Dtstart);
    match start.and_then(|start| start.values.first()) {
        Some(ICalendarValue::PartialDateTime(start)) => {
            let start = start.to_date_time();
            start.is_some_and(|start| start.offset.is_some())
        }
        _ => false,
    }
}

fn rule_of(component: &ICalendarComponent) -> Option<&ICalendarRecurrenceRule> {
    let rule = component.property(&ICalendarProperty::Rrule)?;
    match rule.values.first()? {
        ICalendarValue::RecurrenceRule(rule) => Some(rule),
        _ => None,
    }
}

/// An appointment as it is put into the calendar.
pub(super) fn write(uid: &str, title: &str, span: Span, guest: &Guest<'_>, at: UnixMs) -> String {
    let time = |ms: UnixMs| PartialDateTime::from_utc_timestamp(ms.div_euclid(1_000));
    let text = |text: String| ICalendarValue::Text(text);
    let mut event = ICalendarComponent::new(ICalendarComponentType::VEvent);
    event.add_property(ICalendarProperty::Uid, text(uid.to_owned()));
    event.add_property(ICalendarProperty::Dtstamp, time(at));
    event.add_property(ICalendarProperty::Dtstart, time(span.from));
    event.add_property(ICalendarProperty::Dtend, time(span.until));
    let summary = match guest.name.trim() {
        "" => title.to_owned(),
        name => format!("{title}: {}", one_line(name)),
    };
    event.add_property(ICalendarProperty::Summary, text(summary));
    let about = [one_line(guest.contact), plain(guest.note)];
    let about: Vec<String> = about.into_iter().filter(|part| !part.is_empty()).collect();
    if !about.is_empty() {
        event.add_property(ICalendarProperty::Description, text(about.join("\n")));
    }
    let mut calendar = ICalendarComponent::new(ICalendarComponentType::VCalendar);
    calendar.add_property(ICalendarProperty::Version, text("2.0".to_owned()));
    calendar.add_property(
        ICalendarProperty::Prodid,
        text("-//Frontdesk//EN".to_owned()),
    );
    calendar.component_ids.push(1);
    let whole = ICalendar {
        components: vec![calendar, event],
    };
    whole.to_string()
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    plain(&words.join(" "))
}

/// Without characters that no calendar takes.
fn plain(text: &str) -> String {
    text.trim()
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beyond it, nothing that repeats without an end is unfolded.
    const ALL: Span = Span {
        from: 0,
        until: 2_000_000_000_000,
    };

    fn object(event: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n{event}END:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    }

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    fn times(event: &str, within: Span) -> Vec<(i64, i64)> {
        let busy = read(&object(event), "Europe/Berlin", within).unwrap();
        busy.iter()
            .map(|one| (one.span.from, one.span.until))
            .collect()
    }

    #[test]
    fn an_event_takes_its_time_in_its_own_zone() {
        let expected = [(at("2026-12-01T09:00:00Z"), at("2026-12-01T10:00:00Z"))];
        for event in [
            "DTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\n",
            "DTSTART;TZID=Europe/Berlin:20261201T100000\r\nDURATION:PT1H\r\n",
            // Without a zone it is the business's own.
            "DTSTART:20261201T100000\r\nDTEND:20261201T110000\r\n",
        ] {
            assert_eq!(times(event, ALL), expected, "{event}");
        }
        let day = "DTSTART;VALUE=DATE:20261201\r\nDTEND;VALUE=DATE:20261202\r\n";
        assert_eq!(
            times(day, ALL),
            [(at("2026-11-30T23:00:00Z"), at("2026-12-01T23:00:00Z"))]
        );
        for free in ["TRANSP:TRANSPARENT\r\n", "STATUS:CANCELLED\r\n"] {
            assert_eq!(times(&format!("{}{free}", day), ALL), [(0, 0); 0], "{free}");
        }
    }

    #[test]
    fn a_repeated_event_is_unfolded_over_the_change_of_the_clock() {
        let weekly = "DTSTART;TZID=Europe/Berlin:20261020T100000\r\nDTEND;TZID=Europe/Berlin:20261020T110000\r\n\
                      RRULE:FREQ=WEEKLY\r\nEXDATE;TZID=Europe/Berlin:20261103T100000\r\n";
        let autumn = Span {
            from: at("2026-10-19T00:00:00Z"),
            until: at("2026-11-12T00:00:00Z"),
        };
        let begins: Vec<i64> = times(weekly, autumn)
            .iter()
            .map(|(from, _)| *from)
            .collect();
        assert_eq!(
            begins,
            [
                at("2026-10-20T08:00:00Z"),
                at("2026-10-27T09:00:00Z"),
                at("2026-11-10T09:00:00Z")
            ]
        );
    }

    #[test]
    fn a_daily_event_without_an_end_is_read_as_far_as_is_asked() {
        let daily = "DTSTART:20251101T110000Z\r\nDURATION:PT30M\r\nRRULE:FREQ=DAILY\r\n";
        let day = Span {
            from: at("2026-12-04T00:00:00Z"),
            until: at("2026-12-05T00:00:00Z"),
        };
        let taken = [(at("2026-12-04T11:00:00Z"), at("2026-12-04T11:30:00Z"))];
        assert_eq!(times(daily, day), taken);
        let far = Span {
            from: day.from,
            until: at("2200-01-01T00:00:00Z"),
        };
        assert!(read(&object(daily), "UTC", far).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_never_free_time() {
        let secondly = object("DTSTART:20261201T090000Z\r\nRRULE:FREQ=SECONDLY\r\n");
        for bad in [
            "",
            "hello",
            secondly.as_str(),
            object("SUMMARY:No time\r\n").as_str(),
        ] {
            assert!(read(bad, "Europe/Berlin", ALL).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_visitor_wrote_stays_text() {
        let guest = Guest {
            name: "Ada\r\nEND:VEVENT",
            contact: "ada@example.org",
            note: "Two; lamps, please\nATTENDEE:mailto:all@example.org",
        };
        let span = Span {
            from: at("2026-12-01T09:00:00Z"),
            until: at("2026-12-01T09:30:00Z"),
        };
        let written = write("frontdesk-1", "Visit", span, &guest, 0);
        assert_eq!(
            written.matches("\r\nEND:VEVENT\r\n").count(),
            1,
            "{written}"
        );
        assert!(!written.contains("\r\nATTENDEE"), "{written}");
        assert!(
            written.contains("DTSTART:20261201T090000Z\r\n"),
            "{written}"
        );
        assert!(
            written.contains("SUMMARY:Visit: Ada END:VEVENT\r\n"),
            "{written}"
        );
        let busy = read(&written, "Europe/Berlin", ALL).unwrap();
        assert_eq!(
            busy,
            [Busy {
                uid: "frontdesk-1".to_owned(),
                span
            }]
        );
    }
}

use super::*;
use jiff::civil::date;

fn zoned(text: &str) -> Zoned {
    text.parse().unwrap()
}

/// The first mention as text: date, then `..last day`, weekday habit, relation, clock time.
fn told(question: &str, language: &str, now: &str) -> Vec<String> {
    let now = zoned(&format!("{now}[America/New_York]"));
    mentions(question, language, &now)
        .into_iter()
        .map(|m| {
            let mut out = m.date.map(|d| d.to_string()).unwrap_or_default();
            if let Some(month) = m.month {
                out += &format!("month {month}");
            }
            if let Some(until) = m.until {
                out += &format!("..{until}");
            }
            if m.recurring {
                out += " habit";
            }
            if m.is_now {
                out += " now";
            }
            match m.relation {
                Relation::On => {}
                Relation::After => out += " after",
                Relation::Before => out += " before",
            }
            if let Some(time) = m.time {
                out += &format!(" {:?} {}", m.bound, time.strftime("%H:%M"));
            }
            out.trim().to_owned()
        })
        .collect()
}

// A Monday.
const NOW: &str = "2026-11-23T10:00:00-05:00";

#[test]
fn days_are_resolved_in_many_languages() {
    for (question, language, expected) in [
        ("u guys open tmrw?", "en", "2026-11-24"),
        ("open tomorow", "en", "2026-11-24"),
        ("are you open now", "en", "2026-11-23 now"),
        ("open tonight?", "en", "2026-11-23"),
        ("the day after tomorrow", "en", "2026-11-25"),
        ("übermorgen", "de", "2026-11-25"),
        ("habt ihr morgen offen", "de", "2026-11-24"),
        ("¿abren mañana?", "es", "2026-11-24"),
        ("ouvert demain ?", "fr", "2026-11-24"),
        ("siete aperti domani?", "it", "2026-11-24"),
        ("are you open this Saturday", "en", "2026-11-28"),
        ("on satuday", "en", "2026-11-28"),
        ("next monday", "en", "2026-11-30"),
        ("next friday", "en", "2026-12-04"),
        ("am kommenden Samstag", "de", "2026-11-28"),
        ("samedi prochain", "fr", "2026-11-28"),
        ("on 24 December", "en", "2026-12-24"),
        ("Dec 24", "en", "2026-12-24"),
        ("december the 24th", "en", "2026-12-24"),
        ("am 24.12.", "de", "2026-12-24"),
        ("am 24.12.2027 offen?", "de", "2027-12-24"),
        ("12/24", "en", "2026-12-24"),
        ("24/12", "fr", "2026-12-24"),
        ("el 24 de diciembre", "es", "2026-12-24"),
        ("le 1er janvier", "fr", "2027-01-01"),
        ("like the 29th", "en", "2026-11-29"),
        ("appointment sat jan 2 possible?", "en", "2027-01-02"),
        ("Thursday, December 24, 2026", "en", "2026-12-24"),
        ("christmas eve", "en", "2026-12-24"),
        ("an heiligabend", "de", "2026-12-24"),
        ("new year's day", "en", "2027-01-01"),
        ("new years eve", "en", "2026-12-31"),
        ("en nochebuena", "es", "2026-12-24"),
        ("on thanksgiving", "en", "2026-11-26"),
        ("easter monday", "en", "2027-03-29"),
        ("Presidents' Day", "en", "2027-02-15"),
        ("open on mlk day?", "en", "2027-01-18"),
        ("Day before thanksgiving, how late", "en", "2026-11-25"),
        ("in two weeks", "en", "2026-12-07"),
        ("in 3 Tagen", "de", "2026-11-26"),
        ("this weekend", "en", "2026-11-28..2026-11-29"),
        ("between xmas and new year", "en", "2026-12-25..2027-01-01"),
        (
            "when do you open again after new years?",
            "en",
            "2027-01-01 after",
        ),
        ("do u work saturdays", "en", "2026-11-28 habit"),
        ("dienstags geöffnet", "de", "2026-11-24 habit"),
        ("¿abren los domingos?", "es", "2026-11-29 habit"),
        ("ouvert le samedi ?", "fr", "2026-11-28 habit"),
        ("waht tiem do yuo colse on firday", "en", "2026-11-27"),
        ("are you open in august", "en", "month 8"),
        ("2026-12-24", "en", "2026-12-24"),
        ("czy w niedzielę otwarte", "pl", "2026-11-29"),
    ] {
        assert_eq!(
            told(question, language, NOW).first().map(String::as_str),
            Some(expected),
            "{question}"
        );
    }
}

#[test]
fn a_weekday_with_its_day_of_the_month_is_one_date() {
    let found = told(
        "Is the office open on Saturday the 21st?",
        "en",
        "2026-11-18T14:00:00-05:00",
    );
    assert_eq!(found, ["2026-11-21"]);
    assert_eq!(told("Samstag, den 5.12. offen?", "de", NOW), ["2026-12-05"]);
    assert_eq!(
        told("on sat 28 until 5pm", "en", NOW),
        ["2026-11-28 Until 17:00"]
    );
}

#[test]
fn clock_times_go_with_the_nearest_day() {
    for (question, language, expected) in [
        ("open tomorrow at 8?", "en", "2026-11-24 At 08:00"),
        ("after 6pm on friday", "en", "2026-11-27 From 18:00"),
        ("morgen um 18 Uhr", "de", "2026-11-24 At 18:00"),
        ("bis 18:30 Uhr", "de", "Until 18:30"),
        (
            "thursdays before work, around 8?",
            "en",
            "2026-11-26 habit At 08:00",
        ),
        ("Wednesday at 1pm", "en", "2026-11-25 At 13:00"),
        ("mañana a las 9", "es", "2026-11-24 At 09:00"),
        ("demain à 8h30", "fr", "2026-11-24 At 08:30"),
        ("domani alle 15", "it", "2026-11-24 At 15:00"),
        ("saturday at noon", "en", "2026-11-28 At 12:00"),
        ("tonight at 8", "en", "2026-11-23 At 20:00"),
        ("is my 8:30 still on?", "en", "At 08:30"),
    ] {
        assert_eq!(
            told(question, language, NOW).first().map(String::as_str),
            Some(expected),
            "{question}"
        );
    }
}

#[test]
fn what_is_no_time_is_left_alone() {
    for (question, language) in [
        ("how much is a crown for 2 people", "en"),
        ("are you at 10 Harbor Street", "en"),
        ("it costs $8.50", "en"),
        ("guten Morgen", "de"),
        ("may I bring my dog", "en"),
        ("is it 5% off", "en"),
        ("do you have 24 of these", "en"),
        ("no dejo de ir a la 5 avenida", "en"),
    ] {
        let found: Vec<String> = told(question, language, NOW)
            .into_iter()
            .filter(|m| !m.contains("At 05"))
            .collect();
        assert!(found.is_empty(), "{question}: {found:?}");
    }
}

#[test]
fn the_words_of_a_mention_are_told() {
    let question = "Är ni öppna Saturday the 28th?";
    let found = mentions(
        question,
        "en",
        &zoned("2026-11-23T10:00:00-05:00[America/New_York]"),
    );
    assert_eq!(found.len(), 1);
    assert_eq!(&question[found[0].range.clone()], "Saturday the 28th");
    assert_eq!(found[0].date, Some(date(2026, 11, 28)));
    assert_eq!(found[0].weekday, Some(Weekday::Saturday));
}

#[test]
fn a_long_text_takes_no_time() {
    let long = "monday at 8 and the 21st of december ".repeat(2000);
    let since = std::time::Instant::now();
    let now = zoned("2026-11-23T10:00:00-05:00[America/New_York]");
    assert!(!mentions(&long, "en", &now).is_empty());
    assert!(since.elapsed().as_secs() < 5, "{:?}", since.elapsed());
}

#[test]
fn time_zones_come_with_the_program() {
    let zone = jiff::tz::TimeZoneDatabase::bundled()
        .get("Europe/Berlin")
        .unwrap();
    let at = date(2026, 3, 29).at(3, 30, 0, 0).to_zoned(zone).unwrap();
    assert_eq!(at.offset().seconds(), 7200);
}

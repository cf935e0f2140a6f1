//! Sentences about hours in the visitor's language, each language in a TOML file; English for the others.

use std::sync::LazyLock;

use jiff::civil::{Date, Time, Weekday};
use serde::Deserialize;

use crate::hours::opening::{Span, Weekly};
use crate::hours::{month_name, ordinal, weekday_name};
use crate::language::Language;
use crate::language::data::{ByLanguage, fill};

/// The sentences of a language; the file describes the placeholders.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    /// Format of 12-hour clock times, in languages that use them.
    clock_twelve: Option<&'static str>,
    time: &'static str,
    date: &'static str,
    date_with_year: &'static str,
    span: &'static str,
    and: &'static str,
    today: &'static str,
    on_day: &'static str,
    open: &'static str,
    closed_then: &'static str,
    at_open: &'static str,
    at_closed: &'static str,
    again: &'static str,
    now_open: &'static str,
    now_closed: &'static str,
    habits: [&'static str; 7],
    nths: [&'static str; 5],
    last: &'static str,
    only: &'static str,
    week: &'static str,
    usually: &'static str,
    closed: &'static str,
    documents: &'static str,
    nth: &'static str,
}

static ENGLISH: &str = include_str!("en.toml");
static OTHERS: [(Language, &str); 4] = [
    (Language::De, include_str!("de.toml")),
    (Language::Es, include_str!("es.toml")),
    (Language::Fr, include_str!("fr.toml")),
    (Language::It, include_str!("it.toml")),
];
static TEXTS: LazyLock<ByLanguage<Texts>> = LazyLock::new(|| ByLanguage::read(ENGLISH, &OTHERS));

/// How to write days and times for a visitor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wording {
    /// ISO 639-1.
    pub(crate) language: &'static str,
    /// Use the 12-hour clock.
    pub(crate) twelve: bool,
    /// Dates in this year are written without it.
    pub(crate) year: i16,
}

impl Wording {
    fn texts(self) -> &'static Texts {
        TEXTS.of_code(self.language)
    }

    /// "8:00 am", "8:00"; without "Uhr".
    fn clock(self, time: Time) -> String {
        let twelve = self.texts().clock_twelve.filter(|_| self.twelve);
        time.strftime(twelve.unwrap_or("%-H:%M")).to_string()
    }

    /// "8:00 am", "8:00 Uhr", "8:00".
    pub(super) fn time(self, time: Time) -> String {
        fill(self.texts().time, &[("clock", &self.clock(time))])
    }

    /// "Thursday, 24 December"
    pub(crate) fn date(self, date: Date) -> String {
        let texts = self.texts();
        let template = match date.year() == self.year {
            true => texts.date,
            false => texts.date_with_year,
        };
        let values: [(&str, &str); 4] = [
            ("weekday", weekday_name(date.weekday(), self.language)),
            ("day", &date.day().to_string()),
            ("month", month_name(date.month(), self.language)),
            ("year", &date.year().to_string()),
        ];
        fill(template, &values)
    }

    /// Always with the year.
    pub(super) fn full_date(self, date: Date) -> String {
        Self { year: 0, ..self }.date(date)
    }

    /// "from 8:00 am to 12:00 pm and from …"
    pub(super) fn spans(self, open: &[Span]) -> String {
        let one = |span: &Span| {
            let values = [
                ("from", self.time(span.from)),
                ("from_clock", self.clock(span.from)),
                ("to", self.time(span.to)),
            ];
            fill(
                self.texts().span,
                &values
                    .each_ref()
                    .map(|(name, value)| (*name, value.as_str())),
            )
        };
        let spans: Vec<String> = open.iter().map(one).collect();
        self.join(&spans)
    }

    /// "first and third"
    fn join(self, parts: &[String]) -> String {
        parts.join(&format!(" {} ", self.texts().and))
    }

    /// "On Thursday, 24 December we are open from … to …." or "… we are closed."
    pub(super) fn day(self, date: Date, today: bool, open: &[Span]) -> String {
        let day = self.date(date);
        let template = match today {
            true => self.texts().today,
            false => self.texts().on_day,
        };
        let start = fill(template, &[("day", &day), ("Day", &capitalise(&day))]);
        self.state(&start, open)
    }

    /// "… we are open from … to …" or "… we are closed", without a period.
    fn state(self, start: &str, open: &[Span]) -> String {
        let template = match open.is_empty() {
            true => self.texts().closed_then,
            false => self.texts().open,
        };
        fill(template, &[("start", start), ("spans", &self.spans(open))])
    }

    /// "; at 8:00 am we are closed"
    pub(super) fn at(self, time: Time, open: bool) -> String {
        let template = match open {
            true => self.texts().at_open,
            false => self.texts().at_closed,
        };
        fill(template, &[("time", &self.time(time))])
    }

    /// "We open again on Monday, 28 December at 9:00 am"
    pub(super) fn again(self, date: Date, time: Time) -> String {
        let (day, time) = (self.date(date), self.time(time));
        fill(self.texts().again, &[("day", &day), ("time", &time)])
    }

    /// "Right now (Sunday 10:00 am) we are closed" or "… open, until 5:00 pm"
    pub(super) fn now(self, date: Date, time: Time, until: Option<Time>) -> String {
        let day = weekday_name(date.weekday(), self.language);
        let time = self.time(time);
        match until.map(|until| self.time(until)) {
            Some(until) => fill(
                self.texts().now_open,
                &[("day", day), ("time", &time), ("until", &until)],
            ),
            None => fill(self.texts().now_closed, &[("day", day), ("time", &time)]),
        }
    }

    /// "On Saturdays (first and third of the month only) we are open from … to …"
    pub(super) fn habit(self, row: &Weekly, day: Weekday) -> String {
        let at = usize::try_from(day.to_monday_zero_offset()).unwrap_or(0);
        let name = self.texts().habits.get(at).copied().unwrap_or_default();
        self.state(&format!("{name}{}", self.which(&row.which)), &row.open)
    }

    /// " (only the first and third of the month)"
    pub(super) fn which(self, which: &[i8]) -> String {
        if which.is_empty() {
            return String::new();
        }
        let texts = self.texts();
        let name = |n: &i8| {
            let at = usize::try_from(*n - 1).ok();
            let nth = at.and_then(|at| texts.nths.get(at).copied());
            nth.unwrap_or(texts.last).to_owned()
        };
        let names: Vec<String> = which.iter().map(name).collect();
        fill(texts.only, &[("which", &self.join(&names))])
    }

    /// "Our opening hours: "
    pub(super) fn week(self) -> &'static str {
        self.texts().week
    }

    /// "In a usual week: "
    pub(super) fn usually(self) -> &'static str {
        self.texts().usually
    }

    /// "closed"
    pub(super) fn closed(self) -> &'static str {
        self.texts().closed
    }

    /// "according to our documents"
    pub(super) fn documents(self) -> &'static str {
        self.texts().documents
    }

    /// "the second Saturday of the month"
    pub(super) fn nth(self, date: Date) -> String {
        let n = (date.day() - 1) / 7 + 1;
        let day = weekday_name(date.weekday(), self.language);
        fill(
            self.texts().nth,
            &[("n", &n.to_string()), ("th", ordinal(n)), ("day", day)],
        )
    }
}

/// Capitalises the first letter.
pub(super) fn capitalise(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|c| c.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::data::{check, placeholders};
    use jiff::civil::{date, time};

    #[test]
    fn every_language_has_every_sentence_with_the_same_values() {
        let english: toml::Table = check(ENGLISH);
        for (language, file) in OTHERS {
            let _: Texts = check(file);
            let own: toml::Table = check(file);
            for (name, sentence) in &own {
                // Each language chooses its own placeholders in these.
                if matches!(name.as_str(), "span" | "nth" | "on_day") {
                    continue;
                }
                let text = |value: &toml::Value| value.as_str().unwrap_or_default().to_owned();
                let (own, theirs) = (text(sentence), text(&english[name]));
                assert_eq!(
                    placeholders(&own),
                    placeholders(&theirs),
                    "{language:?} {name}"
                );
            }
        }
    }

    #[test]
    fn a_habit_and_a_moment_are_told_in_five_languages() {
        let row = Weekly {
            label: None,
            days: Vec::new(),
            which: vec![1, -1],
            open: Vec::new(),
            note: String::new(),
            from: None,
            until: None,
        };
        for (language, habit, now) in [
            (
                "en",
                "On Sundays (only the first and last of the month) we are closed",
                "Right now (Sunday, 9:00 am) we are open, until 5:00 pm",
            ),
            (
                "de",
                "Sonntags (nur am ersten und letzten im Monat) haben wir geschlossen",
                "Gerade jetzt (Sonntag, 9:00 Uhr) haben wir geöffnet, bis 17:00 Uhr",
            ),
            (
                "es",
                "Los domingos (solo el primero y último del mes) está cerrado",
                "Ahora mismo (domingo, 9:00) está abierto, hasta las 17:00",
            ),
            (
                "fr",
                "Le dimanche (seulement le premier et dernier du mois), nous sommes fermés",
                "En ce moment (dimanche, 9:00), nous sommes ouverts, jusqu'à 17:00",
            ),
            (
                "it",
                "La domenica (solo il primo e ultimo del mese) siamo chiusi",
                "In questo momento (domenica, 9:00) siamo aperti, fino alle 17:00",
            ),
        ] {
            let wording = Wording {
                language,
                twelve: true,
                year: 2026,
            };
            assert_eq!(wording.habit(&row, Weekday::Sunday), habit);
            let (nine, five) = (time(9, 0, 0, 0), time(17, 0, 0, 0));
            assert_eq!(wording.now(date(2026, 12, 13), nine, Some(five)), now);
        }
    }

    #[test]
    fn a_day_is_told_in_five_languages() {
        let open = [Span {
            from: time(8, 0, 0, 0),
            to: time(12, 0, 0, 0),
        }];
        for (language, opened, closed) in [
            (
                "en",
                "On Thursday, 24 December we are open from 8:00 am to 12:00 pm",
                "On Thursday, 24 December we are closed",
            ),
            (
                "de",
                "Am Donnerstag, 24. Dezember haben wir von 8:00 bis 12:00 Uhr geöffnet",
                "Am Donnerstag, 24. Dezember haben wir geschlossen",
            ),
            (
                "es",
                "El jueves, 24 de diciembre abrimos de 8:00 a 12:00",
                "El jueves, 24 de diciembre está cerrado",
            ),
            (
                "fr",
                "Le jeudi 24 décembre, nous sommes ouverts de 8:00 à 12:00",
                "Le jeudi 24 décembre, nous sommes fermés",
            ),
            (
                "it",
                "Giovedì 24 dicembre siamo aperti dalle 8:00 alle 12:00",
                "Giovedì 24 dicembre siamo chiusi",
            ),
        ] {
            let wording = Wording {
                language,
                twelve: true,
                year: 2026,
            };
            assert_eq!(wording.day(date(2026, 12, 24), false, &open), opened);
            assert_eq!(wording.day(date(2026, 12, 24), false, &[]), closed);
        }
        let en = Wording {
            language: "en",
            twelve: true,
            year: 2026,
        };
        assert_eq!(en.date(date(2027, 1, 4)), "Monday, 4 January 2027");
        assert_eq!(en.nth(date(2026, 12, 12)), "the 2nd Saturday of the month");
    }
}

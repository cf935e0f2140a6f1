//! The ways in which a document may write a date.

use jiff::civil::{Date, Weekday};

/// Days in full and short, Monday first, by language.
#[rustfmt::skip]
const DAYS: [[(&str, &str); 7]; 5] = [
    [
        ("Monday", "Mon"),
        ("Tuesday", "Tue"),
        ("Wednesday", "Wed"),
        ("Thursday", "Thu"),
        ("Friday", "Fri"),
        ("Saturday", "Sat"),
        ("Sunday", "Sun"),
    ],
    [
        ("Montag", "Mo"),
        ("Dienstag", "Di"),
        ("Mittwoch", "Mi"),
        ("Donnerstag", "Do"),
        ("Freitag", "Fr"),
        ("Samstag", "Sa"),
        ("Sonntag", "So"),
    ],
    [
        ("lunes", "lun"),
        ("martes", "mar"),
        ("miércoles", "mié"),
        ("jueves", "jue"),
        ("viernes", "vie"),
        ("sábado", "sáb"),
        ("domingo", "dom"),
    ],
    [
        ("lundi", "lun"),
        ("mardi", "mar"),
        ("mercredi", "mer"),
        ("jeudi", "jeu"),
        ("vendredi", "ven"),
        ("samedi", "sam"),
        ("dimanche", "dim"),
    ],
    [
        ("lunedì", "lun"),
        ("martedì", "mar"),
        ("mercoledì", "mer"),
        ("giovedì", "gio"),
        ("venerdì", "ven"),
        ("sabato", "sab"),
        ("domenica", "dom"),
    ],
];

/// Months in full and short, by language.
#[rustfmt::skip]
const MONTHS: [[(&str, &str); 12]; 5] = [
    [
        ("January", "Jan"),
        ("February", "Feb"),
        ("March", "Mar"),
        ("April", "Apr"),
        ("May", "May"),
        ("June", "Jun"),
        ("July", "Jul"),
        ("August", "Aug"),
        ("September", "Sep"),
        ("October", "Oct"),
        ("November", "Nov"),
        ("December", "Dec"),
    ],
    [
        ("Januar", "Jan"),
        ("Februar", "Feb"),
        ("März", "Mär"),
        ("April", "Apr"),
        ("Mai", "Mai"),
        ("Juni", "Jun"),
        ("Juli", "Jul"),
        ("August", "Aug"),
        ("September", "Sep"),
        ("Oktober", "Okt"),
        ("November", "Nov"),
        ("Dezember", "Dez"),
    ],
    [
        ("enero", "ene"),
        ("febrero", "feb"),
        ("marzo", "mar"),
        ("abril", "abr"),
        ("mayo", "may"),
        ("junio", "jun"),
        ("julio", "jul"),
        ("agosto", "ago"),
        ("septiembre", "sep"),
        ("octubre", "oct"),
        ("noviembre", "nov"),
        ("diciembre", "dic"),
    ],
    [
        ("janvier", "janv"),
        ("février", "févr"),
        ("mars", "mars"),
        ("avril", "avr"),
        ("mai", "mai"),
        ("juin", "juin"),
        ("juillet", "juil"),
        ("août", "août"),
        ("septembre", "sept"),
        ("octobre", "oct"),
        ("novembre", "nov"),
        ("décembre", "déc"),
    ],
    [
        ("gennaio", "gen"),
        ("febbraio", "feb"),
        ("marzo", "mar"),
        ("aprile", "apr"),
        ("maggio", "mag"),
        ("giugno", "giu"),
        ("luglio", "lug"),
        ("agosto", "ago"),
        ("settembre", "set"),
        ("ottobre", "ott"),
        ("novembre", "nov"),
        ("dicembre", "dic"),
    ],
];

fn language(code: &str) -> usize {
    ["en", "de", "es", "fr", "it"]
        .iter()
        .position(|c| *c == code)
        .unwrap_or(0)
}

/// The full name of a day of the week in a language; English where it is not known.
pub fn weekday_name(day: Weekday, code: &str) -> &'static str {
    let at = usize::try_from(day.to_monday_zero_offset()).unwrap_or(0);
    DAYS.get(language(code))
        .and_then(|days| days.get(at))
        .map_or("", |d| d.0)
}

/// The full name of a month in a language; English where it is not known.
pub fn month_name(month: i8, code: &str) -> &'static str {
    let at = usize::try_from(month - 1).unwrap_or(0);
    MONTHS
        .get(language(code))
        .and_then(|months| months.get(at))
        .map_or("", |m| m.0)
}

/// The ways in which a document may write this date, the most telling first: "Thu Dec 24", "December
/// 24", "24. Dezember", "24.12.", "2026-12-24", at last the weekday alone. In English, German,
/// Spanish, French and Italian.
pub fn names_of(date: Date) -> Vec<String> {
    let (day, month, year) = (date.day(), date.month(), date.year());
    let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    let at = usize::try_from(month - 1).unwrap_or(0);
    let mut out = vec![format!("{year}-{month:02}-{day:02}")];
    let mut weekdays = Vec::new();
    let all = DAYS.iter().zip(&MONTHS).enumerate();
    for (code, (days, months)) in all {
        let (Some((full_day, short_day)), Some((full, short))) =
            (days.get(weekday), months.get(at))
        else {
            continue;
        };
        match code {
            0 => {
                out.push(format!("{short_day} {short} {day}"));
                out.push(format!("{full_day}, {full} {day}"));
                out.push(format!("{full} {day}"));
                out.push(format!("{short} {day}"));
                out.push(format!("{day} {full}"));
                out.push(format!("{day} {short}"));
                out.push(format!("{full} {day}{}", ordinal(day)));
                out.push(format!("{day}{} of {full}", ordinal(day)));
            }
            1 => {
                out.push(format!("{day}. {full}"));
                out.push(format!("{day}. {short}."));
                out.push(format!("{day}.{month}."));
                out.push(format!("{day:02}.{month:02}."));
                out.push(format!("{day}.{month}.{year}"));
                out.push(format!("{short_day}, {day}.{month}."));
            }
            2 => out.push(format!("{day} de {full}")),
            _ => out.push(format!("{day} {full}")),
        }
        weekdays.push((*full_day).to_owned());
    }
    out.push(format!("{month}/{day}"));
    out.push(format!("{day}/{month}/{year}"));
    out.extend(weekdays);
    let mut seen = std::collections::HashSet::new();
    out.retain(|name| seen.insert(name.clone()));
    out
}

/// "st", "nd", "rd" or "th".
pub fn ordinal(day: i8) -> &'static str {
    match (day % 10, day / 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_date_is_written_in_many_ways() {
        let names = names_of(date(2026, 12, 24));
        for name in [
            "Thu Dec 24",
            "December 24",
            "24 December",
            "24.12.",
            "24. Dezember",
            "24 de diciembre",
            "24 décembre",
            "24 dicembre",
            "Thursday",
            "Donnerstag",
            "December 24th",
        ] {
            assert!(names.iter().any(|n| n == name), "{name} in {names:?}");
        }
        let at = |name: &str| names.iter().position(|n| n == name).unwrap();
        assert!(at("Thu Dec 24") < at("Thursday"));
    }

    #[test]
    fn eleven_to_thirteen_are_th() {
        let all: Vec<&str> = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30].map(ordinal).into();
        assert_eq!(
            all,
            [
                "st", "nd", "rd", "th", "th", "th", "th", "st", "nd", "rd", "th"
            ]
        );
    }
}

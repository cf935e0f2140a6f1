//! Sentences about hours in the visitor's language; English where it is none of these.

use jiff::civil::{Date, Time};

use crate::hours::opening::{Span, Weekly};
use crate::hours::{month_name, ordinal, weekday_name};

/// How a visitor reads days and times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wording {
    /// ISO 639-1.
    pub(crate) language: &'static str,
    /// Clock times of twelve hours.
    pub(crate) twelve: bool,
    /// Dates of this year need no year.
    pub(crate) year: i16,
}

impl Wording {
    /// "8:00 am", "8:00 Uhr", "8:00".
    pub(super) fn time(self, time: Time) -> String {
        match (self.language, self.twelve) {
            ("de", _) => time.strftime("%-H:%M Uhr").to_string(),
            ("es" | "fr" | "it", _) | (_, false) => time.strftime("%-H:%M").to_string(),
            _ => time.strftime("%-I:%M %P").to_string(),
        }
    }

    /// "Thursday, 24 December"
    pub(crate) fn date(self, date: Date) -> String {
        let weekday = weekday_name(date.weekday(), self.language);
        let (day, month) = (date.day(), month_name(date.month(), self.language));
        let year = (date.year() != self.year).then(|| date.year());
        let year = |between: &str| year.map_or(String::new(), |y| format!("{between}{y}"));
        match self.language {
            "de" => format!("{weekday}, {day}. {month}{}", year(" ")),
            "es" => format!("{weekday}, {day} de {month}{}", year(" de ")),
            "fr" | "it" => format!("{weekday} {day} {month}{}", year(" ")),
            _ => format!("{weekday}, {day} {month}{}", year(" ")),
        }
    }

    /// The same with its year, always.
    pub(super) fn full_date(self, date: Date) -> String {
        Self { year: 0, ..self }.date(date)
    }

    /// "from 8:00 am to 12:00 pm and from …"
    pub(super) fn spans(self, open: &[Span]) -> String {
        let one = |span: &Span| {
            let (from, to) = (self.time(span.from), self.time(span.to));
            match self.language {
                "de" => format!("von {} bis {to}", from.trim_end_matches(" Uhr")),
                "es" => format!("de {from} a {to}"),
                "fr" => format!("de {from} à {to}"),
                "it" => format!("dalle {from} alle {to}"),
                _ => format!("from {from} to {to}"),
            }
        };
        let and = match self.language {
            "de" => " und ",
            "es" => " y ",
            "fr" => " et ",
            "it" => " e ",
            _ => " and ",
        };
        open.iter().map(one).collect::<Vec<_>>().join(and)
    }

    /// "On Thursday, 24 December we are open from … to …." or "… we are closed."
    pub(super) fn day(self, date: Date, today: bool, open: &[Span]) -> String {
        let day = self.date(date);
        let start = match (self.language, today) {
            ("de", true) => format!("Heute ({day})"),
            ("de", false) => format!("Am {day}"),
            ("es", true) => format!("Hoy ({day})"),
            ("es", false) => format!("El {day}"),
            ("fr", true) => format!("Aujourd'hui ({day})"),
            ("fr", false) => format!("Le {day}"),
            ("it", true) => format!("Oggi ({day})"),
            ("it", false) => capital(&day),
            (_, true) => format!("Today ({day})"),
            (_, false) => format!("On {day}"),
        };
        self.state(&start, open)
    }

    /// "… we are open from … to …" or "… we are closed", without a full stop.
    fn state(self, start: &str, open: &[Span]) -> String {
        let spans = self.spans(open);
        match (self.language, open.is_empty()) {
            ("de", false) => format!("{start} haben wir {spans} geöffnet"),
            ("de", true) => format!("{start} haben wir geschlossen"),
            ("es", false) => format!("{start} abrimos {spans}"),
            ("es", true) => format!("{start} está cerrado"),
            ("fr", false) => format!("{start}, nous sommes ouverts {spans}"),
            ("fr", true) => format!("{start}, nous sommes fermés"),
            ("it", false) => format!("{start} siamo aperti {spans}"),
            ("it", true) => format!("{start} siamo chiusi"),
            (_, false) => format!("{start} we are open {spans}"),
            (_, true) => format!("{start} we are closed"),
        }
    }

    /// "; at 8:00 am we are closed"
    pub(super) fn at(self, time: Time, open: bool) -> String {
        let time = self.time(time);
        match (self.language, open) {
            ("de", true) => format!("; um {time} ist offen"),
            ("de", false) => format!("; um {time} ist geschlossen"),
            ("es", true) => format!("; a las {time} está abierto"),
            ("es", false) => format!("; a las {time} está cerrado"),
            ("fr", true) => format!(" ; à {time}, c'est ouvert"),
            ("fr", false) => format!(" ; à {time}, c'est fermé"),
            ("it", true) => format!("; alle {time} siamo aperti"),
            ("it", false) => format!("; alle {time} siamo chiusi"),
            (_, true) => format!("; at {time} we are open"),
            (_, false) => format!("; at {time} we are closed"),
        }
    }

    /// "We open again on Monday, 28 December at 9:00 am"
    pub(super) fn again(self, date: Date, time: Time) -> String {
        let (day, time) = (self.date(date), self.time(time));
        match self.language {
            "de" => format!("Wir öffnen wieder am {day} um {time}"),
            "es" => format!("Volvemos a abrir el {day} a las {time}"),
            "fr" => format!("Nous rouvrons le {day} à {time}"),
            "it" => format!("Riapriamo {day} alle {time}"),
            _ => format!("We open again on {day} at {time}"),
        }
    }

    /// "Right now (Sunday 10:00 am) we are closed" or "… open, until 5:00 pm"
    pub(super) fn now(self, date: Date, time: Time, until: Option<Time>) -> String {
        let day = weekday_name(date.weekday(), self.language);
        let now = format!("({day}, {})", self.time(time));
        let until = until.map(|t| self.time(t));
        match (self.language, until) {
            ("de", Some(t)) => format!("Gerade jetzt {now} haben wir geöffnet, bis {t}"),
            ("de", None) => format!("Gerade jetzt {now} haben wir geschlossen"),
            ("es", Some(t)) => format!("Ahora mismo {now} está abierto, hasta las {t}"),
            ("es", None) => format!("Ahora mismo {now} está cerrado"),
            ("fr", Some(t)) => format!("En ce moment {now}, nous sommes ouverts, jusqu'à {t}"),
            ("fr", None) => format!("En ce moment {now}, nous sommes fermés"),
            ("it", Some(t)) => format!("In questo momento {now} siamo aperti, fino alle {t}"),
            ("it", None) => format!("In questo momento {now} siamo chiusi"),
            (_, Some(t)) => format!("Right now {now} we are open, until {t}"),
            (_, None) => format!("Right now {now} we are closed"),
        }
    }

    /// "On Saturdays (first and third of the month only) we are open from … to …"
    pub(super) fn habit(self, row: &Weekly, day: jiff::civil::Weekday) -> String {
        let name = weekday_name(day, self.language);
        let which = self.which(&row.which);
        let start = match self.language {
            "de" => format!("{}s{which}", capital(name)),
            "es" => {
                let plural = if name.ends_with('s') {
                    name.to_owned()
                } else {
                    format!("{name}s")
                };
                format!("Los {plural}{which}")
            }
            "fr" => format!("Le {name}{which}"),
            "it" => format!(
                "{} {name}{which}",
                if name == "domenica" { "La" } else { "Il" }
            ),
            _ => format!("On {name}s{which}"),
        };
        self.state(&start, &row.open)
    }

    /// " (only the first and third of the month)"
    pub(super) fn which(self, which: &[i8]) -> String {
        if which.is_empty() {
            return String::new();
        }
        let name = |n: &i8| -> String {
            let at = usize::try_from(*n - 1).ok();
            let word = |words: [&str; 5], last: &str| {
                at.and_then(|a| words.get(a).copied())
                    .unwrap_or(last)
                    .to_owned()
            };
            match self.language {
                "de" => word(
                    ["ersten", "zweiten", "dritten", "vierten", "fünften"],
                    "letzten",
                ),
                "es" => word(
                    ["primero", "segundo", "tercero", "cuarto", "quinto"],
                    "último",
                ),
                "fr" => word(
                    ["premier", "deuxième", "troisième", "quatrième", "cinquième"],
                    "dernier",
                ),
                "it" => word(["primo", "secondo", "terzo", "quarto", "quinto"], "ultimo"),
                _ => word(["first", "second", "third", "fourth", "fifth"], "last"),
            }
        };
        let names: Vec<String> = which.iter().map(name).collect();
        match self.language {
            "de" => format!(" (nur am {} im Monat)", names.join(" und ")),
            "es" => format!(" (solo el {} del mes)", names.join(" y ")),
            "fr" => format!(" (seulement le {} du mois)", names.join(" et ")),
            "it" => format!(" (solo il {} del mese)", names.join(" e ")),
            _ => format!(" (only the {} of the month)", names.join(" and ")),
        }
    }

    /// "Our opening hours: "
    pub(super) fn week(self) -> &'static str {
        match self.language {
            "de" => "Unsere Öffnungszeiten: ",
            "es" => "Nuestro horario: ",
            "fr" => "Nos horaires : ",
            "it" => "I nostri orari: ",
            _ => "Our opening hours: ",
        }
    }

    /// "In a usual week: "
    pub(super) fn usually(self) -> &'static str {
        match self.language {
            "de" => "In einer normalen Woche: ",
            "es" => "En una semana normal: ",
            "fr" => "Une semaine normale : ",
            "it" => "In una settimana normale: ",
            _ => "In a usual week: ",
        }
    }

    /// "closed"
    pub(super) fn closed(self) -> &'static str {
        match self.language {
            "de" => "geschlossen",
            "es" => "cerrado",
            "fr" => "fermé",
            "it" => "chiuso",
            _ => "closed",
        }
    }

    /// "according to our documents"
    pub(super) fn documents(self) -> &'static str {
        match self.language {
            "de" => "laut unseren Unterlagen",
            "es" => "según nuestros documentos",
            "fr" => "selon nos documents",
            "it" => "secondo i nostri documenti",
            _ => "according to our documents",
        }
    }

    /// "the second Saturday of the month"
    pub(super) fn nth(self, date: Date) -> String {
        let n = (date.day() - 1) / 7 + 1;
        let day = weekday_name(date.weekday(), self.language);
        match self.language {
            "de" => format!("der {n}. {day} des Monats"),
            "es" => format!("el {n}.º {day} del mes"),
            "fr" => format!("le {n}e {day} du mois"),
            "it" => format!("il {n}º {day} del mese"),
            _ => format!("the {n}{} {day} of the month", ordinal(n)),
        }
    }
}

/// The text with a capital letter.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|c| c.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

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

//! What Frontdesk itself tells a visitor when somebody else takes over, in the visitor's language. Each language is a TOML file.

use std::sync::LazyLock;

use jiff::Zoned;
use serde::Deserialize;

use crate::language::Language;
use crate::language::data::{ByLanguage, fill};

/// The texts of one language.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    /// Somebody asked for a person, and the desk is open.
    waiting: &'static str,
    /// A person has it now.
    taken: &'static str,
    /// Another person has it now.
    taken_over: &'static str,
    returned: &'static str,
    /// The person lost the connection.
    requeued: &'static str,
    /// Nobody came in time.
    timeout: &'static str,
    /// The desk is closed.
    nobody: &'static str,
    /// When it opens.
    opens: &'static str,
    /// Asks for a number or an address.
    leave: &'static str,
    closed: &'static str,
    /// In place of a name that is not known any more.
    colleague: &'static str,
    today: &'static str,
    tomorrow: &'static str,
    /// Within a week.
    weekday: &'static str,
    date: &'static str,
    weekdays: [&'static str; 7],
}

static ENGLISH: &str = include_str!("en.toml");
static OTHERS: [(Language, &str); 11] = [
    (Language::De, include_str!("de.toml")),
    (Language::Es, include_str!("es.toml")),
    (Language::Fr, include_str!("fr.toml")),
    (Language::It, include_str!("it.toml")),
    (Language::Pt, include_str!("pt.toml")),
    (Language::Nl, include_str!("nl.toml")),
    (Language::Pl, include_str!("pl.toml")),
    (Language::Tr, include_str!("tr.toml")),
    (Language::Ru, include_str!("ru.toml")),
    (Language::Ar, include_str!("ar.toml")),
    (Language::Zh, include_str!("zh.toml")),
];
static TEXTS: LazyLock<ByLanguage<Texts>> = LazyLock::new(|| ByLanguage::read(ENGLISH, &OTHERS));

/// What a visitor is told.
#[derive(Debug, Clone)]
pub enum Notice<'a> {
    Waiting,
    Taken {
        /// The person's first name.
        name: &'a str,
    },
    TakenOver {
        name: &'a str,
    },
    Returned,
    Requeued {
        name: Option<&'a str>,
    },
    /// Nobody came in time.
    Timeout {
        callback: bool,
    },
    /// The desk is closed.
    Nobody {
        /// When it opens, if that is known, and the time now.
        opens: Option<(Zoned, Zoned)>,
        callback: bool,
    },
    Closed,
}

impl Notice<'_> {
    pub fn text(&self, language: Language) -> String {
        let texts = TEXTS.of(language);
        let named = |template: &str, name: &str| fill(template, &[("name", name)]);
        let also = |mut text: String, callback: bool| {
            if callback {
                text.push(' ');
                text.push_str(texts.leave);
            }
            text
        };
        match self {
            Self::Waiting => texts.waiting.to_owned(),
            Self::Taken { name } => named(texts.taken, name),
            Self::TakenOver { name } => named(texts.taken_over, name),
            Self::Returned => texts.returned.to_owned(),
            Self::Requeued { name } => named(texts.requeued, name.unwrap_or(texts.colleague)),
            Self::Timeout { callback } => also(texts.timeout.to_owned(), *callback),
            Self::Nobody { opens, callback } => {
                let mut text = texts.nobody.to_owned();
                if let Some((opens, now)) = opens {
                    let when = texts.write_when(opens, now);
                    text.push(' ');
                    text.push_str(&fill(texts.opens, &[("when", &when)]));
                }
                also(text, *callback)
            }
            Self::Closed => texts.closed.to_owned(),
        }
    }
}

impl Texts {
    /// "tomorrow at 09:00", "on Monday at 09:00"
    fn write_when(&self, opens: &Zoned, now: &Zoned) -> String {
        let days = now
            .date()
            .until(opens.date())
            .map_or(i32::MAX, |span| span.get_days());
        let template = match days {
            0 => self.today,
            1 => self.tomorrow,
            2..=6 => self.weekday,
            _ => self.date,
        };
        let from_monday = usize::try_from(opens.weekday().to_monday_zero_offset()).unwrap_or(0);
        let weekday = self.weekdays.get(from_monday).copied().unwrap_or_default();
        let time = opens.strftime("%H:%M").to_string();
        let (day, month) = (opens.day().to_string(), opens.month().to_string());
        let values = [
            ("weekday", weekday),
            ("time", &time),
            ("day", &day),
            ("month", &month),
        ];
        fill(template, &values)
    }
}

/// A time as it stands in a sentence: "tomorrow at 09:00", "on Monday at 09:00".
pub fn write_when(at: &Zoned, now: &Zoned, language: Language) -> String {
    TEXTS.of(language).write_when(at, now)
}

/// The language in which a notice asked for a number or an address, if it did: the visitor's next message may be one.
pub fn offers_callback(text: &str) -> Option<Language> {
    let offers = |language: &Language| text.contains(TEXTS.of(*language).leave);
    Language::KNOWN.into_iter().find(offers)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::language::data::{check, placeholders};

    #[test]
    fn every_language_has_every_text_with_the_same_places_to_fill() {
        let of = |file: &'static str| -> Vec<(String, Vec<String>)> {
            let _: Texts = check(file);
            let table: toml::Table = toml::from_str(file).unwrap();
            let texts = table.iter().filter_map(|(key, text)| {
                // Not every language writes a date with its month.
                let names = placeholders(text.as_str()?).into_iter().map(String::from);
                Some((key.clone(), names.collect()))
            });
            texts.collect()
        };
        let sorted = |file| {
            let mut texts = of(file);
            texts.sort();
            texts
        };
        for (language, file) in OTHERS {
            assert_eq!(sorted(file), sorted(ENGLISH), "{language:?}");
        }
    }

    #[test]
    fn a_closed_desk_says_when_it_opens() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |day, hour| {
            date(2026, 12, day)
                .at(hour, 5, 0, 0)
                .to_zoned(zone.clone())
                .unwrap()
        };
        let told = |opens: Zoned, language| {
            let opens = Some((opens, at(1, 20)));
            Notice::Nobody {
                opens,
                callback: false,
            }
            .text(language)
        };
        for (opens, expected) in [
            (at(1, 22), "It opens today at 22:05."),
            (at(2, 9), "It opens tomorrow at 09:05."),
            (at(4, 9), "It opens on Friday at 09:05."),
            (at(14, 9), "It opens on Monday, 12/14 at 09:05."),
        ] {
            let text = told(opens, Language::En);
            assert!(text.ends_with(expected), "{text}");
        }
        assert!(told(at(4, 9), Language::De).ends_with("am Freitag um 09:05 Uhr wieder da."));
        let plain = Notice::Nobody {
            opens: None,
            callback: true,
        }
        .text(Language::Other);
        assert_eq!(offers_callback(&plain), Some(Language::En), "{plain}");
        assert_eq!(offers_callback(&told(at(2, 9), Language::En)), None);
    }

    #[test]
    fn a_name_is_shown_as_it_is() {
        let text = Notice::Taken { name: "{name} <b>" }.text(Language::En);
        assert_eq!(text, "{name} <b> is here now and answers you.");
        let gone = Notice::Requeued { name: None }.text(Language::En);
        assert!(gone.starts_with("Our colleague lost"), "{gone}");
    }
}

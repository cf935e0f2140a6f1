//! The form of the desk's settings: from the settings into fields and back.

use std::collections::BTreeMap;

use crate::hours::edit;
use crate::inbox::desk::{DeskDay, DeskSettings, DeskSpan, HandOver, Notify};

/// Each day, its field and its name.
pub const DAYS: [(DeskDay, &str, &str); 7] = [
    (DeskDay::Monday, "monday", "Monday"),
    (DeskDay::Tuesday, "tuesday", "Tuesday"),
    (DeskDay::Wednesday, "wednesday", "Wednesday"),
    (DeskDay::Thursday, "thursday", "Thursday"),
    (DeskDay::Friday, "friday", "Friday"),
    (DeskDay::Saturday, "saturday", "Saturday"),
    (DeskDay::Sunday, "sunday", "Sunday"),
];

/// The fields of the form, as somebody typed them. Of a box that is not ticked there is none.
pub struct Typed(pub BTreeMap<String, String>);

impl Typed {
    pub fn of(settings: &DeskSettings) -> Self {
        let mut fields = BTreeMap::new();
        let mut set = |name: &str, value: String| fields.insert(name.to_owned(), value);
        let spans = |spans: &Vec<DeskSpan>| {
            let each = spans.iter().map(|[from, until]| format!("{from}-{until}"));
            each.collect::<Vec<_>>().join(", ")
        };
        if let Some(hours) = &settings.hours {
            set("own_hours", "1".to_owned());
            for (day, name, _) in DAYS {
                set(name, hours.get(&day).map(spans).unwrap_or_default());
            }
        }
        let [due, overdue] = settings.sla_minutes;
        let (hand_over, notify) = (&settings.hand_over, &settings.notify);
        set("time_zone", settings.time_zone.clone().unwrap_or_default());
        set("email", notify.email.join("\n"));
        for (name, number) in [
            ("wait_minutes", settings.wait_minutes),
            ("due", due),
            ("overdue", overdue),
            ("refusals", hand_over.refusals),
        ] {
            set(name, number.to_string());
        }
        for (name, on) in [
            ("callback", settings.callback),
            ("risky", hand_over.risky),
            ("bad_rating", hand_over.bad_rating),
            ("waiting", notify.waiting),
            ("new_lead", notify.new_lead),
            ("mention", notify.mention),
            ("assignment", notify.assignment),
            ("words", notify.words),
        ] {
            if on {
                set(name, "1".to_owned());
            }
        }
        Self(fields)
    }

    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    pub fn is_on(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    fn number(&self, name: &str, what: &str) -> Result<u32, String> {
        let wrong = || format!("{what} is a whole number, such as 3");
        self.get(name).parse().map_err(|_| wrong())
    }

    /// The settings that it states, or what is wrong with it.
    pub fn read(&self) -> Result<DeskSettings, String> {
        let own = self.is_on("own_hours");
        Ok(DeskSettings {
            hours: own.then(|| self.read_week()).transpose()?,
            time_zone: Some(self.get("time_zone").to_owned()).filter(|zone| !zone.is_empty()),
            wait_minutes: self.number("wait_minutes", "the longest wait")?,
            sla_minutes: [
                self.number("due", "“due after”")?,
                self.number("overdue", "“overdue after”")?,
            ],
            callback: self.is_on("callback"),
            hand_over: HandOver {
                risky: self.is_on("risky"),
                refusals: self
                    .number("refusals", "the number of answers that it could not give")?,
                bad_rating: self.is_on("bad_rating"),
            },
            notify: Notify {
                email: self
                    .get("email")
                    .split(['\n', ',', ';'])
                    .map(|line| line.trim().to_owned())
                    .filter(|line| !line.is_empty())
                    .collect(),
                new_lead: self.is_on("new_lead"),
                waiting: self.is_on("waiting"),
                mention: self.is_on("mention"),
                assignment: self.is_on("assignment"),
                words: self.is_on("words"),
            },
        })
    }

    fn read_week(&self) -> Result<BTreeMap<DeskDay, Vec<DeskSpan>>, String> {
        let mut week = BTreeMap::new();
        for (day, name, label) in DAYS {
            let open = edit::read_spans(self.get(name));
            let open = open.map_err(|wrong| format!("{label}: {wrong}"))?;
            let time = |time: jiff::civil::Time| time.strftime("%H:%M").to_string();
            let spans = open.iter().map(|span| [time(span.from), time(span.to)]);
            let spans: Vec<DeskSpan> = spans.collect();
            if !spans.is_empty() {
                week.insert(day, spans);
            }
        }
        Ok(week)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_comes_back_as_settings() {
        let hours = BTreeMap::from([(
            DeskDay::Monday,
            vec![
                ["09:00".to_owned(), "12:30".to_owned()],
                ["13:30".to_owned(), "17:00".to_owned()],
            ],
        )]);
        let settings = DeskSettings {
            hours: Some(hours),
            time_zone: Some("Europe/Berlin".to_owned()),
            callback: false,
            notify: Notify {
                email: vec!["a@example.org".to_owned(), "b@example.org".to_owned()],
                ..Notify::default()
            },
            ..DeskSettings::default()
        };
        for settings in [settings, DeskSettings::default()] {
            assert_eq!(Typed::of(&settings).read().unwrap(), settings);
        }
    }

    #[test]
    fn a_mistake_names_its_day() {
        let mut typed = Typed::of(&DeskSettings::default());
        typed.0.insert("own_hours".to_owned(), "1".to_owned());
        typed.0.insert("friday".to_owned(), "sometimes".to_owned());
        assert!(typed.read().unwrap_err().starts_with("Friday: "));
        typed.0.insert("friday".to_owned(), String::new());
        typed.0.insert("due".to_owned(), "soon".to_owned());
        assert!(typed.read().is_err());
    }
}

//! What the buttons of the form do.

use std::collections::BTreeMap;

use super::{Draft, LONGEST, Row};
use crate::language::codes::is_code;
use crate::workflows::{Choice, Deed, Kind, Slot, Step, Texts};

/// Which button was pressed, such as `up.3`, and what the lists beside the buttons were at.
#[derive(Debug, Default)]
pub(in crate::http::console) struct Pressed {
    button: String,
    chosen: BTreeMap<String, String>,
}

impl Pressed {
    pub(in crate::http::console) fn of(posted: &[(String, String)]) -> Self {
        let button = posted.iter().rev().find(|(name, _)| name == "press");
        let chosen = posted.iter().filter(|(name, _)| name.starts_with("new."));
        Self {
            button: button.map_or_else(String::new, |(_, value)| value.clone()),
            chosen: chosen.cloned().collect(),
        }
    }

    /// Nothing else was wanted than to keep it.
    pub(in crate::http::console) fn saves(&self) -> bool {
        matches!(self.button.as_str(), "" | "save")
    }

    fn chosen(&self, name: &str) -> &str {
        self.chosen.get(name).map_or("", |value| value.trim())
    }
}

impl Draft {
    /// Does what a button says; nothing is kept.
    pub(in crate::http::console) fn press(&mut self, pressed: &Pressed) {
        let mut words = pressed.button.split('.');
        let (verb, first, second) = (words.next(), words.next(), words.next());
        let number = |word: Option<&str>| word.and_then(|word| word.parse::<usize>().ok());
        let at = number(first);
        match (verb.unwrap_or_default(), at) {
            ("up", Some(at)) if at > 0 && at < self.steps.len() => self.steps.swap(at - 1, at),
            ("down", Some(at)) if at + 1 < self.steps.len() => self.steps.swap(at, at + 1),
            ("remove", Some(at)) => self.remove(at),
            ("forget", Some(at)) => self.forget(at),
            ("option", Some(at)) => self.add_option(at),
            ("unoption", Some(at)) => {
                if let Some(n) = number(second)
                    && let Some(options) = self.options(at)
                    && n < options.len()
                {
                    options.remove(n);
                }
            }
            ("question", _) => self.add_question(pressed.chosen("new.kind")),
            ("step", _) => self.add_step(pressed.chosen("new.step")),
            ("language", _) => {
                let code = pressed.chosen("new.language");
                if is_code(code) && !self.languages.iter().any(|known| known == code) {
                    self.languages.push(code.to_owned());
                }
            }
            ("unlanguage", _) => self.remove_language(first.unwrap_or_default()),
            // `show` only shows the fields of what was chosen.
            _ => {}
        }
    }

    fn remove(&mut self, at: usize) {
        let Some(row) = self.steps.get(at) else {
            return;
        };
        if let Some(label) = &row.label
            && self.steps.iter().any(|other| goes_to(&other.step, label))
        {
            let told = "Another step goes on here, so this one cannot be removed. Change that in the text first.";
            self.errors.insert(format!("s{at}"), told.to_owned());
            return;
        }
        let row = self.steps.remove(at);
        if let Step::Ask(name) = &row.step
            && self.steps.iter().all(|other| other.step != row.step)
        {
            self.slots.retain(|slot| slot.name != *name);
        }
    }

    /// Removes a slot that no step asks for.
    fn forget(&mut self, at: usize) {
        let name = self.unasked().get(at).map(|slot| slot.name.clone());
        self.slots.retain(|slot| Some(&slot.name) != name.as_ref());
    }

    fn options(&mut self, at: usize) -> Option<&mut Vec<Choice>> {
        let name = self.asks_first(at)?.name.clone();
        let slot = self.slots.iter_mut().find(|slot| slot.name == name)?;
        match &mut slot.kind {
            Kind::Choice(options) => Some(options),
            _ => None,
        }
    }

    fn add_option(&mut self, at: usize) {
        if let Some(options) = self.options(at) {
            let name = unused("option", |name| options.iter().any(|o| o.name == name));
            options.push(Choice {
                name,
                say: BTreeMap::new(),
            });
        }
    }

    fn remove_language(&mut self, code: &str) {
        if self.languages.len() < 2 {
            return;
        }
        self.languages.retain(|known| known != code);
        let forget = |texts: &mut Texts| drop(texts.0.remove(code));
        forget(&mut self.title);
        self.begin.remove(code);
        for slot in &mut self.slots {
            for texts in [&mut slot.label, &mut slot.ask, &mut slot.again] {
                forget(texts);
            }
            match &mut slot.kind {
                Kind::Number { units, .. } => drop(units.remove(code)),
                Kind::Choice(options) => options.iter_mut().for_each(|o| drop(o.say.remove(code))),
                _ => {}
            }
        }
        for row in &mut self.steps {
            if let Step::Say(texts) | Step::Confirm(texts) | Step::End(texts) = &mut row.step {
                forget(texts);
            }
        }
    }

    /// Behind the last question, or where the workflow begins.
    fn behind_questions(&self) -> usize {
        let last = self
            .steps
            .iter()
            .rposition(|row| matches!(row.step, Step::Ask(_)));
        last.map_or(0, |at| at + 1)
    }

    fn add_question(&mut self, kind: &str) {
        let kind = match kind {
            "date" => Kind::Date { open: true },
            "time" => Kind::Time { open: true },
            "phone" => Kind::Phone,
            "email" => Kind::Email,
            "name" => Kind::Name,
            "yes_no" => Kind::YesNo,
            "choice" => Kind::Choice(vec![
                Choice {
                    name: "option".to_owned(),
                    say: BTreeMap::new(),
                },
                Choice {
                    name: "option2".to_owned(),
                    say: BTreeMap::new(),
                },
            ]),
            "number" => Kind::Number {
                least: 0.0,
                most: super::HIGHEST,
                units: BTreeMap::new(),
            },
            _ => Kind::Text { longest: LONGEST },
        };
        let name = unused(kind.name(), |name| self.slot(name).is_some());
        self.slots.push(Slot {
            name: name.clone(),
            label: Texts::default(),
            ask: Texts::default(),
            again: Texts::default(),
            optional: false,
            kind,
        });
        let at = self.behind_questions();
        self.insert(at, Step::Ask(name));
    }

    fn add_step(&mut self, what: &str) {
        let end = self.steps.len();
        let behind = self.behind_questions();
        let is_last_end = matches!(self.steps.last().map(|row| &row.step), Some(Step::End(_)));
        let before_end = end - usize::from(is_last_end);
        match what {
            "say" => self.insert(behind, Step::Say(Texts::default())),
            "confirm" => self.insert(behind, Step::Confirm(Texts::default())),
            "end" => self.insert(end, Step::End(Texts::default())),
            act if Deed::ACTS.contains(&act) => {
                let with = self.usual(act);
                let act = act.to_owned();
                self.insert(before_end, Step::Act(Deed { act, with }));
            }
            _ => {}
        }
    }

    fn insert(&mut self, at: usize, step: Step) {
        let at = at.min(self.steps.len());
        self.steps.insert(at, Row { label: None, step });
    }

    /// What a new act takes from the answers.
    fn usual(&self, act: &str) -> BTreeMap<String, String> {
        let of = |is: fn(&Kind) -> bool| {
            let slot = self.slots.iter().find(|slot| is(&slot.kind));
            slot.map(|slot| format!("{{{}}}", slot.name))
        };
        let is_person = |kind: &Kind| matches!(kind, Kind::Name | Kind::Phone | Kind::Email);
        let others = self.slots.iter().filter(|slot| !is_person(&slot.kind));
        let others: Vec<String> = others
            .map(|slot| format!("{}: {{{}}}", self.title_of(&slot.name), slot.name))
            .collect();
        let title = self.first(&self.title).unwrap_or_default();
        let all: Vec<String> = self
            .slots
            .iter()
            .map(|slot| format!("{}: {{{}}}", self.title_of(&slot.name), slot.name))
            .collect();
        let wish = match others.is_empty() {
            true => title.clone(),
            false => format!("{title}: {}", others.join(", ")),
        };
        let fields = match act {
            "lead" => vec![
                ("name", of(|kind| matches!(kind, Kind::Name))),
                ("phone", of(|kind| matches!(kind, Kind::Phone))),
                ("email", of(|kind| matches!(kind, Kind::Email))),
                ("wish", Some(wish)),
            ],
            "task" => vec![
                ("name", of(|kind| matches!(kind, Kind::Name))),
                ("wish", Some(wish)),
            ],
            "email" => vec![("title", Some(title)), ("text", Some(all.join("\n")))],
            _ => Vec::new(),
        };
        let fields = fields.into_iter();
        fields
            .filter_map(|(name, text)| Some((name.to_owned(), text?)))
            .collect()
    }
}

fn goes_to(step: &Step, label: &str) -> bool {
    matches!(step, Step::Branch { to, .. } | Step::Go(to) if to == label)
}

/// A name that is not taken: with a number if it has to be.
fn unused(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(name) {
        return name.to_owned();
    }
    let mut numbered = (2..).map(|n: u32| format!("{name}{n}"));
    let free = numbered.find(|name| !is_taken(name));
    free.unwrap_or_else(|| name.to_owned())
}

//! What is wrong with a draft, beside the field that it is about.

use super::Draft;
use crate::language::data::placeholders_of;
use crate::workflows::{Deed, Definition, Kind, Slot, Step, Texts};

impl Draft {
    /// The definition as text, below the comments that the text before began with.
    ///
    /// # Errors
    /// When something is wrong; then [`Draft::errors`] says what.
    pub(in crate::http::console) fn text(&mut self, heading: &str) -> Option<String> {
        self.errors.clear();
        self.check();
        if !self.errors.is_empty() {
            return None;
        }
        let written = self.definition().write();
        let Err(problems) = Definition::parse(&written.text) else {
            return Some(format!("{heading}{}", written.text));
        };
        // Whatever else is wrong is told at the step that it is in.
        for problem in problems {
            let step = written.steps.iter().rposition(|from| *from <= problem.line);
            let slot = written.slots.iter().rposition(|from| *from <= problem.line);
            let place = match (step, slot) {
                (Some(step), _) => format!("s{step}"),
                (None, Some(slot)) => self.place_of(slot),
                (None, None) => "title".to_owned(),
            };
            self.tell(&place, &problem.what);
        }
        None
    }

    /// The beginning of the names of a slot's fields.
    fn place_of(&self, slot: usize) -> String {
        let name = self.slots.get(slot).map_or("", |slot| slot.name.as_str());
        let is_it = |slot: &Slot| slot.name == name;
        let mut steps = 0..self.steps.len();
        if let Some(at) = steps.find(|at| self.asks_first(*at).is_some_and(is_it)) {
            return format!("s{at}");
        }
        let at = self.unasked().into_iter().position(is_it);
        at.map_or_else(|| "title".to_owned(), |at| format!("u{at}"))
    }

    fn tell(&mut self, field: &str, what: &str) {
        let told = self.errors.entry(field.to_owned()).or_default();
        if !told.is_empty() {
            told.push(' ');
        }
        told.push_str(&crate::http::console::sentence(what));
    }

    fn check(&mut self) {
        for field in self.raw.clone().keys() {
            self.tell(field, "write a number here, in digits");
        }
        if self.title.is_empty() {
            let first = self.languages.first().map_or("en", String::as_str);
            let field = format!("title.{first}");
            self.tell(
                &field,
                "a workflow needs a title; visitors see it on a button",
            );
        }
        for at in 0..self.steps.len() {
            let place = format!("s{at}");
            if let Some(slot) = self.asks_first(at).cloned() {
                self.check_slot(&place, &slot);
            }
            match self.steps.get(at).map(|row| row.step.clone()) {
                Some(Step::Say(texts) | Step::Confirm(texts) | Step::End(texts)) => {
                    self.check_texts(&format!("{place}.text"), &texts, true);
                }
                Some(Step::Act(deed)) => self.check_deed(&place, &deed),
                _ => {}
            }
        }
        let unasked: Vec<Slot> = self.unasked().into_iter().cloned().collect();
        for (at, slot) in unasked.iter().enumerate() {
            self.check_slot(&format!("u{at}"), slot);
        }
    }

    fn check_slot(&mut self, place: &str, slot: &Slot) {
        let spoken: Vec<String> = self.title.0.keys().cloned().collect();
        for code in spoken {
            if !slot.ask.0.contains_key(&code) {
                let field = format!("{place}.ask.{code}");
                self.tell(
                    &field,
                    "write the question in this language too, as the title has one",
                );
            }
        }
        self.check_texts(&format!("{place}.ask"), &slot.ask, false);
        self.check_texts(&format!("{place}.again"), &slot.again, false);
        match &slot.kind {
            Kind::Choice(options) => {
                if options.len() < 2 {
                    self.tell(place, "a choice needs two options or more; add one");
                }
                let empty = options.iter().position(|option| option.say.is_empty());
                let first = self.languages.first().map_or("en", String::as_str);
                if let Some(at) = empty {
                    let field = format!("{place}.o{at}.say.{first}");
                    self.tell(&field, "write how visitors say this option, or remove it");
                }
            }
            Kind::Number { least, most, .. } if least > most => {
                self.tell(
                    &format!("{place}.most"),
                    "the most must not be less than the least",
                );
            }
            _ => {}
        }
    }

    /// Values in braces must be those of questions.
    fn check_texts(&mut self, field: &str, texts: &Texts, must: bool) {
        if must && texts.is_empty() {
            let first = self.languages.first().map_or("en", String::as_str);
            let field = format!("{field}.{first}");
            self.tell(&field, "write what is said here, or remove this step");
        }
        for (code, text) in &texts.0 {
            self.check_braces(&format!("{field}.{code}"), text);
        }
    }

    fn check_braces(&mut self, field: &str, text: &str) {
        for name in placeholders_of(text) {
            if self.slot(name).is_none() {
                let what = format!(
                    "no question has the answer {{{name}}}; the answers are listed above the steps"
                );
                self.tell(field, &what);
            }
        }
    }

    fn check_deed(&mut self, place: &str, deed: &Deed) {
        for field in needed(&deed.act) {
            if !deed.with.contains_key(*field) {
                self.tell(&format!("{place}.with.{field}"), "this must not be empty");
            }
        }
        for (name, text) in &deed.with {
            let field = format!("{place}.with.{name}");
            match deed.act == "email" && name == "to" && text.contains('{') {
                // A visitor never chooses whom the business writes to.
                true => self.tell(
                    &field,
                    "write an address here; it cannot be one that a visitor says",
                ),
                false => self.check_braces(&field, text),
            }
        }
    }
}

/// Fields that an act cannot do without.
fn needed(act: &str) -> &'static [&'static str] {
    match act {
        "email" => &["to", "title", "text"],
        "task" => &["wish"],
        "tool" => &["tool"],
        _ => &[],
    }
}

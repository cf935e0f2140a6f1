//! Writes a definition as TOML, the way people write one.

use std::collections::BTreeMap;

use super::definition::{Definition, Kind, Lists, Slot, Step, Texts};

/// A definition as TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub text: String,
    /// The lines, from 1, where the slots begin.
    pub slots: Vec<usize>,
    /// The same of the steps.
    pub steps: Vec<usize>,
}

impl Definition {
    /// Reading the text again gives the same definition. Comments are no part of one.
    pub fn write(&self) -> Written {
        let mut out = Out::default();
        out.line("name", &quoted(&self.name));
        out.texts("title", &self.title);
        out.lists("begin", &self.begin);
        let mut slots = Vec::new();
        for slot in &self.slots {
            slots.push(out.block("slots"));
            write_slot(&mut out, slot);
        }
        let mut steps = Vec::new();
        for (n, step) in self.steps.iter().enumerate() {
            steps.push(out.block("steps"));
            if let Some((label, _)) = self.labels.iter().find(|(_, at)| **at == n) {
                out.line("label", &quoted(label));
            }
            write_step(&mut out, step);
        }
        Written {
            text: out.text,
            slots,
            steps,
        }
    }
}

fn write_slot(out: &mut Out, slot: &Slot) {
    out.line("name", &quoted(&slot.name));
    out.line("kind", &quoted(slot.kind.name()));
    out.texts("label", &slot.label);
    out.texts("ask", &slot.ask);
    out.texts("again", &slot.again);
    if slot.optional {
        out.line("optional", "true");
    }
    match &slot.kind {
        Kind::Date { open: true } | Kind::Time { open: true } => out.line("open", "true"),
        Kind::Number { least, most, units } => {
            out.line("least", &number(*least));
            out.line("most", &number(*most));
            out.lists("units", units);
        }
        Kind::Text { longest } => out.line("longest", &longest.to_string()),
        Kind::Choice(options) => {
            for option in options {
                out.text.push_str("[[slots.options]]\n");
                out.line("name", &quoted(&option.name));
                out.line("say", &lists(&option.say));
            }
        }
        _ => {}
    }
}

fn write_step(out: &mut Out, step: &Step) {
    match step {
        Step::Ask(slot) => out.line("ask", &quoted(slot)),
        Step::Branch { slot, is, to } => {
            out.line("when", &quoted(slot));
            out.line("is", &list(is));
            out.line("go", &quoted(to));
        }
        Step::Go(to) => out.line("go", &quoted(to)),
        Step::Say(texts) => out.texts("say", texts),
        Step::Confirm(texts) => out.texts("confirm", texts),
        Step::End(texts) => out.texts("end", texts),
        Step::Act(deed) => {
            out.line("act", &quoted(&deed.act));
            if !deed.with.is_empty() {
                out.line("with", &strings(&deed.with));
            }
        }
    }
}

#[derive(Default)]
struct Out {
    text: String,
}

impl Out {
    fn line(&mut self, key: &str, value: &str) {
        self.text.extend([key, " = ", value, "\n"]);
    }

    /// Begins one of an array of tables, and says in which line.
    fn block(&mut self, name: &str) -> usize {
        self.text.push('\n');
        let line = self.text.matches('\n').count() + 1;
        self.text.extend(["[[", name, "]]\n"]);
        line
    }

    fn texts(&mut self, key: &str, texts: &Texts) {
        if !texts.is_empty() {
            self.line(key, &strings(&texts.0));
        }
    }

    fn lists(&mut self, key: &str, all: &Lists) {
        if !all.is_empty() {
            self.line(key, &lists(all));
        }
    }
}

fn strings(texts: &BTreeMap<String, String>) -> String {
    table(texts.iter().map(|(name, text)| (name, quoted(text))))
}

fn lists(all: &Lists) -> String {
    table(all.iter().map(|(name, words)| (name, list(words))))
}

fn table<'a>(fields: impl Iterator<Item = (&'a String, String)>) -> String {
    let fields: Vec<String> = fields
        .map(|(name, value)| format!("{} = {value}", key(name)))
        .collect();
    match fields.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{ {} }}", fields.join(", ")),
    }
}

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whole numbers without a point; TOML's own have at most 64 bits.
fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => "nan".to_owned(),
        value if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        value => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflows::{Choice, Deed, templates};

    fn read(text: &str) -> Definition {
        Definition::parse(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
    }

    #[test]
    fn every_template_is_the_same_after_it_was_written() {
        for (name, text) in templates::ALL {
            let definition = read(text);
            let written = definition.write();
            assert_eq!(read(&written.text), definition, "{name}");
            let line = |at: &usize| written.text.lines().nth(at - 1).unwrap();
            assert_eq!(written.slots.len(), definition.slots.len());
            assert!(written.slots.iter().map(line).all(|l| l == "[[slots]]"));
            assert_eq!(written.steps.len(), definition.steps.len());
            assert!(written.steps.iter().map(line).all(|l| l == "[[steps]]"));
            // What was written once is written the same again.
            assert_eq!(read(&written.text).write(), written, "{name}");
        }
    }

    #[test]
    fn odd_texts_and_numbers_are_the_same_after_they_were_written() {
        let mut definition = read(templates::find("order").unwrap());
        let odd = "a \"quoted\" \\ one,\nanother line\t\u{1} {name} é 漢";
        definition.title.0.insert("en".to_owned(), odd.to_owned());
        if let Some(slot) = definition.slots.first_mut() {
            slot.again.0.insert("pt".to_owned(), odd.to_owned());
            slot.kind = Kind::Number {
                least: -0.5,
                most: 1e300,
                units: Lists::from([("en".to_owned(), Vec::new())]),
            };
        }
        if let Some(slot) = definition.slots.get_mut(2) {
            slot.kind = Kind::Choice(vec![
                Choice {
                    name: odd.to_owned(),
                    say: Lists::new(),
                };
                2
            ]);
        }
        definition
            .steps
            .retain(|step| !matches!(step, Step::Branch { .. }));
        definition.labels.clear();
        definition.steps.push(Step::Act(Deed {
            act: "tool".to_owned(),
            with: BTreeMap::from([
                ("tool".to_owned(), odd.to_owned()),
                ("an odd \"key\"".to_owned(), String::new()),
            ]),
        }));
        assert_eq!(read(&definition.write().text), definition);
    }
}

//! Reads a definition from TOML, and says line by line what is wrong with it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::definition::{Choice, Deed, Definition, Kind, Lists, Slot, Step, Texts};
use crate::language::codes::is_code;
use crate::language::data::placeholders_of;

/// Largest definition, in bytes, and most slots and steps of one.
const LARGEST: usize = 64 * 1024;
const MOST: usize = 60;
/// Longest answer that is text, in characters, unless the slot says otherwise.
const LONGEST: usize = 500;

/// What is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Problem {
    /// From 1.
    pub line: usize,
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    title: Spanned<Texts>,
    #[serde(default)]
    begin: Lists,
    #[serde(default)]
    slots: Vec<Spanned<RawSlot>>,
    #[serde(default)]
    steps: Vec<Spanned<RawStep>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSlot {
    name: String,
    kind: String,
    #[serde(default)]
    label: Texts,
    ask: Texts,
    #[serde(default)]
    again: Texts,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    options: Vec<RawOption>,
    least: Option<f64>,
    most: Option<f64>,
    #[serde(default)]
    units: Lists,
    longest: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOption {
    name: String,
    say: Lists,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawStep {
    label: Option<String>,
    ask: Option<String>,
    when: Option<String>,
    is: Vec<String>,
    go: Option<String>,
    say: Texts,
    confirm: Texts,
    act: Option<String>,
    with: BTreeMap<String, String>,
    end: Texts,
}

/// Collects problems with their lines.
struct Problems<'a> {
    text: &'a str,
    found: Vec<Problem>,
}

impl Problems<'_> {
    fn at(&mut self, byte: usize, what: impl Into<String>) {
        let before = self.text.get(..byte).unwrap_or(self.text);
        self.found.push(Problem {
            line: before.matches('\n').count() + 1,
            what: what.into(),
        });
    }
}

impl Definition {
    /// # Errors
    /// All that is wrong, in the order of the lines.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems {
            text,
            found: Vec::new(),
        };
        if text.len() > LARGEST {
            problems.at(0, format!("a workflow may have at most {LARGEST} bytes"));
            return Err(problems.found);
        }
        let file: File = match toml::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                problems.at(at, error.message());
                return Err(problems.found);
            }
        };
        let definition = build(file, &mut problems);
        problems.found.sort_by_key(|problem| problem.line);
        match problems.found.is_empty() {
            true => Ok(definition),
            false => Err(problems.found),
        }
    }
}

fn build(file: File, problems: &mut Problems<'_>) -> Definition {
    let name = file.name.get_ref();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 40 || !name.chars().all(is_plain) {
        let what = "name must be 1 to 40 small letters, digits, hyphens or underscores";
        problems.at(file.name.span().start, what);
    }
    let title = file.title.get_ref().clone();
    let at_title = file.title.span().start;
    if title.is_empty() {
        problems.at(at_title, "title needs a text in at least one language");
    }
    for code in title.0.keys().filter(|code| !is_code(code)) {
        problems.at(
            at_title,
            format!("{code} is no language code; use en, de and the like"),
        );
    }
    for (what, count) in [("slots", file.slots.len()), ("steps", file.steps.len())] {
        if count > MOST {
            problems.at(0, format!("a workflow may have at most {MOST} {what}"));
        }
    }
    if file.steps.is_empty() {
        problems.at(
            0,
            "a workflow needs steps; write [[steps]] and what to do below it",
        );
    }
    let mut slots: Vec<Slot> = Vec::new();
    for raw in file.slots {
        let at = raw.span().start;
        let raw = raw.into_inner();
        if slots.iter().any(|slot| slot.name == raw.name) {
            problems.at(at, format!("there are two slots named {}", raw.name));
        }
        for code in title.0.keys().filter(|code| !raw.ask.0.contains_key(*code)) {
            problems.at(
                at,
                format!(
                    "the question for {} has no text in {code}, which the title has",
                    raw.name
                ),
            );
        }
        if let Some(slot) = read_slot(raw, at, problems) {
            slots.push(slot);
        }
    }
    let mut labels = BTreeMap::new();
    let mut raws = Vec::new();
    for (n, raw) in file.steps.into_iter().enumerate() {
        let at = raw.span().start;
        let raw = raw.into_inner();
        if let Some(label) = &raw.label
            && labels.insert(label.clone(), n).is_some()
        {
            problems.at(at, format!("there are two steps with the label {label}"));
        }
        raws.push((at, raw));
    }
    let definition = Definition {
        name: name.clone(),
        title,
        begin: file.begin,
        slots,
        steps: Vec::new(),
        labels,
    };
    let mut steps = Vec::new();
    for (at, raw) in raws {
        match read_step(raw, &definition) {
            Ok(step) => steps.push(step),
            Err(what) => problems.at(at, what),
        }
    }
    Definition {
        steps,
        ..definition
    }
}

fn read_slot(raw: RawSlot, at: usize, problems: &mut Problems<'_>) -> Option<Slot> {
    let kind = match raw.kind.as_str() {
        "date" => Kind::Date { open: raw.open },
        "time" => Kind::Time { open: raw.open },
        "phone" => Kind::Phone,
        "email" => Kind::Email,
        "name" => Kind::Name,
        "yes_no" => Kind::YesNo,
        "text" => Kind::Text {
            longest: raw.longest.unwrap_or(LONGEST),
        },
        "choice" => {
            if raw.options.len() < 2 {
                problems.at(
                    at,
                    format!("the choice {} needs two options or more", raw.name),
                );
            }
            let options = raw.options.into_iter();
            Kind::Choice(
                options
                    .map(|o| Choice {
                        name: o.name,
                        say: o.say,
                    })
                    .collect(),
            )
        }
        "number" => {
            let (least, most) = (raw.least.unwrap_or(0.0), raw.most.unwrap_or(1e9));
            if least > most {
                problems.at(at, format!("the least of {} is above the most", raw.name));
            }
            Kind::Number {
                least,
                most,
                units: raw.units,
            }
        }
        other => {
            problems.at(at, format!(
                "there is no kind {other}; it is one of date, time, phone, email, choice, number, text, name and yes_no"
            ));
            return None;
        }
    };
    Some(Slot {
        name: raw.name,
        label: raw.label,
        ask: raw.ask,
        again: raw.again,
        optional: raw.optional,
        kind,
    })
}

fn read_step(raw: RawStep, definition: &Definition) -> Result<Step, String> {
    let slot = |name: &str| -> Result<(), String> {
        match definition.slot(name) {
            Some(_) => Ok(()),
            None => Err(format!("there is no slot named {name}")),
        }
    };
    let label = |name: &str| -> Result<(), String> {
        match definition.labels.contains_key(name) {
            true => Ok(()),
            false => Err(format!("there is no step with the label {name}")),
        }
    };
    let texts = raw
        .say
        .0
        .values()
        .chain(raw.confirm.0.values())
        .chain(raw.end.0.values());
    for text in texts.chain(raw.with.values()) {
        for name in placeholders_of(text) {
            slot(name)?;
        }
    }
    if let Some(name) = raw.ask {
        slot(&name)?;
        return Ok(Step::Ask(name));
    }
    if let Some(name) = raw.when {
        slot(&name)?;
        let to = raw
            .go
            .ok_or("a step with `when` needs `go`, the label to go to")?;
        label(&to)?;
        if let Some(Kind::Choice(options)) = definition.slot(&name).map(|slot| &slot.kind)
            && let Some(wrong) = raw
                .is
                .iter()
                .find(|is| !options.iter().any(|o| o.name == **is))
        {
            return Err(format!("{name} has no option {wrong}"));
        }
        return Ok(Step::Branch {
            slot: name,
            is: raw.is,
            to,
        });
    }
    if let Some(to) = raw.go {
        label(&to)?;
        return Ok(Step::Go(to));
    }
    if let Some(act) = raw.act {
        if !Deed::ACTS.contains(&act.as_str()) {
            return Err(format!(
                "there is no act {act}; it is one of {}",
                Deed::ACTS.join(", ")
            ));
        }
        let needed: &[&str] = match act.as_str() {
            "email" => &["to", "title", "text"],
            "task" => &["wish"],
            "tool" => &["tool"],
            _ => &[],
        };
        if let Some(field) = needed.iter().find(|field| !raw.with.contains_key(**field)) {
            return Err(format!("the act {act} needs `{field}` in `with`"));
        }
        // A visitor never chooses whom the business writes to.
        if act == "email" && raw.with.get("to").is_some_and(|to| to.contains('{')) {
            return Err(
                "an e-mail goes to an address that stands here, not to one that a visitor says"
                    .into(),
            );
        }
        return Ok(Step::Act(Deed {
            act,
            with: raw.with,
        }));
    }
    match (
        raw.say.is_empty(),
        raw.confirm.is_empty(),
        raw.end.is_empty(),
    ) {
        (false, true, true) => Ok(Step::Say(raw.say)),
        (true, false, true) => Ok(Step::Confirm(raw.confirm)),
        (true, true, false) => Ok(Step::End(raw.end)),
        _ => Err("a step is one of ask, when, go, say, confirm, act and end".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let found = Definition::parse(text).err().unwrap_or_default();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn problems_name_their_lines() {
        let text = "name = \"A b\"\ntitle.en = \"T\"\n\n[[slots]]\nname = \"x\"\nkind = \"dat\"\nask.en = \"?\"\n\n[[steps]]\nask = \"y\"\n";
        let found = problems(text);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("line 1: name must be"));
        assert!(found[1].starts_with("line 4: there is no kind dat"));
        assert!(found[2].starts_with("line 9: there is no slot named y"));
        assert!(
            problems("name = ")
                .first()
                .is_some_and(|p| p.starts_with("line 1"))
        );
    }

    #[test]
    fn an_email_goes_only_where_the_owner_says() {
        let text = "name = \"a\"\ntitle.en = \"T\"\n[[slots]]\nname = \"m\"\nkind = \"email\"\nask.en = \"?\"\n[[steps]]\nact = \"email\"\nwith = { to = \"{m}\", title = \"t\", text = \"x\" }\n";
        assert!(problems(text)[0].contains("not to one that a visitor says"));
    }
}

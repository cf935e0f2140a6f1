//! A tool as a workflow of one act: what it needs is asked for, corrected, confirmed and cancelled in the words of workflows.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Time;
use jiff::{ToSpan, civil::Date};
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value as Json};

use crate::agent::phrases::phrases;
use crate::language::Language;
use crate::store::tools::{Tool, ToolKind};
use crate::tools::Consent;
use crate::workflows::{
    Act, Choice, Deed, Definition, Kind, Lists, Phase, Run, Slot, Step, Texts, Value, show_plain,
};

/// Begins the name of such a workflow; no owner can write one with it.
const PREFIX: &str = "tool:";
/// Longest text of an argument, in characters.
const LONGEST: usize = 200;
/// Longest text of an argument that is no sentence, in characters: an e-mail address or a code.
const LONGEST_WORD: usize = 40;
/// Longest description that is shown in place of a title, in characters.
const LONGEST_LABEL: usize = 60;
/// Memory that a compiled pattern may take, in bytes.
const PATTERN_BYTES: usize = 1 << 20;
/// The day and the time of a calendar that were asked for.
const DAY: &str = "day";
const AT: &str = "at";

/// What an argument is read from.
#[derive(Debug, Clone)]
pub(super) enum Sought {
    Date,
    Time,
    /// A date and a time, in two slots.
    Moment,
    Email,
    Phone,
    Number {
        is_whole: bool,
    },
    Choice(Vec<String>),
    YesNo,
    /// Text, such as the number of an order; it may have a form.
    Text(Option<Regex>),
}

#[derive(Debug, Clone)]
pub(super) struct Argument {
    pub(super) name: String,
    /// What visitors are asked for.
    pub(super) label: String,
    pub(super) about: String,
    pub(super) sought: Sought,
    /// Whether it is asked for where it is missing.
    pub(super) is_needed: bool,
    /// Taken where nothing was said.
    default: Option<String>,
}

/// A tool that the assistant may call now.
pub(super) struct Plan {
    pub(super) tool: Tool,
    pub(super) consent: Consent,
    pub(super) arguments: Vec<Argument>,
    pub(super) definition: Definition,
}

/// The tool that a run is about; `None` for a workflow.
pub(crate) fn tool_of(workflow: &str) -> Option<&str> {
    workflow.strip_prefix(PREFIX)
}

impl Plan {
    /// `None` for a tool that may not run, or that needs what nobody can say in a sentence, such as a list.
    pub(super) fn new(tool: Tool, language: Language) -> Option<Self> {
        let consent = Consent::of(&tool)?;
        let arguments = match tool.kind {
            ToolKind::Http => read_arguments(&tool.arguments)?,
            ToolKind::Calendar => of_calendar(),
        };
        let definition = define(&tool, consent, &arguments, language);
        Some(Self {
            tool,
            consent,
            arguments,
            definition,
        })
    }

    /// The argument that a run waits for.
    pub(super) fn asked(&self, run: &Run) -> Option<&Argument> {
        let Phase::Asking(slot) = &run.phase else {
            return None;
        };
        self.arguments.iter().find(|one| one.name == *slot)
    }

    /// The arguments of a call as texts, by their names.
    pub(super) fn texts(&self, run: &Run) -> BTreeMap<String, String> {
        if self.tool.kind == ToolKind::Calendar {
            return window_of(run);
        }
        let mut texts = BTreeMap::new();
        for argument in &self.arguments {
            let said = match argument.sought {
                Sought::Moment => moment_of(run, &argument.name),
                _ => run.filled.get(&argument.name).map(show_plain),
            };
            let said = said.filter(|text| !text.trim().is_empty());
            if let Some(text) = said.or_else(|| argument.default.clone()) {
                texts.insert(argument.name.clone(), text);
            }
        }
        texts
    }

    /// An act as it is carried out later, outside of the turn.
    pub(super) fn order(&self, run: &Run, act: Act) -> Act {
        let mut with = self.texts(run);
        with.insert("tool".to_owned(), self.tool.name.clone());
        Act {
            deed: Deed {
                act: act.deed.act,
                with,
            },
            ..act
        }
    }

    /// The arguments as people read them: "order number: 1234".
    pub(super) fn shown(&self, run: &Run) -> String {
        self.show(run, |_| true)
    }

    /// The same, of single words only: what a visitor writes at length must not become evidence for an answer.
    pub(super) fn shown_as_evidence(&self, run: &Run) -> String {
        self.show(run, |text| {
            !text.contains(char::is_whitespace) && text.chars().count() <= LONGEST_WORD
        })
    }

    fn show(&self, run: &Run, is_shown: impl Fn(&str) -> bool) -> String {
        let texts = self.texts(run);
        let shown = self.arguments.iter().filter_map(|argument| {
            let text = texts.get(&argument.name).filter(|text| is_shown(text))?;
            Some(format!("{}: {text}", argument.label))
        });
        shown.collect::<Vec<_>>().join(", ")
    }
}

/// Of a calendar a day is asked for, and perhaps a time on it.
fn of_calendar() -> Vec<Argument> {
    let one = |name: &str, sought| Argument {
        name: name.to_owned(),
        label: name.to_owned(),
        about: String::new(),
        sought,
        is_needed: false,
        default: None,
    };
    vec![one(DAY, Sought::Date), one(AT, Sought::Time)]
}

/// The day that was asked for, from midnight to midnight.
fn window_of(run: &Run) -> BTreeMap<String, String> {
    let Some(Value::Date(day)) = run.filled.get(DAY) else {
        return BTreeMap::new();
    };
    let next = day.checked_add(1.day()).unwrap_or(*day);
    let at = |date: Date| format!("{date}T00:00:00");
    BTreeMap::from([
        ("from".to_owned(), at(*day)),
        ("until".to_owned(), at(next)),
    ])
}

fn moment_of(run: &Run, name: &str) -> Option<String> {
    let [date, time] = parts_of(name).map(|slot| run.filled.get(&slot));
    match (date?, time?) {
        (Value::Date(date), Value::Time(time)) => {
            Some(format!("{date}T{}", time.strftime("%H:%M:%S")))
        }
        _ => None,
    }
}

/// The slots of a date with a time.
fn parts_of(name: &str) -> [String; 2] {
    [format!("{name}__date"), format!("{name}__time")]
}

/// The time that was asked for in a calendar.
pub(super) fn time_asked(run: &Run) -> Option<Time> {
    match run.filled.get(AT) {
        Some(Value::Time(time)) => Some(*time),
        _ => None,
    }
}

pub(super) fn day_asked(run: &Run) -> Option<Date> {
    match run.filled.get(DAY) {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    }
}

/// The arguments of a JSON Schema; `None` if one is needed that no sentence says.
fn read_arguments(schema: &Json) -> Option<Vec<Argument>> {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Json::as_object);
    let required: HashSet<&str> = schema
        .get("required")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    let mut arguments = Vec::new();
    for (name, described) in properties.unwrap_or(&empty) {
        let is_required = required.contains(name.as_str());
        let sought = described.as_object().and_then(sought_of);
        let (Some(described), Some(sought)) = (described.as_object(), sought) else {
            if is_required {
                return None;
            }
            continue;
        };
        let default = described.get("default").and_then(plain);
        arguments.push(Argument {
            name: name.clone(),
            label: label_of(name, described),
            about: text(described, "description").to_owned(),
            sought,
            is_needed: is_required && default.is_none(),
            default: default.filter(|_| is_required),
        });
    }
    // What is needed takes the first date that is said.
    arguments.sort_by_key(|argument| !argument.is_needed);
    Some(arguments)
}

fn text<'s>(schema: &'s Map<String, Json>, key: &str) -> &'s str {
    let text = schema.get(key).and_then(Json::as_str);
    text.unwrap_or_default().trim()
}

fn plain(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

fn sought_of(schema: &Map<String, Json>) -> Option<Sought> {
    if let Some(values) = schema.get("enum").and_then(Json::as_array) {
        let names: Option<Vec<String>> = values
            .iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect();
        return names.map(Sought::Choice);
    }
    let kind = match schema.get("type")? {
        Json::String(kind) => kind.as_str(),
        Json::Array(kinds) => kinds
            .iter()
            .filter_map(Json::as_str)
            .find(|kind| *kind != "null")?,
        _ => return None,
    };
    Some(match (kind, text(schema, "format")) {
        ("string", "date") => Sought::Date,
        ("string", "time") => Sought::Time,
        ("string", "date-time") => Sought::Moment,
        ("string", "email") => Sought::Email,
        ("string", "phone" | "tel") => Sought::Phone,
        ("string", _) => match schema.get("pattern").and_then(Json::as_str) {
            None => Sought::Text(None),
            Some(pattern) => {
                let compiled = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
                Sought::Text(Some(compiled.ok()?))
            }
        },
        ("integer", _) => Sought::Number { is_whole: true },
        ("number", _) => Sought::Number { is_whole: false },
        ("boolean", _) => Sought::YesNo,
        _ => return None,
    })
}

fn label_of(name: &str, schema: &Map<String, Json>) -> String {
    let short = |text: &&str| !text.is_empty() && text.chars().count() <= LONGEST_LABEL;
    let title = Some(text(schema, "title")).filter(short);
    let told = title.or_else(|| Some(text(schema, "description")).filter(short));
    match told {
        Some(told) => told.trim_end_matches('.').to_owned(),
        None => spaced(name),
    }
}

fn spaced(name: &str) -> String {
    name.replace(['_', '-'], " ")
}

fn define(tool: &Tool, consent: Consent, arguments: &[Argument], language: Language) -> Definition {
    let in_language = |text: String| Texts(BTreeMap::from([(language.code().to_owned(), text)]));
    let ours = phrases(language);
    let (mut slots, mut steps) = (Vec::new(), Vec::new());
    for argument in arguments {
        let [date, time] = parts_of(&argument.name);
        let kinds: Vec<(String, Kind)> = match &argument.sought {
            Sought::Moment => vec![
                (date, Kind::Date { open: false }),
                (time, Kind::Time { open: false }),
            ],
            sought => vec![(argument.name.clone(), kind_of(sought, argument, language))],
        };
        for (name, kind) in kinds {
            if argument.is_needed {
                steps.push(Step::Ask(name.clone()));
            }
            slots.push(Slot {
                name,
                label: in_language(argument.label.clone()),
                ask: in_language(ours.tool_ask.replace("{}", &argument.label)),
                again: Texts::default(),
                optional: !argument.is_needed,
                kind,
            });
        }
    }
    if consent != Consent::AtOnce {
        let end = match consent {
            Consent::Staff => ours.tool_staff,
            _ => ours.tool_passed,
        };
        let deed = Deed {
            act: "tool".to_owned(),
            with: BTreeMap::from([("tool".to_owned(), tool.name.clone())]),
        };
        steps.extend([
            Step::Say(in_language(ours.tool_would.replace("{}", &tool.title))),
            Step::Confirm(Texts::default()),
            Step::Act(deed),
            Step::End(in_language(end.to_owned())),
        ]);
    }
    Definition {
        name: format!("{PREFIX}{}", tool.name),
        title: in_language(tool.title.clone()),
        begin: Lists::new(),
        slots,
        steps,
        labels: BTreeMap::new(),
    }
}

fn kind_of(sought: &Sought, argument: &Argument, language: Language) -> Kind {
    let said = |phrases: Vec<String>| Lists::from([(language.code().to_owned(), phrases)]);
    match sought {
        Sought::Date | Sought::Moment => Kind::Date { open: false },
        Sought::Time => Kind::Time { open: false },
        Sought::Email => Kind::Email,
        Sought::Phone => Kind::Phone,
        Sought::YesNo => Kind::YesNo,
        Sought::Text(_) => Kind::Text { longest: LONGEST },
        Sought::Choice(names) => {
            let options = names.iter().map(|name| Choice {
                name: name.clone(),
                say: said(vec![spaced(name)]),
            });
            Kind::Choice(options.collect())
        }
        Sought::Number { .. } => {
            let name = spaced(&argument.name);
            let words = name.split(' ').filter(|word| word.chars().count() > 2);
            let mut units: Vec<String> = words.map(str::to_owned).collect();
            units.extend([argument.label.clone(), name.clone()]);
            Kind::Number {
                least: -1e9,
                most: 1e9,
                units: said(units),
            }
        }
    }
}

//! What the page shows of a draft.

use std::collections::BTreeMap;

use super::shown::{ChoiceView, FieldView, FormView, ItemView, OptionView, ToolArguments};
use super::{Draft, HIGHEST};
use crate::language::Language;
use crate::workflows::{Choice, Deed, Kind, Slot, Step, Texts};

/// Kinds of answers in words.
const KINDS: [(&str, &str); 9] = [
    ("text", "Text"),
    ("choice", "One of several options"),
    ("yes_no", "Yes or no"),
    ("date", "Day"),
    ("time", "Time of day"),
    ("number", "Number"),
    ("name", "Name of a person"),
    ("phone", "Telephone number"),
    ("email", "E-mail address"),
];

fn language_name(code: &str) -> String {
    let known = Language::of_code(code);
    known.map_or_else(|| code.to_owned(), |known| known.english_name().to_owned())
}

/// The first language's field, and those of the others.
fn split(mut fields: Vec<FieldView>) -> (Vec<FieldView>, Vec<FieldView>) {
    let others = fields.split_off(fields.len().min(1));
    (fields, others)
}

impl Draft {
    pub fn view(&self, tools: &[ToolArguments]) -> FormView {
        let (mut fields, mut folded) = split(self.texts("title", "Title", &self.title, 0));
        let begin = self.lists(
            "begin",
            "What visitors say to begin it, one per line",
            &self.begin,
            4,
        );
        let (first, others) = split(begin);
        fields.extend(first);
        folded.extend(others);
        for field in &mut fields {
            field.hint = match field.rows {
                0 => "Visitors see it on a button.",
                _ => "A message that has these words begins it. The title begins it too.",
            };
        }
        let own = self.languages.iter();
        let more = Language::KNOWN.into_iter().map(Language::code);
        FormView {
            languages: self.languages.join(" "),
            order: self.names().join("\n"),
            error: self.errors.get("title").cloned(),
            fields,
            folded,
            answers: self
                .slots
                .iter()
                .map(|slot| (format!("{{{}}}", slot.name), self.title_of(&slot.name)))
                .collect(),
            steps: (0..self.steps.len())
                .filter_map(|at| self.step(at, tools))
                .collect(),
            unasked: self
                .unasked()
                .into_iter()
                .enumerate()
                .map(|(at, slot)| self.item_of_slot(at, format!("u{at}"), slot))
                .collect(),
            kinds: KINDS.to_vec(),
            more_languages: more
                .filter(|code| !self.languages.iter().any(|known| known == code))
                .map(|code| (code.to_owned(), language_name(code)))
                .collect(),
            own_languages: own
                .map(|code| (code.clone(), language_name(code)))
                .collect(),
            active: self.active,
            has_errors: !self.errors.is_empty(),
        }
    }

    fn names(&self) -> Vec<&str> {
        self.slots.iter().map(|slot| slot.name.as_str()).collect()
    }

    fn field(&self, name: String, label: &str, value: &str) -> FieldView {
        let raw = self.raw.get(&name).cloned();
        FieldView {
            error: self.errors.get(&name).cloned(),
            label: label.to_owned(),
            value: raw.unwrap_or_else(|| value.to_owned()),
            name,
            ..FieldView::default()
        }
    }

    fn in_language(&self, label: &str, code: &str) -> String {
        match self.languages.len() {
            1 => label.to_owned(),
            _ => format!("{label} ({})", language_name(code)),
        }
    }

    /// A field for each language.
    fn texts(&self, name: &str, label: &str, texts: &Texts, rows: usize) -> Vec<FieldView> {
        let fields = self.languages.iter().map(|code| {
            let value = texts.0.get(code).map_or("", String::as_str);
            let label = self.in_language(label, code);
            FieldView {
                rows,
                ..self.field(format!("{name}.{code}"), &label, value)
            }
        });
        fields.collect()
    }

    fn lists(
        &self,
        name: &str,
        label: &str,
        lists: &BTreeMap<String, Vec<String>>,
        rows: usize,
    ) -> Vec<FieldView> {
        let lines = lists
            .iter()
            .map(|(code, words)| (code.clone(), words.join("\n")));
        self.texts(name, label, &Texts(lines.collect()), rows)
    }

    fn step(&self, at: usize, tools: &[ToolArguments]) -> Option<ItemView> {
        let row = self.steps.get(at)?;
        let place = format!("s{at}");
        if let Some(slot) = self.asks_first(at) {
            let mut item = self.item_of_slot(at, place, slot);
            item.heading = format!("{}. {}", at + 1, item.heading);
            item.is_last = at + 1 == self.steps.len();
            return Some(with_label(item, row.label.as_deref()));
        }
        let mut item = self.item(at, place.clone());
        let mut texts = Texts::default();
        let (what, heading) = match &row.step {
            Step::Ask(name) => {
                item.hidden.push((format!("{place}.slot"), name.clone()));
                (
                    "again",
                    format!("{}, if it is still not known", self.title_of(name)),
                )
            }
            Step::Say(said) => {
                texts = said.clone();
                ("say", "Something is said".to_owned())
            }
            Step::Confirm(said) => {
                texts = said.clone();
                item.note = "Nothing is done before the visitor said yes to this.".to_owned();
                ("confirm", "Confirmation".to_owned())
            }
            Step::End(said) => {
                texts = said.clone();
                ("end", "Closing sentence".to_owned())
            }
            Step::Act(deed) => {
                item.fields = self.deed(&place, deed, tools);
                item.hidden.push((format!("{place}.act"), deed.act.clone()));
                if deed.act == "tool" && tools.is_empty() {
                    item.note = "There are no tools yet; set one up under Tools.".to_owned();
                }
                ("act", heading_of(&deed.act).to_owned())
            }
            Step::Branch { slot, is, to } => {
                item.is_edited = false;
                for (name, value) in [("when", slot), ("is", &is.join("\n")), ("go", to)] {
                    item.hidden.push((format!("{place}.{name}"), value.clone()));
                }
                item.note = self.told_branch(slot, is, to);
                ("branch", "The way parts".to_owned())
            }
            Step::Go(to) => {
                item.is_edited = false;
                item.hidden.push((format!("{place}.go"), to.clone()));
                item.note = format!(
                    "Goes on at step {}. This part is edited as text.",
                    self.number(to)
                );
                ("go", "Jump".to_owned())
            }
        };
        if matches!(what, "say" | "confirm" | "end") {
            let all = self.texts(&format!("{place}.text"), "Text", &texts, 2);
            (item.fields, item.folded) = split(all);
        }
        item.hidden.push((format!("{place}.do"), what.to_owned()));
        item.heading = format!("{}. {heading}", at + 1);
        Some(with_label(item, row.label.as_deref()))
    }

    /// Number of the step with a label, as it is shown.
    fn number(&self, label: &str) -> String {
        let mut rows = self.steps.iter();
        let at = rows.position(|row| row.label.as_deref() == Some(label));
        at.map_or_else(|| "?".to_owned(), |at| (at + 1).to_string())
    }

    fn told_branch(&self, slot: &str, is: &[String], to: &str) -> String {
        let values = is
            .iter()
            .map(|value| match self.slot(slot).map(|slot| &slot.kind) {
                Some(Kind::Choice(options)) => {
                    let option = options.iter().find(|option| option.name == *value);
                    option.map_or_else(|| value.clone(), |option| self.title_of_option(option))
                }
                _ => value.clone(),
            });
        let values: Vec<String> = values.map(|value| format!("“{value}”")).collect();
        format!(
            "If the answer to {} is {}, it goes on at step {}. This part is edited as text.",
            self.title_of(slot),
            values.join(" or "),
            self.number(to)
        )
    }

    fn title_of_option(&self, option: &Choice) -> String {
        let words = self
            .languages
            .iter()
            .find_map(|code| option.say.get(code)?.first());
        words.unwrap_or(&option.name).clone()
    }

    fn item(&self, at: usize, place: String) -> ItemView {
        ItemView {
            at,
            error: self.errors.get(&place).cloned(),
            place,
            heading: String::new(),
            note: String::new(),
            hidden: Vec::new(),
            fields: Vec::new(),
            folded: Vec::new(),
            options: Vec::new(),
            is_choice: false,
            is_edited: true,
            is_last: at + 1 == self.steps.len(),
        }
    }

    fn item_of_slot(&self, at: usize, place: String, slot: &Slot) -> ItemView {
        let mut item = self.item(at, place.clone());
        let name = |field: &str| format!("{place}.{field}");
        item.heading = format!("Question: {}", self.title_of(&slot.name));
        item.hidden.push((name("do"), "ask".to_owned()));
        item.hidden.push((name("slot"), slot.name.clone()));
        let kind = FieldView {
            choices: KINDS
                .iter()
                .map(|(value, label)| ChoiceView {
                    value: (*value).to_owned(),
                    label: (*label).to_owned(),
                    chosen: *value == slot.kind.name(),
                })
                .collect(),
            hint: "After another kind was chosen, “Show its fields” below shows what belongs to it.",
            ..self.field(name("kind"), "Kind of answer", slot.kind.name())
        };
        let (mut fields, mut folded) = split(self.texts(&name("ask"), "Question", &slot.ask, 2));
        let (labels, other_labels) =
            split(self.texts(&name("label"), "Short name", &slot.label, 0));
        fields.extend(labels);
        folded.extend(other_labels);
        fields.push(kind);
        let tick = |field: &str, label: &str, ticked: bool| FieldView {
            ticked: Some(ticked),
            ..self.field(name(field), label, "on")
        };
        match &slot.kind {
            Kind::Date { open } => fields.push(tick("open", "Only days when you are open", *open)),
            Kind::Time { open } => fields.push(tick("open", "Only times when you are open", *open)),
            Kind::Number { least, most, units } => {
                let is_highest = most.total_cmp(&HIGHEST).is_eq();
                let most = if is_highest {
                    String::new()
                } else {
                    most.to_string()
                };
                fields.push(self.field(name("least"), "Least", &least.to_string()));
                fields.push(self.field(name("most"), "Most", &most));
                folded.extend(self.lists(
                    &name("units"),
                    "Words beside the number, one per line",
                    units,
                    3,
                ));
            }
            Kind::Text { longest } => {
                let longest = longest.to_string();
                folded.push(self.field(name("longest"), "Most characters of the answer", &longest));
            }
            Kind::Choice(options) => {
                item.is_choice = true;
                item.hidden
                    .push((name("options"), options.len().to_string()));
                let views = options.iter().enumerate();
                item.options = views
                    .map(|(n, option)| OptionView {
                        at: n,
                        title: format!("Option {}", n + 1),
                        hidden: (name(&format!("o{n}.name")), option.name.clone()),
                        fields: self.lists(
                            &name(&format!("o{n}.say")),
                            "How it is said; the first line is shown",
                            &option.say,
                            2,
                        ),
                    })
                    .collect();
            }
            _ => {}
        }
        fields.push(tick(
            "optional",
            "The visitor may leave it out",
            slot.optional,
        ));
        let again = self.texts(
            &name("again"),
            "Question after an answer that was not understood",
            &slot.again,
            2,
        );
        folded.extend(again);
        (item.fields, item.folded) = (fields, folded);
        item
    }

    fn deed(&self, place: &str, deed: &Deed, tools: &[ToolArguments]) -> Vec<FieldView> {
        let value = |name: &str| deed.with.get(name).map_or("", String::as_str);
        let field = |name: &str, label: &str, rows: usize| FieldView {
            rows,
            ..self.field(format!("{place}.with.{name}"), label, value(name))
        };
        let mut fields = Vec::new();
        let known: &[(&str, &str, usize)] = match deed.act.as_str() {
            "lead" => &[
                ("name", "Name", 0),
                ("phone", "Telephone", 0),
                ("email", "E-mail", 0),
                ("wish", "What they want", 2),
            ],
            "task" => &[
                ("name", "Whom it is about", 0),
                ("wish", "What is to be done", 2),
            ],
            "email" => &[
                ("to", "To this address", 0),
                ("title", "Subject", 0),
                ("text", "Text", 4),
            ],
            _ => &[],
        };
        fields.extend(
            known
                .iter()
                .map(|(name, label, rows)| field(name, label, *rows)),
        );
        if deed.act == "tool" {
            let chosen = value("tool");
            let mut choices = vec![ChoiceView {
                value: String::new(),
                label: "Choose a tool".to_owned(),
                chosen: chosen.is_empty(),
            }];
            choices.extend(tools.iter().map(|tool| ChoiceView {
                value: tool.name.clone(),
                label: format!("{} ({})", tool.title, tool.name),
                chosen: tool.name == chosen,
            }));
            let is_known = tools.iter().any(|tool| tool.name == chosen);
            if !chosen.is_empty() && !is_known {
                choices.push(ChoiceView {
                    value: chosen.to_owned(),
                    label: format!("{chosen} (not there any more)"),
                    chosen: true,
                });
            }
            fields.push(FieldView {
                choices,
                hint: "After another tool was chosen, “Show its fields” below shows its arguments.",
                ..field("tool", "Tool", 0)
            });
            let tool = tools.iter().find(|tool| tool.name == chosen);
            for (name, must) in tool.into_iter().flat_map(|tool| &tool.arguments) {
                let label = if *must {
                    format!("{name} (needed)")
                } else {
                    name.clone()
                };
                fields.push(field(name, &label, 0));
            }
        }
        // Whatever else stands in the text stays.
        let prefix = format!("{place}.with.");
        let shown: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        let others = deed
            .with
            .keys()
            .filter(|name| !shown.contains(&format!("{prefix}{name}")));
        let is_tool = deed.act == "tool" && tools.iter().any(|tool| tool.name == value("tool"));
        fields.extend(others.map(|name| match is_tool {
            true => field(
                name,
                &format!("{name} (the tool does not take it; empty it)"),
                0,
            ),
            false => field(name, name, 0),
        }));
        fields
    }
}

fn heading_of(act: &str) -> &'static str {
    match act {
        "lead" => "Keep them as a lead, with how to reach them",
        "task" => "Make a task for staff",
        "email" => "Send an e-mail",
        "tool" => "Use a tool",
        _ => "Call a person",
    }
}

fn with_label(mut item: ItemView, label: Option<&str>) -> ItemView {
    if let Some(label) = label {
        let field = format!("{}.label", item.place);
        item.hidden.push((field, label.to_owned()));
    }
    item
}

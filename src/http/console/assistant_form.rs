//! The fields of an assistant's page: what each tab shows. `assistant_read` reads what its form says.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::app::assistants::{Inherited, flat};
use crate::speech::Voice;
use crate::store::assistants::{Body, TopicAct, TopicRule};

/// What a form sends, by field.
pub(super) type Sent = BTreeMap<String, String>;

pub(super) const DAYS: [(&str, &str); 7] = [
    ("monday", "Monday"),
    ("tuesday", "Tuesday"),
    ("wednesday", "Wednesday"),
    ("thursday", "Thursday"),
    ("friday", "Friday"),
    ("saturday", "Saturday"),
    ("sunday", "Sunday"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    About,
    Knowledge,
    Answers,
    Topics,
    People,
    Voice,
    Doing,
    Versions,
    Try,
}

impl Tab {
    pub(super) const ALL: [Self; 9] = [
        Self::About,
        Self::Knowledge,
        Self::Answers,
        Self::Topics,
        Self::People,
        Self::Voice,
        Self::Doing,
        Self::Versions,
        Self::Try,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::About => "about",
            Self::Knowledge => "knowledge",
            Self::Answers => "answers",
            Self::Topics => "topics",
            Self::People => "people",
            Self::Voice => "voice",
            Self::Doing => "doing",
            Self::Versions => "versions",
            Self::Try => "try",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::About => "About",
            Self::Knowledge => "Knowledge",
            Self::Answers => "Answers",
            Self::Topics => "Topics",
            Self::People => "People",
            Self::Voice => "Voice",
            Self::Doing => "Workflows and tools",
            Self::Versions => "Versions",
            Self::Try => "Try it",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.name() == name)
    }
}

pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

/// One field of a form.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) value: String,
    pub(super) hint: String,
    /// What counts while it is left empty, in words.
    pub(super) inherited: Option<String>,
    /// Rows of a long text; 0 for one line.
    pub(super) rows: u8,
    /// If there are any, one of these is chosen.
    pub(super) choices: Vec<Choice>,
}

/// A topic in the form.
pub(super) struct TopicFields {
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) words: String,
    pub(super) examples: String,
    pub(super) closeness: String,
    pub(super) say: String,
    pub(super) hands_over: bool,
}

/// Fills in the fields of a tab.
pub(super) struct Filler<'a> {
    pub(super) body: &'a Body,
    pub(super) inherited: &'a Inherited,
    pub(super) voices: &'a [Voice],
    /// Tags in use.
    pub(super) tags: &'a [String],
}

fn text_at(of: &Value, path: &str) -> String {
    let mut at = of;
    for step in path.split('.') {
        match at.get(step) {
            Some(next) => at = next,
            None => return String::new(),
        }
    }
    match at {
        Value::String(text) => text.clone(),
        Value::Bool(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::Array(all) => {
            let lines = all.iter().filter_map(Value::as_str);
            lines.collect::<Vec<_>>().join("\n")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

impl Filler<'_> {
    fn field(&self, name: &str, label: &str, hint: &str) -> Field {
        Field {
            name: name.to_owned(),
            label: label.to_owned(),
            value: text_at(&Value::Object(flat(self.body)), name),
            hint: hint.to_owned(),
            inherited: self.inherited.of(name),
            rows: 0,
            choices: Vec::new(),
        }
    }

    fn area(&self, name: &str, label: &str, hint: &str, rows: u8) -> Field {
        Field {
            rows,
            ..self.field(name, label, hint)
        }
    }

    fn choice(&self, name: &str, label: &str, hint: &str, choices: &[(&str, &str)]) -> Field {
        let mut field = self.field(name, label, hint);
        let inherited = match &field.inherited {
            Some(value) => format!("As the workspace: {value}"),
            None => "–".to_owned(),
        };
        let all = std::iter::once(("", inherited.as_str())).chain(choices.iter().copied());
        field.choices = all
            .map(|(value, label)| Choice {
                chosen: field.value == value,
                value: value.to_owned(),
                label: label.to_owned(),
            })
            .collect();
        field
    }

    pub(super) fn fields(&self, tab: Tab) -> Vec<Field> {
        const ON: [(&str, &str); 2] = [("on", "on"), ("off", "off")];
        const YES: [(&str, &str); 2] = [("on", "yes"), ("off", "no")];
        match tab {
            Tab::About => vec![
                self.field("title", "Name", "What visitors see above the chat."),
                self.area("greeting", "Greeting", "The first thing a visitor reads.", 2),
                self.area("instructions", "Persona", "Whom it speaks for and how, in your words. The language model reads them.", 8),
                self.choice("tone", "Tone", "Where words are neither yours nor a document's: courtesies, and what the language model adds.",
                    &[("formal", "formal"), ("friendly", "friendly"), ("brief", "brief")]),
            ],
            Tab::Knowledge => {
                let tags = match self.tags.is_empty() {
                    true => "Nothing has a tag yet: set them on the page Knowledge, Tags.".to_owned(),
                    false => format!("One per line. In use: {}.", self.tags.join(", ")),
                };
                vec![
                    self.area("knowledge.tags", "Only knowledge with one of these tags", &tags, 3),
                    self.choice("knowledge.view", "Who it is for", "",
                        &[("public", "everybody, and only what visitors may know"), ("staff", "staff only; no visitor reaches it")]),
                    self.area("languages.answers", "Languages that it answers in", "Codes of two letters, the main one first, one per line.", 3),
                    self.choice("languages.others", "Questions in other languages", "Counts only if languages are named above.",
                        &[("main", "are answered in the main language"), ("decline", "are declined, with the languages named"),
                          ("hand_over", "are declined, and a person is called")]),
                ]
            }
            Tab::Answers => vec![
                self.choice("ladder.faq", "Approved answers", "", &ON),
                self.choice("ladder.fact", "Business facts", "Hours, address, telephone.", &ON),
                self.choice("ladder.read", "Quotations from documents", "", &ON),
                self.choice("ladder.model", "Words of the language model", "Off: nothing that it gives is written by a model.", &ON),
                self.field("ladder.read_threshold", "Sure enough to answer", "0 to 1. Higher is safer, and answers less."),
                self.field("ladder.related_threshold", "Near enough to be shown as related", "0 to 1."),
            ],
            Tab::People => {
                let mut fields = vec![
                    self.choice("hand_over.risky", "Calls a person on risky topics without a sure answer", "Prices, refunds, rights, health.", &YES),
                    self.field("hand_over.refusals", "Calls a person after so many answers in a row that it could not give", "0 for never."),
                    self.choice("hand_over.bad_rating", "Calls a person after a bad rating", "", &YES),
                    self.own_hours(),
                ];
                fields.extend(DAYS.map(|(day, label)| self.day(day, label)));
                let mut zone = self.field("hours.time_zone", "Time zone", "Such as Europe/Berlin.");
                zone.inherited = None;
                fields.push(zone);
                fields
            }
            Tab::Voice => {
                let voices: Vec<(&str, &str)> = self.voices.iter().map(|one| (one.name.as_str(), one.title.as_str())).collect();
                vec![
                    match voices.is_empty() {
                        true => self.field("voice.voice", "Voice", "Name of a voice."),
                        false => self.choice("voice.voice", "Voice", "", &voices),
                    },
                    self.field("voice.speed", "Pace", "0.5 to 2; 1 is the voice's own pace."),
                    self.field("voice.language", "Language that callers speak", "A code of two letters."),
                    self.area("voice.greeting", "First words of a call", "", 2),
                    self.choice("recording", "Recording of calls", "", &[("off", "off"), ("ask", "callers are asked first")]),
                ]
            }
            Tab::Doing => vec![
                self.area("workflows", "Workflows that it may begin", "Their names, one per line; empty for all of the workspace.", 4),
                self.area("tools", "Tools that it and its workflows may call", "Their names, one per line; empty for all of the workspace.", 4),
            ],
            Tab::Topics | Tab::Versions | Tab::Try => Vec::new(),
        }
    }

    fn own_hours(&self) -> Field {
        let inherited = self.inherited.of("hours").unwrap_or_default();
        let own = self.body.settings.hours.is_some();
        let choice = |value: &str, label: String, chosen| Choice {
            value: value.to_owned(),
            label,
            chosen,
        };
        Field {
            choices: vec![
                choice("", format!("As the workspace: {inherited}"), !own),
                choice("own", "hours of its own".to_owned(), own),
            ],
            ..self.field("hours", "When somebody is there for its conversations", "")
        }
    }

    fn day(&self, day: &str, label: &str) -> Field {
        let hours = self.body.settings.hours.as_ref();
        let spans = hours.and_then(|hours| hours.week.get(day));
        let spans = spans
            .into_iter()
            .flatten()
            .map(|[from, to]| format!("{from}-{to}"));
        Field {
            name: format!("hours.{day}"),
            label: label.to_owned(),
            value: spans.collect::<Vec<_>>().join(", "),
            hint: String::new(),
            inherited: None,
            rows: 0,
            choices: Vec::new(),
        }
    }

    /// The topics, and an empty one to add.
    pub(super) fn topics(&self) -> Vec<TopicFields> {
        let empty = TopicRule::default();
        let all = self.body.settings.topics.iter().chain([&empty]).enumerate();
        let fields = all.map(|(at, topic)| TopicFields {
            at,
            name: topic.name.clone(),
            words: topic.words.join("\n"),
            examples: topic.examples.join("\n"),
            closeness: topic
                .closeness
                .map(|close| close.to_string())
                .unwrap_or_default(),
            say: topic.say.clone(),
            hands_over: topic.act == TopicAct::HandOver,
        });
        fields.collect()
    }
}

//! The fields of an assistant's page: what each tab shows, and what its form says.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::app::assistants::{Inherited, flat};
use crate::speech::Voice;
use crate::store::assistants::{Body, TopicAct, TopicRule};

/// What a form sends, by field.
pub(super) type Sent = BTreeMap<String, String>;

const DAYS: [(&str, &str); 7] = [
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
                self.field("model", "Language model", "Name of an installed chat model."),
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
                self.area("workflows", "Workflows that it may begin", "Their names, one per line.", 4),
                self.area("tools", "Tools that it may call", "Their names, one per line.", 4),
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

/// What a tab's form changes: whole sections, `null` for one that has nothing of its own.
///
/// # Errors
/// A sentence for people.
pub(super) fn read(tab: Tab, sent: &Sent, body: &Body) -> Result<Map<String, Value>, String> {
    let mut changes = Map::new();
    if tab == Tab::Topics {
        changes.insert("topics".into(), topics(sent)?);
        return Ok(changes);
    }
    // Sections are replaced as a whole, so what the tab does not show of one must stay.
    let before = flat(body);
    for (name, value) in sent {
        let Some(read) = read_value(name, value.trim())? else {
            continue;
        };
        match name.split_once('.') {
            Some((section, field)) => {
                let kept = before.get(section).and_then(Value::as_object).cloned();
                let section = changes
                    .entry(section.to_owned())
                    .or_insert_with(|| Value::Object(kept.unwrap_or_default()));
                if let Some(fields) = section.as_object_mut() {
                    match read {
                        Value::Null => drop(fields.shift_remove(field)),
                        read => drop(fields.insert(field.to_owned(), read)),
                    }
                }
            }
            None => drop(changes.insert(name.clone(), read)),
        }
    }
    if sent.contains_key("hours") {
        changes.insert("hours".into(), hours(sent)?);
    }
    for value in changes.values_mut() {
        if value.as_object().is_some_and(Map::is_empty) {
            *value = Value::Null;
        }
    }
    Ok(changes)
}

/// `None` for a field that is no setting by itself.
fn read_value(name: &str, value: &str) -> Result<Option<Value>, String> {
    let lines = || {
        let lines = value.split(['\n', ',']).map(str::trim);
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>()
    };
    Ok(Some(match name {
        "title" | "greeting" | "instructions" => json!(value),
        "workflows" | "tools" | "knowledge.tags" | "languages.answers" => match lines() {
            none if none.is_empty() => Value::Null,
            some => json!(some),
        },
        _ if name.starts_with("hours") => return Ok(None),
        "tone" | "model" | "recording" | "knowledge.view" | "languages.others" | "voice.voice"
        | "voice.language" | "voice.greeting" => match value {
            "" => Value::Null,
            text => json!(text),
        },
        "ladder.faq"
        | "ladder.fact"
        | "ladder.read"
        | "ladder.model"
        | "hand_over.risky"
        | "hand_over.bad_rating" => match value {
            "on" => json!(true),
            "off" => json!(false),
            _ => Value::Null,
        },
        "ladder.read_threshold" | "ladder.related_threshold" | "voice.speed" => number(value)?,
        "hand_over.refusals" => match value {
            "" => Value::Null,
            text => match text.parse::<u32>() {
                Ok(times) => json!(times),
                Err(_) => return Err("Give a whole number of answers, or nothing.".into()),
            },
        },
        _ => return Ok(None),
    }))
}

fn number(value: &str) -> Result<Value, String> {
    if value.is_empty() {
        return Ok(Value::Null);
    }
    match value.replace(',', ".").parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(json!(number)),
        _ => Err(format!("\"{value}\" is no number.")),
    }
}

fn hours(sent: &Sent) -> Result<Value, String> {
    let text = |name: &str| sent.get(name).map_or("", |text| text.trim());
    if text("hours") != "own" {
        return Ok(Value::Null);
    }
    let mut week = Map::new();
    for (day, label) in DAYS {
        let mut spans = Vec::new();
        let entered = text(&format!("hours.{day}"));
        for span in entered
            .split(',')
            .map(str::trim)
            .filter(|span| !span.is_empty())
        {
            let parts = span.split_once(['-', '–']);
            let Some((from, to)) = parts else {
                return Err(format!(
                    "{label}: write hours like 09:00-12:30, 13:30-17:00."
                ));
            };
            spans.push([from.trim(), to.trim()]);
        }
        if !spans.is_empty() {
            week.insert(day.to_owned(), json!(spans));
        }
    }
    let mut hours = Map::from_iter([("week".to_owned(), Value::Object(week))]);
    if !text("hours.time_zone").is_empty() {
        hours.insert("time_zone".into(), json!(text("hours.time_zone")));
    }
    Ok(Value::Object(hours))
}

fn topics(sent: &Sent) -> Result<Value, String> {
    let mut topics: BTreeMap<usize, Map<String, Value>> = BTreeMap::new();
    for (name, value) in sent {
        let mut parts = name.split('.');
        let (Some("topics"), Some(at), Some(field)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let Ok(at) = at.parse::<usize>() else {
            continue;
        };
        let topic = topics.entry(at).or_default();
        let value = value.trim();
        match field {
            "words" | "examples" => {
                let lines: Vec<&str> = value
                    .lines()
                    .map(str::trim)
                    .filter(|l| !l.is_empty())
                    .collect();
                topic.insert(field.to_owned(), json!(lines));
            }
            "closeness" => match number(value)? {
                Value::Null => {}
                close => drop(topic.insert(field.to_owned(), close)),
            },
            "name" | "say" | "act" => drop(topic.insert(field.to_owned(), json!(value))),
            _ => {}
        }
    }
    // A topic whose name was emptied is taken away.
    let named = topics.into_values().filter(|topic| {
        let name = topic.get("name").and_then(Value::as_str);
        name.is_some_and(|name| !name.is_empty())
    });
    Ok(Value::Array(named.map(Value::Object).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::assistants::read_flat;

    fn sent(fields: &[(&str, &str)]) -> Sent {
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        fields.collect()
    }

    fn body(said: Value) -> Body {
        match said {
            Value::Object(said) => read_flat(said).unwrap(),
            _ => Body::default(),
        }
    }

    #[test]
    fn an_empty_field_is_inherited_and_what_a_tab_does_not_show_stays() {
        let before = body(json!({"ladder": {"model": false, "read_threshold": 0.5}}));
        let form = sent(&[("ladder.model", ""), ("ladder.faq", "off")]);
        let read = read(Tab::Answers, &form, &before).unwrap();
        assert_eq!(
            Value::Object(read),
            json!({"ladder": {"faq": false, "read_threshold": 0.5}})
        );
        let form = sent(&[("ladder.model", ""), ("ladder.read_threshold", "")]);
        let read = super::read(Tab::Answers, &form, &before).unwrap();
        assert_eq!(Value::Object(read), json!({"ladder": null}));
    }

    #[test]
    fn hours_and_topics_are_read_from_their_lines() {
        let form = sent(&[
            ("hours", "own"),
            ("hours.monday", "09:00-12:00, 13:00–17:00"),
            ("hours.time_zone", "Europe/Rome"),
        ]);
        let read = read(Tab::People, &form, &Body::default()).unwrap();
        assert_eq!(
            Value::Object(read),
            json!({"hours": {"week": {"monday": [["09:00", "12:00"], ["13:00", "17:00"]]}, "time_zone": "Europe/Rome"}})
        );
        let form = sent(&[("hours", ""), ("hours.monday", "09:00-12:00")]);
        let read = super::read(Tab::People, &form, &Body::default()).unwrap();
        assert_eq!(Value::Object(read), json!({"hours": null}));
        assert!(
            super::read(
                Tab::People,
                &sent(&[("hours", "own"), ("hours.monday", "nine")]),
                &Body::default()
            )
            .is_err()
        );

        let form = sent(&[
            ("topics.0.name", "Tax"),
            ("topics.0.words", "vat\n\ntax"),
            ("topics.0.act", "hand_over"),
            ("topics.1.name", " "),
            ("topics.1.words", "gone"),
            ("topics.x.name", "bad"),
        ]);
        let read = super::read(Tab::Topics, &form, &Body::default()).unwrap();
        assert_eq!(
            Value::Object(read),
            json!({"topics": [{"act": "hand_over", "name": "Tax", "words": ["vat", "tax"]}]})
        );
        assert!(
            super::read(
                Tab::Voice,
                &sent(&[("voice.speed", "fast")]),
                &Body::default()
            )
            .is_err()
        );
    }
}

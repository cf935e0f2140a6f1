//! What the form of a tab of an assistant's page says, as changes of the draft.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::assistant_form::{DAYS, Sent, Tab, TopicFields};
use crate::app::assistants::flat;
use crate::store::assistants::Body;

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
        "tone" | "recording" | "knowledge.view" | "languages.others" | "voice.voice"
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

/// The topics as they were entered, to be mended.
pub(super) fn entered_topics(sent: &Sent) -> Vec<TopicFields> {
    let mut at = 0;
    let mut found = Vec::new();
    while let Some(name) = sent.get(&format!("topics.{at}.name")) {
        let text = |field: &str| {
            let entered = sent.get(&format!("topics.{at}.{field}"));
            entered.cloned().unwrap_or_default()
        };
        found.push(TopicFields {
            at,
            name: name.clone(),
            words: text("words"),
            examples: text("examples"),
            closeness: text("closeness"),
            say: text("say"),
            hands_over: text("act") == "hand_over",
        });
        at += 1;
    }
    found
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

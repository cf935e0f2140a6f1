//! The owner's own fields: what the model wrote, checked against its kind and against the conversation.

use serde_json::{Map, Value};

use crate::analysis::settings::{Field, Kind};
use crate::analysis::verify::{Spoken, tidy};

/// Tokens that an answer may have for each field.
pub(crate) const TOKENS_EACH: u32 = 30;

/// Every field, with null where nothing was found or where what was found stands nowhere.
pub(crate) fn checked(fields: &[Field], found: &Value, spoken: &Spoken) -> Map<String, Value> {
    fields
        .iter()
        .map(|field| {
            let value = found.get(&field.name).cloned().unwrap_or(Value::Null);
            (field.name.clone(), check(field, value, spoken))
        })
        .collect()
}

/// Null for every field, for an analysis without a model.
pub(crate) fn unknown(fields: &[Field]) -> Map<String, Value> {
    let names = fields.iter().map(|field| field.name.clone());
    names.map(|name| (name, Value::Null)).collect()
}

fn check(field: &Field, value: Value, spoken: &Spoken) -> Value {
    let holds = match (field.kind, &value) {
        (Kind::YesNo, Value::Bool(_)) => true,
        (Kind::Number, Value::Number(number)) => spoken.bears(&number.to_string()),
        (Kind::Choice, Value::String(text)) => field.choices.contains(text),
        // A day may be meant by "tomorrow", so only its form counts.
        (Kind::Date, Value::String(text)) => text.parse::<jiff::civil::Date>().is_ok(),
        (Kind::Text, Value::String(text)) => {
            let text = tidy(text);
            return match !text.is_empty() && spoken.bears(&text) {
                true => Value::String(text),
                false => Value::Null,
            };
        }
        _ => false,
    };
    match holds {
        true => value,
        false => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::analysis::conversation::{Conversation, Who};
    use crate::language::Language;

    #[test]
    fn what_nobody_said_is_unknown() {
        let conversation = Conversation::of(&[(Who::Customer, "We are four people from Porto")]);
        let spoken = Spoken::new(&conversation, Language::En);
        let field = |name: &str, kind, choices: &[&str]| Field {
            name: name.into(),
            kind,
            question: "?".into(),
            choices: choices.iter().map(|one| (*one).to_owned()).collect(),
        };
        let fields = [
            field("people", Kind::Number, &[]),
            field("rooms", Kind::Number, &[]),
            field("town", Kind::Text, &[]),
            field("country", Kind::Text, &[]),
            field("size", Kind::Choice, &["small", "large"]),
            field("day", Kind::Date, &[]),
            field("dog", Kind::YesNo, &[]),
        ];
        let found = json!({
            "people": 4, "rooms": 7, "town": "Porto", "country": "Kingdom of Spain", "size": "huge",
            "day": "2026-13-01", "dog": false
        });
        let checked = checked(&fields, &found, &spoken);
        assert_eq!(
            Value::Object(checked),
            json!({
                "people": 4, "rooms": null, "town": "Porto", "country": null, "size": null,
                "day": null, "dog": false
            })
        );
        assert_eq!(unknown(&fields).len(), 7);
    }
}

//! Fields of contacts that the owner defines: a size, a customer number, a birthday.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ContactError;
use crate::access::{Member, Scope};
use crate::store::{Store, workspaces};

/// Who may define fields.
const MAY: &[Scope] = &[Scope::Admin];
/// Fields of a workspace, choices of a field, and characters of a name, a choice and a value.
const MOST: usize = 30;
const MOST_CHOICES: usize = 50;
const LONGEST_NAME: usize = 60;
const LONGEST_VALUE: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    Text,
    Number,
    /// A day, as in 2026-05-03.
    Date,
    /// One of the field's choices.
    Choice,
}

impl FieldKind {
    pub const ALL: [Self; 4] = [Self::Text, Self::Number, Self::Date, Self::Choice];

    /// Name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Choice => "choice",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Shown to staff, unique.
    pub name: String,
    pub kind: FieldKind,
    /// For [`FieldKind::Choice`].
    #[serde(default)]
    pub choices: Vec<String>,
}

/// The fields of a workspace; a section of its settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    pub fields: Vec<Field>,
}

impl Fields {
    /// The section's name in the workspace's settings.
    pub const SECTION: &'static str = "contact_fields";

    /// Checks names and choices, and trims them.
    fn tidy(mut self) -> Result<Self, ContactError> {
        let wrong = |detail: String| Err(ContactError::wrong("fields", detail));
        if self.fields.len() > MOST {
            return wrong(format!("there may be at most {MOST} fields"));
        }
        let mut names: Vec<String> = Vec::new();
        for field in &mut self.fields {
            field.name = field.name.trim().to_owned();
            let name = &field.name;
            if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
                return wrong(format!("a field's name has 1 to {LONGEST_NAME} characters"));
            }
            if names.contains(&name.to_lowercase()) {
                return wrong(format!("there are two fields named {name}"));
            }
            names.push(name.to_lowercase());
            let choices = field.choices.iter().map(|choice| choice.trim().to_owned());
            field.choices = choices.filter(|choice| !choice.is_empty()).collect();
            let long = |choice: &String| choice.chars().count() > LONGEST_NAME;
            match field.kind {
                FieldKind::Choice if field.choices.is_empty() => {
                    return wrong(format!("give the choices of the field {name}"));
                }
                FieldKind::Choice
                    if field.choices.len() > MOST_CHOICES || field.choices.iter().any(long) =>
                {
                    return wrong(format!(
                        "a field may have {MOST_CHOICES} choices of {LONGEST_NAME} characters at most"
                    ));
                }
                FieldKind::Choice => {}
                _ => field.choices.clear(),
            }
        }
        Ok(self)
    }

    /// `before` with new values: an empty one removes what was there. What is not named, and values of fields that the owner
    /// removed, stay.
    ///
    /// # Errors
    /// For an unknown field, and a value that is not of its kind.
    pub fn fill(
        &self,
        before: &Map<String, Value>,
        new: &Map<String, Value>,
    ) -> Result<Map<String, Value>, ContactError> {
        let mut filled = before.clone();
        for (name, value) in new {
            let Some(field) = self.fields.iter().find(|field| field.name == *name) else {
                let detail = format!("there is no field {name}; define it first");
                return Err(ContactError::wrong("fields", detail));
            };
            match field.read(value)? {
                Some(value) => filled.insert(name.clone(), value),
                None => filled.shift_remove(name),
            };
        }
        Ok(filled)
    }
}

impl Field {
    /// The value as it is kept; `None` for an empty one. Numbers may come as text, from a form.
    fn read(&self, value: &Value) -> Result<Option<Value>, ContactError> {
        let wrong = |expected: &str| {
            let detail = format!("{} must be {expected}", self.name);
            Err(ContactError::wrong("fields", detail))
        };
        let text = match value {
            Value::Null => return Ok(None),
            Value::String(text) if text.trim().is_empty() => return Ok(None),
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) if self.kind == FieldKind::Number => number.to_string(),
            _ => return wrong("a text"),
        };
        if text.chars().count() > LONGEST_VALUE {
            return wrong(&format!("at most {LONGEST_VALUE} characters long"));
        }
        match self.kind {
            FieldKind::Text => {}
            FieldKind::Number => {
                let whole = text.parse::<i64>().ok().map(serde_json::Number::from);
                let broken = || {
                    let number = text.replace(',', ".").parse::<f64>().ok();
                    number.and_then(serde_json::Number::from_f64)
                };
                let number = whole.or_else(broken);
                return match number {
                    Some(number) => Ok(Some(Value::Number(number))),
                    None => wrong("a number"),
                };
            }
            FieldKind::Date if text.parse::<jiff::civil::Date>().is_err() => {
                return wrong("a day, such as 2026-05-03");
            }
            FieldKind::Date => {}
            FieldKind::Choice if !self.choices.contains(&text) => {
                return wrong(&format!("one of {}", self.choices.join(", ")));
            }
            FieldKind::Choice => {}
        }
        Ok(Some(Value::String(text)))
    }
}

/// The fields of a workspace.
pub async fn get(store: &Store, by: &Member) -> Result<Fields, ContactError> {
    let workspace = by.need(super::acts::MAY)?;
    let read = store.read(move |conn| workspaces::section(conn, workspace, Fields::SECTION));
    Ok(read.await?)
}

/// Replaces the fields of a workspace. Values of fields that are gone stay with their contacts, unseen, and come back with
/// the field.
///
/// # Errors
/// For names and choices that make no sense.
pub async fn set(store: &Store, by: &Member, fields: Fields) -> Result<Fields, ContactError> {
    let workspace = by.need(MAY)?;
    let fields = fields.tidy()?;
    let kept = fields.clone();
    let write =
        store.write(move |tx| workspaces::set_section(tx, workspace, Fields::SECTION, &kept));
    write.await?;
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(all: Value) -> Result<Fields, ContactError> {
        serde_json::from_value::<Fields>(json!({ "fields": all }))
            .unwrap()
            .tidy()
    }

    #[test]
    fn a_value_is_of_its_fields_kind() {
        let known = fields(json!([
            {"name": " Size ", "kind": "choice", "choices": ["S", " M ", ""]},
            {"name": "Born", "kind": "date"},
            {"name": "Visits", "kind": "number"},
            {"name": "Note", "kind": "text"},
        ]))
        .unwrap();
        let mut before = Map::new();
        before.insert("Old".into(), json!("stays"));
        before.insert("Note".into(), json!("goes"));
        let new = json!({"Size": "M", "Born": "1990-05-03", "Visits": "2,5", "Note": " "});
        let filled = known.fill(&before, new.as_object().unwrap()).unwrap();
        let expected = json!({"Old": "stays", "Size": "M", "Born": "1990-05-03", "Visits": 2.5});
        assert_eq!(Value::Object(filled), expected);
        for wrong in [
            json!({"Size": "XL"}),
            json!({"Born": "3.5.1990"}),
            json!({"Visits": "many"}),
            json!({"Visits": "NaN"}),
            json!({"Note": ["a"]}),
            json!({"Note": "x".repeat(501)}),
            json!({"Old": "x"}),
        ] {
            assert!(
                known.fill(&before, wrong.as_object().unwrap()).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn definitions_make_sense() {
        for wrong in [
            json!([{"name": "", "kind": "text"}]),
            json!([{"name": "A", "kind": "text"}, {"name": "a", "kind": "text"}]),
            json!([{"name": "A", "kind": "choice"}]),
            json!([{"name": "x".repeat(61), "kind": "text"}]),
        ] {
            assert!(fields(wrong.clone()).is_err(), "{wrong}");
        }
        let many: Vec<Value> = (0..31)
            .map(|n| json!({"name": n.to_string(), "kind": "text"}))
            .collect();
        assert!(fields(json!(many)).is_err());
    }
}

//! The prompts, by version.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::analysis::settings::{Field, Kind};
use crate::language::Language;
use crate::language::data;

/// Each in characters: together about 250 tokens of English.
const LONGEST_SENTENCE: u32 = 110;
const LONGEST_INTENT: u32 = 60;
const LONGEST_QUOTE: u32 = 70;
const LONGEST_NEXT: u32 = 80;
const LONGEST_FIELD: u32 = 60;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct YesNo {
    pub(crate) agrees: String,
    pub(crate) interested: String,
    pub(crate) refuses: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Feeling {
    pub(crate) question: String,
    /// The best first.
    pub(crate) words: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Prompts {
    pub(crate) version: String,
    pub(crate) system: String,
    conversation: String,
    findings: String,
    more: String,
    fields: String,
    pub(crate) yes_no: YesNo,
    pub(crate) feeling: Feeling,
}

static V2: LazyLock<Prompts> = LazyLock::new(|| data::read(include_str!("v2.toml")));

/// The version in use.
pub(crate) fn current() -> &'static Prompts {
    &V2
}

impl Prompts {
    /// The conversation with a question behind it.
    pub(crate) fn about(&self, conversation: &str, question: &str) -> String {
        let values = [
            ("conversation", conversation),
            ("question", question.trim()),
        ];
        data::fill(&self.conversation, &values)
    }

    /// What is asked of the last window, or of the only one.
    pub(crate) fn findings(&self, language: Language) -> String {
        data::fill(&self.findings, &[("language", language.english_name())])
    }

    /// What is asked of those before it.
    pub(crate) fn more(&self, language: Language) -> String {
        data::fill(&self.more, &[("language", language.english_name())])
    }

    pub(crate) fn fields(&self, fields: &[Field]) -> String {
        let lines: Vec<String> = fields
            .iter()
            .map(|field| format!("{}: {}", field.name, field.question))
            .collect();
        let lines = lines.join("\n");
        data::fill(&self.fields, &[("questions", lines.as_str())])
    }
}

/// The form of [`Prompts::findings`], or with `whole` false of [`Prompts::more`].
pub(crate) fn findings_schema(whole: bool) -> Value {
    let text = |longest: u32| json!({"type": "string", "maxLength": longest});
    let quotes = |most: u32| {
        json!({
            "type": "array", "maxItems": most,
            "items": {
                "type": "object",
                "properties": {"line": {"type": "integer"}, "words": text(LONGEST_QUOTE)},
                "required": ["line", "words"], "additionalProperties": false
            }
        })
    };
    let sentences = if whole { 3 } else { 2 };
    let summary = json!({
        "type": "array", "minItems": 1, "maxItems": sentences, "items": text(LONGEST_SENTENCE)
    });
    if !whole {
        return json!({
            "type": "object",
            "properties": {"summary": summary, "objections": quotes(2), "promises": quotes(2)},
            "required": ["summary", "objections", "promises"], "additionalProperties": false
        });
    }
    json!({
        "type": "object",
        "properties": {
            "summary": summary, "intent": text(LONGEST_INTENT), "objections": quotes(2),
            "promises": quotes(2), "next": text(LONGEST_NEXT), "reply": text(LONGEST_SENTENCE)
        },
        "required": ["summary", "intent", "objections", "promises", "next", "reply"],
        "additionalProperties": false
    })
}

/// The form of the owner's own fields.
pub(crate) fn fields_schema(fields: &[Field]) -> Value {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for field in fields {
        let value = match field.kind {
            Kind::Text => json!({"type": "string", "maxLength": LONGEST_FIELD}),
            Kind::Number => json!({"type": "number"}),
            Kind::Choice => json!({"enum": field.choices}),
            Kind::Date => json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
            Kind::YesNo => json!({"type": "boolean"}),
        };
        let or_null = json!({"anyOf": [{"type": "null"}, value]});
        properties.insert(field.name.clone(), or_null);
        required.push(field.name.clone());
    }
    json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole() {
        let prompts: Prompts = toml::from_str(include_str!("v2.toml")).unwrap();
        assert_eq!(prompts.version, "v2");
        for text in [
            &prompts.system,
            &prompts.yes_no.agrees,
            &prompts.yes_no.interested,
            &prompts.yes_no.refuses,
            &prompts.feeling.question,
        ] {
            assert!(!text.is_empty());
        }
        assert_eq!(prompts.feeling.words.len(), 3);
        let asked = prompts.about("0 Customer: Hi", &prompts.findings(Language::De));
        assert!(
            asked.contains("0 Customer: Hi\n\nFill in JSON. Write in German."),
            "{asked}"
        );
        assert!(!asked.contains('{'), "{asked}");
    }

    #[test]
    fn a_field_may_be_unknown() {
        let field = Field {
            name: "people".into(),
            kind: Kind::Number,
            question: "How many?".into(),
            choices: Vec::new(),
        };
        let schema = fields_schema(&[field]);
        assert_eq!(schema["properties"]["people"]["anyOf"][0]["type"], "null");
        assert_eq!(schema["required"][0], "people");
    }
}

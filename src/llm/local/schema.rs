//! JSON Schemas that an answer is to fit. llama.cpp makes a grammar of one and leaves out in silence what it cannot
//! keep; here that is said instead, and what can be said in another way is.

use serde_json::Value;

use crate::reason::Reason;

mod pattern;

/// Keywords of JSON Schema (draft 2020-12) that no grammar keeps.
const NOT_KEPT: [&str; 13] = [
    "not",
    "if",
    "patternProperties",
    "propertyNames",
    "contains",
    "multipleOf",
    "minProperties",
    "maxProperties",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "unevaluatedProperties",
    "unevaluatedItems",
];
/// Bounds, which are kept for whole numbers only.
const BOUNDS: [&str; 4] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
/// Keywords whose value is a schema for each name.
const BY_NAME: [&str; 3] = ["properties", "$defs", "definitions"];
/// Keywords whose value is a list of schemas.
const LISTS: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
/// Keywords whose value is a schema.
const SINGLE: [&str; 2] = ["items", "additionalProperties"];
/// Levels of a schema.
const DEEPEST: usize = 64;

/// A schema that means the same and that a grammar keeps.
///
/// # Errors
/// A sentence that names the place of what cannot be kept.
pub(super) fn kept(mut schema: Value) -> Result<Value, Reason> {
    keep(&mut schema, "", 0)?;
    Ok(schema)
}

/// The same schema with what can be kept; what cannot be is left to the model.
pub(super) fn mostly_kept(mut schema: Value) -> Value {
    loosen(&mut schema, 0);
    schema
}

fn keep(schema: &mut Value, at: &str, depth: usize) -> Result<(), Reason> {
    let place = if at.is_empty() { "/" } else { at };
    let wrong = |what: &str| Err(format!("{place}: {what}").into());
    if depth > DEEPEST {
        return wrong("the schema is nested too deeply");
    }
    let Value::Object(fields) = schema else {
        return Ok(());
    };
    if let Some(keyword) = NOT_KEPT.into_iter().find(|k| fields.contains_key(*k)) {
        return wrong(&format!(
            "`{keyword}` cannot be kept; leave it out and check the answer yourself"
        ));
    }
    if fields.get("uniqueItems") == Some(&Value::Bool(true)) {
        return wrong("`uniqueItems` cannot be kept; leave it out and check the answer yourself");
    }
    let is_number = fields.get("type").is_some_and(|kind| names(kind, "number"));
    if let Some(bound) = BOUNDS
        .into_iter()
        .find(|b| is_number && fields.contains_key(*b))
    {
        return wrong(&format!("`{bound}` can be kept for the type integer only"));
    }
    if let Some(Value::String(text)) = fields.get("pattern") {
        if fields.contains_key("minLength") || fields.contains_key("maxLength") {
            return wrong(
                "a `pattern` and a length cannot be kept together; write the length into the pattern",
            );
        }
        match pattern::rewritten(text) {
            Ok(better) => fields.insert("pattern".into(), Value::String(better)),
            Err(why) => {
                let told = format!("{place}: the pattern cannot be kept: {why}");
                return Err(Reason::told(told, why));
            }
        };
    }
    unwrap_single(fields);
    for name in BY_NAME {
        if let Some(Value::Object(children)) = fields.get_mut(name) {
            for (child, schema) in children {
                keep(schema, &format!("{at}/{name}/{child}"), depth + 1)?;
            }
        }
    }
    for name in LISTS {
        if let Some(Value::Array(children)) = fields.get_mut(name) {
            for (n, schema) in children.iter_mut().enumerate() {
                keep(schema, &format!("{at}/{name}/{n}"), depth + 1)?;
            }
        }
    }
    for name in SINGLE {
        if let Some(child) = fields.get_mut(name) {
            keep(child, &format!("{at}/{name}"), depth + 1)?;
        }
    }
    Ok(())
}

/// `allOf` of one is that one: llama.cpp takes every `allOf` for an object.
fn unwrap_single(fields: &mut serde_json::Map<String, Value>) {
    let single = match fields.get_mut("allOf") {
        Some(Value::Array(all)) if all.len() == 1 => all.pop(),
        _ => None,
    };
    if let Some(Value::Object(only)) = single {
        fields.shift_remove("allOf");
        for (name, value) in only {
            fields.entry(name).or_insert(value);
        }
    }
}

fn names(kind: &Value, wanted: &str) -> bool {
    match kind {
        Value::String(kind) => kind == wanted,
        Value::Array(kinds) => kinds.iter().any(|kind| kind == wanted),
        _ => false,
    }
}

/// Patterns in the form that is kept; those that have none are left out.
fn loosen(schema: &mut Value, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match schema {
        Value::Object(fields) => {
            let better = match fields.get("pattern") {
                Some(Value::String(text)) => Some(pattern::rewritten(text)),
                _ => None,
            };
            match better {
                Some(Ok(better)) => {
                    fields.insert("pattern".into(), Value::String(better));
                }
                Some(Err(_)) => {
                    fields.shift_remove("pattern");
                }
                None => {}
            }
            for value in fields.values_mut() {
                loosen(value, depth + 1);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| loosen(item, depth + 1)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_grammar_drops_is_refused_with_its_place() {
        let of = |inner: Value| json!({"type": "object", "properties": {"a": inner}});
        for (inner, named) in [
            (json!({"type": "number", "minimum": 1}), "minimum"),
            (json!({"type": "integer", "multipleOf": 5}), "multipleOf"),
            (
                json!({"type": "array", "items": {"type": "string"}, "uniqueItems": true}),
                "uniqueItems",
            ),
            (json!({"not": {"type": "string"}}), "not"),
            (
                json!({"type": "string", "pattern": "^a$", "maxLength": 3}),
                "length",
            ),
            (json!({"type": "string", "pattern": "a(?=b)"}), "pattern"),
        ] {
            let wrong = kept(of(inner.clone())).unwrap_err();
            assert!(
                wrong.contains(named) && wrong.contains("/properties/a"),
                "{inner}: {wrong}"
            );
        }
    }

    #[test]
    fn what_is_kept_stays() {
        let schema = json!({"type": "object", "properties": {
            "n": {"type": "integer", "minimum": 1, "maximum": 9},
            "s": {"type": "string", "maxLength": 3, "description": "not too long"},
            "k": {"enum": ["a", "b"]}, "u": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "m": {"type": "string", "format": "email"}}, "required": ["n"], "additionalProperties": false});
        assert_eq!(kept(schema.clone()).unwrap(), schema);
    }

    #[test]
    fn a_property_may_be_called_like_a_keyword() {
        let schema = json!({"type": "object", "properties": {"not": {"type": "string"}, "pattern": {"type": "string"}}});
        assert_eq!(kept(schema.clone()).unwrap(), schema);
    }

    #[test]
    fn one_of_all_is_that_one() {
        let schema = json!({"allOf": [{"$ref": "#/$defs/kind"}], "title": "Kind"});
        let unwrapped = kept(schema).unwrap();
        assert_eq!(unwrapped, json!({"title": "Kind", "$ref": "#/$defs/kind"}));
    }

    #[test]
    fn every_pattern_that_is_kept_becomes_a_grammar_that_llama_takes_whole() {
        for pattern in [
            r"^order received\!$",
            r"^\d{4}-\d{2}-\d{2}$",
            r"^[A-Z][a-z]+( [A-Z][a-z]+)*$",
            r"^(yes|no)$",
            r#"^"quoted"$"#,
            r"colou?r",
            r"^[^,;]*$|^none$",
            r"^\+?[\d\s-]{6,15}$",
            r"^ünï\.$",
        ] {
            let schema = kept(json!({"type": "string", "pattern": pattern})).unwrap();
            let text = schema.to_string();
            let grammar = llama_cpp_2::json_schema_to_grammar(&text).unwrap();
            // Without the pattern it is the rule for any string.
            assert!(
                !grammar.contains("char*"),
                "{pattern} was dropped: {grammar}"
            );
        }
    }
}

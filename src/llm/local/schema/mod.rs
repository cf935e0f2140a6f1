//! JSON Schemas that constrain an answer. llama.cpp turns one into a grammar and silently ignores what it
//! does not support. This module reports that instead, and rewrites what can be expressed another way.

use serde_json::Value;

use crate::reason::Reason;

mod pattern;

/// Keywords of JSON Schema (draft 2020-12) that no grammar can enforce.
const UNSUPPORTED: [&str; 13] = [
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
/// Bounds, which are supported for integers only.
const BOUNDS: [&str; 4] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
/// Keywords whose value is a schema for each name.
const BY_NAME: [&str; 3] = ["properties", "$defs", "definitions"];
/// Keywords whose value is a list of schemas.
const LISTS: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
/// Keywords whose value is a schema.
const SINGLE: [&str; 2] = ["items", "additionalProperties"];
/// The most nested levels of a schema.
const DEEPEST: usize = 64;

/// Rewrites a schema so that a grammar enforces all of it; the error names the place of what is not
/// supported.
pub(super) fn rewrite_or_refuse(mut schema: Value) -> Result<Value, Reason> {
    rewrite(&mut schema, "", 0)?;
    Ok(schema)
}

/// Rewrites what a grammar can enforce; the rest is left to the model.
pub(super) fn rewrite_or_ignore(mut schema: Value) -> Value {
    rewrite_patterns(&mut schema, 0);
    schema
}

fn rewrite(schema: &mut Value, at: &str, depth: usize) -> Result<(), Reason> {
    let place = if at.is_empty() { "/" } else { at };
    let wrong = |what: &str| Err(format!("{place}: {what}").into());
    if depth > DEEPEST {
        return wrong("the schema is nested too deeply");
    }
    let Value::Object(fields) = schema else {
        return Ok(());
    };
    // First of all: what it brings in is checked like the rest.
    unwrap_single(fields);
    if let Some(keyword) = UNSUPPORTED.into_iter().find(|k| fields.contains_key(*k)) {
        return wrong(&format!(
            "`{keyword}` is not supported; leave it out and check the answer yourself"
        ));
    }
    if fields.get("uniqueItems") == Some(&Value::Bool(true)) {
        return wrong("`uniqueItems` is not supported; leave it out and check the answer yourself");
    }
    let is_number = fields.get("type").is_some_and(|kind| names(kind, "number"));
    if let Some(bound) = BOUNDS
        .into_iter()
        .find(|b| is_number && fields.contains_key(*b))
    {
        return wrong(&format!("`{bound}` is supported for the type integer only"));
    }
    if let Some(Value::String(text)) = fields.get("pattern") {
        if fields.contains_key("minLength") || fields.contains_key("maxLength") {
            return wrong(
                "a `pattern` together with a length is not supported; write the length into the pattern",
            );
        }
        match pattern::rewrite(text) {
            Ok(better) => fields.insert("pattern".into(), Value::String(better)),
            Err(why) => {
                let told = format!("{place}: the pattern is not supported: {why}");
                return Err(Reason::told(told, why));
            }
        };
    }
    for name in BY_NAME {
        if let Some(Value::Object(children)) = fields.get_mut(name) {
            for (child, schema) in children {
                rewrite(schema, &format!("{at}/{name}/{child}"), depth + 1)?;
            }
        }
    }
    for name in LISTS {
        if let Some(Value::Array(children)) = fields.get_mut(name) {
            for (n, schema) in children.iter_mut().enumerate() {
                rewrite(schema, &format!("{at}/{name}/{n}"), depth + 1)?;
            }
        }
    }
    for name in SINGLE {
        if let Some(child) = fields.get_mut(name) {
            rewrite(child, &format!("{at}/{name}"), depth + 1)?;
        }
    }
    Ok(())
}

/// Replaces an `allOf` of one schema by that schema: llama.cpp takes every `allOf` for an object.
fn unwrap_single(fields: &mut serde_json::Map<String, Value>) {
    while let Some(Value::Array(all)) = fields.get_mut("allOf")
        && let [Value::Object(only)] = &mut all[..]
    {
        let only = std::mem::take(only);
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

/// Rewrites patterns, and removes those that are not supported.
fn rewrite_patterns(schema: &mut Value, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match schema {
        Value::Object(fields) => {
            let better = match fields.get("pattern") {
                Some(Value::String(text)) => Some(pattern::rewrite(text)),
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
                rewrite_patterns(value, depth + 1);
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| rewrite_patterns(item, depth + 1)),
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
            let wrong = rewrite_or_refuse(of(inner.clone())).unwrap_err();
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
        assert_eq!(rewrite_or_refuse(schema.clone()).unwrap(), schema);
    }

    #[test]
    fn what_stands_in_an_all_of_of_one_is_checked_too() {
        for inner in [
            json!({"not": {"type": "string"}}),
            json!({"type": "number", "minimum": 0.5}),
            json!({"allOf": [{"type": "string", "pattern": "(?=a)b"}]}),
        ] {
            let schema = json!({"allOf": [inner]});
            assert!(rewrite_or_refuse(schema.clone()).is_err(), "{schema}");
        }
    }

    #[test]
    fn a_property_may_be_called_like_a_keyword() {
        let schema = json!({"type": "object", "properties": {"not": {"type": "string"}, "pattern": {"type": "string"}}});
        assert_eq!(rewrite_or_refuse(schema.clone()).unwrap(), schema);
    }

    #[test]
    fn one_of_all_is_that_one() {
        let schema = json!({"allOf": [{"$ref": "#/$defs/kind"}], "title": "Kind"});
        let unwrapped = rewrite_or_refuse(schema).unwrap();
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
            let schema = rewrite_or_refuse(json!({"type": "string", "pattern": pattern})).unwrap();
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

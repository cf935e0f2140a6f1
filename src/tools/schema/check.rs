//! Checks values against a schema that was read.

use serde_json::{Map, Value};

use super::{Additional, Bound, LONGEST_TEXT, Node, Wrong};

/// The most mistakes that are told at once.
const MOST: usize = 20;

/// Adds what does not fit in `value`; `field` is its name.
fn value(node: &Node, value: &Value, field: &str, found: &mut Vec<Wrong>) {
    if found.len() >= MOST {
        return;
    }
    let mut wrong = |what: String| {
        found.push(Wrong {
            field: field.to_owned(),
            what,
        });
    };
    if !node.kinds.is_empty() && !node.kinds.iter().any(|kind| kind.holds(value)) {
        return wrong(format!(
            "must be {}",
            join(node.kinds.iter().map(|kind| kind.told().to_owned()))
        ));
    }
    if let Some(values) = &node.values
        && !values.iter().any(|one| is_equal(one, value))
    {
        let told = values.iter().take(30).map(|one| match one {
            Value::String(text) => format!("`{text}`"),
            other => other.to_string(),
        });
        return wrong(format!("must be {}", join(told)));
    }
    match value {
        Value::Number(number) => {
            if let Some(what) = check_number(node, number.as_f64().unwrap_or(f64::NAN)) {
                wrong(what);
            }
        }
        Value::String(text) => {
            if let Some(what) = check_text(node, text) {
                wrong(what);
            }
        }
        Value::Array(items) => {
            if let Some(what) = check_list(node, items) {
                wrong(what);
            }
            if let Some(each) = &node.items {
                for (n, item) in items.iter().enumerate() {
                    self::value(each, item, &inside(field, &n.to_string()), found);
                }
            }
        }
        Value::Object(fields) => object_fields(node, fields, field, found),
        Value::Null | Value::Bool(_) => {}
    }
    check_combined(node, value, field, found);
}

/// Checks the arguments as a whole.
pub(super) fn object(
    node: &Node,
    fields: &Map<String, Value>,
    field: &str,
    found: &mut Vec<Wrong>,
) {
    object_fields(node, fields, field, found);
    if !(node.all_of.is_empty() && node.any_of.is_empty() && node.one_of.is_empty()) {
        check_combined(node, &Value::Object(fields.clone()), field, found);
    }
}

fn object_fields(node: &Node, fields: &Map<String, Value>, field: &str, found: &mut Vec<Wrong>) {
    for name in &node.required {
        if !fields.contains_key(name) {
            found.push(Wrong {
                field: inside(field, name),
                what: "is missing".to_owned(),
            });
        }
    }
    for (name, inner) in fields {
        let named = node.properties.iter().find(|(known, _)| known == name);
        match (named, &node.additional) {
            (Some((_, of)), _) => value(of, inner, &inside(field, name), found),
            (None, Additional::Of(of)) => value(of, inner, &inside(field, name), found),
            (None, Additional::Any) => {}
            (None, Additional::None) => found.push(Wrong {
                field: inside(field, name),
                what: "is not an argument of this tool".to_owned(),
            }),
        }
    }
}

fn check_combined(node: &Node, inner: &Value, field: &str, found: &mut Vec<Wrong>) {
    for all in &node.all_of {
        value(all, inner, field, found);
    }
    let fits = |one: &&Node| {
        let mut mistakes = Vec::new();
        value(one, inner, field, &mut mistakes);
        mistakes.is_empty()
    };
    let any = node.any_of.is_empty() || node.any_of.iter().any(|one| fits(&one));
    let one = node.one_of.is_empty() || node.one_of.iter().filter(fits).count() == 1;
    if !(any && one) {
        found.push(Wrong {
            field: field.to_owned(),
            what: "fits none of its forms, or more than one".to_owned(),
        });
    }
}

fn check_number(node: &Node, number: f64) -> Option<String> {
    let is_below = |bound: &Bound| number < bound.at || (bound.is_exclusive && number == bound.at);
    let is_above = |bound: &Bound| number > bound.at || (bound.is_exclusive && number == bound.at);
    let told = |bound: &Bound, plain: &str, strict: &str| {
        let words = if bound.is_exclusive { strict } else { plain };
        format!("must be {words} {}", bound.at)
    };
    if let Some(bound) = node.least.as_ref().filter(|bound| is_below(bound)) {
        return Some(told(bound, "at least", "more than"));
    }
    if let Some(bound) = node.most.as_ref().filter(|bound| is_above(bound)) {
        return Some(told(bound, "at most", "less than"));
    }
    let step = node.multiple_of?;
    let steps = number / step;
    // Tenths have no exact form in binary.
    let is_whole = (steps - steps.round()).abs() < 1e-9;
    (!is_whole).then(|| format!("must be a multiple of {step}"))
}

fn check_text(node: &Node, text: &str) -> Option<String> {
    let length = text.chars().count();
    let longest = node.longest.unwrap_or(LONGEST_TEXT);
    if length > longest {
        return Some(format!("must have at most {longest} characters"));
    }
    if let Some(shortest) = node.shortest.filter(|shortest| length < *shortest) {
        return Some(match shortest {
            1 => "must not be empty".to_owned(),
            _ => format!("must have at least {shortest} characters"),
        });
    }
    if let Some(format) = node.format.filter(|format| !format.holds(text)) {
        return Some(format.told().to_owned());
    }
    let pattern = node.pattern.as_ref()?;
    (!pattern.is_match(text)).then(|| format!("must have the form {}", pattern.as_str()))
}

fn check_list(node: &Node, items: &[Value]) -> Option<String> {
    if let Some(most) = node.most_items.filter(|most| items.len() > *most) {
        return Some(format!("must have at most {most} entries"));
    }
    if let Some(fewest) = node.fewest_items.filter(|fewest| items.len() < *fewest) {
        return Some(format!("must have at least {fewest} entries"));
    }
    let is_twice = |(n, item): (usize, &Value)| items.iter().take(n).any(|before| before == item);
    let twice = node.are_unique && items.iter().enumerate().any(is_twice);
    twice.then(|| "must not have an entry twice".to_owned())
}

/// 2 and 2.0 are the same number.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => one == other,
    }
}

fn inside(field: &str, name: &str) -> String {
    match field.is_empty() {
        true => name.to_owned(),
        false => format!("{field}.{name}"),
    }
}

/// `a`, `a or b`, `a, b or c`.
fn join(parts: impl Iterator<Item = String>) -> String {
    let mut parts: Vec<String> = parts.collect();
    match parts.pop() {
        None => String::new(),
        Some(last) if parts.is_empty() => last,
        Some(last) => format!("{} or {last}", parts.join(", ")),
    }
}

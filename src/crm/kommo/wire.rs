//! Reading what Kommo sends: numbers come as text at times, and what is not known is null or missing.

use serde_json::Value;

use crate::store::UnixMs;

/// An id as text, whether it came as a number or as text.
pub(super) fn id(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// An id in a field; 0 stands for none.
pub(super) fn id_in(of: &Value, field: &str) -> Option<String> {
    id(of.get(field)?).filter(|id| id != "0")
}

pub(super) fn text_in(of: &Value, field: &str) -> Option<String> {
    let text = of.get(field)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn number_in(of: &Value, field: &str) -> Option<f64> {
    match of.get(field)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A time in a field: Kommo writes seconds since 1970.
pub(super) fn time_in(of: &Value, field: &str) -> Option<UnixMs> {
    match of.get(field)? {
        Value::Number(number) => from_seconds(number.as_i64()?),
        Value::String(text) => read_time(text),
        _ => None,
    }
}

/// A time as the text of a form.
pub(super) fn read_time(text: &str) -> Option<UnixMs> {
    from_seconds(text.trim().parse().ok()?)
}

fn from_seconds(seconds: i64) -> Option<UnixMs> {
    (seconds > 0).then(|| seconds.saturating_mul(1000))
}

/// The rows of a list.
pub(super) fn rows<'a>(body: &'a Value, entity: &str) -> &'a [Value] {
    let rows = body.get("_embedded").and_then(|all| all.get(entity));
    rows.and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The rows that an entity has beside it.
pub(super) fn beside<'a>(of: &'a Value, what: &str) -> impl Iterator<Item = &'a Value> {
    rows(of, what).iter()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_come_as_text_too_and_nulls_are_nothing() {
        let of = json!({ "a": 7, "b": "8", "c": null, "d": 0, "e": "", "t": "1700000000", "u": 1_700_000_000 });
        assert_eq!(id_in(&of, "a").as_deref(), Some("7"));
        assert_eq!(id_in(&of, "b").as_deref(), Some("8"));
        for none in ["c", "d", "e", "z"] {
            assert_eq!(id_in(&of, none), None, "{none}");
        }
        assert_eq!(time_in(&of, "t"), Some(1_700_000_000_000));
        assert_eq!(time_in(&of, "u"), Some(1_700_000_000_000));
        assert_eq!(time_in(&of, "c"), None);
        assert_eq!(rows(&of, "leads").len(), 0);
    }
}

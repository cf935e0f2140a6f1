//! `metadata`: pairs of texts that a client attaches to what it has kept.

use serde_json::{Map, Value};

use super::ApiError;

// OpenAI's limits.
const MOST_PAIRS: usize = 16;
/// In characters.
const LONGEST_KEY: usize = 64;
/// In characters.
const LONGEST_VALUE: usize = 512;

/// The pairs, if they are orderly; none if there are none.
///
/// # Errors
/// 400 for too many, too long ones, and values that are no text.
pub(super) fn check(pairs: Option<&Map<String, Value>>) -> Result<Map<String, Value>, ApiError> {
    let Some(pairs) = pairs else {
        return Ok(Map::new());
    };
    if pairs.len() > MOST_PAIRS {
        let message = format!("metadata holds at most {MOST_PAIRS} pairs");
        return Err(ApiError::invalid("metadata", message));
    }
    for (key, value) in pairs {
        let is_short = |text: &str, most| text.chars().count() <= most;
        if !is_short(key, LONGEST_KEY) {
            let message = format!("a key of metadata has at most {LONGEST_KEY} characters");
            return Err(ApiError::invalid("metadata", message));
        }
        let fits = value
            .as_str()
            .is_some_and(|text| is_short(text, LONGEST_VALUE));
        if !fits {
            let message =
                format!("a value of metadata is a text of at most {LONGEST_VALUE} characters");
            return Err(ApiError::invalid(format!("metadata.{key}"), message));
        }
    }
    Ok(pairs.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pairs_are_few_and_short_texts() {
        let checked = |value: Value| check(value.as_object());
        assert!(check(None).unwrap().is_empty());
        assert_eq!(checked(json!({"a": "b"})).unwrap()["a"], "b");
        for bad in [
            json!({"a": 1}),
            json!({"a": null}),
            json!({ "k".repeat(65): "v" }),
            json!({"a": "v".repeat(513)}),
        ] {
            assert!(checked(bad.clone()).is_err(), "{bad}");
        }
        let many: Map<_, _> = (0..17).map(|n| (n.to_string(), json!("v"))).collect();
        assert!(check(Some(&many)).is_err());
    }
}

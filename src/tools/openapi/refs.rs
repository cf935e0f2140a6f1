//! References within a document: followed, written out, and bounded.

use serde_json::{Map, Value};

/// References that lead on from each other.
const LONGEST_CHAIN: usize = 16;
/// Values in one schema once it is written out.
const MOST_VALUES: usize = 5_000;
/// Levels of one schema once it is written out.
const DEEPEST: usize = 40;

pub(super) struct Refs<'a> {
    root: &'a Value,
}

impl<'a> Refs<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root }
    }

    /// What a value stands for: itself, or what its reference leads to.
    pub(super) fn follow(&self, value: &'a Value) -> Result<&'a Value, String> {
        let mut value = value;
        for _ in 0..LONGEST_CHAIN {
            match value.get("$ref").and_then(Value::as_str) {
                None => return Ok(value),
                Some(to) => value = self.find(to)?,
            }
        }
        Err("a reference leads to itself".to_owned())
    }

    fn find(&self, to: &str) -> Result<&'a Value, String> {
        let pointer = to
            .strip_prefix('#')
            .ok_or_else(|| format!("the reference `{to}` leads out of the document"))?;
        let found = self.root.pointer(pointer);
        found.ok_or_else(|| format!("the reference `{to}` leads nowhere"))
    }

    /// A schema with everything that it refers to written out.
    pub(super) fn write_out(&self, schema: &'a Value) -> Result<Value, String> {
        let mut left = MOST_VALUES;
        self.copy(schema, 0, &mut Vec::new(), &mut left)
    }

    fn copy(
        &self,
        value: &'a Value,
        depth: usize,
        within: &mut Vec<&'a str>,
        left: &mut usize,
    ) -> Result<Value, String> {
        *left = left
            .checked_sub(1)
            .filter(|_| depth < DEEPEST)
            .ok_or("its arguments are too large or nested too deeply")?;
        if let Some(to) = value.get("$ref").and_then(Value::as_str) {
            if within.contains(&to) {
                return Err(format!("`{to}` contains itself"));
            }
            within.push(to);
            let copied = self.copy(self.find(to)?, depth + 1, within, left);
            within.pop();
            return copied;
        }
        Ok(match value {
            Value::Object(fields) => {
                let mut copied = Map::new();
                for (name, inner) in fields {
                    // What only describes is not worth its space.
                    if matches!(
                        name.as_str(),
                        "example" | "examples" | "xml" | "externalDocs" | "discriminator"
                    ) {
                        continue;
                    }
                    copied.insert(name.clone(), self.copy(inner, depth + 1, within, left)?);
                }
                Value::Object(copied)
            }
            Value::Array(items) => {
                let mut copied = Vec::with_capacity(items.len().min(MOST_VALUES));
                for item in items {
                    copied.push(self.copy(item, depth + 1, within, left)?);
                }
                Value::Array(copied)
            }
            plain => plain.clone(),
        })
    }
}

//! The form of a golden question, whose expectations are lines that a person can write.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::quality_pages::GoldenRow;
use crate::store::golden::GoldenQuestion;

/// Longest question in characters.
const LONGEST: usize = 8000;

#[derive(Debug, Deserialize)]
pub(super) struct GoldenForm {
    pub(super) question: String,
    /// `yes` or `no`.
    pub(super) answerable: String,
    #[serde(default)]
    pub(super) must: String,
    #[serde(default)]
    pub(super) must_not: String,
    #[serde(default)]
    pub(super) source: String,
}

/// A golden question as its form shows it.
pub(super) fn row(golden: GoldenQuestion) -> GoldenRow {
    let expected = &golden.expectation;
    let texts = |value: Option<&Value>| -> Vec<String> {
        let list = value.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let must: Vec<String> = match expected.get("must").and_then(Value::as_array) {
        Some(groups) => groups
            .iter()
            .map(|one| texts(Some(one)).join(" | "))
            .collect(),
        None => Some(texts(expected.get("answers")).join(" | "))
            .filter(|line| !line.is_empty())
            .into_iter()
            .collect(),
    };
    let answerable = expected.get("answerable").and_then(Value::as_bool) != Some(false);
    let source = expected
        .get("source")
        .and_then(Value::as_str)
        .unwrap_or_default();
    GoldenRow {
        id: golden.id.to_string(),
        summary: if !answerable {
            "Must say that it does not know".to_owned()
        } else if must.is_empty() {
            "Must be answered".to_owned()
        } else {
            let said: Vec<String> = must
                .iter()
                .map(|m| format!("“{}”", m.replace(" | ", "” or “")))
                .collect();
            format!("Must say {}", said.join(" and "))
        },
        question: golden.question,
        answerable,
        must: must.join("\n"),
        must_not: texts(expected.get("must_not")).join("\n"),
        source: source.to_owned(),
        receipt: golden.receipt.map(|id| id.to_string()),
        open: false,
    }
}

impl GoldenForm {
    /// Returns question and expectation, keeping the fields of `kept` that the form does not show.
    pub(super) fn read(&self, kept: &Value) -> Result<(String, Value), &'static str> {
        let question = self.question.trim();
        if question.is_empty() || question.chars().count() > LONGEST {
            return Err("Type the question, in at most 8,000 characters.");
        }
        let mut fields: Map<String, Value> = kept.as_object().cloned().unwrap_or_default();
        let said = |text: &str| -> Vec<String> {
            let lines = text.lines().map(str::trim);
            lines
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect()
        };
        for name in ["must", "answers", "must_not", "source"] {
            fields.shift_remove(name);
        }
        let answerable = self.answerable != "no";
        fields.insert("answerable".into(), answerable.into());
        if answerable {
            let must: Vec<Vec<String>> = said(&self.must)
                .iter()
                .map(|line| said(&line.replace('|', "\n")))
                .filter(|alternatives| !alternatives.is_empty())
                .collect();
            fields.insert("must".into(), json!(must));
            if !self.source.trim().is_empty() {
                fields.insert("source".into(), self.source.trim().into());
            }
        } else {
            fields.shift_remove("quote");
        }
        let must_not = said(&self.must_not);
        if !must_not.is_empty() {
            fields.insert("must_not".into(), json!(must_not));
        }
        Ok((question.to_owned(), Value::Object(fields)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::GoldenId;

    fn form(answerable: &str, must: &str, must_not: &str) -> GoldenForm {
        GoldenForm {
            question: " How much? ".into(),
            answerable: answerable.into(),
            must: must.into(),
            must_not: must_not.into(),
            source: "prices.csv".into(),
        }
    }

    #[test]
    fn a_form_says_what_an_answer_must_say() {
        let kept = json!({"answerable": true, "answers": ["x"], "quote": "q", "kind": "price"});
        let (question, expected) = form("yes", "$89 | 89 dollars\n\n per bike ", "$99")
            .read(&kept)
            .unwrap();
        assert_eq!(question, "How much?");
        assert_eq!(
            expected,
            json!({"answerable": true, "quote": "q", "kind": "price", "source": "prices.csv",
                "must": [["$89", "89 dollars"], ["per bike"]], "must_not": ["$99"]})
        );
        let (_, refused) = form("no", "$89", "").read(&kept).unwrap();
        assert_eq!(refused, json!({"answerable": false, "kind": "price"}));
        let empty = GoldenForm {
            question: " ".into(),
            ..form("yes", "", "")
        };
        assert!(empty.read(&kept).is_err());
    }

    #[test]
    fn a_row_shows_what_the_form_can_send_back() {
        let kept = json!({"answerable": true, "must": [["$89", "89 dollars"], ["per bike"]],
            "must_not": ["$99"], "source": "prices.csv"});
        let shown = row(GoldenQuestion {
            id: GoldenId::new(),
            question: "How much?".into(),
            expectation: kept.clone(),
            receipt: None,
            created_at: 0,
        });
        assert_eq!(
            shown.summary,
            "Must say “$89” or “89 dollars” and “per bike”"
        );
        let back = form("yes", &shown.must, &shown.must_not)
            .read(&kept)
            .unwrap()
            .1;
        assert_eq!(back, kept);
    }
}

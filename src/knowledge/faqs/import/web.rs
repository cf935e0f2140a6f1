//! Reads questions from a web page with schema.org's FAQPage markup, as JSON-LD or as microdata.

use scraper::{ElementRef, Html, Selector};
use serde_json::Value;

use super::{FaqFile, FaqFileError};
use crate::extract::html;

/// Maximum nesting of JSON-LD to search.
const DEEPEST: usize = 32;

pub(super) fn read(text: &str) -> Result<FaqFile, FaqFileError> {
    html::check_depth(text)?;
    let page = Html::parse_document(text);
    let mut file = FaqFile::default();
    let mut found = Vec::new();
    for script in select(&page, "script[type='application/ld+json']") {
        let json: String = script.text().collect();
        if let Ok(data) = serde_json::from_str::<Value>(json.trim()) {
            collect(&data, 0, &mut found);
        }
    }
    if found.is_empty() {
        microdata(&page, &mut found);
    }
    if found.is_empty() {
        return Err(FaqFileError::NoMarkup);
    }
    for (at, (question, answer)) in found.into_iter().enumerate() {
        file.add(at + 1, vec![question], &answer);
    }
    Ok(file)
}

fn select<'p>(page: &'p Html, selector: &str) -> Vec<ElementRef<'p>> {
    match Selector::parse(selector) {
        Ok(selector) => page.select(&selector).collect(),
        Err(_) => Vec::new(),
    }
}

/// Finds every `Question` with an answer, however deeply nested (`@graph`, `mainEntity`, lists).
fn collect(data: &Value, depth: usize, found: &mut Vec<(String, String)>) {
    if depth > DEEPEST {
        return;
    }
    match data {
        Value::Array(list) => list.iter().for_each(|one| collect(one, depth + 1, found)),
        Value::Object(fields) => match question(data) {
            Some(pair) => found.push(pair),
            None => fields
                .values()
                .for_each(|one| collect(one, depth + 1, found)),
        },
        _ => {}
    }
}

/// A schema.org `Question` with its accepted answer.
pub(super) fn question(data: &Value) -> Option<(String, String)> {
    let kind = data.get("@type")?;
    let is_question = kind == "Question"
        || kind
            .as_array()
            .is_some_and(|all| all.iter().any(|k| k == "Question"));
    if !is_question {
        return None;
    }
    let name = data.get("name").or_else(|| data.get("text"))?.as_str()?;
    let answers = data
        .get("acceptedAnswer")
        .or_else(|| data.get("suggestedAnswer"))?;
    let answer = match answers {
        Value::Array(list) => list.first()?,
        one => one,
    };
    let text = answer.get("text")?.as_str()?;
    Some((flat(name), flat(text)))
}

/// The text of a value that may contain HTML; paragraphs stay separate.
fn flat(text: &str) -> String {
    if !text.contains(['<', '&']) || html::check_depth(text).is_err() {
        return text.trim().to_owned();
    }
    let parted = text
        .replace("</p>", "</p>\n")
        .replace("<br", "\n<br")
        .replace("</li>", "</li>\n");
    let page = Html::parse_fragment(&parted);
    lines(page.root_element())
}

fn lines(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

fn microdata(page: &Html, found: &mut Vec<(String, String)>) {
    let (Ok(name), Ok(answer)) = (
        Selector::parse("[itemprop~='name']"),
        Selector::parse("[itemprop~='acceptedAnswer'] [itemprop~='text'], [itemprop~='text']"),
    ) else {
        return;
    };
    for question in select(page, "[itemtype$='schema.org/Question']") {
        let asked = question.select(&name).next();
        let answered = question.select(&answer).next();
        if let (Some(asked), Some(answered)) = (asked, answered) {
            found.push((lines(asked), lines(answered)));
        }
    }
}

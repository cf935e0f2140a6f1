//! Reads questions from JSON: a list of `{"question" or "questions", "answer"}`, or an object that holds it.

use serde::Deserialize;
use serde_json::Value;

use super::{FaqFile, FaqFileError};

#[derive(Deserialize)]
struct Entry {
    #[serde(alias = "q")]
    question: Option<OneOrMore>,
    #[serde(alias = "phrasings")]
    questions: Option<OneOrMore>,
    #[serde(alias = "a")]
    answer: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn into_list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

pub(super) fn read(text: &str) -> Result<FaqFile, FaqFileError> {
    let data: Value = serde_json::from_str(text).map_err(FaqFileError::Json)?;
    let list = match data {
        Value::Array(list) => list,
        Value::Object(mut fields) => {
            let held = ["faqs", "faq", "questions", "items", "mainEntity"]
                .iter()
                .find_map(|name| fields.remove(*name));
            match held {
                Some(Value::Array(list)) => list,
                _ => return Err(FaqFileError::Shape),
            }
        }
        _ => return Err(FaqFileError::Shape),
    };
    let mut file = FaqFile::default();
    for (at, entry) in list.into_iter().enumerate() {
        match serde_json::from_value::<Entry>(entry.clone()) {
            Ok(entry) => {
                let mut questions = entry.question.map(OneOrMore::into_list).unwrap_or_default();
                questions.extend(
                    entry
                        .questions
                        .map(OneOrMore::into_list)
                        .unwrap_or_default(),
                );
                file.add(
                    at + 1,
                    questions,
                    entry.answer.as_deref().unwrap_or_default(),
                );
            }
            Err(_) => match super::web::question(&entry) {
                Some((question, answer)) => file.add(at + 1, vec![question], &answer),
                None => file.skip(at + 1, "the entry has no `question` and `answer` as text"),
            },
        }
    }
    Ok(file)
}

//! The rung that answers from the business's facts: by computation from what the owner confirmed, by
//! the documents' own words from what is only proposed.

mod cited;
mod computed;
mod contact;
mod quoted;
mod wording;

use async_trait::async_trait;
use jiff::Zoned;
use jiff::civil::Date;
use serde_json::{Map, Value};
use tokio::sync::mpsc::Sender;

use self::cited::Cited;
pub(crate) use self::wording::Wording;
use super::{Draft, Grounds, LadderRung};
use crate::agent::AgentError;
use crate::agent::types::{Rung, TurnEvent};
use crate::hours::ask::{Asked, Topic, ask};
use crate::hours::{Book, Mention, Relation, What, country};
use crate::llm::Role;
use crate::store::{self, StoreError};

/// Days of a range that are told one by one.
const MOST_DAYS: usize = 8;

/// Answers questions about hours and contact data.
pub(crate) struct FactRung;

/// An answer, with what it rests on.
struct Said {
    text: String,
    cited: Cited,
    checks: Map<String, Value>,
}

/// What the parts of the rung share.
struct Desk<'a> {
    book: &'a Book,
    asked: &'a Asked,
    now: &'a Zoned,
    wording: Wording,
}

#[async_trait]
impl LadderRung for FactRung {
    async fn answer(
        &self,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError> {
        let workspace = grounds.workspace;
        let loaded = grounds
            .store
            .read(move |conn| {
                let book = Book::open(conn, workspace)?;
                if book.entries.is_empty() {
                    return Ok(None);
                }
                let title = store::workspaces::get(conn, workspace)?.title;
                let mut titles = std::collections::HashMap::new();
                for id in book.entries.iter().filter_map(|e| e.document()) {
                    match store::documents::get(conn, workspace, id) {
                        Ok(document) => titles.insert(id, document.title.clone()),
                        // A confirmed fact outlives its document.
                        Err(StoreError::NotFound(_)) => None,
                        Err(other) => return Err(other),
                    };
                }
                Ok(Some((book, title, titles)))
            })
            .await?;
        let Some((book, business, titles)) = loaded else {
            return Ok(None);
        };
        let before = grounds
            .history
            .iter()
            .rev()
            .find(|m| m.role == Role::User)
            .map(|m| m.content.as_str());
        let language = grounds.language.code();
        let said = say(
            &book,
            grounds.question,
            language,
            before,
            &business,
            grounds.now,
        );
        let Some(said) = said else { return Ok(None) };
        let citations = said.cited.into_citations(&titles);
        let mut draft = Draft::show(Rung::Fact, said.text, citations, grounds, out).await;
        draft.checks = said.checks;
        Ok(Some(draft))
    }
}

/// What the facts answer to a question, without the marks of citations; `None` when they do not.
pub(crate) fn preview(
    book: &Book,
    question: &str,
    business: &str,
    now: jiff::Timestamp,
) -> Option<String> {
    let language = crate::language::of_question(question).code();
    say(book, question, language, None, business, now).map(|said| said.text)
}

fn say(
    book: &Book,
    question: &str,
    language: &str,
    before: Option<&str>,
    business: &str,
    now: jiff::Timestamp,
) -> Option<Said> {
    let now = now.to_zoned(book.zone());
    let labels: Vec<String> = book
        .entries
        .iter()
        .filter_map(|e| match &e.data.what {
            What::Weekly(row) => row.label.clone(),
            What::Special(row) => row.label.clone(),
            _ => None,
        })
        .collect();
    let asked = ask(question, language, before, business, &labels, &now)?;
    let zone = now.time_zone().iana_name().unwrap_or("").to_owned();
    let american = matches!(country(&book.settings).as_deref(), Some("US" | "GB") | None)
        || zone.starts_with("America/");
    let desk = Desk {
        book,
        asked: &asked,
        now: &now,
        wording: Wording {
            language: asked.language,
            twelve: american,
            year: now.year(),
        },
    };
    let mut said = match asked.topic {
        Topic::Contact {
            address,
            phone,
            email,
        } => contact::say(&desk, address, phone, email)?,
        _ => desk.hours()?,
    };
    said.checks.insert("now".into(), now.to_string().into());
    said.checks.insert("time_zone".into(), zone.into());
    Some(said)
}

impl Desk<'_> {
    /// The label that the question names, if it does.
    fn label(&self) -> Option<&str> {
        let whose = &self.asked.whose;
        if whose.is_empty() {
            return None;
        }
        self.book.entries.iter().find_map(|e| {
            let label = match &e.data.what {
                What::Weekly(row) => row.label.as_deref(),
                What::Special(row) => row.label.as_deref(),
                _ => None,
            }?;
            let folded = label.to_lowercase();
            whose
                .iter()
                .all(|w| folded.contains(w.as_str()))
                .then_some(label)
        })
    }

    fn hours(&self) -> Option<Said> {
        if !self.asked.whose.is_empty() && self.label().is_none() {
            return None;
        }
        computed::say(self).or_else(|| quoted::say(self))
    }

    /// The mention that is meant: a day within a range before the range ("between Christmas and New
    /// Year, like the 29th"), the last one otherwise.
    fn meant(&self) -> Option<&Mention> {
        let all = &self.asked.mentions;
        // A month, or a holiday without a date, names no day that could be told.
        if all.iter().any(|m| m.month.is_some()) {
            return None;
        }
        let dated = || all.iter().filter(|m| m.date.is_some());
        let single = dated().rfind(|m| m.until.is_none());
        let range = dated().find(|m| m.until.is_some());
        match (range, single) {
            (Some(range), Some(day)) if day.date < range.date || day.date > range.until => {
                Some(range)
            }
            (_, Some(day)) => Some(day),
            (range, None) => range.or_else(|| all.first()),
        }
    }

    /// The days that are meant: today where none is said.
    fn days(&self, mention: Option<&Mention>) -> Vec<Date> {
        let today = self.now.date();
        let Some(mention) = mention else {
            return vec![today];
        };
        let first = mention.date.unwrap_or(today);
        let last = mention.until.unwrap_or(first);
        first
            .series(jiff::Span::new().days(1))
            .take_while(|d| *d <= last)
            .take(MOST_DAYS + 1)
            .collect()
    }

    /// When "after New Year" begins: the moment from which the next opening is sought.
    fn after(&self, mention: &Mention) -> Option<Zoned> {
        if mention.relation != Relation::After {
            return None;
        }
        let day = mention.date?;
        let end = day
            .tomorrow()
            .ok()?
            .to_zoned(self.now.time_zone().clone())
            .ok()?;
        // A nanosecond earlier, so that an opening at midnight counts.
        end.checked_sub(jiff::Span::new().nanoseconds(1)).ok()
    }
}

#[cfg(test)]
#[path = "../fact_tests.rs"]
mod tests;

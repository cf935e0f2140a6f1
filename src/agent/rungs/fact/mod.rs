//! The rung that answers from the business's facts: computed from what the owner confirmed, or
//! quoted from the documents if the owner has not.

mod cited;
mod computed;
mod contact;
mod quoted;
mod wording;

use jiff::Zoned;
use jiff::civil::Date;

use self::cited::Cited;
pub(crate) use self::wording::Wording;
use super::Draft;
use crate::agent::case::Case;
use crate::agent::trace::{FactBasis, FactTrace, Trace};
use crate::agent::types::Rung;
use crate::hours::ask::{HoursQuestion, Topic, ask};
use crate::hours::{Book, Mention, Relation, What, country};
use crate::llm::Role;

/// Most days to list one by one.
const MOST_DAYS: usize = 8;

/// An answer, with its sources.
struct FactReply {
    text: String,
    cited: Cited,
    basis: FactBasis,
}

/// The question and the facts, for all parts of the rung.
struct FactCase<'a> {
    book: &'a Book,
    asked: &'a HoursQuestion,
    now: &'a Zoned,
    wording: Wording,
}

/// Answers questions about hours and contact details.
pub(super) fn answer(case: &Case<'_>, trace: &mut Trace) -> Option<Draft> {
    let business = case.business;
    if business.book.entries.is_empty() {
        return None;
    }
    let now = case.now.to_zoned(business.book.zone());
    let reply = find_reply(
        &business.book,
        case.question,
        case.language.code(),
        case.last_message(Role::User),
        &business.title,
        &now,
    )?;
    trace.facts = Some(FactTrace {
        basis: reply.basis,
        now: now.to_string(),
        time_zone: now.time_zone().iana_name().unwrap_or("").to_owned(),
    });
    let citations = reply.cited.into_citations(&business.document_titles);
    Some(Draft::new(Rung::Fact, reply.text, citations, case))
}

/// The answer that the facts give to a question, without citation marks; `None` if they pass.
pub(crate) fn preview(
    book: &Book,
    question: &str,
    business: &str,
    now: jiff::Timestamp,
) -> Option<String> {
    let language = crate::language::of_question(question).code();
    let now = now.to_zoned(book.zone());
    find_reply(book, question, language, None, business, &now).map(|reply| reply.text)
}

fn find_reply(
    book: &Book,
    question: &str,
    language: &str,
    before: Option<&str>,
    business: &str,
    now: &Zoned,
) -> Option<FactReply> {
    let labels: Vec<String> = book
        .entries
        .iter()
        .filter_map(|e| match &e.data.what {
            What::Weekly(row) => row.label.clone(),
            What::Special(row) => row.label.clone(),
            _ => None,
        })
        .collect();
    let asked = ask(question, language, before, business, &labels, now)?;
    let zone = now.time_zone().iana_name().unwrap_or("");
    let american = matches!(country(&book.settings).as_deref(), Some("US" | "GB") | None)
        || zone.starts_with("America/");
    let facts = FactCase {
        book,
        asked: &asked,
        now,
        wording: Wording {
            language: asked.language,
            twelve: american,
            year: now.year(),
        },
    };
    match asked.topic {
        Topic::Contact {
            address,
            phone,
            email,
        } => contact::say(&facts, address, phone, email),
        _ => facts.say_hours(),
    }
}

impl FactCase<'_> {
    /// The label (a branch, a department) that the question names, if any.
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

    fn say_hours(&self) -> Option<FactReply> {
        if !self.asked.whose.is_empty() && self.label().is_none() {
            return None;
        }
        computed::say(self).or_else(|| quoted::say(self))
    }

    /// The mention that counts: a range rather than a day within it ("between Christmas and New
    /// Year, like the 29th"), otherwise the last day.
    fn find_meant(&self) -> Option<&Mention> {
        let all = &self.asked.mentions;
        // A month, or a holiday without a date, has no day to answer for.
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

    /// The days that the mention covers; today without one.
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

    /// When "after New Year" begins: search for the next opening from there.
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
        // One nanosecond earlier, so that an opening at midnight counts.
        end.checked_sub(jiff::Span::new().nanoseconds(1)).ok()
    }
}

#[cfg(test)]
#[path = "../fact_tests.rs"]
mod tests;

//! Which receipts a caller wants, in the words of a query.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::super::super::problem::Problem;
use crate::store::UnixMs;
use crate::store::receipts::{Filter, Rated};

/// Receipts on a page when nothing is said, and at most.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// Which receipts are wanted. An empty field says nothing, as browsers send forms.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Words in question or answer.
    #[serde(default)]
    pub q: String,
    /// `faq`, `fact`, `extract`, `model`, `refusal` or `talk`.
    #[serde(default)]
    pub rung: String,
    /// `good`, `bad`, `any` or `none`.
    #[serde(default)]
    pub rating: String,
    /// From this day (2026-05-03) or moment (RFC 3339) on.
    #[serde(default)]
    pub from: String,
    /// Up to this day, which counts, or this moment.
    #[serde(default)]
    pub until: String,
    /// Id of a document that was cited.
    #[serde(default)]
    pub document: String,
    /// Id of a conversation.
    #[serde(default)]
    pub conversation: String,
    /// `true` for those of evaluations and replays as well.
    #[serde(default)]
    pub evaluations: String,
    /// `next` of the page before.
    #[serde(default)]
    pub before: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: String,
}

impl Wanted {
    /// How many are wanted.
    pub fn limit(&self) -> u32 {
        self.limit.parse().unwrap_or(USUAL).clamp(1, MOST)
    }

    /// What the store is asked for.
    ///
    /// # Errors
    /// 400, naming the field that means nothing.
    pub fn filter(&self) -> Result<Filter, Problem> {
        let rating = match self.rating.as_str() {
            "" => None,
            "good" => Some(Rated::Good),
            "bad" => Some(Rated::Bad),
            "any" => Some(Rated::Any),
            "none" => Some(Rated::Not),
            _ => return Err(wrong("rating", "good, bad, any or none")),
        };
        Ok(Filter {
            from: moment("from", &self.from, Some)?,
            until: moment("until", &self.until, |day| day.tomorrow().ok())?,
            rung: some(&self.rung),
            text: some(&self.q),
            rating,
            document: id("document", &self.document)?,
            conversation: id("conversation", &self.conversation)?,
            evaluations: matches!(self.evaluations.as_str(), "true" | "1" | "on"),
            before: id("before", &self.before)?,
        })
    }

    /// The same question for the page that begins before this receipt.
    pub fn before(&self, seq: i64) -> Self {
        Self {
            before: seq.to_string(),
            ..self.clone()
        }
    }

    /// As the query of an address, without what says nothing.
    pub fn query(&self) -> String {
        let fields = [
            ("q", &self.q),
            ("rung", &self.rung),
            ("rating", &self.rating),
            ("from", &self.from),
            ("until", &self.until),
            ("document", &self.document),
            ("conversation", &self.conversation),
            ("evaluations", &self.evaluations),
            ("before", &self.before),
            ("limit", &self.limit),
        ];
        let said = fields.into_iter().filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(said)
            .finish()
    }
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn id<T: std::str::FromStr>(param: &'static str, text: &str) -> Result<Option<T>, Problem> {
    some(text)
        .map(|text| {
            text.parse()
                .map_err(|_| wrong(param, "an id as Frontdesk gives it"))
        })
        .transpose()
}

/// A moment, or the beginning of a day on this machine.
pub(in crate::http::api) fn moment(
    param: &'static str,
    text: &str,
    day: fn(Date) -> Option<Date>,
) -> Result<Option<UnixMs>, Problem> {
    let Some(text) = some(text) else {
        return Ok(None);
    };
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(at.as_millisecond()));
    }
    let begin = text
        .parse::<Date>()
        .ok()
        .and_then(day)
        .and_then(|date| date.to_zoned(TimeZone::system()).ok());
    match begin {
        Some(begin) => Ok(Some(begin.timestamp().as_millisecond())),
        None => Err(wrong(param, "a day like 2026-05-03 or an RFC 3339 time")),
    }
}

fn wrong(param: &'static str, expected: &str) -> Problem {
    Problem::invalid(param, format!("{param} must be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_from_its_beginning_to_its_end() {
        let wanted = Wanted {
            from: "2026-05-03".into(),
            until: "2026-05-03".into(),
            ..Wanted::default()
        };
        let filter = wanted.filter().unwrap();
        let hours = (filter.until.unwrap() - filter.from.unwrap()) / 3_600_000;
        // 23 or 25 where the clocks change on that day.
        assert!((23..=25).contains(&hours), "{hours}");
    }

    #[test]
    fn what_means_nothing_is_named() {
        let wanted = |change: fn(&mut Wanted)| {
            let mut wanted = Wanted::default();
            change(&mut wanted);
            wanted.filter().err().and_then(|problem| problem.param)
        };
        assert_eq!(wanted(|_| {}), None);
        assert_eq!(
            wanted(|w| w.rating = "great".into()).as_deref(),
            Some("rating")
        );
        assert_eq!(wanted(|w| w.from = "3 May".into()).as_deref(), Some("from"));
        assert_eq!(wanted(|w| w.before = "x".into()).as_deref(), Some("before"));
        assert_eq!(
            wanted(|w| w.document = "x".into()).as_deref(),
            Some("document")
        );
    }

    #[test]
    fn the_query_leaves_out_what_says_nothing() {
        let wanted = Wanted {
            q: "dogs & cats".into(),
            limit: "5000".into(),
            ..Wanted::default()
        };
        assert_eq!(
            wanted.before(7).query(),
            "q=dogs+%26+cats&before=7&limit=5000"
        );
        assert_eq!(wanted.limit(), 200);
    }
}

//! The query of a list of receipts.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::http::auth::Scope;
use crate::http::listing::{ListQuery, parse_id, parse_moment, refuse_field, trim_field};
use crate::http::problem::Problem;
use crate::store::receipts::{Rated, ReceiptFilter};

/// Filters of a list of receipts. An empty field counts as absent, because that is how browsers send forms.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReceiptQuery {
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

impl ListQuery for ReceiptQuery {
    type Filter = ReceiptFilter;

    const SCOPES: &'static [Scope] = &[Scope::Evaluate, Scope::Admin];

    fn filter(&self) -> Result<ReceiptFilter, Problem> {
        let rating = match self.rating.as_str() {
            "" => None,
            "good" => Some(Rated::Good),
            "bad" => Some(Rated::Bad),
            "any" => Some(Rated::Any),
            "none" => Some(Rated::Not),
            _ => return Err(refuse_field("rating", "good, bad, any or none")),
        };
        Ok(ReceiptFilter {
            from: parse_moment("from", &self.from, Some)?,
            until: parse_moment("until", &self.until, |day| day.tomorrow().ok())?,
            rung: trim_field(&self.rung),
            text: trim_field(&self.q),
            rating,
            document: parse_id("document", &self.document)?,
            conversation: parse_id("conversation", &self.conversation)?,
            evaluations: matches!(self.evaluations.as_str(), "true" | "1" | "on"),
            before: parse_id("before", &self.before)?,
        })
    }

    fn limit_field(&self) -> &str {
        &self.limit
    }

    fn cursor_field(&mut self) -> &mut String {
        &mut self.before
    }

    fn cursor_of(filter: &ReceiptFilter) -> Option<String> {
        filter.before.map(|seq| seq.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_from_its_beginning_to_its_end() {
        let wanted = ReceiptQuery {
            from: "2026-05-03".into(),
            until: "2026-05-03".into(),
            ..ReceiptQuery::default()
        };
        let filter = wanted.filter().unwrap();
        let hours = (filter.until.unwrap() - filter.from.unwrap()) / 3_600_000;
        // 23 or 25 hours where the clocks change on that day.
        assert!((23..=25).contains(&hours), "{hours}");
    }

    #[test]
    fn what_means_nothing_is_named() {
        let wanted = |change: fn(&mut ReceiptQuery)| {
            let mut wanted = ReceiptQuery::default();
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
        let wanted = ReceiptQuery {
            q: "dogs & cats".into(),
            limit: "5000".into(),
            ..ReceiptQuery::default()
        };
        assert_eq!(
            wanted.after("7".into()).query(),
            "q=dogs+%26+cats&before=7&limit=5000"
        );
        assert_eq!(wanted.limit(), 200);
    }
}

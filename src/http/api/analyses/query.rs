//! Which analyses a list has.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::http::auth::Scope;
use crate::http::listing::{
    ListQuery, parse_id, parse_moment, parse_name, refuse_field, trim_field,
};
use crate::http::problem::Problem;
use crate::store::analyses::{AnalysisFilter, Source};
use crate::store::{AnalysisId, UnixMs};

/// Filters of a list of analyses. An empty field counts as absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AnalysisQuery {
    /// Name of a band, such as `hot`.
    #[serde(default)]
    pub band: String,
    /// `conversation`, `turns`, `file` or `crm`.
    #[serde(default)]
    pub source: String,
    /// The lowest score, 0 to 100.
    #[serde(default)]
    pub least: String,
    /// ISO 639-1.
    #[serde(default)]
    pub language: String,
    /// Id of a conversation of the inbox.
    #[serde(default)]
    pub conversation: String,
    /// Made from this day (2026-05-03) or moment (RFC 3339) on.
    #[serde(default)]
    pub since: String,
    /// `next` of the page before.
    #[serde(default)]
    pub before: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct FormatQuery {
    /// `jsonl` or `csv`; `jsonl` when absent.
    format: Option<String>,
}

impl FormatQuery {
    pub(super) fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }
}

impl ListQuery for AnalysisQuery {
    type Filter = AnalysisFilter;

    const SCOPES: &'static [Scope] = &[Scope::Conversations];

    fn filter(&self) -> Result<AnalysisFilter, Problem> {
        let after = match trim_field(&self.before) {
            None => None,
            Some(text) => Some(parse_cursor(&text).ok_or_else(|| {
                Problem::invalid("before", "before must be `next` of the page before")
            })?),
        };
        let least = match trim_field(&self.least) {
            None => None,
            Some(text) => {
                let score = text.parse::<u8>().ok().filter(|score| *score <= 100);
                Some(score.ok_or_else(|| refuse_field("least", "a score from 0 to 100"))?)
            }
        };
        Ok(AnalysisFilter {
            band: trim_field(&self.band),
            source: parse_name("source", &self.source, Source::parse, || {
                Source::ALL.iter().map(|source| source.as_str()).collect()
            })?,
            least,
            language: trim_field(&self.language),
            conversation: parse_id("conversation", &self.conversation)?,
            since: parse_moment("since", &self.since, Some)?,
            after,
        })
    }

    fn limit_field(&self) -> &str {
        &self.limit
    }

    fn cursor_field(&mut self) -> &mut String {
        &mut self.before
    }

    fn cursor_of(filter: &AnalysisFilter) -> Option<String> {
        filter
            .after
            .map(|(score, at, id)| format!("{score}_{at}_{id}"))
    }
}

fn parse_cursor(text: &str) -> Option<(u8, UnixMs, AnalysisId)> {
    let (score, rest) = text.split_once('_')?;
    let (at, id) = rest.split_once('_')?;
    Some((score.parse().ok()?, at.parse().ok()?, id.parse().ok()?))
}

//! The query of a list of calls.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::http::auth::Scope;
use crate::http::listing::{ListQuery, parse_moment, parse_name, refuse_field, trim_field};
use crate::http::problem::Problem;
use crate::store::calls::{CallChannel, CallFilter, CallStatus, EndedReason};
use crate::store::{CallId, UnixMs};

/// Filters of a list of calls. An empty field counts as absent, because that is how browsers send forms.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallQuery {
    /// Words of the transcript.
    #[serde(default)]
    pub q: String,
    /// `browser`, `kiosk`, `realtime` or `phone`.
    #[serde(default)]
    pub channel: String,
    /// `in-progress`, `completed`, `failed`, `busy`, `no-answer`, `canceled`, `initiated` or `ringing`.
    #[serde(default)]
    pub status: String,
    /// `user_hangup`, `agent_hangup`, `inactivity`, `max_duration_reached`, `call_transfer` and others.
    #[serde(default)]
    pub reason: String,
    /// Calls with a turn that was answered in this way: `faq`, `fact`, `extract`, `model`, `refusal` or `talk`.
    #[serde(default)]
    pub rung: String,
    /// `yes` for calls whose recording is kept, `no` for the others.
    #[serde(default)]
    pub recorded: String,
    /// From this day (2026-05-03) or moment (RFC 3339) on.
    #[serde(default)]
    pub from: String,
    /// Up to this day, which counts, or this moment.
    #[serde(default)]
    pub until: String,
    /// `next` of the page before.
    #[serde(default)]
    pub before: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: String,
}

impl ListQuery for CallQuery {
    type Filter = CallFilter;

    const SCOPES: &'static [Scope] = &[Scope::Admin];

    fn filter(&self) -> Result<CallFilter, Problem> {
        let recorded = match self.recorded.as_str() {
            "" => None,
            "yes" | "true" => Some(true),
            "no" | "false" => Some(false),
            _ => return Err(refuse_field("recorded", "one of yes, no")),
        };
        let before = match trim_field(&self.before) {
            None => None,
            Some(text) => Some(parse_cursor(&text).ok_or_else(|| {
                Problem::invalid("before", "before must be `next` of the page before")
            })?),
        };
        Ok(CallFilter {
            from: parse_moment("from", &self.from, Some)?,
            until: parse_moment("until", &self.until, |day| day.tomorrow().ok())?,
            channel: parse_name("channel", &self.channel, CallChannel::parse, || {
                CallChannel::ALL.iter().map(|c| c.as_str()).collect()
            })?,
            status: parse_name("status", &self.status, CallStatus::parse, || {
                CallStatus::ALL.iter().map(|c| c.as_str()).collect()
            })?,
            reason: parse_name("reason", &self.reason, EndedReason::parse, || {
                EndedReason::ALL.iter().map(|c| c.as_str()).collect()
            })?,
            rung: trim_field(&self.rung),
            text: trim_field(&self.q),
            recorded,
            before,
        })
    }

    fn limit_field(&self) -> &str {
        &self.limit
    }

    fn cursor_field(&mut self) -> &mut String {
        &mut self.before
    }

    fn cursor_of(filter: &CallFilter) -> Option<String> {
        filter.before.map(|(at, id)| format!("{at}_{id}"))
    }
}

fn parse_cursor(text: &str) -> Option<(UnixMs, CallId)> {
    let (at, id) = text.split_once('_')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

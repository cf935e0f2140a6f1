//! Which calls a caller of the API wants, in the words of a query.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::super::super::problem::Problem;
use super::super::receipts::moment;
use crate::store::calls::{CallChannel, CallStatus, EndedReason, Filter};
use crate::store::{CallId, UnixMs};

/// Calls on a page when nothing is said, and at most.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// Which calls are wanted. An empty field says nothing, as browsers send forms.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
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
    /// With a turn that was answered so: `faq`, `fact`, `extract`, `model`, `refusal` or `talk`.
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
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let recorded = match self.recorded.as_str() {
            "" => None,
            "yes" | "true" => Some(true),
            "no" | "false" => Some(false),
            _ => return Err(wrong("recorded", &["yes", "no"])),
        };
        let before = some(&self.before).map(|text| {
            let (at, id) = text.split_once('_')?;
            Some((at.parse::<UnixMs>().ok()?, id.parse::<CallId>().ok()?))
        });
        let before = match before {
            Some(None) => {
                let detail = "before must be `next` of the page before";
                return Err(Problem::invalid("before", detail));
            }
            other => other.flatten(),
        };
        let names = |all: &[&'static str]| all.to_vec();
        Ok(Filter {
            from: moment("from", &self.from, Some)?,
            until: moment("until", &self.until, |day| day.tomorrow().ok())?,
            channel: one("channel", &self.channel, CallChannel::parse, || {
                names(
                    &CallChannel::ALL
                        .iter()
                        .map(|c| c.as_str())
                        .collect::<Vec<_>>(),
                )
            })?,
            status: one("status", &self.status, CallStatus::parse, || {
                names(
                    &CallStatus::ALL
                        .iter()
                        .map(|c| c.as_str())
                        .collect::<Vec<_>>(),
                )
            })?,
            reason: one("reason", &self.reason, EndedReason::parse, || {
                names(
                    &EndedReason::ALL
                        .iter()
                        .map(|c| c.as_str())
                        .collect::<Vec<_>>(),
                )
            })?,
            rung: some(&self.rung),
            text: some(&self.q),
            recorded,
            before,
        })
    }

    /// The same question for the page after this cursor.
    pub fn after(&self, cursor: String) -> Self {
        Self {
            before: cursor,
            ..self.clone()
        }
    }

    /// As the query of an address, without what says nothing.
    pub fn query(&self) -> String {
        let fields = [
            ("q", &self.q),
            ("channel", &self.channel),
            ("status", &self.status),
            ("reason", &self.reason),
            ("rung", &self.rung),
            ("recorded", &self.recorded),
            ("from", &self.from),
            ("until", &self.until),
            ("before", &self.before),
            ("limit", &self.limit),
        ];
        let said = fields.into_iter().filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(said)
            .finish()
    }
}

/// Where a page ends.
pub(super) fn cursor(at: UnixMs, id: CallId) -> String {
    format!("{at}_{id}")
}

fn one<T>(
    param: &'static str,
    text: &str,
    parse: fn(&str) -> Option<T>,
    known: impl Fn() -> Vec<&'static str>,
) -> Result<Option<T>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some).ok_or_else(|| wrong(param, &known()))
}

fn wrong(param: &'static str, known: &[&str]) -> Problem {
    Problem::invalid(
        param,
        format!("{param} must be one of {}", known.join(", ")),
    )
}

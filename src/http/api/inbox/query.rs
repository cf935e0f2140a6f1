//! The query of the inbox.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::http::auth::{Member, Scope};
use crate::http::listing::{ListQuery, parse_id, parse_name, refuse_field, trim_field};
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::inbox::staff::{self, me};
use crate::store::conversations::{Channel, ConversationState};
use crate::store::inbox::{Cursor, InboxFilter, View};

/// In characters.
const LONGEST_SEARCH: usize = 500;

/// Which conversations to list. An empty field counts as absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InboxQuery {
    /// `all` (neither closed, snoozed nor spam; the default), `everything` (closed and snoozed ones too), `mine`,
    /// `unassigned`, `waiting`, `mentions`, `snoozed`, `spam` or `closed`.
    #[serde(default)]
    pub view: String,
    /// `open`, `waiting`, `human` or `closed`.
    #[serde(default)]
    pub state: String,
    /// `chat`, `api`, `cli` or `voice`.
    #[serde(default)]
    pub channel: String,
    /// A tag.
    #[serde(default)]
    pub tag: String,
    /// Id of a team.
    #[serde(default)]
    pub team: String,
    /// Id of the person that it is assigned to.
    #[serde(default)]
    pub assigned: String,
    /// Id of a contact.
    #[serde(default)]
    pub contact: String,
    /// Words in messages; all of them must be in one, words in quotation marks in a row. With them, `all` searches closed and
    /// snoozed conversations too.
    #[serde(default)]
    pub q: String,
    /// `next` of the page before.
    #[serde(default)]
    pub before: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: String,
}

impl InboxQuery {
    /// The filter for one member at this moment.
    ///
    /// # Errors
    /// 400, naming the field that makes no sense.
    pub fn filter_for(&self, by: &Member) -> Result<InboxFilter, Problem> {
        Ok(InboxFilter {
            me: me(by),
            ..self.filter()?
        })
    }
}

impl ListQuery for InboxQuery {
    type Filter = InboxFilter;

    const SCOPES: &'static [Scope] = staff::DAILY;

    fn filter(&self) -> Result<InboxFilter, Problem> {
        let names = || View::ALL.iter().map(|view| view.as_str()).collect();
        let states = || {
            ConversationState::ALL
                .iter()
                .map(|one| one.as_str())
                .collect()
        };
        let channels = || Channel::ALL.iter().map(|one| one.as_str()).collect();
        if self.q.chars().count() > LONGEST_SEARCH {
            let most = format!("at most {LONGEST_SEARCH} characters");
            return Err(refuse_field("q", &most));
        }
        Ok(InboxFilter {
            view: parse_name("view", &self.view, View::parse, names)?.unwrap_or_default(),
            me: None,
            state: parse_name("state", &self.state, ConversationState::parse, states)?,
            channel: parse_name("channel", &self.channel, Channel::parse, channels)?,
            tag: trim_field(&self.tag).map(|tag| tag.to_lowercase()),
            team: parse_id("team", &self.team)?,
            assigned: parse_id("assigned", &self.assigned)?,
            contact: parse_id("contact", &self.contact)?,
            text: trim_field(&self.q),
            before: trim_field(&self.before)
                .map(|text| parse_cursor(&text))
                .transpose()?,
            now: now_ms(),
        })
    }

    fn limit_field(&self) -> &str {
        &self.limit
    }

    fn cursor_field(&mut self) -> &mut String {
        &mut self.before
    }

    fn cursor_of(filter: &InboxFilter) -> Option<String> {
        filter
            .before
            .map(|cursor| format!("{}.{}", cursor.at, cursor.id))
    }
}

fn parse_cursor(text: &str) -> Result<Cursor, Problem> {
    let parts = text.split_once('.');
    let read = parts.and_then(|(at, id)| {
        Some(Cursor {
            at: at.parse().ok()?,
            id: id.parse().ok()?,
        })
    });
    read.ok_or_else(|| refuse_field("before", "`next` of the page before"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_is_named() {
        let wrong = |change: fn(&mut InboxQuery)| {
            let mut query = InboxQuery::default();
            change(&mut query);
            query.filter().err().and_then(|problem| problem.param)
        };
        assert_eq!(wrong(|_| {}), None);
        for (change, field) in [
            ((|q| q.view = "some".into()) as fn(&mut InboxQuery), "view"),
            (|q| q.state = "shut".into(), "state"),
            (|q| q.channel = "fax".into(), "channel"),
            (|q| q.team = "x".into(), "team"),
            (|q| q.assigned = "me".into(), "assigned"),
            (|q| q.contact = "1".into(), "contact"),
            (|q| q.before = "1.x".into(), "before"),
            (|q| q.before = "17".into(), "before"),
            (|q| q.q = "x".repeat(501), "q"),
        ] {
            assert_eq!(wrong(change).as_deref(), Some(field));
        }
    }

    #[test]
    fn a_page_leads_to_the_next() {
        let cursor = Cursor {
            at: -7,
            id: crate::store::ConversationId::new(),
        };
        let filter = InboxFilter {
            before: Some(cursor),
            ..InboxFilter::default()
        };
        let written = InboxQuery::cursor_of(&filter).unwrap();
        assert_eq!(parse_cursor(&written).unwrap(), cursor);
    }
}

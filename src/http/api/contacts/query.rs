//! The query of a list of contacts.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::http::auth::Scope;
use crate::http::listing::{ListQuery, trim_field};
use crate::http::problem::Problem;
use crate::store::contacts::ContactFilter;
use crate::store::{ContactId, UnixMs};

/// In characters.
const LONGEST_SEARCH: usize = 500;

/// Filters of a list of contacts. An empty field counts as absent, because that is how browsers send forms.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContactQuery {
    /// Part of a name, of an e-mail address or of a telephone number.
    #[serde(default)]
    pub q: String,
    /// `next` of the page before.
    #[serde(default)]
    pub before: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: String,
}

impl ListQuery for ContactQuery {
    type Filter = ContactFilter;

    const SCOPES: &'static [Scope] = &[Scope::Conversations];

    fn filter(&self) -> Result<ContactFilter, Problem> {
        let before = match trim_field(&self.before) {
            None => None,
            Some(text) => Some(parse_cursor(&text).ok_or_else(|| {
                Problem::invalid("before", "before must be `next` of the page before")
            })?),
        };
        if self.q.chars().count() > LONGEST_SEARCH {
            let wrong = format!("q may have at most {LONGEST_SEARCH} characters");
            return Err(Problem::invalid("q", wrong));
        }
        Ok(ContactFilter {
            text: trim_field(&self.q),
            before,
        })
    }

    fn limit_field(&self) -> &str {
        &self.limit
    }

    fn cursor_field(&mut self) -> &mut String {
        &mut self.before
    }

    fn cursor_of(filter: &ContactFilter) -> Option<String> {
        filter.before.map(|(at, id)| format!("{at}_{id}"))
    }
}

fn parse_cursor(text: &str) -> Option<(UnixMs, ContactId)> {
    let (at, id) = text.split_once('_')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

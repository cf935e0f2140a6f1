//! Lists over HTTP: their queries, their pages, and exports of a whole list as a file ([`mod@file`]). The API, the console's
//! pages and the commands share them.

pub mod file;

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::auth::{Member, Scope};
use super::problem::Problem;
use crate::store::listing::{ListFilter, Listing, Page};
use crate::store::{Store, StoreError, UnixMs, WorkspaceId};

/// Rows on a page: the default, and the limit.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// The query of a list, as it stands in an address. Every field is text, and an empty one counts as absent, because that
/// is how browsers send forms.
pub trait ListQuery: Clone + Default + Serialize {
    type Filter: ListFilter;

    /// Any of these scopes lets somebody read the list.
    const SCOPES: &'static [Scope];

    /// # Errors
    /// 400, naming the field that makes no sense.
    fn filter(&self) -> Result<Self::Filter, Problem>;

    fn limit_field(&self) -> &str;

    /// The field `before`: where the previous page ended.
    fn cursor_field(&mut self) -> &mut String;

    /// The value of `before` that leads to the page of this filter; `None` for the first page.
    fn cursor_of(filter: &Self::Filter) -> Option<String>;

    /// Rows per page. A `limit` that is not a number counts as absent.
    fn limit(&self) -> u32 {
        self.limit_field().parse().unwrap_or(USUAL).clamp(1, MOST)
    }

    fn after(&self, cursor: String) -> Self {
        let mut query = self.clone();
        *query.cursor_field() = cursor;
        query
    }

    /// The query string, without empty fields.
    fn query(&self) -> String {
        // A struct of texts always becomes an object of texts, in the order of its fields.
        let fields = serde_json::to_value(self).unwrap_or_default();
        let fields = fields.as_object().into_iter().flatten();
        let filled = fields
            .filter_map(|(name, value)| Some((name, value.as_str()?)))
            .filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(filled)
            .finish()
    }

    fn links(&self, next: Option<&Self::Filter>) -> ListLinks {
        let whole = self.after(String::new());
        ListLinks {
            is_filtered: !whole.query().is_empty(),
            next: next
                .and_then(Self::cursor_of)
                .map(|cursor| self.after(cursor).query()),
            query: whole.query(),
        }
    }
}

/// Where a page with a list leads to, as query strings.
pub struct ListLinks {
    /// False when the list shows everything.
    pub is_filtered: bool,
    /// The list from its beginning, for the export.
    pub query: String,
    pub next: Option<String>,
}

/// # Errors
/// 400 for a query that makes no sense, 403 for a caller who may not read the list.
pub(super) async fn page<Q: ListQuery>(
    store: &Store,
    by: &Member,
    query: &Q,
) -> Result<Page<Q::Filter>, Problem> {
    let workspace = by.need(Q::SCOPES)?;
    Ok(read(store, workspace, query.filter()?, query.limit()).await?)
}

/// The page that a query asks for. If the query makes no sense, the first page of everything, with the problem: the
/// console shows the form again as it was typed.
///
/// # Errors
/// 403 for a caller who may not read the list.
pub(super) async fn page_or_all<Q: ListQuery>(
    store: &Store,
    by: &Member,
    query: &Q,
) -> Result<(Page<Q::Filter>, Option<Problem>), Problem> {
    let workspace = by.need(Q::SCOPES)?;
    let (filter, wrong) = match query.filter() {
        Ok(filter) => (filter, None),
        Err(problem) => (Q::Filter::default(), Some(problem)),
    };
    Ok((read(store, workspace, filter, query.limit()).await?, wrong))
}

pub(super) async fn read<F: ListFilter>(
    store: &Store,
    workspace: WorkspaceId,
    filter: F,
    limit: u32,
) -> Result<Page<F>, StoreError> {
    let listing = Listing {
        workspace,
        filter,
        limit,
    };
    store.read(move |conn| listing.page(conn)).await
}

/// The trimmed text of a field; `None` if nothing is left.
pub(super) fn trim_field(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `None` for an empty field.
///
/// # Errors
/// 400 if it is not an id.
pub(super) fn parse_id<T: FromStr>(param: &'static str, text: &str) -> Result<Option<T>, Problem> {
    trim_field(text)
        .map(|text| {
            text.parse()
                .map_err(|_| refuse_field(param, "an id from Frontdesk"))
        })
        .transpose()
}

/// `None` for an empty field.
///
/// # Errors
/// 400 with the `known` names.
pub(super) fn parse_name<T>(
    param: &'static str,
    text: &str,
    parse: fn(&str) -> Option<T>,
    known: impl Fn() -> Vec<&'static str>,
) -> Result<Option<T>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let named = parse(text).map(Some);
    named.ok_or_else(|| refuse_field(param, &format!("one of {}", known().join(", "))))
}

/// A moment, or the start of a day in this machine's time zone. `day` maps the day in the field to the one whose start
/// counts: "until" a day means the start of the next. `None` for an empty field.
///
/// # Errors
/// 400 if it is neither a day nor an RFC 3339 time.
pub(super) fn parse_moment(
    param: &'static str,
    text: &str,
    day: fn(Date) -> Option<Date>,
) -> Result<Option<UnixMs>, Problem> {
    let Some(text) = trim_field(text) else {
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
        None => Err(refuse_field(
            param,
            "a day like 2026-05-03 or an RFC 3339 time",
        )),
    }
}

pub(super) fn refuse_field(param: &'static str, expected: &str) -> Problem {
    Problem::invalid(param, format!("{param} must be {expected}"))
}

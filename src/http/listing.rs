//! Lists over HTTP: the query that asks for one, its pages, and the files that hold all of it ([`file`]). The API, the
//! pages and the commands use the same.

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

/// Rows on a page when nothing is said, and at most.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// What a caller asks a list for, in the words of a query. Every field is text, and an empty one says nothing, as browsers
/// send forms.
pub trait ListQuery: Clone + Default + Serialize {
    /// What the store is asked for.
    type Filter: ListFilter;

    /// Any of these scopes lets somebody read the list.
    const SCOPES: &'static [Scope];

    /// What the store is asked for.
    ///
    /// # Errors
    /// 400, naming the field that means nothing.
    fn filter(&self) -> Result<Self::Filter, Problem>;

    /// The field `limit`.
    fn limit_field(&self) -> &str;

    /// The field `before`: where the page before ended.
    fn cursor_field(&mut self) -> &mut String;

    /// What `before` has to be for the page that this filter begins.
    fn cursor_of(filter: &Self::Filter) -> Option<String>;

    /// How many rows are asked for.
    fn limit(&self) -> u32 {
        self.limit_field().parse().unwrap_or(USUAL).clamp(1, MOST)
    }

    /// The same question for the page after this cursor.
    fn after(&self, cursor: String) -> Self {
        let mut query = self.clone();
        *query.cursor_field() = cursor;
        query
    }

    /// As the query of an address, without what says nothing.
    fn query(&self) -> String {
        // A struct of texts always becomes an object of texts, in the order of its fields.
        let fields = serde_json::to_value(self).unwrap_or_default();
        let fields = fields.as_object().into_iter().flatten();
        let said = fields
            .filter_map(|(name, value)| Some((name, value.as_str()?)))
            .filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(said)
            .finish()
    }

    /// The addresses that a page with this list leads to.
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

/// Where a page with a list leads to, as queries of addresses.
pub struct ListLinks {
    /// Whether anything is looked for.
    pub is_filtered: bool,
    /// The list from its beginning, for the export.
    pub query: String,
    /// The next page.
    pub next: Option<String>,
}

/// The page that a query asks for.
///
/// # Errors
/// 400 for a query that means nothing, 403 for who may not read the list.
pub(super) async fn page<Q: ListQuery>(
    store: &Store,
    by: &Member,
    query: &Q,
) -> Result<Page<Q::Filter>, Problem> {
    let workspace = by.need(Q::SCOPES)?;
    Ok(read(store, workspace, query.filter()?, query.limit()).await?)
}

/// The page that a query asks for, or the first page of everything with what is wrong with the query: a form is shown
/// again with what was typed.
///
/// # Errors
/// 403 for who may not read the list.
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

/// A page of a list.
///
/// # Errors
/// When the store fails.
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

/// The text of a field, if it says anything.
pub(super) fn some_text(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The id in a field.
///
/// # Errors
/// 400 if it is none.
pub(super) fn parse_id<T: FromStr>(param: &'static str, text: &str) -> Result<Option<T>, Problem> {
    some_text(text)
        .map(|text| {
            text.parse()
                .map_err(|_| wrong(param, "an id as Frontdesk gives it"))
        })
        .transpose()
}

/// The value that a field names.
///
/// # Errors
/// 400 with the names that there are.
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
    named.ok_or_else(|| wrong(param, &format!("one of {}", known().join(", "))))
}

/// A moment, or the beginning of a day on this machine. `day` gives the day that is meant by the one in the field.
///
/// # Errors
/// 400 if it is neither.
pub(super) fn parse_moment(
    param: &'static str,
    text: &str,
    day: fn(Date) -> Option<Date>,
) -> Result<Option<UnixMs>, Problem> {
    let Some(text) = some_text(text) else {
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

/// A field that must be something else.
pub(super) fn wrong(param: &'static str, expected: &str) -> Problem {
    Problem::invalid(param, format!("{param} must be {expected}"))
}

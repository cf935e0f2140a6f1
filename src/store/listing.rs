//! Lists of anything that are read one page at a time, newest first.

use rusqlite::{Connection, ToSql};

use super::{StoreError, WorkspaceId};

/// Which rows to list, and after which one to start. The default is all of them.
pub trait ListFilter: Clone + Default + Send + 'static {
    type Row: Send + 'static;

    /// The rows of a workspace that match, newest first, at most `limit`.
    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Self::Row>, StoreError>;

    /// The same filter, continuing after a page with these rows.
    fn after(&self, page: &[Self::Row]) -> Self;
}

/// A list that can be read page by page.
#[derive(Debug, Clone)]
pub struct Listing<F> {
    pub workspace: WorkspaceId,
    pub filter: F,
    /// Rows per page.
    pub limit: u32,
}

#[derive(Debug, Clone)]
pub struct Page<F: ListFilter> {
    pub rows: Vec<F::Row>,
    /// `None` after the last page.
    pub next: Option<F>,
}

impl<F: ListFilter> Listing<F> {
    pub fn page(&self, conn: &Connection) -> Result<Page<F>, StoreError> {
        // Ask for one row more to learn whether there is another page.
        let limit = self.limit.saturating_add(1);
        let mut rows = self.filter.list(conn, self.workspace, limit)?;
        let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let next = more.then(|| self.filter.after(&rows));
        Ok(Page { rows, next })
    }

    /// The same list, continuing with the filter from [`Page::next`].
    pub fn resume_at(self, filter: F) -> Self {
        Self { filter, ..self }
    }
}

/// The `WHERE` conditions of a query with their values. It has only the conditions that a filter sets, so that SQLite
/// can choose the index that fits them.
#[derive(Default)]
pub(super) struct Conditions<'a> {
    sql: String,
    values: Vec<&'a dyn ToSql>,
}

impl<'a> Conditions<'a> {
    /// Adds a condition; each `?` in it takes the value.
    pub(super) fn add(&mut self, condition: &str, value: &'a dyn ToSql) {
        let all = vec![value; condition.matches('?').count()];
        self.add_with(condition, all);
    }

    pub(super) fn add_if_some<T: ToSql>(&mut self, condition: &str, value: Option<&'a T>) {
        if let Some(value) = value {
            self.add(condition, value);
        }
    }

    /// Adds a condition with one value for each `?`.
    pub(super) fn add_with(
        &mut self,
        condition: &str,
        values: impl IntoIterator<Item = &'a dyn ToSql>,
    ) {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self.sql.push_str(condition);
        self.values.extend(values);
    }

    /// The conditions as SQL, and their values followed by `limit`.
    pub(super) fn limited(mut self, limit: &'a u32) -> (String, Vec<&'a dyn ToSql>) {
        self.values.push(limit);
        (self.sql, self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    /// Lists the numbers below one.
    #[derive(Clone, Default)]
    struct Below(u32);

    impl ListFilter for Below {
        type Row = u32;

        fn list(&self, _: &Connection, _: WorkspaceId, limit: u32) -> Result<Vec<u32>, StoreError> {
            let newest_first = (0..self.0).rev();
            Ok(newest_first.take(limit as usize).collect())
        }

        fn after(&self, page: &[u32]) -> Self {
            Self(page.last().copied().unwrap_or(self.0))
        }
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let store = Store::open_in_memory().unwrap();
        let mut listing = Listing {
            workspace: WorkspaceId::new(),
            filter: Below(5),
            limit: 2,
        };
        let mut pages = Vec::new();
        loop {
            let current = listing.clone();
            let page = store.write_blocking(move |tx| current.page(tx)).unwrap();
            pages.push(page.rows);
            match page.next {
                Some(next) => listing = listing.resume_at(next),
                None => break,
            }
        }
        assert_eq!(pages, [vec![4, 3], vec![2, 1], vec![0]]);
    }

    #[test]
    fn a_last_page_that_is_full_has_none_after_it() {
        let store = Store::open_in_memory().unwrap();
        let listing = Listing {
            workspace: WorkspaceId::new(),
            filter: Below(2),
            limit: 2,
        };
        let page = store.write_blocking(move |tx| listing.page(tx)).unwrap();
        assert!(page.next.is_none());
    }

    #[test]
    fn conditions_stand_in_order_with_their_values() {
        let (one, two, limit) = (1i64, 2i64, 3u32);
        let mut wanted = Conditions::default();
        wanted.add("a = ?", &one);
        wanted.add_if_some("b = ?", None::<&i64>);
        wanted.add("(c < ? OR d < ?)", &two);
        wanted.add_with("e IS NULL", []);
        let (sql, values) = wanted.limited(&limit);
        assert_eq!(sql, "a = ? AND (c < ? OR d < ?) AND e IS NULL");
        assert_eq!(values.len(), 4);
    }
}

//! Lists that are read a page at a time, newest first, whatever they list.

use rusqlite::{Connection, ToSql};

use super::{StoreError, WorkspaceId};

/// Which rows of a kind a list shows, and after which one it begins. The default is all of them.
pub trait ListFilter: Clone + Default + Send + 'static {
    /// What is listed.
    type Row: Send + 'static;

    /// The rows of a workspace that pass, newest first, `limit` at most.
    ///
    /// # Errors
    /// When the store fails.
    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Self::Row>, StoreError>;

    /// The same filter for what comes after a page with these rows.
    fn after(&self, page: &[Self::Row]) -> Self;
}

/// A list of a workspace, as far as it is still to be read.
#[derive(Debug, Clone)]
pub struct Listing<F> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What passes.
    pub filter: F,
    /// Rows of a page.
    pub limit: u32,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<F: ListFilter> {
    /// Its rows.
    pub rows: Vec<F::Row>,
    /// The filter for the next page; `None` at the end.
    pub next: Option<F>,
}

impl<F: ListFilter> Listing<F> {
    /// Reads the next page.
    ///
    /// # Errors
    /// When the store fails.
    pub fn page(&self, conn: &Connection) -> Result<Page<F>, StoreError> {
        // One more tells whether there are more.
        let limit = self.limit.saturating_add(1);
        let mut rows = self.filter.list(conn, self.workspace, limit)?;
        let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let next = more.then(|| self.filter.after(&rows));
        Ok(Page { rows, next })
    }

    /// The rest of the list, which this filter begins.
    pub fn resume_at(self, filter: F) -> Self {
        Self { filter, ..self }
    }
}

/// Conditions of a query with their values, only those that are asked for: so each question walks the index
/// that fits it.
#[derive(Default)]
pub(super) struct Conditions<'a> {
    sql: String,
    values: Vec<&'a dyn ToSql>,
}

impl<'a> Conditions<'a> {
    /// Adds a condition in which every `?` stands for the value.
    pub(super) fn add(&mut self, condition: &str, value: &'a dyn ToSql) {
        let all = vec![value; condition.matches('?').count()];
        self.add_with(condition, all);
    }

    /// Adds a condition if there is a value.
    pub(super) fn maybe<T: ToSql>(&mut self, condition: &str, value: Option<&'a T>) {
        if let Some(value) = value {
            self.add(condition, value);
        }
    }

    /// Adds a condition with a value for each `?`; with none for one that has no `?`.
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

    /// The conditions, and their values with the `limit` behind them.
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
        wanted.maybe("b = ?", None::<&i64>);
        wanted.add("(c < ? OR d < ?)", &two);
        wanted.add_with("e IS NULL", []);
        let (sql, values) = wanted.limited(&limit);
        assert_eq!(sql, "a = ? AND (c < ? OR d < ?) AND e IS NULL");
        assert_eq!(values.len(), 4);
    }
}

//! When businesses are open, for the calendars of `tools`: the hours that their owners confirmed.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::hours::Book;
use crate::store::facts::FactState;
use crate::store::{Store, StoreError, UnixMs, WorkspaceId};
use crate::tools::{Open, Opening, Span};

pub(super) struct Hours {
    store: Store,
}

impl Hours {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Opening for Hours {
    async fn zone(&self, workspace: WorkspaceId) -> Result<TimeZone, StoreError> {
        let book = self
            .store
            .read(move |conn| Book::open(conn, workspace))
            .await?;
        Ok(book.zone().clone())
    }

    async fn open(
        &self,
        workspace: WorkspaceId,
        from: UnixMs,
        until: UnixMs,
    ) -> Result<Option<Open>, StoreError> {
        let book = self
            .store
            .read(move |conn| Book::open(conn, workspace))
            .await?;
        let (hours, weekly, special) = book.hours(FactState::Confirmed, None);
        if weekly.is_empty() && special.is_empty() {
            return Ok(None);
        }
        let zone = book.zone();
        let at = |ms: UnixMs| {
            let at = Timestamp::from_millisecond(ms).unwrap_or_default();
            at.to_zoned(zone.clone())
        };
        // On a public holiday the usual hours may not hold, so nothing is offered.
        let found = hours.open_between(&at(from), &at(until), &|date| book.doubt(date).is_some());
        let spans = found.into_iter().map(|(from, until)| Span {
            from: from.timestamp().as_millisecond(),
            until: until.timestamp().as_millisecond(),
        });
        Ok(Some(Open {
            spans: spans.collect(),
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        }))
    }
}

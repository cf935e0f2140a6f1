//! One row of the ledger, open while its request runs.

use super::EgressError;
use crate::store::egress::{self, Outcome};
use crate::store::{Store, StoreError, Transaction, UnixMs};

/// Written before the request goes out, and updated with the outcome when it ends, even if it is dropped.
pub(super) struct LedgerLine {
    store: Store,
    id: i64,
    pub(super) outcome: Outcome,
    open: bool,
    /// A stream has no known length, so dropping it early is not an error.
    pub(super) is_stream: bool,
}

impl LedgerLine {
    pub(super) async fn open(
        store: &Store,
        append: impl FnOnce(&Transaction<'_>, UnixMs) -> Result<i64, StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let now = jiff::Timestamp::now().as_millisecond();
        let id = store.write(move |tx| append(tx, now)).await?;
        Ok(Self {
            store: store.clone(),
            id,
            outcome: Outcome::default(),
            open: true,
            is_stream: false,
        })
    }

    pub(super) async fn close(&mut self) -> Result<(), StoreError> {
        self.open = false;
        let (id, outcome) = (self.id, self.outcome.clone());
        self.store
            .write(move |tx| egress::close(tx, id, &outcome))
            .await
    }

    /// Closes the row with the error, and returns the error.
    pub(super) async fn fail(mut self, error: EgressError) -> EgressError {
        self.note(&error);
        match self.close().await {
            Ok(()) => error,
            Err(store) => store.into(),
        }
    }

    pub(super) fn note(&mut self, error: &EgressError) {
        if let EgressError::Blocked { address, .. } = error {
            self.outcome.address = Some(address.to_string());
            self.outcome.bytes_sent = 0;
        }
        self.outcome.error = Some(error.to_string());
    }
}

impl Drop for LedgerLine {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        let (store, id, mut outcome) = (self.store.clone(), self.id, self.outcome.clone());
        if !self.is_stream {
            outcome
                .error
                .get_or_insert_with(|| "it was not read to its end".into());
        }
        // Without a runtime nothing can be written: the row stays open, which still says that the request went out.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let written = store.write(move |tx| egress::close(tx, id, &outcome)).await;
                if let Err(error) = written {
                    tracing::warn!(%error, "a row of the ledger was left open");
                }
            });
        }
    }
}

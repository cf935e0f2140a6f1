//! Who works: this machine or a provider, as the owner of a workspace said.

use std::time::Duration;

use super::Providers;
use super::error::ProviderError;
use super::line::Line;
use crate::store::WorkspaceId;
use crate::store::providers::{self, Mode, ProviderUse, Use};
use crate::usage::Flow;

/// What a workspace wants for one piece of work. Without one, the work stays here.
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    /// How long work may wait here.
    pub(crate) wait: Duration,
    pub(crate) line: Line,
}

impl Providers {
    /// The plan for work that is done for a flow. The machine's own work stays here.
    pub(crate) async fn plan_of(
        &self,
        purpose: Use,
        flow: Flow,
    ) -> Result<Option<Plan>, ProviderError> {
        self.plan(purpose, move |wanted| flow.is_of(wanted.workspace))
            .await
    }

    /// The plan for work that is done for a workspace.
    pub(crate) async fn plan_for(
        &self,
        purpose: Use,
        workspace: WorkspaceId,
    ) -> Result<Option<Plan>, ProviderError> {
        self.plan(purpose, move |wanted| wanted.workspace == workspace)
            .await
    }

    async fn plan(
        &self,
        purpose: Use,
        is_it: impl Fn(&ProviderUse) -> bool + Send + 'static,
    ) -> Result<Option<Plan>, ProviderError> {
        let found = self.inner.store.read(move |conn| {
            let all = providers::uses_for(conn, purpose)?;
            let Some(wanted) = all.into_iter().find(|wanted| is_it(wanted)) else {
                return Ok(None);
            };
            let provider = providers::get(conn, wanted.workspace, wanted.provider)?;
            Ok(Some((wanted, provider.into_inner())))
        });
        let Some((wanted, provider)) = found.await? else {
            return Ok(None);
        };
        Ok(Some(Plan {
            mode: wanted.mode,
            wait: Duration::from_millis(wanted.wait_ms),
            line: Line::open(self, provider, wanted.tell).await?,
        }))
    }
}

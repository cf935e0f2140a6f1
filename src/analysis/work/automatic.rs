//! Analyses that nobody asks for: when a conversation is closed, or at night. Off until the owner turns them on.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Zoned;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Analyst, WorkError, load, now_ms};
use crate::analysis::settings::Settings;
use crate::llm::Priority;
use crate::store::{ConversationId, StoreError, WorkspaceId, analyses, workspaces};

/// Time between looks at the store.
const EVERY: Duration = Duration::from_secs(60);
/// Conversations that ended longer ago are left to whoever asks for them.
const LOOK_BACK_MS: i64 = 24 * 60 * 60 * 1000;
/// Conversations of one workspace in one go, so that others have their turn.
const AT_ONCE: u32 = 5;
/// Hours of the night, on the machine's clock.
const NIGHT: std::ops::Range<i8> = 2..5;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Analyst {
    /// Begins to look for conversations that are to be analysed.
    pub fn start(&self, tasks: &TaskTracker, shutdown: CancellationToken) {
        let analyst = self.clone();
        tasks.spawn(async move {
            // Models load in the first minute, and most commands are over by then.
            let mut minutes = tokio::time::interval_at(tokio::time::Instant::now() + EVERY, EVERY);
            // Those that cannot be analysed are not tried again before the next start.
            let mut failed: HashSet<ConversationId> = HashSet::new();
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    _ = minutes.tick() => {}
                }
                let is_night = NIGHT.contains(&Zoned::now().hour());
                let work = analyst.look(is_night, &mut failed);
                let looked = tokio::select! {
                    () = shutdown.cancelled() => return,
                    looked = work => looked,
                };
                if let Err(error) = looked {
                    tracing::warn!(%error, "conversations could not be analysed by themselves");
                }
            }
        });
    }

    /// Analyses what is due in every workspace, and deletes what its owner does not want to keep.
    pub(super) async fn look(
        &self,
        is_night: bool,
        failed: &mut HashSet<ConversationId>,
    ) -> Result<(), StoreError> {
        let read = self.store.read(|conn| {
            let all = workspaces::list(conn)?.into_iter();
            let open = all.filter(|one| one.closing.is_none());
            open.map(|one| Ok((one.id, load(conn, one.id)?)))
                .collect::<Result<Vec<_>, StoreError>>()
        });
        for (workspace, settings) in read.await? {
            self.forget(workspace, &settings).await?;
            let wanted = settings.automatic;
            if wanted.on_close || (wanted.at_night && is_night) {
                self.analyse_due(workspace, failed).await?;
            }
        }
        Ok(())
    }

    async fn forget(&self, workspace: WorkspaceId, settings: &Settings) -> Result<(), StoreError> {
        let Some(days) = settings.keep_days else {
            return Ok(());
        };
        let before = now_ms() - i64::from(days) * DAY_MS;
        let write = self
            .store
            .write(move |tx| analyses::purge_foreign(tx, workspace, before));
        write.await.map(drop)
    }

    async fn analyse_due(
        &self,
        workspace: WorkspaceId,
        failed: &mut HashSet<ConversationId>,
    ) -> Result<(), StoreError> {
        let since = now_ms() - LOOK_BACK_MS;
        let known = u32::try_from(failed.len()).unwrap_or(u32::MAX);
        let most = AT_ONCE.saturating_add(known);
        let read = self
            .store
            .read(move |conn| analyses::not_analysed(conn, workspace, since, most));
        let mut due = read.await?;
        due.retain(|id| !failed.contains(id));
        for id in due {
            let claim = Priority::Background.into();
            let done = self
                .analyse_conversation(workspace, id, false, claim, &|_| {})
                .await;
            match done {
                Ok(_) => {}
                // More is there next month.
                Err(WorkError::Quota(error)) => {
                    tracing::info!(%error, "no analysis by itself");
                    return Ok(());
                }
                Err(error) => {
                    tracing::info!(%error, conversation = %id, "a conversation cannot be analysed");
                    failed.insert(id);
                }
            }
        }
        Ok(())
    }
}

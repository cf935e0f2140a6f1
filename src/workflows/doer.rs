//! Who does outside of this machine what a workflow ordered.

use std::collections::BTreeMap;

use crate::store::WorkspaceId;

/// Calls tools. What it does cannot be taken back by the database, so it gets a key that stays the same when it is asked again.
#[async_trait::async_trait]
pub trait Doer: Send + Sync {
    /// Calls the tool of that name with these texts as arguments; returns what came of it, in words.
    ///
    /// # Errors
    /// A sentence for staff.
    async fn call(
        &self,
        workspace: WorkspaceId,
        tool: &str,
        arguments: &BTreeMap<String, String>,
        key: &str,
    ) -> Result<String, String>;
}

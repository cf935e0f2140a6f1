//! Proof that an entity was loaded through its workspace.

use std::ops::Deref;

use super::WorkspaceId;

/// An entity that was loaded through its workspace. Only the finders of this module can make one, so holding it proves
/// that the id was checked against the workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Scoped<T> {
    workspace: WorkspaceId,
    entity: T,
}

impl<T> Scoped<T> {
    pub(super) fn proven(workspace: WorkspaceId, entity: T) -> Self {
        Self { workspace, entity }
    }

    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// Drops the proof and returns the entity.
    pub fn into_inner(self) -> T {
        self.entity
    }
}

impl<T> Deref for Scoped<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.entity
    }
}

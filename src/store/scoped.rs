//! Proof that an entity was looked up within a workspace.

use std::ops::Deref;

use super::WorkspaceId;

/// An entity that was loaded through its workspace. Only the finders of this module make one, so
/// holding it proves that the id was checked against the workspace it is used for.
#[derive(Debug, Clone, PartialEq)]
pub struct Scoped<T> {
    workspace: WorkspaceId,
    entity: T,
}

impl<T> Scoped<T> {
    pub(super) fn proven(workspace: WorkspaceId, entity: T) -> Self {
        Self { workspace, entity }
    }

    /// The workspace the entity belongs to.
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// Gives the proof up and keeps the entity.
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

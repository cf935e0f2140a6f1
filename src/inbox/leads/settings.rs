//! What the owner decided about leads: the section "leads" of a workspace's settings.

use serde::{Deserialize, Serialize};

use crate::access::{Denied, Member, Scope};
use crate::store::{Connection, Store, StoreError, WorkspaceId, workspaces};

const MAY: &[Scope] = &[Scope::Admin];
/// In characters.
const LONGEST_TEXT: usize = 2000;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeadSettings {
    /// Nothing is taken from somebody who does not agree.
    pub consent_required: bool,
    /// What they agree to, as the form shows it; empty for the widget's own words.
    pub consent_text: String,
}

/// Why the settings were not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum LeadSettingsError {
    #[error(
        "write the text that visitors agree to, in at most {} characters",
        LONGEST_TEXT
    )]
    Text,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LeadSettings {
    /// The section's name in the workspace's settings.
    pub const SECTION: &'static str = "leads";

    pub fn load(conn: &Connection, workspace: WorkspaceId) -> Result<Self, StoreError> {
        workspaces::section(conn, workspace, Self::SECTION)
    }

    pub async fn get(store: &Store, by: &Member) -> Result<Self, LeadSettingsError> {
        let workspace = by.need(MAY)?;
        Ok(store.read(move |conn| Self::load(conn, workspace)).await?)
    }

    /// # Errors
    /// For a text that is too long, or none where consent is required.
    pub async fn set(mut self, store: &Store, by: &Member) -> Result<Self, LeadSettingsError> {
        let workspace = by.need(MAY)?;
        self.consent_text = self.consent_text.trim().to_owned();
        let length = self.consent_text.chars().count();
        if length > LONGEST_TEXT || (self.consent_required && length == 0) {
            return Err(LeadSettingsError::Text);
        }
        let kept = self.clone();
        let write =
            store.write(move |tx| workspaces::set_section(tx, workspace, Self::SECTION, &kept));
        write.await?;
        Ok(self)
    }
}

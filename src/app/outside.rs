//! What may leave: the egress gateway as the settings want it, and who hears and speaks for a workspace.

use std::sync::Arc;

use super::App;
use crate::casework::TranscriberOf;
use crate::config::Config;
use crate::egress::{Allow, EgressError, Gateway, Reach, SystemLookup};
use crate::providers::{Providers, SpeakingFor, TranscribingFor};
use crate::speech::Transcriber;
use crate::store::{Store, WorkspaceId};

/// The gateway, with its ledger in this store.
pub(super) fn gateway(config: &Config, store: Store) -> Result<Gateway, EgressError> {
    let reach = match (config.sealed, config.egress_web) {
        (true, _) => Reach::Nothing,
        (false, false) => Reach::NoWeb,
        (false, true) => Reach::Open,
    };
    let allow = Allow::parse(&config.egress_allow)?;
    Gateway::new(store, reach, allow, Arc::new(SystemLookup))
}

/// What transcribes for each workspace.
pub(super) fn transcriber_of(providers: &Providers, local: &Arc<dyn Transcriber>) -> TranscriberOf {
    let (providers, local) = (providers.clone(), Arc::clone(local));
    Arc::new(move |workspace| Arc::new(providers.transcriber(workspace, Arc::clone(&local))))
}

impl App {
    /// Transcribes for a workspace: here, or at the provider that its owner turned on.
    pub fn transcriber_for(&self, workspace: WorkspaceId) -> TranscribingFor {
        let local = Arc::clone(&self.transcriber);
        self.providers.transcriber(workspace, local)
    }

    /// Speaks for a workspace: here, or at the provider that its owner turned on.
    pub fn synthesizer_for(&self, workspace: WorkspaceId) -> SpeakingFor {
        let local = Arc::clone(&self.synthesizer);
        self.providers.synthesizer(workspace, local)
    }
}

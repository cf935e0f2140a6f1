//! Builds the egress gateway from the settings.

use std::sync::Arc;

use crate::config::Config;
use crate::egress::{Allow, EgressError, Gateway, Reach, SystemLookup};
use crate::store::Store;

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

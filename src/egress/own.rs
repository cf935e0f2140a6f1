//! A plain stream to a machine of the owner's own: one that the setting `egress.allow` names with this port.

use std::collections::BTreeSet;

use super::forward::forward;
use super::tunnel::Tunnel;
use super::{Class, EgressError, Gateway, StreamLimits, TlsPlace};

/// The name in the ledger.
const PROTOCOL: &str = "TCP";

/// A stream without encryption to a machine of the owner's own.
pub struct OwnStream(Tunnel);
forward!(OwnStream);

impl Gateway {
    /// Opens a plain stream to a machine that `egress.allow` names with its port; everything else is refused, since
    /// everybody on the way could read it.
    pub async fn own(
        &self,
        place: &TlsPlace,
        data: BTreeSet<Class>,
        limits: StreamLimits,
    ) -> Result<OwnStream, EgressError> {
        if !self.inner.allow.names(&place.host, place.port, &[]) {
            return Err(EgressError::Place {
                place: format!("{}:{}", place.host, place.port),
                reason: "without encryption only machines that the setting egress.allow names with this port are \
                         connected to"
                    .into(),
            });
        }
        let opening = place.opening(PROTOCOL, &[], data, limits);
        Ok(OwnStream(self.tunnel(opening).await?))
    }
}

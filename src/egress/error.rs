//! Why nothing came back, in words for whoever asked.

use super::guard::Refused;
use crate::reason::Reason;
use crate::store::StoreError;

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The owner forbade fetching web pages.
    #[error(
        "fetching from the web is switched off on this machine; set egress.web = true (and sealed = false) in the settings \
         and restart to allow it"
    )]
    Off,
    /// The owner pulled the cable.
    #[error(
        "this machine is sealed: nothing leaves it. Set sealed = false in the settings, leave out --sealed, and restart \
         to allow it"
    )]
    Sealed,
    /// An address that is never asked.
    #[error("{url} cannot be fetched: {reason}")]
    Url {
        /// The address.
        url: String,
        /// What is wrong with it.
        #[source]
        reason: Reason,
    },
    /// A place that no stream is opened to.
    #[error("{place} is not connected to: {reason}")]
    Place {
        /// Host and port.
        place: String,
        /// What is wrong with it.
        #[source]
        reason: Reason,
    },
    /// The host is not on the public internet.
    #[error(
        "{host} is not connected to: it is at {address}, {what}. If it is a machine of your own network, name \
         it in the setting egress.allow"
    )]
    Blocked {
        /// The host's name.
        host: String,
        /// Where it is.
        address: std::net::IpAddr,
        /// What kind of address that is.
        what: &'static str,
    },
    /// The server sends from one address to the next.
    #[error(
        "{0} leads from one address to the next without an end; check the address in a browser"
    )]
    Redirects(String),
    /// More bytes than allowed came.
    #[error("{host} sent more than {limit} bytes, so the rest was not taken")]
    TooLarge {
        /// The host's name.
        host: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// More bytes than allowed would have gone out.
    #[error("more than {limit} bytes were to be sent to {host}, so the rest was not")]
    TooMuch {
        /// The host's name.
        host: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// A secret stays here.
    #[error("what is secret is not sent to {host}: {reason}")]
    Secret {
        /// The host's name.
        host: String,
        /// Why not.
        reason: &'static str,
    },
    /// The server is another than the one whose key was noted.
    #[error(
        "{host} shows another host key ({seen}) than the one that was noted ({pinned}), so nothing was sent. If its \
         owner confirms the new key, set it up again with that one; if not, somebody is in between"
    )]
    HostKey {
        /// The host's name.
        host: String,
        /// Fingerprint of the key that it shows.
        seen: String,
        /// Fingerprint of the key that was noted.
        pinned: String,
    },
    /// The server does not prove that the name is its own.
    #[error(
        "{host} does not prove that it is {host}, so nothing was sent: {reason}. If it is a machine of your own network, \
         give the certificate of the authority that vouches for it"
    )]
    Certificate {
        /// The host's name.
        host: String,
        /// What is wrong with its certificate.
        #[source]
        reason: Reason,
    },
    /// The server lets nobody in with this.
    #[error("{host} refused to let {user} in; check the name and the password or key")]
    SignIn {
        /// The host's name.
        host: String,
        /// As whom.
        user: String,
    },
    /// The time ran out.
    #[error("{host} did not answer in full within {seconds} seconds; it is tried again next time")]
    Slow {
        /// The host's name.
        host: String,
        /// The limit in seconds.
        seconds: u64,
    },
    /// The network or the server.
    #[error("{host} could not be reached: {reason}")]
    Failed {
        /// The host's name.
        host: String,
        /// Why.
        #[source]
        reason: Reason,
    },
    /// The settings are not usable.
    #[error("{0}")]
    Settings(#[source] Reason),
    /// The ledger could not be written, so nothing was sent.
    #[error(transparent)]
    Ledger(#[from] StoreError),
}

impl From<Refused> for EgressError {
    fn from(refused: Refused) -> Self {
        Self::Blocked {
            host: refused.host,
            address: refused.address,
            what: refused.what,
        }
    }
}

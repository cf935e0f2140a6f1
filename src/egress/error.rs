//! Errors of outgoing requests and streams, worded for the person who started them.

use super::guard::Refused;
use crate::reason::Reason;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The setting `egress.web` is off.
    #[error(
        "fetching from the web is switched off on this machine; set egress.web = true (and sealed = false) in the settings \
         and restart to allow it"
    )]
    Off,
    /// The setting `sealed` is on: nothing may go out.
    #[error(
        "this machine is sealed: nothing leaves it. Set sealed = false in the settings, leave out --sealed, and restart \
         to allow it"
    )]
    Sealed,
    /// A URL that is refused before any request is made.
    #[error("{url} cannot be fetched: {reason}")]
    Url {
        url: String,
        #[source]
        reason: Reason,
    },
    /// A host and port that no stream may be opened to.
    #[error("{place} is not connected to: {reason}")]
    Place {
        /// Host and port.
        place: String,
        #[source]
        reason: Reason,
    },
    /// The host is not on the public internet.
    #[error(
        "{host} is not connected to: it is at {address}, {what}. If it is a machine of your own network, name \
         it in the setting egress.allow"
    )]
    Blocked {
        host: String,
        address: std::net::IpAddr,
        /// The kind of address, such as "a private address".
        what: &'static str,
    },
    /// Too many redirects.
    #[error("{0} redirects too many times; check the address in a browser")]
    Redirects(String),
    #[error("{host} sent more than {limit} bytes, so the rest was not taken")]
    TooLarge {
        host: String,
        /// In bytes.
        limit: u64,
    },
    /// More bytes than allowed would have gone out.
    #[error("more than {limit} bytes were to be sent to {host}, so the rest was not")]
    TooMuch {
        host: String,
        /// In bytes.
        limit: u64,
    },
    /// A secret may not go to this server.
    #[error("secrets are not sent to {host}: {reason}")]
    Secret { host: String, reason: &'static str },
    /// The server shows another host key than the pinned one.
    #[error(
        "{host} shows another host key ({seen}) than the one that was noted ({pinned}), so nothing was sent. If its \
         owner confirms the new key, set it up again with that one; if not, somebody may be intercepting the connection"
    )]
    HostKey {
        host: String,
        /// Fingerprint of the key that the server shows.
        seen: String,
        /// Fingerprint of the pinned key.
        pinned: String,
    },
    /// The server's certificate does not hold for its name.
    #[error(
        "{host} does not prove that it is {host}, so nothing was sent: {reason}. If it is a machine of your own network, \
         give the certificate of the authority that vouches for it"
    )]
    Certificate {
        host: String,
        #[source]
        reason: Reason,
    },
    /// The server refused the login.
    #[error("{host} refused to let {user} in; check the name and the password or key")]
    SignIn { host: String, user: String },
    /// Timeout.
    #[error("{host} did not answer in full within {seconds} seconds; it is tried again next time")]
    Slow {
        host: String,
        /// The timeout.
        seconds: u64,
    },
    /// The network or the server failed.
    #[error("{host} could not be reached: {reason}")]
    Failed {
        host: String,
        #[source]
        reason: Reason,
    },
    /// Settings that cannot be used.
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

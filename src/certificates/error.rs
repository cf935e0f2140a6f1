//! What can go wrong with certificates, worded for the owner.

use std::path::PathBuf;

use crate::egress::EgressError;
use crate::reason::Reason;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A name in the settings that no certificate can be for.
    #[error("https.names: `{name}` {reason}")]
    Name { name: String, reason: &'static str },
    /// Settings that do not fit together.
    #[error("{0}")]
    Settings(String),
    /// A file of the owner that cannot be used.
    #[error("{} cannot be used as {what}: {reason}", path.display())]
    File {
        path: PathBuf,
        /// "the certificate" or "the key of the certificate".
        what: &'static str,
        #[source]
        reason: Reason,
    },
    /// A certificate that is no use here, from wherever it came.
    #[error("{0}")]
    Unfit(#[source] Reason),
    /// Keys and certificates could not be made.
    #[error("a certificate could not be made: {0}")]
    Made(#[from] rcgen::Error),
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// The authority said no, or could not be reached.
    #[error("{authority} gave no certificate: {reason}")]
    Refused {
        /// Host of the authority.
        authority: String,
        #[source]
        reason: Reason,
    },
    /// The authority could not see this server under a name.
    #[error(
        "{authority} could not see this server as {name}: {reason}. The name must lead to this machine (its DNS entry), \
         and port {port} must be open to it from the internet"
    )]
    Unproven {
        /// Host of the authority.
        authority: String,
        name: String,
        port: u16,
        #[source]
        reason: Reason,
    },
    /// The gateway sent nothing.
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

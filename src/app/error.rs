//! What can go wrong while the application starts.

use super::backup;
use crate::certificates::CertificateError;
use crate::egress::EgressError;
use crate::eval::EvalError;
use crate::knowledge::KnowledgeError;
use crate::reason::Reason;
use crate::store::{KeyError, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store's key.
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    #[error(transparent)]
    Eval(#[from] EvalError),
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error(transparent)]
    Backup(#[from] backup::BackupError),
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    #[error(transparent)]
    Models(#[from] crate::models::ModelError),
    /// The settings do not fit together.
    #[error("{0}")]
    Settings(#[source] Reason),
    #[error("{what}: {source}")]
    Io {
        what: String,
        source: std::io::Error,
    },
}

impl AppError {
    /// Whether the database or its disk is at fault, so that a restart would not help.
    pub fn is_damage(&self) -> bool {
        let store = match self {
            Self::Store(error)
            | Self::Knowledge(KnowledgeError::Store(error))
            | Self::Eval(EvalError::Store(error))
            | Self::Certificates(CertificateError::Store(error))
            | Self::Backup(backup::BackupError::Store(error)) => error,
            _ => return false,
        };
        matches!(
            store,
            StoreError::Damaged { .. }
                | StoreError::WrongKey { .. }
                | StoreError::DiskFull { .. }
                | StoreError::Io { .. }
        )
    }
}

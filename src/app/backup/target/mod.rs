//! A place to copy finished backups to: S3-compatible storage, or a
//! server with SFTP. Everything goes through the egress gateway.
//!
//! A file with its final name is complete: both kinds put it in place in one step.
//!
//! To add a place: a `Target` in a file here with its settings; tests against a server on this machine.

mod s3;
mod settings;
mod sftp;
mod trying;

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::AsyncRead;

use super::BackupError;
use crate::egress::{Class, EgressError, Gateway};
use crate::reason::Reason;

pub use self::settings::{NewLogin, NewS3, NewSftp, NewTarget};
pub use self::trying::Step;

pub(super) use self::settings::TargetSettings;
pub(super) use self::trying::try_out;

/// Slowest transfer to wait for, bytes per second.
const SLOWEST: u64 = 32 << 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) name: String,
    /// Bytes.
    pub(super) size: u64,
}

/// A file to upload.
pub(super) struct Upload<'a> {
    pub(super) name: &'a str,
    pub(super) class: Class,
    /// Bytes.
    pub(super) size: u64,
    pub(super) from: &'a mut (dyn AsyncRead + Unpin + Send),
}

/// Receives a file piece by piece.
pub(super) type Take<'a> = &'a mut (dyn FnMut(&[u8]) -> io::Result<()> + Send);

/// A place that stores files by name.
#[async_trait]
pub(super) trait Target: Send + Sync {
    /// Lists all files, in any order.
    async fn list(&self) -> Result<Vec<Stored>, BackupError>;

    /// Uploads a file, replacing one of the same name.
    async fn put(&self, upload: Upload<'_>) -> Result<(), BackupError>;

    /// Reads a file of at most `most` bytes.
    ///
    /// # Errors
    /// `Unknown` if there is no file of this name.
    async fn get(&self, name: &str, most: u64, take: Take<'_>) -> Result<(), BackupError>;

    /// Removes a file. Removing one that does not exist is fine.
    async fn delete(&self, name: &str) -> Result<(), BackupError>;
}

/// Opens the target of these settings.
pub(super) fn open(
    gateway: &Gateway,
    settings: &TargetSettings,
) -> Result<Box<dyn Target>, BackupError> {
    Ok(match settings {
        TargetSettings::S3(settings) => Box::new(s3::S3::new(gateway.clone(), settings)?),
        TargetSettings::Sftp(settings) => Box::new(sftp::Sftp::new(gateway.clone(), settings)),
    })
}

/// Timeout for a transfer of this many bytes.
fn patience(bytes: u64) -> Duration {
    Duration::from_secs(60 + bytes / SLOWEST)
}

impl From<EgressError> for BackupError {
    fn from(error: EgressError) -> Self {
        match error {
            EgressError::Ledger(error) => Self::Store(error),
            other => Self::Target(Reason::of(other)),
        }
    }
}

/// An error of a local file during a transfer.
fn local(source: io::Error) -> BackupError {
    BackupError::Io {
        what: "the copy cannot be read or written here".into(),
        source,
    }
}

#[cfg(test)]
pub(super) mod s3_fixture;
#[cfg(test)]
#[path = "target_tests.rs"]
pub(super) mod tests;

//! A server with SFTP. Each operation has its own session, so that each is in the ledger with its bytes.

use std::collections::BTreeSet;

use async_trait::async_trait;
use russh_sftp::client::SftpSession;
use russh_sftp::client::error::Error;
use russh_sftp::protocol::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::settings::NewSftp;
use super::{Stored, Take, Target, Upload, local, patience};
use crate::app::backup::BackupError;
use crate::egress::{Class, Gateway, Ssh, StreamLimits};
use crate::reason::Reason;

/// Bytes that the protocols need besides the content.
const OVERHEAD: u64 = 8 << 20;
/// Bytes of a file held in memory at a time.
const PIECE: usize = 256 << 10;
/// Timeout for one step, in seconds.
const STEP: u64 = 60;

/// A folder on a server and its credentials.
pub(super) struct Sftp {
    gateway: Gateway,
    settings: NewSftp,
}

/// An open session.
struct OpenedSftp {
    ssh: Ssh,
    sftp: SftpSession,
}

impl Sftp {
    pub(super) fn new(gateway: Gateway, settings: &NewSftp) -> Self {
        Self {
            gateway,
            settings: settings.clone(),
        }
    }

    fn path(&self, name: &str) -> String {
        match self.settings.folder.as_str() {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        }
    }

    async fn session(
        &self,
        class: Class,
        (sent, received): (u64, u64),
    ) -> Result<OpenedSftp, BackupError> {
        let limits = StreamLimits {
            // Each packet adds a header and a MAC.
            sent: sent + sent / 16 + OVERHEAD,
            received: received + received / 16 + OVERHEAD,
            time: patience(sent.max(received)),
        };
        let settings = &self.settings;
        let login = settings.login()?;
        let data = BTreeSet::from([class]);
        let as_whom = (settings.user.as_str(), &login);
        let place = settings.place();
        let opened = self
            .gateway
            .ssh(&place, &settings.host_key, as_whom, data, limits)
            .await;
        let ssh = opened?;
        let channel = ssh.subsystem("sftp").await?;
        let sftp = SftpSession::new(channel).await.map_err(explain)?;
        sftp.set_timeout(STEP);
        Ok(OpenedSftp { ssh, sftp })
    }

    /// The folder's path on the server; the user's home if it is empty.
    fn folder(&self) -> &str {
        match self.settings.folder.as_str() {
            "" => ".",
            folder => folder,
        }
    }

    /// Whether the folder exists.
    ///
    /// # Errors
    /// `Target` if it is a file.
    async fn has_folder(&self, sftp: &SftpSession) -> Result<bool, BackupError> {
        match sftp.metadata(self.folder()).await {
            Ok(found) if found.file_type().is_file() => Err(BackupError::Target(
                format!(
                    "{} is no folder on the server, but a file; name another folder",
                    self.folder()
                )
                .into(),
            )),
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(explain(error)),
        }
    }

    /// Explains an error of the whole folder; a missing file then does not mean a missing backup.
    fn refused(&self, error: Error) -> BackupError {
        if is_missing(&error) {
            let told = format!(
                "the folder {} is missing on the server, or is not a folder; check its name",
                self.folder()
            );
            return BackupError::Target(Reason::told(told, error));
        }
        explain(error)
    }

    /// Creates the folder and its parents.
    async fn make_folder(&self, sftp: &SftpSession) -> Result<(), BackupError> {
        let folder = &self.settings.folder;
        if folder.is_empty() || self.has_folder(sftp).await? {
            return Ok(());
        }
        let slashes = folder.match_indices('/').map(|(at, _)| at);
        let ends = slashes.filter(|at| *at > 0).chain([folder.len()]);
        for path in ends.filter_map(|end| folder.get(..end)) {
            // Existing folders fail with an error that looks like any other, so errors are ignored here.
            let _there = sftp.create_dir(path).await;
        }
        match self.has_folder(sftp).await? {
            true => Ok(()),
            false => Err(BackupError::Target(format!(
                "the folder {folder} cannot be made on the server; make it there, and let {} write in it",
                self.settings.user
            ).into())),
        }
    }

    async fn write(&self, sftp: &SftpSession, upload: Upload<'_>) -> Result<(), BackupError> {
        self.make_folder(sftp).await?;
        let (path, partial) = (
            self.path(upload.name),
            self.path(&format!(".{}.partial", upload.name)),
        );
        let created = sftp.create(partial.as_str()).await;
        let mut file = created.map_err(|e| self.refused(e))?;
        let (mut left, mut buffer) = (upload.size, vec![0; PIECE]);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let piece = buffer.get_mut(..most).unwrap_or_default();
            upload.from.read_exact(piece).await.map_err(local)?;
            file.write_all(piece)
                .await
                .map_err(|e| explain(within(e)))?;
            left -= most as u64;
        }
        file.sync_all().await.map_err(explain)?;
        file.close().await.map_err(|e| explain(within(e)))?;
        if sftp.rename(partial.as_str(), path.as_str()).await.is_ok() {
            return Ok(());
        }
        // In this version of the protocol a rename cannot replace a file.
        let _missing = sftp.remove_file(path.as_str()).await;
        let renamed = sftp.rename(partial, path).await;
        renamed.map_err(|e| self.refused(e))
    }
}

impl OpenedSftp {
    async fn close<T>(self, outcome: Result<T, BackupError>) -> Result<T, BackupError> {
        let _ended = self.sftp.close().await;
        drop(self.sftp);
        self.ssh.close().await;
        outcome
    }
}

#[async_trait]
impl Target for Sftp {
    async fn list(&self) -> Result<Vec<Stored>, BackupError> {
        let session = self.session(Class::Metadata, (0, 0)).await?;
        let found = match session.sftp.read_dir(self.folder()).await {
            Ok(entries) => Ok(entries
                .map(|entry| Stored {
                    name: entry.file_name(),
                    size: entry.metadata().size.unwrap_or_default(),
                })
                .collect()),
            Err(error @ Error::Status(_)) => match self.has_folder(&session.sftp).await {
                // The first upload creates the folder.
                Ok(false) => Ok(Vec::new()),
                Ok(true) => Err(self.refused(error)),
                Err(error) => Err(error),
            },
            Err(error) => Err(explain(error)),
        };
        session.close(found).await
    }

    async fn put(&self, upload: Upload<'_>) -> Result<(), BackupError> {
        let session = self.session(upload.class, (upload.size, 0)).await?;
        let written = self.write(&session.sftp, upload).await;
        session.close(written).await
    }

    async fn get(&self, name: &str, most: u64, take: Take<'_>) -> Result<(), BackupError> {
        let session = self.session(Class::Metadata, (0, most)).await?;
        let read = read(&session.sftp, &self.path(name), most, take).await;
        session.close(read).await
    }

    async fn delete(&self, name: &str) -> Result<(), BackupError> {
        let session = self.session(Class::Metadata, (0, 0)).await?;
        let removed = match session.sftp.remove_file(self.path(name)).await {
            Err(error) if !is_missing(&error) => Err(explain(error)),
            _ => Ok(()),
        };
        session.close(removed).await
    }
}

async fn read(
    sftp: &SftpSession,
    path: &str,
    most: u64,
    take: Take<'_>,
) -> Result<(), BackupError> {
    let mut file = sftp.open(path).await.map_err(explain)?;
    let (mut taken, mut buffer) = (0, vec![0; PIECE]);
    loop {
        let count = file.read(&mut buffer).await;
        let count = count.map_err(|e| explain(within(e)))?;
        let piece = buffer.get(..count).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        taken += count as u64;
        if taken > most {
            return Err(BackupError::Target(
                format!("the file is longer than {most} bytes, as it was written").into(),
            ));
        }
        take(piece).map_err(local)?;
    }
    file.close().await.map_err(|e| explain(within(e)))
}

/// Unwraps the session's error from an `io::Error`, which would only show its text.
fn within(error: std::io::Error) -> Error {
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<Error>());
    match inner.cloned() {
        Some(inner) => inner,
        None => error.into(),
    }
}

fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Status(status) if status.status_code == StatusCode::NoSuchFile)
}

fn explain(error: Error) -> BackupError {
    if is_missing(&error) {
        return BackupError::Unknown;
    }
    let told: String = match &error {
        Error::Status(status) if status.status_code == StatusCode::PermissionDenied => {
            format!("the server says: {error}; let the user write in the folder")
        }
        Error::Status(_) => {
            format!("the server says: {error}; check the folder, and whether there is room")
        }
        Error::Timeout => "the server did not answer in time; Frontdesk will try again".into(),
        // Errors of a file carry only the server's words.
        Error::IO(words) => {
            format!("the server says: {words}; check the folder, and whether there is room")
        }
        Error::UnexpectedBehavior(what) if is_broken_off(what) => {
            "the connection was lost; Frontdesk will try again".into()
        }
        _ => format!("the server does not follow the protocol ({error}); Frontdesk will try again"),
    };
    BackupError::Target(Reason::told(told, error))
}

/// Whether this is the library's message for a lost connection.
fn is_broken_off(what: &str) -> bool {
    matches!(what, "sender dropped" | "session closed")
        || what.starts_with("SendError")
        || what.starts_with("RecvError")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_never_said_is_not_told_as_its_words() {
        let dropped = Error::UnexpectedBehavior("sender dropped".into());
        for error in [dropped.clone(), within(std::io::Error::from(dropped))] {
            let told = explain(error).to_string();
            assert!(told.starts_with("the connection was lost;"), "{told}");
        }
        let full = explain(within(std::io::Error::other("No space left"))).to_string();
        assert!(
            full.starts_with("the server says: No space left;"),
            "{full}"
        );
        let late = explain(within(std::io::Error::from(Error::Timeout))).to_string();
        assert!(late.contains("did not answer in time"), "{late}");
    }
}

//! The format of a backup file: a ZIP in an age file (age-encryption.org/v1), so that its owner can open it with common
//! tools and the recovery key, even without Frontdesk.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use age::x25519::{Identity, Recipient};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::BackupError;
use crate::store::UnixMs;
use crate::store::snapshot::{Rows, SnapshotKey};

/// Entries of the ZIP.
const MANIFEST: &str = "manifest.json";
const DATABASE: &str = "frontdesk.db";
const SETTINGS: &str = "frontdesk.toml";

/// Number of this layout; files with a higher number are refused.
const FORMAT: u32 = 1;
/// Most bytes read of manifest and settings.
const MOST_TEXT: u64 = 4 << 20;

/// Describes the content of a backup. The first entry of the ZIP, inside the encryption.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// Unix ms.
    pub(super) made_at: UnixMs,
    pub(super) version: String,
    /// Schema version of the database.
    pub(super) schema: u32,
    /// Rows of each table.
    pub(super) rows: Rows,
    /// Length in bytes and SHA-256 of the database file.
    pub(super) bytes: u64,
    sha256: String,
    /// Key of the database file, in hexadecimal.
    key: String,
}

impl Manifest {
    /// Describes the copy in `database`.
    pub(super) fn of(
        database: &Path,
        key: &SnapshotKey,
        schema: u32,
        rows: Rows,
        made_at: UnixMs,
    ) -> io::Result<Self> {
        let mut hash = Hashed::new(io::sink());
        let bytes = io::copy(&mut File::open(database)?, &mut hash)?;
        Ok(Self {
            format: FORMAT,
            made_at,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            schema,
            rows,
            bytes,
            sha256: hash.digits(),
            key: key.to_hex().to_string(),
        })
    }

    pub(super) fn key(&self) -> Result<SnapshotKey, BackupError> {
        SnapshotKey::from_hex(&self.key).ok_or(BackupError::Broken("its key is not readable"))
    }
}

/// Writes a backup for these recipients into a new file that only this user may read, and waits until it is on the disk.
pub(super) fn pack(
    to: &Path,
    database: &Path,
    settings: Option<&str>,
    manifest: &Manifest,
    recipients: &[Recipient],
) -> Result<(), BackupError> {
    let refused = |source| BackupError::io(to, source);
    let all = recipients.iter().map(|r| r as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(all)
        .map_err(|_| BackupError::Broken("nobody could read it"))?;
    let file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(refused)?;
    let sealed = encryptor
        .wrap_output(BufWriter::new(file))
        .map_err(refused)?;
    let mut archive = ZipWriter::new_stream(sealed);
    // Encrypted pages do not shrink.
    let stored = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(true);
    let mut write = || -> io::Result<()> {
        archive.start_file(MANIFEST, stored)?;
        serde_json::to_writer(&mut archive, manifest)?;
        if let Some(settings) = settings {
            archive.start_file(SETTINGS, stored)?;
            archive.write_all(settings.as_bytes())?;
        }
        archive.start_file(DATABASE, stored)?;
        io::copy(&mut File::open(database)?, &mut archive)?;
        Ok(())
    };
    write().map_err(refused)?;
    let sealed = archive.finish().map_err(|e| refused(e.into()))?;
    let buffered = sealed.into_inner().finish().map_err(refused)?;
    let file = buffered.into_inner().map_err(|e| refused(e.into_error()))?;
    file.sync_all().map_err(refused)
}

pub(super) struct Unpacked {
    pub(super) manifest: Manifest,
    /// Content of the settings file at the time of the backup.
    pub(super) settings: Option<String>,
}

/// Decrypts a backup; its database file is written to `to`, which must not exist yet.
///
/// # Errors
/// `WrongRecoveryKey`; `Broken` if any byte was changed.
pub(super) fn unpack(from: &Path, identity: &Identity, to: &Path) -> Result<Unpacked, BackupError> {
    let file = File::open(from).map_err(|source| BackupError::io(from, source))?;
    let sealed = age::Decryptor::new(BufReader::new(file)).map_err(not_opened)?;
    let reader = sealed
        .decrypt(std::iter::once(identity as &dyn age::Identity))
        .map_err(not_opened)?;
    let mut archive = ZipArchive::new(reader)
        .map_err(|_| BackupError::Broken("it is cut short or damaged at its end"))?;
    let manifest = text(&mut archive, MANIFEST)?
        .ok_or(BackupError::Broken("it has no description of its content"))?;
    let manifest: Manifest = serde_json::from_str(&manifest)
        .map_err(|_| BackupError::Broken("the description of its content is not readable"))?;
    if manifest.format != FORMAT {
        return Err(BackupError::NewerFormat);
    }
    let settings = text(&mut archive, SETTINGS)?;
    let database = archive
        .by_name(DATABASE)
        .map_err(|_| BackupError::Broken("it holds no database"))?;
    let refused = |source| BackupError::io(to, source);
    let made = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(refused)?;
    let mut made = Hashed::new(made);
    // Read no more than the manifest says, whatever the ZIP's directory claims.
    let mut database = database.take(manifest.bytes.saturating_add(1));
    let bytes = io::copy(&mut database, &mut made).map_err(|e| match e.kind() {
        io::ErrorKind::StorageFull => refused(e),
        _ => BackupError::Broken("a part of it was changed or is missing"),
    })?;
    if bytes != manifest.bytes || made.digits() != manifest.sha256 {
        // Do not leave half a database behind.
        let _ = fs::remove_file(to);
        return Err(BackupError::Broken(
            "its database was changed after it was written",
        ));
    }
    Ok(Unpacked { manifest, settings })
}

fn text<R: Read + io::Seek>(
    archive: &mut ZipArchive<R>,
    name: &str,
) -> Result<Option<String>, BackupError> {
    let Ok(entry) = archive.by_name(name) else {
        return Ok(None);
    };
    let mut text = String::new();
    entry
        .take(MOST_TEXT)
        .read_to_string(&mut text)
        .map_err(|_| BackupError::Broken("a part of it was changed or is missing"))?;
    Ok(Some(text))
}

fn not_opened(error: age::DecryptError) -> BackupError {
    match error {
        age::DecryptError::NoMatchingKeys | age::DecryptError::DecryptionFailed => {
            BackupError::WrongRecoveryKey
        }
        _ => BackupError::Broken("it is not a Frontdesk backup, or its beginning was changed"),
    }
}

/// A writer that hashes everything written to it.
struct Hashed<W> {
    inner: W,
    hash: Sha256,
}

impl<W> Hashed<W> {
    fn new(inner: W) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
        }
    }

    fn digits(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

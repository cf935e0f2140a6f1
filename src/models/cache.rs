//! The folder of weight files, and what is known about each file in it.
//!
//! Beside a model lies `<file>.verified.json`: its size, time of change and SHA-256 when it was
//! last read completely. As long as size and time are unchanged, a start does not read a gigabyte
//! again; as soon as one of them changes, the file is hashed anew.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{CancellationToken, Convert, Entry, ModelError};
use crate::reason::Reason;

/// One folder of weight files.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

/// What the cache has of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Missing,
    /// A part of it; a fetch continues there.
    Partial {
        /// Bytes that are already here.
        bytes: u64,
    },
    /// All of it, with the right content.
    Present,
    /// A file of that name that is not the model.
    Corrupt {
        /// A sentence for a person.
        reason: Reason,
    },
}

/// What was found when the file was last read completely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the model in the catalogue.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Time of the last change, nanoseconds since 1970.
    pub modified_ns: u64,
    /// SHA-256 (hex) of the file.
    pub sha256: String,
    /// SHA-256 (hex) of the download that the file was made from; the same if nothing was converted.
    pub source_sha256: String,
    /// How it was made from the download.
    pub convert: Convert,
}

impl Cache {
    /// The cache in `root`, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the model's file lies, or will lie.
    #[must_use]
    pub fn path(&self, entry: &Entry) -> PathBuf {
        self.root.join(&entry.file)
    }

    /// What is known of the model's file, if it was ever read completely. Its `sha256` names the
    /// weights in a receipt.
    #[must_use]
    pub fn manifest(&self, entry: &Entry) -> Option<Manifest> {
        let text = fs::read(self.beside(entry, "verified.json")).ok()?;
        let manifest: Manifest = serde_json::from_slice(&text).ok()?;
        (manifest.name == entry.name).then_some(manifest)
    }

    /// What the cache has of the model. Fast if the file was verified before and did not change;
    /// otherwise it is read completely (about a second per gigabyte).
    #[must_use]
    pub fn state(&self, entry: &Entry) -> State {
        let path = self.path(entry);
        let meta = match fs::metadata(&path) {
            Ok(meta) if meta.is_file() => meta,
            Ok(_) => return State::corrupt("it is not a file"),
            Err(e) if e.kind() == ErrorKind::NotFound => return self.partial(entry),
            Err(e) => return State::corrupt(Reason::told(format!("it cannot be read: {e}"), e)),
        };
        let unchanged = |m: &Manifest| m.bytes == meta.len() && m.modified_ns == modified_ns(&meta);
        match self.manifest(entry) {
            Some(m) if unchanged(&m) && m.satisfies(entry) => self.with_companions(entry),
            _ => self
                .verify(entry, &|_, _| (), &CancellationToken::new())
                .unwrap_or_else(|e| State::corrupt(Reason::of(e))),
        }
    }

    /// Reads the whole file and compares its hash, however recently that was done.
    /// `progress` gets bytes done and bytes in total.
    ///
    /// # Errors
    /// If the file cannot be read, or [`ModelError::Interrupted`].
    pub fn verify(
        &self,
        entry: &Entry,
        progress: &dyn Fn(u64, u64),
        cancel: &CancellationToken,
    ) -> Result<State, ModelError> {
        let path = self.path(entry);
        if !path.exists() {
            return Ok(self.partial(entry));
        }
        let recorded = self.manifest(entry).filter(|m| m.satisfies(entry));
        let sha256 = hash_file(&path, progress, cancel)?;
        let source_sha256 = match &recorded {
            Some(m) if m.sha256 == sha256 => m.source_sha256.clone(),
            _ if entry.accepted().any(|known| known == sha256) => sha256.clone(),
            Some(m) => return Ok(wrong(&m.sha256, &sha256)),
            None => match entry.accepted().next() {
                Some(known) => return Ok(wrong(known, &sha256)),
                None => {
                    let reason = "nothing is recorded that it could be checked with";
                    return Ok(State::corrupt(reason));
                }
            },
        };
        let convert = recorded
            .filter(|_| source_sha256 != sha256)
            .map_or(Convert::None, |m| m.convert);
        if let Err(e) = self.record(entry, sha256, source_sha256, convert) {
            tracing::debug!(model = entry.name, error = %e, "the result of a check was not kept");
        }
        Ok(self.with_companions(entry))
    }

    /// Removes the model and everything that belongs to it; bytes that became free.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub fn purge(&self, entry: &Entry) -> Result<u64, ModelError> {
        let companions = entry.companions.iter().map(|name| self.root.join(name));
        let own = [
            self.path(entry),
            self.partial_file(entry),
            self.beside(entry, "verified.json"),
        ];
        let mut freed = 0;
        for path in own.into_iter().chain(companions) {
            let bytes = fs::metadata(&path).map_or(0, |meta| meta.len());
            match fs::remove_file(&path) {
                Ok(()) => freed += bytes,
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => return Err(ModelError::io(&path, e)),
            }
        }
        let parts = self.parts_folder(entry);
        freed += folder_bytes(&parts);
        match fs::remove_dir_all(&parts) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(ModelError::io(&parts, e)),
            _ => Ok(freed),
        }
    }

    /// Writes down what the file under its final name contains.
    pub(crate) fn record(
        &self,
        entry: &Entry,
        sha256: String,
        source_sha256: String,
        convert: Convert,
    ) -> Result<(), ModelError> {
        let path = self.path(entry);
        let meta = fs::metadata(&path).map_err(|e| ModelError::io(&path, e))?;
        let manifest = Manifest {
            name: entry.name.clone(),
            bytes: meta.len(),
            modified_ns: modified_ns(&meta),
            sha256,
            source_sha256,
            convert,
        };
        let target = self.beside(entry, "verified.json");
        let draft = self.beside(entry, "verified.json.new");
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&draft)?;
            file.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
            file.sync_all()?;
            fs::rename(&draft, &target)
        };
        write().map_err(|e| ModelError::io(&target, e))
    }

    /// The file as it grows, before it gets its name.
    pub(crate) fn partial_file(&self, entry: &Entry) -> PathBuf {
        self.beside(entry, "partial")
    }

    /// Packages and other raw material of the model.
    pub(crate) fn parts_folder(&self, entry: &Entry) -> PathBuf {
        self.beside(entry, "parts")
    }

    /// Held while a process fetches the model.
    pub(crate) fn lock_file(&self, entry: &Entry) -> PathBuf {
        self.beside(entry, "lock")
    }

    fn beside(&self, entry: &Entry, suffix: &str) -> PathBuf {
        self.root.join(format!("{}.{suffix}", entry.file))
    }

    fn partial(&self, entry: &Entry) -> State {
        let bytes = fs::metadata(self.partial_file(entry)).map_or(0, |meta| meta.len())
            + folder_bytes(&self.parts_folder(entry));
        if bytes == 0 {
            State::Missing
        } else {
            State::Partial { bytes }
        }
    }

    fn with_companions(&self, entry: &Entry) -> State {
        match entry
            .companions
            .iter()
            .find(|name| !self.root.join(name).is_file())
        {
            Some(name) => State::corrupt(format!("{name}, which belongs to it, is missing")),
            None => State::Present,
        }
    }
}

impl State {
    fn corrupt(reason: impl Into<Reason>) -> Self {
        Self::Corrupt {
            reason: reason.into(),
        }
    }
}

impl Manifest {
    /// Whether the catalogue still asks for what this describes.
    fn satisfies(&self, entry: &Entry) -> bool {
        if entry.accepted().any(|known| known == self.sha256) {
            return true;
        }
        let from = |s: &super::entry::Source| match entry.expected(s).0 {
            Some(known) => known == self.source_sha256 && s.convert == self.convert,
            None => s.convert == self.convert,
        };
        entry.sha256.is_none() && entry.sources.iter().any(from)
    }
}

/// SHA-256 (hex) of a file, read in pieces.
///
/// # Errors
/// If it cannot be read, or [`ModelError::Interrupted`].
pub fn hash_file(
    path: &Path,
    progress: &dyn Fn(u64, u64),
    cancel: &CancellationToken,
) -> Result<String, ModelError> {
    let failed = |e| ModelError::io(path, e);
    let mut file = File::open(path).map_err(failed)?;
    let total = file.metadata().map_err(failed)?.len();
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut done = 0;
    loop {
        if cancel.is_cancelled() {
            return Err(ModelError::Interrupted);
        }
        let read = file.read(&mut buffer).map_err(failed)?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else {
            break;
        };
        hasher.update(piece);
        done += read as u64;
        progress(done, total);
    }
    Ok(hex::encode(hasher.finalize()))
}

/// Bytes of all files below a folder; 0 if there is none.
pub(crate) fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => folder_bytes(&entry.path()),
            Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |meta| meta.len()),
            _ => 0,
        })
        .sum()
}

fn modified_ns(meta: &fs::Metadata) -> u64 {
    let since = meta
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(0))
}

fn wrong(expected: &str, found: &str) -> State {
    State::corrupt(format!("its SHA-256 is {found}, expected was {expected}"))
}

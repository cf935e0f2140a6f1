//! The folder of model files, and what is known about each file in it.
//!
//! Next to a model is `<file>.verified.json`: its size, modification time and SHA-256 when it was
//! last read completely. While size and time stay the same, a start does not read a gigabyte
//! again; when either changes, the file is hashed again.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{CancellationToken, Convert, Entry, ModelError};
use crate::reason::Reason;

#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

/// How much of a model is in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Missing,
    /// A part of the download; a fetch resumes it.
    Partial {
        /// Downloaded so far.
        bytes: u64,
    },
    /// Complete and correct.
    Present,
    /// A file with the model's name that is not the model.
    Corrupt {
        reason: Reason,
    },
}

/// The content of `<file>.verified.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The model's name in the catalogue.
    pub name: String,
    pub bytes: u64,
    /// Modification time in nanoseconds since 1970.
    pub modified_ns: u64,
    /// SHA-256 (hex) of the file.
    pub sha256: String,
    /// SHA-256 (hex) of the download that the file was made from; equal to `sha256` if nothing was converted.
    pub source_sha256: String,
    pub convert: Convert,
}

impl Cache {
    /// `root` need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the model's file is or will be.
    #[must_use]
    pub fn path(&self, entry: &Entry) -> PathBuf {
        self.root.join(&entry.file)
    }

    /// `None` if the model's file was never read completely. Its `sha256` identifies the model in
    /// a receipt.
    #[must_use]
    pub fn manifest(&self, entry: &Entry) -> Option<Manifest> {
        let text = fs::read(self.beside(entry, "verified.json")).ok()?;
        let manifest: Manifest = serde_json::from_slice(&text).ok()?;
        (manifest.name == entry.name).then_some(manifest)
    }

    /// The state of the model. Fast if the file was verified before and has not changed;
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

    /// Reads the whole file and compares its hash, even if that was done recently.
    /// `progress` gets the bytes done and the bytes in total.
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
        // A converted file has a hash of its own, so it is compared with what the conversion recorded; a file that was
        // only downloaded is compared with the catalogue.
        let source_sha256 = match &recorded {
            Some(m) if m.sha256 == sha256 => m.source_sha256.clone(),
            _ if entry.accepted().any(|known| known == sha256) => sha256.clone(),
            Some(m) => return Ok(State::wrong_hash(&m.sha256, &sha256)),
            None => match entry.accepted().next() {
                Some(known) => return Ok(State::wrong_hash(known, &sha256)),
                None => {
                    let reason = "there is no known hash to check it with";
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

    /// Removes the model and everything that belongs to it. Returns the bytes freed.
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

    /// Writes the manifest of the file under its final name.
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

    /// The download in progress, before it gets its final name.
    pub(crate) fn partial_file(&self, entry: &Entry) -> PathBuf {
        self.beside(entry, "partial")
    }

    /// Packages and other inputs from which the model's file is made.
    pub(crate) fn parts_folder(&self, entry: &Entry) -> PathBuf {
        self.beside(entry, "parts")
    }

    /// Locked by the process that is fetching the model.
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

    fn wrong_hash(expected: &str, found: &str) -> Self {
        Self::corrupt(format!("its SHA-256 is {found}, expected was {expected}"))
    }
}

impl Manifest {
    /// Whether the catalogue still accepts the file that this describes.
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

/// SHA-256 (hex) of a file, read in chunks. `progress` gets the bytes done and the bytes in total.
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

/// Total size of the files below a folder; 0 if it does not exist.
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

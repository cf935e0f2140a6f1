//! One attempt to fetch a model from one source.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{Options, Phase, Progress, hub, python};
use crate::models::cache::{folder_bytes, hash_file};
use crate::models::entry::{Extra, Origin, Source};
use crate::models::{
    Cache, CancellationToken, Convert, Entry, ModelError, bundled, convert, inspect,
};

/// Bytes that must stay free beyond what a fetch needs.
const RESERVE: u64 = 64 << 20;

pub(super) struct Job<'a> {
    pub(super) entry: &'a Entry,
    pub(super) source: &'a Source,
    /// The source's position in the entry, counted from 1.
    pub(super) number: usize,
    pub(super) cache: &'a Cache,
    pub(super) options: &'a Options,
    pub(super) progress: &'a (dyn Fn(Progress) + Sync),
    pub(super) cancel: &'a CancellationToken,
}

impl Job<'_> {
    /// Downloads, checks and converts the model, and moves it to its final place.
    pub(super) fn run(&self) -> Result<(), ModelError> {
        let folder = self.folder();
        fs::create_dir_all(&folder).map_err(|e| ModelError::io(&folder, e))?;
        self.check_disk()?;
        let download = self.download_path();
        let source_sha256 = match &self.source.origin {
            Origin::Hub { url } => hub::download(self, url, &download)?,
            Origin::Python { .. } => python::download(self, &download)?,
            Origin::Bundled => self.unpack(&download)?,
        };
        let ready = self.cache.partial_file(self.entry);
        let sha256 = if self.source.convert == Convert::None {
            self.inspect(&ready)?;
            source_sha256.clone()
        } else {
            self.report(Phase::Converting, 0, None);
            convert::convert(self.source.convert, &download, &folder, &ready)?;
            self.hash(&ready)?
        };
        self.finish(&ready)?;
        self.cache
            .record(self.entry, sha256, source_sha256, self.source.convert)?;
        fs::remove_dir_all(&folder).map_err(|e| ModelError::io(&folder, e))
    }

    /// Writes a bundled model to disk.
    fn unpack(&self, to: &Path) -> Result<String, ModelError> {
        let failed = |e| ModelError::io(to, e);
        let mut file = File::create(to).map_err(failed)?;
        if let Some(mut packed) = bundled::open(&self.entry.file) {
            io::copy(&mut packed, &mut file).map_err(failed)?;
        }
        let found = self.hash(to)?;
        let (expected, _) = self.entry.expected(self.source);
        Self::check_hash(to, expected.unwrap_or_default(), &found)?;
        Ok(found)
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.cache.parts_folder(self.entry)
    }

    pub(super) fn report(&self, phase: Phase, done: u64, total: Option<u64>) {
        (self.progress)(Progress { phase, done, total });
    }

    pub(super) fn report_download(&self, done: u64) {
        let phase = Phase::Downloading {
            source: self.number,
            of: self.entry.sources.len(),
        };
        let total = self.download_bytes();
        self.report(phase, done.min(total), Some(total));
    }

    pub(super) fn check_cancelled(&self) -> Result<(), ModelError> {
        if self.cancel.is_cancelled() {
            Err(ModelError::Interrupted)
        } else {
            Ok(())
        }
    }

    pub(super) fn hash(&self, path: &Path) -> Result<String, ModelError> {
        let report = |done, total| self.report(Phase::Verifying, done, Some(total));
        hash_file(path, &report, self.cancel)
    }

    /// Fails, and removes `path`, if its hash is not the expected one.
    pub(super) fn check_hash(path: &Path, expected: &str, found: &str) -> Result<(), ModelError> {
        if expected == found {
            return Ok(());
        }
        fs::remove_file(path).map_err(|e| ModelError::io(path, e))?;
        Err(ModelError::WrongHash {
            file: path.to_path_buf(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        })
    }

    /// Where an extra is kept until the conversion, or until the model is in place.
    pub(super) fn extra_path(&self, extra: &Extra) -> PathBuf {
        self.folder().join(&extra.name)
    }

    fn download_path(&self) -> PathBuf {
        match self.source.convert {
            Convert::None => self.cache.partial_file(self.entry),
            _ => self.folder().join("download"),
        }
    }

    fn download_bytes(&self) -> u64 {
        self.source.bytes.unwrap_or(self.entry.bytes)
    }

    /// Packages and the joined file are on the disk at the same time, and so are the download and
    /// the converted file.
    fn check_disk(&self) -> Result<(), ModelError> {
        let download = self.download_bytes();
        let packages = if matches!(self.source.origin, Origin::Python { .. }) {
            download
        } else {
            0
        };
        let converted = if self.source.convert == Convert::None {
            0
        } else {
            self.entry.bytes
        };
        let partial = self.cache.partial_file(self.entry);
        let here = folder_bytes(&self.folder()) + fs::metadata(partial).map_or(0, |m| m.len());
        let needed = (packages + download + converted).saturating_sub(here) + RESERVE;
        let root = self.cache.root();
        let free = fs4::available_space(root).map_err(|e| ModelError::io(root, e))?;
        if free < needed {
            return Err(ModelError::DiskFull {
                folder: root.to_path_buf(),
                needed,
                free,
            });
        }
        Ok(())
    }

    /// The hash proves that we have the source's file; this proves that the file is a model.
    fn inspect(&self, ready: &Path) -> Result<(), ModelError> {
        let extension = Path::new(&self.entry.file)
            .extension()
            .and_then(|e| e.to_str());
        let seen = match extension {
            Some("gguf") => inspect::gguf(ready).map(drop),
            Some("bin") => inspect::whisper(ready).map(drop),
            _ => Ok(()),
        };
        if matches!(seen, Err(ModelError::NotAModel { .. })) {
            fs::remove_file(ready).map_err(|e| ModelError::io(ready, e))?;
        }
        seen
    }

    fn finish(&self, ready: &Path) -> Result<(), ModelError> {
        for name in &self.entry.companions {
            let target = self.cache.root().join(name);
            let waiting = self.folder().join(name);
            fs::rename(waiting, &target).map_err(|e| ModelError::io(&target, e))?;
        }
        let target = self.cache.path(self.entry);
        let put = || -> std::io::Result<()> {
            File::open(ready)?.sync_all()?;
            fs::rename(ready, &target)?;
            sync_folder(self.cache.root())
        };
        put().map_err(|e| ModelError::io(&target, e))
    }
}

/// Makes a rename durable, which is possible and necessary only on Unix.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

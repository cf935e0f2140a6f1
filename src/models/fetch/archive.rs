//! Reads files from packages, which are ZIP archives. Nothing is ever extracted to a path from the
//! archive: a member is found by the end of its name and written to a path that we choose.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use zip::ZipArchive;
use zip::result::ZipError;

use super::job::Job;
use crate::models::ModelError;
use crate::reason::Reason;

/// Appends the member whose name ends with `suffix` to `sink`. Returns the number of bytes written,
/// or `Ok(None)` if there is no such member. `name` is for error messages.
pub(super) fn append_member<R: Read + Seek>(
    job: &Job,
    input: R,
    name: &Path,
    suffix: &str,
    sink: &mut HashingFile,
) -> Result<Option<u64>, ModelError> {
    let broken = |e: ZipError| match e {
        ZipError::Io(e) => ModelError::io(name, e),
        e => ModelError::not_a_model(name.display().to_string(), Reason::of(e)),
    };
    let mut archive = ZipArchive::new(input).map_err(broken)?;
    // If several match, take the one nearest to the root: `config.json`, not `pooling/config.json`.
    let names = archive.file_names().flatten();
    let nearest = names
        .filter(|name| is_path_suffix(suffix, name))
        .min_by_key(|name| name.matches('/').count())
        .map(|name| name.into_owned());
    let Some(found) = nearest else {
        return Ok(None);
    };
    let mut member = archive.by_name(&found).map_err(broken)?;
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        job.check_cancelled()?;
        let read = member
            .read(&mut buffer)
            .map_err(|e| ModelError::io(name, e))?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else {
            break;
        };
        sink.write(piece)?;
        bytes += read as u64;
    }
    Ok(Some(bytes))
}

/// Compares whole path components: `model.bin` must not match `other-model.bin`.
fn is_path_suffix(suffix: &str, name: &str) -> bool {
    name.strip_suffix(suffix)
        .is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// A file that is hashed while it is being written.
pub(super) struct HashingFile {
    path: std::path::PathBuf,
    out: BufWriter<File>,
    hasher: Sha256,
    written: u64,
    most: u64,
}

impl HashingFile {
    /// Creates the file. Writing more than `most` bytes fails, since an archive may unpack to any size.
    pub(super) fn create(path: &Path, most: u64) -> Result<Self, ModelError> {
        let file = File::create(path).map_err(|e| ModelError::io(path, e))?;
        let out = BufWriter::with_capacity(1 << 20, file);
        Ok(Self {
            path: path.to_path_buf(),
            out,
            hasher: Sha256::new(),
            written: 0,
            most,
        })
    }

    /// Bytes written so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), ModelError> {
        self.written += piece.len() as u64;
        if self.written > self.most {
            let reason = format!("it has more than the expected {} bytes", self.most);
            return Err(ModelError::not_a_model(
                self.path.display().to_string(),
                reason,
            ));
        }
        self.hasher.update(piece);
        self.out
            .write_all(piece)
            .map_err(|e| ModelError::io(&self.path, e))
    }

    /// Flushes the file and returns its SHA-256 in hex.
    pub(super) fn finish(mut self) -> Result<String, ModelError> {
        self.out
            .flush()
            .map_err(|e| ModelError::io(&self.path, e))?;
        Ok(hex::encode(self.hasher.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::is_path_suffix;

    #[test]
    fn members_match_by_whole_components() {
        assert!(is_path_suffix("data/part01.bin", "pkg/data/part01.bin"));
        assert!(is_path_suffix("data/part01.bin", "data/part01.bin"));
        assert!(!is_path_suffix("model.bin", "pkg/other-model.bin"));
        assert!(!is_path_suffix("model.bin", "pkg/model.bin.txt"));
    }
}

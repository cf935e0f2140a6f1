//! A certificate of the owner's own, in two PEM files that somebody else renews.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::served::Served;
use super::{CertificateError, Name, check};
use crate::reason::Reason;

pub(super) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    names: Vec<Name>,
}

/// How both files look from outside; it changes when one is replaced. A file that is gone is `None`.
pub(super) type Look = [Option<(SystemTime, u64)>; 2];

impl Files {
    pub(super) fn new(certificate: PathBuf, key: PathBuf, names: Vec<Name>) -> Self {
        Self {
            certificate,
            key,
            names,
        }
    }

    /// Links are followed, as programs that renew certificates change where they lead.
    pub(super) fn look(&self) -> Look {
        let look = |path: &Path| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        [look(&self.certificate), look(&self.key)]
    }

    pub(super) fn load(&self) -> Result<Served, CertificateError> {
        let of_certificate = |reason| self.wrong(&self.certificate, "the certificate", reason);
        let of_key = |reason| self.wrong(&self.key, "the key of the certificate", reason);
        let read = |path: &Path| std::fs::read(path).map_err(Reason::of);
        let chain = read(&self.certificate).and_then(|pem| check::read_chain(&pem));
        let chain = chain.map_err(of_certificate)?;
        let key = read(&self.key).and_then(|pem| check::read_key(&pem));
        let key = key.map_err(of_key)?;
        // Tells a wrong key by its own file, before anything is said of the names.
        check::certified(chain.clone(), key.clone_key()).map_err(of_key)?;
        Served::check(chain, key, &self.names).map_err(of_certificate)
    }

    fn wrong(&self, path: &Path, what: &'static str, reason: Reason) -> CertificateError {
        CertificateError::File {
            path: path.to_owned(),
            what,
            reason,
        }
    }
}

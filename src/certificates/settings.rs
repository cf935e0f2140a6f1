//! What the owner set, and what follows from it.

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use super::files::Files;
use super::{CertificateError, Name, Pace};

/// Where certificates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Files,
    Acme,
    Private,
}

impl Mode {
    /// `files`, `acme` or `private`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Acme => "acme",
            Self::Private => "private",
        }
    }
}

/// Whether browsers are told to use HTTPS only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hsts {
    /// If one of the public authorities vouches for the certificate.
    Auto,
    /// Always, but with a private authority or a certificate that only stands in.
    On,
    Off,
}

/// An account at an authority.
#[derive(Debug, Clone)]
pub struct Account {
    /// The authority's directory (RFC 8555, section 7.1.1).
    pub directory: Url,
    /// Where the authority may write to, if anywhere.
    pub email: Option<String>,
    /// PEM certificates that vouch for the authority's own server, instead of the public authorities.
    pub root: Option<Arc<str>>,
}

#[derive(Debug, Clone)]
pub enum Source {
    /// PEM files.
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    Acme(Account),
    Private,
}

impl Source {
    pub fn mode(&self) -> Mode {
        match self {
            Self::Files { .. } => Mode::Files,
            Self::Acme(_) => Mode::Acme,
            Self::Private => Mode::Private,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Settings {
    /// At least one; the first is the main one.
    pub names: Vec<Name>,
    pub source: Source,
    pub hsts: Hsts,
    pub pace: Pace,
}

impl Settings {
    /// Decides where certificates come from, if the owner left that open: files that are named, else an authority on the
    /// internet for names and addresses of the internet, else the private authority.
    ///
    /// # Errors
    /// When the names are of both kinds, or cannot be had in the mode that the owner chose.
    pub fn choose_mode(
        names: &[Name],
        has_files: bool,
        chosen: Option<Mode>,
    ) -> Result<Mode, CertificateError> {
        let list = |local| {
            let some = names.iter().filter(|name| name.is_local() == local);
            let some: Vec<String> = some.map(Name::to_string).collect();
            some.join(", ")
        };
        let (local, public) = (list(true), list(false));
        match chosen {
            Some(Mode::Files) if !has_files => Err(CertificateError::Settings(
                "https.mode is files, so name them: https.certificate and https.key".to_owned(),
            )),
            Some(Mode::Acme)
                if names
                    .iter()
                    .any(|name| matches!(name, Name::Ip(_)) && name.is_local()) =>
            {
                Err(CertificateError::Settings(format!(
                    "https.mode is acme, but authorities vouch for names and for addresses of the internet only, not \
                     for {local}; leave out https.mode for a private authority"
                )))
            }
            Some(mode) => Ok(mode),
            None if has_files => Ok(Mode::Files),
            None if public.is_empty() => Ok(Mode::Private),
            None if local.is_empty() => Ok(Mode::Acme),
            None => Err(CertificateError::Settings(format!(
                "an authority on the internet vouches for {public}, but not for {local}: name only one kind in \
                 https.names, or set https.mode = \"private\" for all of them"
            ))),
        }
    }
}

impl Settings {
    /// Reads the owner's files, if there are any, as [`super::Certificates::open`] will.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn check_files(&self) -> Result<(), CertificateError> {
        match &self.source {
            Source::Files { certificate, key } => {
                let files = Files::new(certificate.clone(), key.clone(), self.names.clone());
                files.load().map(|_| ())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_decide_where_certificates_come_from() {
        let mode = |list: &str, files, chosen| {
            Settings::choose_mode(&Name::parse_list(list).unwrap(), files, chosen)
                .map_err(|error| error.to_string())
        };
        assert_eq!(
            mode("desk.example.com,www.example.com", false, None),
            Ok(Mode::Acme)
        );
        assert_eq!(
            mode("desk.local,192.168.1.5,desk", false, None),
            Ok(Mode::Private)
        );
        assert_eq!(mode("desk.example.com", true, None), Ok(Mode::Files));
        assert_eq!(
            mode("desk.example.com", false, Some(Mode::Private)),
            Ok(Mode::Private)
        );
        assert_eq!(mode("desk.local", false, Some(Mode::Acme)), Ok(Mode::Acme));
        let mixed = mode("desk.example.com,desk.local", false, None).unwrap_err();
        assert!(mixed.contains("not for desk.local"), "{mixed}");
        assert_eq!(mode("8.8.8.8", false, None), Ok(Mode::Acme));
        let address = mode("192.168.1.5", false, Some(Mode::Acme)).unwrap_err();
        assert!(address.contains("not for 192.168.1.5"), "{address}");
        assert!(mode("desk.example.com", false, Some(Mode::Files)).is_err());
    }
}

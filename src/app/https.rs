//! The certificates from the settings.

use std::sync::Arc;

use url::Url;

use super::{App, AppError, data};
use crate::certificates::{Account, Certificates, Hsts, Mode, Name, Pace, Settings, Source};
use crate::config::{Config, HttpsHsts, HttpsMode};
use crate::egress::Gateway;
use crate::reason::Reason;
use crate::store::Store;

/// What the settings ask for; `None` without names.
///
/// # Errors
/// When they do not fit together.
pub fn https_settings(config: &Config) -> Result<Option<Settings>, AppError> {
    let wrong = |told: &str| AppError::Settings(told.into());
    let names = Name::parse_list(&config.https_names)?;
    let certificate = Config::path_if_set(&config.https_certificate);
    let key = Config::path_if_set(&config.https_key);
    if names.is_empty() {
        return match certificate.or(key) {
            None => Ok(None),
            Some(_) => Err(wrong(
                "https.certificate is set, but not the names that visitors use: set https.names as well, for example \
                 frontdesk serve --https desk.example.com",
            )),
        };
    }
    let files = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate.to_owned(), key.to_owned())),
        (None, None) => None,
        _ => {
            return Err(wrong(
                "https.certificate and https.key belong together: set both, or neither",
            ));
        }
    };
    let chosen = match config.https_mode {
        HttpsMode::Auto => None,
        HttpsMode::Files => Some(Mode::Files),
        HttpsMode::Acme => Some(Mode::Acme),
        HttpsMode::Private => Some(Mode::Private),
    };
    let source = match (
        Settings::choose_mode(&names, files.is_some(), chosen)?,
        files,
    ) {
        (Mode::Files, Some((certificate, key))) => Source::Files { certificate, key },
        (Mode::Acme, _) if config.sealed => {
            return Err(wrong(
                "this machine is sealed, so no authority on the internet can be asked for a certificate: name files of \
                 your own (https.certificate, https.key), or set https.mode = \"private\"",
            ));
        }
        (Mode::Acme, _) => Source::Acme(account(config)?),
        _ => Source::Private,
    };
    let hsts = match config.https_hsts {
        HttpsHsts::Auto => Hsts::Auto,
        HttpsHsts::On => Hsts::On,
        HttpsHsts::Off => Hsts::Off,
    };
    Ok(Some(Settings {
        names,
        source,
        hsts,
        pace: Pace::default(),
    }))
}

fn account(config: &Config) -> Result<Account, AppError> {
    let directory = Url::parse(config.https_acme_directory.trim()).map_err(|error| {
        let told = format!("https.acme_directory is no address: {error}");
        AppError::Settings(Reason::told(told, error))
    })?;
    let root = Config::path_if_set(&config.https_acme_root);
    let root = root.map(|path| {
        std::fs::read_to_string(path).map_err(|source| AppError::Io {
            what: format!("https.acme_root cannot be read ({})", path.display()),
            source,
        })
    });
    let email = config.https_acme_email.trim();
    Ok(Account {
        directory,
        email: (!email.is_empty()).then(|| email.to_owned()),
        root: root.transpose()?.map(Arc::from),
    })
}

pub(super) async fn certificates(
    config: &Config,
    store: &Store,
    gateway: &Gateway,
) -> Result<Option<Certificates>, AppError> {
    let Some(settings) = https_settings(config)? else {
        return Ok(None);
    };
    let opened = Certificates::open(settings, store.clone(), gateway.clone()).await?;
    Ok(Some(opened))
}

/// The certificates when the store cannot be opened, for the page that says why. `None` without names.
///
/// # Errors
/// Says why HTTPS cannot be served.
pub fn certificates_unkept(config: &Config) -> Result<Option<Certificates>, AppError> {
    let Some(settings) = https_settings(config)? else {
        return Ok(None);
    };
    let found = match settings.source {
        Source::Files { .. } => Certificates::open_unkept(settings, None)?,
        Source::Acme(_) | Source::Private => {
            let key = data::master_key(config, true)?;
            Store::peek(&config.data_dir.join(data::STORE), &key, |conn| {
                Ok(Certificates::open_unkept(settings, Some(conn)))
            })??
        }
    };
    found.map(Some).ok_or_else(|| {
        AppError::Settings("there is no certificate in the database that holds".into())
    })
}

impl App {
    /// Renews certificates in the background from now on. Call it when the server listens; `http` tells whether it also
    /// listens for visitors without HTTPS.
    pub fn renew_certificates(&self, http: bool) {
        if let Some(certificates) = &self.certificates {
            certificates.keep_renewed(http, &self.tasks, self.shutdown.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(set: impl FnOnce(&mut Config)) -> Result<Option<&'static str>, String> {
        let mut config = Config::default();
        set(&mut config);
        match https_settings(&config) {
            Ok(settings) => Ok(settings.map(|settings| settings.source.mode().name())),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn without_a_store_it_is_told_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: folder.path().into(),
            ..Config::default()
        };
        assert!(certificates_unkept(&config).unwrap().is_none());
        config.https_names = "desk.local".to_owned();
        // Not even a key is there, and none is made.
        assert!(certificates_unkept(&config).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        drop(data::DataFolder::open(&config).unwrap());
        let told = certificates_unkept(&config).err().unwrap().to_string();
        assert!(told.contains("no certificate in the database"), "{told}");
    }

    #[test]
    fn a_name_is_enough_and_what_does_not_fit_is_told() {
        assert_eq!(mode(|_| ()), Ok(None));
        let named = |name: &str| mode(|config| config.https_names = name.to_owned());
        assert_eq!(named("desk.example.com"), Ok(Some("acme")));
        assert_eq!(named("desk.local"), Ok(Some("private")));
        let half = mode(|config| {
            config.https_names = "desk.example.com".to_owned();
            config.https_key = "key.pem".into();
        });
        assert!(half.unwrap_err().contains("set both"));
        let nameless = mode(|config| config.https_certificate = "cert.pem".into());
        assert!(nameless.unwrap_err().contains("--https desk.example.com"));
        let sealed = mode(|config| {
            config.https_names = "desk.example.com".to_owned();
            config.sealed = true;
        });
        assert!(sealed.unwrap_err().contains("sealed"));
        let odd = mode(|config| {
            config.https_names = "desk.example.com".to_owned();
            config.https_acme_directory = "nowhere".to_owned();
        });
        assert!(odd.unwrap_err().contains("https.acme_directory"));
    }
}

//! The data folder: its lock, its key and the store in it.

use std::path::Path;

use super::AppError;
use crate::config::{Config, PassphraseSource, credentials_dir};
use crate::store::{DataLock, KeyStrength, MasterKey, Store, receipts};

/// File name of the store in the data folder.
pub(super) const STORE: &str = "frontdesk.db";
/// File name of the passphrase's salt.
const SALT: &str = "passphrase.salt";

/// An open data folder. Dropping it releases the lock.
pub struct DataFolder {
    pub lock: DataLock,
    pub store: Store,
    pub strength: KeyStrength,
    /// All other keys are derived from it.
    pub(super) key: MasterKey,
}

impl DataFolder {
    /// Locks and opens the configured folder; creates it at the first start.
    ///
    /// # Errors
    /// When another process holds it, the key is missing or wrong, or the store is damaged.
    pub fn open(config: &Config) -> Result<Self, AppError> {
        let lock = DataLock::acquire(&config.data_dir)?;
        let path = config.data_dir.join(STORE);
        let key = master_key(config, path.exists())?;
        let strength = key_strength(config)?;
        let store = Store::open(&path, &key)?;
        Ok(Self {
            lock,
            store,
            strength,
            key,
        })
    }
}

/// Whether the data folder already holds a database.
pub fn has_database(config: &Config) -> bool {
    config.data_dir.join(STORE).exists()
}

/// Restores the database from before the last update; the present one is kept beside it. Returns the older
/// schema's number.
///
/// # Errors
/// When the server is running, or no older database is kept.
pub fn roll_back(config: &Config) -> Result<String, AppError> {
    let _lock = DataLock::acquire(&config.data_dir)?;
    let schema = Store::roll_back(&config.data_dir.join(STORE))?;
    // The chain of receipts now ends earlier; forget where it ended.
    let _ = std::fs::remove_file(config.data_dir.join(receipts::HEAD_FILE));
    Ok(schema)
}

enum Source {
    Credential(std::path::PathBuf),
    Passphrase(String),
    File,
}

fn source(config: &Config) -> Result<Source, AppError> {
    let credential = || {
        credentials_dir()
            .filter(|dir| dir.join("frontdesk-key").exists())
            .map(Source::Credential)
    };
    let passphrase = || PassphraseSource::read().map(Source::Passphrase);
    let missing = |what: &str| {
        AppError::Settings(format!("key.source is `{}`, but {what}", config.key_source).into())
    };
    match config.key_source.as_str() {
        "auto" => Ok(credential().or_else(passphrase).unwrap_or(Source::File)),
        "credential" => credential()
            .ok_or_else(|| missing("the service manager provided no credential `frontdesk-key`")),
        "passphrase" => {
            passphrase().ok_or_else(|| missing("the variable FRONTDESK_PASSPHRASE is not set"))
        }
        "file" => Ok(Source::File),
        other => Err(AppError::Settings(
            format!("key.source cannot be `{other}`: it is auto, credential, passphrase or file")
                .into(),
        )),
    }
}

pub(super) fn master_key(config: &Config, store_exists: bool) -> Result<MasterKey, AppError> {
    match source(config)? {
        Source::Credential(dir) => Ok(MasterKey::from_credential_dir(&dir)?),
        Source::Passphrase(passphrase) => {
            let salt = config.data_dir.join(SALT);
            if !salt.exists() && !store_exists {
                MasterKey::create_salt_file(&salt)?;
            }
            Ok(MasterKey::from_passphrase(&passphrase, &salt)?)
        }
        Source::File => {
            let path = config.key_path();
            // Making a new key beside an old store would only hide that the right one is missing.
            if path.exists() || store_exists {
                return Ok(MasterKey::from_file(&path)?);
            }
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(|source| AppError::Io {
                    what: format!("making the folder of the key {}", parent.display()),
                    source,
                })?;
            }
            Ok(MasterKey::create_file(&path)?)
        }
    }
}

/// How well the configured key is protected.
///
/// # Errors
/// When the key file cannot be examined.
pub fn key_strength(config: &Config) -> Result<KeyStrength, AppError> {
    match source(config)? {
        Source::File => {
            let data: &Path = &config.data_dir;
            Ok(KeyStrength::of_key_file(&config.key_path(), data)?)
        }
        Source::Passphrase(_) => Ok(KeyStrength::Strong),
        Source::Credential(_) => Ok(KeyStrength::Weak(
            "the service manager provides the key, and Frontdesk cannot see how it is protected: unless it was \
             encrypted with systemd-creds or is on another disk, anyone who takes the disk has both"
                .into(),
        )),
    }
}

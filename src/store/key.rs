//! The master key and its sources. Every other key is derived from it.
//!
//! Sources, best first: a systemd credential (sealed by the machine), a passphrase at start, a key file on other media.
//! A key file beside the data does not protect against theft of the disk; [`KeyStrength::of_key_file`] detects that.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::password::argon2id;
use crate::reason::Reason;

const CREDENTIAL: &str = "frontdesk-key";
/// Separates this product's keys from any other use of the same secret.
const HKDF_SALT: &[u8] = b"frontdesk master key v1";
/// In bytes.
const SALT_LEN: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "there is no key at {}. Put the key (or its salt) back from your recovery copy; \
         a new one cannot open the existing data", path.display()
    )]
    Missing { path: PathBuf },
    /// Overwriting an existing key would lose the data.
    #[error("{} exists already. Use it, or move it away if you are sure that nothing needs it", path.display())]
    Exists { path: PathBuf },
    #[error("other users can read {} (mode {mode:03o}). Run: chmod 600 {}", path.display(), path.display())]
    Exposed { path: PathBuf, mode: u32 },
    /// The file does not hold a key.
    #[error("{} does not hold a key (64 hexadecimal digits). Restore it from your recovery copy", path.display())]
    Malformed { path: PathBuf },
    #[error("the passphrase is too short: use at least {0} characters, such as five random words")]
    ShortPassphrase(usize),
    /// Argon2id failed, or the system had no randomness.
    #[error(
        "the key could not be derived: {0}. It takes 64 MiB of memory; free some and try again"
    )]
    Derivation(#[source] Reason),
    #[error("{} cannot be used: {source}. Check that the disk is there and the permissions are right", path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// How much a key source protects if the disk with the data is stolen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyStrength {
    /// The stolen disk alone does not open the data.
    Strong,
    /// It does; the reason is in words for the owner.
    Weak(String),
}

impl KeyStrength {
    /// `Weak` if the key file is on the same file system as the data.
    pub fn of_key_file(key_file: &Path, data_dir: &Path) -> Result<Self, KeyError> {
        let device = |path: &Path| {
            fs::metadata(path)
                .map(|m| m.dev())
                .map_err(|e| to_key_error(path, e))
        };
        if device(key_file)? == device(data_dir)? {
            return Ok(Self::Weak(format!(
                "the key file {} is on the same disk as the data: whoever takes the disk has both. \
                 Keep it on other media, use a passphrase, or a systemd credential",
                key_file.display()
            )));
        }
        Ok(Self::Strong)
    }
}

/// 32 secret bytes, wiped from memory when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// In characters.
    pub const MIN_PASSPHRASE: usize = 12;

    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|e| KeyError::Derivation(Reason::of(e)))?;
        Ok(Self(bytes))
    }

    /// For a recovery key that was typed in.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// 64 hexadecimal digits for the printed recovery copy.
    pub fn recovery_text(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }

    /// Reads a key file. `Exposed` if other users may read it.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let mode = fs::metadata(path)
            .map_err(|e| to_key_error(path, e))?
            .permissions()
            .mode()
            & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed {
                path: path.into(),
                mode,
            });
        }
        Self::parse(path)
    }

    /// Creates a key file (mode 0600) and waits until it is on the disk. Never overwrites one.
    pub fn create_file(path: &Path) -> Result<Self, KeyError> {
        let key = Self::generate()?;
        write_secret(path, &key.recovery_text())?;
        Ok(key)
    }

    /// Derives the key from a passphrase and the salt in `salt_file` (Argon2id, about 100 ms).
    pub fn from_passphrase(passphrase: &str, salt_file: &Path) -> Result<Self, KeyError> {
        if passphrase.chars().count() < Self::MIN_PASSPHRASE {
            return Err(KeyError::ShortPassphrase(Self::MIN_PASSPHRASE));
        }
        let text = fs::read_to_string(salt_file).map_err(|e| to_key_error(salt_file, e))?;
        let mut salt = [0_u8; SALT_LEN];
        hex::decode_to_slice(text.trim(), &mut salt).map_err(|_| KeyError::Malformed {
            path: salt_file.into(),
        })?;
        let mut key = Zeroizing::new([0_u8; 32]);
        argon2id(Some(32))
            .and_then(|a| a.hash_password_into(passphrase.as_bytes(), &salt, key.as_mut_slice()))
            // In this build Argon2's error does not implement `Error`, so keep its text.
            .map_err(|e| KeyError::Derivation(e.to_string().into()))?;
        Ok(Self(key))
    }

    /// Creates the salt file of a passphrase, beside the data. Never overwrites one.
    pub fn create_salt_file(path: &Path) -> Result<(), KeyError> {
        let mut salt = [0_u8; SALT_LEN];
        getrandom::fill(&mut salt).map_err(|e| KeyError::Derivation(Reason::of(e)))?;
        write_secret(path, &hex::encode(salt))
    }

    /// Reads the credential `frontdesk-key` in the directory that systemd names in `CREDENTIALS_DIRECTORY`
    /// (`LoadCredentialEncrypted=`).
    pub fn from_credential_dir(dir: &Path) -> Result<Self, KeyError> {
        Self::parse(&dir.join(CREDENTIAL))
    }

    /// Derives the key for one purpose with HKDF-SHA256 (RFC 5869).
    pub fn subkey(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0_u8; 32]);
        #[expect(
            clippy::expect_used,
            reason = "HKDF fails above 255 blocks; this is one"
        )]
        Hkdf::<Sha256>::new(Some(HKDF_SALT), self.0.as_slice())
            .expand(purpose.as_bytes(), out.as_mut_slice())
            .expect("32 bytes are one block of SHA-256");
        out
    }

    /// Reads 64 hexadecimal digits, or 32 raw bytes.
    fn parse(path: &Path) -> Result<Self, KeyError> {
        let content = Zeroizing::new(fs::read(path).map_err(|e| to_key_error(path, e))?);
        let mut key = Zeroizing::new([0_u8; 32]);
        if content.len() == key.len() {
            key.copy_from_slice(&content);
        } else {
            hex::decode_to_slice(content.trim_ascii(), key.as_mut_slice())
                .map_err(|_| KeyError::Malformed { path: path.into() })?;
        }
        Ok(Self(key))
    }
}

fn write_secret(path: &Path, text: &str) -> Result<(), KeyError> {
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        match path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => File::open(dir)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        }
    };
    write().map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => KeyError::Exists { path: path.into() },
        _ => KeyError::Io {
            path: path.into(),
            source: e,
        },
    })
}

fn to_key_error(path: &Path, source: std::io::Error) -> KeyError {
    match source.kind() {
        ErrorKind::NotFound => KeyError::Missing { path: path.into() },
        _ => KeyError::Io {
            path: path.into(),
            source,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_private_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let made = MasterKey::create_file(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let read = MasterKey::from_file(&path).unwrap();
        assert_eq!(made.recovery_text(), read.recovery_text());
        assert!(matches!(
            MasterKey::create_file(&path),
            Err(KeyError::Exists { .. })
        ));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            MasterKey::from_file(&path),
            Err(KeyError::Exposed { mode: 0o644, .. })
        ));
    }

    #[test]
    fn missing_and_malformed_keys_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(CREDENTIAL);
        assert!(matches!(
            MasterKey::from_credential_dir(dir.path()),
            Err(KeyError::Missing { .. })
        ));
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(
            MasterKey::from_credential_dir(dir.path()),
            Err(KeyError::Malformed { .. })
        ));
        fs::write(&path, [7_u8; 32]).unwrap();
        let raw = MasterKey::from_credential_dir(dir.path()).unwrap();
        fs::write(&path, hex::encode([7_u8; 32]) + "\n").unwrap();
        let hexed = MasterKey::from_credential_dir(dir.path()).unwrap();
        assert_eq!(raw.recovery_text(), hexed.recovery_text());
    }

    #[test]
    fn a_passphrase_needs_its_salt() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        let phrase = "five random words of mine";
        assert!(matches!(
            MasterKey::from_passphrase(phrase, &one),
            Err(KeyError::Missing { .. })
        ));
        MasterKey::create_salt_file(&one).unwrap();
        MasterKey::create_salt_file(&two).unwrap();
        let key = |phrase, salt| {
            MasterKey::from_passphrase(phrase, salt)
                .unwrap()
                .recovery_text()
        };
        assert_eq!(key(phrase, &one), key(phrase, &one));
        assert_ne!(key(phrase, &one), key(phrase, &two));
        assert_ne!(key(phrase, &one), key("five random words of yours", &one));
        assert!(matches!(
            MasterKey::from_passphrase("short", &one),
            Err(KeyError::ShortPassphrase(12))
        ));
    }

    #[test]
    fn subkeys_differ_by_purpose_and_debug_shows_nothing() {
        let key = MasterKey::from_bytes([1; 32]);
        assert_eq!(key.subkey("store"), key.subkey("store"));
        assert_ne!(key.subkey("store"), key.subkey("backup"));
        assert_ne!(
            key.subkey("store"),
            MasterKey::from_bytes([2; 32]).subkey("store")
        );
        assert_eq!(format!("{key:?}"), "MasterKey(…)");
    }

    #[test]
    fn a_key_beside_the_data_is_weak() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k");
        MasterKey::create_file(&path).unwrap();
        let strength = KeyStrength::of_key_file(&path, dir.path()).unwrap();
        assert!(matches!(strength, KeyStrength::Weak(reason) if reason.contains("same disk")));
        // /proc is a file system of its own on Linux.
        if Path::new("/proc/self").exists() {
            let elsewhere = KeyStrength::of_key_file(&path, Path::new("/proc")).unwrap();
            assert_eq!(elsewhere, KeyStrength::Strong);
        }
    }
}

//! Who can read a backup: this machine, to check each one, and the holder of the recovery key, which is kept elsewhere.

use std::str::FromStr;

use age::secrecy::ExposeSecret;
use age::x25519::{Identity, Recipient};
use bech32::{Bech32, Hrp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::BackupError;
use crate::store::{MasterKey, UnixMs};

/// Human-readable part of an age identity (age-encryption.org/v1, "The X25519 recipient type").
const IDENTITY: &str = "age-secret-key-";
/// Prefix and length of a recovery key.
const BEGINS: &str = "AGE-SECRET-KEY-1";
const LENGTH: usize = 74;
/// Purpose string for deriving the identity from the master key.
const PURPOSE: &str = "backup";

/// The recovery key's public half, stored in the installation's settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Recovery {
    pub(super) recipient: String,
    pub(super) made_at: UnixMs,
}

impl Recovery {
    pub(super) const SETTING: &'static str = "backup.recovery";

    pub(super) fn recipient(&self) -> Result<Recipient, BackupError> {
        Recipient::from_str(&self.recipient)
            .map_err(|_| BackupError::Broken("the recovery key that is kept is not readable"))
    }
}

/// Makes a recovery key: the secret for its owner, and the public half that stays here.
pub(super) fn fresh(now: UnixMs) -> (Zeroizing<String>, Recovery) {
    let identity = Identity::generate();
    let recovery = Recovery {
        recipient: identity.to_public().to_string(),
        made_at: now,
    };
    let secret = Zeroizing::new(identity.to_string().expose_secret().to_owned());
    (secret, recovery)
}

/// Parses a typed recovery key.
pub(super) fn typed(text: &str) -> Result<Identity, BackupError> {
    let line = text.lines().map(str::trim);
    let mut keys = line.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let key = keys.next().unwrap_or_default().to_uppercase();
    let has_form = key.starts_with(BEGINS) && key.chars().count() == LENGTH;
    Identity::from_str(&key).map_err(|_| match has_form {
        true => BackupError::MistypedKey,
        false => BackupError::NoKey,
    })
}

/// This machine's identity, derived from the master key and never stored.
pub(super) fn own(master: &MasterKey) -> Result<Identity, BackupError> {
    let unusable = BackupError::Broken("this machine's key cannot be used");
    let secret = master.subkey(PURPOSE);
    let Ok(hrp) = Hrp::parse(IDENTITY) else {
        return Err(unusable);
    };
    let Ok(text) = bech32::encode::<Bech32>(hrp, secret.as_slice()) else {
        return Err(unusable);
    };
    let text = Zeroizing::new(text.to_uppercase());
    Identity::from_str(&text).map_err(|_| unusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_identity_follows_from_the_master_key() {
        let public = |byte| {
            let identity = own(&MasterKey::from_bytes([byte; 32])).unwrap();
            identity.to_public().to_string()
        };
        assert_eq!(public(1), public(1));
        assert_ne!(public(1), public(2));
    }

    #[test]
    fn a_recovery_key_is_read_as_it_is_written_down() {
        let (secret, recovery) = fresh(7);
        for text in [
            secret.to_string(),
            format!("  {}\n", secret.to_lowercase()),
            format!("# Recovery key of 2026-11-30\n\n{}\n", *secret),
        ] {
            let read = typed(&text).unwrap();
            assert_eq!(read.to_public().to_string(), recovery.recipient);
        }
        let (kept, last) = secret.split_at(secret.len() - 1);
        let other = if last == "Q" { "P" } else { "Q" };
        let mistyped = format!("{kept}{other}");
        assert!(matches!(typed(&mistyped), Err(BackupError::MistypedKey)));
        for wrong in ["", "AGE-SECRET-KEY-1", "hello", kept] {
            assert!(matches!(typed(wrong), Err(BackupError::NoKey)));
        }
    }
}

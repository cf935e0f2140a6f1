//! Passwords: Argon2id with 64 MiB, 3 passes, 1 lane (above the OWASP minimum of 19 MiB, 2 passes).
//! Both functions take about 100 ms and 64 MiB: call them off the async threads, and only a few at a time.

use std::sync::OnceLock;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use super::StoreError;
use super::token::fill_random;

const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;

/// Shared by passwords and passphrases.
pub(super) fn argon2id(output_len: Option<usize>) -> Result<Argon2<'static>, argon2::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, output_len)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Returns a PHC string with its own random salt.
pub fn hash(password: &str) -> Result<String, StoreError> {
    let mut salt = Zeroizing::new([0_u8; 16]);
    fill_random(salt.as_mut_slice())?;
    let failed = |e: String| StoreError::io("hashing a password", std::io::Error::other(e));
    let salt = SaltString::encode_b64(salt.as_slice()).map_err(|e| failed(e.to_string()))?;
    let argon2 = argon2id(None).map_err(|e| failed(e.to_string()))?;
    let hash = argon2
        .hash_password(password.as_bytes(), &salt)
        .map_err(|e| failed(e.to_string()))?;
    Ok(hash.to_string())
}

/// Whether the password matches the stored hash. Without one (no such user, no password set) it does the same work and
/// returns false, so that its duration reveals nothing.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    static ABSENT: OnceLock<Option<String>> = OnceLock::new();
    let absent = || ABSENT.get_or_init(|| hash("nobody").ok()).as_deref();
    let Some(text) = stored.or_else(absent) else {
        return false;
    };
    let Ok(parsed) = PasswordHash::new(text) else {
        return false;
    };
    let fits = Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok();
    fits && stored.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_fits() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
        assert!(verify("correct horse", Some(&stored)));
        assert!(!verify("correct horse ", Some(&stored)));
        assert!(!verify("", Some(&stored)));
    }

    #[test]
    fn without_a_stored_hash_nothing_fits_not_even_the_placeholder() {
        assert!(!verify("nobody", None));
        assert!(!verify("nobody", Some("no hash at all")));
    }
}

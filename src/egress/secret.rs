//! Passwords, keys and tokens. They print as `…`, appear in no log or ledger, and go only to the server they are for.

use std::fmt;

use serde::{Deserialize, Deserializer};
use url::{Origin, Url};
use zeroize::Zeroizing;

/// A password, key or token. It prints as `…`, and its memory is overwritten on drop; we cannot overwrite copies that a
/// library makes while sending.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The plain text, for the encrypted store or for signing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A secret for one web server (scheme, host and port). It is sent nowhere else, even after a redirect.
#[derive(Clone)]
pub struct Sealed {
    to: Origin,
    secret: Secret,
}

impl Sealed {
    /// Seals the secret for the server (the origin) of this URL.
    pub fn to(url: &Url, secret: Secret) -> Self {
        Self {
            to: url.origin(),
            secret,
        }
    }

    /// The secret, if the URL is on the server it was sealed for.
    pub(super) fn open_for(&self, url: &Url) -> Option<&str> {
        (self.to == url.origin()).then(|| self.secret.reveal())
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_dots_and_opens_for_its_server_only() {
        let url = |text: &str| Url::parse(text).unwrap();
        let sealed = Sealed::to(&url("https://a.example/x"), Secret::new("hunter2"));
        assert_eq!(format!("{sealed:?} {:?}", Secret::new("hunter2")), "… …");
        assert_eq!(
            sealed.open_for(&url("https://a.example:443/y?z")),
            Some("hunter2")
        );
        for other in [
            "http://a.example/",
            "https://a.example:8443/",
            "https://b.example/",
            "https://a.example.b.example/",
            "data:,x",
        ] {
            assert_eq!(sealed.open_for(&url(other)), None, "{other}");
        }
    }
}

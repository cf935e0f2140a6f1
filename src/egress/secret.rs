//! What opens something elsewhere. It prints as `…`, stands in no log and no ledger, and goes only where it is meant to.

use std::fmt;

use serde::{Deserialize, Deserializer};
use url::{Origin, Url};
use zeroize::Zeroizing;

/// A password, key or token. It prints as `…`, and its memory is overwritten when it is dropped; copies that a library
/// makes while it sends are not in our hands.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, to be kept in the encrypted store or to sign with.
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

/// A secret for one web server (scheme, host and port): sent there, and nowhere else, wherever that one leads to.
#[derive(Clone)]
pub struct Sealed {
    to: Origin,
    secret: Secret,
}

impl Sealed {
    /// Seals it for the server of this address.
    pub fn to(url: &Url, secret: Secret) -> Self {
        Self {
            to: url.origin(),
            secret,
        }
    }

    /// The secret, if the request goes to where it may.
    pub(super) fn opened_for(&self, url: &Url) -> Option<&str> {
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
            sealed.opened_for(&url("https://a.example:443/y?z")),
            Some("hunter2")
        );
        for other in [
            "http://a.example/",
            "https://a.example:8443/",
            "https://b.example/",
            "https://a.example.b.example/",
            "data:,x",
        ] {
            assert_eq!(sealed.opened_for(&url(other)), None, "{other}");
        }
    }
}

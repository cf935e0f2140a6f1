//! What is shown at the handshake: the current certificate, and proofs for an authority while it checks a name.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::check::{self, Facts};
use super::{CertificateError, Name, made};
use crate::reason::Reason;
use crate::store::UnixMs;

/// A certificate that was checked.
pub(super) struct Served {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) facts: Facts,
    /// Whether it is self-signed, because no trusted certificate has been issued yet.
    pub(super) is_stand_in: bool,
    /// Whether one of the public authorities vouches for it.
    pub(super) is_public: bool,
}

impl Served {
    /// Checks that the key fits and the certificate is for the names. It may be over.
    pub(super) fn check(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        names: &[Name],
    ) -> Result<Self, Reason> {
        let own = chain.first().ok_or("there is no certificate")?;
        let facts = check::read_facts(own)?;
        check::check_names(own, names)?;
        let is_public = check::is_public(&chain, names);
        Ok(Self {
            key: Arc::new(check::certified(chain, key)?),
            facts,
            is_stand_in: false,
            is_public,
        })
    }

    /// A certificate that nobody vouches for, so that the server can be reached until there is another.
    pub(super) fn stand_in(names: &[Name]) -> Result<Self, CertificateError> {
        let (chain, key) = made::self_signed(names)?;
        let served = Self::check(chain, key, names).map_err(CertificateError::Unfit)?;
        Ok(Self {
            is_stand_in: true,
            ..served
        })
    }

    pub(super) fn is_over(&self, now: UnixMs) -> bool {
        self.facts.until <= now
    }
}

/// What is shown now. Handshakes read it while a source replaces it.
pub(super) struct Showcase {
    shown: RwLock<Arc<Served>>,
    /// For the protocol `acme-tls/1` (RFC 8737), by name.
    proofs: Mutex<HashMap<String, Arc<CertifiedKey>>>,
    /// For plain HTTP (RFC 8555, section 8.3), by token.
    answers: Mutex<HashMap<String, String>>,
}

impl Showcase {
    pub(super) fn new(first: Served) -> Self {
        Self {
            shown: RwLock::new(Arc::new(first)),
            proofs: Mutex::default(),
            answers: Mutex::default(),
        }
    }

    pub(super) fn shown(&self) -> Arc<Served> {
        Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn show(&self, next: Served) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }

    pub(super) fn answer(&self, token: &str) -> Option<String> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(token).cloned()
    }

    pub(super) fn put_answer(&self, token: String, answer: String) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(token, answer);
    }

    pub(super) fn put_proof(&self, name: String, proof: CertifiedKey) {
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.insert(name, Arc::new(proof));
    }

    /// Takes all proofs and answers away.
    pub(super) fn clear_proofs(&self) {
        self.proofs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// For visitors. Whoever asks for another name gets the same certificate, and will say so.
pub(super) struct Usual(pub(super) Arc<Showcase>);

impl ResolvesServerCert for Usual {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.shown().key))
    }
}

impl fmt::Debug for Usual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Usual")
    }
}

/// For an authority that checks a name. Without a proof for that name the handshake fails.
pub(super) struct Proving(pub(super) Arc<Showcase>);

impl ResolvesServerCert for Proving {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?.to_ascii_lowercase();
        let proofs = self.0.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.get(&name).cloned()
    }
}

impl fmt::Debug for Proving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proving")
    }
}

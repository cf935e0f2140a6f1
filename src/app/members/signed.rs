//! Signatures of passkeys and of sign-in servers, checked by the library that also computes for TLS (ring). No code of our own
//! computes with keys here.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// A point of P-256, uncompressed.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
    /// Modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
}

/// How a signature of P-256 is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As passkeys do (WebAuthn).
    Asn1,
    /// As JSON Web Tokens do: two numbers of 32 bytes.
    Fixed,
}

impl PublicKey {
    pub fn verifies(&self, form: Form, message: &[u8], signature: &[u8]) -> bool {
        let done = match self {
            Self::P256(point) => {
                let algorithm = match form {
                    Form::Asn1 => &ECDSA_P256_SHA256_ASN1,
                    Form::Fixed => &ECDSA_P256_SHA256_FIXED,
                };
                UnparsedPublicKey::new(algorithm, point).verify(message, signature)
            }
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Self::Rsa(n, e) => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
        };
        done.is_ok()
    }

    /// A P-256 key of its coordinates.
    pub fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        let fits = x.len() == 32 && y.len() == 32;
        fits.then(|| Self::P256([&[4][..], x, y].concat()))
    }

    /// As it is stored; [`PublicKey::from_bytes`] reads it.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::P256(key) | Self::Ed25519(key) => key.clone(),
            Self::Rsa(n, e) => {
                let long = u16::try_from(n.len()).unwrap_or(u16::MAX);
                [&long.to_be_bytes()[..], n, e].concat()
            }
        }
    }

    /// Reads a stored key by its number in IANA's registry of COSE algorithms.
    pub fn from_bytes(algorithm: i64, bytes: &[u8]) -> Option<Self> {
        match algorithm {
            ES256 => Some(Self::P256(bytes.to_vec())),
            EDDSA => Some(Self::Ed25519(bytes.to_vec())),
            RS256 => {
                let (long, rest) = bytes.split_first_chunk::<2>()?;
                let long = usize::from(u16::from_be_bytes(*long));
                let (n, e) = rest.split_at_checked(long)?;
                Some(Self::Rsa(n.to_vec(), e.to_vec()))
            }
            _ => None,
        }
    }
}

/// COSE's numbers of the algorithms (RFC 9053 and RFC 8812).
pub const ES256: i64 = -7;
pub const EDDSA: i64 = -8;
pub const RS256: i64 = -257;

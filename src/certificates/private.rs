//! An authority of this server's own, for a local network: devices that trust its root trust the server.
//!
//! The root may vouch for names of local networks, private addresses and the names it was made for, and for nothing else
//! (RFC 5280, section 4.2.1.10), so that its key is of no use against banks or shops. Its key lies in the encrypted store.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::name::{LOCAL, is_under};
use super::pace::now_ms;
use super::served::Served;
use super::{CertificateError, Name, check, made};
use crate::store::{Connection, Store, UnixMs, settings};

/// Key of the setting in the store.
const SETTING: &str = "https.private_root";
/// Ten years: a root is installed by hand, device by device.
const ROOT_TIME: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Private and link-local addresses and loopback, as address and length of the prefix: RFC 1918, 3927, 4193, 4291.
const NETS: [(&str, u8); 8] = [
    ("10.0.0.0", 8),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("169.254.0.0", 16),
    ("127.0.0.0", 8),
    ("fc00::", 7),
    ("fe80::", 10),
    ("::1", 128),
];

/// The root's certificate, which everybody may have.
#[derive(Debug, Clone)]
pub struct Root {
    pub der: Vec<u8>,
    pub pem: String,
    /// SHA-256 as devices show it: `AB:CD:…`.
    pub fingerprint: String,
    /// How devices call it.
    pub name: String,
    pub until: UnixMs,
}

#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    /// PKCS #8 in base64.
    key: String,
    /// DER in base64.
    certificate: String,
    name: String,
    /// Names that it may vouch for besides those of local networks.
    names: Vec<String>,
}

pub(super) struct Private {
    issuer: Issuer<'static, KeyPair>,
    root: Root,
}

impl Private {
    /// Takes the root from the store. A new one is made if there is none, or it may not vouch for one of the names, or
    /// has less than a tenth of its time left.
    pub(super) async fn open(store: &Store, names: &[Name]) -> Result<Self, CertificateError> {
        let found: Option<Stored> = store.read(|conn| settings::find(conn, SETTING)).await?;
        if let Some(private) = Self::usable(found, names)? {
            return Ok(private);
        }
        let stored = make_root(names)?;
        let kept = stored.clone();
        store
            .write(move |tx| settings::set(tx, SETTING, &kept))
            .await?;
        Self::from_stored(&stored)
    }

    /// The root that [`Self::open`] would take from the store; it makes none.
    pub(super) fn find(
        conn: &Connection,
        names: &[Name],
    ) -> Result<Option<Self>, CertificateError> {
        Self::usable(settings::find(conn, SETTING)?, names)
    }

    fn usable(found: Option<Stored>, names: &[Name]) -> Result<Option<Self>, CertificateError> {
        let Some(stored) = found.filter(|stored| names.iter().all(|name| stored.covers(name)))
        else {
            return Ok(None);
        };
        let private = Self::from_stored(&stored)?;
        let left = private.root.until.saturating_sub(now_ms());
        Ok((left > super::pace::ms(ROOT_TIME / 10)).then_some(private))
    }

    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    /// A certificate with a new key.
    pub(super) fn issue(&self, names: &[Name], time: Duration) -> Result<Served, CertificateError> {
        let (chain, key) = made::signed_by(&self.issuer, names, time)?;
        Served::check(chain, key, names).map_err(CertificateError::Unfit)
    }

    fn from_stored(stored: &Stored) -> Result<Self, CertificateError> {
        let decode = |text: &str| {
            BASE64.decode(text).map_err(|error| {
                let told = "the private authority in the store is damaged";
                CertificateError::Unfit(crate::reason::Reason::told(told, error))
            })
        };
        let key = PrivatePkcs8KeyDer::from(decode(&stored.key)?);
        let key = KeyPair::try_from(&key)?;
        let der = decode(&stored.certificate)?;
        let facts = check::read_facts(&CertificateDer::from(der.as_slice()))
            .map_err(CertificateError::Unfit)?;
        Ok(Self {
            issuer: Issuer::new(root_params(&stored.name, &[]), key),
            root: Root {
                pem: to_pem(&der),
                fingerprint: fingerprint(&der),
                name: stored.name.clone(),
                until: facts.until,
                der,
            },
        })
    }
}

impl Stored {
    fn covers(&self, name: &Name) -> bool {
        match name {
            Name::Ip(address) => is_private(*address) || self.names.contains(&address.to_string()),
            Name::Dns(name) => {
                let given = self.names.iter().map(String::as_str);
                LOCAL
                    .into_iter()
                    .chain(given)
                    .any(|ending| is_under(name, ending))
            }
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, true),
        IpAddr::V6(v6) => (v6.to_bits(), false),
    };
    let (own, is_v4) = bits(address);
    NETS.iter().any(|(net, length)| {
        let Ok(net) = net.parse::<IpAddr>() else {
            return false;
        };
        let (net, of_v4) = bits(net);
        of_v4 == is_v4 && (own ^ net) >> (128 - u32::from(*length)) == 0
    })
}

fn make_root(names: &[Name]) -> Result<Stored, CertificateError> {
    let key = KeyPair::generate()?;
    // So that the roots of two servers are told apart on a device.
    let digest = Sha256::digest(key.public_key_raw());
    let mark = hex::encode(digest.get(..3).unwrap_or_default());
    let name = format!("Frontdesk private authority {mark}");
    let mut params = root_params(&name, names);
    made::set_time(&mut params, now_ms(), ROOT_TIME);
    let certificate = params.self_signed(&key)?;
    Ok(Stored {
        key: BASE64.encode(key.serialize_der()),
        certificate: BASE64.encode(certificate.der()),
        name,
        names: names.iter().map(Name::to_string).collect(),
    })
}

fn root_params(name: &str, names: &[Name]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = made::called(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let mut permitted: Vec<GeneralSubtree> = LOCAL
        .iter()
        .map(|ending| GeneralSubtree::DnsName((*ending).to_owned()))
        .collect();
    let nets = NETS
        .iter()
        .filter_map(|(net, length)| Some((net.parse().ok()?, *length)));
    permitted.extend(nets.map(|(net, length)| subnet(net, length)));
    for name in names {
        permitted.push(match name {
            Name::Dns(name) => GeneralSubtree::DnsName(name.clone()),
            Name::Ip(IpAddr::V4(address)) => subnet((*address).into(), 32),
            Name::Ip(IpAddr::V6(address)) => subnet((*address).into(), 128),
        });
    }
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted,
        excluded_subtrees: Vec::new(),
    });
    params
}

fn subnet(net: IpAddr, length: u8) -> GeneralSubtree {
    GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(net, length))
}

fn fingerprint(der: &[u8]) -> String {
    let bytes = Sha256::digest(der);
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

/// As RFC 7468 writes it.
fn to_pem(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_root_is_kept_until_it_does_not_cover_a_name() {
        let store = Store::open_in_memory().unwrap();
        let names = |list: &str| Name::parse_list(list).unwrap();
        let root = async |list: &str| {
            let private = Private::open(&store, &names(list)).await.unwrap();
            private.root().fingerprint.clone()
        };
        let first = root("desk.local,192.168.1.5").await;
        assert_eq!(root("other.lan,10.0.0.7,fd00::5").await, first);
        let second = root("desk.example.com").await;
        assert_ne!(second, first);
        assert_eq!(root("www.desk.example.com,desk.local").await, second);
        assert_ne!(root("8.8.8.8").await, second);
    }

    #[test]
    fn private_addresses_are_told_from_others() {
        for (address, expected) in [
            ("10.255.0.1", true),
            ("172.31.0.1", true),
            ("172.32.0.1", false),
            ("127.0.0.1", true),
            ("::1", true),
            ("::2", false),
            ("fd12::1", true),
            ("2001:db8::1", false),
            ("8.8.8.8", false),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), expected, "{address}");
        }
    }
}

//! Which addresses are on the public internet. Any other address belongs to a private network, and a web page must
//! not be able to make this server connect to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::LazyLock;

use ipnet::IpNet;

/// Networks that are not part of the public internet, each with a description (IANA special-purpose address
/// registries, RFC 6890 and its updates). IPv6 addresses outside of 2000::/3 are never public.
const NOT_PUBLIC: &[(&str, &str)] = &[
    ("0.0.0.0/8", "an address of no machine"),
    ("10.0.0.0/8", "a private address"),
    ("100.64.0.0/10", "an address inside a provider's network"),
    ("127.0.0.0/8", "this machine itself"),
    ("169.254.0.0/16", "a link-local or cloud metadata address"),
    ("172.16.0.0/12", "a private address"),
    ("192.0.0.0/24", "a reserved address"),
    ("192.0.2.0/24", "an address for documentation"),
    ("192.31.196.0/24", "a reserved address"),
    ("192.52.193.0/24", "a reserved address"),
    ("192.88.99.0/24", "a reserved address"),
    ("192.168.0.0/16", "a private address"),
    ("192.175.48.0/24", "a reserved address"),
    ("198.18.0.0/15", "an address for measurements"),
    ("198.51.100.0/24", "an address for documentation"),
    ("203.0.113.0/24", "an address for documentation"),
    ("224.0.0.0/4", "a multicast address"),
    ("240.0.0.0/4", "a reserved address"),
    // Azure's control channel for its virtual machines; it looks like a public address.
    ("168.63.129.16/32", "a cloud metadata address"),
    ("2001::/23", "a reserved address"),
    ("2001:db8::/32", "an address for documentation"),
    ("2620:4f:8000::/48", "a reserved address"),
    ("3fff::/20", "an address for documentation"),
];

static NETS: LazyLock<Vec<(IpNet, &'static str)>> = LazyLock::new(|| {
    NOT_PUBLIC
        .iter()
        .filter_map(|(net, what)| Some((IpNet::from_str(net).ok()?, *what)))
        .collect()
});

/// Whether an address is on the public internet.
pub fn is_public(address: IpAddr) -> bool {
    describe_private(address).is_none()
}

/// Describes an address that is not on the public internet; `None` for a public one.
pub(super) fn describe_private(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => find_listed(IpAddr::V4(v4)),
        IpAddr::V6(v6) => match embedded_ipv4(v6) {
            Some(v4) => find_listed(IpAddr::V4(v4)),
            None => describe_private_v6(v6),
        },
    }
}

fn describe_private_v6(address: Ipv6Addr) -> Option<&'static str> {
    let first = address.segments().first().copied().unwrap_or(0);
    match () {
        () if address.is_unspecified() => Some("an address of no machine"),
        () if address.is_loopback() => Some("this machine itself"),
        () if address.is_multicast() => Some("a multicast address"),
        () if address.is_unique_local() => Some("a private address"),
        () if address.is_unicast_link_local() => Some("a link-local address"),
        // Global unicast is 2000::/3 (RFC 4291, section 2.4); the rest is unassigned.
        () if first & 0xe000 != 0x2000 => Some("a reserved address"),
        () => find_listed(IpAddr::V6(address)),
    }
}

fn find_listed(address: IpAddr) -> Option<&'static str> {
    NETS.iter()
        .find(|(net, _)| net.contains(&address))
        .map(|(_, what)| *what)
}

/// The IPv4 address inside an IPv6 address: mapped (RFC 4291), 6to4 (RFC 3056), translated (NAT64, RFC 6052 and
/// 8215), or the old compatible form.
fn embedded_ipv4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let of = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(of(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        // The local NAT64 prefix: only the network's operator knows where it leads, so it counts as private.
        [0x64, 0xff9b, 1, ..] => Some(Ipv4Addr::UNSPECIFIED),
        [0x2002, high, low, ..] => Some(of(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        assert_eq!(NETS.len(), NOT_PUBLIC.len());
    }

    #[test]
    fn only_public_addresses_pass() {
        for public in [
            "1.1.1.1",
            "93.184.215.14",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::1",
            "::ffff:8.8.8.8",
        ] {
            assert_eq!(describe_private(public.parse().unwrap()), None, "{public}");
        }
        for own in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "3fff::1",
            "2001::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:a9fe:a9fe",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "4000::1",
        ] {
            assert!(describe_private(own.parse().unwrap()).is_some(), "{own}");
        }
    }
}

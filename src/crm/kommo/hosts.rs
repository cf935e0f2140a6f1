//! Which hosts are Kommo's: checked before a secret is sent there or anything is fetched.

use url::{Host, Url};

use crate::crm::CrmError;

/// Where accounts live: one name below one of these. Kommo's documentation writes `*.amocrm.*`; anybody could register
/// `amocrm` under another ending, so only the endings in use count.
const ENDINGS: &[&str] = &["kommo.com", "amocrm.ru", "amocrm.com"];
/// Names below those that are no accounts.
const NOT_ACCOUNTS: &[&str] = &["www"];
/// Where people agree to the connection, and whose API it is not.
const PORTAL: &str = "www.kommo.com";
/// A label of a name (RFC 1035, section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// Kommo's hosts; in tests one server of this machine stands in for all of them.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    stand_in: Option<Url>,
}

impl Hosts {
    /// The real ones.
    pub fn real() -> Self {
        Self::default()
    }

    /// Sends every request to this address, which has to be named in `egress.allow`. The names are checked all the same.
    pub fn stand_in(base: Url) -> Self {
        Self {
            stand_in: Some(base),
        }
    }

    /// The host of an account as the CRM names it: `shop.kommo.com`, with or without `https://`.
    ///
    /// # Errors
    /// `Host` for anything that is not exactly one name below Kommo's.
    pub fn account(&self, referer: &str) -> Result<String, CrmError> {
        let refused = || CrmError::Host {
            host: shorten(referer),
        };
        let bare = referer.trim();
        let bare = bare.strip_prefix("https://").unwrap_or(bare);
        let host = bare.strip_suffix('/').unwrap_or(bare).to_ascii_lowercase();
        let own = host_below(&host, 1).ok_or_else(refused)?;
        if NOT_ACCOUNTS.contains(&own) {
            return Err(refused());
        }
        Ok(host)
    }

    /// The URL of a path on an account's host.
    pub(super) fn api(&self, host: &str, path: &str) -> Result<Url, CrmError> {
        self.account(host)?;
        self.place(host, path)
    }

    /// Where the browser of whoever connects is sent.
    pub(super) fn portal(&self, path: &str) -> Result<Url, CrmError> {
        self.place(PORTAL, path)
    }

    /// Where a link to a recording leads, if that is Kommo's.
    pub(super) fn media(&self, link: &str) -> Result<Url, CrmError> {
        let refused = |host: &str| CrmError::Host {
            host: shorten(host),
        };
        let url = Url::parse(link.trim()).map_err(|_| refused(link))?;
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_ascii_lowercase(),
            Some(other) => return Err(refused(&other.to_string())),
            None => return Err(refused(link)),
        };
        let plain = url.scheme() == "https"
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !plain || host_below(&host, 2).is_none() {
            return Err(refused(&host));
        }
        let Some(base) = &self.stand_in else {
            return Ok(url);
        };
        let mut moved = base.clone();
        moved.set_path(url.path());
        moved.set_query(url.query());
        Ok(moved)
    }

    /// What a stand-in is told of the host that it stands in for.
    pub(super) fn told(&self, host: &str) -> Vec<(&'static str, String)> {
        match self.stand_in {
            Some(_) => vec![("x-forwarded-host", host.to_owned())],
            None => Vec::new(),
        }
    }

    fn place(&self, host: &str, path: &str) -> Result<Url, CrmError> {
        let refused = |_| CrmError::Host {
            host: shorten(host),
        };
        match &self.stand_in {
            Some(base) => base.join(path).map_err(refused),
            None => Url::parse(&format!("https://{host}{path}")).map_err(refused),
        }
    }
}

/// What stands before Kommo's ending, if it is at most `most` labels of letters, digits and hyphens.
fn host_below(host: &str, most: usize) -> Option<&str> {
    let own = ENDINGS
        .iter()
        .find_map(|ending| host.strip_suffix(ending)?.strip_suffix('.'))?;
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels = own.split('.');
    (labels.clone().count() <= most && labels.into_iter().all(is_label)).then_some(own)
}

/// For messages: what strangers send may be long.
fn shorten(host: &str) -> String {
    host.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kommos_own_names_are_accounts() {
        let hosts = Hosts::real();
        for (given, host) in [
            ("shop.kommo.com", "shop.kommo.com"),
            ("https://shop.kommo.com", "shop.kommo.com"),
            ("https://Shop-2.Kommo.com/", "shop-2.kommo.com"),
            ("api-c.kommo.com", "api-c.kommo.com"),
            ("shop.amocrm.ru", "shop.amocrm.ru"),
            ("shop.amocrm.com", "shop.amocrm.com"),
        ] {
            assert_eq!(hosts.account(given).unwrap(), host);
        }
        for other in [
            "",
            "evil.example",
            "kommo.com",
            ".kommo.com",
            "www.kommo.com",
            "a.b.kommo.com",
            "x.kommo.com.evil.example",
            "evilkommo.com",
            "x.evilkommo.com",
            "x.amocrm.evil.example",
            "x.amocrm.example",
            "shop.kommo.com:8443",
            "shop.kommo.com:443",
            "user@shop.kommo.com",
            "evil.example#.kommo.com",
            "evil.example/.kommo.com",
            "evil.example?.kommo.com",
            "evil.example\\.kommo.com",
            "http://shop.kommo.com",
            "https://https://shop.kommo.com",
            "shop.kommo.com/path",
            "shop.kommo.com.",
            "shöp.kommo.com",
            "sh op.kommo.com",
            "shop.kommo.com\r\nx",
            "-.kommo.com",
            "127.0.0.1",
            "169.254.169.254",
            "[::1]",
            "localhost",
            "10.0.0.1.kommo.com",
        ] {
            let refused = hosts.account(other);
            assert!(matches!(refused, Err(CrmError::Host { .. })), "{other:?}");
        }
    }

    #[test]
    fn recordings_are_fetched_from_kommo_only() {
        let hosts = Hosts::real();
        for good in [
            "https://drive-c.kommo.com/download/x/y.ogg?z=1",
            "https://amojo.kommo.com/attachments/a.ogg",
            "https://amojo.amocrm.ru/attachments/a.ogg",
        ] {
            assert_eq!(hosts.media(good).unwrap().as_str(), good);
        }
        for bad in [
            "http://amojo.kommo.com/a.ogg",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/a.ogg",
            "https://amojo.kommo.com.evil.example/a.ogg",
            "https://amojo.kommo.com@evil.example/a.ogg",
            "https://user:password@amojo.kommo.com/a.ogg",
            "https://amojo.kommo.com:8080/a.ogg",
            "file:///etc/passwd",
            "data:audio/ogg,x",
            "a.ogg",
            "",
        ] {
            assert!(hosts.media(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_stand_in_gets_what_was_checked_and_nothing_else() {
        let base = Url::parse("http://127.0.0.1:9/").unwrap();
        let hosts = Hosts::stand_in(base);
        let url = hosts.api("shop.kommo.com", "/api/v4/account?with=x");
        assert_eq!(
            url.unwrap().as_str(),
            "http://127.0.0.1:9/api/v4/account?with=x"
        );
        assert!(hosts.api("evil.example", "/api/v4/account").is_err());
        let media = hosts.media("https://drive-c.kommo.com/a.ogg");
        assert_eq!(media.unwrap().as_str(), "http://127.0.0.1:9/a.ogg");
        assert!(hosts.media("http://127.0.0.1:9/a.ogg").is_err());
    }
}

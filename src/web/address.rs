//! Addresses of pages: normal spelling, and which addresses belong to the same page or site.

use url::Url;

/// Query parameters that only track a visitor or a session.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "mc_cid",
    "mc_eid",
    "igshid",
    "yclid",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "phpsessid",
    "jsessionid",
    "sessionid",
    "sid",
    "aspsessionid",
    "cfid",
    "cftoken",
];

/// Longest address that we follow, in bytes.
pub const LONGEST: usize = 1_000;

/// Why an address that the owner typed cannot be fetched, worded for the owner.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    #[error("{text:?} is not the address of a web page ({source}); write it as in a browser")]
    Unreadable {
        text: String,
        source: url::ParseError,
    },
    #[error("{0:?} is not the address of a web page: it must begin with https:// or http://")]
    Scheme(String),
    #[error("the address holds a name or password; leave it out, as addresses are shown and kept")]
    Credentials,
    #[error("the address is longer than {LONGEST} characters")]
    TooLong,
}

/// Parses an address that the owner typed; without a scheme it is https.
pub fn typed(text: &str) -> Result<Url, AddressError> {
    let text = text.trim();
    let complete = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = Url::parse(&complete).map_err(|source| AddressError::Unreadable {
        text: text.to_owned(),
        source,
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(AddressError::Scheme(text.to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials);
    }
    if complete.len() > LONGEST {
        return Err(AddressError::TooLong);
    }
    Ok(normal(url))
}

/// Removes the fragment, tracking parameters, a session in the path, and an empty query. The URL parser has already
/// lower-cased the host, dropped the default port and resolved dots.
pub fn normal(mut url: Url) -> Url {
    url.set_fragment(None);
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !is_tracking(name))
        .map(|(n, v)| (n.into_owned(), v.into_owned()))
        .collect();
    if kept.len() < url.query_pairs().count() {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    if url.query() == Some("") {
        url.set_query(None);
    }
    if let Some(at) = url.path().to_ascii_lowercase().find(";jsessionid=") {
        let path = url.path().get(..at).unwrap_or_default().to_owned();
        url.set_path(&path);
    }
    url
}

fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_") || TRACKING.contains(&name.as_str())
}

/// A key that is equal for addresses of the same page: it ignores the scheme, `www.`, the order of the parameters and
/// a trailing slash.
pub fn key(url: &Url) -> String {
    let host = bare_host(url);
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    let mut pairs: Vec<String> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|p| !p.is_empty())
        .map(str::to_owned)
        .collect();
    pairs.sort();
    format!("{host}{port}{path}?{}", pairs.join("&"))
}

/// The host without `www.`.
fn bare_host(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host)
}

/// Whether both have the same host (or its `www.` twin) and the same port.
pub fn same_site(a: &Url, b: &Url) -> bool {
    let port = |u: &Url| u.port().filter(|p| !matches!(p, 80 | 443));
    bare_host(a) == bare_host(b) && port(a) == port(b)
}

/// Whether the file extension rules out a page or a document.
pub fn is_no_page(url: &Url) -> bool {
    let Some((_, extension)) = url
        .path_segments()
        .and_then(|mut s| s.next_back())
        .and_then(|file| file.rsplit_once('.'))
    else {
        return false;
    };
    let extension = extension.to_ascii_lowercase();
    // `about.us` is a page and not a file: only known extensions count.
    let Some(kind) = mime_guess::from_ext(&extension).first() else {
        return false;
    };
    !is_readable(kind.essence_str()) && extension != "asp" && extension != "php"
}

/// Whether a media type may hold text for people. `application/octet-stream` counts: its content decides later.
pub fn is_readable(media_type: &str) -> bool {
    match media_type {
        "application/pdf"
        | "application/xhtml+xml"
        | "application/rtf"
        | "application/epub+zip"
        | "application/octet-stream"
        | "application/msword"
        | "message/rfc822" => true,
        "text/css" | "text/javascript" | "text/calendar" | "text/vcard" | "text/x-vcard" => false,
        _ => {
            (media_type.starts_with("text/") && media_type != "text/xml")
                || media_type.starts_with("application/vnd.openxmlformats-officedocument.")
                || media_type.starts_with("application/vnd.oasis.opendocument.text")
                || media_type.starts_with("application/vnd.oasis.opendocument.presentation")
                || media_type.starts_with("application/vnd.oasis.opendocument.spreadsheet")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_holds_no_password() {
        assert!(typed("example.com/prices").is_ok());
        for text in [
            "https://ines:secret@example.com",
            "https://ines@example.com/a",
        ] {
            assert!(
                typed(text).is_err_and(|e| e.to_string().contains("leave it out")),
                "{text}"
            );
        }
    }

    #[test]
    fn one_page_has_one_spelling() {
        for (written, wanted) in [
            (
                "HTTPS://Example.COM:443/a/../b#top",
                "https://example.com/b",
            ),
            (
                "https://example.com/?utm_source=x&id=3",
                "https://example.com/?id=3",
            ),
            ("https://example.com/?gclid=1", "https://example.com/"),
            ("https://example.com/a?", "https://example.com/a"),
            (
                "https://example.com/a;jsessionid=AB12?x=1",
                "https://example.com/a?x=1",
            ),
            (
                "https://example.com/?q=a%20b&c",
                "https://example.com/?q=a%20b&c",
            ),
        ] {
            assert_eq!(normal(url(written)).as_str(), wanted, "{written}");
        }
    }

    #[test]
    fn the_key_ignores_what_makes_no_other_page() {
        let same = [
            "http://example.com/a?x=1&y=2",
            "https://www.example.com/a/?y=2&x=1",
        ];
        assert_eq!(key(&url(same[0])), key(&url(same[1])));
        for other in [
            "http://example.com/a?x=1",
            "http://example.com/A?x=1&y=2",
            "http://sub.example.com/a?x=1&y=2",
            "http://example.com:8080/a?x=1&y=2",
        ] {
            assert_ne!(key(&url(same[0])), key(&url(other)), "{other}");
        }
    }

    #[test]
    fn a_site_is_a_host_with_its_twin() {
        let site = url("https://example.com/");
        for (other, same) in [
            ("http://www.example.com/x", true),
            ("https://example.com/", true),
            ("https://shop.example.com/", false),
            ("https://example.com.evil.net/", false),
            ("https://example.com:8443/", false),
        ] {
            assert_eq!(same_site(&site, &url(other)), same, "{other}");
        }
    }

    #[test]
    fn what_people_type_becomes_an_address() {
        assert_eq!(
            typed(" example.com ").unwrap().as_str(),
            "https://example.com/"
        );
        assert_eq!(
            typed("http://a.example/x#y").unwrap().as_str(),
            "http://a.example/x"
        );
        for bad in [
            "",
            "ftp://a.example",
            "https://",
            "a b c",
            "javascript://x/%0a",
        ] {
            assert!(typed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_known_files_are_left_out() {
        for (path, left_out) in [
            ("/a.JPG", true),
            ("/a.zip", true),
            ("/style.css", true),
            ("/film.mp4", true),
            ("/a.pdf", false),
            ("/a.html", false),
            ("/a.php", false),
            ("/a.docx", false),
            ("/about.us", false),
            ("/v1.2", false),
            ("/", false),
        ] {
            let address = url(&format!("https://example.com{path}"));
            assert_eq!(is_no_page(&address), left_out, "{path}");
        }
    }
}

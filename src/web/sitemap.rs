//! Sitemaps: XML, sitemap indexes, plain text, and any of them compressed with gzip
//! (sitemaps.org, protocol 0.9).

use std::io::Read;

use flate2::read::MultiGzDecoder;
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};
use url::Url;

/// Most bytes of a sitemap, unpacked (the protocol's own limit).
pub const MOST_BYTES: usize = 50 << 20;
/// Most addresses in one sitemap (the protocol's own limit).
pub const MOST_ENTRIES: usize = 50_000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sitemap {
    pub pages: Vec<Url>,
    /// Of a sitemap index.
    pub sitemaps: Vec<Url>,
}

/// Why something cannot be used as a sitemap, worded for the owner.
#[derive(Debug, thiserror::Error)]
pub enum SitemapError {
    #[error("it is a web page and not a sitemap")]
    WebPage,
    #[error("it names no pages")]
    NoPages,
    #[error("its compressed content is damaged")]
    Packed(#[source] std::io::Error),
    #[error("it unpacks to more than {} MB", MOST_BYTES >> 20)]
    TooLarge,
    #[error("its XML is broken ({0})")]
    Xml(#[from] quick_xml::Error),
}

pub fn read(bytes: &[u8]) -> Result<Sitemap, SitemapError> {
    let unpacked;
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        unpacked = unpack(bytes)?;
        &unpacked
    } else {
        bytes
    };
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let head: String = text
        .chars()
        .take(1_000)
        .collect::<String>()
        .to_ascii_lowercase();
    if head.starts_with("<!doctype html") || head.starts_with("<html") {
        return Err(SitemapError::WebPage);
    }
    let found = if head.starts_with('<') {
        xml(text)?
    } else {
        plain(text)
    };
    if found.pages.is_empty() && found.sitemaps.is_empty() {
        return Err(SitemapError::NoPages);
    }
    Ok(found)
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, SitemapError> {
    let mut out = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(MOST_BYTES as u64 + 1)
        .read_to_end(&mut out)
        .map_err(SitemapError::Packed)?;
    if out.len() > MOST_BYTES {
        return Err(SitemapError::TooLarge);
    }
    Ok(out)
}

/// One address per line.
fn plain(text: &str) -> Sitemap {
    let pages = text
        .lines()
        .filter_map(|line| page(line.trim()))
        .take(MOST_ENTRIES)
        .collect();
    Sitemap {
        pages,
        sitemaps: Vec::new(),
    }
}

fn xml(text: &str) -> Result<Sitemap, SitemapError> {
    let mut reader = Reader::from_str(text);
    let mut found = Sitemap::default();
    // `loc` is `Some` inside a `<loc>` element; its text comes in several events.
    let (mut inside_index, mut loc, mut entry) = (false, None::<String>, String::new());
    loop {
        match reader.read_event()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "sitemapindex" => inside_index = true,
                name @ ("url" | "sitemap") => entry = name.to_owned(),
                // A prefix means another namespace: `image:loc` is the address of a picture.
                "loc" if tag.name().prefix().is_none() => loc = Some(String::new()),
                _ => {}
            },
            Event::Text(piece) => {
                if let Some(loc) = &mut loc {
                    loc.push_str(&piece.xml10_content());
                }
            }
            Event::CData(piece) => {
                if let Some(loc) = &mut loc {
                    loc.push_str(&piece.xml10_content());
                }
            }
            Event::GeneralRef(name) => {
                if let Some(loc) = &mut loc {
                    loc.extend(character(&name));
                }
            }
            Event::End(tag) if tag.local_name().as_ref() == "loc" => {
                let Some(url) = loc.take().and_then(|text| page(text.trim())) else {
                    continue;
                };
                if inside_index || entry == "sitemap" {
                    found.sitemaps.push(url);
                } else {
                    found.pages.push(url);
                }
                if found.pages.len() + found.sitemaps.len() >= MOST_ENTRIES {
                    return Ok(found);
                }
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// The character that a reference such as `&amp;` stands for.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return Some(c);
    }
    resolve_xml_entity(&reference.xml10_content())?
        .chars()
        .next()
}

fn page(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    const PAGES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
        <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://x/image">
          <url><loc> https://a.example/?x=1&amp;y=2 </loc><lastmod>2026-01-01</lastmod>
            <image:image><image:loc>https://a.example/p.png</image:loc></image:image></url>
          <url><loc><![CDATA[https://a.example/b]]></loc></url>
          <url><loc>javascript:alert(1)</loc></url>
        </urlset>"#;

    #[test]
    fn all_forms_are_read() {
        let pages = read(PAGES.as_bytes()).unwrap();
        let shown: Vec<&str> = pages.pages.iter().map(Url::as_str).collect();
        assert_eq!(shown, ["https://a.example/?x=1&y=2", "https://a.example/b"]);
        assert_eq!(read(&gz(PAGES.as_bytes())).unwrap(), pages);
        let index =
            "<sitemapindex><sitemap><loc>https://a.example/s1.xml</loc></sitemap></sitemapindex>";
        assert_eq!(read(index.as_bytes()).unwrap().sitemaps.len(), 1);
        let plain = "\u{feff}https://a.example/1\r\nhttps://a.example/2\nnonsense\n";
        assert_eq!(read(plain.as_bytes()).unwrap().pages.len(), 2);
    }

    #[test]
    fn what_is_no_sitemap_says_so() {
        for (bytes, says) in [
            (&b"<!DOCTYPE html><html></html>"[..], "web page"),
            (b"", "no pages"),
            (b"<urlset></urlset>", "no pages"),
            (b"<urlset><url></loc></urlset>", "broken"),
            (b"\x1f\x8bnonsense", "damaged"),
        ] {
            let error = read(bytes).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn a_bomb_and_an_endless_list_stop() {
        let error = read(&gz(&vec![b' '; MOST_BYTES + 10])).unwrap_err();
        assert!(error.to_string().contains("more than"), "{error}");
        let long = "<url><loc>https://a.example/</loc></url>".repeat(MOST_ENTRIES + 10);
        let found = read(format!("<urlset>{long}").as_bytes()).unwrap();
        assert_eq!(found.pages.len(), MOST_ENTRIES);
    }
}

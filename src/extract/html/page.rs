//! A page's metadata and links, for the crawler.

use scraper::{ElementRef, Html, Selector};

use crate::extract::WebPage;

/// Most links to return.
const MOST_LINKS: usize = 2_000;
/// Longest address, in bytes.
const LONGEST: usize = 2_000;

/// Addresses are returned as written: only the caller knows where the page is.
pub(super) fn read(page: &Html) -> WebPage {
    let mut out = WebPage::default();
    for meta in all(page, "meta[name][content]") {
        let name = meta.attr("name").unwrap_or_default().trim();
        if !["robots", "frontdeskbot"]
            .iter()
            .any(|n| name.eq_ignore_ascii_case(n))
        {
            continue;
        }
        for directive in meta.attr("content").unwrap_or_default().split(',') {
            let directive = directive.trim().to_ascii_lowercase();
            out.noindex |= matches!(directive.as_str(), "noindex" | "none");
            out.nofollow |= matches!(directive.as_str(), "nofollow" | "none");
        }
    }
    out.language = all(page, "html[lang]")
        .next()
        .and_then(|e| address(e, "lang"));
    out.base = all(page, "base[href]")
        .next()
        .and_then(|e| address(e, "href"));
    out.canonical = all(page, "link[rel][href]")
        .find(|e| has_rel(*e, "canonical"))
        .and_then(|e| address(e, "href"));
    out.links = all(page, "a[href], area[href]")
        .filter(|e| !has_rel(*e, "nofollow"))
        .filter_map(|e| address(e, "href"))
        .filter(|href| !href.starts_with('#'))
        .take(MOST_LINKS)
        .collect();
    out
}

fn all<'a>(page: &'a Html, selector: &str) -> impl Iterator<Item = ElementRef<'a>> {
    let selector = Selector::parse(selector).ok();
    selector
        .map(|s| page.select(&s).collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
}

fn has_rel(element: ElementRef<'_>, wanted: &str) -> bool {
    element
        .attr("rel")
        .unwrap_or_default()
        .split_whitespace()
        .any(|rel| rel.eq_ignore_ascii_case(wanted))
}

fn address(element: ElementRef<'_>, attribute: &str) -> Option<String> {
    let value = element.attr(attribute)?.trim();
    (!value.is_empty() && value.len() <= LONGEST).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_links_are_told() {
        let page = Html::parse_document(
            r##"<html lang="de-AT"><head><base href="/shop/">
            <link rel="stylesheet" href="a.css"><link rel="Canonical" href="https://a.example/x">
            <meta name="ROBOTS" content="NoFollow, max-snippet:3"><meta name="robots" content="none">
            </head><body><nav><a href="one.html">1</a></nav><a href="#top">t</a><a rel="nofollow
            ugc" href="/cart">c</a><map><area href="/two"></map><a href=" ">e</a></body></html>"##,
        );
        let read = read(&page);
        assert_eq!(read.links, ["one.html", "/two"]);
        assert_eq!(read.base.as_deref(), Some("/shop/"));
        assert_eq!(read.canonical.as_deref(), Some("https://a.example/x"));
        assert_eq!(read.language.as_deref(), Some("de-AT"));
        assert!(read.noindex && read.nofollow);
    }

    #[test]
    fn a_plain_page_says_nothing_and_a_long_one_is_cut() {
        let plain = read(&Html::parse_document("<p>Hello"));
        assert_eq!(plain, WebPage::default());
        let many = "<a href=/x>x</a>".repeat(MOST_LINKS + 5);
        assert_eq!(read(&Html::parse_document(&many)).links.len(), MOST_LINKS);
    }
}

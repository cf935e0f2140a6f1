//! Where a crawl goes next: every page once, pages near the start first, and never endlessly round a calendar.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::address;

/// Most segments in a path.
const DEEPEST_PATH: usize = 12;
/// A path segment that repeats more often comes from relative links that pile up.
const REPEATS: usize = 2;
/// Most parameters in a query.
const MOST_PARAMETERS: usize = 6;
/// Most pages of one URL pattern with a year in it, as in calendars and archives.
const MOST_WITH_YEAR: usize = 40;
/// Most pages that differ only in their query parameters.
const MOST_WITH_QUERY: usize = 40;
/// How many addresses are remembered for each page that may be fetched.
const MEMORY: usize = 20;

/// An address in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub url: Url,
    /// How many links away from the start page.
    pub depth: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It was added before.
    Known,
    OtherSite,
    /// More links away from the start page than allowed.
    TooDeep,
    /// A file that is not a page: a picture, a film, a program.
    NoPage,
    /// It looks like one of an endless series.
    Trap,
    Full,
}

/// The addresses of one crawl. It can be stored and resumed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Frontier {
    sites: Vec<Url>,
    waiting: VecDeque<Waiting>,
    seen: BTreeSet<u64>,
    patterns: BTreeMap<u64, usize>,
    depth: u32,
    pages: usize,
    taken: usize,
    left_out: usize,
}

impl Frontier {
    /// A crawl of the site of `start`: at most `depth` links away and `pages` pages.
    pub fn new(start: Url, depth: u32, pages: usize) -> Self {
        let mut frontier = Self::empty(start.clone(), pages);
        frontier.depth = depth;
        frontier.add_known(start, 0);
        frontier
    }

    /// A crawl without any address yet, which does not follow links.
    pub fn empty(site: Url, pages: usize) -> Self {
        Self {
            sites: vec![site],
            waiting: VecDeque::new(),
            seen: BTreeSet::new(),
            patterns: BTreeMap::new(),
            depth: 0,
            pages,
            taken: 0,
            left_out: 0,
        }
    }

    /// Counts another host as part of the site, such as one that the start page redirects to.
    pub fn admit(&mut self, url: &Url) {
        if !self.is_own(url) {
            self.sites.push(url.clone());
        }
    }

    pub fn is_own(&self, url: &Url) -> bool {
        self.sites.iter().any(|site| address::same_site(site, url))
    }

    /// Adds a link found on a page.
    pub fn add(&mut self, url: Url, depth: u32) -> Result<(), Refused> {
        let url = address::normal(url);
        if !matches!(url.scheme(), "http" | "https") || !self.is_own(&url) {
            return Err(Refused::OtherSite);
        }
        let key = hash(&address::key(&url));
        if self.seen.contains(&key) {
            return Err(Refused::Known);
        }
        if address::is_no_page(&url) {
            return Err(Refused::NoPage);
        }
        if depth > self.depth {
            return Err(Refused::TooDeep);
        }
        if is_trap(&url) || self.seen.len() >= self.pages.saturating_mul(MEMORY) {
            return Err(Refused::Trap);
        }
        if !self.count_pattern(&url) {
            self.left_out += 1;
            return Err(Refused::Trap);
        }
        self.seen.insert(key);
        self.waiting.push_back(Waiting { url, depth });
        Ok(())
    }

    /// Adds an address that is known to be a page (from the owner, a sitemap, or an earlier crawl), without the checks for
    /// traps. Returns whether it was new.
    pub fn add_known(&mut self, url: Url, depth: u32) -> bool {
        let url = address::normal(url);
        let new = self.seen.insert(hash(&address::key(&url)));
        if new {
            self.waiting.push_back(Waiting { url, depth });
        }
        new
    }

    /// Marks as seen an address that a page turned out to have; false if it was seen before.
    pub fn note(&mut self, url: &Url) -> bool {
        self.seen.insert(hash(&address::key(url)))
    }

    pub fn knows(&self, url: &Url) -> bool {
        self.seen.contains(&hash(&address::key(url)))
    }

    /// The next address to fetch; `None` if there is none left or the page limit is reached.
    pub fn take(&mut self) -> Option<Waiting> {
        if self.taken >= self.pages {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.taken += 1;
        Some(next)
    }

    /// Returns an address that could not be fetched yet to the head of the queue.
    pub fn put_back(&mut self, waiting: Waiting) {
        self.taken = self.taken.saturating_sub(1);
        self.waiting.push_front(waiting);
    }

    /// How many known addresses were left out because of the limits.
    pub fn left(&self) -> usize {
        self.waiting.len() + self.left_out
    }

    /// How many pages will be fetched in all, as far as is known now.
    pub fn expected(&self) -> usize {
        (self.taken + self.waiting.len()).min(self.pages)
    }

    /// How many addresses were handed out.
    pub fn taken(&self) -> usize {
        self.taken
    }

    pub fn is_full(&self) -> bool {
        self.taken >= self.pages
    }

    /// Counts the page's pattern; false when the limit for that pattern is exceeded.
    fn count_pattern(&mut self, url: &Url) -> bool {
        let (shape, has_number, has_year) = shape(url);
        let most = match (url.query().is_some(), has_year, has_number) {
            (true, _, _) => MOST_WITH_QUERY,
            (_, true, _) => MOST_WITH_YEAR.max(self.pages / 8),
            // Numbered pages are often real ones: products, articles.
            (_, _, true) => (self.pages / 2).max(50),
            _ => return true,
        };
        let count = self.patterns.entry(hash(&shape)).or_insert(0);
        *count += 1;
        *count <= most
    }
}

/// The first eight bytes of a SHA-256: short to store, and a site cannot easily provoke collisions.
fn hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |all, byte| (all << 8) | u64::from(*byte))
}

/// The path with its numbers replaced by placeholders, whether it had a number, and whether one was a year.
fn shape(url: &Url) -> (String, bool, bool) {
    let (mut shape, mut has_number, mut has_year) = (String::new(), false, false);
    let mut digits = String::new();
    // The newline ends a number at the end of the path.
    for c in url.path().chars().chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            has_number = true;
            // A year, alone or at the start of a date: 2026, 202605, 20260531.
            let year = matches!(digits.len(), 4 | 6 | 8)
                && digits
                    .get(..4)
                    .and_then(|y| y.parse::<u32>().ok())
                    .is_some_and(|y| (1900..2200).contains(&y));
            has_year |= year;
            shape.push(if year { 'Y' } else { '#' });
            digits.clear();
        }
        shape.push(c);
    }
    if url.query().is_some() {
        shape.push('?');
    }
    (shape, has_number, has_year)
}

/// Whether the address looks generated by a loop of links, not made by people.
fn is_trap(url: &Url) -> bool {
    if url.as_str().len() > address::LONGEST || url.query_pairs().count() > MOST_PARAMETERS {
        return true;
    }
    let segments: Vec<&str> = url
        .path_segments()
        .map(|all| all.filter(|s| !s.is_empty()).collect())
        .unwrap_or_default();
    let repeated = |one: &&str| segments.iter().filter(|s| s == &one).count() > REPEATS;
    segments.len() > DEEPEST_PATH || segments.iter().any(repeated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frontier(pages: usize) -> Frontier {
        Frontier::new("https://example.com/".parse().unwrap(), 3, pages)
    }

    fn add(frontier: &mut Frontier, path: &str) -> Result<(), Refused> {
        frontier.add(format!("https://example.com{path}").parse().unwrap(), 1)
    }

    #[test]
    fn a_page_is_fetched_once_and_near_ones_first() {
        let mut f = frontier(10);
        f.add("https://example.com/deep".parse().unwrap(), 2)
            .unwrap();
        add(&mut f, "/a").unwrap();
        assert_eq!(add(&mut f, "/a/"), Err(Refused::Known));
        assert_eq!(add(&mut f, "/a?utm_source=x#y"), Err(Refused::Known));
        let twin = "http://www.example.com/a".parse().unwrap();
        assert_eq!(f.add(twin, 1), Err(Refused::Known));
        let order: Vec<String> = std::iter::from_fn(|| f.take())
            .map(|w| w.url.path().to_owned())
            .collect();
        assert_eq!(order, ["/", "/deep", "/a"]);
    }

    #[test]
    fn what_is_not_followed_says_why() {
        let mut f = frontier(10);
        for (url, depth, why) in [
            ("https://other.example/", 1, Refused::OtherSite),
            ("mailto:a@example.com", 1, Refused::OtherSite),
            ("https://example.com/far", 4, Refused::TooDeep),
            ("https://example.com/a.png", 1, Refused::NoPage),
            ("https://example.com/a/b/a/b/a/b", 1, Refused::Trap),
            (
                "https://example.com/?a=1&b=2&c=3&d=4&e=5&f=6&g=7",
                1,
                Refused::Trap,
            ),
        ] {
            assert_eq!(f.add(url.parse().unwrap(), depth), Err(why), "{url}");
        }
        let long = format!("/{}", "x".repeat(2_000));
        assert_eq!(add(&mut f, &long), Err(Refused::Trap));
    }

    #[test]
    fn a_calendar_and_a_filter_end() {
        let mut f = frontier(200);
        let days = (1..2_000).filter(|day| {
            let path = format!("/calendar/{}/{}/{}", 2026 + day / 365, day % 12, day % 28);
            add(&mut f, &path).is_ok()
        });
        assert!((1..=MOST_WITH_YEAR).contains(&days.count()));
        let filters =
            (1..2_000).filter(|n| add(&mut f, &format!("/shop?color={n}&size={n}")).is_ok());
        assert_eq!(filters.count(), MOST_WITH_QUERY);
        let products = (1..1_800).filter(|n| add(&mut f, &format!("/product/{n}x")).is_ok());
        assert_eq!(products.count(), 100);
        let names = (1..90).filter(|n| add(&mut f, &format!("/{}", "n".repeat(*n))).is_ok());
        assert_eq!(names.count(), 89);
        assert!(f.left() > 200);
    }

    #[test]
    fn it_ends_at_the_limit_and_survives_a_restart() {
        let mut f = frontier(3);
        for n in 0..10 {
            add(&mut f, &format!("/{}", "p".repeat(n + 1))).unwrap();
        }
        assert_eq!(f.expected(), 3);
        f.take().unwrap();
        let text = serde_json::to_string(&f).unwrap();
        let mut f: Frontier = serde_json::from_str(&text).unwrap();
        let first = f.take().unwrap();
        f.put_back(first.clone());
        assert_eq!(f.take(), Some(first));
        assert!(f.take().is_some() && f.take().is_none() && f.is_full());
        assert_eq!(f.left(), 8);
        assert_eq!(add(&mut f, "/p"), Err(Refused::Known));
    }
}

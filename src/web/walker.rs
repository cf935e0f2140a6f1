//! Fetches the pages of a site, no faster than the site and the owner allow.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use robotxt::{AccessResult, BYTE_LIMIT, Robots};
use tokio::time::Instant;
use url::Url;

use super::{BOT, WebError, address, sitemap};
use crate::egress::{EgressError, Gateway, Limits, Method, Purpose, Request, Response};
use crate::reason::Reason;
use crate::store::WorkspaceId;

/// Longest pause between two pages that a robots.txt or a `Retry-After` may ask for.
const LONGEST_DELAY: Duration = Duration::from_secs(60);
/// Most sitemaps that are read for one site.
const MOST_SITEMAPS: usize = 100;
/// The `Accept` header for pages and documents.
const PAGES: &str =
    "text/html, application/xhtml+xml, application/pdf;q=0.9, text/plain;q=0.8, */*;q=0.5";

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Shortest time between two requests.
    pub gap: Duration,
    pub limits: Limits,
}

/// Validators from the last fetch of a page, for a conditional request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Page {
    /// The final address, after redirects.
    pub url: Url,
    /// `None` if the server does not say.
    pub media_type: Option<String>,
    pub bytes: Bytes,
    /// For the next fetch.
    pub known: Known,
    /// The server asks not to index it (`X-Robots-Tag`).
    pub noindex: bool,
}

#[derive(Debug, Clone)]
pub enum Fetched {
    /// Not modified since the last fetch.
    Unchanged,
    Page(Page),
}

/// Walks one site, for one workspace.
pub struct Walker {
    gateway: Gateway,
    workspace: WorkspaceId,
    pace: Pace,
    robots: HashMap<String, Robots>,
    last: Option<Instant>,
}

impl Walker {
    pub fn new(gateway: Gateway, workspace: WorkspaceId, pace: Pace) -> Self {
        Self {
            gateway,
            workspace,
            pace,
            robots: HashMap::new(),
            last: None,
        }
    }

    /// Fetches a page, unless robots.txt forbids it. Waits first, to keep the pace.
    pub async fn page(&mut self, url: &Url, known: &Known) -> Result<Fetched, WebError> {
        let robots = self.robots(url).await?;
        if !robots.is_url_allowed(url) {
            return Err(WebError::Disallowed(url.to_string()));
        }
        let asked = robots.crawl_delay().unwrap_or_default().min(LONGEST_DELAY);
        // A busy server is retried once.
        let mut patient = true;
        let response = loop {
            self.wait(asked).await;
            let request = Request {
                etag: known.etag.clone(),
                last_modified: known.last_modified.clone(),
                limits: self.pace.limits,
                ..self.request(Purpose::WebPage, url, PAGES)
            };
            let response = self.gateway.send(request).await?;
            if patient
                && matches!(response.status, 429 | 503)
                && let Some(pause) = retry_after(&response)
            {
                response.discard().await?;
                patient = false;
                tokio::time::sleep(pause).await;
                continue;
            }
            break response;
        };
        match response.status {
            304 => {
                response.discard().await?;
                return Ok(Fetched::Unchanged);
            }
            200..=299 => {}
            status => {
                response.discard().await?;
                return Err(WebError::Status { status });
            }
        }
        let media_type = response.media_type();
        if let Some(kind) = media_type.clone().filter(|k| !address::is_readable(k)) {
            response.discard().await?;
            return Err(WebError::MediaType(kind));
        }
        let header = |name| response.header(name).map(str::to_owned);
        let known = Known {
            etag: header("etag"),
            last_modified: header("last-modified"),
        };
        let noindex = header("x-robots-tag").is_some_and(|tag| forbids(&tag, "noindex"));
        Ok(Fetched::Page(Page {
            url: address::normal(response.url.clone()),
            media_type,
            known,
            noindex,
            bytes: response.bytes().await?,
        }))
    }

    /// Up to `most` pages listed in a sitemap and in the sitemaps that it refers to. If `url` is not a sitemap, the site's
    /// own one is used: from robots.txt, else `/sitemap.xml`.
    ///
    /// # Errors
    /// When there is no sitemap or it cannot be read.
    pub async fn sitemap(&mut self, url: &Url, most: usize) -> Result<Vec<Url>, WebError> {
        let named = url.path().to_ascii_lowercase();
        let is_sitemap =
            [".xml", ".gz", ".txt"].iter().any(|e| named.ends_with(e)) || named.contains("sitemap");
        let mut waiting = if is_sitemap {
            vec![url.clone()]
        } else {
            let robots = self.robots(url).await?;
            let mut listed = robots.sitemaps().to_vec();
            if listed.is_empty() {
                listed.extend(url.join("/sitemap.xml"));
            }
            // `pop` takes from the end.
            listed.reverse();
            listed
        };
        let (mut pages, mut asked) = (Vec::new(), Vec::new());
        while let Some(next) = waiting.pop() {
            if asked.contains(&next) || asked.len() >= MOST_SITEMAPS || pages.len() >= most {
                continue;
            }
            asked.push(next.clone());
            let found = self.one_sitemap(&next).await?;
            pages.extend(found.pages);
            waiting.extend(found.sitemaps.into_iter().rev());
        }
        pages.truncate(most);
        Ok(pages)
    }

    async fn one_sitemap(&mut self, url: &Url) -> Result<sitemap::Sitemap, WebError> {
        self.wait(Duration::ZERO).await;
        let request = Request {
            limits: Limits {
                bytes: sitemap::MOST_BYTES as u64,
                ..self.pace.limits
            },
            ..self.request(
                Purpose::Sitemap,
                url,
                "application/xml, text/xml, text/plain, */*;q=0.5",
            )
        };
        let unusable = |reason: Reason| WebError::Sitemap {
            url: url.to_string(),
            reason,
        };
        let response = self.gateway.send(request).await?;
        if !(200..=299).contains(&response.status) {
            let status = response.status;
            response.discard().await?;
            return match status {
                500.. => Err(WebError::Status { status }),
                _ => {
                    let told = format!("the server answered with status {status}");
                    Err(unusable(told.into()))
                }
            };
        }
        let bytes = response.bytes().await?;
        // Parsing up to 50 MB would block the async runtime.
        match tokio::task::spawn_blocking(move || sitemap::read(&bytes)).await {
            Ok(read) => read.map_err(|error| unusable(Reason::of(error))),
            Err(failed) => Err(unusable(Reason::told("its reader failed", failed))),
        }
    }

    /// The site's robots.txt, fetched once.
    async fn robots(&mut self, url: &Url) -> Result<&Robots, WebError> {
        let origin = url.origin().ascii_serialization();
        if !self.robots.contains_key(&origin) {
            let robots = self.fetch_robots(url).await?;
            self.robots.insert(origin.clone(), robots);
        }
        self.robots
            .get(&origin)
            .ok_or_else(|| WebError::Disallowed(url.to_string()))
    }

    async fn fetch_robots(&self, url: &Url) -> Result<Robots, WebError> {
        let Ok(place) = url.join("/robots.txt") else {
            return Err(WebError::Disallowed(url.to_string()));
        };
        let request = self.request(Purpose::Robots, &place, "text/plain, */*;q=0.5");
        let mut response = match self.gateway.send(request).await {
            Ok(response) => response,
            Err(EgressError::Redirects(_)) => {
                return Ok(Robots::from_access(AccessResult::TooManyRedirects, BOT));
            }
            Err(error) => return Err(error.into()),
        };
        match response.status {
            200..=299 => {
                let mut bytes = Vec::new();
                while bytes.len() < BYTE_LIMIT
                    && let Some(piece) = response.chunk().await?
                {
                    bytes.extend_from_slice(&piece);
                }
                response.discard().await?;
                Ok(Robots::parse(&bytes, BOT))
            }
            status @ (429 | 500..) => {
                response.discard().await?;
                let host = place.host_str().unwrap_or_default().to_owned();
                Err(WebError::RobotsFailed { host, status })
            }
            _ => {
                response.discard().await?;
                Ok(Robots::from_access(AccessResult::Unavailable, BOT))
            }
        }
    }

    fn request(&self, purpose: Purpose, url: &Url, accept: &'static str) -> Request {
        Request {
            workspace: Some(self.workspace),
            accept,
            ..Request::new(purpose, Method::Get, url.clone())
        }
    }

    async fn wait(&mut self, asked: Duration) {
        if let Some(last) = self.last {
            tokio::time::sleep_until(last + self.pace.gap.max(asked)).await;
        }
        self.last = Some(Instant::now());
    }
}

/// How long a busy server asks us to wait; `None` if that is too long or not given in seconds.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds)).filter(|pause| *pause <= LONGEST_DELAY)
}

/// Whether a list of directives (from `X-Robots-Tag` or `<meta name=robots>`) contains `what` or `none`.
pub fn forbids(directives: &str, what: &str) -> bool {
    directives
        .split(',')
        .map(|d| d.rsplit(':').next().unwrap_or_default().trim())
        .any(|d| d.eq_ignore_ascii_case(what) || d.eq_ignore_ascii_case("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_one_by_one() {
        assert!(forbids("noindex", "noindex"));
        assert!(forbids("max-snippet:20, NOINDEX", "noindex"));
        assert!(forbids("googlebot: nofollow, noindex", "noindex"));
        assert!(forbids("none", "nofollow"));
        assert!(!forbids("index, follow", "noindex"));
    }
}

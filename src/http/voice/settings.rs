//! How a workspace shows itself to visitors; the section "widget" of its settings.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::super::auth::{Member, Scope};
use super::super::problem::Problem;
use crate::reason::Reason;
use crate::store::{Connection, Store, StoreError, Transaction, WorkspaceId, closures, workspaces};

/// Who sets how visitors are served.
const MAY: &[Scope] = &[Scope::Admin];
/// Most origins that can be entered.
const MOST_ORIGINS: usize = 50;
/// Most assistants that pages may name.
const MOST_ASSISTANTS: usize = 50;
/// Longest title in characters.
const LONGEST_TITLE: usize = 60;

/// Look and reach of the widget. What is absent in the store has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::http) struct WidgetSettings {
    /// Whether visitors are served at all; the owner says so.
    pub(in crate::http) enabled: bool,
    /// Pages that the widget may be on, each as `https://host[:port]`. With none, only this server's own
    /// pages and pages of the visitor's own machine.
    pub(in crate::http) origins: Vec<String>,
    /// Hosts that links in answers may lead to, besides those of `origins` and of web sources; others are shown as text.
    pub(in crate::http) links: Vec<String>,
    /// Short names of the assistants that pages may name, besides the workspace's first one.
    pub(in crate::http) assistants: Vec<String>,
    /// Title of the widget; empty takes the assistant's.
    pub(in crate::http) title: String,
    /// Accent colour as `#rrggbb`.
    pub(in crate::http) colour: String,
    /// Whether the microphone listens only while a button is held.
    pub(in crate::http) push_to_talk: bool,
}

impl Default for WidgetSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            origins: Vec::new(),
            links: Vec::new(),
            assistants: Vec::new(),
            title: String::new(),
            colour: "#0f6b57".into(),
            push_to_talk: false,
        }
    }
}

impl WidgetSettings {
    /// The section's name in the workspace's settings.
    pub(in crate::http) const SECTION: &'static str = "widget";

    /// How a workspace serves visitors now: not at all while it is being closed for good; before its owner opened it only
    /// those at this machine itself, so that it can be tried.
    pub(in crate::http) fn in_force(
        conn: &Connection,
        workspace: WorkspaceId,
        at_machine: bool,
    ) -> Result<Self, StoreError> {
        let mut settings: Self = workspaces::section(conn, workspace, Self::SECTION)?;
        settings.enabled |= at_machine;
        settings.enabled &= !closures::is_closed(conn, workspace)?;
        Ok(settings)
    }

    /// How a workspace is to serve visitors, as its owner set it.
    ///
    /// # Errors
    /// 403 for who may not see it.
    pub(in crate::http) async fn load(store: &Store, by: &Member) -> Result<Self, Problem> {
        let workspace = by.need(MAY)?;
        let read = store.read(move |conn| workspaces::section(conn, workspace, Self::SECTION));
        Ok(read.await?)
    }

    /// Has a workspace serve visitors so from now on.
    ///
    /// # Errors
    /// 400 with a sentence that says what is wrong.
    pub(in crate::http) async fn keep(self, store: &Store, by: &Member) -> Result<(), Problem> {
        let workspace = by.need(MAY)?;
        let tidy = self
            .tidied()
            .map_err(|wrong| Problem::invalid("widget", wrong.to_string()))?;
        let write =
            store.write(move |tx| workspaces::set_section(tx, workspace, Self::SECTION, &tidy));
        Ok(write.await?)
    }

    /// Serves visitors in a workspace from now on.
    ///
    /// # Errors
    /// When the store refuses.
    pub(in crate::http) fn open(
        tx: &Transaction<'_>,
        workspace: WorkspaceId,
    ) -> Result<(), StoreError> {
        let mut settings: Self = workspaces::section(tx, workspace, Self::SECTION)?;
        settings.enabled = true;
        workspaces::set_section(tx, workspace, Self::SECTION, &settings)
    }

    /// The same, checked and in one form; or what is wrong with it, as a sentence.
    pub(in crate::http) fn tidied(mut self) -> Result<Self, Reason> {
        let mut origins = Vec::new();
        for line in self.origins.iter().map(|line| line.trim()) {
            if line.is_empty() {
                continue;
            }
            let origin = entered_origin(line).ok_or_else(|| {
                format!(
                    "\"{line}\" is not the address of a website; write it like https://www.example.com"
                )
            })?;
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        if origins.len() > MOST_ORIGINS {
            return Err(format!("there can be at most {MOST_ORIGINS} websites").into());
        }
        self.origins = origins;
        let mut links = Vec::new();
        for line in self.links.iter().map(|line| line.trim()) {
            if line.is_empty() {
                continue;
            }
            let host = entered_origin(line).and_then(|origin| host_of(&origin));
            let host = host.ok_or_else(|| {
                format!("\"{line}\" is not the address of a website; write it like example.com")
            })?;
            if !links.contains(&host) {
                links.push(host);
            }
        }
        if links.len() > MOST_ORIGINS {
            return Err(format!("answers can link to at most {MOST_ORIGINS} websites").into());
        }
        self.links = links;
        self.assistants.sort();
        self.assistants.dedup();
        if self.assistants.len() > MOST_ASSISTANTS {
            return Err(
                format!("there can be at most {MOST_ASSISTANTS} assistants for visitors").into(),
            );
        }
        self.title = self.title.trim().to_owned();
        if self.title.chars().count() > LONGEST_TITLE {
            return Err(format!("the title may have at most {LONGEST_TITLE} characters").into());
        }
        self.colour = self.colour.trim().to_ascii_lowercase();
        let digits = self.colour.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("the colour must be like #0f6b57".into());
        }
        Ok(self)
    }

    /// The hosts that links in answers may lead to: those listed, and those of the owner's own pages; each stands
    /// for its subdomains too.
    pub(in crate::http) fn hosts<'a>(
        &'a self,
        pages: impl Iterator<Item = &'a str>,
    ) -> Vec<String> {
        let own = self.origins.iter().map(String::as_str).chain(pages);
        let mut hosts: Vec<String> = self
            .links
            .iter()
            .cloned()
            .chain(own.filter_map(host_of))
            .collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }

    /// Whether the widget may be on pages of this origin, as a browser names it.
    pub(in crate::http) fn allows(&self, origin: &str) -> bool {
        let Some((origin, url)) = web_origin(origin) else {
            return false;
        };
        if self.origins.is_empty() {
            return match url.host() {
                Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
                Some(Host::Ipv4(ip)) => ip.is_loopback(),
                Some(Host::Ipv6(ip)) => ip.is_loopback(),
                None => false,
            };
        }
        self.origins.contains(&origin)
    }
}

/// Scheme, host and port of a page, in the form that browsers send.
fn web_origin(text: &str) -> Option<(String, Url)> {
    let url = Url::parse(text).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    web.then(|| (url.origin().ascii_serialization(), url))
}

/// The host of an address, without the "www." that is as good as nothing.
fn host_of(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}

/// What an owner enters: with or without scheme, with or without a path.
fn entered_origin(line: &str) -> Option<String> {
    let text = if line.contains("://") {
        line.to_owned()
    } else {
        format!("https://{line}")
    };
    let (origin, url) = web_origin(&text)?;
    let named = match url.host() {
        Some(Host::Domain(name)) => name.contains('.') || name == "localhost",
        host => host.is_some(),
    };
    let plain = url.username().is_empty() && url.password().is_none() && !line.contains('*');
    (named && plain).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_as_browsers_send_them() {
        let entered = |lines: &[&str]| {
            let origins = lines.iter().map(|line| (*line).to_owned()).collect();
            let settings = WidgetSettings {
                origins,
                ..WidgetSettings::default()
            };
            settings.tidied()
        };
        let own = entered(&[
            "WWW.Example.com/contact",
            "https://www.example.com:443",
            " http://intranet.example:8080/ ",
        ])
        .unwrap();
        assert_eq!(
            own.origins,
            ["https://www.example.com", "http://intranet.example:8080"]
        );
        for (origin, may) in [
            ("https://www.example.com", true),
            ("https://www.example.com:443", true),
            ("http://www.example.com", false),
            ("https://example.com", false),
            ("https://www.example.com.evil.example", false),
            ("http://intranet.example:8080", true),
            ("http://intranet.example", false),
            ("http://localhost:3000", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(own.allows(origin), may, "{origin}");
        }
        for wrong in [
            "not a site",
            "*",
            "https://*.example.com",
            "ftp://a.example",
            "intranet",
            "https://me:x@a.example",
        ] {
            assert!(entered(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_origins_only_the_visitors_own_machine() {
        let none = WidgetSettings::default();
        for (origin, may) in [
            ("http://localhost:3000", true),
            ("http://127.0.0.1:8000", true),
            ("http://[::1]:8000", true),
            ("https://shop.example", false),
            ("http://localhost.evil.example", false),
            ("file://", false),
        ] {
            assert_eq!(none.allows(origin), may, "{origin}");
        }
    }

    #[test]
    fn a_colour_is_a_colour() {
        for (colour, fine) in [
            ("#0F6B57", true),
            ("red", false),
            ("#fff", false),
            ("#12345g", false),
            ("", false),
        ] {
            let settings = WidgetSettings {
                colour: colour.into(),
                ..WidgetSettings::default()
            };
            assert_eq!(settings.tidied().is_ok(), fine, "{colour}");
        }
    }

    #[test]
    fn links_lead_to_the_owners_own_sites_and_those_they_listed() {
        let settings = WidgetSettings {
            origins: vec!["https://www.example.com".into()],
            links: vec![" Book.Partner.org/now ".into(), "partner.net".into()],
            ..WidgetSettings::default()
        };
        let tidy = settings.tidied().unwrap();
        let sources = ["https://blog.example.net/a?b"];
        assert_eq!(
            tidy.hosts(sources.into_iter()),
            [
                "blog.example.net",
                "book.partner.org",
                "example.com",
                "partner.net"
            ]
        );
        let wrong = WidgetSettings {
            links: vec!["no address".into()],
            ..WidgetSettings::default()
        };
        assert!(wrong.tidied().is_err());
    }
}

//! How a workspace serves visitors: the section "widget" of its settings.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::options::WidgetOptions;
use super::work::ProofOfWork;
use crate::http::auth::{Member, Scope};
use crate::http::problem::Problem;
use crate::reason::Reason;
use crate::store::{Connection, Store, StoreError, Transaction, WorkspaceId, closures, workspaces};

/// Scopes that may see and change the settings.
const MAY: &[Scope] = &[Scope::Admin];
const MOST_ORIGINS: usize = 50;
const MOST_ASSISTANTS: usize = 50;
/// In characters.
const LONGEST_TITLE: usize = 60;

/// Look and reach of the widget. Fields that the store lacks get their default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::http) struct WidgetSettings {
    /// Whether visitors are served at all. The owner turns it on.
    pub(in crate::http) enabled: bool,
    /// Websites that may show the widget, each as `https://host[:port]`. If empty, only this server's own
    /// pages and pages of the visitor's own machine may.
    pub(in crate::http) origins: Vec<String>,
    /// Hosts that links in answers may lead to, besides those of `origins` and of web sources. Other links are shown as
    /// plain text.
    pub(in crate::http) links: Vec<String>,
    /// Short names of the assistants that pages may name, besides the workspace's first one.
    pub(in crate::http) assistants: Vec<String>,
    /// If empty, the assistant's title.
    pub(in crate::http) title: String,
    /// Accent colour as `#rrggbb`.
    pub(in crate::http) colour: String,
    /// Whether the microphone listens only while a button is held.
    pub(in crate::http) push_to_talk: bool,
    /// When a browser has to work before a visit begins.
    pub(in crate::http) proof_of_work: ProofOfWork,
    /// Its look, words and forms.
    pub(in crate::http) options: WidgetOptions,
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
            proof_of_work: ProofOfWork::Off,
            options: WidgetOptions::default(),
        }
    }
}

impl WidgetSettings {
    pub(in crate::http) const SECTION: &'static str = "widget";

    /// The settings that apply now. A workspace that is being closed serves nobody. One that its owner has not opened
    /// yet serves only browsers on this machine, so that the owner can try it.
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

    /// The settings as the owner entered them.
    ///
    /// # Errors
    /// 403 for a caller who may not see them.
    pub(in crate::http) async fn load(store: &Store, by: &Member) -> Result<Self, Problem> {
        let workspace = by.need(MAY)?;
        let read = store.read(move |conn| workspaces::section(conn, workspace, Self::SECTION));
        Ok(read.await?)
    }

    /// Checks and stores the settings.
    ///
    /// # Errors
    /// 400 with a sentence that says what is wrong; 403 for a caller who may not change them.
    pub(in crate::http) async fn keep(self, store: &Store, by: &Member) -> Result<(), Problem> {
        let workspace = by.need(MAY)?;
        let tidy = self
            .normalize()
            .map_err(|reason| Problem::invalid("widget", reason.to_string()))?;
        let write =
            store.write(move |tx| workspaces::set_section(tx, workspace, Self::SECTION, &tidy));
        Ok(write.await?)
    }

    /// Opens a workspace to visitors.
    pub(in crate::http) fn open(
        tx: &Transaction<'_>,
        workspace: WorkspaceId,
    ) -> Result<(), StoreError> {
        let mut settings: Self = workspaces::section(tx, workspace, Self::SECTION)?;
        settings.enabled = true;
        workspaces::set_section(tx, workspace, Self::SECTION, &settings)
    }

    /// Checks and normalises the settings.
    ///
    /// # Errors
    /// A sentence for the owner.
    pub(in crate::http) fn normalize(mut self) -> Result<Self, Reason> {
        let mut origins = Vec::new();
        for line in self.origins.iter().map(|line| line.trim()) {
            if line.is_empty() {
                continue;
            }
            let origin = parse_entered_origin(line).ok_or_else(|| {
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
            let host = parse_entered_origin(line).and_then(|origin| host_of(&origin));
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
        // The colour goes into a stylesheet, so nothing but hex digits may pass.
        self.colour = self.colour.trim().to_ascii_lowercase();
        let digits = self.colour.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("the colour must be like #0f6b57".into());
        }
        self.options = self.options.normalize()?;
        Ok(self)
    }

    /// The hosts that links in answers may lead to: those listed, and those of the owner's own pages. Each
    /// includes its subdomains.
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

    /// Whose pages may show the talk page in a frame, as the directive `frame-ancestors` names them.
    pub(in crate::http) fn framing(&self) -> String {
        if self.origins.is_empty() {
            return "'self' http://localhost:* http://127.0.0.1:*".to_owned();
        }
        // Nothing may end the directive.
        let plain = |origin: &&String| {
            origin
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ":/.-[]".contains(c))
        };
        let origins: Vec<_> = self.origins.iter().filter(plain).cloned().collect();
        format!("'self' {}", origins.join(" "))
    }

    /// Whether pages of this origin (as browsers send it) may show the widget.
    pub(in crate::http) fn allows(&self, origin: &str) -> bool {
        let Some((origin, url)) = parse_web_origin(origin) else {
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

/// Parses the address of a web page into its origin, as browsers send it, and its URL.
fn parse_web_origin(text: &str) -> Option<(String, Url)> {
    let url = Url::parse(text).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    web.then(|| (url.origin().ascii_serialization(), url))
}

/// The host of an address, without "www."
fn host_of(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}

/// Parses what an owner enters, with or without scheme and path.
fn parse_entered_origin(line: &str) -> Option<String> {
    let text = if line.contains("://") {
        line.to_owned()
    } else {
        format!("https://{line}")
    };
    let (origin, url) = parse_web_origin(&text)?;
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
            settings.normalize()
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
            assert_eq!(settings.normalize().is_ok(), fine, "{colour}");
        }
    }

    #[test]
    fn links_lead_to_the_owners_own_sites_and_those_they_listed() {
        let settings = WidgetSettings {
            origins: vec!["https://www.example.com".into()],
            links: vec![" Book.Partner.org/now ".into(), "partner.net".into()],
            ..WidgetSettings::default()
        };
        let tidy = settings.normalize().unwrap();
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
        assert!(wrong.normalize().is_err());
    }
}

//! A workspace's mail servers, as entered and as kept. Passwords are kept beside the settings, and no answer holds them.

use serde::{Deserialize, Serialize};
use url::Host;

use super::address::parse_address;
use super::error::wrong;
use super::{MailError, answers};
use crate::egress::{Purpose, Secret, TlsPlace};
use crate::store::mail::{self, Servers};
use crate::store::{Connection, StoreError, UnixMs, WorkspaceId};

/// Most characters of names and the like.
const LONGEST: usize = 200;
/// Most bytes of certificates.
const LONGEST_AUTHORITY: usize = 64 << 10;

/// How TLS begins. There is no third way: nothing is sent in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// With the first byte.
    Implicit,
    /// After a word in the clear; a server that does not turn to TLS gets nothing.
    Starttls,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// Empty: it lets us in without signing in.
    pub user: String,
    /// PEM certificates of a private authority, which replace the public ones.
    #[serde(default)]
    pub authority: Option<String>,
}

/// Whom messages are from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    pub name: String,
    pub address: String,
}

/// The mailbox that answers come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    pub server: Server,
    pub folder: String,
    /// The address of the mailbox. `{token}` stands where the token goes; without it the token goes after the name
    /// (`desk+r.TOKEN@example.com`), as most providers take it.
    pub address: String,
}

/// The settings as kept, without passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSettings {
    pub server: Server,
    pub sender: Sender,
    pub mailbox: Option<Mailbox>,
}

/// A server as entered. `None` as password keeps the one that is stored for the same place and user.
#[derive(Debug, Clone)]
pub struct NewServer {
    pub host: String,
    /// `None` for the usual one.
    pub port: Option<u16>,
    pub tls: Tls,
    pub user: String,
    pub password: Option<Secret>,
    pub authority: Option<String>,
}

#[derive(Debug, Clone)]
pub struct NewMailbox {
    pub server: NewServer,
    /// Empty for `INBOX`.
    pub folder: String,
    pub address: String,
}

#[derive(Debug, Clone)]
pub struct NewMailSettings {
    pub server: NewServer,
    pub sender: Sender,
    pub mailbox: Option<NewMailbox>,
}

/// Settings with their passwords.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) settings: MailSettings,
    pub(super) password: Secret,
    pub(super) mailbox_password: Secret,
}

impl Kept {
    /// `None` if no mail is set up.
    pub(super) fn load(
        conn: &Connection,
        workspace: WorkspaceId,
    ) -> Result<Option<Self>, StoreError> {
        let Some(found) = mail::find_servers(conn, workspace)? else {
            return Ok(None);
        };
        let settings = serde_json::from_value(found.settings).map_err(|error| {
            let told = format!("the mail settings cannot be read ({error}); enter them again");
            StoreError::Conflict(told.into())
        })?;
        Ok(Some(Self {
            settings,
            password: Secret::new(found.password),
            mailbox_password: Secret::new(found.mailbox_password),
        }))
    }

    /// Checks what was entered, and completes it with stored passwords for the same places.
    pub(super) fn of(new: NewMailSettings, before: Option<&Self>) -> Result<Self, MailError> {
        let (server, password) = new.server.checked("server", (465, 587))?;
        let known = before.filter(|kept| kept.settings.server.is_same(&server));
        let password = password.or_else(|| known.map(|kept| kept.password.clone()));
        let password = needed(&server, password, "password")?;
        let sender = new.sender.checked()?;
        let (mut mailbox, mut mailbox_password) = (None, Secret::default());
        if let Some(new) = new.mailbox {
            let (server, given) = new.server.checked("mailbox", (993, 143))?;
            if server.user.is_empty() {
                return Err(wrong(
                    "mailbox.user",
                    "the user name of the mailbox is missing",
                ));
            }
            let known = before.filter(|kept| {
                let before = kept.settings.mailbox.as_ref();
                before.is_some_and(|before| before.server.is_same(&server))
            });
            let given = given.or_else(|| known.map(|kept| kept.mailbox_password.clone()));
            mailbox_password = needed(&server, given, "mailbox.password")?;
            mailbox = Some(Mailbox {
                folder: folder(&new.folder)?,
                address: answers::check_pattern(&new.address)?,
                server,
            });
        }
        Ok(Self {
            settings: MailSettings {
                server,
                sender,
                mailbox,
            },
            password,
            mailbox_password,
        })
    }

    /// What the store keeps.
    pub(super) fn servers(&self, now: UnixMs) -> Result<Servers, StoreError> {
        let settings = serde_json::to_value(&self.settings)
            .map_err(|error| StoreError::Conflict(error.to_string().into()))?;
        Ok(Servers {
            settings,
            password: self.password.reveal().to_owned(),
            mailbox_password: self.mailbox_password.reveal().to_owned(),
            changed_at: now,
        })
    }

    /// Whether answers come to another mailbox than before.
    pub(super) fn has_other_mailbox(&self, before: Option<&Self>) -> bool {
        let place = |kept: &Self| {
            let mailbox = kept.settings.mailbox.as_ref()?;
            let server = &mailbox.server;
            Some((
                server.host.clone(),
                server.user.clone(),
                mailbox.folder.clone(),
            ))
        };
        place(self) != before.and_then(place)
    }
}

impl Server {
    /// Whether it is the same place and user, so that a stored password may go there.
    fn is_same(&self, other: &Self) -> bool {
        self.host == other.host && self.port == other.port && self.user == other.user
    }

    pub(super) fn place(&self, workspace: WorkspaceId) -> TlsPlace {
        TlsPlace {
            workspace: Some(workspace),
            purpose: Purpose::Mail,
            provider: None,
            host: self.host.clone(),
            port: self.port,
            authority: self.authority.clone(),
        }
    }
}

impl NewServer {
    /// `ports` are the usual ones for implicit TLS and for STARTTLS.
    fn checked(
        self,
        field: &'static str,
        ports: (u16, u16),
    ) -> Result<(Server, Option<Secret>), MailError> {
        let host = match Host::parse(self.host.trim()) {
            Ok(host) => host.to_string(),
            Err(_) => {
                let told =
                    "the server's name is missing or cannot be one; it looks like smtp.example.com";
                return Err(wrong(field, told));
            }
        };
        let usual = match self.tls {
            Tls::Implicit => ports.0,
            Tls::Starttls => ports.1,
        };
        let port = self.port.unwrap_or(usual);
        if port == 0 {
            let told = format!("the port is a number from 1 to 65535, here usually {usual}");
            return Err(wrong(field, told));
        }
        let user = line(&self.user, field, "the user name")?;
        let authority = self.authority.map(|pem| pem.trim().to_owned());
        let authority = authority.filter(|pem| !pem.is_empty());
        if let Some(pem) = &authority
            && (pem.len() > LONGEST_AUTHORITY || !pem.contains("-----BEGIN CERTIFICATE-----"))
        {
            let told = "the authority's certificate is a text that begins with -----BEGIN CERTIFICATE-----";
            return Err(wrong(field, told));
        }
        let password = self.password.filter(|secret| !secret.reveal().is_empty());
        if let Some(secret) = &password
            && secret.reveal().chars().any(char::is_control)
        {
            return Err(wrong(
                field,
                "the password cannot hold line breaks or other control characters",
            ));
        }
        let server = Server {
            host,
            port,
            tls: self.tls,
            user,
            authority,
        };
        Ok((server, password))
    }
}

impl Sender {
    fn checked(self) -> Result<Self, MailError> {
        let address = parse_address(&self.address).map_err(|told| wrong("sender.address", told))?;
        let name = line(&self.name, "sender.name", "the sender's name")?;
        Ok(Self { name, address })
    }
}

/// A server with a user needs a password.
fn needed(
    server: &Server,
    password: Option<Secret>,
    field: &'static str,
) -> Result<Secret, MailError> {
    match password {
        _ if server.user.is_empty() => Ok(Secret::default()),
        Some(password) => Ok(password),
        None => {
            let told = format!(
                "the password of {} at {} is missing; it is asked for again when the server or the user changes",
                server.user, server.host
            );
            Err(wrong(field, told))
        }
    }
}

/// A tidy text of one line.
fn line(text: &str, field: &'static str, what: &str) -> Result<String, MailError> {
    let text = text.trim();
    if text.chars().count() > LONGEST {
        return Err(wrong(
            field,
            format!("{what} is longer than {LONGEST} characters"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(wrong(
            field,
            format!("{what} cannot hold line breaks or other control characters"),
        ));
    }
    Ok(text.to_owned())
}

fn folder(text: &str) -> Result<String, MailError> {
    let text = line(text, "mailbox.folder", "the folder")?;
    if !text.is_ascii() {
        let told =
            "the folder's name has letters that cannot be sent to every server; choose one in a–z";
        return Err(wrong("mailbox.folder", told));
    }
    Ok(match text.is_empty() {
        true => "INBOX".into(),
        false => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn server(user: &str, password: Option<&str>) -> NewServer {
        NewServer {
            host: " Mail.Example.com ".into(),
            port: None,
            tls: Tls::Starttls,
            user: user.into(),
            password: password.map(Secret::new),
            authority: None,
        }
    }

    fn entered() -> NewMailSettings {
        NewMailSettings {
            server: server("desk", Some("hunter2")),
            sender: Sender {
                name: " Front desk ".into(),
                address: "desk@example.com".into(),
            },
            mailbox: Some(NewMailbox {
                server: server("desk", Some("swordfish")),
                folder: String::new(),
                address: "desk@example.com".into(),
            }),
        }
    }

    fn field(new: NewMailSettings, before: Option<&Kept>) -> &'static str {
        match Kept::of(new, before) {
            Err(MailError::Wrong { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn settings_are_tidied_and_passwords_kept_for_the_same_place_only() {
        let kept = Kept::of(entered(), None).unwrap();
        let settings = &kept.settings;
        assert_eq!(settings.server.host, "mail.example.com");
        assert_eq!(
            (settings.server.port, settings.sender.name.as_str()),
            (587, "Front desk")
        );
        let mailbox = settings.mailbox.as_ref().unwrap();
        assert_eq!(
            (mailbox.server.port, mailbox.folder.as_str()),
            (143, "INBOX")
        );
        let written = serde_json::to_string(&kept.servers(1).unwrap().settings).unwrap();
        assert!(
            !written.contains("hunter2") && !written.contains("swordfish"),
            "{written}"
        );

        let mut again = entered();
        again.server.password = None;
        let same = Kept::of(again.clone(), Some(&kept)).unwrap();
        assert_eq!(same.password.reveal(), "hunter2");
        assert!(!same.has_other_mailbox(Some(&kept)) && same.has_other_mailbox(None));
        assert_eq!(field(again.clone(), None), "password");
        again.server.host = "evil.example".into();
        assert_eq!(field(again, Some(&kept)), "password");
        let mut other = entered();
        other.mailbox.as_mut().unwrap().server.user = "boss".into();
        other.mailbox.as_mut().unwrap().server.password = None;
        assert_eq!(field(other, Some(&kept)), "mailbox.password");
    }

    #[test]
    fn what_cannot_be_used_is_told_by_its_field() {
        let changed = |change: fn(&mut NewMailSettings)| {
            let mut new = entered();
            change(&mut new);
            field(new, None)
        };
        assert_eq!(changed(|new| new.server.host = String::new()), "server");
        assert_eq!(changed(|new| new.server.host = "a b".into()), "server");
        assert_eq!(changed(|new| new.server.port = Some(0)), "server");
        assert_eq!(changed(|new| new.server.user = "a\r\nb".into()), "server");
        assert_eq!(
            changed(|new| new.server.authority = Some("x".into())),
            "server"
        );
        assert_eq!(
            changed(|new| new.sender.address = "desk".into()),
            "sender.address"
        );
        assert_eq!(
            changed(|new| new.sender.name = "a\nBcc: b@c.de".into()),
            "sender.name"
        );
        let mailbox = |change: fn(&mut NewMailbox)| {
            let mut new = entered();
            change(new.mailbox.as_mut().unwrap());
            field(new, None)
        };
        assert_eq!(
            mailbox(|new| new.folder = "Entwürfe".into()),
            "mailbox.folder"
        );
        assert_eq!(
            mailbox(|new| new.address = "desk".into()),
            "mailbox.address"
        );
        assert_eq!(
            mailbox(|new| new.server.user = String::new()),
            "mailbox.user"
        );
    }

    #[test]
    fn a_server_without_a_user_needs_no_password() {
        let mut new = entered();
        new.server.user = String::new();
        new.server.password = None;
        let kept = Kept::of(new, None).unwrap();
        assert_eq!(kept.password, Secret::default());
    }
}

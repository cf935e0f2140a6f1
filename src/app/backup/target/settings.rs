//! The target's settings and credentials, kept in the encrypted store.

use rusty_s3::{Bucket, UrlStyle};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::app::backup::BackupError;
use crate::egress::{Gateway, Login, Purpose, Secret, SshPlace, is_fingerprint};
use crate::reason::Reason;

/// A target as entered. An empty secret means the stored one, if the place is the same.
#[derive(Debug, Clone)]
pub enum NewTarget {
    S3(NewS3),
    Sftp(NewSftp),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewS3 {
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    /// Prefix of names in the bucket, like a folder.
    pub prefix: String,
    /// Whether the bucket is named in the path instead of the host name.
    pub path_style: bool,
    /// Id of the key.
    pub access_key: String,
    #[serde(serialize_with = "keep")]
    pub secret_key: Secret,
}

/// Credentials for a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewLogin {
    Password(#[serde(serialize_with = "keep")] Secret),
    PrivateKey(#[serde(serialize_with = "keep")] Secret),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSftp {
    pub host: String,
    pub port: u16,
    /// User name.
    pub user: String,
    /// `None` for the stored one.
    pub login: Option<NewLogin>,
    /// Folder on the server; relative to the user's home unless it begins with a slash.
    pub folder: String,
    /// Fingerprint of the server's key (`SHA256:…`); empty to trust the one that it shows now.
    pub host_key: String,
}

/// A target that is checked and complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(in crate::app::backup) enum TargetSettings {
    S3(NewS3),
    Sftp(NewSftp),
}

/// Serializes a secret. Only for the encrypted store.
fn keep<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.reveal())
}

impl TargetSettings {
    pub(in crate::app::backup) const SETTING: &'static str = "backup.target";

    /// Checks the input and completes it with stored secrets for the same place and with the key that a server
    /// shows.
    ///
    /// # Errors
    /// `BadTarget`; `Target` if a server does not show its key.
    pub(in crate::app::backup) async fn of(
        new: NewTarget,
        kept: Option<&Self>,
        gateway: &Gateway,
    ) -> Result<Self, BackupError> {
        match new {
            NewTarget::S3(new) => Self::s3(new, kept),
            NewTarget::Sftp(new) => Self::sftp(new, kept, gateway).await,
        }
    }

    fn s3(mut new: NewS3, kept: Option<&Self>) -> Result<Self, BackupError> {
        for text in [
            &mut new.endpoint,
            &mut new.region,
            &mut new.bucket,
            &mut new.access_key,
        ] {
            *text = text.trim().to_owned();
        }
        new.prefix = folder(&new.prefix, "the prefix")?;
        new.prefix = new.prefix.trim_start_matches('/').to_owned();
        if new.region.is_empty() {
            new.region = "us-east-1".into();
        }
        new.bucket()?;
        if new.access_key.is_empty() {
            return Err(bad("the access key is missing"));
        }
        if new.secret_key == Secret::default() {
            let same = |kept: &&NewS3| {
                kept.endpoint == new.endpoint
                    && kept.bucket == new.bucket
                    && kept.access_key == new.access_key
            };
            let kept = match kept {
                Some(Self::S3(kept)) => Some(kept).filter(same),
                _ => None,
            };
            let kept = kept.ok_or_else(|| bad("the secret key is missing"))?;
            new.secret_key = kept.secret_key.clone();
        }
        Ok(Self::S3(new))
    }

    async fn sftp(
        mut new: NewSftp,
        kept: Option<&Self>,
        gateway: &Gateway,
    ) -> Result<Self, BackupError> {
        for text in [&mut new.host, &mut new.user, &mut new.host_key] {
            *text = text.trim().to_owned();
        }
        let named = folder(&new.folder, "the folder")?;
        if named.is_empty() && !new.folder.trim().is_empty() {
            return Err(bad(
                "the folder is a plain path such as backups/frontdesk, and not the root",
            ));
        }
        new.folder = named;
        if new.host.is_empty() || new.user.is_empty() {
            return Err(bad("host and user name are needed"));
        }
        if new.port == 0 {
            return Err(bad("the port is a number from 1 to 65535, usually 22"));
        }
        let kept = match kept {
            Some(Self::Sftp(kept)) if kept.host == new.host && kept.port == new.port => Some(kept),
            _ => None,
        };
        if new.login.is_none() {
            let same = kept.filter(|kept| kept.user == new.user);
            new.login = same.and_then(|kept| kept.login.clone());
        }
        let is_right = new.login()?.check();
        is_right.map_err(|error| BackupError::BadTarget(Reason::of(error)))?;
        if new.host_key.is_empty() {
            new.host_key = match kept {
                Some(kept) => kept.host_key.clone(),
                None => gateway.host_key(&new.place()).await?,
            };
        } else if !is_fingerprint(&new.host_key) {
            return Err(bad(
                "the host key is given by its fingerprint, as `ssh-keygen -l` shows it: SHA256:…",
            ));
        }
        Ok(Self::Sftp(new))
    }

    /// `s3` or `sftp`.
    pub(in crate::app::backup) fn kind(&self) -> &'static str {
        match self {
            Self::S3(_) => "s3",
            Self::Sftp(_) => "sftp",
        }
    }

    /// The place, for people.
    pub(in crate::app::backup) fn place(&self) -> String {
        match self {
            Self::S3(s3) => {
                let bucket = s3.bucket().map(|bucket| bucket.base_url().to_string());
                format!("{}{}", bucket.unwrap_or_default(), s3.prefix)
            }
            // An absolute folder gets two slashes; one without is in the user's home.
            Self::Sftp(sftp) => format!(
                "sftp://{}@{}:{}/{}",
                sftp.user, sftp.host, sftp.port, sftp.folder
            ),
        }
    }

    /// Fingerprint of the server's key.
    pub(in crate::app::backup) fn host_key(&self) -> Option<String> {
        match self {
            Self::S3(_) => None,
            Self::Sftp(sftp) => Some(sftp.host_key.clone()),
        }
    }
}

impl NewS3 {
    pub(super) fn bucket(&self) -> Result<Bucket, BackupError> {
        let endpoint = Url::parse(&self.endpoint)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| bad("the address of the service begins with https://"))?;
        if self.bucket.is_empty() {
            return Err(bad("the name of the bucket is missing"));
        }
        let style = match self.path_style {
            true => UrlStyle::Path,
            false => UrlStyle::VirtualHost,
        };
        Bucket::new(endpoint, style, self.bucket.clone(), self.region.clone()).map_err(|_| {
            bad(
                "service and bucket do not form an address together; name the bucket in the path (path style) if it has \
                 characters that no host has, or the service has no name",
            )
        })
    }
}

impl NewSftp {
    pub(super) fn place(&self) -> SshPlace {
        SshPlace {
            purpose: Purpose::Backup,
            host: self.host.clone(),
            port: self.port,
        }
    }

    pub(super) fn login(&self) -> Result<Login, BackupError> {
        match &self.login {
            Some(NewLogin::Password(password)) => Ok(Login::Password(password.clone())),
            Some(NewLogin::PrivateKey(key)) => Ok(Login::Key(key.clone())),
            None => Err(bad("a password or a private key is needed")),
        }
    }
}

/// A folder without a trailing slash and without parts such as `..`.
fn folder(text: &str, what: &str) -> Result<String, BackupError> {
    let text = text.trim().trim_end_matches('/');
    let is_odd = |part: &str| matches!(part, "." | "..") || part.chars().any(char::is_control);
    let inner = text.strip_prefix('/').unwrap_or(text);
    if !inner.is_empty() && inner.split('/').any(|part| part.is_empty() || is_odd(part)) {
        return Err(bad(&format!(
            "{what} is a plain path such as backups/frontdesk"
        )));
    }
    Ok(text.to_owned())
}

fn bad(what: &str) -> BackupError {
    BackupError::BadTarget(what.into())
}

//! `frontdesk backup target`: where backups are copied to.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::api::Api;
use super::out;

/// Arguments of `frontdesk backup target`; without any it shows the place.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Copy to S3-compatible storage
    S3 {
        /// Address of the service, such as https://s3.eu-central-1.amazonaws.com
        endpoint: String,
        /// The bucket
        #[arg(long)]
        bucket: String,
        /// Region of the bucket
        #[arg(long, default_value = "us-east-1")]
        region: String,
        /// Prefix of names in the bucket, like a folder
        #[arg(long, default_value = "")]
        prefix: String,
        /// Name the bucket in the path instead of the host name
        #[arg(long)]
        path_style: bool,
        /// Id of the access key
        #[arg(long)]
        access_key: String,
        /// File with the secret key, or - to type it; without it, the stored one
        #[arg(long, value_name = "FILE")]
        secret_key: Option<PathBuf>,
    },
    /// Copy to an SFTP server
    Sftp {
        /// The server: user@host or user@host:port
        server: String,
        /// Folder on the server; relative to the user's home unless it begins with a slash
        #[arg(long, default_value = "")]
        folder: String,
        /// File with the password, or - to type it
        #[arg(long, value_name = "FILE", conflicts_with = "private_key")]
        password: Option<PathBuf>,
        /// File with a private key (Ed25519 or ECDSA, without a passphrase)
        #[arg(long, value_name = "FILE")]
        private_key: Option<PathBuf>,
        /// Fingerprint of the server's key (SHA256:…); without it, the key that it shows now is trusted
        #[arg(long, default_value = "")]
        host_key: String,
    },
    /// Write a small file there, find it in the list, read it back and remove it
    Try,
    /// Copy missing backups now
    Copy,
    /// Stop copying; the copies already there stay
    Remove,
}

const PATH: &str = "/api/v1/backups/target";

impl Args {
    pub(super) async fn ask(&self, api: &Api) -> anyhow::Result<Value> {
        match &self.action {
            None => api.get(PATH).await,
            Some(Action::Try) => api.post(&format!("{PATH}/try"), &json!({})).await,
            Some(Action::Copy) => api.post(&format!("{PATH}/copy"), &json!({})).await,
            Some(Action::Remove) => api.delete(PATH).await,
            Some(place) => api.put(PATH, &place.body()?).await,
        }
    }

    pub(super) fn show(&self, answer: &Value) -> anyhow::Result<()> {
        match &self.action {
            Some(Action::Try) => return tried(answer),
            Some(Action::Remove) => {
                out::line("Backups are no longer copied elsewhere. The copies already there stay.");
            }
            Some(Action::S3 { .. } | Action::Sftp { .. }) => {
                described(answer);
                out::note("Try it now with `frontdesk backup target try`.");
            }
            None | Some(Action::Copy) => described(answer),
        }
        Ok(())
    }
}

impl Action {
    fn body(&self) -> anyhow::Result<Value> {
        let secret = |file: &Option<PathBuf>, what| {
            let typed = file.as_deref().map(|file| super::backup::typed(file, what));
            let typed = typed.transpose()?;
            anyhow::Ok(typed.unwrap_or_default().trim_end().to_owned())
        };
        Ok(match self {
            Self::S3 {
                endpoint,
                bucket,
                region,
                prefix,
                path_style,
                access_key,
                secret_key,
            } => json!({
                "kind": "s3",
                "endpoint": endpoint,
                "bucket": bucket,
                "region": region,
                "prefix": prefix,
                "style": if *path_style { "path" } else { "virtual-host" },
                "access_key": access_key,
                "secret_key": secret(secret_key, "the secret key")?,
            }),
            Self::Sftp {
                server,
                folder,
                password,
                private_key,
                host_key,
            } => {
                let (user, host, port) = split_server(server)?;
                json!({
                    "kind": "sftp",
                    "host": host,
                    "port": port,
                    "user": user,
                    "folder": folder,
                    "password": secret(password, "the password")?,
                    "private_key": match private_key {
                        Some(file) => super::backup::typed(file, "the private key")?,
                        None => String::new(),
                    },
                    "host_key": host_key,
                })
            }
            Self::Try | Self::Copy | Self::Remove => Value::Null,
        })
    }
}

/// Splits `user@host` or `user@host:port`; the default port is 22.
fn split_server(server: &str) -> anyhow::Result<(&str, &str, u16)> {
    let wrong = || super::shared::WrongCall(format!("{server} is not user@host or user@host:port"));
    let (user, place) = server.rsplit_once('@').ok_or_else(wrong)?;
    let is_inside = place.ends_with(']');
    match place.rsplit_once(':').filter(|_| !is_inside) {
        Some((host, port)) => Ok((user, host, port.parse().map_err(|_| wrong())?)),
        None => Ok((user, place, 22)),
    }
}

fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer.get(field).and_then(Value::as_str).unwrap_or("")
}

/// Describes the target, and whether it has a copy yet.
pub(super) fn going_to(place: &str, copied_at: Option<&Value>) -> String {
    if copied_at.is_none_or(Value::is_null) {
        return format!("Copies go to: {place} (none is there yet)");
    }
    format!("Copies go to: {place}")
}

fn described(answer: &Value) {
    if answer.is_null() {
        out::line(
            "Backups are not copied elsewhere. `frontdesk backup target --help` says how to set that up.",
        );
        return;
    }
    out::line(&going_to(text(answer, "place"), answer.get("copied_at")));
    let key = text(answer, "host_key");
    if !key.is_empty() {
        out::line(&format!(
            "Server key: {key} (compare it with the one that the server’s operator gives you)"
        ));
    }
    let number = |field: &str| answer.get(field).and_then(Value::as_i64);
    if let Some(at) = number("copied_at") {
        let copies = answer.get("copies").and_then(Value::as_u64);
        out::line(&format!(
            "{} there; the newest is {}, the last was copied {}",
            out::plural(copies.unwrap_or_default(), "backup is", "backups are"),
            text(answer, "newest"),
            out::moment(at)
        ));
    }
    let error = text(answer, "error");
    if !error.is_empty() {
        out::note(&format!("The last copy failed: {error}"));
    }
}

fn tried(answer: &Value) -> anyhow::Result<()> {
    let steps = answer.get("steps").and_then(Value::as_array);
    for step in steps.map(Vec::as_slice).unwrap_or_default() {
        let ms = step.get("ms").and_then(Value::as_u64).unwrap_or_default();
        let (what, error) = (text(step, "what"), text(step, "error"));
        if !error.is_empty() {
            anyhow::bail!("{what}: {error}");
        }
        out::line(&format!("{what}: done in {ms} ms"));
    }
    out::line("It works: a file was written, found in the list, read back and removed.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_copied_is_not_said_to_be_there() {
        let told = going_to("sftp://ann@host:22/a", Some(&Value::Null));
        assert!(told.contains("none is there yet"), "{told}");
        let told = going_to("sftp://ann@host:22/a", Some(&json!(1)));
        assert_eq!(told, "Copies go to: sftp://ann@host:22/a");
    }
}

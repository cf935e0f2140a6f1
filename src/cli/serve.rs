//! `frontdesk serve`.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use clap::Args as ClapArgs;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::out;
use super::remote::LOCAL_KEY;
use super::shared::{Place, block_on, log};
use crate::app::{App, AppError, SETUP_LINK_HOURS, backup, has_database, load_demo, setup_token};
use crate::config::Config;
use crate::egress;
use crate::http;
use crate::http::auth::Scope;
use crate::store::api_keys::{self, NewApiKey};
use crate::store::token::{Token, TokenKind};
use crate::store::{ApiKeyId, Store, StoreError};

/// Arguments of `frontdesk serve`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Address and port, for example 0.0.0.0:8080; port 0 takes any that is free
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Fill an empty workspace with a demo business
    #[arg(long)]
    demo: bool,
    /// Print address and setup link as one line of JSON
    #[arg(long)]
    json: bool,
    /// Nothing leaves this machine: the kernel refuses every connection that the server would open
    #[arg(long)]
    sealed: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let listen = args.listen.map(|l| ("listen", l.to_string()));
    let sealed = args.sealed.then(|| ("sealed", "true".to_owned()));
    let config = args
        .place
        .settings(listen.into_iter().chain(sealed).collect())?;
    log(&config.log)?;
    // No other thread runs yet.
    if config.sealed && !egress::seal() {
        anyhow::bail!(
            "this system's kernel cannot seal the server (it needs Linux with seccomp). Take `sealed` out of the \
             settings, and keep the machine off the network by other means"
        );
    }
    block_on(serve(config, args.demo, args.json))
}

async fn serve(config: Arc<Config>, demo: bool, json: bool) -> anyhow::Result<()> {
    let app = match App::open(Arc::clone(&config)).await {
        Err(error) if error.is_damage() && has_database(&config) => {
            return safe_mode(&config, &error).await;
        }
        opened => opened?,
    };
    let listener = match TcpListener::bind(config.listen).await {
        Ok(listener) => listener,
        Err(error) => {
            app.stop().await;
            return Err(bind_failed(config.listen, &error));
        }
    };
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    let base = format!("http://{address}");
    let local = LocalKey::leave(&app.store, &config.data_dir).await?;
    app.announce(&base)?;
    if demo {
        load_demo(&app).await?;
    }
    let token = setup_token(&app.store).await?;
    let link = token.map(|token| format!("{base}/setup?token={token}"));
    announce(&base, link.as_deref(), json)?;
    let stop = app.cancel();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            if asked_to_stop().await.is_ok() {
                tracing::info!("stopping");
                stop.cancel();
            }
        }
    });
    let limits = http::server::Limits {
        connections: usize::try_from(config.connections).unwrap_or(usize::MAX),
        ..http::server::Limits::default()
    };
    http::server::serve(listener, http::router(Arc::clone(&app)), limits, stop).await;
    local.remove(&app.store, &config.data_dir).await;
    app.stop().await;
    Ok(())
}

/// Says on every page what is wrong, until somebody stops it. Then the command has failed.
async fn safe_mode(config: &Config, error: &AppError) -> anyhow::Result<()> {
    let reason = error.to_string();
    tracing::error!(%reason, "safe mode: nothing is served but a page that says why");
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| bind_failed(config.listen, &error))?;
    let folder = config.backup_path().display().to_string();
    let router = http::console::safe_mode::router(reason.clone(), folder, backup::names(config));
    let stop = tokio_util::sync::CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            if asked_to_stop().await.is_ok() {
                stop.cancel();
            }
        }
    });
    http::server::serve(listener, router, http::server::Limits::default(), stop).await;
    anyhow::bail!(reason)
}

fn announce(base: &str, link: Option<&str>, json: bool) -> anyhow::Result<()> {
    if json {
        return out::json_line(&json!({"address": base, "setup_link": link}));
    }
    out::line(&format!("Frontdesk is running at {base}"));
    match link {
        Some(link) => out::line(&format!(
            "To set it up, open this link once (valid for {SETUP_LINK_HOURS} hours):\n  {link}"
        )),
        None => out::line("Sign in with the account that you made at setup."),
    }
    out::line("Press Ctrl+C to stop.");
    Ok(())
}

fn bind_failed(address: SocketAddr, error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {} is taken by another program; stop that one, or choose another port: \
             frontdesk serve --listen {}:{}",
            address.port(),
            address.ip(),
            address.port().saturating_add(1)
        ),
        std::io::ErrorKind::PermissionDenied => anyhow::anyhow!(
            "port {} may only be used by the administrator; choose one above 1023, for example \
             frontdesk serve --listen {}:8080",
            address.port(),
            address.ip()
        ),
        _ => anyhow::anyhow!("{address} cannot be listened on: {error}"),
    }
}

async fn asked_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = tokio::signal::ctrl_c() => outcome,
        _ = terminate.recv() => Ok(()),
    }
}

/// The key by which commands of the same user reach this server (see [`super::remote`]).
struct LocalKey(ApiKeyId);

const NAME: &str = "commands on this machine";

impl LocalKey {
    async fn leave(store: &Store, data_dir: &Path) -> anyhow::Result<Self> {
        let token = Token::generate(TokenKind::ApiKey)?;
        let (hash, prefix) = (token.hash(), token.display_prefix());
        let id = store
            .write(move |tx| {
                revoke_old(tx)?;
                let scopes: Vec<String> =
                    Scope::ALL.iter().map(|s| s.as_str().to_owned()).collect();
                let new = NewApiKey {
                    name: NAME,
                    token: hash,
                    prefix: &prefix,
                    scopes: &scopes,
                    workspace: None,
                };
                api_keys::create(tx, &new, now())
            })
            .await?;
        let path = data_dir.join(LOCAL_KEY);
        // What a crash left behind is of no use to anybody.
        let _ = std::fs::remove_file(&path);
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(token.reveal().as_bytes()))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self(id))
    }

    async fn remove(self, store: &Store, data_dir: &Path) {
        let revoked = store
            .write(move |tx| api_keys::revoke(tx, self.0, now()))
            .await;
        let removed = std::fs::remove_file(data_dir.join(LOCAL_KEY));
        if revoked.is_err() || removed.is_err() {
            tracing::warn!("the key for local commands is revoked at the next start");
        }
    }
}

/// A server that was killed could not revoke its key.
fn revoke_old(tx: &crate::store::Transaction<'_>) -> Result<(), StoreError> {
    for key in api_keys::list(tx)? {
        if key.name == NAME && key.revoked_at.is_none() {
            api_keys::revoke(tx, key.id, now())?;
        }
    }
    Ok(())
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

//! `frontdesk serve`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use clap::Args as ClapArgs;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::https::Secure;
use super::out;
use super::safe_mode::safe_mode;
use super::shared::{DataPlace, block_on, log};
use super::socket::{LocalListener, LocalSocket};
use crate::app::{App, SETUP_LINK_HOURS, Start, has_database, load_demo, setup_token};
use crate::config::Config;
use crate::egress;
use crate::http;
use crate::http::server::Limits;
use crate::store::{Store, api_keys};
use crate::worker::sandbox;

/// Arguments of `frontdesk serve`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Address and port, for example 0.0.0.0:8080; port 0 takes any free port
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Serve HTTPS under this name, with a certificate that comes by itself; several separated by commas
    #[arg(long, value_name = "NAME")]
    https: Option<String>,
    /// Fill an empty workspace with a demo business
    #[arg(long)]
    demo: bool,
    /// Print address and setup link as one line of JSON
    #[arg(long)]
    json: bool,
    /// Seal the machine: the kernel refuses every connection that the server tries to open
    #[arg(long)]
    sealed: bool,
    #[command(flatten)]
    place: DataPlace,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let listen = args.listen.map(|l| ("listen", l.to_string()));
    let https = args.https.map(|names| ("https.names", names));
    let sealed = args.sealed.then(|| ("sealed", "true".to_owned()));
    let config = args
        .place
        .settings(listen.into_iter().chain(https).chain(sealed).collect())?;
    log(&config.log)?;
    // Only safe while there is no other thread.
    if config.sealed && !egress::seal() {
        anyhow::bail!(
            "this system's kernel cannot seal the server (it needs Linux with seccomp). Take `sealed` out of the \
             settings, and keep the machine off the network by other means"
        );
    }
    block_on(serve(config, args.demo, args.json))
}

async fn serve(config: Arc<Config>, demo: bool, json: bool) -> anyhow::Result<()> {
    let app = match App::open(Arc::clone(&config), Start::Now).await {
        // A restart would fail in the same way, so say on a page what is wrong.
        Err(error) if error.is_damage() && has_database(&config) => {
            return safe_mode(&config, &error).await;
        }
        opened => opened?,
    };
    let listener = match TcpListener::bind(config.listen).await {
        Ok(listener) => listener,
        Err(error) => {
            // Stop the engines and release the folder before the error ends the process.
            app.stop().await;
            return Err(bind_failed(config.listen, &error));
        }
    };
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    let plain = format!("http://{address}");
    let secure = match app.certificates.clone() {
        None => None,
        Some(certificates) => match Secure::listen(&config, certificates).await {
            Ok(secure) => Some(secure),
            Err(error) => {
                app.stop().await;
                return Err(error);
            }
        },
    };
    let base = secure
        .as_ref()
        .map_or_else(|| plain.clone(), Secure::origin);
    forget_local_key(&app.store, &config.data_dir).await?;
    let local = listen_to_commands(&config.data_dir);
    app.announce(&base)?;
    if demo {
        load_demo(&app).await?;
    }
    let token = setup_token(&app.store).await?;
    let at = |address: &str| {
        token
            .as_ref()
            .map(|token| format!("{address}/setup?token={token}"))
    };
    let link = at(&base);
    let public = app.public_address().filter(|public| *public != base);
    let from_elsewhere = public.map(|public| (at(&public), public));
    let https = secure.as_ref().map(|secure| Introduced {
        plain,
        told: secure.introduce(&config),
    });
    // Before anybody is told that the server is there, and may end it.
    let signals = StopSignals::watch()?;
    announce(&base, from_elsewhere, https.as_ref(), link.as_deref(), json)?;
    let stop = app.cancel();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            signals.asked().await;
            tracing::info!("stopping");
            stop.cancel();
        }
    });
    let limits = Limits {
        connections: make_room(config.connections),
        ..Limits::default()
    };
    let router = http::router(Arc::clone(&app));
    let network = http::server::serve(listener, router.clone(), limits.clone(), stop.clone());
    let encrypted = serve_secure(&app, secure, router.clone(), limits.clone(), stop.clone());
    let commands = async {
        if let Some(LocalListener {
            listener,
            trusted,
            made,
        }) = local
        {
            http::server::serve_local(listener, trusted, router, limits, stop).await;
            drop(made);
        }
    };
    tokio::join!(network, encrypted, commands);
    app.stop().await;
    Ok(())
}

/// Descriptors for everything but visitors' connections: the store, workers, documents, what goes out.
const OWN_DESCRIPTORS: u64 = 512;

/// How many connections there may be: as many as the settings say, if the system lets this process have so many open
/// files. Beyond that no file of the store could be opened either.
fn make_room(connections: u32) -> usize {
    let wanted = u64::from(connections).saturating_add(OWN_DESCRIPTORS);
    let allowed = sandbox::raise_descriptors(wanted).unwrap_or(wanted);
    let most = most_connections(connections, allowed);
    if most < u64::from(connections) {
        tracing::warn!(
            setting = connections,
            open_files = allowed,
            connections = most,
            "the system allows fewer open files than `http.connections` needs; raise its limit (`ulimit -n`, or \
             LimitNOFILE of the service)"
        );
    }
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// A quarter at least, however few files may be open.
fn most_connections(wanted: u32, open_files: u64) -> u64 {
    let room = open_files.saturating_sub(OWN_DESCRIPTORS);
    u64::from(wanted).min(room.max(open_files / 4).max(1))
}

/// HTTPS, and what sends visitors there; nothing without a name.
async fn serve_secure(
    app: &App,
    secure: Option<Secure>,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) {
    let Some(secure) = secure else {
        return;
    };
    secure.tell_first(stop.clone());
    app.renew_certificates(secure.redirect.is_some());
    secure.serve(router, limits, stop).await;
}

/// Opens the socket for commands. Pages and API work without it if it cannot be opened.
fn listen_to_commands(data_dir: &Path) -> Option<LocalListener> {
    LocalSocket::of(data_dir)
        .and_then(LocalSocket::listen)
        .inspect_err(|error| {
            out::note(&format!(
                "Commands cannot reach this server, only its pages and API work: {}",
                out::explain(error)
            ));
        })
        .ok()
}

/// What is told of HTTPS.
struct Introduced {
    /// Address for this machine, without TLS.
    plain: String,
    told: String,
}

/// Says where the server is and how it is set up. `from_elsewhere` is the address that the owner set for people, with its
/// setup link.
fn announce(
    base: &str,
    from_elsewhere: Option<(Option<String>, String)>,
    https: Option<&Introduced>,
    link: Option<&str>,
    json: bool,
) -> anyhow::Result<()> {
    if json {
        let mut told = json!({"address": base, "setup_link": link});
        if let (Some(https), Some(told)) = (https, told.as_object_mut()) {
            told.insert("plain_address".to_owned(), https.plain.clone().into());
        }
        if let (Some((_, public)), Some(told)) = (from_elsewhere, told.as_object_mut()) {
            told.insert("public_address".to_owned(), public.into());
        }
        return out::json_line(&told);
    }
    out::line(&format!("Frontdesk is running at {base}"));
    if let Some(https) = https {
        out::line(&https.told);
        out::line(&format!("Without TLS it is at {}", https.plain));
    }
    let (public_link, public) = from_elsewhere.unzip();
    if let Some(public) = public {
        out::line(&format!("People reach it at {public}"));
    }
    match link {
        Some(link) => {
            out::line(&format!(
                "To set it up, open this link once (valid for {SETUP_LINK_HOURS} hours):\n  {link}"
            ));
            if let Some(link) = public_link.flatten() {
                out::line(&format!("or, from elsewhere:\n  {link}"));
            }
        }
        None => out::line("Sign in with the account that you made at setup."),
    }
    out::line("Press Ctrl+C to stop.");
    Ok(())
}

pub(super) fn bind_failed(address: SocketAddr, error: &std::io::Error) -> anyhow::Error {
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
        _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
    }
}

/// SIGTERM and SIGINT, which from now on no longer end the process by themselves.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    pub(super) fn watch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits until one of them comes.
    pub(super) async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// File written by earlier versions, with a key for commands.
const LOCAL_KEY: &str = "local.key";
/// Names of the keys that earlier versions made for commands.
const OWN_KEYS: [&str; 2] = ["commands on this machine", "a command on this machine"];

/// Removes what earlier versions left after a crash: the file and its still valid keys.
async fn forget_local_key(store: &Store, data_dir: &Path) -> anyhow::Result<()> {
    let revoked = store.write(|tx| {
        let now = jiff::Timestamp::now().as_millisecond();
        for key in api_keys::list(tx)? {
            if OWN_KEYS.contains(&key.name.as_str()) && key.revoked_at.is_none() {
                api_keys::revoke(tx, key.id, now)?;
            }
        }
        Ok(())
    });
    revoked.await?;
    let path = data_dir.join(LOCAL_KEY);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| {
                format!(
                    "{} is from an earlier version and cannot be removed",
                    path.display()
                )
            })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        assert_eq!(most_connections(16_384, 65_536), 16_384);
        assert_eq!(most_connections(16_384, 4096), 3584);
        assert_eq!(most_connections(16_384, 1024), 512);
        assert_eq!(most_connections(16_384, 256), 64);
        assert_eq!(most_connections(10, 1024), 10);
    }
}

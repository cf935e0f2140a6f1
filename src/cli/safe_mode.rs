//! When the store cannot be opened: a page that says what happened, instead of a process that restarts again and again.

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::https::Secure;
use super::out;
use super::serve::{StopSignals, bind_failed};
use crate::app::{AppError, backup, certificates_unkept};
use crate::config::Config;
use crate::http;
use crate::http::server::Limits;

/// Serves the page until it is stopped; then the command fails.
pub(super) async fn safe_mode(config: &Config, error: &AppError) -> anyhow::Result<()> {
    let signals = StopSignals::watch()?;
    let reason = error.to_string();
    tracing::error!(%reason, "safe mode: serving only a page that says why");
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| bind_failed(config.listen, &error))?;
    let (secure, missing) = match listen_securely(config).await {
        Ok(secure) => (secure, None),
        Err(error) => {
            let told = format!(
                "HTTPS is not served meanwhile ({}), so this page is at http://{} only",
                out::explain(&error),
                listener.local_addr().unwrap_or(config.listen)
            );
            tracing::error!("{told}");
            out::note(&told);
            (None, Some(told))
        }
    };
    let router = http::console::safe_mode::router(
        &reason,
        missing.as_deref(),
        &config.data_dir,
        &config.backup_path(),
        backup::names(config),
    );
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            signals.asked().await;
            stop.cancel();
        }
    });
    let encrypted = async {
        if let Some(secure) = secure {
            let renewing = TaskTracker::new();
            let http = secure.redirect.is_some();
            secure
                .certificates
                .keep_renewed(http, &renewing, stop.clone());
            secure
                .serve(router.clone(), Limits::default(), stop.clone())
                .await;
        }
    };
    let plain = http::server::serve(listener, router.clone(), Limits::default(), stop.clone());
    tokio::join!(plain, encrypted);
    anyhow::bail!(reason)
}

/// HTTPS with a certificate that holds still; `None` if none is wanted.
async fn listen_securely(config: &Config) -> anyhow::Result<Option<Secure>> {
    match certificates_unkept(config)? {
        Some(certificates) => Ok(Some(Secure::listen(config, certificates).await?)),
        None => Ok(None),
    }
}

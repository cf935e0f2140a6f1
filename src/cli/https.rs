//! HTTPS for `frontdesk serve`: the listeners, and what the owner is told about the certificate.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::out;
use crate::certificates::{Certificates, Mode, State};
use crate::config::Config;
use crate::http;
use crate::http::server::Limits;

/// What listens for HTTPS.
pub(super) struct Secure {
    pub(super) certificates: Certificates,
    pub(super) listener: TcpListener,
    /// For visitors without HTTPS; `None` if that port cannot be had.
    pub(super) redirect: Option<TcpListener>,
    pub(super) port: u16,
}

impl Secure {
    /// # Errors
    /// When the port for HTTPS cannot be had; the message says what to do. The other one is only noted.
    pub(super) async fn listen(
        config: &Config,
        certificates: Certificates,
    ) -> anyhow::Result<Self> {
        let listener = bind(config.https_listen)
            .await
            .map_err(|error| refused(config.https_listen, &error))?;
        let port = listener
            .local_addr()
            .context("the listener has no address")?
            .port();
        let redirect = match config.https_redirect.0 {
            None => None,
            Some(address) => bind(address)
                .await
                .inspect_err(|error| {
                    out::note(&format!(
                        "Visitors who come without https:// are not sent on, as port {} cannot be used: {error}. \
                         Another one is set with https.redirect; `none` is no port at all.",
                        address.port()
                    ));
                })
                .ok(),
        };
        Ok(Self {
            certificates,
            listener,
            redirect,
            port,
        })
    }

    /// Serves `router`, and sends visitors without HTTPS there, until `stop` fires.
    pub(super) async fn serve(self, router: Router, limits: Limits, stop: CancellationToken) {
        let Self {
            certificates,
            listener,
            redirect,
            port,
        } = self;
        let redirects = http::redirects(certificates.clone(), port);
        let (plain_limits, plain_stop) = (limits.clone(), stop.clone());
        let plain = async move {
            if let Some(listener) = redirect {
                http::server::serve(listener, redirects, plain_limits, plain_stop).await;
            }
        };
        let encrypted = http::server::serve_secure(listener, certificates, router, limits, stop);
        tokio::join!(encrypted, plain);
    }

    /// Such as `https://desk.example.com`.
    pub(super) fn origin(&self) -> String {
        let name = self.certificates.names().first();
        name.map_or_else(String::new, |name| http::origin(name, self.port))
    }

    /// What to know about the certificate, in a few words.
    pub(super) fn introduce(&self, config: &Config) -> String {
        let state = self.certificates.state();
        match state.mode {
            Mode::Private => format!(
                "Browsers trust it once they know its own authority: open {}/certificate on each device.",
                match &self.redirect {
                    Some(_) => self.origin().replacen("https:", "http:", 1),
                    None => self.origin(),
                }
            ),
            Mode::Acme if state.shown.is_stand_in => format!(
                "A certificate is being asked for at {}. Using HTTPS this way means that you agree to its terms of \
                 service.",
                config.https_acme_directory
            ),
            _ => {
                let (_, told) = state.verdict(jiff::Timestamp::now().as_millisecond());
                format!("The certificate: {told}.")
            }
        }
    }

    /// Tells on the terminal when the first certificate came, or why it did not.
    pub(super) fn tell_first(&self, stop: CancellationToken) {
        let certificates = self.certificates.clone();
        if !certificates.state().shown.is_stand_in {
            return;
        }
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            let mut changes = certificates.changes();
            let mut told = None;
            while changes.changed().await.is_ok() {
                let state = certificates.state();
                let text = describe(&state);
                if told != text {
                    if let Some(text) = &text {
                        out::note(text);
                    }
                    told = text;
                }
                if !state.shown.is_stand_in {
                    return;
                }
            }
        }));
    }
}

/// `None` before the first attempt has ended.
fn describe(state: &State) -> Option<String> {
    let last = state.attempt.as_ref()?;
    let terms = state.terms.as_ref();
    let terms = terms.map_or_else(String::new, |link| format!(" Its terms of service: {link}"));
    Some(match &last.error {
        None => format!(
            "The certificate has come, from {}.{terms}",
            state.shown.issuer
        ),
        Some(error) => {
            let again = state.next_at.map(out::moment);
            let again = again.map_or_else(String::new, |at| format!(" It is tried again at {at}."));
            format!("No certificate yet: {error}.{again}{terms}")
        }
    })
}

/// Binds; where IPv6 is turned off, all addresses are those of IPv4.
async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    use std::io::ErrorKind::{AddrInUse, PermissionDenied};
    match TcpListener::bind(address).await {
        Err(error)
            if address.ip() == IpAddr::from(std::net::Ipv6Addr::UNSPECIFIED)
                && !matches!(error.kind(), AddrInUse | PermissionDenied) =>
        {
            let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
            TcpListener::bind(v4).await
        }
        bound => bound,
    }
}

fn refused(address: SocketAddr, error: &std::io::Error) -> anyhow::Error {
    let port = address.port();
    match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {port}, which HTTPS uses, is taken by another program, perhaps a web server that is a proxy already: \
             stop that one, or choose another port with https.listen = \"0.0.0.0:8443\""
        ),
        std::io::ErrorKind::PermissionDenied => anyhow::anyhow!(
            "port {port}, which HTTPS uses, may only be used by the administrator. One of these helps: run Frontdesk as \
             a service (./install.sh --service --https NAME), which may; allow this program to, with \
             sudo setcap cap_net_bind_service=+ep \"$(readlink -f \"$(command -v frontdesk)\")\" (again after each \
             update); or choose another port with https.listen = \"0.0.0.0:8443\" and let your router send port 443 there"
        ),
        _ => anyhow::anyhow!("cannot listen for HTTPS on {address}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_cannot_be_had_is_told_with_the_way_out() {
        let told = |kind: std::io::ErrorKind| {
            refused(([0, 0, 0, 0], 443).into(), &kind.into()).to_string()
        };
        let denied = told(std::io::ErrorKind::PermissionDenied);
        assert!(
            denied.contains("setcap") && denied.contains("--service"),
            "{denied}"
        );
        assert!(told(std::io::ErrorKind::AddrInUse).contains("https.listen"));
    }
}

//! Starts telling people and programs what happens, with links to this server.

use std::net::Ipv6Addr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::App;
use crate::config::Config;
use crate::inbox::notify::{Address, Notifier};
use crate::store::{Store, StoreError};
use crate::webhooks::Webhooks;

/// The address that this process announced, once it listens.
pub(super) type Announced = Arc<Mutex<Option<String>>>;

/// The address that links in e-mails begin with.
pub(super) fn address(config: &Config, announced: &Announced) -> Address {
    let announced = Arc::clone(announced);
    let (public, usual) = (public_address(config), format!("http://{}", config.listen));
    Arc::new(move || {
        let announced = announced.lock().unwrap_or_else(PoisonError::into_inner);
        let known = public.clone().or_else(|| announced.clone());
        known.unwrap_or_else(|| usual.clone())
    })
}

pub(super) async fn start(
    store: &Store,
    webhooks: &Webhooks,
    address: Address,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> Result<(), StoreError> {
    let (store, webhooks) = (store.clone(), webhooks.clone());
    Notifier::start(store, webhooks, address, tasks, shutdown.clone()).await
}

/// Where people reach this server: as the owner set it, or by the name of its own HTTPS; `None` without either.
pub(super) fn public_address(config: &Config) -> Option<String> {
    if let Some(address) = &config.public_url.0 {
        return Some(address.clone());
    }
    let name = config.https_names.split(',').next().map(str::trim);
    let name = name.filter(|name| !name.is_empty())?;
    let host = match name.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => name.to_owned(),
    };
    Some(match config.https_listen.port() {
        443 => format!("https://{host}"),
        port => format!("https://{host}:{port}"),
    })
}

impl App {
    /// Where people reach this server, if that is known without a request: as the owner set it (`public.url`), or by
    /// its own HTTPS.
    pub fn public_address(&self) -> Option<String> {
        let set = self.config.public_url.0.clone();
        set.or_else(|| {
            let announced = self.address();
            announced.starts_with("https://").then_some(announced)
        })
    }

    /// The address to write into links: [`App::public_address`], or else where this process listens.
    pub fn link_address(&self) -> String {
        self.public_address().unwrap_or_else(|| self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PublicUrl;

    #[test]
    fn links_lead_to_the_name_that_people_use() {
        let of = |names: &str, port: u16| {
            let mut config = Config {
                https_names: names.to_owned(),
                ..Config::default()
            };
            config.https_listen.set_port(port);
            public_address(&config)
        };
        assert_eq!(of("", 443), None);
        let name = of(" desk.example.com , other.example", 443);
        assert_eq!(name.as_deref(), Some("https://desk.example.com"));
        assert_eq!(of("::1", 8443).as_deref(), Some("https://[::1]:8443"));
        let behind_a_proxy = Config {
            https_names: "desk.example.com".to_owned(),
            public_url: PublicUrl(Some("https://chat.example.org".to_owned())),
            ..Config::default()
        };
        let told = public_address(&behind_a_proxy);
        assert_eq!(told.as_deref(), Some("https://chat.example.org"));
    }
}

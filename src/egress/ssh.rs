//! SSH to a server with a pinned host key. The user name and the password or key are sent only after the server has
//! proved that it holds the pinned key, and only then is the session handed out.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::client::{self, AuthResult, Handle, Msg};
use russh::keys::{
    Algorithm, HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key,
};
use russh::{ChannelStream, Disconnect};

use super::allow::SSH_PORTS;
use super::tunnel::Opening;
use super::{Class, EgressError, Gateway, Purpose, Secret, StreamLimits};
use crate::reason::Reason;

/// The name in the ledger.
const PROTOCOL: &str = "SSH";
/// How long a server may send nothing.
const INACTIVITY_TIMEOUT: Duration = Duration::from_secs(60);
/// For reading a host key, before any login.
const HOST_KEY_LIMITS: StreamLimits = StreamLimits {
    sent: 1 << 20,
    received: 1 << 20,
    time: Duration::from_secs(20),
};

#[derive(Debug, Clone)]
pub struct SshPlace {
    pub purpose: Purpose,
    /// A name or an IP address.
    pub host: String,
    pub port: u16,
}

#[derive(Debug, Clone)]
pub enum Login {
    Password(Secret),
    /// A private key in OpenSSH's format (Ed25519 or ECDSA), without a passphrase.
    Key(Secret),
}

/// A session with a server that has proved who it is.
pub struct Ssh {
    handle: Handle<Peer>,
    host: String,
}

/// The byte stream of a subsystem such as SFTP.
pub type Channel = ChannelStream<Msg>;

/// Whether the text is a SHA-256 fingerprint as `ssh-keygen -l` prints it.
pub fn is_fingerprint(text: &str) -> bool {
    text.parse::<russh::keys::ssh_key::Fingerprint>()
        .is_ok_and(|print| print.is_sha256())
}

/// Compares the server's key with the pinned one, and keeps what it saw for the error message.
struct Peer {
    pinned: Option<String>,
    seen: Arc<Mutex<Option<String>>>,
}

impl client::Handler for Peer {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        let print = key.public_key().fingerprint(HashAlg::Sha256).to_string();
        // Without a pinned key the answer is always no, so a probe for the key never signs in.
        let is_right = self.pinned.as_ref() == Some(&print);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(print);
        Ok(is_right)
    }
}

impl Gateway {
    /// The fingerprint of the host key that a server shows, without signing in.
    pub async fn host_key(&self, place: &SshPlace) -> Result<String, EgressError> {
        let data = BTreeSet::from([Class::Metadata]);
        let tunnel = self.tunnel(place.opening(data, HOST_KEY_LIMITS)).await?;
        let (peer, seen) = Peer::new(None);
        let error = match client::connect_stream(config(), tunnel, peer).await {
            Ok(_) => "it accepted a connection that was refused".into(),
            Err(error) => Reason::of(error),
        };
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        seen.ok_or_else(|| place.failed(error))
    }

    /// Opens a session and signs in, if the server's key has the fingerprint `host_key`.
    pub async fn ssh(
        &self,
        place: &SshPlace,
        host_key: &str,
        (user, login): (&str, &Login),
        data: BTreeSet<Class>,
        limits: StreamLimits,
    ) -> Result<Ssh, EgressError> {
        // Before the connection, so that a bad key fails without anything in the ledger.
        let login = ParsedLogin::parse(login)?;
        let data = data.into_iter().chain([Class::Credential, Class::Metadata]);
        let tunnel = self.tunnel(place.opening(data.collect(), limits)).await?;
        let (peer, seen) = Peer::new(Some(host_key.to_owned()));
        let connected = client::connect_stream(config(), tunnel, peer).await;
        let mut handle = match connected {
            Ok(handle) => handle,
            Err(error) => {
                let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
                return Err(match seen.filter(|seen| seen != host_key) {
                    Some(seen) => EgressError::HostKey {
                        host: place.host.clone(),
                        seen,
                        pinned: host_key.to_owned(),
                    },
                    None => place.failed(Reason::of(error)),
                });
            }
        };
        let answer = match login {
            ParsedLogin::Password(password) => {
                handle.authenticate_password(user, password.reveal()).await
            }
            ParsedLogin::Key(key) => handle.authenticate_publickey(user, key).await,
        };
        match answer {
            Ok(AuthResult::Success) => Ok(Ssh {
                handle,
                host: place.host.clone(),
            }),
            Ok(AuthResult::Failure { .. }) => Err(EgressError::SignIn {
                host: place.host.clone(),
                user: user.to_owned(),
            }),
            Err(error) => Err(place.failed(Reason::of(error))),
        }
    }
}

impl Ssh {
    /// Starts a subsystem of the server, such as `sftp`.
    pub async fn subsystem(&self, name: &str) -> Result<Channel, EgressError> {
        let failed = |error: russh::Error| EgressError::Failed {
            host: self.host.clone(),
            reason: Reason::told(format!("it offers no {name} ({error})"), error),
        };
        let channel = self.handle.channel_open_session().await.map_err(failed)?;
        channel
            .request_subsystem(true, name)
            .await
            .map_err(failed)?;
        Ok(channel.into_stream())
    }

    /// Ends the session and waits up to 5 s for the server to hang up.
    pub async fn close(self) {
        let bye = self.handle.disconnect(Disconnect::ByApplication, "", "en");
        // If the server is gone, the session has ended too.
        let _ended = bye.await;
        let _ended = tokio::time::timeout(Duration::from_secs(5), self.handle).await;
    }
}

impl Peer {
    fn new(pinned: Option<String>) -> (Self, Arc<Mutex<Option<String>>>) {
        let seen = Arc::new(Mutex::new(None));
        let peer = Self {
            pinned,
            seen: Arc::clone(&seen),
        };
        (peer, seen)
    }
}

impl SshPlace {
    fn opening(&self, data: BTreeSet<Class>, limits: StreamLimits) -> Opening<'_> {
        Opening {
            workspace: None,
            purpose: self.purpose,
            provider: None,
            protocol: PROTOCOL,
            host: &self.host,
            port: self.port,
            usual_ports: SSH_PORTS,
            data,
            limits,
        }
    }

    fn failed(&self, reason: Reason) -> EgressError {
        EgressError::Failed {
            host: self.host.clone(),
            reason,
        }
    }
}

/// A [`Login`] whose key was parsed.
enum ParsedLogin<'a> {
    Password(&'a Secret),
    Key(PrivateKeyWithHashAlg),
}

impl<'a> ParsedLogin<'a> {
    fn parse(login: &'a Login) -> Result<Self, EgressError> {
        match login {
            Login::Password(password) => Ok(Self::Password(password)),
            Login::Key(text) => {
                let key = decode_secret_key(text.reveal(), None).ok();
                // Other kinds can be parsed, but not signed with.
                let usable = key.filter(|key| {
                    matches!(
                        key.algorithm(),
                        Algorithm::Ed25519 | Algorithm::Ecdsa { .. }
                    )
                });
                match usable {
                    Some(key) => Ok(Self::Key(PrivateKeyWithHashAlg::new(Arc::new(key), None))),
                    None => Err(EgressError::Settings(
                        "the private key cannot be used: it has to be an Ed25519 or ECDSA key as ssh-keygen makes it, \
                         without a passphrase"
                            .into(),
                    )),
                }
            }
        }
    }
}

impl Login {
    /// # Errors
    /// [`EgressError::Settings`] for a private key that cannot be used.
    pub fn check(&self) -> Result<(), EgressError> {
        ParsedLogin::parse(self).map(drop)
    }
}

fn config() -> Arc<client::Config> {
    Arc::new(client::Config {
        inactivity_timeout: Some(INACTIVITY_TIMEOUT),
        nodelay: true,
        ..client::Config::default()
    })
}

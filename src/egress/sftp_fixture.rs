//! An SFTP server over a folder, for tests. Like OpenSSH it refuses to rename onto an existing name.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use russh::keys::ssh_key::private::{Ed25519Keypair, RsaKeypair, RsaPrivateKey};
use russh::keys::ssh_key::public::RsaPublicKey;
use russh::keys::ssh_key::{LineEnding, Mpint};
use russh::keys::{HashAlg, PrivateKey};
use russh::server::{self, Auth, ChannelOpenHandle, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use russh_sftp::protocol::{
    Attrs, Data, File as Named, FileAttributes, Handle, Name, OpenFlags, Status, StatusCode,
};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The accepted login.
pub const USER: &str = "ann";
pub const PASSWORD: &str = "correct horse";

pub struct SftpServer {
    pub port: u16,
    /// Fingerprint of its key.
    pub print: String,
    /// Number of login attempts.
    pub sign_ins: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

fn key(seed: u8) -> PrivateKey {
    Ed25519Keypair::from_seed(&[seed; 32]).into()
}

/// The private key that is accepted too, in OpenSSH's file format.
pub fn client_key() -> String {
    key(99).to_openssh(LineEnding::LF).unwrap().to_string()
}

/// A private key of a kind that we do not sign with, in OpenSSH's file format. Its numbers are made up.
pub fn rsa_key() -> String {
    let number = |byte: u8| Mpint::from_positive_bytes(&[byte; 128]);
    let public = RsaPublicKey::new(number(3), number(5)).unwrap();
    let private = RsaPrivateKey::new(number(7), number(9), number(11), number(13)).unwrap();
    let key = PrivateKey::from(RsaKeypair::new(public, private).unwrap());
    key.to_openssh(LineEnding::LF).unwrap().to_string()
}

impl SftpServer {
    /// `host_key` seeds the host key; port 0 means any free port.
    pub async fn start(root: &Path, host_key: u8, port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let host_key = key(host_key);
        let print = host_key.fingerprint(HashAlg::Sha256).to_string();
        let config = Arc::new(server::Config {
            keys: vec![host_key],
            auth_rejection_time: Duration::from_millis(10),
            auth_rejection_time_initial: Some(Duration::ZERO),
            ..server::Config::default()
        });
        let sign_ins = Arc::new(AtomicUsize::new(0));
        let guest = Guest {
            root: root.to_owned(),
            channels: HashMap::new(),
            sign_ins: Arc::clone(&sign_ins),
        };
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (config, guest) = (Arc::clone(&config), guest.again());
                tokio::spawn(async move {
                    if let Ok(session) = server::run_stream(config, socket, guest).await {
                        let _ended = session.await;
                    }
                });
            }
        });
        Self {
            port,
            print,
            sign_ins,
            serving,
        }
    }
}

impl Drop for SftpServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

struct Guest {
    root: PathBuf,
    channels: HashMap<ChannelId, Channel<Msg>>,
    sign_ins: Arc<AtomicUsize>,
}

impl Guest {
    fn again(&self) -> Self {
        Self {
            root: self.root.clone(),
            channels: HashMap::new(),
            sign_ins: Arc::clone(&self.sign_ins),
        }
    }

    fn judge(&self, is_right: bool) -> Auth {
        self.sign_ins.fetch_add(1, Ordering::Relaxed);
        if is_right {
            Auth::Accept
        } else {
            Auth::reject()
        }
    }
}

impl server::Handler for Guest {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(self.judge((user, password) == (USER, PASSWORD)))
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        offered: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        let is_right = offered.public_key.key_data() == key(99).public_key().key_data();
        Ok(self.judge(user == USER && is_right))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        match self.channels.remove(&id).filter(|_| name == "sftp") {
            Some(channel) => {
                session.channel_success(id)?;
                let files = Files {
                    root: self.root.clone(),
                    open: HashMap::new(),
                };
                russh_sftp::server::run(channel.into_stream(), files).await;
            }
            None => session.channel_failure(id)?,
        }
        Ok(())
    }
}

struct Files {
    root: PathBuf,
    open: HashMap<String, Opened>,
}

enum Opened {
    File(File),
    /// What is still to be listed.
    Folder(Vec<Named>),
}

fn fine(id: u32) -> Status {
    Status {
        id,
        status_code: StatusCode::Ok,
        error_message: String::new(),
        language_tag: String::new(),
    }
}

fn told(error: std::io::Error) -> StatusCode {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => StatusCode::NoSuchFile,
        std::io::ErrorKind::PermissionDenied => StatusCode::PermissionDenied,
        _ => StatusCode::Failure,
    }
}

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name.trim_start_matches('/'))
    }

    fn keep(&mut self, id: u32, opened: Opened) -> Handle {
        let handle = format!("{}", self.open.len() + id as usize);
        self.open.insert(handle.clone(), opened);
        Handle { id, handle }
    }

    fn file(&mut self, handle: &str) -> Result<&mut File, StatusCode> {
        match self.open.get_mut(handle) {
            Some(Opened::File(file)) => Ok(file),
            _ => Err(StatusCode::Failure),
        }
    }
}

impl russh_sftp::server::Handler for Files {
    type Error = StatusCode;

    fn unimplemented(&self) -> StatusCode {
        StatusCode::OpUnsupported
    }

    async fn open(
        &mut self,
        id: u32,
        name: String,
        flags: OpenFlags,
        _: FileAttributes,
    ) -> Result<Handle, StatusCode> {
        let file = File::options()
            .read(flags.contains(OpenFlags::READ))
            .write(flags.contains(OpenFlags::WRITE))
            .create(flags.contains(OpenFlags::CREATE))
            .truncate(flags.contains(OpenFlags::TRUNCATE))
            .open(self.path(&name))
            .map_err(told)?;
        Ok(self.keep(id, Opened::File(file)))
    }

    async fn close(&mut self, id: u32, handle: String) -> Result<Status, StatusCode> {
        self.open.remove(&handle);
        Ok(fine(id))
    }

    async fn read(
        &mut self,
        id: u32,
        handle: String,
        offset: u64,
        len: u32,
    ) -> Result<Data, StatusCode> {
        let file = self.file(&handle)?;
        file.seek(SeekFrom::Start(offset)).map_err(told)?;
        let mut data = Vec::new();
        file.take(len.into()).read_to_end(&mut data).map_err(told)?;
        match data.is_empty() {
            true => Err(StatusCode::Eof),
            false => Ok(Data { id, data }),
        }
    }

    async fn write(
        &mut self,
        id: u32,
        handle: String,
        offset: u64,
        data: Vec<u8>,
    ) -> Result<Status, StatusCode> {
        let file = self.file(&handle)?;
        file.seek(SeekFrom::Start(offset)).map_err(told)?;
        file.write_all(&data).map_err(told)?;
        Ok(fine(id))
    }

    async fn opendir(&mut self, id: u32, name: String) -> Result<Handle, StatusCode> {
        let entries = fs::read_dir(self.path(&name)).map_err(told)?;
        let named = entries.map(|entry| {
            let entry = entry.unwrap();
            let attributes = FileAttributes::from(&entry.metadata().unwrap());
            Named::new(entry.file_name().into_string().unwrap(), attributes)
        });
        let named = named.collect();
        Ok(self.keep(id, Opened::Folder(named)))
    }

    async fn readdir(&mut self, id: u32, handle: String) -> Result<Name, StatusCode> {
        match self.open.get_mut(&handle) {
            Some(Opened::Folder(left)) if !left.is_empty() => Ok(Name {
                id,
                files: std::mem::take(left),
            }),
            _ => Err(StatusCode::Eof),
        }
    }

    async fn remove(&mut self, id: u32, name: String) -> Result<Status, StatusCode> {
        fs::remove_file(self.path(&name)).map_err(told)?;
        Ok(fine(id))
    }

    async fn mkdir(
        &mut self,
        id: u32,
        name: String,
        _: FileAttributes,
    ) -> Result<Status, StatusCode> {
        fs::create_dir(self.path(&name)).map_err(told)?;
        Ok(fine(id))
    }

    async fn stat(&mut self, id: u32, name: String) -> Result<Attrs, StatusCode> {
        let found = fs::metadata(self.path(&name)).map_err(told)?;
        let attrs = FileAttributes::from(&found);
        Ok(Attrs { id, attrs })
    }

    async fn rename(&mut self, id: u32, from: String, to: String) -> Result<Status, StatusCode> {
        if self.path(&to).exists() {
            return Err(StatusCode::Failure);
        }
        fs::rename(self.path(&from), self.path(&to)).map_err(told)?;
        Ok(fine(id))
    }
}

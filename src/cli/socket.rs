//! The socket in the data folder, over which commands reach the running server. No proxy and no
//! browser can use it, and the kernel says which user is at the other end.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixStream as Probe};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use tokio::net::{UnixListener, UnixStream};

/// File name in the data folder.
const NAME: &str = "frontdesk.sock";
/// User id of root, who may read the data folder anyway.
const ROOT: u32 = 0;

/// Path of the socket of a data folder.
#[derive(Debug, Clone)]
pub(super) struct LocalSocket {
    path: PathBuf,
    /// Keeps the folder open while `path` goes through `/proc/self/fd`.
    _folder: Option<Arc<File>>,
}

impl LocalSocket {
    /// Path of the socket, whether or not it exists.
    ///
    /// # Errors
    /// When the folder's path is too long for a socket and this system has no way around that.
    pub(super) fn of(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join(NAME);
        // An address has room for 107 bytes (103 on macOS).
        if SocketAddr::from_pathname(&path).is_ok() {
            return Ok(Self {
                path,
                _folder: None,
            });
        }
        let folder = File::open(data_dir)
            .with_context(|| format!("{} cannot be opened", data_dir.display()))?;
        let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
        if !short.exists() {
            anyhow::bail!(
                "the path {} is too long for a socket; name the folder by a shorter path or a link: \
                 --data DIR",
                path.display()
            );
        }
        Ok(Self {
            path: short.join(NAME),
            _folder: Some(Arc::new(folder)),
        })
    }

    /// The path to connect to, valid while `self` lives.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Checks whether anybody accepts connections there.
    pub(super) fn probe(&self) -> io::Result<()> {
        Probe::connect(&self.path).map(drop)
    }

    /// Connects to the server.
    pub(super) async fn connect(&self) -> io::Result<UnixStream> {
        UnixStream::connect(&self.path).await
    }

    /// Listens on the socket. Call it only while holding the lock of the data folder: an existing socket was then left
    /// by a killed server, and is removed.
    ///
    /// # Errors
    /// For example, when the file system does not support sockets.
    pub(super) fn listen(self) -> anyhow::Result<LocalListener> {
        let what = || format!("{} cannot be made", self.path.display());
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error).with_context(what);
        }
        let listener = UnixListener::bind(&self.path).with_context(what)?;
        let made = Made(self.clone());
        // Until the mode is set, others may connect, but the check of users refuses them.
        fs::set_permissions(&self.path, Permissions::from_mode(0o600)).with_context(what)?;
        let (own, _) = UnixStream::pair().with_context(what)?;
        let own = own.peer_cred().with_context(what)?.uid();
        Ok(LocalListener {
            listener,
            trusted: vec![own, ROOT],
            made,
        })
    }
}

/// A listening socket.
pub(super) struct LocalListener {
    pub(super) listener: UnixListener,
    /// Ids of trusted users: this process's own, and root.
    pub(super) trusted: Vec<u32>,
    /// Dropping it removes the socket.
    pub(super) made: Made,
}

/// The socket's file. Dropping this removes it; drop it before releasing the lock of the folder.
pub(super) struct Made(LocalSocket);

impl Drop for Made {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0.path) {
            tracing::warn!(%error, "the socket for commands is removed at the next start");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn only_its_user_may_open_it_and_it_is_gone_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let socket = LocalSocket::of(folder.path()).unwrap();
        assert!(socket.probe().is_err());
        let listening = socket.clone().listen().unwrap();
        assert_eq!(mode(&folder.path().join(NAME)), 0o600);
        socket.probe().unwrap();
        drop(listening);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_a_killed_server_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        // The standard library's listener does not remove its file.
        drop(std::os::unix::net::UnixListener::bind(folder.path().join(NAME)).unwrap());
        let socket = LocalSocket::of(folder.path()).unwrap();
        assert!(socket.probe().is_err());
        let _listening = socket.clone().listen().unwrap();
        socket.probe().unwrap();
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn a_long_path_leads_to_the_same_place() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("long".repeat(50));
        fs::create_dir(&folder).unwrap();
        let there = LocalSocket::of(&folder).unwrap();
        let _listening = there.listen().unwrap();
        assert_eq!(mode(&folder.join(NAME)), 0o600);
        LocalSocket::of(&folder).unwrap().probe().unwrap();
    }
}

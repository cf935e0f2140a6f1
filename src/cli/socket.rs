//! The socket in the data folder, over which commands reach the server that runs there. No proxy and no
//! browser can come that way, and the kernel says which user is at the other end.

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
/// User id of the administrator, who may read the data folder anyway.
const ROOT: u32 = 0;

/// The way to the socket of a data folder.
#[derive(Debug, Clone)]
pub(super) struct LocalSocket {
    path: PathBuf,
    /// Held open while `path` leads through it.
    _folder: Option<Arc<File>>,
}

impl LocalSocket {
    /// The way to the socket, whether or not it is there.
    ///
    /// # Errors
    /// When the folder's path is too long for a socket, and this system knows no way around.
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

    /// Where to connect to, for as long as this is kept.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether anybody takes connections there.
    pub(super) fn probe(&self) -> io::Result<()> {
        Probe::connect(&self.path).map(drop)
    }

    /// A connection to the server.
    pub(super) async fn connect(&self) -> io::Result<UnixStream> {
        UnixStream::connect(&self.path).await
    }

    /// Listens there. Only who holds the lock of the data folder may: a socket that lies there was then left
    /// by a server that was killed, and is removed.
    ///
    /// # Errors
    /// When the file system knows no sockets, for example.
    pub(super) fn listen(self) -> anyhow::Result<LocalListener> {
        let what = || format!("{} cannot be made", self.path.display());
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error).with_context(what);
        }
        let listener = UnixListener::bind(&self.path).with_context(what)?;
        let made = Made(self.clone());
        // Until then somebody may connect whom the check of users turns away.
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

/// A socket that takes connections.
pub(super) struct LocalListener {
    pub(super) listener: UnixListener,
    /// Ids of the users whose processes are the installation itself: this process's own, and root.
    pub(super) trusted: Vec<u32>,
    /// Dropping it removes the socket.
    pub(super) made: Made,
}

/// The socket's file; removed when it is dropped, which must be before the lock of the folder is let go.
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
        // The standard library's listener leaves its file.
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

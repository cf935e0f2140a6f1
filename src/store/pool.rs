//! The store's handle: one writing connection and a few reading ones.

use std::any::Any;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{Semaphore, broadcast};

use super::changes::{Changes, Tracker};
use super::connection::{self, Access, Opener};
use super::reserve::Reserve;
use super::snapshot::SnapshotKey;
use super::{MasterKey, StoreError, migrate, roll_back};

/// More than a small machine has cores; each connection costs about 2 ms to open and a page cache of at most 2 MB.
const READERS: usize = 4;

/// Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    writer: Pool,
    readers: Pool,
    opener: Opener,
    reserve: Reserve,
    tracker: Tracker,
    /// The first damage that any query met.
    damage: OnceLock<String>,
}

impl Store {
    /// Opens the database file, creating it if it is missing, and brings its schema up to date.
    ///
    /// Errors: `WrongKey`, `NewerSchema`, `Damaged`, `DiskFull`, `Io`. Take the
    /// [`DataLock`](super::DataLock) first: two processes must not migrate the same file.
    pub fn open(path: &Path, key: &MasterKey) -> Result<Self, StoreError> {
        connection::make_parent(path)?;
        let reserve = Reserve::beside(path);
        let open = || {
            let opener = Opener::file(path, key);
            migrate::bring_up(&opener, migrate::MIGRATIONS)?;
            Self::connect(opener)
        };
        match open().map_err(|error| reserve.recognise_full_disk(error)) {
            // Releasing the reserve has made room: try once more.
            Err(StoreError::DiskFull { .. }) => {
                open().map_err(|error| reserve.recognise_full_disk(error))
            }
            opened => opened,
        }
    }

    /// Runs queries on a database that may not be possible to [open](Self::open): damaged in other places, or on a full
    /// disk. Nothing is migrated, and the file stays as it is. What is damaged itself is `Damaged`.
    pub fn peek<T>(
        path: &Path,
        key: &MasterKey,
        queries: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        queries(&Opener::file(path, key).open_unchanged()?)
    }

    /// A store for tests that leaves nothing behind. Its file is in the memory file system if there is one (Linux),
    /// else among the temporary files; it has a random key and is unlinked at once. It does not wait for the disk, but
    /// otherwise behaves like any other store.
    pub fn open_in_memory() -> Result<Self, StoreError> {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() {
            memory.into()
        } else {
            std::env::temp_dir()
        };
        let dir = parent.join(format!("frontdesk-{}", uuid::Uuid::new_v4()));
        let path = dir.join("frontdesk.db");
        connection::make_parent(&path)?;
        let store = Opener::scratch(&path).and_then(|opener| {
            migrate::bring_up(&opener, migrate::MIGRATIONS)?;
            Self::connect(opener)
        });
        std::fs::remove_dir_all(&dir)
            .map_err(|e| StoreError::io(format!("removing {}", dir.display()), e))?;
        store
    }

    fn connect(opener: Opener) -> Result<Self, StoreError> {
        let tracker = Tracker::new();
        let mut writing = opener.open(Access::Write)?;
        tracker.follow(&mut writing)?;
        let writer = Pool::new(vec![writing]);
        let readers = (0..READERS)
            .map(|_| opener.open(Access::Read))
            .collect::<Result<_, _>>()?;
        let reserve = Reserve::beside(opener.path());
        Ok(Self {
            shared: Arc::new(Shared {
                reserve,
                tracker,
                writer,
                readers: Pool::new(readers),
                opener,
                damage: OnceLock::new(),
            }),
        })
    }

    /// Runs queries on a reading connection, off the async threads. All of them see the same state of the database.
    pub async fn read<T, F>(&self, queries: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let store = self.clone();
        let read = Box::new(move || Ok(Box::new(store.read_blocking(queries)?) as Value));
        unwrap_value(off_thread(&self.shared.readers, read).await?)
    }

    /// Runs changes in one transaction on the writing connection, off the async threads. They are on the disk when this
    /// returns `Ok`; an error undoes all of them. If the caller stops waiting, the transaction still runs to its end.
    pub async fn write<T, F>(&self, changes: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let store = self.clone();
        let written = Box::new(move || Ok(Box::new(store.write_blocking(changes)?) as Value));
        unwrap_value(off_thread(&self.shared.writer, written).await?)
    }

    /// [`Store::read`] for code without an async runtime.
    pub fn read_blocking<T>(
        &self,
        queries: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (mut queries, mut value) = (Some(queries), None);
        self.with(Access::Read, &mut |connection| {
            let snapshot = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
            keep(&mut queries, &mut value, |queries| queries(&snapshot))
        })?;
        value.ok_or(StoreError::Busy)
    }

    /// Lends a connection. Replaces one that met a damaged page: SQLCipher refuses everything on it from then on, while
    /// other parts of the file are still readable on a new connection.
    fn with(
        &self,
        access: Access,
        run: &mut dyn FnMut(&mut Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let pool = match access {
            Access::Read => &self.shared.readers,
            Access::Write => &self.shared.writer,
        };
        let mut lent = pool.lend();
        let done = match &mut lent.connection {
            Some(connection) => run(connection),
            None => Err(StoreError::Busy),
        };
        if let Err(StoreError::Damaged { detail }) = &done {
            self.note_damage(detail);
            if let Ok(mut fresh) = self.shared.opener.open(access)
                && (access == Access::Read || self.shared.tracker.follow(&mut fresh).is_ok())
            {
                lent.connection = Some(fresh);
            }
        }
        done
    }

    /// Remembers until the process ends that the file is damaged.
    pub fn note_damage(&self, detail: &str) {
        if self.shared.damage.set(detail.to_owned()).is_ok() {
            tracing::error!(%detail, "the database is damaged; restore a backup");
        }
    }

    /// What is damaged, if any query met damage.
    pub fn damage(&self) -> Option<&str> {
        self.shared.damage.get().map(String::as_str)
    }

    /// [`Store::write`] for code without an async runtime.
    pub fn write_blocking<T>(
        &self,
        changes: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (mut changes, mut value) = (Some(changes), None);
        self.commit(&mut |tx| keep(&mut changes, &mut value, |changes| changes(tx)))?;
        value.ok_or(StoreError::Busy)
    }

    fn commit(
        &self,
        changes: &mut dyn FnMut(&Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let written = self.with(Access::Write, &mut |connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            self.shared.tracker.forget();
            changes(&tx)?;
            let told = self.shared.tracker.collect(&tx)?;
            tx.commit()?;
            self.shared.tracker.publish(told);
            Ok(())
        });
        written.map_err(|error| self.shared.reserve.recognise_full_disk(error))
    }

    /// What later transactions change among conversations, told when it is on the disk. Whoever lags behind learns that
    /// they missed something, and reads again.
    pub fn changes(&self) -> broadcast::Receiver<Changes> {
        self.shared.tracker.subscribe()
    }

    /// Keeps some disk space in reserve for the day when the disk is full. Call it from time to time; the store
    /// releases the space by itself.
    pub fn keep_reserve_blocking(&self) -> Result<(), StoreError> {
        self.shared.reserve.keep()
    }

    /// `DiskFull` while the disk is full, or has not regained enough space since. Ask before storing anything large, so
    /// that the reserve is left for answers, sign-in and deleting.
    pub fn has_room(&self) -> Result<(), StoreError> {
        self.shared.reserve.has_room()
    }

    /// Checks every page and every foreign key; takes about a second per 200 MB. `Damaged` names the first finding.
    pub fn check_blocking(&self) -> Result<(), StoreError> {
        self.with(Access::Read, &mut |connection| {
            connection::check(connection)
        })
    }

    /// Copies the database, encrypted with the same key, while it is in use, and returns that key. The target file must
    /// not exist. Damage is copied too: run [`Snapshot::check`](super::snapshot::Snapshot::check) on the copy.
    pub fn backup_blocking(&self, to: &Path) -> Result<SnapshotKey, StoreError> {
        if to.exists() {
            return Err(StoreError::Conflict(
                format!("{} exists already", to.display()).into(),
            ));
        }
        let target = self.shared.opener.sibling(to);
        // Not from the pool: a connection that copied a damaged page (as zeros) refuses the next query for it.
        let connection = self.shared.opener.open(Access::Read)?;
        migrate::copy(&connection, &target)?;
        Ok(SnapshotKey::of(&target))
    }

    pub(super) fn subkey(&self, purpose: &str) -> zeroize::Zeroizing<[u8; 32]> {
        self.shared.opener.subkey(purpose)
    }

    pub fn path(&self) -> &Path {
        self.shared.opener.path()
    }

    /// Removes databases from before a migration that are older than their retention.
    pub fn discard_old_originals_blocking(&self) -> Result<(), StoreError> {
        migrate::discard_leftovers(self.shared.opener.path())
    }

    /// Removes all databases from before a migration, even those still kept for a roll-back: they contain what was
    /// erased since.
    pub fn discard_originals_blocking(&self) -> Result<(), StoreError> {
        migrate::discard_originals(self.shared.opener.path())
    }

    /// Replaces the database at `path` with the one from before the last migration, to return to the previous version
    /// of the program; the replaced one stays beside it. Returns the schema. The store must not be open. `NotFound` if
    /// there is no such database.
    pub fn roll_back(path: &Path) -> Result<String, StoreError> {
        roll_back::roll_back(path)
    }

    /// Moves the write-ahead log into the database file and empties it, so that deleted contents are gone from both.
    pub fn checkpoint_blocking(&self) -> Result<(), StoreError> {
        self.with(Access::Write, &mut |connection| {
            migrate::checkpoint(connection)
        })
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.shared.opener.path())
            .finish_non_exhaustive()
    }
}

// The program has hundreds of queries. What surrounds them is compiled once, not once for each: that was a quarter of
// the code of the crate above.

type Value = Box<dyn Any + Send>;

/// Waits for a free connection without blocking a thread, then runs on a blocking thread.
async fn off_thread(
    pool: &Pool,
    run: Box<dyn FnOnce() -> Result<Value, StoreError> + Send>,
) -> Result<Value, StoreError> {
    let permit = Arc::clone(&pool.permits)
        .acquire_owned()
        .await
        .map_err(|_| StoreError::Busy)?;
    let task = tokio::task::spawn_blocking(move || {
        let result = run();
        drop(permit);
        result
    });
    match task.await {
        Ok(result) => result,
        Err(e) if e.is_panic() => std::panic::resume_unwind(e.into_panic()),
        Err(e) => Err(StoreError::io(
            "running a database task",
            std::io::Error::other(e),
        )),
    }
}

fn unwrap_value<T: 'static>(value: Value) -> Result<T, StoreError> {
    // It is what the closure returned, so another type is impossible.
    value
        .downcast()
        .map(|value| *value)
        .map_err(|_| StoreError::Busy)
}

/// Calls what may be called once from code that knows neither its type nor that of its value.
fn keep<F, T>(
    run: &mut Option<F>,
    value: &mut Option<T>,
    call: impl FnOnce(F) -> Result<T, StoreError>,
) -> Result<(), StoreError> {
    if let Some(run) = run.take() {
        *value = Some(call(run)?);
    }
    Ok(())
}

struct Pool {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
    /// One per connection, so that async callers wait here instead of blocking a thread.
    permits: Arc<Semaphore>,
}

impl Pool {
    fn new(connections: Vec<Connection>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(connections.len())),
            idle: Mutex::new(connections),
            returned: Condvar::new(),
        }
    }

    fn lend(&self) -> Lent<'_> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut idle = self
            .returned
            .wait_while(idle, |idle| idle.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        Lent {
            connection: idle.pop(),
            pool: self,
        }
    }
}

/// A lent connection. Dropping it returns the connection, even when its user panics.
struct Lent<'a> {
    connection: Option<Connection>,
    pool: &'a Pool,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            self.pool.returned.notify_one();
        }
    }
}

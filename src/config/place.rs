//! Folders, the passphrase and facts about the machine, from the environment.

use std::env;
use std::ffi::CStr;
use std::path::PathBuf;
use std::sync::OnceLock;

use zeroize::Zeroizing;

/// `None` also for an empty variable.
fn read_folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|v| !v.is_empty())
        .map(PathBuf::from)
}

fn home() -> PathBuf {
    read_folder("HOME").unwrap_or_else(|| PathBuf::from("."))
}

/// The service's state folder under systemd, else the user's data folder.
pub(super) fn data_dir() -> PathBuf {
    read_folder("STATE_DIRECTORY")
        .or_else(|| read_folder("XDG_DATA_HOME").map(|d| d.join("frontdesk")))
        .unwrap_or_else(|| home().join(".local/share/frontdesk"))
}

/// Folder for files that can be fetched or computed again.
pub(super) fn cache_dir() -> PathBuf {
    read_folder("FRONTDESK_CACHE")
        .or_else(|| read_folder("CACHE_DIRECTORY"))
        .or_else(|| read_folder("XDG_CACHE_HOME").map(|d| d.join("frontdesk")))
        .unwrap_or_else(|| home().join(".cache/frontdesk"))
}

/// Settings files to try, in this order, when none is named.
pub(super) fn config_candidates() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("frontdesk.toml")];
    let user = read_folder("XDG_CONFIG_HOME").unwrap_or_else(|| home().join(".config"));
    found.push(user.join("frontdesk/frontdesk.toml"));
    found.push(PathBuf::from("/etc/frontdesk/frontdesk.toml"));
    found
}

pub(super) fn variables() -> Vec<(String, String)> {
    env::vars_os()
        .filter_map(|(k, v)| Some((k.into_string().ok()?, v.to_string_lossy().into_owned())))
        .filter(|(k, _)| k.starts_with("FRONTDESK_"))
        .collect()
}

/// Folder of systemd credentials; `None` without any.
pub fn credentials_dir() -> Option<PathBuf> {
    read_folder("CREDENTIALS_DIRECTORY")
}

/// The store's passphrase, if it is in the environment.
pub struct PassphraseSource;

const PASSPHRASE: &CStr = c"FRONTDESK_PASSPHRASE";

static TAKEN: OnceLock<Zeroizing<String>> = OnceLock::new();

impl PassphraseSource {
    /// Value of `FRONTDESK_PASSPHRASE`; also works after [`Self::take`].
    pub fn read() -> Option<String> {
        let taken = TAKEN.get().map(|taken| String::clone(taken));
        let passphrase = taken.or_else(|| env::var(PASSPHRASE.to_str().ok()?).ok());
        passphrase.filter(|p| !p.is_empty())
    }

    /// Removes `FRONTDESK_PASSPHRASE` from the environment and from what `/proc` shows of it, so that no child and no
    /// other process sees it. [`Self::read`] still returns it. Does nothing if the process already has a second thread,
    /// which might be reading the environment, or if the number of threads is unknown.
    pub fn take() {
        let Ok(name) = PASSPHRASE.to_str() else {
            return;
        };
        let Some(value) = env::var(name).ok().map(Zeroizing::new) else {
            return;
        };
        if !is_single_threaded() || TAKEN.set(value).is_err() {
            return;
        }
        #[expect(unsafe_code, reason = "the environment belongs to the whole process")]
        // SAFETY: no other thread exists that could read or change the environment. The text at `place` is terminated
        // by a zero byte and is in writable memory of this process.
        unsafe {
            let place = libc::getenv(PASSPHRASE.as_ptr());
            if !place.is_null() {
                place.write_bytes(0, libc::strlen(place));
            }
            env::remove_var(name);
        }
    }
}

/// Whether this process certainly has only one thread.
fn is_single_threaded() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
}

/// Whether there is a desktop on whose screen a browser could open.
pub fn has_display() -> bool {
    cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| read_folder(name).is_some())
}

/// Number of cores that this process may use.
pub fn cpu_count() -> u16 {
    std::thread::available_parallelism().map_or(1, |n| u16::try_from(n.get()).unwrap_or(u16::MAX))
}

/// All variables of a worker process: nothing else of the user's environment reaches native code.
pub fn worker_environment(spin: u32) -> Vec<(String, String)> {
    let mut set = vec![
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("GOMP_SPINCOUNT".to_owned(), spin.to_string()),
    ];
    for name in [
        "PATH",
        "LD_LIBRARY_PATH",
        "CUDA_VISIBLE_DEVICES",
        "RUST_BACKTRACE",
    ] {
        if let Ok(value) = env::var(name) {
            set.push((name.to_owned(), value));
        }
    }
    set
}

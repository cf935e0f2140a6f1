//! What the environment says of places and of the machine.

use std::env;
use std::ffi::CStr;
use std::path::PathBuf;
use std::sync::OnceLock;

use zeroize::Zeroizing;

fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|v| !v.is_empty())
        .map(PathBuf::from)
}

fn home() -> PathBuf {
    folder("HOME").unwrap_or_else(|| PathBuf::from("."))
}

/// The service's state folder under systemd, else the user's data folder.
pub(super) fn data_dir() -> PathBuf {
    folder("STATE_DIRECTORY")
        .or_else(|| folder("XDG_DATA_HOME").map(|d| d.join("frontdesk")))
        .unwrap_or_else(|| home().join(".local/share/frontdesk"))
}

/// Folder for what can be fetched or made again.
pub(super) fn cache_dir() -> PathBuf {
    folder("FRONTDESK_CACHE")
        .or_else(|| folder("CACHE_DIRECTORY"))
        .or_else(|| folder("XDG_CACHE_HOME").map(|d| d.join("frontdesk")))
        .unwrap_or_else(|| home().join(".cache/frontdesk"))
}

/// Where a settings file is looked for when none is named.
pub(super) fn config_candidates() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("frontdesk.toml")];
    let user = folder("XDG_CONFIG_HOME").unwrap_or_else(|| home().join(".config"));
    found.push(user.join("frontdesk/frontdesk.toml"));
    found.push(PathBuf::from("/etc/frontdesk/frontdesk.toml"));
    found
}

/// All `FRONTDESK_…` variables.
pub(super) fn variables() -> Vec<(String, String)> {
    env::vars_os()
        .filter_map(|(k, v)| Some((k.into_string().ok()?, v.to_string_lossy().into_owned())))
        .filter(|(k, _)| k.starts_with("FRONTDESK_"))
        .collect()
}

/// Folder with the service manager's credentials, if it handed any over.
pub fn credentials_dir() -> Option<PathBuf> {
    folder("CREDENTIALS_DIRECTORY")
}

/// The passphrase of the store's key when it was given in the environment.
pub struct PassphraseSource;

const PASSPHRASE: &CStr = c"FRONTDESK_PASSPHRASE";

/// What [`PassphraseSource::take`] took.
static TAKEN: OnceLock<Zeroizing<String>> = OnceLock::new();

impl PassphraseSource {
    /// Value of `FRONTDESK_PASSPHRASE`.
    pub fn read() -> Option<String> {
        let taken = TAKEN.get().map(|taken| String::clone(taken));
        let passphrase = taken.or_else(|| env::var(PASSPHRASE.to_str().ok()?).ok());
        passphrase.filter(|p| !p.is_empty())
    }

    /// Takes `FRONTDESK_PASSPHRASE` out of the environment, and out of what `/proc` shows of it, so that no child
    /// and no other process sees it; [`Self::read`] still knows it. It stays where it is if this process has a
    /// second thread already, which might be reading the environment, or if the system does not tell.
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
        // SAFETY: there is no other thread that could read or change the environment. The text at `place` ends with
        // a zero byte and lies in writable memory of this process.
        unsafe {
            let place = libc::getenv(PASSPHRASE.as_ptr());
            if !place.is_null() {
                place.write_bytes(0, libc::strlen(place));
            }
            env::remove_var(name);
        }
    }
}

/// Whether this process is known to have one thread only.
fn is_single_threaded() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
}

/// Cores that this process may use.
pub fn cpu_count() -> u16 {
    std::thread::available_parallelism().map_or(1, |n| u16::try_from(n.get()).unwrap_or(u16::MAX))
}

/// The only variables a worker process gets: nothing of the user's environment reaches native code.
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

//! Settings: their meaning, their sources and their errors.
//!
//! Each value comes from the first of these that has it: command line, environment (`FRONTDESK_…`), `frontdesk.toml`,
//! default. This is the only module that reads the environment, and it depends on no other.
//!
//! To add a setting: an entry in `settings!` (`keys`); its variable, its key in the file and `config show` follow. Pass the value down.

mod keys;
mod load;
mod place;

pub use keys::{Aliases, Config, HttpsHsts, HttpsMode, KEYS, Key, Listen, PublicUrl, SecondFactor};
pub use load::{ConfigError, Overrides, load};
pub use place::{PassphraseSource, cpu_count, credentials_dir, has_display, worker_environment};

#[cfg(test)]
mod config_tests;

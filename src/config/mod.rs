//! Settings: what they are, where they come from, and what is wrong with them.
//!
//! A value is taken from the first of: command line, environment (`FRONTDESK_…`), `frontdesk.toml`,
//! default. This is the only module that reads the environment. It knows no other module.

mod keys;
mod load;
mod place;

pub use keys::{Config, KEYS, Key, SecondFactor};
pub use load::{ConfigError, Overrides, load};
pub use place::{PassphraseSource, cpu_count, credentials_dir, worker_environment};

#[cfg(test)]
mod config_tests;

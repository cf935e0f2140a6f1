//! The arithmetic of Frontdesk's encoder. It is a separate crate so that it is optimised even in
//! development builds (`[profile.dev.package]` in the main `Cargo.toml`).

pub mod file;
pub mod network;

//! The arithmetic of Frontdesk's encoder: a crate of its own, so that it is compiled with optimisation
//! also where the rest is not (`[profile.dev.package]` in the main `Cargo.toml`).

pub mod file;
pub mod network;

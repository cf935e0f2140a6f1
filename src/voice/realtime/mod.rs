//! Sessions of the Realtime API: spoken and written, driven by a program.

mod record;

pub(crate) use record::{Record, timings};

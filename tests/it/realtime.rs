//! `/v1/realtime`: sessions over a real socket, on fakes of the engines.

mod audio;
pub mod client;
mod doors;
mod text;

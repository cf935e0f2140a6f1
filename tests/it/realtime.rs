//! `/v1/realtime`: sessions over a real socket, on fakes of the engines.

mod audio;
mod client;
mod doors;
mod text;

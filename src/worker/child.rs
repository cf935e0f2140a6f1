//! The child's side: requests in on standard input, events out on standard output.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use serde::{Serialize, de::DeserializeOwned};

use super::frames::{FromChild, MAX_FRAME, ToChild, decode, encode};

#[derive(Debug)]
pub enum Command<R> {
    Request {
        /// Identifies the exchange in every event.
        id: u64,
        body: R,
    },
    Cancel {
        id: u64,
    },
}

/// Sends frames to the parent. Clones write to the same pipe. Every method fails only if the parent is gone.
#[derive(Debug, Clone, Default)]
pub struct Port {
    out: Arc<Mutex<()>>,
    cancelled: Arc<Mutex<HashSet<u64>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Port {
    pub fn event<E: Serialize>(&self, id: u64, body: &E) -> io::Result<()> {
        self.send(&FromChild::Event { id, body })
    }

    pub fn end(&self, id: u64) -> io::Result<()> {
        lock(&self.cancelled).remove(&id);
        self.send::<()>(&FromChild::End { id })
    }

    /// Reports that a request failed.
    pub fn failed(&self, id: u64, reason: String) -> io::Result<()> {
        lock(&self.cancelled).remove(&id);
        self.send::<()>(&FromChild::Failed { id, reason })
    }

    /// Reports that the worker is set up. `detail` is JSON for the parent.
    pub fn ready(&self, detail: String) -> io::Result<()> {
        self.send::<()>(&FromChild::Ready { detail })
    }

    /// Reports that the worker cannot be set up, and that retrying will not help.
    pub fn refused(&self, reason: impl Into<String>) -> io::Result<()> {
        let reason = reason.into();
        self.send::<()>(&FromChild::Refused { reason })
    }

    /// Whether the parent cancelled the request.
    pub fn is_cancelled(&self, id: u64) -> bool {
        lock(&self.cancelled).contains(&id)
    }

    fn send<E: Serialize>(&self, frame: &FromChild<E>) -> io::Result<()> {
        let bytes = encode(frame).map_err(io::Error::other)?;
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let _writing = lock(&self.out);
        let mut out = io::stdout().lock();
        out.write_all(&length.to_be_bytes())?;
        out.write_all(&bytes)?;
        out.flush()
    }
}

fn read_frame<R: DeserializeOwned>(input: &mut impl Read) -> io::Result<ToChild<R>> {
    let mut length = [0u8; 4];
    input.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::other("a frame is larger than any that is sent"));
    }
    let mut bytes = vec![0u8; length];
    input.read_exact(&mut bytes)?;
    decode(&bytes).map_err(io::Error::other)
}

/// Reads the first frame, the set-up.
///
/// # Errors
/// When the parent is gone or is another version.
pub fn init<I: DeserializeOwned>() -> io::Result<I> {
    match read_frame::<()>(&mut io::stdin().lock())? {
        ToChild::Init(json) => serde_json::from_str(&json).map_err(io::Error::other),
        _ => Err(io::Error::other("the first frame is not the set-up")),
    }
}

/// Reads commands on a separate thread. When the parent goes away, the process exits.
pub fn listen<R>(port: &Port) -> io::Result<mpsc::Receiver<Command<R>>>
where
    R: DeserializeOwned + Send + 'static,
{
    let (sender, receiver) = mpsc::sync_channel(1024);
    let port = port.clone();
    std::thread::Builder::new()
        .name("frames".into())
        .spawn(move || {
            let mut input = io::stdin().lock();
            loop {
                let forwarded = match read_frame::<R>(&mut input) {
                    Ok(ToChild::Request { id, body }) => sender.send(Command::Request { id, body }),
                    Ok(ToChild::Cancel { id }) => {
                        lock(&port.cancelled).insert(id);
                        sender.send(Command::Cancel { id })
                    }
                    Ok(ToChild::Ping { n }) => {
                        if port.send::<()>(&FromChild::Pong { n }).is_err() {
                            std::process::exit(0);
                        }
                        Ok(())
                    }
                    Ok(ToChild::Init(_)) => Ok(()),
                    // The parent closed the pipe: it is gone, or it wants this process to exit.
                    Err(_) => std::process::exit(0),
                };
                if forwarded.is_err() {
                    std::process::exit(0);
                }
            }
        })?;
    Ok(receiver)
}

/// Drops a cancellation that arrived after its request had ended.
pub fn forget(port: &Port, id: u64) {
    lock(&port.cancelled).remove(&id);
}

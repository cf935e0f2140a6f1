//! Runs one child after another: start, set-up, service, end, back-off.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};
use tokio_util::sync::CancellationToken;

use super::WorkerError;
use super::frames::{FromChild, ToChild, codec, decode, encode};
use super::supervisor::{Call, Condition, Figures, Spec};

/// Time between two pings.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// A child that sends nothing for this long is killed.
const SILENCE: Duration = Duration::from_secs(30);
/// A child that lived this long counts as healthy, so the next restart is immediate.
const HEALTHY: Duration = Duration::from_secs(20);
/// Longest wait between two starts.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// The task that owns the child process.
pub(super) struct Supervisor<R, E> {
    pub(super) spec: Spec,
    pub(super) calls: mpsc::Receiver<Call<R, E>>,
    pub(super) cancels: mpsc::UnboundedReceiver<u64>,
    pub(super) restarts: mpsc::Receiver<Spec>,
    pub(super) condition: watch::Sender<Condition>,
    pub(super) figures: Arc<Figures>,
    pub(super) shutdown: CancellationToken,
}

/// Why a child ended.
enum Outcome {
    Shutdown,
    Refused(String),
    Replaced(Spec),
    /// Empty: the exit status is the reason.
    Died(String),
}

type Input = FramedWrite<ChildStdin, LengthDelimitedCodec>;
type Output = FramedRead<ChildStdout, LengthDelimitedCodec>;
type Pending<E> = HashMap<u64, mpsc::Sender<Result<E, WorkerError>>>;

impl<R, E> Supervisor<R, E>
where
    R: Serialize + Send + Sync + 'static,
    E: DeserializeOwned + Send + 'static,
{
    pub(super) async fn run(mut self) {
        let mut backoff = Duration::ZERO;
        loop {
            self.condition.send_replace(Condition::Starting);
            let born = Instant::now();
            let outcome = self.run_child().await;
            self.figures.pid.store(0, Ordering::Relaxed);
            self.figures.memory.store(0, Ordering::Relaxed);
            self.figures.open.store(0, Ordering::Relaxed);
            match outcome {
                Outcome::Shutdown => break,
                Outcome::Replaced(spec) => {
                    self.spec = spec;
                    backoff = Duration::ZERO;
                }
                Outcome::Refused(reason) => {
                    tracing::error!(worker = %self.spec.name, "{reason}");
                    self.condition.send_replace(Condition::Degraded(reason));
                    match self.wait_for_help().await {
                        Some(spec) => self.spec = spec,
                        None => break,
                    }
                }
                Outcome::Died(reason) => {
                    if born.elapsed() >= HEALTHY {
                        backoff = Duration::ZERO;
                    }
                    tracing::error!(worker = %self.spec.name, ?backoff, "worker ended: {reason}");
                    let gave_up = tokio::select! {
                        () = tokio::time::sleep(backoff) => false,
                        () = self.shutdown.cancelled() => true,
                    };
                    if gave_up {
                        break;
                    }
                    backoff = (backoff * 2).clamp(Duration::from_millis(500), LONGEST_BACKOFF);
                    self.figures.restarts.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        self.condition.send_replace(Condition::Stopped);
    }

    /// Waits for another set-up while the worker is degraded. Calls that were queued just before get the reason.
    async fn wait_for_help(&mut self) -> Option<Spec> {
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return None,
                spec = self.restarts.recv() => return spec,
                _ = self.cancels.recv() => {}
                call = self.calls.recv() => {
                    let call = call?;
                    let reason = match &*self.condition.borrow() {
                        Condition::Degraded(reason) => reason.clone(),
                        _ => String::new(),
                    };
                    // A caller that left needs no answer.
                    let _ = call.events.try_send(Err(WorkerError::Degraded(reason)));
                }
            }
        }
    }

    /// Runs one child from start to end; every open exchange has its answer before this returns.
    async fn run_child(&mut self) -> Outcome {
        let (mut child, mut input, mut output) = match self.spawn() {
            Ok(parts) => parts,
            Err(e) => return Outcome::Died(format!("it could not be started: {e}")),
        };
        self.figures
            .pid
            .store(child.id().unwrap_or(0), Ordering::Relaxed);
        let mut pending: Pending<E> = HashMap::new();
        let outcome = match self.set_up(&mut input, &mut output).await {
            Ok(()) => {
                self.serve(&child, &mut input, &mut output, &mut pending)
                    .await
            }
            Err(outcome) => outcome,
        };
        drop(input); // end of input asks the child to exit
        // Milliseconds. A child that died is gone already, or hangs and will not obey.
        let patience = if matches!(outcome, Outcome::Died(_)) {
            50
        } else {
            1500
        };
        let ended = tokio::time::timeout(Duration::from_millis(patience), child.wait()).await;
        let exit = match ended {
            Ok(Ok(status)) => status.to_string(),
            _ => {
                // The process may have exited just now; then there is nothing to kill.
                let _ = child.kill().await;
                "it was ended".to_owned()
            }
        };
        let reason = match &outcome {
            Outcome::Died(why) if why.is_empty() => exit,
            Outcome::Died(why) => why.clone(),
            Outcome::Refused(why) => why.clone(),
            Outcome::Shutdown => "shutdown".into(),
            Outcome::Replaced(_) => "it is being set up again".into(),
        };
        for (_, events) in pending.drain() {
            let worker = self.spec.name.clone();
            let _ = events.try_send(Err(WorkerError::Ended {
                worker,
                reason: reason.clone(),
            }));
        }
        match outcome {
            Outcome::Died(_) => Outcome::Died(reason),
            other => other,
        }
    }

    fn spawn(&self) -> std::io::Result<(Child, Input, Output)> {
        super::sandbox::keep_descriptors();
        let mut child = Command::new(&self.spec.program)
            .args(&self.spec.args)
            .env_clear()
            .envs(self.spec.env.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || std::io::Error::other("a pipe is missing");
        let input = FramedWrite::new(child.stdin.take().ok_or_else(missing)?, codec());
        let output = FramedRead::new(child.stdout.take().ok_or_else(missing)?, codec());
        let errors = child.stderr.take().ok_or_else(missing)?;
        let name = self.spec.name.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(errors).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                tracing::debug!(worker = %name, "{line}");
            }
        });
        Ok((child, input, output))
    }

    async fn set_up(&mut self, input: &mut Input, output: &mut Output) -> Result<(), Outcome> {
        send(input, &ToChild::<()>::Init(self.spec.init.clone())).await?;
        let deadline = self.spec.start_deadline;
        let first = tokio::select! {
            first = tokio::time::timeout(deadline, output.next()) => first,
            () = self.shutdown.cancelled() => return Err(Outcome::Shutdown),
        };
        match first {
            Ok(Some(Ok(bytes))) => match decode::<FromChild<E>>(&bytes) {
                Ok(FromChild::Ready { detail }) => {
                    tracing::info!(worker = %self.spec.name, %detail, "worker is ready");
                    self.condition.send_replace(Condition::Ready(detail));
                    Ok(())
                }
                Ok(FromChild::Refused { reason }) => Err(Outcome::Refused(reason)),
                _ => Err(Outcome::Died("it spoke out of turn while starting".into())),
            },
            Ok(_) => Err(Outcome::Died(String::new())),
            Err(_) => Err(Outcome::Died(format!(
                "it was not ready after {deadline:?}"
            ))),
        }
    }

    /// Serves until the child ends, is replaced or must be killed.
    async fn serve(
        &mut self,
        child: &Child,
        input: &mut Input,
        output: &mut Output,
        pending: &mut Pending<E>,
    ) -> Outcome {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        let mut last_sign = Instant::now();
        let mut beats = 0u64;
        loop {
            self.figures.open.store(
                u32::try_from(pending.len()).unwrap_or(u32::MAX),
                Ordering::Relaxed,
            );
            tokio::select! {
                () = self.shutdown.cancelled() => return Outcome::Shutdown,
                spec = self.restarts.recv() => if let Some(spec) = spec {
                    return Outcome::Replaced(spec);
                },
                frame = output.next() => {
                    // Any frame is a sign of life, not only a pong.
                    last_sign = Instant::now();
                    let Some(Ok(bytes)) = frame else { return Outcome::Died(String::new()) };
                    if let Err(outcome) = self.route(&bytes, input, pending).await {
                        return outcome;
                    }
                }
                Some(id) = self.cancels.recv() => if pending.remove(&id).is_some()
                    && let Err(outcome) = send(input, &ToChild::<R>::Cancel { id }).await {
                        return outcome;
                    },
                Some(call) = self.calls.recv() => {
                    pending.insert(call.id, call.events);
                    let frame = ToChild::Request { id: call.id, body: call.body };
                    if let Err(outcome) = send(input, &frame).await {
                        return outcome;
                    }
                }
                _ = heartbeat.tick() => {
                    if last_sign.elapsed() > SILENCE {
                        return Outcome::Died(format!("no sign of life for {SILENCE:?}"));
                    }
                    if let Some(outcome) = self.check_memory(child) {
                        return outcome;
                    }
                    beats += 1;
                    if let Err(outcome) = send(input, &ToChild::<R>::Ping { n: beats }).await {
                        return outcome;
                    }
                }
            }
        }
    }

    /// Handles one frame from the child.
    async fn route(
        &self,
        bytes: &[u8],
        input: &mut Input,
        pending: &mut Pending<E>,
    ) -> Result<(), Outcome>
    where
        R: Serialize,
    {
        let frame: FromChild<E> = decode(bytes)
            .map_err(|e| Outcome::Died(format!("it wrote something unreadable: {e}")))?;
        match frame {
            FromChild::Event { id, body } => {
                let delivered = pending
                    .get(&id)
                    .is_none_or(|events| events.try_send(Ok(body)).is_ok());
                if !delivered {
                    // The reader is gone, or so slow that its queue is full: cancel the request.
                    pending.remove(&id);
                    send(input, &ToChild::<R>::Cancel { id }).await?;
                }
            }
            FromChild::End { id } => drop(pending.remove(&id)),
            FromChild::Failed { id, reason } => {
                if let Some(events) = pending.remove(&id) {
                    let _ = events.try_send(Err(WorkerError::Failed(reason)));
                }
            }
            FromChild::Pong { .. } | FromChild::Ready { .. } => {}
            FromChild::Refused { reason } => return Err(Outcome::Refused(reason)),
        }
        Ok(())
    }

    fn check_memory(&self, child: &Child) -> Option<Outcome> {
        let bytes = resident_bytes(child.id()?)?;
        self.figures.memory.store(bytes, Ordering::Relaxed);
        let cap = self.spec.memory_cap.filter(|cap| bytes > *cap)?;
        Some(Outcome::Died(format!(
            "it used {} MB of memory, more than its limit of {} MB",
            bytes >> 20,
            cap >> 20
        )))
    }
}

async fn send<R: Serialize>(input: &mut Input, frame: &ToChild<R>) -> Result<(), Outcome> {
    let bytes =
        encode(frame).map_err(|e| Outcome::Died(format!("a request cannot be sent: {e}")))?;
    input
        .send(Bytes::from(bytes))
        .await
        .map_err(|_| Outcome::Died(String::new()))
}

/// Resident memory of a process in bytes, from the second field of `/proc/…/statm`, in pages of 4 KiB.
fn resident_bytes(pid: u32) -> Option<u64> {
    const PAGE: u64 = 4096;
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    statm
        .split(' ')
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|pages| pages * PAGE)
}

//! What the engines are doing, for the status page, `/readyz` and the metrics.

use serde::Serialize;

use crate::knowledge::ProcessExtractor;
use crate::llm::local::Local;
use crate::reason::Reason;
use crate::speech::live::LiveEngine;
use crate::speech::local::LocalTranscriber;
use crate::worker::sandbox::Held;
use crate::worker::{Condition, Status};

/// What a worker process is doing, for the status page, `/readyz` and the metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkerStatus {
    /// `llm`, `embed`, `speech`, `voice` or `extract`.
    pub name: String,
    /// `starting`, `ready`, `degraded` or `stopped`.
    pub state: String,
    /// A sentence for the owner, while it is degraded.
    pub detail: Option<String>,
    /// Restarts since the first start.
    pub restarts: u64,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// Requests in progress or waiting.
    pub queue: u32,
    /// Process id, while one runs.
    pub pid: Option<u32>,
    /// What the sandbox refused when the running process tested it at start.
    pub held: Option<Held>,
}

pub(super) fn llm_status(llm: &Local) -> WorkerStatus {
    let mut status = of_engine("llm", llm.status());
    status.degrade(|| {
        let missing = [llm.chat_model().ready().err(), llm.embedder().ready().err()];
        let missing = missing.into_iter().flatten().map(|e| e.to_string());
        missing
            .chain(llm.reader().trouble().map(String::from))
            .collect()
    });
    status
}

pub(super) fn speech_status(transcriber: &LocalTranscriber) -> WorkerStatus {
    of_engine("speech", transcriber.status())
}

pub(super) fn voice_status(live: &LiveEngine) -> WorkerStatus {
    let mut status = of_engine("voice", live.status());
    status.degrade(|| live.troubles().into_iter().map(String::from).collect());
    status
}

impl WorkerStatus {
    /// Marks a running process as degraded if part of its work is not available.
    fn degrade(&mut self, troubles: impl FnOnce() -> Vec<String>) {
        if self.state != "ready" {
            return;
        }
        let troubles = troubles();
        if !troubles.is_empty() {
            self.state = "degraded".into();
            self.detail = Some(troubles.join("; "));
        }
    }
}

/// `None` while it is being prepared.
fn of_engine(name: &str, status: Option<Result<Status, Reason>>) -> WorkerStatus {
    match status {
        None => starting(name),
        Some(Ok(status)) => of(&status),
        Some(Err(reason)) => WorkerStatus {
            state: "degraded".into(),
            detail: Some(reason.into()),
            ..starting(name)
        },
    }
}

/// Each document gets its own process and none runs in between, so this reports the sandbox of the last one, once there
/// has been one.
pub(super) fn extract_status(extractor: &ProcessExtractor) -> Option<WorkerStatus> {
    let held = extractor.last_held()?;
    Some(WorkerStatus {
        state: "ready".into(),
        held: Some(held),
        ..starting("extract")
    })
}

fn starting(name: &str) -> WorkerStatus {
    WorkerStatus {
        name: name.into(),
        state: "starting".into(),
        detail: None,
        restarts: 0,
        memory_bytes: 0,
        queue: 0,
        pid: None,
        held: None,
    }
}

fn of(status: &Status) -> WorkerStatus {
    let (state, detail) = match &status.condition {
        Condition::Starting => ("starting", None),
        Condition::Ready(_) => ("ready", None),
        Condition::Degraded(reason) => ("degraded", Some(reason.clone())),
        Condition::Stopped => ("stopped", None),
    };
    WorkerStatus {
        name: status.name.clone(),
        state: state.into(),
        detail,
        restarts: status.restarts,
        memory_bytes: status.memory_bytes,
        queue: status.open,
        pid: status.pid,
        held: held(&status.condition),
    }
}

/// What a worker reported about its sandbox when it became ready.
fn held(condition: &Condition) -> Option<Held> {
    match condition {
        Condition::Ready(detail) => Held::told(detail),
        _ => None,
    }
}

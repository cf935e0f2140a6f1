//! What a worker gives up before it reads foreign bytes: connections, other programs and processes, most files and
//! most system calls. What it can do all the same is then tried, and told in [`Held`].
//!
//! An older kernel still runs the workers, with fewer of these limits, and the status page says which do not hold. A system call
//! that an engine newly needs goes into `calls`; `strace -f -e status=failed` on the worker shows which one was refused.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod confined_tests;
#[cfg(target_os = "linux")]
mod files;
mod limits;
#[cfg(target_os = "linux")]
mod probe;
mod process;

use serde::{Deserialize, Serialize};

pub use limits::Limits;
pub use process::{keep_descriptors, keep_private};

/// Which worker it is: each keeps the system calls that its engine makes. Those of the three engines are the same but
/// for two or three harmless ones, so they share a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// llama.cpp and our own encoder.
    Llm,
    /// whisper.cpp, for recordings.
    Speech,
    /// whisper.cpp and rten, for live speech.
    Voice,
    /// Readers of documents, all in Rust: no file is opened.
    Extract,
}

/// What a worker tried at its start and could not do. What the kernel lacks is `false`, not an error: an older
/// kernel must still run Frontdesk, and the status page shows what happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// It could open no connection: a socket and a ring (io_uring) were refused.
    pub connections: bool,
    /// It could send no signal to the process that started it.
    pub signals: bool,
    /// It could not open the environment and the memory of the process that started it.
    pub parent: bool,
    /// It could open no file that it does not need.
    pub files: bool,
    /// It could start no process and no program.
    pub programs: bool,
    /// Its limits (core dumps, descriptors; memory and CPU time, where there are any) are in force.
    pub resources: bool,
}

impl Held {
    /// Reads it in what a worker says of itself when it is ready: a JSON object with a field `held`.
    pub fn told(detail: &str) -> Option<Self> {
        let detail: serde_json::Value = serde_json::from_str(detail).ok()?;
        serde_json::from_value(detail.get("held")?.clone()).ok()
    }

    /// What the worker can do although it should not, in words that follow "can".
    pub fn gaps(&self) -> Vec<&'static str> {
        let all = [
            (self.connections, "open connections"),
            (self.signals, "send signals to the server"),
            (self.parent, "look into the server"),
            (self.files, "open files that it does not need"),
            (self.programs, "start programs"),
            (self.resources, "use more than its limits"),
        ];
        all.into_iter()
            .filter_map(|(held, what)| (!held).then_some(what))
            .collect()
    }
}

/// Applies the limits to this thread and every thread that it starts later, and tries what should now be refused.
/// Call it before any other thread is started.
pub fn enter(kind: Kind, limits: &Limits) -> Held {
    let resources = limits.impose();
    confine(kind, limits, resources)
}

#[cfg(target_os = "linux")]
fn confine(kind: Kind, limits: &Limits, resources: bool) -> Held {
    // Whether they could be put up is no answer; what is tried below is.
    files::close(limits);
    calls::close(kind, limits.has_gpu());
    let parent = std::os::unix::process::parent_id();
    Held {
        connections: !probe::can_connect() && !probe::can_use_rings(),
        signals: !probe::can_signal(parent),
        parent: !probe::can_look_into(parent),
        files: !probe::can_read(limits),
        programs: !probe::can_fork() && !probe::can_execute(),
        resources,
    }
}

#[cfg(not(target_os = "linux"))]
fn confine(_kind: Kind, _limits: &Limits, resources: bool) -> Held {
    Held {
        resources,
        ..Held::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_told_in_words() {
        let all = Held {
            connections: true,
            signals: true,
            parent: true,
            files: true,
            programs: true,
            resources: true,
        };
        assert!(all.gaps().is_empty());
        let one = Held {
            programs: false,
            ..all
        };
        assert_eq!(one.gaps(), ["start programs"]);
        assert_eq!(Held::default().gaps().len(), 6);
        // What a worker does not say is not believed.
        let less = Held::told(r#"{"held":{"files":true},"say":null}"#).unwrap();
        assert!(less.files && !less.connections);
        assert_eq!((Held::told("{}"), Held::told("ready")), (None, None));
    }
}

//! The sandbox: before a worker reads foreign bytes, it gives up connections, other programs and processes, most files
//! and most system calls. It then tries to do what is forbidden, and reports the result in [`Held`].
//!
//! A call that an engine newly needs goes into `calls`; `strace -f -e status=failed` on the worker shows which.

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
pub use process::{keep_descriptors, keep_private, keep_rights_here, raise_descriptors};

/// The kind of worker decides which system calls it keeps. The three engines make the same calls but for two or three
/// harmless ones, so they share a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// llama.cpp and our own encoder.
    Llm,
    /// whisper.cpp, for recordings.
    Speech,
    /// whisper.cpp and rten, for live speech.
    Voice,
    /// Document parsers, all in Rust; they open no files.
    Extract,
}

/// What a worker tried at its start and could not do. A protection that the kernel lacks is `false`, not an error: an
/// older kernel must still run Frontdesk, and the status page shows the gap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// It could open no connection: sockets and io_uring were refused.
    pub connections: bool,
    /// It could send no signal to the process that started it.
    pub signals: bool,
    /// It could not open the environment and the memory of the process that started it.
    pub parent: bool,
    /// It could not open a file that it does not need.
    pub files: bool,
    /// It could start neither a process nor a program.
    pub programs: bool,
    /// Its limits are in force: core dumps, descriptors, and memory and CPU time where they are limited.
    pub resources: bool,
}

impl Held {
    /// Reads the field `held` of a ready worker's description of itself, a JSON object.
    pub fn told(detail: &str) -> Option<Self> {
        let detail: serde_json::Value = serde_json::from_str(detail).ok()?;
        serde_json::from_value(detail.get("held")?.clone()).ok()
    }

    /// What the worker can do although it should not, in words that complete "it can …".
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

/// Applies the limits to this thread and every thread that it starts later, then tries what should be refused.
/// Call it before any other thread starts.
pub fn enter(kind: Kind, limits: &Limits) -> Held {
    let resources = limits.impose();
    confine(kind, limits, resources)
}

#[cfg(target_os = "linux")]
fn confine(kind: Kind, limits: &Limits, resources: bool) -> Held {
    // Their return values are ignored: the probes below show what really holds.
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
        // A missing field counts as not held.
        let less = Held::told(r#"{"held":{"files":true},"say":null}"#).unwrap();
        assert!(less.files && !less.connections);
        assert_eq!((Held::told("{}"), Held::told("ready")), (None, None));
    }
}

//! What a worker gives up before it reads foreign bytes: sockets, other programs, most files, core dumps.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a worker keeps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Files and folders that stay readable; nothing stays writable.
    pub readable: Vec<PathBuf>,
    /// Address space in bytes.
    pub memory_bytes: Option<u64>,
    /// CPU time in seconds; the kernel ends the process after it.
    pub cpu_seconds: Option<u64>,
    /// Paths that stay readable and writable, for a GPU's device files.
    pub writable: Vec<PathBuf>,
}

/// Which protections hold in this process. What the kernel lacks is `false`, not an error: an older
/// kernel must still run Frontdesk, and the status page shows what was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// No file outside [`Limits::readable`] can be opened (Landlock).
    pub files: bool,
    /// No socket can be made and no program started (seccomp).
    pub sockets: bool,
    /// Memory and CPU limits are set.
    pub resources: bool,
}

/// Applies the limits to this thread and every thread it starts later. Call it before any other
/// thread is started.
pub fn enter(limits: &Limits) -> Held {
    Held {
        resources: resources(limits),
        files: files(limits),
        sockets: sockets(),
    }
}

fn resources(limits: &Limits) -> bool {
    use rlimit::Resource;
    let mut held = Resource::CORE.set(0, 0).is_ok();
    if let Some(bytes) = limits.memory_bytes {
        held &= Resource::AS.set(bytes, bytes).is_ok();
    }
    if let Some(seconds) = limits.cpu_seconds {
        held &= Resource::CPU.set(seconds, seconds + 1).is_ok();
    }
    held
}

#[cfg(target_os = "linux")]
fn files(limits: &Limits) -> bool {
    use landlock::{
        ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
        RulesetStatus, path_beneath_rules,
    };
    let abi = ABI::V3;
    let enforced = || -> Result<RulesetStatus, landlock::RulesetError> {
        let status = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(abi))?
            .create()?
            .add_rules(path_beneath_rules(
                &limits.readable,
                AccessFs::from_read(abi),
            ))?
            .add_rules(path_beneath_rules(
                &limits.writable,
                AccessFs::from_all(abi),
            ))?
            .restrict_self()?;
        Ok(status.ruleset)
    };
    matches!(
        enforced(),
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced)
    )
}

#[cfg(target_os = "linux")]
fn sockets() -> bool {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
    let refused = [
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
    ];
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else {
        return false;
    };
    let mut refused: std::collections::BTreeMap<i64, _> =
        refused.into_iter().map(|call| (call, Vec::new())).collect();
    // ggml asks for the processor's AMX tiles and then uses them from threads whose tiles were never
    // configured: an illegal instruction, seen on a virtual machine. Without the permission it takes its
    // AVX-512 kernels.
    #[cfg(target_arch = "x86_64")]
    {
        use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};
        const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
        let asks = SeccompCondition::new(
            0,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::Eq,
            ARCH_REQ_XCOMP_PERM,
        );
        if let Ok(rule) = asks.and_then(|asks| SeccompRule::new(vec![asks])) {
            refused.insert(libc::SYS_arch_prctl, vec![rule]);
        }
    }
    let filter = SeccompFilter::new(
        refused,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        arch,
    );
    let program: Result<BpfProgram, _> = filter.and_then(TryInto::try_into);
    program.is_ok_and(|program| seccompiler::apply_filter(&program).is_ok())
}

#[cfg(not(target_os = "linux"))]
fn files(_limits: &Limits) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn sockets() -> bool {
    false
}

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
    let resources = resources(limits);
    // What was asked for is not what holds: each is tried.
    let (files, sockets) = (files(limits), sockets());
    Held {
        resources,
        files: files && !can_read(limits),
        sockets: sockets && !can_connect() && !can_signal(),
    }
}

/// Whether a file that nobody needs can be opened all the same.
fn can_read(limits: &Limits) -> bool {
    let canary = std::path::Path::new("/etc/passwd");
    let allowed = limits.readable.iter().chain(&limits.writable);
    let needed = allowed.clone().any(|path| canary.starts_with(path));
    !needed && std::fs::File::open(canary).is_ok()
}

/// Whether a connection can be made, by a socket or by a ring.
#[cfg(target_os = "linux")]
fn can_connect() -> bool {
    #[expect(unsafe_code, reason = "the standard library knows no rings")]
    // SAFETY: with a null pointer the kernel writes nothing and answers with an error in any case.
    let ring = unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, std::ptr::null_mut::<u8>()) };
    let refused = std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM);
    let ring_refused = ring < 0 && refused;
    std::net::UdpSocket::bind("127.0.0.1:0").is_ok() || !ring_refused
}

/// Whether the process that started this one can be sent a signal; none is sent.
#[cfg(target_os = "linux")]
fn can_signal() -> bool {
    let Ok(parent) = i32::try_from(std::os::unix::process::parent_id()) else {
        return true;
    };
    #[expect(unsafe_code, reason = "the standard library sends no signals")]
    // SAFETY: signal 0 only asks whether a signal could be sent.
    let sent = unsafe { libc::kill(parent, 0) };
    sent == 0
}

#[cfg(not(target_os = "linux"))]
fn can_connect() -> bool {
    true
}

#[cfg(not(target_os = "linux"))]
fn can_signal() -> bool {
    true
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
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, TargetArch,
    };
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
        libc::SYS_process_vm_writev,
        // Connections, files and messages by another way than the calls above.
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        // Other processes, and what they hold.
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_send_signal,
        libc::SYS_tkill,
        libc::SYS_kcmp,
        // The kernel: programs, keys, page faults, counters, mounts, name spaces, modules.
        libc::SYS_bpf,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_userfaultfd,
        libc::SYS_perf_event_open,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
    ];
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else {
        return false;
    };
    let mut refused: std::collections::BTreeMap<i64, _> =
        refused.into_iter().map(|call| (call, Vec::new())).collect();
    // Signals to itself only: abort and panics need them.
    let own = u64::from(std::process::id());
    for call in [libc::SYS_kill, libc::SYS_tgkill] {
        let other = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, own);
        if let Ok(rule) = other.and_then(|other| SeccompRule::new(vec![other])) {
            refused.insert(call, vec![rule]);
        }
    }
    // ggml asks for the processor's AMX tiles and then uses them from threads whose tiles were never
    // configured: an illegal instruction, seen on a virtual machine. Without the permission it takes its
    // AVX-512 kernels.
    #[cfg(target_arch = "x86_64")]
    {
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_is_gone() {
        assert!(can_connect() && can_read(&Limits::default()));
        // The limits hold for a thread and its children, so the other tests go on.
        let tried = std::thread::spawn(|| {
            let filtered = sockets();
            (filtered, can_connect(), can_signal())
        });
        assert_eq!(tried.join().unwrap(), (true, false, false));
        // A signal to itself, which abort needs, still arrives: 0 is sent to nobody.
        let own = std::thread::spawn(|| {
            sockets();
            let own = i32::try_from(std::process::id()).unwrap();
            #[expect(unsafe_code, reason = "the standard library sends no signals")]
            // SAFETY: signal 0 only asks whether a signal could be sent.
            unsafe {
                libc::kill(own, 0)
            }
        });
        assert_eq!(own.join().unwrap(), 0);
    }
}

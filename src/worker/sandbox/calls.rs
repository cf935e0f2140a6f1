//! seccomp: the system calls that a worker keeps. Any other call fails with an error; nothing is killed.
//!
//! The lists hold the calls that the engines were observed to make, and those that other C libraries and processors use
//! for the same purpose.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

use super::Kind;

/// Call numbers with their rules, of which one must match; without rules, any arguments are allowed.
type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Memory, threads, time, random numbers, and reading and writing open descriptors.
const ALWAYS: &[c_long] = &[
    // Memory; mmap and mprotect are below.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_msync,
    libc::SYS_membarrier,
    // Open descriptors.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_eventfd2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    // Threads; clone is below.
    libc::SYS_futex,
    libc::SYS_futex_waitv,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_gettid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_getattr,
    libc::SYS_sched_get_priority_max,
    libc::SYS_sched_get_priority_min,
    libc::SYS_getpriority,
    libc::SYS_getcpu,
    libc::SYS_get_mempolicy,
    // Receiving signals; sending them is below.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigpending,
    libc::SYS_sigaltstack,
    // Time.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_times,
    // Process and system information.
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getrusage,
    libc::SYS_getrandom,
    libc::SYS_getcwd,
    libc::SYS_sysinfo,
    libc::SYS_uname,
];

/// Older calls that only exist on x86-64.
#[cfg(target_arch = "x86_64")]
const ALWAYS_HERE: &[c_long] = &[
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_pipe,
    libc::SYS_dup2,
    libc::SYS_time,
    libc::SYS_getrlimit,
];
#[cfg(not(target_arch = "x86_64"))]
const ALWAYS_HERE: &[c_long] = &[];

/// Opening and inspecting files; Landlock allows only those that the engine needs.
const FILES: &[c_long] = &[
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_readahead,
];

/// Older calls that only exist on x86-64.
#[cfg(target_arch = "x86_64")]
const FILES_HERE: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_getdents,
    libc::SYS_fadvise64,
];
#[cfg(not(target_arch = "x86_64"))]
const FILES_HERE: &[c_long] = &[];

/// A GPU driver talks to the card by ioctl, keeps buffers in memory files and in locked pages near its processor, waits
/// with timers, and loads code: its libraries on first use, and what it compiles. Landlock still applies, and none of
/// these calls opens a connection or reaches another process.
const GPU: &[c_long] = &[
    libc::SYS_ioctl,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_memfd_create,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_flock,
    libc::SYS_unlinkat,
    libc::SYS_mlock,
    libc::SYS_mlock2,
    libc::SYS_munlock,
    libc::SYS_mbind,
    libc::SYS_set_mempolicy,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
];

/// Installs the filter for this thread and every thread that it starts later. Returns whether that worked.
pub(super) fn close(kind: Kind, gpu: bool) -> bool {
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else {
        return false;
    };
    // The lists come after the rules: a call that a GPU needs unrestricted replaces its rules.
    let mut kept = match restricted_calls(u64::from(std::process::id())) {
        Ok(kept) => kept,
        Err(_) => return false,
    };
    let files = kind != Kind::Extract;
    let lists = [
        (ALWAYS, true),
        (ALWAYS_HERE, true),
        (FILES, files),
        (FILES_HERE, files),
        (GPU, gpu),
    ];
    for (list, _) in lists.into_iter().filter(|(_, wanted)| *wanted) {
        kept.extend(list.iter().map(|call| (*call, Vec::new())));
    }
    // ENOSYS makes the C library fall back to clone, whose flags a filter can check; those of clone3 are in memory,
    // which a filter cannot read. The stricter of two filters wins, so the second one may allow clone3; it comes last
    // because it refuses any further filter.
    let newer = Rules::from([(libc::SYS_clone3, Vec::new())]);
    kept.insert(libc::SYS_clone3, Vec::new());
    let absent = apply(newer, SeccompAction::Allow, errno(libc::ENOSYS), arch);
    let rest = apply(kept, errno(libc::EPERM), SeccompAction::Allow, arch);
    absent && rest
}

fn errno(number: libc::c_int) -> SeccompAction {
    SeccompAction::Errno(number.unsigned_abs())
}

fn apply(rules: Rules, others: SeccompAction, these: SeccompAction, arch: TargetArch) -> bool {
    let filter = SeccompFilter::new(rules, others, these, arch);
    let program: Result<BpfProgram, _> = filter.and_then(TryInto::try_into);
    program.is_ok_and(|program| seccompiler::apply_filter(&program).is_ok())
}

/// Calls that are allowed with some arguments only. `own` is the id of this process.
fn restricted_calls(own: u64) -> Result<Rules, BackendError> {
    const PROT_EXEC: u64 = 0x4;
    let mut rules = Rules::from([
        // Threads only: no new process and no new namespace.
        (libc::SYS_clone, clone_thread_only()?),
        // No executable memory: the engines generate no code at run time, but an attacker would.
        (libc::SYS_mmap, bits(2, PROT_EXEC, 0)?),
        (libc::SYS_mprotect, bits(2, PROT_EXEC, 0)?),
        // Signals to itself, for `abort`.
        (libc::SYS_kill, one_of(0, &[own])?),
        (libc::SYS_tgkill, one_of(0, &[own])?),
        // Read limits of this process, but set none: the pointer to new limits is null.
        (libc::SYS_prlimit64, all_equal(&[(0, 0), (2, 0)])?),
        // A thread may pin itself to processors, but no other thread.
        (libc::SYS_sched_setaffinity, one_of(0, &[0])?),
        (libc::SYS_prctl, one_of(0, PRCTL_OPTIONS)?),
        (libc::SYS_fcntl, one_of(1, FCNTL_COMMANDS)?),
        (libc::SYS_ioctl, one_of(1, IOCTL_REQUESTS)?),
    ]);
    rules.extend(processor_calls()?);
    Ok(rules)
}

/// arch_prctl: segment registers of threads, and querying which processor states may be used (0x1021, 0x1022). Not
/// requesting more states (0x1023): ggml requests the AMX tiles and then uses them from threads that never configured
/// them, an illegal instruction seen on a virtual machine. Without them it uses its AVX-512 kernels.
#[cfg(target_arch = "x86_64")]
fn processor_calls() -> Result<Rules, BackendError> {
    let kept = [0x1001, 0x1002, 0x1003, 0x1004, 0x1021, 0x1022];
    Ok(Rules::from([(libc::SYS_arch_prctl, one_of(0, &kept)?)]))
}

#[cfg(not(target_arch = "x86_64"))]
fn processor_calls() -> Result<Rules, BackendError> {
    Ok(Rules::new())
}

/// prctl: thread names (15, 16), memory names (`PR_SET_VMA`), the ARM vector length (51), and querying dumpable (3),
/// seccomp (21) and no-new-privileges (39).
const PRCTL_OPTIONS: &[u64] = &[3, 15, 16, 21, 39, 51, 0x5356_4d41];

/// fcntl: duplicates, flags and seals of descriptors. Not `F_SETOWN`, which makes the kernel send signals to others.
const FCNTL_COMMANDS: &[u64] = &[0, 1, 2, 3, 4, 1030, 1033, 1034];

/// ioctl: terminal attributes and size, bytes available to read, and descriptor flags.
const IOCTL_REQUESTS: &[u64] = &[0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451];

fn clone_thread_only() -> Result<Vec<SeccompRule>, BackendError> {
    let thread = libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD;
    let elsewhere = libc::CLONE_NEWNS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET
        | libc::CLONE_PIDFD;
    let flags = |flags: libc::c_int| u64::from(flags.cast_unsigned());
    bits(0, flags(thread | elsewhere), flags(thread))
}

/// Matches if the masked bits of an argument equal `value`.
fn bits(argument: u8, mask: u64, value: u64) -> Result<Vec<SeccompRule>, BackendError> {
    let condition = SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(mask),
        value,
    )?;
    Ok(vec![SeccompRule::new(vec![condition])?])
}

/// Matches if a 32-bit argument is one of these values.
fn one_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>, BackendError> {
    let rules = values.iter().map(|value| {
        let equal =
            SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, *value)?;
        SeccompRule::new(vec![equal])
    });
    rules.collect()
}

/// Matches if all these arguments have these values.
fn all_equal(wanted: &[(u8, u64)]) -> Result<Vec<SeccompRule>, BackendError> {
    let conditions = wanted.iter().map(|(argument, value)| {
        SeccompCondition::new(*argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, *value)
    });
    Ok(vec![SeccompRule::new(
        conditions.collect::<Result<_, _>>()?,
    )?])
}

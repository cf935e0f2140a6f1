//! Tries what a worker must not be able to do. Each function answers whether it could be done, and undoes it.

use std::io::ErrorKind;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::path::Path;

use libc::c_long;

use super::Limits;

/// Whether a socket can be made, with which a connection would begin.
pub(super) fn can_connect() -> bool {
    [libc::AF_INET, libc::AF_INET6, libc::AF_UNIX]
        .into_iter()
        .any(|family| {
            #[expect(unsafe_code, reason = "the standard library makes no bare sockets")]
            // SAFETY: the call takes numbers only.
            let made = unsafe { libc::socket(family, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
            opened(made.into())
        })
}

/// Whether a ring (io_uring) can be made, which opens connections without the calls that a filter sees.
pub(super) fn can_use_rings() -> bool {
    // struct io_uring_params: 120 bytes, all of them 0 for the usual ring.
    let mut parameters = [0_u64; 15];
    #[expect(unsafe_code, reason = "the standard library knows no rings")]
    // SAFETY: the kernel writes at most 120 bytes into what is as long and outlives the call.
    let made = unsafe {
        libc::syscall(
            libc::SYS_io_uring_setup,
            c_long::from(1_u8),
            parameters.as_mut_ptr(),
        )
    };
    opened(made)
}

/// Whether a process can be sent a signal, by its number or by a descriptor; none is sent.
pub(super) fn can_signal(process: u32) -> bool {
    let id = c_long::from(process);
    let none = c_long::from(0_u8);
    #[expect(unsafe_code, reason = "the standard library sends no signals")]
    // SAFETY: the calls take numbers only; signal 0 only asks whether a signal could be sent.
    let (whole, thread, descriptor) = unsafe {
        (
            libc::syscall(libc::SYS_kill, id, none),
            libc::syscall(libc::SYS_tgkill, id, id, none),
            libc::syscall(libc::SYS_pidfd_open, id, none),
        )
    };
    let descriptor = opened(descriptor);
    whole == 0 || thread == 0 || descriptor
}

/// Whether the environment or the memory of a process can be opened.
pub(super) fn can_look_into(process: u32) -> bool {
    ["environ", "mem"]
        .into_iter()
        .any(|what| std::fs::File::open(format!("/proc/{process}/{what}")).is_ok())
}

/// Whether a file can be opened that no worker needs. Of these, every system has the last two: the program itself and
/// the root folder.
pub(super) fn can_read(limits: &Limits) -> bool {
    let needed = |path: &Path| {
        let mut allowed = limits.readable.iter().chain(&limits.writable);
        allowed.any(|allowed| path.starts_with(allowed))
    };
    let program = std::env::current_exe().unwrap_or_default();
    let canaries = [Path::new("/etc/passwd"), program.as_path(), Path::new("/")];
    let mut refused = false;
    for canary in canaries.into_iter().filter(|canary| !needed(canary)) {
        match std::fs::File::open(canary) {
            Ok(_) => return true,
            Err(error) => refused |= error.kind() == ErrorKind::PermissionDenied,
        }
    }
    // A file that is not there tells nothing.
    !refused
}

/// Whether a process can be started; it ends at once.
pub(super) fn can_fork() -> bool {
    let signal = c_long::from(libc::SIGCHLD);
    let none = c_long::from(0_u8);
    #[expect(unsafe_code, reason = "the standard library starts programs only")]
    // SAFETY: without CLONE_VM the child has memory of its own, and it ends before it uses any of it.
    unsafe {
        ended(libc::syscall(
            libc::SYS_clone,
            signal,
            none,
            none,
            none,
            none,
        )) || ended(clone3())
    }
}

/// The newer way to start a process: its flags lie in memory. The answer is 0 in the child.
#[expect(unsafe_code, reason = "the standard library starts programs only")]
unsafe fn clone3() -> c_long {
    // struct clone_args, first version: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls.
    let mut arguments = [0_u64; 8];
    arguments[4] = u64::from(libc::SIGCHLD.cast_unsigned());
    let bytes = size_of_val(&arguments);
    // SAFETY: the kernel reads as many bytes as there are. The caller sees to the child.
    unsafe { libc::syscall(libc::SYS_clone3, arguments.as_ptr(), bytes) }
}

/// What a call that makes a process answered: the child ends here, the parent waits for it.
#[expect(unsafe_code, reason = "the standard library starts programs only")]
unsafe fn ended(answer: c_long) -> bool {
    let Ok(child) = libc::pid_t::try_from(answer) else {
        return true;
    };
    match child {
        // SAFETY: it leaves the process without running anything of it.
        0 => unsafe { libc::_exit(0) },
        1.. => {
            // SAFETY: the child belongs to nobody else, and a null pointer is not written to.
            unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
            true
        }
        _ => false,
    }
}

/// Whether a program could be started in this process' place: without a name, the kernel that lets the call through
/// says that the name cannot be read.
pub(super) fn can_execute() -> bool {
    let nothing = std::ptr::null::<libc::c_char>();
    let none = c_long::from(0_u8);
    #[expect(unsafe_code, reason = "the standard library starts programs only")]
    // SAFETY: a null pointer is an error for the kernel, so the call returns.
    let calls: [&dyn Fn() -> c_long; 2] = [
        &|| unsafe { libc::syscall(libc::SYS_execve, nothing, nothing, nothing) },
        &|| unsafe {
            libc::syscall(
                libc::SYS_execveat,
                c_long::from(libc::AT_FDCWD),
                nothing,
                nothing,
                nothing,
                none,
            )
        },
    ];
    calls.iter().any(|call| {
        call();
        let error = std::io::Error::last_os_error().raw_os_error();
        !matches!(error, Some(libc::EPERM | libc::EACCES | libc::ENOSYS))
    })
}

/// Whether the answer is a descriptor; it is closed again.
fn opened(answer: c_long) -> bool {
    let Ok(descriptor @ 0..) = RawFd::try_from(answer) else {
        return false;
    };
    #[expect(unsafe_code, reason = "the calls answer with numbers")]
    // SAFETY: the kernel has just made it, so nobody else owns it.
    drop(unsafe { OwnedFd::from_raw_fd(descriptor) });
    true
}
